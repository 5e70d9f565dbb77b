"""One contract, two stores: what holds of PostgreSQL's judge holds of the one in memory, call by call."""

import itertools
from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from dispatch import limits
from dispatch.adapters.postgres.pool import connect_pool
from dispatch.adapters.postgres.store import PostgresCases
from dispatch.cases.ports import DueWave
from dispatch.cases.values import Status
from tests.conftest import Database
from tests.contract.stores import OTHER_HASH, MemoryGround, PostgresGround, Town, a_town

_NUMBERS = itertools.count(1)


@pytest.fixture(params=["memory", "postgres"])
async def town(request: pytest.FixtureRequest, database: Database) -> AsyncIterator[Town]:
    number = next(_NUMBERS)
    if request.param == "memory":
        yield await a_town(MemoryGround(), number, prefix=f"t{number}s")
        return
    pool, owner = await connect_pool(database.app_url, size=2), await connect_pool(database.owner_url, size=2)
    yield await a_town(PostgresGround(owner, PostgresCases(pool)), number, prefix=f"t{number}s")
    await pool.close()
    await owner.close()


def ids(town: Town) -> list[UUID]:
    return [o.id for o in town.officers]


async def due_waves(town: Town) -> list[DueWave]:
    """Of this town: on PostgreSQL the tests of this file share a database."""
    return [due for due in await town.store.due_waves() if due.station in town.stations]


async def test_a_report_opens_an_offer_to_those_on_duty_in_their_order(town: Town) -> None:
    a, b, *_, off = ids(town)
    case, answer = await town.reported(b, off, a)
    assert [(f.kind, f.offset, f.seq, f.to) for f in answer.facts] == [
        ("received", 1, 1, ()),
        ("offer_opened", 2, 2, (b, a)),
    ]
    state = answer.state
    assert state is not None
    assert (state.id, state.status, state.round, state.wave, state.seq) == (case, Status.OFFERED, 1, 1, 2)
    assert state.remaining_ms is not None
    assert limits.OFFER_WINDOW_MS - 3_000 < state.remaining_ms <= limits.OFFER_WINDOW_MS
    assert answer.response == {"case": str(case), "station": town.stations[0], "status": "offered"}


async def test_a_report_with_nobody_near_is_at_the_desk_at_once(town: Town) -> None:
    _, answer = await town.reported(ids(town)[-1])
    assert answer.state is not None
    assert (answer.state.status, answer.state.desk_reason) == (Status.AT_STATION, "nobody_near")
    assert [f.kind for f in answer.facts] == ["received", "sent_to_desk"]


async def test_a_report_sent_again_is_the_same_case_and_another_body_is_refused(town: Town) -> None:
    a = ids(town)[0]
    first = town.report(a)
    again, other = town.report(a, key=first.key), town.report(a, key=first.key, hash=OTHER_HASH)
    same, repeated, refused = await town.store.report([first, again, other])
    assert (same.ok, same.reason) == (True, None)
    assert (repeated.ok, repeated.reason, repeated.response, repeated.facts) == (True, "again", same.response, ())
    assert (refused.ok, refused.reason, refused.response) == (False, "key_reused", {})
    assert len(await town.store.open_cases()) >= 1
    assert await town.store.case(again.id) is None


async def test_a_skill_that_the_category_asks_for_keeps_others_out(town: Town) -> None:
    _, answer = await town.reported(*ids(town), category=f"{town.stations[0]}-dog")
    assert answer.state is not None and answer.state.desk_reason == "nobody_near"


async def test_one_of_many_claims_wins_and_the_rest_hear_taken(town: Town) -> None:
    a, b, c, *_ = ids(town)
    case, _ = await town.reported(a, b)
    answers = await town.store.claim([town.claim(case, officer) for officer in (b, a, c)])
    assert [(x.ok, x.reason) for x in answers] == [(True, None), (False, "taken"), (False, "not_offered")]
    assert answers[0].response == {"won": True, "case": str(case), "fence": 1, "round": 1}
    assert answers[1].response == {"won": False, "case": str(case), "round": 1, "reason": "taken"}
    now = await town.store.case(case)
    assert now is not None and [h.officer for h in now.holders] == [b]
    (fact,) = answers[0].facts
    assert (fact.kind, fact.actor, fact.officer, fact.body) == (
        "claimed",
        f"officer:{b}",
        b,
        {"seat": 1, "fence": 1, "round": 1},
    )


async def test_a_claim_sent_again_hears_the_same_answer_whatever_happened_since(town: Town) -> None:
    a, b, *_ = ids(town)
    case, _ = await town.reported(a, b)
    won, lost = town.claim(case, a), town.claim(case, b)
    first = await town.store.claim([won, lost])
    await town.store.act(town.act(case, "handed_back", "officer", a, fence=1, candidates=[b]))
    again = await town.store.claim([lost, won])
    assert [(x.ok, x.reason, x.response) for x in again] == [(x.ok, x.reason, x.response) for x in reversed(first)]
    assert all(x.facts == () for x in again)
    (other,) = await town.store.claim([town.claim(case, a, key=won.key, hash=OTHER_HASH)])
    assert (other.ok, other.reason) == (False, "key_reused")
    assert await town.store.by_key(f"officer:{a}", won.key) == first[0].response
    assert await town.store.by_key(f"officer:{b}", won.key) is None


async def test_a_claim_of_a_case_that_is_not_there_is_refused(town: Town) -> None:
    (answer,) = await town.store.claim([town.claim(town.uuid(), ids(town)[0])])
    assert (answer.ok, answer.reason, answer.state) == (False, "not_found", None)


async def test_two_seats_take_two_officers_and_no_third(town: Town) -> None:
    a, b, c, *_ = ids(town)
    case, _ = await town.reported(a, b, c, category=f"{town.stations[0]}-two")
    answers = await town.store.claim([town.claim(case, officer) for officer in (a, b, c)])
    assert [(x.ok, x.reason) for x in answers] == [(True, None), (True, None), (False, "taken")]
    assert [f.kind for x in answers for f in x.facts] == ["seat_filled", "claimed"]
    state = await town.store.case(case)
    assert state is not None
    assert [(h.officer, h.seat, h.fence) for h in state.holders] == [(a, 1, 1), (b, 2, 2)]


async def test_an_officer_with_a_case_has_no_slot_for_another(town: Town) -> None:
    a, b, *_ = ids(town)
    one, _ = await town.reported(a, b)
    two, _ = await town.reported(a, b)
    await town.claimed(one, a)
    (answer,) = await town.store.claim([town.claim(two, a)])
    assert (answer.ok, answer.reason) == (False, "no_slot")


async def test_a_claim_after_the_minute_is_late_and_the_sweeper_brings_the_case_to_the_desk(town: Town) -> None:
    a, *_ = ids(town)
    case, _ = await town.reported(a)
    assert await town.store.fire(town.stations[0]) == []
    await town.ground.advance(61)
    assert town.stations[0] in await town.store.due_stations()
    (late,) = await town.store.claim([town.claim(case, a)])
    assert (late.ok, late.reason) == (False, "late")
    assert await town.store.fire(town.stations[1]) == []
    (fired,) = await town.store.fire(town.stations[0])
    assert fired.state is not None and fired.state.status is Status.AT_STATION
    assert [(f.kind, f.actor, f.body) for f in fired.facts] == [("fell_back", "service", {"reason": "window_closed"})]
    assert await town.store.fire(town.stations[0]) == [], "firing twice is harmless"
    (after,) = await town.store.claim([town.claim(case, a)])
    assert after.reason == "at_desk"


async def test_a_case_that_was_claimed_does_not_fall_back(town: Town) -> None:
    a, *_ = ids(town)
    case, _ = await town.reported(a)
    await town.claimed(case, a)
    await town.ground.advance(61)
    assert await town.store.fire(town.stations[0]) == []
    assert town.stations[0] not in await town.store.due_stations()


async def test_nobody_acknowledges_and_the_alarm_comes_again_until_somebody_does(town: Town) -> None:
    case, _ = await town.reported()
    for nr in (1, 2):
        await town.ground.advance(limits.DESK_ACK_MS / 1000 + 1)
        (alarm,) = await town.store.fire(town.stations[0])
        assert [(f.kind, f.body) for f in alarm.facts] == [("alarm_raised", {"nr": nr})]
    done = await town.store.act(town.act(case, "acknowledged", "desk", town.uuid()))
    assert done.ok and done.state is not None and done.state.acknowledged
    await town.ground.advance(limits.DESK_ACK_MS / 1000 + 1)
    assert await town.store.fire(town.stations[0]) == []


async def test_a_wave_is_due_asks_more_officers_once_and_the_next_is_due_later(town: Town) -> None:
    a, b, c, *_ = ids(town)
    case, _ = await town.reported(a, last_wave=False)
    assert await due_waves(town) == []
    await town.ground.advance(16)
    (due,) = await due_waves(town)
    assert (due.case, due.round, due.wave, due.asked) == (case, 1, 2, frozenset({a}))
    wide = town.wide(case, a, b, last_wave=False)
    (answer,) = await town.store.widen([wide, wide])
    assert [(f.kind, f.to) for f in answer.facts] == [("offer_widened", (b,))]
    assert answer.state is not None and answer.state.wave == 2
    assert await town.store.widen([wide]) == [], "another sweeper was first"
    (joined,) = await town.store.widen([town.wide(case, c, event="offer_joined")])
    assert [(f.kind, f.to) for f in joined.facts] == [("offer_joined", (c,))]
    await town.ground.advance(16)
    assert [d.wave for d in await due_waves(town)] == [3]
    assert await town.store.widen([town.wide(case, a, wave=3, ring=3)]) == [], "nobody new"
    assert await due_waves(town) == []


async def test_when_all_decline_the_next_wave_opens_at_once_and_after_the_last_the_desk(town: Town) -> None:
    a, b, *_ = ids(town)
    case, _ = await town.reported(a, last_wave=False)
    await town.store.act(town.act(case, "declined", "officer", a, round=1))
    (due,) = await due_waves(town)
    assert due.case == case
    await town.store.widen([town.wide(case, b)])
    gone = await town.store.act(town.act(case, "declined", "officer", b, round=1))
    assert [f.kind for f in gone.facts] == ["declined", "sent_to_desk"]
    assert gone.state is not None and gone.state.desk_reason == "all_declined"


async def test_a_case_handed_back_is_offered_to_others_and_the_second_time_is_the_desks(town: Town) -> None:
    a, b, *_ = ids(town)
    case, _ = await town.reported(a, b)
    fence = await town.claimed(case, a)
    back = await town.store.act(town.act(case, "handed_back", "officer", a, fence=fence, candidates=[a, b]))
    assert [(f.kind, f.to) for f in back.facts] == [("handed_back", (b,))]
    assert back.state is not None
    assert (back.state.status, back.state.round, back.state.handed_back) == (Status.OFFERED, 2, (a,))
    (stale,) = await town.store.claim([town.claim(case, b, 1)])
    assert stale.reason == "stale_round"
    fence = await town.claimed(case, b, 2)
    again = await town.store.act(town.act(case, "handed_back", "officer", b, fence=fence, candidates=[a]))
    assert [(f.kind, f.to) for f in again.facts] == [("handed_to_desk", ())]
    assert again.state is not None
    assert (again.state.status, again.state.holders, again.state.handed_back) == (Status.AT_STATION, (), (a, b))


async def test_the_history_says_who_handed_back_and_why_whatever_becomes_of_the_case(town: Town) -> None:
    a, b, *_ = ids(town)
    case, _ = await town.reported(a, b)
    for officer, round_, others, kind in ((a, 1, [b], "handed_back"), (b, 2, [a], "handed_to_desk")):
        act = town.act(case, "handed_back", "officer", officer, fence=await town.claimed(case, officer, round_),
                       candidates=others, reason=f"flat tyre {round_}")  # fmt: skip
        assert (await town.store.act(act)).ok
        (told,) = (entry for entry in await town.store.history(case) if entry.kind == kind)
        assert (told.actor, told.body["reason"]) == (f"officer:{officer}", f"flat tyre {round_}")
        assert told.body["released"] == [str(officer)], "free for another case at once"
    state = await town.store.case(case)
    assert state is not None and state.desk_reason == "handed_back", "for the queue's own sentence"


async def test_a_stale_fence_cannot_act_and_the_present_one_can(town: Town) -> None:
    a, b, *_ = ids(town)
    case, _ = await town.reported(a, b)
    fence = await town.claimed(case, a)
    moved = await town.store.act(town.act(case, "reassigned", "desk", town.uuid(), officer=b))
    assert moved.ok and moved.facts[0].body["released"] == [str(a)]
    stale = await town.store.act(town.act(case, "arrived", "officer", a, fence=fence))
    assert (stale.ok, stale.reason) == (False, "stale_fence")
    for event, status in (("set_out", "en_route"), ("arrived", "on_scene"), ("cleared", "cleared")):
        said = {"disposition": "founded"} if event == "cleared" else {}
        done = await town.store.act(town.act(case, event, "officer", b, fence=fence + 1, **said))
        assert done.ok and done.response["status"] == status
    assert [s for s, _ in await town.store.open_cases() if s.id == case] == []
    closed = await town.store.case(case)
    assert closed is not None and (closed.disposition, closed.holders) == ("founded", ())


async def test_an_act_sent_again_hears_the_same_answer_and_does_nothing_more(town: Town) -> None:
    a, *_ = ids(town)
    case, _ = await town.reported(a)
    fence = await town.claimed(case, a)
    act = town.act(case, "set_out", "officer", a, fence=fence)
    first, again = await town.store.act(act), await town.store.act(act)
    assert (again.ok, again.reason, again.response, again.facts) == (True, None, first.response, ())
    other = await town.store.act(town.act(case, "arrived", "officer", a, fence=fence, key=act.key, hash=OTHER_HASH))
    assert other.reason == "key_reused"


async def test_another_stations_desk_and_an_unknown_case_are_refused(town: Town) -> None:
    case, _ = await town.reported()
    strange = await town.store.act(town.act(case, "acknowledged", "desk", town.uuid(), station=town.stations[1]))
    assert strange.reason == "not_yours"
    nothing = await town.store.act(town.act(town.uuid(), "withdrawn", "reporter", town.uuid()))
    assert (nothing.reason, nothing.response["status"], nothing.state) == ("not_found", None, None)


async def test_a_second_seat_of_a_case_that_fell_back_is_the_desks_to_give(town: Town) -> None:
    a, b, *_ = ids(town)
    case, _ = await town.reported(a, category=f"{town.stations[0]}-two")
    await town.claimed(case, a)
    await town.ground.advance(61)
    (fired,) = await town.store.fire(town.stations[0])
    assert fired.state is not None and [h.officer for h in fired.state.holders] == [a]
    sent = await town.store.act(town.act(case, "assigned", "desk", town.uuid(), officer=b))
    assert sent.ok and sent.state is not None
    assert [(h.officer, h.seat) for h in sent.state.holders] == [(a, 1), (b, 2)]


async def test_a_case_offered_anew_awaits_an_acknowledgement_anew(town: Town) -> None:
    a, b, *_ = ids(town)
    case, _ = await town.reported()
    await town.store.act(town.act(case, "acknowledged", "desk", town.uuid()))
    sent = await town.store.act(town.act(case, "assigned", "desk", town.uuid(), officer=a))
    assert sent.ok
    back = await town.store.act(town.act(case, "handed_back", "officer", a, fence=1, candidates=[b]))
    assert back.state is not None and not back.state.acknowledged


async def test_duty_asked_again_under_its_key_hears_the_same_answer(town: Town) -> None:
    a, *_ = ids(town)
    off = town.key()
    first, again = await town.duty(a, False, off), await town.duty(a, False, off)
    assert (first.ok, again.ok, len(first.facts), again.facts) == (True, True, 1, ())
    assert (await town.duty(a, True)).ok
    assert (await town.duty(a, False, off)).facts == ()  # an old message that comes late changes nothing
    assert (await town.duty(a, True)).facts == ()
    assert (await town.duty(a, True, off, OTHER_HASH)).reason == "key_reused"
    assert await town.store.by_key(f"officer:{a}", off) == {"ok": True, "reason": None}


async def test_nobody_goes_off_duty_with_a_case_and_duty_is_a_fact_of_the_stream(town: Town) -> None:
    a, b, *_ = ids(town)
    case, _ = await town.reported(a)
    await town.claimed(case, a)
    refused, gone = await town.duty(a, False), await town.duty(b, False)
    assert (refused.ok, refused.reason) == (False, "holds_case")
    assert [(f.kind, f.officer, f.case, f.body["on"]) for f in gone.facts] == [("duty", b, None, False)]
    assert (await town.duty(b, False)).facts == ()
    assert (await town.duty(town.uuid(), True)).reason == "not_found"
    assert [f.offset for f in await town.store.read_stream(town.stations[0], 0, 10)] == [1, 2, 3, 4]


async def test_a_stream_reads_from_any_offset_with_recipients_and_those_whose_offer_ended(town: Town) -> None:
    a, b, *_ = ids(town)
    case, _ = await town.reported(a, b)
    await town.claimed(case, b)
    stream = town.stations[0]
    facts = await town.store.read_stream(stream, 0, 10)
    assert [(f.kind, f.to, set(f.asked)) for f in facts] == [
        ("received", (), set()),
        ("offer_opened", (a, b), set()),
        ("claimed", (), {a, b}),
    ]
    assert all(f.state is not None and f.state.status is Status.CLAIMED for f in facts), "the state is as of now"
    assert [f.offset for f in await town.store.read_stream(stream, 1, 1)] == [2]
    assert await town.store.read_stream(stream, 3, 10) == []
    assert (await town.store.heads()).offsets[stream] == 3
    assert [(h.seq, h.kind) for h in await town.store.history(case)] == [
        (1, "received"),
        (2, "offer_opened"),
        (3, "claimed"),
    ]


async def test_open_cases_come_with_those_who_are_asked_in_the_present_round(town: Town) -> None:
    a, b, c, *_ = ids(town)
    case, _ = await town.reported(a, b)
    fence = await town.claimed(case, a)
    await town.store.act(town.act(case, "handed_back", "officer", a, fence=fence, candidates=[c]))
    assert {s.id: r for s, r in await town.store.open_cases()}[case] == {c}
