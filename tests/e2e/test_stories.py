"""What may happen to a case in each of its statuses, told over the public protocol; and what is refused there.

Each story is a list of steps by people. Time is never waited for where a deadline can be moved in its row.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Final

import asyncpg
import httpx
import pytest

from dispatch.limits import TALK_LINES_MAX
from tests.e2e.conftest import Service
from tests.e2e.crew import Crew
from tests.e2e.talk import LAT, LON, Line, Town, new_key

CREW: Final = 5
CATEGORIES: Final = (  # id, mode, seats, priority, patience_ms
    ("s-plain", "snatch", 1, 3, None),
    ("s-pair", "snatch", 2, 3, None),
    ("s-desk", "desk_first", 1, 3, None),
    ("s-worse", "desk_first", 1, 1, None),
    ("s-watched", "desk_first", 1, 3, 2_500),
)
KNIFE: Final = {"words": "Now he has a knife."}


@pytest.fixture(scope="module")
async def town(service: Service) -> AsyncIterator[Town]:
    owner = await asyncpg.connect(service.owner_url)
    await owner.executemany(
        "INSERT INTO categories (id, name, name_en, mode, seats, priority, patience_ms, rings_m) "
        "VALUES ($1, $1, $1, $2, $3, $4, $5, '{2000}')",
        CATEGORIES,
    )
    async with httpx.AsyncClient(base_url=service.url, trust_env=False, timeout=15) as client:
        yield Town(service, client, owner)
    await owner.close()


@pytest.fixture(scope="module")
async def crew(town: Town) -> AsyncIterator[Crew]:
    """On duty, with phones that send where they are."""
    crew = Crew(town, [await town.someone("officer", number) for number in range(CREW)])
    await town.owner.execute("UPDATE officers SET slots = 10 WHERE id = ANY ($1::uuid[])", crew.ids[:4])
    await crew.duty(True, *range(CREW))
    async with AsyncExitStack() as lines, asyncio.TaskGroup() as group:
        phones = [await lines.enter_async_context(one.line()) for one in crew.officers]
        sending = group.create_task(send_fixes(crew, phones))
        async with asyncio.timeout(15):
            while True:  # the categories were made a moment ago
                try:
                    await crew.case()
                    break
                except AssertionError as unknown:
                    assert "category_unknown" in str(unknown)
                    await asyncio.sleep(0.25)
        await asyncio.sleep(1.0)
        yield crew
        sending.cancel()


async def send_fixes(crew: Crew, phones: list[Line]) -> None:
    while True:
        for number, phone in enumerate(phones):
            if number not in crew.quiet:
                await phone.say({"t": "fix", "lat": LAT + 0.002 + number * 0.0002, "lon": LON})
        await asyncio.sleep(1.0)


@pytest.mark.parametrize("status", ["offered", "claimed", "en_route", "on_scene", "at_station"])
async def test_in_every_open_status_people_talk_and_reports_come_and_go(crew: Crew, status: str) -> None:
    case, other = await crew.stage(status), await crew.stage("at_station")
    await case.reporter("say", words="At the south gate.")
    asked = await (await crew.town.reporter(case.receipt)).ask("POST", "/v1/advice", KNIFE)
    assert asked.json()["call"] == "110"
    await case.desk("merge", reports=[other.id], reason="the same dog")
    await other.desk("unmerge", reason="another dog")
    await case.desk("split", words="A second dog.", reason="two dogs")
    assert (await case.status(), await other.status()) == (status, "at_station")


@pytest.mark.parametrize("status", ["claimed", "en_route", "on_scene"])
async def test_whoever_holds_it_meets_answers_and_gets_a_second(crew: Crew, status: str) -> None:
    case = await crew.stage(status)
    await case.officer(0, "met", word=await case.word())
    await case.officer(0, "all_well", "not_asked")
    await case.sends(0, "ask_welfare")
    await case.sends(0, "ask_welfare", "check_open")
    await case.officer(0, "all_well")
    await case.officer(0, "second_officer")
    await case.officer(0, "second_officer", "already_asked")
    await case.sends(1, "add")
    await case.sends(1, "add", "already_held")
    await case.sends(1, "take_back")
    await case.sends(1, "take_back", "not_holder")
    await case.sends(2, "add")
    if status != "claimed":
        await case.officer(2, "set_out")
        await case.officer(2, "set_out", "illegal")
    if status == "on_scene":
        await case.officer(2, "arrived")
    assert await case.status() == status
    await case.officer(2, "transfer")
    assert await case.status() == status
    await case.officer(0, "transfer")
    assert await case.status() == "at_station"
    await case.officer(0, "set_out", "stale_fence")
    back = await crew.stage(status)
    await back.sends(0, "take_back")
    assert await back.status() == "at_station"


@pytest.mark.parametrize("status", ["claimed", "en_route"])
async def test_who_is_on_the_way_leaves_in_every_manner(crew: Crew, status: str) -> None:
    twice = await crew.stage(status)
    await twice.officer(0, "hand_back", reason="a flat tyre")
    await twice.claim(0, "not_offered")
    await twice.claim(1)
    if status == "en_route":
        await twice.officer(1, "set_out")
    await twice.officer(1, "hand_back", reason="another one")
    assert await twice.status() == "at_station"
    changed = await crew.stage(status)
    await changed.sends(1)
    await changed.reporter("withdraw")
    gone = await crew.stage(status)
    await gone.reporter("withdraw")
    await gone.reporter("withdraw", "closed")
    pulled, worse = await crew.stage(status), await crew.case("s-worse")
    pull = {"from_case": pulled.id, "officer": crew.ids[0]}
    equal = await crew.stage("at_station")
    await equal.desk("preempt", "not_higher", **pull)
    await worse.desk("preempt", **pull)
    assert (await pulled.status(), await worse.status()) == ("offered", "claimed")
    silent = await crew.stage(status)
    await silent.sends(0, "ask_welfare")
    await silent.due("welfare")
    await silent.becomes("offered", "silent")
    joined, lead = await crew.stage(status), await crew.stage("at_station")
    await lead.desk("merge", reports=[joined.id], reason="the same dog")
    assert await joined.status() == "merged"
    await joined.officer(0, "set_out", "merged")


async def test_nobody_is_taken_off_a_scene(crew: Crew) -> None:
    case, worse = await crew.stage("on_scene"), await crew.case("s-worse")
    await worse.desk("preempt", "on_scene", from_case=case.id, officer=crew.ids[0])
    await case.sends(0, "ask_welfare")
    await case.due("welfare")
    await case.becomes("on_scene", "welfare_missed")
    await case.officer(0, "cleared", disposition="founded")
    await case.reporter("say", "closed", words="Hello?")


async def test_who_comes_second_is_pulled_or_hands_back_and_who_is_there_goes_on(crew: Crew) -> None:
    case, worse = await crew.stage("on_scene"), await crew.case("s-worse")
    for number in (1, 2, 3):
        await case.sends(number, "add")
    await case.officer(3, "cleared", "illegal", disposition="unfounded")
    await case.officer(0, "hand_back", "illegal", reason="a flat tyre")
    await case.officer(3, "hand_back", reason="a flat tyre")
    await case.sends(1, "ask_welfare")
    await worse.desk("preempt", "check_open", from_case=case.id, officer=crew.ids[1])
    await case.officer(1, "all_well")
    await worse.desk("preempt", from_case=case.id, officer=crew.ids[1])
    assert (await case.status(), await worse.status()) == ("on_scene", "claimed")
    await case.officer(0, "transfer")
    assert await case.status() == "on_scene"
    await case.officer(2, "hand_back")
    assert await case.status() == "at_station"


async def test_one_of_two_is_asked_before_the_other_leaves_and_answers_after(crew: Crew) -> None:
    for stays in ("answers", "is silent"):
        offered = await crew.pair()
        await offered.sends(1, "ask_welfare")
        await offered.officer(0, "hand_back")
        assert await offered.status() == "offered"
        if stays == "answers":
            await offered.officer(1, "all_well")
        else:
            await offered.due("welfare")
            await offered.becomes("offered", "welfare_missed")
        desk = await crew.pair()
        await desk.sends(1, "ask_welfare")
        await desk.officer(0, "hand_back")
        await desk.falls_back()
        if stays == "answers":
            await desk.officer(1, "all_well")
        else:
            await desk.due("welfare")
            await desk.becomes("at_station", "welfare_missed")


async def test_an_offer_is_declined_by_everyone_merged_withdrawn_or_too_late(crew: Crew) -> None:
    no = await crew.stage("offered")
    for number in range(CREW):
        await no.decline(number)
        if number == 0:
            await no.claim(0, "declined")
    assert await no.status() == "at_station"
    await no.claim(0, "at_desk")
    joined, lead, last = [await crew.stage(status) for status in ("offered", "at_station", "at_station")]
    await lead.desk("merge", reports=[joined.id], reason="the same dog")
    await lead.reporter("withdraw", "joined")
    await joined.claim(0, "merged")
    await joined.desk("merge", "circle", reports=[lead.id], reason="the other way round")
    await last.desk("merge", reports=[lead.id], reason="the same dog")
    await last.desk("close_by_telephone", disposition="advice_given")
    await lead.desk("unmerge", reason="another dog")
    gone, late = await crew.stage("offered"), await crew.stage("offered")
    await gone.reporter("withdraw")
    await gone.claim(0, "withdrawn")
    await crew.town.let_time_pass(late.id)
    await late.claim(0, "late")
    await late.falls_back()


async def test_a_claim_hears_why_it_is_refused(crew: Crew) -> None:
    case, pair = await crew.stage("offered"), await crew.case("s-pair")
    await case.claim(0, "stale_round", 2)
    await case.claim(4)
    await case.claim(0, "taken")
    await pair.claim(4, "no_slot")
    await pair.claim(0)
    await pair.claim(0, "already_held")
    await pair.officer(0, "hand_back")
    await pair.claim(0, "handed_back")
    await case.officer(4, "transfer")
    off = await crew.stage("offered")
    await crew.duty(False, 4)
    await off.claim(4, "off_duty")
    await off.reporter("withdraw")
    await case.sends(4, no="off_duty")
    late = await crew.stage("offered")
    await crew.duty(True, 4)
    await late.becomes("offered", "offer_joined")
    await late.claim(4)
    await late.officer(4, "transfer")


async def test_what_a_desk_and_a_reporter_may_not(crew: Crew) -> None:
    case = await crew.stage("claimed")
    word = await case.word()
    wrong = f"{(int(word) + 1) % 10_000:04d}"
    await case.officer(0, "arrived")
    for _ in range(5):
        await case.officer(0, "met", "wrong_word", word=wrong)
    await case.officer(0, "met", "word_spent", word=word)
    for number in (1, 2, 3):
        await case.sends(number, "add")
    await case.sends(4, "add", "seats_full")
    for _ in range(20):
        await case.reporter("say", words="Hello?")
    await case.reporter("say", "too_often", words="Hello?")
    key, desk = new_key(), await crew.town.someone("desk")
    waits = await crew.stage("at_station")
    for tag, no in (("acknowledge", None), ("take", "key_reused")):
        await waits.acts(desk, tag, no, key=key)
    stranger = (await crew.town.owner.fetchrow("SELECT id::text FROM officers WHERE station <> $1 LIMIT 1", "xw-1"))[0]
    await waits.desk("assign", "other_station", officer=stranger)
    await crew.town.owner.execute("UPDATE cases SET round = 20 WHERE id = $1", waits.id)
    await waits.desk("reoffer", "rounds_spent")
    await waits.reporter("withdraw")
    late = await crew.stage("at_station")
    await late.desk("close_by_telephone", disposition="advice_given")
    await crew.town.owner.execute("UPDATE cases SET closed_at = closed_at - interval '15 days' WHERE id = $1", late.id)
    await late.reporter("object", "overdue", words="I was there.")


async def test_a_case_stands_for_so_many_reports_and_no_more(crew: Crew) -> None:
    lead, one_more = await crew.stage("at_station"), await crew.stage("at_station")
    reports = [(await crew.stage("at_station")).id for _ in range(50)]
    await lead.desk("merge", reports=reports, reason="the same siren")
    await lead.desk("merge", "reports_full", reports=[one_more.id], reason="the same siren")


async def test_a_talk_that_is_full_takes_no_more_lines(crew: Crew) -> None:
    case = await crew.stage("at_station")
    await crew.town.owner.execute(
        "INSERT INTO talk_lines SELECT $1, 100 + n, 'desk:x', NULL, clock_timestamp() - interval '1 day', 'x', '' "
        "FROM generate_series(1, $2) n", case.id, TALK_LINES_MAX,
    )  # fmt: skip
    await case.reporter("say", "talk_full", words="Hello?")
    await case.desk("say", "talk_full", words="Hello?")


async def test_what_could_not_be_decided_is_said_and_the_same_key_asks_again(crew: Crew) -> None:
    """Somebody holds the case's row for longer than a call may wait for it."""
    case, desk, key = await crew.stage("at_station"), await crew.town.someone("desk"), new_key()
    async with crew.town.owner.transaction():
        await crew.town.owner.execute("SELECT FROM cases WHERE id = $1 FOR UPDATE", case.id)
        await case.acts(desk, "acknowledge", "busy", key=key)
        assert await crew.town.owner.fetchval("SELECT acknowledged_at FROM cases WHERE id = $1", case.id) is None
    await case.acts(desk, "acknowledge", key=key)


async def test_whose_phone_is_quiet_on_the_way_is_nudged_and_eased_when_it_speaks(crew: Crew) -> None:
    """Also where somebody else is on scene. Once all were noticed each step has a minute: no machine is so slow."""
    statuses = ("claimed", "en_route", "on_scene")
    cases = [await crew.case("s-watched") for _ in statuses]
    await cases[2].sends(0)
    await cases[2].officer(0, "arrived")
    crew.quiet.add(3)
    for case in cases:
        await case.sends(3, "add" if case is cases[2] else "assign")
    await cases[1].officer(3, "set_out")
    for case, status in zip(cases, statuses, strict=True):
        await case.becomes(status, "nudged")
    await crew.town.owner.execute("UPDATE categories SET patience_ms = 60000 WHERE id = 's-watched'")
    for case, status in zip(cases, statuses, strict=True):
        await case.due("welfare", "nudged")
        await case.becomes(status, "watch_alarmed")
    crew.quiet.clear()
    for case, status in zip(cases, statuses, strict=True):
        await case.becomes(status, "watch_eased")


async def test_where_nobody_else_is_on_duty_the_desk_has_it(crew: Crew) -> None:
    await crew.town.owner.execute("UPDATE officers SET on_duty = false WHERE id <> $1", crew.ids[0])
    for status in ("claimed", "en_route"):
        pulled, worse, silent = await crew.stage(status), await crew.case("s-worse"), await crew.stage(status)
        await worse.desk("preempt", from_case=pulled.id, officer=crew.ids[0], reason="It goes on now.")
        await silent.sends(0, "ask_welfare")
        await silent.due("welfare")
        for case, event in ((pulled, "preempted_to_desk"), (silent, "silent_to_desk")):
            await case.becomes("at_station", event)
    await crew.town.owner.execute("UPDATE officers SET on_duty = false")
    await (await crew.stage("at_station")).desk("reoffer", "nobody_near")
