"""What is known of a place, over HTTP: a desk writes it down, who holds a case there reads it, and that is kept."""

from typing import Any
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import Response

from dispatch.audit.chains import of_station
from dispatch.cases.facts import Answer
from dispatch.cases.views import Result
from dispatch.people.permissions import Act, relations_of
from dispatch.people.values import Role
from dispatch.safety.hazards import EndDraft, HazardDraft
from gateway.http.answers import answered
from gateway.http.bearer import require, signed, who_of
from gateway.http.bodies import read_body
from gateway.http.cases import case_for, node_of, told_of
from gateway.http.problems import Problem
from gateway.wire.acts import hash_of, scope_of
from gateway.wire.safety import HazardBody, HazardEnded
from gateway.wire.sentences import say
from geo.datum import to_wgs84
from geo.point import Point


async def get_place(request: Request) -> Response:
    """GET /v1/cases/{case}/place: hazards and earlier cases there, for who holds the case and for its desk. Kept: who
    read what, when."""
    who, state = await case_for(request, Act.READ_PLACE)
    return answered(await node_of(request).hazards.known_of(state.id, who.name))


async def get_hazards(request: Request) -> Response:
    """GET /v1/hazards: the notes of the desk's station; a supervisor names it by ?station=."""
    who = await who_of(request)
    station = who.station if who.role is Role.DESK else request.query_params.get("station", who.station or "")
    require(who, Act.READ_HAZARDS, relations_of(who, station=station))
    if station is None or station not in node_of(request).catalogue.stations:
        raise Problem("not_found")
    await node_of(request).journal.enter(of_station(station), who.name, Act.READ_HAZARDS, {})
    return answered(await node_of(request).hazards.hazards_of(station))


async def post_hazard(request: Request) -> Response:
    """POST /v1/hazards: a note of a place, by the desk whose ground it is. It ends by itself."""
    who = await who_of(request)
    body = await read_body(request, HazardBody)
    point = to_wgs84(Point(body.lat, body.lon), body.datum)
    station = node_of(request).catalogue.station_at(point)
    require(who, Act.WRITE_HAZARD, relations_of(who, station=station))
    assert who.account is not None
    draft = HazardDraft(
        id=uuid4(),
        station=station,
        lat=point.lat,
        lon=point.lon,
        words=body.words.strip(),
        reason=body.reason,
        expires_in_h=body.expires_in_h,
        actor_id=who.account,
        scope=scope_of(who),
        key=body.key,
        hash=hash_of(body),
    )
    return _told(body.key, await node_of(request).hazards.write_hazard(draft))


async def post_ended(request: Request) -> Response:
    """POST /v1/hazards/ended: a note that no longer holds, by its station's desk or a supervisor."""
    who = await signed(request, Act.END_HAZARD)
    body = await read_body(request, HazardEnded)
    assert who.account is not None
    draft = EndDraft(
        hazard=body.hazard,
        station=who.station if who.role is Role.DESK else None,
        reason=body.reason,
        actor_id=who.account,
        scope=scope_of(who),
        key=body.key,
        hash=hash_of(body),
    )
    return _told(body.key, await node_of(request).hazards.end_hazard(draft))


def _told(key: str, answer: Answer) -> Response:
    more: dict[str, Any] | None = {"hazard": answer.response["hazard"]} if answer.response.get("hazard") else None
    reason = None if answer.ok else answer.reason
    return told_of(Result(key=key, ok=answer.ok, reason=reason, say=say(reason), more=more))
