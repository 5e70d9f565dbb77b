"""The end of a case before the real judge: hoax, objection, rating, the word at the door; machine and SQL alike."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any, Final
from uuid import UUID, uuid4

import pytest

from dispatch import limits
from dispatch.cases.closing import OBJECTION, judge
from dispatch.cases.facts import Answer
from dispatch.cases.machine import Act
from dispatch.cases.values import Actor, Case, Disposition, End, Event, Refusal, Status
from dispatch.cases.views import DeskCase, ReporterCase, Talk
from tests.conftest import Database
from tests.contract.screens import Process, Wire, desk_, reporter_
from tests.contract.small_town import Town, small_town

CLOSED_AT: Final = datetime(2031, 5, 6, 7, 8, 9, 123456, tzinfo=UTC)
END: Final = CLOSED_AT + OBJECTION
BOSS, CHIEF = UUID(int=0xB055), UUID(int=0xC41EF)


@pytest.fixture(scope="module")
async def town(database: Database) -> AsyncIterator[Town]:
    async with small_town(database) as town:
        yield town


@dataclass(frozen=True, slots=True)
class Asked:
    case: Case
    act: Act
    at: datetime


def everything() -> list[Asked]:
    """Every status x event x actor x end x disposition x by whom x time."""
    events = (Event.CLEARED, Event.OBJECTED, Event.RATED, Event.RECLASSIFIED, Event.ACKNOWLEDGED, Event.SAID)
    ends = [
        End(closed, None, barred, objected, stars)
        for closed, barred, objected, stars in product((None, CLOSED_AT), (None, BOSS), (False, True), (None, 3))
    ]
    times = [END + timedelta(microseconds=n) for n in (-1, 0)]
    return [
        Asked(Case(status, end=end), Act(event, actor, disposition=how, by=by), t)
        for status, event, actor, end, how, by, t in product(
            (Status.CLEARED, Status.AT_STATION, Status.ON_SCENE), events, Actor, ends,
            (None, Disposition.FOUNDED, Disposition.HOAX), (BOSS, CHIEF), times,
        )
    ]  # fmt: skip


async def test_machine_and_sql_judge_every_end_alike(town: Town) -> None:
    asked = everything()
    rows = [
        (
            str(a.case.status), a.case.end.closed_at, str(a.case.end.barred) if a.case.end.barred else None,
            a.case.end.objected, a.case.end.stars, str(a.act.event), str(a.act.actor),
            str(a.act.disposition) if a.act.disposition else None, str(a.act.by), a.at,
        )
        for a in asked
    ]  # fmt: skip
    sql = await town.owner.fetch(
        "SELECT judge_closing(jsonb_populate_record(NULL::cases, jsonb_build_object('status', q.s, 'closed_at', q.c, "
        "'ending', jsonb_build_object('barred', q.b, 'objected', q.o, 'stars', q.st))), "
        "jsonb_build_object('event', q.e, 'actor', q.a, 'disposition', q.d, 'actor_id', q.i), q.t) "
        "FROM unnest($1::text[], $2::timestamptz[], $3::text[], "
        "$4::bool[], $5::int[], $6::text[], $7::text[], $8::text[], $9::text[], $10::timestamptz[]) "
        "WITH ORDINALITY q (s, c, b, o, st, e, a, d, i, t, nr) ORDER BY q.nr",
        *[list(column) for column in zip(*rows, strict=True)],
    )
    pure = [judge(a.case, a.act, a.at) for a in asked]
    differing = [(a, p, s[0]) for a, p, s in zip(asked, pure, sql, strict=True) if p != s[0]]
    assert not differing, f"{len(differing)} of {len(asked)}, the first: {differing[0]}"
    assert len(asked) > 15_000
    assert set(pure) == {
        None, Refusal.OVERDUE, Refusal.RATED_BEFORE, Refusal.SUPERVISOR_ONLY, Refusal.ANOTHER_SUPERVISOR,
    }  # fmt: skip


async def cleared(town: Town) -> tuple[UUID, UUID]:
    """A case that an officer has cleared."""
    officer = await town.officer()
    case = await town.report(officer)
    fence = (await town.claim(case, officer)).response["fence"]
    for event in ("arrived", "cleared"):
        done = await town.act(case, event, officer, fence=fence, disposition="founded" if event == "cleared" else None)
        assert done.ok, done.reason
    return case, officer


async def by_reporter(town: Town, case: UUID, event: str, **other: Any) -> Answer:
    """In a session of its own each time: what counts is the case."""
    return await town.act(case, event, actor="reporter", actor_id=uuid4(), scope=f"case:{case}", **other)


async def by_supervisor(town: Town, case: UUID, event: str, who: UUID = BOSS, **other: Any) -> Answer:
    return await town.act(case, event, actor="supervisor", actor_id=who, scope=f"account:{who}", **other)


# --- objection
async def test_an_objection_brings_the_case_to_a_supervisor_who_is_alarmed_at_once(town: Town) -> None:
    case, _ = await cleared(town)
    answer = await by_reporter(town, case, "objected", words="还没有解决", salt="00ff")
    assert answer.ok and answer.state is not None
    state = answer.state
    assert (state.status, state.desk_reason, state.disposition) == (Status.AT_STATION, "objected", None)
    assert state.ending is not None and state.ending.objected and state.ending.object_ms is None
    (entry,) = [e for e in await town.store.history(case) if e.kind == "objected"]
    assert entry.body["reason"] == "objected" and "解决" not in str(entry.body)
    fired = [f.kind for a in await town.store.fire("s1") for f in a.facts if f.case == case]
    assert fired == ["alarm_raised"], "nobody waits 20 s"
    for event in ("acknowledged", "cleared", "assigned"):
        refused = await town.desk(case, event, await town.officer(), disposition="founded")
        assert refused.reason == "supervisor_only", event
    assert (await town.desk(case, "said", words="我们在看", salt="00")).ok, "the desk may write to the reporter"
    assert (await by_supervisor(town, case, "acknowledged")).ok
    assert (await by_supervisor(town, case, "cleared", disposition="report_taken")).ok
    again = await by_reporter(town, case, "objected")
    assert again.ok, "after each clearing anew"


async def test_an_objection_at_the_exact_end_of_the_14_days_is_overdue(town: Town) -> None:
    case, _ = await cleared(town)
    await town.pass_time(case, limits.OBJECTION_S - 5)
    (state,) = [await town.state(case)]
    assert state.ending is not None and 0 < (state.ending.object_ms or 0) <= 5_000
    await town.pass_time(case, 5)
    assert (await by_reporter(town, case, "objected")).reason == "overdue"
    other, _ = await cleared(town)
    await town.pass_time(other, limits.OBJECTION_S - 5)
    assert (await by_reporter(town, other, "objected")).ok


async def test_an_objection_to_what_is_open_or_withdrawn_or_by_anybody_else_is_refused(town: Town) -> None:
    case = await town.at_desk()
    assert (await by_reporter(town, case, "objected")).reason == "illegal"
    assert (await by_reporter(town, case, "rated", stars=5)).reason == "illegal"
    assert (await by_supervisor(town, case, "reclassified", disposition="hoax")).reason == "illegal"
    await town.withdraw(case)
    assert (await by_reporter(town, case, "objected")).reason == "closed"
    done, officer = await cleared(town)
    assert (await town.desk(done, "objected")).reason == "not_yours"
    assert (await town.act(done, "objected", officer)).reason == "not_yours"
    assert (await town.desk(done, "reclassified", disposition="hoax")).reason == "not_yours"


async def test_a_case_that_was_objected_to_is_assigned_anew_and_cleared_by_the_officer(town: Town) -> None:
    case, first = await cleared(town)
    second = await town.officer()
    await by_reporter(town, case, "objected")
    sent = await by_supervisor(town, case, "assigned", officer=second)
    assert sent.ok and sent.state is not None and [h.officer for h in sent.state.holders] == [second]
    fence = await town.fence(case, second)
    assert (await town.act(case, "arrived", first, fence=fence)).reason == "stale_fence"
    assert (await town.act(case, "arrived", second, fence=fence)).ok
    done = await town.act(case, "cleared", second, fence=fence, disposition="founded")
    assert done.ok and done.state is not None and done.state.ending is not None
    assert not done.state.ending.objected and done.state.ending.closed_by == second


# --- hoax
async def test_only_a_supervisor_calls_it_a_hoax(town: Town) -> None:
    officer = await town.officer()
    case = await town.report(officer)
    fence = (await town.claim(case, officer)).response["fence"]
    await town.act(case, "arrived", officer, fence=fence)
    assert (await town.act(case, "cleared", officer, fence=fence, disposition="hoax")).reason == "supervisor_only"
    other = await town.at_desk()
    assert (await town.desk(other, "cleared", disposition="hoax")).reason == "supervisor_only"
    assert (await by_supervisor(town, other, "cleared", disposition="hoax")).ok
    assert (await town.act(case, "cleared", officer, fence=fence, disposition="unfounded")).ok
    hoax = await by_supervisor(town, case, "reclassified", disposition="hoax")
    assert hoax.ok and hoax.state is not None and hoax.state.disposition == "hoax"


async def test_an_objection_to_a_hoax_goes_to_another_supervisor_for_good(town: Town) -> None:
    case = await town.at_desk()
    assert (await by_supervisor(town, case, "cleared", BOSS, disposition="hoax")).ok
    await by_reporter(town, case, "objected")
    for event in ("acknowledged", "cleared"):
        assert (await by_supervisor(town, case, event, BOSS, disposition="founded")).reason == "another_supervisor"
    assert (await by_supervisor(town, case, "cleared", CHIEF, disposition="unfounded")).ok
    again = await by_supervisor(town, case, "reclassified", BOSS, disposition="hoax")
    assert again.reason == "another_supervisor"


# --- rating
async def test_a_case_is_rated_once_after_the_end_and_its_words_are_not_in_the_history(town: Town) -> None:
    case, _ = await cleared(town)
    first = await by_reporter(town, case, "rated", stars=4, words="很快就来了", salt="00ff")
    assert first.ok and first.state is not None and first.state.ending is not None
    assert first.state.ending.stars == 4 and first.state.status is Status.CLEARED
    assert (await by_reporter(town, case, "rated", stars=1)).reason == "rated_before"
    (entry,) = [e for e in await town.store.history(case) if e.kind == "rated"]
    assert entry.body["stars"] == 4 and set(entry.body) == {"stars", "words"} and "很快" not in str(entry.body)
    assert [line.words for line in (await town.store.talk(case, None, 9)).lines] == ["很快就来了"]
    await by_reporter(town, case, "objected")
    assert (await town.state(case)).ending is not None
    assert (await by_reporter(town, case, "rated", stars=1)).reason == "illegal"


# --- the word at the door
async def test_the_right_word_is_an_entry_and_a_wrong_one_is_refused_a_few_times(town: Town) -> None:
    a, b = await town.officers(2)
    case = await town.report(a, b, category="pair")
    for officer in (a, b):
        await town.claim(case, officer)
    words = {h.officer: h.word for h in (await town.state(case)).holders}
    assert all(len(word) == 4 and word.isdecimal() for word in words.values())
    wrong = f"{(int(words[a]) + 1) % 10_000:04d}"
    fence = await town.fence(case, a)
    tries = [(await town.act(case, "met", a, fence=fence, word=wrong)).reason for _ in range(limits.WORD_TRIES_MAX)]
    assert tries == ["wrong_word"] * limits.WORD_TRIES_MAX
    assert (await town.act(case, "met", a, fence=fence, word=words[a])).reason == "word_spent"
    met = await town.act(case, "met", b, fence=await town.fence(case, b), word=words[b])
    assert met.ok and met.facts[0].body == {} and met.facts[0].officer == b
    assert [h.met for h in (await town.state(case)).holders] == [False, True]
    assert (await town.act(case, "met", b, fence=await town.fence(case, b), word=words[b])).reason == "illegal"
    assert not [e for e in await town.store.history(case) if words[b] in str(e.body.get("word", ""))]


async def test_the_same_wrong_word_under_its_key_counts_once(town: Town) -> None:
    officer = await town.officer()
    case = await town.report(officer)
    fence = (await town.claim(case, officer)).response["fence"]
    word = (await town.state(case)).holders[0].word
    for _ in range(limits.WORD_TRIES_MAX + 1):
        again = await town.act(case, "met", officer, fence=fence, word="none", key="w" * 16)
        assert again.reason == "wrong_word"
    assert (await town.act(case, "met", officer, fence=fence, word=word)).ok
    assert (await town.act(case, "met", officer, fence=fence - 1, word=word)).reason == "stale_fence"


async def test_each_assignment_has_a_word_of_its_own(town: Town) -> None:
    officers = await town.officers(40)
    cases = [await town.report(officer) for officer in officers]
    for case, officer in zip(cases, officers, strict=True):
        await town.claim(case, officer)
    words = {(await town.state(case)).holders[0].word for case in cases}
    assert len(words) > 30


async def test_the_word_stands_on_the_reporters_and_the_officers_screen_only(town: Town) -> None:
    a, b = await town.officers(2)
    case = await town.report(a, b, category="pair")
    own = Process(town.store, Wire(), "own")
    await own.feed.start()
    desk, reporter = own.screen(desk_()), own.screen(reporter_(case))
    for officer in (a, b):
        own.feed.committed([await town.claim(case, officer)])
    words = {h.officer: h.word for h in (await town.state(case)).holders}
    reporter.catch_up()
    seen = reporter.cases[case]
    assert isinstance(seen, ReporterCase) and [o.word for o in seen.officers] == [words[a], words[b]]
    assert [own.feed.board.cases[case].state.holders[n].word for n in (0, 1)] == [words[a], words[b]]
    shown = desk.catch_up().cases[case]
    assert isinstance(shown, DeskCase) and not any(hasattr(seat, "word") for seat in shown.holders)
    own.feed.committed([await town.act(case, "met", a, fence=await town.fence(case, a), word=words[a])])
    after = reporter.catch_up().cases[case]
    assert isinstance(after, ReporterCase) and [(o.word, o.met) for o in after.officers] == [
        (None, True), (words[b], False),
    ]  # fmt: skip


async def test_a_reopened_case_brings_its_talk_along_and_all_of_it_is_unread(town: Town) -> None:
    case = await town.at_desk()
    own = Process(town.store, Wire(), "own")
    await own.feed.start()
    desk = own.screen(desk_())
    own.feed.committed([await by_reporter(town, case, "said", words="one", salt="00")])
    own.feed.committed([await town.desk(case, "read", upto=99)])
    own.feed.committed([await town.desk(case, "cleared", disposition="advice_given")])
    own.feed.committed([await by_reporter(town, case, "objected", words="two", salt="00")])
    desk.catch_up()
    assert isinstance(desk.talks[case], Talk)
    assert ([x.words for x in desk.talks[case].lines], desk.talks[case].unread) == (["one", "two"], 2)
    late = Process(town.store, Wire(), "late")
    await late.feed.start()
    (fresh,) = [t for t in late.resume.snapshot(desk_()).talks if t.case == case]
    assert ([x.words for x in fresh.lines], fresh.unread) == (["one", "two"], 2)
