"""Several reports of one incident before the real judge: merged, split, unmerged, every reporter told."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import pytest

from dispatch import limits
from dispatch.cases.facts import Answer
from dispatch.cases.ports import StoreAway, StoreBusy
from dispatch.cases.values import DeskReason, Disposition, Event, Refusal, Status
from dispatch.cases.views import Gone, ReporterCase
from tests.conftest import Database
from tests.contract.screens import Process, Wire, desk_, differences, officer_, reporter_
from tests.contract.small_town import Town, small_town
from tests.contract.test_store_walks import folded, stored


@pytest.fixture(scope="module")
async def town(database: Database) -> AsyncIterator[Town]:
    async with small_town(database) as town:
        yield town


async def merge(town: Town, survivor: UUID, *others: UUID, **more: Any) -> Answer:
    return await town.desk(survivor, "absorbed", others=others, **({"reason": "the same dog"} | more))


async def split(town: Town, case: UUID, *others: UUID, **more: Any) -> Answer:
    meant: dict[str, Any] = {"reason": "two dogs", "made": uuid4(), "words": "第二只狗", "salt": "00ff"}
    meant |= more
    return await town.desk(case, "split", others=others, **meant)


async def unmerge(town: Town, case: UUID, **more: Any) -> Answer:
    return await town.desk(case, "unmerged", **({"reason": "another dog"} | more))


async def done(answer: Answer) -> list[tuple[str, UUID | None]]:
    """The facts of an act that was allowed: kind and case."""
    assert answer.ok, answer.reason
    return [(fact.kind, fact.case) for fact in answer.facts]


async def entries_are_rows(town: Town, *cases: UUID) -> None:
    for case in cases:
        assert await folded(town, case) == await stored(town, case)


async def claimed(town: Town, *so_far: str, station: str = "s1") -> tuple[UUID, UUID]:
    officer = await town.officer(station)
    case = await town.report(officer, station=station)
    assert (await town.claim(case, officer)).ok
    for event in so_far:
        assert (await town.act(case, event, officer, fence=await town.fence(case, officer))).ok
    return case, officer


# --- merging
@pytest.mark.parametrize("so_far", [[], ["set_out"]])
async def test_a_merged_case_is_over_and_its_officer_is_free(town: Town, so_far: list[str]) -> None:
    survivor = await town.at_desk()
    case, officer = await claimed(town, *so_far)
    fence = await town.fence(case, officer)
    facts = await done(await merge(town, survivor, case))
    assert facts == [(Event.MERGED, case), (Event.ABSORBED, survivor)]
    state = await town.state(case)
    assert (state.status, state.disposition, state.holders) == (Status.MERGED, Disposition.DUPLICATE, ())
    assert state.group is not None and state.group.into == survivor
    lead = (await town.state(survivor)).group
    assert lead is not None and [one.case for one in lead.reports] == [case]
    assert (await town.duty(officer, False)).ok, "nothing holds the officer any more"
    assert await town.owner.fetchval("SELECT count(*) FROM deadlines WHERE case_id = $1", case) == 0
    assert case not in {state.id for state, _ in await town.store.open_cases()}
    assert (await town.act(case, "set_out", officer, fence=fence)).reason == Refusal.MERGED
    await entries_are_rows(town, survivor, case)


async def test_an_offer_that_is_merged_can_be_claimed_by_nobody(town: Town) -> None:
    officer = await town.officer()
    survivor, case = await town.at_desk(), await town.report(officer)
    await done(await merge(town, survivor, case))
    assert (await town.claim(case, officer)).reason == Refusal.MERGED
    await town.pass_time(case, 61)
    assert not [a for a in await town.store.fire("s1") for f in a.facts if f.case == case]


async def test_every_act_on_a_merged_case_hears_that_it_is_merged(town: Town) -> None:
    officer, survivor, case = await town.officer(), await town.at_desk(), await town.at_desk()
    await done(await merge(town, survivor, case))
    line: dict[str, Any] = {"words": "x", "salt": "00"}
    answers = [
        await town.withdraw(case),
        await town.act(case, "said", actor="reporter", actor_id=case, scope=f"case:{case}", **line),
        *[await town.desk(case, event, officer, **line) for event in ("assigned", "acknowledged", "cleared", "said")],
        await split(town, case),
        await merge(town, case, await town.at_desk()),
        await merge(town, await town.at_desk(), case),
    ]
    assert {answer.reason for answer in answers} == {Refusal.MERGED}
    assert (await town.state(survivor)).status is Status.AT_STATION


async def test_a_chain_of_merges_has_one_step(town: Town) -> None:
    first, second, third, fourth = [await town.at_desk() for _ in range(4)]
    await done(await merge(town, second, first))
    await done(await merge(town, third, second))
    facts = await done(await merge(town, fourth, third))
    assert sorted(facts, key=str) == sorted(
        [(Event.MERGED, third), (Event.FOLLOWED, first), (Event.FOLLOWED, second), (Event.ABSORBED, fourth)], key=str
    )
    rows = await town.owner.fetch("SELECT id, merged_into FROM cases WHERE id = ANY ($1)", [first, second, third])
    assert {row["merged_into"] for row in rows} == {fourth}
    await entries_are_rows(town, first, second, third, fourth)


async def test_merging_in_a_circle_is_refused(town: Town) -> None:
    one, two = await town.at_desk(), await town.at_desk()
    assert (await merge(town, one, one)).reason == Refusal.CIRCLE
    await done(await merge(town, two, one))
    assert (await merge(town, one, two)).reason == Refusal.CIRCLE
    assert (await town.state(two)).status is Status.AT_STATION


async def test_two_cases_merged_into_each_other_at_once_leave_one(town: Town) -> None:
    for _ in range(8):
        one, two = await town.at_desk(), await town.at_desk()
        answers = await asyncio.gather(merge(town, one, two), merge(town, two, one))
        assert sorted(str(answer.reason) for answer in answers) == ["None", "circle"]
        states = sorted([(await town.state(case)).status for case in (one, two)])
        assert states == [Status.AT_STATION, Status.MERGED]


async def test_merges_that_cross_never_make_a_chain(town: Town) -> None:
    """The first into the second while the second goes into the third: whoever is later looks again or is refused."""
    for _ in range(8):
        one, two, three = [await town.at_desk() for _ in range(3)]
        answers = await asyncio.gather(merge(town, two, one), merge(town, three, two), return_exceptions=True)
        decided = [one for one in answers if not isinstance(one, StoreBusy | StoreAway)]
        assert all(isinstance(one, Answer) and one.reason in (None, Refusal.MERGED) for one in decided), answers
        chained = "SELECT count(*) FROM cases m JOIN cases s ON s.id = m.merged_into WHERE s.status = 'merged'"
        assert await town.owner.fetchval(chained) == 0
        await entries_are_rows(town, one, two, three)


async def test_who_is_on_scene_is_never_called_away_by_a_merge(town: Town) -> None:
    case, _ = await claimed(town, "arrived")
    other = await town.at_desk()
    assert (await merge(town, other, case)).reason == Refusal.ILLEGAL
    await done(await merge(town, case, other))
    assert (await town.state(case)).status is Status.ON_SCENE


async def test_only_open_cases_that_are_there_are_merged_and_nothing_is_half_done(town: Town) -> None:
    survivor, fine, gone = await town.at_desk(), await town.at_desk(), await town.at_desk()
    await town.withdraw(gone)
    practice = await town.at_desk(exercise=True)
    for wrong, reason in ((gone, "closed"), (uuid4(), "not_found"), (practice, "illegal")):
        answer = await merge(town, survivor, fine, wrong)
        assert (answer.ok, answer.reason, answer.facts) == (False, reason, ())
    assert (await town.state(fine)).status is Status.AT_STATION
    assert (await merge(town, gone, fine)).reason == Refusal.CLOSED


async def test_only_the_survivors_own_desk_merges_and_it_takes_no_neighbours_officer_away(town: Town) -> None:
    own, away = await town.at_desk(), await town.at_desk(station="s2")
    assert (await merge(town, own, away, station="s2")).reason == Refusal.NOT_YOURS
    held, _ = await claimed(town, station="s2")
    assert (await merge(town, own, held)).reason == Refusal.NOT_YOURS
    answer = await merge(town, own, away)
    assert [(f.stream, f.kind) for f in answer.facts] == [("s2", Event.MERGED), ("s1", Event.ABSORBED)]
    officer_acts = await town.act(own, "absorbed", await town.officer(), others=[await town.at_desk()])
    assert officer_acts.reason == Refusal.NOT_YOURS


async def test_a_case_stands_for_so_many_reports_and_no_more(town: Town) -> None:
    drafts = [town.draft() for _ in range(limits.REPORTS_MAX + 3)]
    await town.store.report(drafts)
    survivor, last, *rest = [draft.id for draft in drafts]
    await done(await merge(town, survivor, *rest[:-2]))
    assert (await merge(town, survivor, last, rest[-1])).reason == Refusal.REPORTS_FULL
    await done(await merge(town, survivor, last))
    assert (await merge(town, survivor, rest[-1])).reason == Refusal.REPORTS_FULL


async def test_the_same_merge_again_is_one_and_another_under_its_key_is_refused(town: Town) -> None:
    survivor, case = await town.at_desk(), await town.at_desk()
    first, again = [await merge(town, survivor, case, key="m" * 16) for _ in range(2)]
    assert first.ok and again.ok and again.facts == () and again.response == first.response
    assert (await merge(town, survivor, case, key="m" * 16, hash="ee")).reason == Refusal.KEY_REUSED
    assert (await town.kinds(survivor)).count(Event.ABSORBED) == 1


# --- withdrawing
async def test_a_withdrawal_by_one_of_several_reporters_ends_the_case_for_nobody(town: Town) -> None:
    survivor, case = await town.at_desk(), await town.at_desk()
    await done(await merge(town, survivor, case))
    assert (await town.withdraw(case)).reason == Refusal.MERGED
    assert (await town.withdraw(survivor)).reason == Refusal.JOINED
    assert (await town.state(survivor)).status is Status.AT_STATION
    await done(await unmerge(town, case))
    assert (await town.withdraw(survivor)).ok
    assert (await town.state(case)).status is Status.AT_STATION


# --- unmerging
async def test_an_unmerged_case_is_unseen_in_the_queue_as_old_as_it_is(town: Town) -> None:
    survivor, case = await town.at_desk(), await town.at_desk()
    await town.owner.execute("UPDATE cases SET received_at = received_at - interval '1 hour' WHERE id = $1", case)
    await town.desk(case, "acknowledged")
    await done(await merge(town, survivor, case))
    assert await done(await unmerge(town, case)) == [(Event.UNMERGED, case), (Event.PARTED, survivor)]
    state = await town.state(case)
    assert (state.status, state.desk_reason, state.disposition) == (Status.AT_STATION, DeskReason.UNMERGED, None)
    assert state.group is None and (await town.state(survivor)).group is None
    assert not state.acknowledged and state.age_ms > 3_600_000
    await entries_are_rows(town, survivor, case)
    await town.pass_time(case, 20)
    assert [f.kind for a in await town.store.fire("s1") for f in a.facts if f.case == case] == [Event.ALARM_RAISED]
    assert (await town.desk(case, "assigned", await town.officer())).ok


async def test_a_case_is_unmerged_also_when_the_one_that_stood_for_it_is_over(town: Town) -> None:
    survivor, case = await town.at_desk(), await town.at_desk()
    await done(await merge(town, survivor, case))
    assert (await town.desk(survivor, "cleared", disposition="founded")).ok
    assert await done(await unmerge(town, case)) == [(Event.UNMERGED, case), (Event.PARTED, survivor)]
    assert (await town.state(survivor)).status is Status.CLEARED
    await entries_are_rows(town, survivor, case)


async def test_only_what_is_merged_is_unmerged_and_only_by_its_own_desk(town: Town) -> None:
    survivor, case = await town.at_desk(), await town.at_desk(station="s2")
    assert (await unmerge(town, case, station="s2")).reason == Refusal.ILLEGAL
    assert (await unmerge(town, uuid4())).reason == Refusal.NOT_FOUND
    await done(await merge(town, survivor, case))
    assert (await unmerge(town, case)).reason == Refusal.NOT_YOURS
    answer = await unmerge(town, case, station="s2")
    assert answer.ok and {f.stream for f in answer.facts} == {"s1", "s2"}
    await town.withdraw(case)
    assert (await unmerge(town, case, station="s2")).reason == Refusal.CLOSED


# --- splitting
async def test_a_split_makes_a_case_at_the_desk_that_some_reports_follow(town: Town) -> None:
    survivor, one, two = [await town.at_desk(lat=32.05 + n / 1_000) for n in range(3)]
    await town.owner.execute("UPDATE cases SET received_at = received_at - interval '1 hour' WHERE id = $1", two)
    await done(await merge(town, survivor, one, two))
    answer = await split(town, survivor, two)
    made = UUID(answer.response["made"])
    kinds = [(f.kind, f.case) for f in answer.facts]
    assert kinds == [
        (Event.RECEIVED, made), (Event.SENT_TO_DESK, made), (Event.ABSORBED, made), (Event.FOLLOWED, two),
        (Event.SPLIT, survivor),
    ]  # fmt: skip
    new, old = await town.state(made), await town.state(survivor)
    assert (new.status, new.desk_reason, new.words, new.lat) == (
        Status.AT_STATION,
        DeskReason.SPLIT,
        "第二只狗",
        32.052,
    )
    assert new.age_ms > 3_600_000, "as old as the report"
    assert new.group is not None and old.group is not None
    assert ([r.case for r in new.group.reports], [r.case for r in old.group.reports]) == ([two], [one])
    assert (await town.state(two)).status is Status.MERGED
    await entries_are_rows(town, survivor, one, two, made)
    assert await done(await unmerge(town, two)) == [(Event.UNMERGED, two), (Event.PARTED, made)]


async def test_one_report_of_two_incidents_is_split_by_itself(town: Town) -> None:
    case, officer = await claimed(town, "arrived")
    made = UUID((await split(town, case)).response["made"])
    new, old = await town.state(made), await town.state(case)
    assert (new.status, new.group, new.category, new.lat) == (Status.AT_STATION, None, old.category, old.lat)
    assert (old.status, [h.officer for h in old.holders]) == (Status.ON_SCENE, [officer])
    assert [entry.kind for entry in await town.store.history(made)] == [Event.RECEIVED, Event.SENT_TO_DESK]
    await entries_are_rows(town, case, made)
    body = await town.owner.fetchval("SELECT string_agg(body::text, '') FROM events WHERE case_id = $1", made)
    assert "第二只狗" not in body, "words can be erased"


async def test_only_a_cases_own_reports_are_split_off_and_once_a_key(town: Town) -> None:
    case, other = await town.at_desk(), await town.at_desk()
    assert (await split(town, case, other)).reason == Refusal.NOT_FOUND
    first, again = [await split(town, case, key="s" * 16) for _ in range(2)]
    assert first.ok and again.response["made"] == first.response["made"] and again.facts == ()
    assert await town.owner.fetchval("SELECT count(*) FROM cases WHERE id = $1", UUID(first.response["made"])) == 1


# --- what is told
async def test_every_reporter_is_told_and_follows_what_stands_for_the_own_case(town: Town) -> None:
    a, b = await town.officers(2)
    survivor, case = await town.report(a), await town.report(b)
    own, deaf = (Process(town.store, Wire(), name) for name in ("own", "deaf"))
    for process in (own, deaf):
        await process.feed.start()
    one, two, released, desk = (
        own.screen(who) for who in (reporter_(survivor), reporter_(case), officer_(b), desk_())
    )  # fmt: skip
    slept = deaf.screen(reporter_(case))

    async def told(answer: Answer) -> tuple[Any, Any]:
        assert answer.ok, answer.reason
        own.feed.committed([answer])
        for screen in (one, two, released, desk):
            screen.catch_up()
            assert not differences(screen, await own.fresh(screen.who)), screen.who
        await deaf.mend()
        assert not differences(slept.catch_up(), await deaf.fresh(slept.who))
        return one.cases[survivor], two.cases[case]

    await told(await town.claim(case, b))
    mine, theirs = await told(await merge(town, survivor, case))
    assert (mine.status, mine.reports, mine.merged) == ("offered", 2, False)
    assert (theirs.status, theirs.reports, theirs.merged) == ("offered", 2, True)
    assert [v.reason for v in released.got if isinstance(v, Gone)] == ["merged"]
    _, theirs = await told(await town.claim(survivor, a))
    assert [officer.call_sign for officer in theirs.officers] == [mine_of(await town.state(survivor))]
    mine, theirs = await told(await unmerge(town, case))
    assert (mine.reports, theirs.status, theirs.merged, theirs.reports) == (1, "at_station", False, 1)
    await told(await merge(town, survivor, case))
    _, theirs = await told(await town.act(survivor, "arrived", a, fence=await town.fence(survivor, a)))
    assert theirs.status == "on_scene"
    end = await town.act(survivor, "cleared", a, fence=await town.fence(survivor, a), disposition="founded")
    _, theirs = await told(end)
    assert (theirs.status, theirs.disposition, theirs.merged) == ("cleared", "founded", True)
    assert not [v for v in two.got if isinstance(v, ReporterCase) and v.case != case], "no other case is named"


def mine_of(state: Any) -> str:
    return str(state.holders[0].call_sign)


async def test_the_talk_of_an_unmerged_case_is_there_again(town: Town) -> None:
    survivor, case = await town.at_desk(), await town.at_desk()
    own = Process(town.store, Wire(), "own")
    await own.feed.start()
    desk, reporter = own.screen(desk_()), own.screen(reporter_(case))
    acts: list[Callable[[], Awaitable[Answer]]] = [
        lambda: town.desk(case, "said", words="Where is it?", salt="00"),
        lambda: merge(town, survivor, case),
        lambda: unmerge(town, case),
    ]
    for act in acts:
        answer = await act()
        assert answer.ok, answer.reason
        own.feed.committed([answer])
        for screen in (desk, reporter):
            assert not differences(screen.catch_up(), await own.fresh(screen.who))
    assert [line.words for line in reporter.talks[case].lines] == ["Where is it?"]


async def test_facts_of_two_stations_in_any_order_leave_the_reporter_where_the_case_is(town: Town) -> None:
    survivor, case = await town.at_desk(), await town.at_desk(station="s2")
    forth, back = Process(town.store, Wire(), "forth"), Process(town.store, Wire(), "back")
    for process in (forth, back):
        await process.feed.start()
    screens = [(process, process.screen(reporter_(case))) for process in (forth, back)]
    acts = [merge(town, survivor, case), unmerge(town, case, station="s2"), merge(town, survivor, case)]
    facts = [fact for act in acts for fact in (await act).facts]
    for process, order in ((forth, sorted(facts, key=lambda f: f.stream)),
                           (back, sorted(facts, key=lambda f: f.stream, reverse=True))):  # fmt: skip
        process.feed.take(sorted(order, key=lambda f: (order[0].stream != f.stream, f.offset)))
    for process, screen in screens:
        assert not differences(screen.catch_up(), await process.fresh(screen.who))
        assert isinstance(told := screen.cases[case], ReporterCase) and told.merged


# --- what looks like one
async def test_open_cases_near_in_place_time_and_category_are_suggested_likeliest_first(town: Town) -> None:
    await town.owner.execute("UPDATE cases SET received_at = received_at - interval '1 day'")
    own, same, near = [await town.at_desk(lat=10.0 + n * 0.0005, lon=20.0) for n in range(3)]
    over = await town.at_desk(lat=10.0, lon=20.0)
    await town.withdraw(over)
    await town.at_desk(lat=10.0, lon=20.0, category="pair")
    await town.at_desk(lat=10.0, lon=20.0, exercise=True)
    await town.at_desk(lat=10.002, lon=20.0)
    away = await town.at_desk(lat=10.0, lon=20.0, station="s2")
    old = await town.at_desk(lat=10.0, lon=20.0)
    back = "UPDATE cases SET received_at = received_at - make_interval(secs => $2) WHERE id = $1"
    await town.owner.execute(back, old, limits.DUPLICATE_S + 60)
    await town.owner.execute(back, same, limits.DUPLICATE_S / 2)
    found = await town.store.duplicates(own)
    assert [one.state.id for one in found] == [away, near, same]
    assert [round(one.metres) for one in found] == [0, 111, 55]
    assert 0 < found[2].likeness < found[1].likeness < found[0].likeness == 1
    assert await town.store.duplicates(uuid4()) == []
