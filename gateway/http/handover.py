"""The hand-over list of a desk."""

from starlette.requests import Request
from starlette.responses import Response

from dispatch.audit.chains import of_station
from dispatch.people.permissions import Act, relations_of
from dispatch.people.values import Role
from gateway.http.answers import answered
from gateway.http.bearer import require, who_of
from gateway.http.cases import node_of
from gateway.http.problems import Problem


async def get_handover(request: Request) -> Response:
    """GET /v1/desk/handover: what the next shift takes over; a supervisor names the station by ?station=."""
    who = await who_of(request)
    station = who.station if who.role is Role.DESK else request.query_params.get("station", who.station or "")
    require(who, Act.READ_DESK, relations_of(who, station=station))
    node = node_of(request)
    if station is None or station not in node.catalogue.stations:
        raise Problem("not_found")
    await node.journal.enter(of_station(station), who.name, "read_handover", {})
    return answered(await node.handover.of(station))
