"""Figures folded from the history in plain Python: what the SQL of `adapters/postgres/judge/figures.sql` means.

A property test holds both to the same answer. Small histories may also be folded here, without a database.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from dispatch.cases.values import Event
from dispatch.insight.answer import PERCENTILES, Measures, answer
from dispatch.insight.fairness import OnDuty
from dispatch.insight.values import (
    CLAIMING,
    COMING,
    ENDING,
    GOING_SILENT,
    HANDING_BACK,
    REOPENING,
    TO_DESK,
    Answered,
    By,
    Entry,
    Question,
)
from geo.distance import cell_of
from geo.point import Point

DUTY = "duty"
MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Told:
    """What one case's history says of it; durations in microseconds."""

    station: str
    category: str
    hour: str
    place: Point
    offer_us: int | None
    claim_us: int | None
    arrival_us: int | None
    wait_us: int
    fell_back: bool
    sent_to_desk: bool
    declined: int
    unanswered: int
    handed_back: int
    silent: int
    rounds: int
    reopened: bool


def folded(entries: Iterable[Entry], question: Question, zones: Mapping[str, str] | None = None) -> Answered:
    """The answer to `question`, whose `now` is given. `zones`: of stations, where the question names none."""
    assert question.now is not None, "a fold reads no clock"
    of_case: defaultdict[UUID, list[Entry]] = defaultdict(list)
    of_officer: defaultdict[UUID, list[Entry]] = defaultdict(list)
    for entry in entries:
        if entry.case is not None:
            of_case[entry.case].append(entry)
        elif entry.kind == DUTY and entry.officer is not None:
            of_officer[entry.officer].append(entry)
    histories = {case: sorted(those, key=lambda e: e.seq or 0) for case, those in of_case.items()}
    cases = [told(history, question, zones or {}) for history in histories.values() if _asked_for(history, question)]
    claims = _claims(histories.values(), question)
    people = [_on_duty(turns, claims[one], question) for one, turns in of_officer.items()]
    officers = [o for o in people if o is not None and question.station in (None, o.station)]

    def by(kind: str, key: Callable[[Told], object]) -> list[Measures]:
        groups: defaultdict[object, list[Told]] = defaultdict(list)
        for case in cases:
            groups[key(case)].append(case)
        return [_measured(kind, case_key, those) for case_key, those in groups.items()]

    keys = {By.STATION: lambda c: c.station, By.CATEGORY: lambda c: c.category, By.HOUR: lambda c: c.hour}
    measured = [
        _measured("whole", "", cases),
        *by("group", keys[question.by]),
        *by("category", lambda c: c.category),
        *by("place", lambda c: cell_of(c.place, question.cell_m)),
    ]
    return answer(question, measured, officers)


def _asked_for(history: Sequence[Entry], question: Question) -> bool:
    first = history[0]
    return (
        first.kind == Event.RECEIVED
        and question.since <= first.at < question.until
        and question.station in (None, first.stream)
        and not first.body.get("exercise")
    )


def told(history: Sequence[Entry], question: Question, zones: Mapping[str, str]) -> Told:
    """One case, from its entries in their sequence, the first being its receipt."""
    assert question.now is not None
    first = history[0]

    def us(until: datetime | None) -> int | None:
        return None if until is None else _us(first.at, until)

    def when(wanted: Callable[[Entry], bool]) -> datetime | None:
        return min((e.at for e in history if wanted(e)), default=None)

    def count(kinds: Collection[str]) -> int:
        return sum(e.kind in kinds for e in history)

    zone = question.zone or zones.get(first.stream, "UTC")
    over = when(lambda e: e.kind in COMING or e.kind in ENDING)
    return Told(
        station=first.stream,
        category=str(first.body["category"]),
        hour=f"{first.at.astimezone(ZoneInfo(zone)).hour:02d}",
        place=Point(first.body["lat"], first.body["lon"]),
        offer_us=us(when(lambda e: e.body.get("asked", 0) > 0)),
        claim_us=us(when(lambda e: e.kind in CLAIMING)),
        arrival_us=_arrival_us(history),
        wait_us=_us(first.at, over or question.now),
        fell_back=count({Event.FELL_BACK}) > 0,
        sent_to_desk=count(TO_DESK) > 0,
        declined=count({Event.DECLINED}),
        unanswered=_unanswered(history),
        handed_back=count(HANDING_BACK),
        silent=count(GOING_SILENT),
        rounds=max((e.body.get("round", 0) for e in history), default=0),
        reopened=count(REOPENING) > 0,
    )


def _us(since: datetime, until: datetime) -> int:
    return max(0, (until - since) // MICROSECOND)


def _arrival_us(history: Sequence[Entry]) -> int | None:
    """Of the officer who was there first: since that officer took the case, or was sent."""
    arrived = next((e for e in history if e.kind == Event.ARRIVED), None)
    if arrived is None:
        return None
    came = [e.at for e in history if e.kind in COMING and e.officer == arrived.officer and _before(e, arrived)]
    return _us(max(came), arrived.at) if came and arrived.officer is not None else None


def _before(one: Entry, other: Entry) -> bool:
    return (one.seq or 0) < (other.seq or 0)


def _unanswered(history: Sequence[Entry]) -> int:
    """Who was asked in rounds whose window ran out, without those who declined or took a seat in them."""
    counted: defaultdict[int, int] = defaultdict(int)
    ran_out, present = set[int](), 0
    for entry in history:
        present = max(present, entry.body.get("round", 0))
        counted[present] += entry.body.get("asked", 0)
        counted[present] -= entry.kind in (Event.DECLINED, Event.SEAT_FILLED)
        if entry.kind == Event.FELL_BACK:
            ran_out.add(present)
    return max(0, sum(counted[round_] for round_ in ran_out))


def _on_duty(turns: Sequence[Entry], claims: int, question: Question) -> OnDuty | None:
    """One officer within the time asked for; None who was not known yet."""
    assert question.now is not None
    ends = min(question.until, question.now)
    said = sorted((e for e in turns if e.at < question.until), key=lambda e: (e.at, e.offset))
    if not said:
        return None
    on_us = sum(
        _us(max(turn.at, question.since), min(after, ends))
        for turn, after in zip(said, [*(e.at for e in said[1:]), ends], strict=True)
        if turn.body["on"]
    )
    return OnDuty(said[-1].stream, on_us, claims)


def _claims(histories: Iterable[Sequence[Entry]], question: Question) -> Counter[UUID | None]:
    """How many cases each officer claimed in the time asked for, whenever they were received."""
    return Counter(
        e.officer
        for history in histories
        if not history[0].body.get("exercise")
        for e in history
        if e.kind in CLAIMING and question.since <= e.at < question.until
    )


def _measured(kind: str, key: object, cases: Sequence[Told]) -> Measures:
    """Those cases together."""

    def ranked(values: Iterable[int | None]) -> tuple[int, list[int] | None]:
        held = sorted(value for value in values if value is not None)
        return len(held), [held[max(0, math.ceil(len(held) * q) - 1)] for q in PERCENTILES] if held else None

    return Measures(
        kind=kind,
        key=key if isinstance(key, str) else "",
        lat=min((c.place.lat for c in cases), default=None),
        lon=min((c.place.lon for c in cases), default=None),
        cases=len(cases),
        offered=sum(c.offer_us is not None for c in cases),
        claimed=sum(c.claim_us is not None for c in cases),
        fell_back=sum(c.fell_back for c in cases),
        sent_to_desk=sum(c.sent_to_desk for c in cases),
        declined=sum(c.declined for c in cases),
        unanswered=sum(c.unanswered for c in cases),
        handed_back=sum(c.handed_back for c in cases),
        silent=sum(c.silent for c in cases),
        reoffered=sum(c.rounds > 1 for c in cases),
        reopened=sum(c.reopened for c in cases),
        offer=ranked(c.offer_us for c in cases),
        claim=ranked(c.claim_us for c in cases),
        arrival=ranked(c.arrival_us for c in cases),
        wait=ranked(c.wait_us for c in cases),
    )
