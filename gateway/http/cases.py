"""Reports, cases, claims and acts over HTTP: the same judge as over sockets."""

import asyncio
import re
import secrets
from typing import Any, Final, cast
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from uuid_utils.compat import uuid7

from dispatch import limits
from dispatch.abuse.values import Confirm
from dispatch.audit.chains import of_station, read_of
from dispatch.batching import Overloaded
from dispatch.cases import audience
from dispatch.cases.catalogue import Category
from dispatch.cases.facts import Answer, CaseState
from dispatch.cases.following import followed_history
from dispatch.cases.ports import ReportDraft
from dispatch.cases.rings import DESK_ALONE
from dispatch.cases.views import Result
from dispatch.people import receipts
from dispatch.people.permissions import SELF, Act, may_ever, relations_of
from dispatch.people.values import Role, Who
from dispatch.talk.audience import said_line
from gateway.http.advice import advised, noted, reporter_of
from gateway.http.answers import answered
from gateway.http.bearer import address_of, anyone_of, require, signed, who_of
from gateway.http.bodies import at, idempotency_key, read_body, read_report
from gateway.http.friction import CITIZENS, FRIENDS, WORK, Came, meet
from gateway.http.naming import NAMED, REPORT, keep_name, known_of, named
from gateway.http.problems import Problem, problem
from gateway.node import Node
from gateway.wire.acts import ACTS, ActMessage, claim_draft, keyed_hash_of, scope_of
from gateway.wire.messages import ClaimBody, ClaimMessage, Duty, Entry, Report, Reported, TalkPage
from gateway.wire.sentences import refused, result, stored
from geo.datum import to_wgs84
from geo.point import Point

_KEY: Final = re.compile(rf"[A-Za-z0-9_-]{{{limits.KEY_CHARS_MIN},{limits.KEY_CHARS_MAX}}}")


def node_of(request: Request) -> Node:
    return cast(Node, request.app.state.node)


def case_of(request: Request) -> UUID:
    try:
        return UUID(request.path_params["case"])
    except ValueError:
        raise Problem("not_found") from None


async def post_report(request: Request) -> Response:
    """POST /v1/reports: makes a case. 201 when it is committed and offered; 200 when the same key came again."""
    who = await anyone_of(request)
    require(who, Act.REPORT)
    key = idempotency_key(request)
    report = await read_report(request)
    reporter = await named(request, report, reporter_of(who, report), key)
    known = await known_of(request, report) if reporter == NAMED else None
    came = Came(address_of(request), request.headers.get(WORK), known)
    entering = Entering(node_of(request), key, report, reporter, came)
    answer = await entering.put()
    if answer.ok:
        await keep_name(request, report, UUID(answer.response["case"]))
    return reported(answer, entering.code)


class Entering:
    """A report on its way to the judge. Whatever it may be refused for it hears at once, a call for help above all:
    nobody waits for a database to be told to ring the police. `code`: the receipt's, once there is an answer."""

    __slots__ = ("_advice", "_came", "_category", "_key", "_met", "_node", "_point", "_report", "_reporter", "code")

    def __init__(self, node: Node, key: str, report: Report, reporter: str, came: Came) -> None:
        """Raises: Problem."""
        self._node, self._key, self._report, self._reporter, self._came = node, key, report, reporter, came
        self._advice = advised(report, node.settings.emergency_number)
        self._category, self._point = _category(node, report), to_wgs84(Point(report.lat, report.lon), report.datum)
        self._met = meet(node.friction, key, came, self._point) if reporter in CITIZENS else FRIENDS
        self.code = ""

    def put(self) -> "asyncio.Future[Answer]":
        """The judge's answer to come. Raises: Problem; later StoreAway."""
        try:
            coming = self._node.reporting.put(self._draft)
        except Overloaded as error:
            raise Problem("overloaded", headers={"retry-after": str(error.retry_after_s)}) from error
        return self._met.counted(coming)

    def _draft(self) -> ReportDraft:
        report, pepper, met = self._report, self._node.settings.pepper, self._met
        self.code = receipts.code_for(pepper, self._key)
        mac = receipts.mac(pepper, self.code).hex()
        draft = _draft(self._node, report, self._category, self._point, self._key, mac, met.look.confirm)
        draft.reporter, draft.noted = self._reporter, noted(report, self._advice) | met.noted
        if self._came.known is not None:
            draft.noted |= {"trust": str(self._came.known.trust)}
        return draft


def reported(answer: Answer, code: str) -> Response:
    """What the reporter hears. Raises: Problem."""
    if not answer.ok:
        raise Problem(answer.reason or "busy")
    response = answer.response
    made = Reported(case=response["case"], receipt=code, status=response["status"], station=response["station"])
    return answered(made, 200 if answer.reason == "again" else 201)


def _category(node: Node, report: Report) -> Category:
    """Raises: Problem."""
    category = node.catalogue.categories.get(report.category)
    if category is None or not category.open:
        known = ", ".join(sorted(c.id for c in node.catalogue.categories.values() if c.open))
        raise at("category_unknown", "/category", f"There is no category {report.category!r}. Known: {known}.")
    return category


def _draft(
    node: Node, report: Report, category: Category, point: Point, key: str, receipt_mac: str, confirm: Confirm | None
) -> ReportDraft:
    station = node.catalogue.station_at(point)
    wave = DESK_ALONE if confirm else node.reporting.wave(category.id, point.lat, point.lon, station)
    return ReportDraft(
        id=uuid7(),  # in order of time: a case's rows of every index lie beside those of the cases before it
        scope=REPORT,
        key=key,
        hash=keyed_hash_of(node.settings.pepper, report),
        station=station,
        category=category.id,
        words=report.words.strip(),
        salt=secrets.token_hex(16),
        lat=point.lat,
        lon=point.lon,
        accuracy_m=report.accuracy_m,
        place_source=report.place_source,
        reporter="anonymous",
        receipt_mac=receipt_mac,
        exercise=report.exercise,
        channel=report.channel,
        candidates=wave.candidates,
        ring_m=wave.ring_m,
        wave=wave.number,
        last_wave=wave.last,
        asks=wave.asks,
        pause_ms=wave.pause_ms,
        desk_first=wave.desk_first,
    )


async def case_for(request: Request, act: Act, *, enters_itself: bool = False) -> tuple[Who, CaseState]:
    """Who asks, and the case where they may; that they read it is committed before they are shown anything. A stranger
    hears the same as for a case that is not there. `enters_itself`: the act makes its own entry, which says more."""
    who = await who_of(request)
    case = case_of(request)
    state = await node_of(request).record_of(case)
    if state is None:
        raise Problem("not_found")
    holders = frozenset(h.officer for h in state.holders)
    require(who, act, relations_of(who, case=case, station=state.station, holders=holders) | SELF, hidden=True)
    if who.role is not Role.REPORTER and not enters_itself:  # of a reporter's own looking nothing is kept
        await node_of(request).journal.enter(read_of(case), who.name, act, {})
    return who, state


async def get_case(request: Request) -> Response:
    """GET /v1/cases/{case}: what this person may see of it, as on the socket, but never older than any answer given."""
    who, state = await case_for(request, Act.READ_CASE)
    if who.role is Role.REPORTER:
        return answered(audience.followed(state.id, await node_of(request).lead_of(state), 0))
    if who.role is Role.OFFICER and who.officer is not None:
        return answered(audience.held(state, who.officer))
    return answered(audience.desk_case(state, 0))


async def get_history(request: Request) -> Response:
    """GET /v1/cases/{case}/history: every entry, for the desk."""
    _, state = await case_for(request, Act.READ_HISTORY)
    return answered(await node_of(request).store.history(state.id))


async def get_entries(request: Request) -> Response:
    """GET /v1/cases/{case}/entries: the steps that the reporter was told, also of what stands for the case."""
    _, state = await case_for(request, Act.READ_ENTRIES)
    history = await followed_history(node_of(request).store, state)
    told = [
        Entry(kind=e.kind, at=e.at, reason=e.body.get("reason") if e.kind in audience.TELLS_REASON else None)
        for e in history
        if e.kind not in audience.SILENT_TO_REPORTER
    ]
    return answered(told)


async def get_talk(request: Request) -> Response:
    """GET /v1/cases/{case}/talk: what was said on the case, in pages, also when it is over."""
    _, state = await case_for(request, Act.READ_TALK)
    before = number_of(request, "before", 0, 2**31 - 1)
    count = number_of(request, "lines", 1, limits.TALK_KEPT_LINES) or limits.TALK_KEPT_LINES
    found = await node_of(request).store.talk(state.id, before, count)
    return answered(TalkPage(case=state.id, lines=tuple(map(said_line, found.lines)), more=found.more))


def number_of(request: Request, name: str, least: int, most: int) -> int | None:
    """A whole number of the query, or None where it is left out. Raises: Problem."""
    said = request.query_params.get(name)
    if said is None:
        return None
    if not (said.isascii() and said.isdigit() and len(said) <= len(str(most)) and least <= int(said) <= most):
        raise at("field_invalid", f"/{name}", f"{name}: a whole number from {least} to {most}.")
    return int(said)


async def post_claim(request: Request) -> Response:
    """POST /v1/cases/{case}/claims: takes an offered case. 200, won or refused: a late officer is not an error."""
    who = await signed(request, Act.CLAIM, SELF)
    assert who.officer is not None
    body = await read_body(request, ClaimBody)
    node = node_of(request)
    if not node.claim_allowed(who.officer):
        return told_of(refused(body.key, "too_fast"))
    message = ClaimMessage(case=case_of(request), round=body.round, key=body.key)
    try:
        answer = await node.claiming.claim(claim_draft(message, who))
    except Overloaded as error:
        raise Problem("overloaded", headers={"retry-after": str(error.retry_after_s)}) from error
    return answered(result(body.key, answer))


async def get_claim(request: Request) -> Response:
    """GET /v1/claims/{key}: what became of an act of mine with this key."""
    who = await signed(request, Act.ASK, SELF)
    key = request.path_params["key"]
    if not _KEY.fullmatch(key):
        return answered(stored(key, None))  # no act can have carried it, and PostgreSQL keeps no NUL
    return answered(stored(key, await node_of(request).store.by_key(scope_of(who), key)))


async def post_act(request: Request) -> Response:
    """POST /v1/cases/{case}/acts: one act, as a message of the socket. A refusal's code is the reason."""
    who = await who_of(request)
    case = case_of(request)
    message: ActMessage = await read_body(request, cast(Any, ActMessage))
    if message.case != case:
        raise at("case_differs", "/case", "The case in the body is not the case of the address.")
    act, _ = ACTS[type(message)]
    if not may_ever(who.role, act):
        raise Problem("not_allowed")
    told = await node_of(request).act(who, message, act)
    return told_of(told)


def told_of(told: Result) -> Response:
    """A result over HTTP: a refusal is a problem document whose code is the reason."""
    if told.ok:
        return answered(told)
    code = told.reason or "busy"
    return problem(None, code, told.say, key=told.key, case=str(told.case) if told.case else None)


async def post_duty(request: Request) -> Response:
    """POST /v1/duty: the officer goes on duty or off. Off with an open case is refused."""
    who = await signed(request, Act.DUTY, SELF)
    assert who.officer is not None
    body = await read_body(request, Duty)
    return told_of(result(body.key, await node_of(request).duty(who.officer, body)))


async def get_desk(request: Request) -> Response:
    """GET /v1/desk: the queue and the officers on duty of the desk's station; a supervisor names it by ?station=."""
    who = await who_of(request)
    station = who.station if who.role is Role.DESK else request.query_params.get("station", who.station or "")
    require(who, Act.READ_DESK, relations_of(who, station=station))
    node = node_of(request)
    if station is None or station not in node.catalogue.stations:
        raise Problem("not_found")
    await node.journal.enter(of_station(station), who.name, Act.READ_DESK, {})
    desk = Who(who.session, Role.DESK, who.account, None, station)
    return answered(node.resume.snapshot(desk))
