"""What a citizen, an officer, a desk or nobody may see of a fact. Privacy lives here and is tested here.

One function turns one fact into the messages it causes and for whom; live delivery, resume and snapshot all use it.
"""

from dataclasses import dataclass
from uuid import UUID

import msgspec

from dispatch.cases import check_in, leaving
from dispatch.cases.board import GRANTING, Board, Entry
from dispatch.cases.desk_views import appointed, quiet_ms, told_to_supervisors
from dispatch.cases.facts import CaseState, Ending, Fact, ReportOf, TalkState
from dispatch.cases.values import Event, Status
from dispatch.cases.views import (
    Coming,
    DeskCase,
    Gone,
    HeldCase,
    Offer,
    OfficerDuty,
    Person,
    Place,
    ReporterCase,
    Seat,
    View,
)
from dispatch.limits import INCIDENT_CELL_M, SNAPSHOT_ITEMS_MAX
from dispatch.safety.panics import KINDS as PANICS
from dispatch.safety.panics import view_of
from dispatch.talk import audience as talk
from dispatch.talk.threads import READ
from geo.distance import snap
from geo.point import Point

DUTY = "duty"
ON_THE_WAY = frozenset({Status.CLAIMED, Status.EN_ROUTE})
OFFERING = frozenset(
    {Event.OFFER_OPENED, Event.OFFER_WIDENED, Event.OFFER_JOINED, Event.HANDED_BACK, Event.REOFFERED, *leaving.ROUNDS}
)
BETWEEN_POLICE = frozenset(
    {Event.NUDGED, Event.WATCH_ALARMED, Event.WATCH_EASED, Event.WELFARE_ASKED, Event.WELFARE_ANSWERED,
     Event.WELFARE_MISSED}
)  # fmt: skip
SILENT_TO_REPORTER = BETWEEN_POLICE | frozenset(
    {
        Event.DECLINED,
        Event.OFFER_JOINED,
        Event.OFFER_WIDENED,
        Event.ALARM_RAISED,
        Event.SAID,
        Event.SECOND_ASKED,
        *check_in.EVENTS,
        Event.HANDED_OVER,  # the entry after it says where the case is
    }
)
OPEN_ANEW = frozenset({Event.OBJECTED, Event.UNMERGED})  # after its talk was closed with it
TELLS_REASON = frozenset(
    {
        Event.FELL_BACK,
        Event.SENT_TO_DESK,
        Event.HANDED_TO_DESK,
        Event.TRANSFERRED,
        Event.OBJECTED,
        *leaving.AT_DESK.values(),
    }
)  # why it is at the desk
ENDED_BECAUSE = {
    Event.CLAIMED: "taken",
    Event.SEAT_FILLED: "taken",
    Event.ASSIGNED: "taken",
    Event.REASSIGNED: "reassigned",
    Event.FELL_BACK: "at_desk",
    Event.SENT_TO_DESK: "at_desk",
    Event.HANDED_BACK: "handed_back",
    Event.HANDED_TO_DESK: "handed_back",
    Event.SEAT_HANDED_BACK: "handed_back",
    Event.DECLINED: "declined",
    Event.TRANSFERRED: "transferred",
    Event.SEAT_LEFT: "transferred",
    Event.PREEMPTED: "preempted",
    Event.PREEMPTED_TO_DESK: "preempted",
    Event.SILENT: "silent",
    Event.SILENT_TO_DESK: "silent",
    Event.WITHDRAWN: "withdrawn",
    Event.MERGED: "merged",
    Event.CLEARED: "closed",
    Event.OFFICER_TAKEN_BACK: "taken_back",
    Event.LAST_TAKEN_BACK: "taken_back",
}


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message and whom it is for: these officers, or the desk of this station, or the reporter of this case; with
    `person` (a stable name) nobody else among them; or the supervisors of this station, or EVERY."""

    view: View
    officers: tuple[UUID, ...] = ()
    station: str | None = None
    case: UUID | None = None
    person: str = ""
    supervisors: str | None = None


def deliveries(fact: Fact, elapsed_ms: int = 0) -> list[Delivery]:
    """The messages of one fact. `elapsed_ms`: how long ago its state was written."""
    if fact.kind == DUTY:
        return [Delivery(_duty(fact), station=fact.stream)]
    if fact.kind == READ:
        return [_read(fact)]
    if fact.kind in PANICS:
        view, body = view_of(fact)
        who = (Delivery(view, station=fact.stream), Delivery(view, officers=body.told))
        return [*who, Delivery(view, supervisors=fact.stream)]
    state = fact.state
    if state is None or fact.case is None or fact.kind == Event.RECEIVED:  # the same commit says what came of it
        return []
    sent: list[Delivery] = []
    holders = {h.officer for h in state.holders}
    if fact.kind in OFFERING and fact.to and state.status is Status.OFFERED:
        sent.append(Delivery(offer(state, elapsed_ms, fact), officers=fact.to))
    ended = tuple(o for o in _ended(fact) if o not in holders)
    if ended:
        by = Person(state.holders[-1].call_sign, state.holders[-1].surname) if state.holders else None
        pulled = "for" in fact.body  # whatever it meant to those who go on
        reason = "preempted" if pulled else ENDED_BECAUSE.get(Event(fact.kind), "closed")
        sent.append(Delivery(Gone(stream=fact.stream, offset=fact.offset, case=state.id, reason=reason, by=by), ended))
    if fact.kind in OPEN_ANEW and fact.talk is not None and fact.talk.lines:
        sent += _talked_anew(fact, fact.talk)
    if fact.kind in GRANTING and fact.talk is not None and fact.officer in holders:
        sent.append(_joined(fact.talk, fact.officer))
    if fact.kind == Event.SAID and fact.talk is not None:
        sent += _said(fact, state)
    else:
        sent += [Delivery(held(state, h.officer, fact), officers=(h.officer,)) for h in state.holders]
    sent += _for_desks(fact, state, elapsed_ms)
    if fact.kind not in SILENT_TO_REPORTER:
        sent += _to_reporters(state, elapsed_ms, fact)
    return sent


def _for_desks(fact: Fact, state: CaseState, elapsed_ms: int) -> list[Delivery]:
    """The case, for the desk that has it; that it is gone, for one that had it; its alarms, for supervisors."""
    sent: list[Delivery] = []
    alarm = told_to_supervisors(fact, state, elapsed_ms)
    if alarm is not None:
        sent.append(Delivery(alarm[0], supervisors=alarm[1]))
    if state.station != fact.stream:
        gone = Gone(stream=fact.stream, offset=fact.offset, case=state.id, reason="handed_over")
        return [*sent, Delivery(gone, station=fact.stream)]
    sent.append(Delivery(desk_case(state, elapsed_ms, fact), station=fact.stream))
    if fact.kind == Event.CAME_OVER and fact.talk is not None:
        sent.append(Delivery(talk.thread(fact.talk, "desk:"), station=fact.stream))
    return sent


def _to_reporters(state: CaseState, elapsed_ms: int, fact: Fact) -> list[Delivery]:
    """Each reporter hears of the case that stands for the own one. Others' cases have a count of their own, so these
    views have no place in it: the latest wins."""
    if state.group is None:
        return [Delivery(reporter_case(state, elapsed_ms, fact), case=state.id)]
    if state.status is Status.MERGED:
        lead, own = state.group.lead, ReportOf(case=state.id, received_us=state.received_us)
        return [] if lead is None else [Delivery(following(own, lead, 0), case=own.case)]
    sent = [Delivery(reporter_case(state, elapsed_ms, fact), case=state.id)]
    along = [one for one in state.group.reports if one.case not in state.group.open]
    return sent + [Delivery(following(one, state, elapsed_ms), case=one.case) for one in along]


def _said(fact: Fact, state: CaseState) -> list[Delivery]:
    """A client drops what comes with an offset that it has seen: whoever hears two messages of one fact gets the first,
    which does no harm when it comes twice, without one."""
    for_staff, for_reporter = talk.said(fact, state)
    return [
        Delivery(for_staff, officers=tuple(h.officer for h in state.holders)),
        Delivery(msgspec.structs.replace(for_staff, stream="", offset=0), station=fact.stream),
        Delivery(for_reporter, case=state.id),
    ]


def _talked_anew(fact: Fact, so_far: TalkState) -> list[Delivery]:
    """The thread of a case that is open again; nobody has read it since. Before the case itself: see `_said`."""
    reporter = f"reporter:{so_far.case}"
    return [
        Delivery(talk.thread(so_far, "desk:"), station=fact.stream),
        Delivery(talk.thread(so_far, reporter), case=so_far.case),
    ]


def _joined(so_far: TalkState, officer: UUID) -> Delivery:
    """The thread, for the officer whom a fact seats. Before the case itself: see `_said`."""
    return Delivery(talk.thread(so_far, f"officer:{officer}"), officers=(officer,))


def _read(fact: Fact) -> Delivery:
    """For the reader alone, by the kind before the colon of the name."""
    person: str = fact.body["person"]
    kind, _, own = person.partition(":")
    view = talk.read_to(fact)
    if kind == "officer":
        return Delivery(view, officers=(UUID(own),))
    if kind == "reporter":  # whose own count has no place for it: it is latest-wins
        return Delivery(msgspec.structs.replace(view, stream="", offset=0), case=view.case)
    return Delivery(view, station=fact.stream, person=person)


def _ended(fact: Fact) -> tuple[UUID, ...]:
    """Officers from whose screens the case goes: who had the offer, and who held a seat until now."""
    released = tuple(UUID(o) for o in fact.body.get("released", ()))
    own = (fact.officer,) if fact.kind in (Event.DECLINED, Event.HANDED_BACK, Event.HANDED_TO_DESK) else ()
    return tuple(dict.fromkeys((*fact.asked, *released, *(o for o in own if o is not None))))


def _where(fact: Fact | None) -> tuple[str, int]:
    return ("", 0) if fact is None else (fact.stream, fact.offset)


def offer(state: CaseState, elapsed_ms: int, fact: Fact | None = None) -> Offer:
    """The card: the place by its 100 m cell only, always the same cell."""
    stream, offset = _where(fact)
    cell = snap(Point(state.lat, state.lon), INCIDENT_CELL_M)
    return Offer(
        stream=stream,
        offset=offset,
        case=state.id,
        round=state.round,
        category=state.category,
        words=state.words,
        place=Place(cell.lat, cell.lon, round(INCIDENT_CELL_M * 0.7072 + (state.accuracy_m or 0.0), 1)),
        remaining_ms=max(0, (state.remaining_ms or 0) - elapsed_ms),
        seats=state.seats,
    )


def _exact(state: CaseState) -> Place:
    return Place(state.lat, state.lon, state.accuracy_m if state.accuracy_m is not None else 0.0)


def held(state: CaseState, officer: UUID, fact: Fact | None = None) -> HeldCase:
    """The whole case, for one who holds a seat of it."""
    stream, offset = _where(fact)
    mine = next(h for h in state.holders if h.officer == officer)
    return HeldCase(
        stream=stream,
        offset=offset,
        case=state.id,
        fence=mine.fence,
        state=mine.state,
        watch=mine.watch,
        status=state.status,
        category=state.category,
        words=state.words,
        place=_exact(state),
        seats=state.seats,
        others=tuple(Person(h.call_sign, h.surname) for h in state.holders if h.officer != officer),
        check_in=mine.check_in,
        word=None if mine.met else mine.word,
        met=mine.met,
    )


def reporter_case(state: CaseState, elapsed_ms: int, fact: Fact | None = None) -> ReporterCase:
    """Status, and who is coming by call sign and first character of the surname.

    Never where they are, never who said no. The place, as it was reported, only while a map of the way is shown:
    whoever finds the code later learns no address from it.
    """
    stream, offset = (f"case:{state.id}", fact.seq or 0) if fact is not None else ("", 0)
    ending = state.ending or Ending()
    return ReporterCase(
        stream=stream,
        offset=offset,
        case=state.id,
        status=state.status,
        station=state.station,
        category=state.category,
        received_ago_ms=state.age_ms + elapsed_ms,
        place=_exact(state) if state.status in ON_THE_WAY else None,
        remaining_ms=None if state.remaining_ms is None else max(0, state.remaining_ms - elapsed_ms),
        desk_reason=state.desk_reason if state.status is Status.AT_STATION else None,
        acknowledged=state.acknowledged,
        officers=tuple(Coming(h.call_sign, h.surname, None if h.met else h.word, h.met) for h in state.holders),
        disposition=state.disposition,
        object_ms=None if ending.object_ms is None else max(0, ending.object_ms - elapsed_ms),
        objected=ending.objected,
        stars=ending.stars,
        appointment=appointed(state),
        referred_to=state.desk.referred_to if state.desk else None,
        manner=state.desk.manner if state.desk else None,
        reports=1 + len(state.group.reports if state.group else ()),
    )


def following(own: ReportOf, lead: CaseState, elapsed_ms: int) -> ReporterCase:
    """What the reporter of a merged case sees: the progress of the case that stands for it, under the own id and age.

    Nothing that is between the police and the other reporter: place, word, objection, rating, appointment.
    """
    view = reporter_case(lead, elapsed_ms)
    older_ms = (lead.received_us - own.received_us) // 1000
    return msgspec.structs.replace(
        view,
        case=own.case,
        place=None,
        received_ago_ms=max(0, view.received_ago_ms + older_ms),
        officers=tuple(msgspec.structs.replace(one, word=None) for one in view.officers),
        object_ms=None,
        objected=False,
        stars=None,
        appointment=None,
        merged=True,
    )


def followed(case: UUID, state: CaseState, elapsed_ms: int) -> ReporterCase:
    """The state as the reporter of `case` sees it: of the own case, or of the one that stands for it."""
    own = next((one for one in (state.group.reports if state.group else ()) if one.case == case), None)
    return reporter_case(state, elapsed_ms) if own is None else following(own, state, elapsed_ms)


def desk_case(state: CaseState, elapsed_ms: int, fact: Fact | None = None) -> DeskCase:
    """Everything that the station's desk works with; nothing of who reported."""
    stream, offset = _where(fact)
    ending = state.ending or Ending()
    return DeskCase(
        stream=stream,
        offset=offset,
        case=state.id,
        seq=state.seq,
        station=state.station,
        status=state.status,
        category=state.category,
        words=state.words,
        place=_exact(state),
        received_ago_ms=state.age_ms + elapsed_ms,
        round=state.round,
        seats=state.seats,
        remaining_ms=None if state.remaining_ms is None else max(0, state.remaining_ms - elapsed_ms),
        desk_reason=state.desk_reason,
        acknowledged=state.acknowledged,
        alarms=state.alarms,
        holders=tuple(Seat(h.officer, h.call_sign, h.surname, h.state, h.check_in, h.watch) for h in state.holders),
        disposition=state.disposition,
        exercise=state.exercise,
        channel=state.channel,
        owner=state.desk.owner if state.desk else None,
        quiet_ms=quiet_ms(state, elapsed_ms),
        appointment=appointed(state),
        referred_to=state.desk.referred_to if state.desk else None,
        manner=state.desk.manner if state.desk else None,
        last=fact.kind if fact is not None else "",
        objected=ending.objected,
        stars=ending.stars,
        reports=tuple(one.case for one in state.group.reports) if state.group else (),
        merged_into=state.group.into if state.group else None,
    )


def _duty(fact: Fact) -> OfficerDuty:
    assert fact.officer is not None
    return OfficerDuty(
        stream=fact.stream,
        offset=fact.offset,
        officer=fact.officer,
        call_sign=fact.body["call_sign"],
        surname=fact.body["surname"],
        on=fact.body["on"],
    )


def officer_snapshot(board: Board, officer: UUID, now: float) -> tuple[tuple[Offer, ...], tuple[HeldCase, ...], int]:
    """All an officer may see now, and how many offers did not fit."""
    entries = board.offers_of(officer)
    offers = tuple(offer(e.state, _elapsed(e, now)) for e in entries[:SNAPSHOT_ITEMS_MAX])
    return offers, tuple(held(e.state, officer) for e in board.held_by(officer)), len(entries) - len(offers)


def desk_snapshot(board: Board, station: str, now: float) -> tuple[tuple[DeskCase, ...], int]:
    """The open cases of a station, and how many did not fit."""
    entries = board.of_station(station)
    cases = tuple(desk_case(e.state, _elapsed(e, now)) for e in entries[:SNAPSHOT_ITEMS_MAX])
    return cases, len(entries) - len(cases)


def _elapsed(entry: Entry, now: float) -> int:
    return int((now - entry.heard_at) * 1000)
