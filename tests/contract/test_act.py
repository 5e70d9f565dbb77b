"""Acts on the real store: hand-backs, refusals to come, desks that assign; stale phones cannot act."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from dispatch.cases.values import DeskReason, Disposition, Event, Refusal, Status
from tests.conftest import Database
from tests.contract.small_town import Town, key, small_town


@pytest.fixture(scope="module")
async def town(database: Database) -> AsyncIterator[Town]:
    async with small_town(database) as town:
        yield town


async def won(town: Town, officer: UUID, *others: UUID, category: str = "plain") -> tuple[UUID, int]:
    """A case that the officer holds, and its fence."""
    case = await town.report(officer, *others, category=category)
    answer = await town.claim(case, officer)
    assert answer.ok
    return case, answer.response["fence"]


async def test_the_happy_path_ends_with_a_disposition_and_a_free_officer(town: Town) -> None:
    officer = await town.officer()
    case, fence = await won(town, officer)
    for event in (Event.SET_OUT, Event.ARRIVED):
        assert (await town.act(case, event, officer, fence=fence)).ok
    done = await town.act(case, Event.CLEARED, officer, fence=fence, disposition=Disposition.FOUNDED)
    assert done.facts[0].body["released"] == [str(officer)]
    state = await town.state(case)
    assert (state.status, state.disposition, state.holders) == (Status.CLEARED, Disposition.FOUNDED, ())
    assert (await town.claim(await town.report(officer), officer)).ok


async def test_the_same_act_again_hears_the_same_answer(town: Town) -> None:
    officer = await town.officer()
    case, fence = await won(town, officer)
    key_ = key()
    one, two = [await town.act(case, "set_out", officer, fence=fence, key=key_) for _ in range(2)]
    assert one.response == two.response and two.ok and two.facts == ()
    assert (await town.act(case, "arrived", officer, fence=fence, key=key_, hash="cc")).reason == Refusal.KEY_REUSED


async def test_one_key_on_two_cases_at_once_is_one_act(town: Town) -> None:
    """No row is common to both: the second one meets the first one's key and reads its answer."""
    for _ in range(10):
        cases, key_ = [await town.at_desk(), await town.at_desk()], key()
        answers = await asyncio.gather(
            *(town.desk(c, "acknowledged", key=key_, hash=c.hex) for c in cases), town.desk(cases[0], "acknowledged")
        )
        assert sum(a.reason == Refusal.KEY_REUSED for a in answers[:2]) == 1


async def test_a_handed_back_case_is_offered_to_the_others_only(town: Town) -> None:
    one, two = await town.officer(slots=2), await town.officer()  # a free slot is no reason to ask the same again
    case, fence = await won(town, one, two)
    back = await town.act(case, "handed_back", one, fence=fence, candidates=[one, two])
    state = await town.state(case)
    assert back.facts[0].to == (two,)
    assert (state.status, state.round, state.holders, state.handed_back) == (Status.OFFERED, 2, (), (one,))
    assert (await town.claim(case, one, 2)).reason == Refusal.NOT_OFFERED
    assert await town.widen(case, one, round=2) == []
    assert (await town.claim(case, two, 2)).ok


async def test_a_second_hand_back_goes_to_the_desk(town: Town) -> None:
    one, two, three = await town.officers(3)
    case, fence = await won(town, one, two)
    await town.act(case, "handed_back", one, fence=fence, candidates=[two])
    second = (await town.claim(case, two, 2)).response["fence"]
    answer = await town.act(case, "handed_back", two, fence=second, candidates=[three])
    state = await town.state(case)
    assert [f.kind for f in answer.facts] == [Event.HANDED_TO_DESK]
    assert (state.status, state.desk_reason) == (Status.AT_STATION, DeskReason.HANDED_BACK)


async def test_a_hand_back_with_nobody_else_goes_to_the_desk(town: Town) -> None:
    officer, off = await town.officer(), await town.officer(on=False)
    case, fence = await won(town, officer)
    await town.act(case, "handed_back", officer, fence=fence, candidates=[officer, off])
    assert (await town.state(case)).status is Status.AT_STATION


async def test_a_case_handed_back_after_the_desk_saw_it_counts_as_unseen(town: Town) -> None:
    one, two = await town.officers(2)
    case = await town.at_desk()
    await town.desk(case, "acknowledged")
    await town.desk(case, "assigned", one)
    await town.act(case, "handed_back", one, fence=await town.fence(case, one), candidates=[two])
    assert not (await town.state(case)).acknowledged


async def test_after_the_last_decline_the_next_wave_opens_at_once(town: Town) -> None:
    one, two = await town.officers(2)
    case = await town.report(one, two, last_wave=False)
    await town.act(case, "declined", one, round=1)
    assert case not in {due.case for due in await town.store.due_waves()}
    await town.act(case, "declined", two, round=1)
    due = next(due for due in await town.store.due_waves() if due.case == case)
    assert (due.wave, due.asked) == (2, frozenset({one, two}))


async def test_after_the_last_decline_of_the_widest_ring_the_desk_has_it(town: Town) -> None:
    one, two = await town.officers(2)
    case = await town.report(one, two)
    await town.act(case, "declined", one, round=1)
    answer = await town.act(case, "declined", two, round=1)
    assert [f.kind for f in answer.facts] == [Event.DECLINED, Event.SENT_TO_DESK]
    state = await town.state(case)
    assert (state.status, state.desk_reason) == (Status.AT_STATION, DeskReason.ALL_DECLINED)


async def test_a_decliner_is_heard_once_and_cannot_claim(town: Town) -> None:
    one, two, stranger = await town.officers(3)
    case = await town.report(one, two)
    assert (await town.act(case, "declined", one, round=2)).reason == Refusal.STALE_ROUND
    assert (await town.act(case, "declined", stranger, round=1)).reason == Refusal.NOT_OFFERED
    assert (await town.act(case, "declined", one, round=1)).ok
    assert (await town.act(case, "declined", one, round=1)).reason == Refusal.DECLINED
    assert (await town.claim(case, one)).reason == Refusal.DECLINED


async def test_one_holder_and_one_no_of_two_asked_fill_the_other_seat_from_the_desk(town: Town) -> None:
    holder, other, sent = await town.officers(3)
    case, _ = await won(town, holder, other, category="pair")
    await town.act(case, "declined", other, round=1)
    assert (await town.state(case)).status is Status.AT_STATION
    assert (await town.desk(case, "assigned", sent)).ok
    state = await town.state(case)
    assert (state.status, [h.officer for h in state.holders]) == (Status.CLAIMED, [holder, sent])


async def test_a_desk_assigns_and_reassigns_and_the_first_officers_phone_is_stale(town: Town) -> None:
    one, two = await town.officers(2)
    case = await town.at_desk()
    assert (await town.desk(case, "assigned", one)).ok
    fence = await town.fence(case, one)
    moved = await town.desk(case, "reassigned", two)
    assert moved.facts[0].body["released"] == [str(one)]
    for event in (Event.SET_OUT, Event.ARRIVED, Event.CLEARED, Event.HANDED_BACK):
        assert (await town.act(case, event, one, fence=fence)).reason == Refusal.STALE_FENCE
    assert (await town.act(case, "set_out", two, fence=fence)).reason == Refusal.STALE_FENCE
    assert (await town.act(case, "set_out", two, fence=fence + 1)).ok
    assert (await town.claim(await town.report(one), one)).ok


async def test_who_holds_again_after_a_hand_back_cannot_act_with_the_old_fence(town: Town) -> None:
    one, two = await town.officers(2)
    case, old = await won(town, one, two)
    await town.act(case, "handed_back", one, fence=old, candidates=[two])
    await town.act(case, "declined", two, round=2)
    await town.desk(case, "assigned", one)
    assert (await town.act(case, "set_out", one, fence=old)).reason == Refusal.STALE_FENCE
    assert (await town.act(case, "set_out", one, fence=await town.fence(case, one))).ok


async def test_a_desk_cannot_send_who_is_off_duty_full_or_there_already(town: Town) -> None:
    off, full, there = await town.officer(on=False), await town.officer(), await town.officer(slots=2)
    await won(town, full)
    case = await town.at_desk()
    assert (await town.desk(case, "assigned", off)).reason == Refusal.OFF_DUTY
    assert (await town.desk(case, "assigned", full)).reason == Refusal.NO_SLOT
    assert (await town.desk(case, "assigned", UUID(int=1))).reason == Refusal.NOT_FOUND
    assert (await town.desk(case, "assigned", there)).ok
    assert (await town.desk(case, "reassigned", there)).reason == Refusal.ALREADY_HELD
    assert (await town.desk(case, "cleared")).reason == Refusal.ILLEGAL


async def test_another_stations_desk_may_do_nothing(town: Town) -> None:
    case = await town.at_desk(station="s2")
    for event in (Event.ACKNOWLEDGED, Event.CLEARED, Event.ASSIGNED):
        assert (await town.desk(case, event, await town.officer())).reason == Refusal.NOT_YOURS
    assert (await town.desk(UUID(int=3), "acknowledged")).reason == Refusal.NOT_FOUND


async def test_nobody_can_ask_for_what_only_a_claim_or_a_hand_back_causes(town: Town) -> None:
    officer = await town.officer()
    case = await town.report(officer)
    for event in (Event.CLAIMED, Event.SEAT_FILLED, Event.HANDED_TO_DESK):
        assert (await town.act(case, event, officer, round=1, fence=1)).reason == Refusal.NOT_YOURS
    assert (await town.kinds(case)) == ["received", "offer_opened"]


async def test_a_withdrawn_case_frees_its_officers_and_hears_nothing_more(town: Town) -> None:
    officer = await town.officer()
    case, fence = await won(town, officer)
    assert (await town.withdraw(case)).facts[0].body["released"] == [str(officer)]
    assert (await town.act(case, "set_out", officer, fence=fence)).reason == Refusal.CLOSED
    assert (await town.withdraw(case)).reason == Refusal.CLOSED
    assert (await town.claim(await town.report(officer), officer)).ok
    assert not await town.owner.fetchval("SELECT count(*) FROM deadlines WHERE case_id = $1", case)


async def test_on_the_scene_a_case_cannot_be_withdrawn_or_moved(town: Town) -> None:
    one, two = await town.officers(2)
    case, fence = await won(town, one)
    await town.act(case, "arrived", one, fence=fence)
    assert (await town.withdraw(case)).reason == Refusal.ILLEGAL
    assert (await town.desk(case, "reassigned", two)).reason == Refusal.ILLEGAL


async def test_off_duty_with_an_open_case_is_refused(town: Town) -> None:
    officer = await town.officer()
    case, fence = await won(town, officer)
    assert (await town.duty(officer, False)).reason == Refusal.HOLDS_CASE
    assert (await town.duty(officer, True)).facts == ()
    await town.act(case, "handed_back", officer, fence=fence)
    off = await town.duty(officer, False)
    assert off.ok and off.facts[0].body["on"] is False
    assert (await town.duty(UUID(int=9), True)).reason == Refusal.NOT_FOUND


async def test_two_desks_that_assign_at_once_send_one_officer(town: Town) -> None:
    one, two = await town.officers(2)
    case = await town.at_desk()
    answers = await asyncio.gather(town.desk(case, "assigned", one), town.desk(case, "assigned", two))
    assert sorted(a.reason or "" for a in answers) == ["", Refusal.ILLEGAL]
    assert len((await town.state(case)).holders) == 1
