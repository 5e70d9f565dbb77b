"""The machine specifies, SQL judges: the same answer to every combination of guards, told apart only by where they run.

Rows are built set-based and judged in one call a kind; deadlines by the time that is handed in, never by waiting.
"""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any, Final
from uuid import UUID

import asyncpg
import msgspec
import pytest

from dispatch.cases.handing_back import WAITING
from dispatch.cases.lifecycle import GUARDS, LEGAL
from dispatch.cases.machine import Act, Claim, decide, judge_act, judge_claim
from dispatch.cases.values import (
    Actor,
    Appointment,
    Case,
    Event,
    Happened,
    Holder,
    OfficerId,
    OfficerState,
    Refusal,
    Status,
)
from dispatch.limits import ROUNDS_MAX
from tests.conftest import Database
from tests.contract.small_town import Town, claim, small_town

DEADLINE: Final = datetime(2031, 5, 6, 7, 8, 9, 123456, tzinfo=UTC)
TIMES: Final = tuple(DEADLINE + timedelta(microseconds=n) for n in (-1, 0, 1))
OTHER, THIRD, FOURTH = (OfficerId(UUID(int=n)) for n in (0xA, 0xB, 0xC))
ROUND, FENCE = 2, 7
ELSEWHERE: Final = frozenset(
    {
        Refusal.PANIC_OVER,
        Refusal.BUSY,
        Refusal.HOLDS_CASE,
        Refusal.ON_SCENE,
        Refusal.NOT_HIGHER,
        Refusal.KEY_REUSED,
        Refusal.TOO_OFTEN,
        Refusal.TALK_FULL,
        Refusal.WRONG_WORD,
        Refusal.WORD_SPENT,
        Refusal.SUPERVISOR_ONLY,
        Refusal.ANOTHER_SUPERVISOR,
        Refusal.RATED_BEFORE,
        Refusal.CIRCLE,
        Refusal.JOINED,
        Refusal.REPORTS_FULL,
    }
)
"""Not a guard's: a lock, the duty's and the key's; test_store and test_claim see those. The talk's: test_talk. The
end's and the word's: test_closing. Of several cases: test_duplicates."""


@dataclass(frozen=True, slots=True)
class Row:
    """A case as stored, and the officer whose claim or act is judged over it."""

    id: UUID
    case: Case
    officer: OfficerState


@pytest.fixture(scope="module")
async def town(database: Database) -> AsyncIterator[Town]:
    async with small_town(database) as town:
        for other in (OTHER, THIRD, FOURTH):
            await town.owner.execute(
                "INSERT INTO officers (id, call_sign, surname, station, slots) VALUES ($1, $2, '王', 's1', 10)",
                other, f"other {other.int}",
            )  # fmt: skip
        yield town


def officer_of(number: int, *, holds: bool, full: bool, on: bool) -> OfficerState:
    """Slots follow: full means that every slot is used. Every seventh is of a station that lends none."""
    held = int(holds) + int(full)
    return OfficerState(
        OfficerId(UUID(int=(1 << 64) + number)), on, held, held if full else held + 1, lent=number % 7 != 0
    )


def claim_rows() -> Iterator[Row]:
    """Every status x asked x declined x handed back x holder x duty x slot x seats."""
    flags = (False, True)
    for n, (status, asked, declined, back, holds, on, full, seats) in enumerate(
        product(Status, flags, flags, flags, flags, flags, flags, (1, 2))
    ):
        officer = officer_of(n, holds=holds, full=full, on=on)
        me = frozenset({officer.id})
        case = Case(
            status, ROUND, 1, FENCE, seats, DEADLINE,
            recipients=frozenset({THIRD}) | (me if asked else frozenset()),
            declined=me if declined else frozenset(),
            handed_back=me if back else frozenset(),
            holders=(Holder(officer.id, FENCE),) if holds else (),
        )  # fmt: skip
        yield Row(UUID(int=(2 << 64) + n), case, officer)


def act_rows() -> Iterator[Row]:
    """Every status x who holds x whom the round asked x handed back before x acknowledged x duty and slot.

    A welfare check is open where the row is acknowledged: no event looks at both.
    """
    relations = ((False, False), (True, False), (True, True))  # asked, declined
    duties = ((True, False), (False, False), (True, True))  # on duty, full
    everything = product(Status, ("nobody", "me", "other", "both"), relations, (False, True), (False, True), duties)
    for n, (status, holder, (asked, declined), back, acknowledged, (on, full)) in enumerate(everything, 10_000):
        officer = officer_of(n, holds=holder in ("me", "both"), full=full, on=on)
        me = frozenset({officer.id})
        mine, others = (Holder(officer.id, FENCE),), (Holder(OTHER, FENCE),)
        seat = {"nobody": (), "me": mine, "other": others, "both": mine + others}[holder]
        case = Case(
            status, ROUND, 1, FENCE, 1, DEADLINE, acknowledged,
            recipients=frozenset({THIRD}) | (me if asked else frozenset()),
            declined=me if declined else frozenset(),
            handed_back=frozenset({THIRD}) if back else frozenset(),
            holders=seat,
            check_in=frozenset(h.officer for h in seat) if acknowledged else frozenset(),
            checks=me if acknowledged and holder in ("me", "both") else frozenset(),
        )  # fmt: skip
        yield Row(UUID(int=(2 << 64) + n), case, officer)
    yield from crowded_rows()
    yield from quiet_rows()
    yield from moving_rows()


def moving_rows() -> Iterator[Row]:
    """Every status with me before the way, on it and there, with another who is there."""
    for n, (status, mine) in enumerate(product(Status, ("claimed", "going", "there")), 40_000):
        officer = officer_of(n, holds=True, full=False, on=True)
        me, other = frozenset({officer.id}), frozenset({OTHER})
        case = Case(
            status, ROUND, 1, FENCE, 2, DEADLINE, holders=(Holder(officer.id, FENCE), Holder(OTHER, FENCE)),
            going=me if mine == "going" else frozenset(), there=other | me if mine == "there" else other,
        )  # fmt: skip
        yield Row(UUID(int=(2 << 64) + n), case, officer)


def state_of(case: Case, officer: OfficerId) -> str:
    """As the seat's row says it."""
    return "on_scene" if officer in case.there else "en_route" if officer in case.going else "claimed"


def quiet_rows() -> Iterator[Row]:
    """Every status, held until a time or not, with every answer to an appointment or none."""
    everything = product(Status, (None, DEADLINE), (None, *Appointment))
    for n, (status, until, answer) in enumerate(everything, 30_000):
        case = Case(status, ROUND, 1, FENCE, 1, DEADLINE, hold_until=until, appointment=answer)
        yield Row(UUID(int=(2 << 64) + n), case, officer_of(n, holds=False, full=False, on=True))


def note_of(case: Case) -> str | None:
    """What the row holds of a hold and of an appointment."""
    note: dict[str, Any] = {}
    if case.hold_until is not None:
        note["until_us"] = int((case.hold_until - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(microseconds=1))
    if case.appointment is not None:
        note["appointment"] = {"begins_us": 1, "ends_us": 2, "answer": str(case.appointment)}
    return msgspec.json.encode(note).decode() if note else None


def crowded_rows() -> Iterator[Row]:
    """Every status with a free seat, with another beside me, with every seat taken, and offered as often as may be."""
    for n, (status, others, seats, round_) in enumerate(
        product(Status, (0, 1, 3), (2, 4, 5), (ROUND, ROUNDS_MAX)), 20_000
    ):
        officer = officer_of(n, holds=True, full=False, on=True)
        on_seats = tuple(Holder(o, FENCE) for o in (officer.id, OTHER, THIRD, FOURTH)[: others + 1])
        case = Case(
            status, round_, 1, FENCE, seats, DEADLINE, recipients=frozenset({THIRD}), holders=on_seats,
        )  # fmt: skip
        yield Row(UUID(int=(2 << 64) + n), case, officer)


async def put(town: Town, rows: list[Row]) -> None:
    """The rows as the database would hold them, in five statements."""
    conn = town.owner
    await conn.execute(
        "INSERT INTO officers (id, call_sign, surname, station, on_duty, held, slots) "
        "SELECT i, i::text, '赵', CASE WHEN l THEN 's1' ELSE 's2' END, d, h, s "
        "FROM unnest($1::uuid[], $2::bool[], $3::int[], $4::int[], $5::bool[]) q (i, d, h, s, l)",
        *columns((r.officer.id, r.officer.on_duty, r.officer.held, r.officer.slots, r.officer.lent) for r in rows),
    )
    await conn.executemany(
        "INSERT INTO cases (id, station, category, words, words_salt, lat, lon, receipt_mac, received_at, status, "
        "round, wave, fence, seats, offer_deadline, declined, handed_back, claimed_by, acknowledged_at, seq, head, "
        "desk) VALUES ($1, 's1', 'plain', '', '', 0, 0, $11, now(), $2, $3, 1, $4, $5, $6, $7, $8, $9, $10, 1, '', "
        "$12::text::jsonb)",
        [
            (
                r.id, str(r.case.status), r.case.round, r.case.fence, r.case.seats, r.case.deadline,
                list(r.case.declined), list(r.case.handed_back),
                r.case.holders[0].officer if r.case.holders else None, DEADLINE if r.case.acknowledged else None,
                r.id.bytes, note_of(r.case),
            )
            for r in rows
        ],
    )  # fmt: skip
    # An older round asked the officer too: only the present one counts.
    waves = [(r.id, 1, 1, [r.officer.id]) for r in rows] + [
        (r.id, 2, r.case.round, list(r.case.recipients)) for r in rows
    ]
    await conn.executemany(
        "INSERT INTO waves (case_id, seq, round, wave, recipients) VALUES ($1, $2, $3, 1, $4)", waves
    )
    seats = [
        (n, seat, r.id, h, "asked" if h.officer in r.case.checks else None, state_of(r.case, h.officer))
        for n, r in enumerate(rows)
        for seat, h in enumerate(r.case.holders, 1)
    ]
    await conn.executemany(
        "INSERT INTO assignments (case_id, officer_id, seat, slot, round, fence, claimed_at, watch, state) "
        "VALUES ($1, $2, $5, $3, 2, $4, now(), $6, $7)",
        [(case, h.officer, 1_000 + n, h.fence, seat, watch, state) for n, seat, case, h, watch, state in seats],
    )
    owing = [r.id for r in rows if r.case.check_in]
    await conn.execute("UPDATE assignments SET check_in = 'asked' WHERE case_id = ANY ($1)", owing)


def columns(rows: Any) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


async def test_machine_and_sql_judge_every_claim_alike(town: Town) -> None:
    rows = list(claim_rows())
    await put(town, rows)
    asked = [(row, round_, t) for row in rows for round_ in (ROUND, ROUND - 1) for t in TIMES]
    sql = await town.owner.fetch(
        "SELECT judge_claim(c, o, q.r, q.t) FROM unnest($1::uuid[], $2::uuid[], $3::int[], $4::timestamptz[]) "
        "WITH ORDINALITY q (k, p, r, t, nr) JOIN cases c ON c.id = q.k JOIN officers o ON o.id = q.p ORDER BY q.nr",
        *columns((row.id, row.officer.id, round_, t) for row, round_, t in asked),
    )
    pure = [judge_claim(row.case, Claim(row.officer, round_), t) for row, round_, t in asked]
    differing = [(a, p, s[0]) for a, p, s in zip(asked, pure, sql, strict=True) if p != s[0]]
    assert not differing, f"{len(differing)} of {len(asked)}, the first: {differing[0]}"
    assert len(asked) == len(Status) * 2**6 * 2 * 2 * 3
    guards = {
        Refusal.CLOSED, Refusal.WITHDRAWN, Refusal.MERGED, Refusal.ALREADY_HELD, Refusal.STALE_ROUND,
        Refusal.NOT_OFFERED, Refusal.AT_DESK, Refusal.TAKEN, Refusal.LATE, Refusal.DECLINED, Refusal.HANDED_BACK,
        Refusal.OFF_DUTY, Refusal.NO_SLOT, None,
    }  # fmt: skip
    assert set(pure) == guards
    await _decided_alike(town, rows)


async def _decided_alike(town: Town, rows: list[Row]) -> None:
    """The whole call over the same rows, window open: won where `decide` says so, with the event that it says."""
    await town.owner.execute("UPDATE cases SET offer_deadline = now() + interval '1 day'")
    answers = await town.store.claim([claim(row.id, row.officer.id, ROUND) for row in rows])
    for row, answer in zip(rows, answers, strict=True):
        decided = decide(row.case, Claim(row.officer, ROUND), DEADLINE - timedelta(days=1))
        if isinstance(decided, Happened):
            assert (answer.ok, [f.kind for f in answer.facts]) == (True, [decided.event]), row
        else:
            assert (answer.ok, answer.reason, answer.facts) == (False, decided, ()), row


def acts_over(rows: list[Row]) -> Iterator[tuple[Row, Act, datetime]]:
    """Every event by every actor; what an event does not look at is not varied."""
    for event, actor in product(Event, Actor):
        guard = GUARDS.get(event)
        if guard is None:
            continue
        allowed = actor in guard.actors
        fences = (FENCE, FENCE - 1, None) if guard.fence and allowed else (FENCE,)
        rounds = (ROUND, ROUND - 1) if event is Event.DECLINED else (ROUND,)
        lists = ((), (OTHER,)) if event in (Event.HANDED_BACK, Event.REOFFERED) else ((OTHER,),)
        times = TIMES if event in (Event.FELL_BACK, Event.WOKEN) else TIMES[:1]
        for fence, round_, recipients, t in product(fences, rounds, lists, times):
            for row in rows if allowed else rows[::37]:
                yield row, Act(event, actor, row.officer, fence, round_, recipients), t
            if event in (
                Event.ASSIGNED, Event.REASSIGNED, Event.OFFICER_ADDED, Event.OFFICER_TAKEN_BACK, Event.WELFARE_ASKED,
            ):  # fmt: skip
                yield from ((row, Act(event, actor, None, fence, round_), t) for row in rows[::7])


async def test_machine_and_sql_judge_every_act_alike(town: Town) -> None:
    rows = list(act_rows())
    await put(town, rows)
    asked = list(acts_over(rows))
    sql = await town.owner.fetch(
        "SELECT coalesce(judge_act(c, o, q.e, q.a, q.f, q.r, CASE WHEN q.s THEN ARRAY[$9::uuid] ELSE '{}' END, q.t), "
        "judge_closing(c, jsonb_build_object('event', q.e, 'actor', q.a), q.t)) FROM unnest("
        "$1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::int[], $6::int[], $7::bool[], $8::timestamptz[]) "
        "WITH ORDINALITY q (k, p, e, a, f, r, s, t, nr) JOIN cases c ON c.id = q.k "
        "LEFT JOIN officers o ON o.id = q.p ORDER BY q.nr",
        *columns(
            (
                row.id, act.officer.id if act.officer else None, str(act.event), str(act.actor), act.fence, act.round,
                bool(act.recipients), t,
            )
            for row, act, t in asked
        ),
        OTHER,
    )  # fmt: skip
    pure = [judge_act(row.case, act, t) for row, act, t in asked]
    differing = [(a, p, s[0]) for a, p, s in zip(asked, pure, sql, strict=True) if p != s[0]]
    assert not differing, f"{len(differing)} of {len(asked)}, the first: {differing[0]}"
    assert len(asked) > 15_000
    assert set(pure) == {
        Refusal.NOT_YOURS, Refusal.CLOSED, Refusal.MERGED, Refusal.STALE_FENCE, Refusal.ILLEGAL, Refusal.STALE_ROUND,
        Refusal.OVERDUE,
        Refusal.NOT_OFFERED, Refusal.DECLINED, Refusal.NOT_FOUND, Refusal.ALREADY_HELD, Refusal.OFF_DUTY,
        Refusal.NO_SLOT, Refusal.OTHER_STATION, Refusal.NOT_HOLDER, Refusal.NOBODY_NEAR, Refusal.ALREADY_ASKED,
        Refusal.SEATS_FULL, Refusal.ROUNDS_SPENT, Refusal.NOT_ASKED, Refusal.CHECK_OPEN, None,
    }  # fmt: skip
    for row, act, t in asked[::11]:
        decided, refusal = decide(row.case, act, t), judge_act(row.case, act, t)
        assert decided == refusal if refusal else isinstance(decided, Happened)


def test_every_refusal_is_some_guards_answer() -> None:
    """Over the same rows as above: no refusal stands in the list of words that nobody can hear."""
    heard = {judge_claim(r.case, Claim(r.officer, n), t) for r in claim_rows() for n in (1, ROUND) for t in TIMES}
    heard |= {judge_act(row.case, act, t) for row, act, t in acts_over(list(act_rows()))}
    assert heard - {None} == set(Refusal) - ELSEWHERE


APPEND: Final = "SELECT append(c, '[]', $2, 'service', NULL, '{}', now()) FROM cases c WHERE c.id = $1"
FORBIDDEN: Final = sorted(set(product(Status, Event)) - set(LEGAL))


def test_the_table_and_its_complement_are_every_pair() -> None:
    assert len(FORBIDDEN) + len(LEGAL) == len(Status) * len(Event)


async def test_sql_holds_the_same_table(town: Town) -> None:
    rows = await town.owner.fetch("SELECT status, event, next_status FROM legal")
    assert {(r[0], r[1]): r[2] for r in rows} == {(s.value, e.value): after.value for (s, e), after in LEGAL.items()}


async def test_every_pair_outside_the_table_is_refused_by_machine_and_sql(town: Town) -> None:
    """With everything else right: holder with the right fence, on duty, asked, due."""
    base = next(r for r in act_rows() if r.case.holders and r.case.holders[0].officer == r.officer.id)
    row = replace(base, id=UUID(int=5 << 64), officer=replace(base.officer, id=OfficerId(UUID(int=6 << 64))))
    holder = Holder(row.officer.id, FENCE)
    recipients = frozenset({row.officer.id})
    row = replace(row, case=replace(row.case, holders=(holder,), recipients=recipients, declined=frozenset()))
    await put(town, [row])
    for status, event in FORBIDDEN:
        case = replace(row.case, status=status)
        if event not in GUARDS:
            continue  # a report makes a case, it is no act on one
        await town.owner.execute("UPDATE cases SET status = $2 WHERE id = $1", row.id, str(status))
        with pytest.raises(asyncpg.PostgresError, match="is not legal in"):
            await town.owner.execute(APPEND, row.id, str(event))
        for actor in Actor:
            act = Act(event, actor, row.officer, FENCE, ROUND, (OTHER,), deadline=DEADLINE)
            decided = decide(case, act, TIMES[2])
            assert not isinstance(decided, Happened) or decided.event is not event, (status, event, actor)
            # Waiting for another, or still on the way to a scene: not handed back, and yet the officer leaves.
            standing_down = event is Event.HANDED_BACK and actor is Actor.OFFICER
            stands_down = status in (*WAITING, Status.ON_SCENE) and standing_down
            assert isinstance(decided, Happened) == stands_down, (status, event, actor)
            judged = await town.owner.fetchval(
                "SELECT judge_act(c, o, $3, $4, $5, $6, ARRAY[$7::uuid], $8) FROM cases c, officers o "
                "WHERE c.id = $1 AND o.id = $2",
                row.id, row.officer.id, str(event), str(actor), FENCE, ROUND, OTHER, TIMES[2],
            )  # fmt: skip
            assert (judged is None) == isinstance(decided, Happened), (status, event, actor)
