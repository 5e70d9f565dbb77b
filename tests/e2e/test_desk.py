"""A desk's shift over the public protocol: an unheard case, a supervisor who hears, and how each case ends."""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import httpx
import pytest

from tests.e2e.conftest import Service
from tests.e2e.talk import LAT, LON, STATION, Line, Town, new_key

OTHER = "xw-2"


@pytest.fixture(scope="module")
async def town(service: Service) -> AsyncIterator[Town]:
    """With a window and an acknowledgement of a second and less."""
    owner = await asyncpg.connect(service.owner_url)
    await owner.execute("UPDATE categories SET window_ms = 500, ack_ms = 700")
    async with httpx.AsyncClient(base_url=service.url, trust_env=False, timeout=15) as client:
        yield Town(service, client, owner)
    await owner.close()


async def queued(town: Town, line: Line) -> tuple[str, dict[str, Any]]:
    """A case in the desk's queue, which nobody was near to, and its report."""
    made = await town.report()
    await line.hear("desk_case", case=made["case"], status="at_station")
    return made["case"], made


async def test_an_alarm_reaches_the_supervisor_who_takes_the_case_and_it_is_over(town: Town) -> None:
    desk, supervisor = await town.someone("desk"), await town.someone("supervisor")
    async with desk.line() as line, supervisor.line() as heard:
        case, made = await queued(town, line)
        alarm = await heard.hear("alarm", case=case)
        assert (alarm["nr"], alarm["station"]) == (1, STATION)
        assert (await heard.hear("alarm", case=case, nr=2))["nr"] == 2, "again, while nobody answers"
        async with supervisor.line() as late:
            assert case in [one["case"] for one in late.snapshot["alarms"]], "whoever comes later sees it too"
        assert (await heard.act("take", case=case))["ok"]
        assert heard.was_told("alarm", case=case)["over"]
        taken = await line.hear("desk_case", case=case, acknowledged=True)
        assert taken["owner"] == await town.owner.fetchval("SELECT id::text FROM accounts WHERE login = 'supervisor'")
        told = await heard.act("refer", case=case, referred_to="Water company", reason="a burst pipe")
        assert (told["ok"], told["status"]) == (True, "cleared")
        reporter = await town.reporter(made["receipt"])
        said = (await reporter.ask("GET", f"/v1/cases/{case}")).json()
        assert (said["disposition"], said["referred_to"]) == ("referred", "Water company"), "the receipt still reads it"
        assert (await heard.act("take", case=case))["reason"] == "closed"


async def test_a_supervisor_follows_one_desk_and_hears_the_alarms_of_all(town: Town) -> None:
    supervisor, officer = await town.someone("supervisor"), await town.someone("officer", 2)
    assert (await officer.ask("POST", "/v1/duty", {"t": "duty", "on": True, "key": new_key()})).status_code == 200
    async with supervisor.line(follow=STATION) as here, supervisor.line(follow=OTHER) as there, officer.line() as phone:
        assert officer.said["officer"] in [one["officer"] for one in here.snapshot["officers"]]
        assert there.snapshot["officers"] == []
        made = await town.report(words="A wallet was found.")
        case = made["case"]
        seen = await here.hear("desk_case", case=case)
        assert seen["words"] == "A wallet was found."
        await phone.say({"t": "fix", "lat": LAT, "lon": LON})
        while (await here.hear("moves"))["moved"][0]["officer"] != officer.said["officer"]:
            pass
        assert (await there.hear("alarm", case=case))["station"] == STATION
        async with supervisor.line(follow=STATION) as again:
            assert case in [one["case"] for one in again.snapshot["cases"]]
            assert case in [one["case"] for one in again.snapshot["alarms"]]
            assert (await again.act("say", case=case, words="Please wait."))["ok"]
        assert (await here.hear("said", case=case))["line"]["words"] == "Please wait."
        async with supervisor.line(follow="nowhere") as nowhere:
            assert nowhere.snapshot["cases"] == []
        desk = await town.sign_in("desk", OTHER)
        async with desk.line(follow=STATION) as other:
            assert case not in [one["case"] for one in other.snapshot["cases"]], "a desk has its own station's"
        assert (await here.act("close_by_telephone", case=case, disposition="advice_given"))["ok"]
        assert not [m for m in there.passed if m["t"] == "desk_case"]


async def test_a_desk_sends_adds_and_takes_back_and_offers_anew(town: Town) -> None:
    desk, officers = await town.someone("desk"), [await town.someone("officer", n) for n in (0, 1)]
    for officer in officers:
        assert (await officer.ask("POST", "/v1/duty", {"t": "duty", "on": True, "key": new_key()})).status_code == 200
    one, two = (officer.said["officer"] for officer in officers)
    async with desk.line() as line, officers[0].line() as first, officers[1].line() as second:
        await town.owner.execute("UPDATE categories SET window_ms = 1500, ack_ms = 700")
        for phone in (first, second):
            await phone.say({"t": "fix", "lat": LAT, "lon": LON})
        made = await town.report()
        case = made["case"]
        await first.hear("offer", case=case)
        await line.hear("desk_case", case=case, status="at_station")
        assert (await line.act("assign", case=case, officer=one))["ok"]
        fence = (await first.hear("held", case=case))["fence"]
        assert (await first.act("second_officer", case=case, fence=fence))["ok"]
        assert (await line.hear("desk_case", case=case, last="second_asked"))["seats"] == 2
        assert (await first.act("second_officer", case=case, fence=fence))["reason"] == "already_asked"
        assert (await line.act("add", case=case, officer=two))["ok"]
        assert (await second.hear("held", case=case))["others"]
        for officer, phone in ((one, first), (two, second)):
            back = await line.act("take_back", case=case, officer=officer, reason="needed elsewhere")
            assert back["ok"], back
            await phone.hear("gone", case=case, reason="taken_back")
        assert (await line.act("take_back", case=case, officer=two, reason="again"))["reason"] == "illegal"
        assert (await line.act("reoffer", case=case))["ok"]
        rounds = [(await phone.hear("offer", case=case))["round"] for phone in (first, second)]
        won = [await phone.act("claim", case=case, round=rounds[0]) for phone in (first, second)]
        assert [claim["ok"] for claim in won] == [True, True], "both seats that are wanted"
        await town.owner.execute("UPDATE categories SET window_ms = 500")
        assert (await second.act("arrived", case=case, fence=won[1]["fence"]))["ok"]
        assert (await second.act("cleared", case=case, fence=won[1]["fence"], disposition="founded"))["ok"]


async def test_the_citizen_declines_one_appointment_and_accepts_another(town: Town) -> None:
    async with (await town.someone("desk")).line() as line:
        case, made = await queued(town, line)
        async with (await town.reporter(made["receipt"])).line() as citizen:
            for accept, answer in ((False, "declined"), (True, "accepted")):
                assert (await line.act("offer_appointment", case=case, hold_min=60, lasts_min=30))["ok"]
                offered = await citizen.hear("case", case=case)
                while (offered.get("appointment") or {}).get("answer") != "offered":
                    offered = await citizen.hear("case", case=case)
                assert (await citizen.act("answer_appointment", case=case, accept=accept))["ok"]
                heard = await line.hear("desk_case", case=case, last=f"appointment_{answer}")
                assert heard["appointment"]["answer"] == answer
            assert heard["acknowledged"] and heard["quiet_ms"] > 3_500_000
            assert (await citizen.act("answer_appointment", case=case, accept=True))["reason"] == "illegal"
        assert (await line.act("close_by_telephone", case=case, disposition="advice_given"))["ok"]


async def test_a_case_is_held_handed_over_and_gone_from_the_first_desks_screen(town: Town) -> None:
    one = await town.someone("desk")
    other = await town.sign_in("desk", OTHER)
    async with one.line() as line, other.line() as there:
        case, made = await queued(town, line)
        assert (await line.act("hold", case=case, hold_min=10, reason="back at six"))["ok"]
        assert line.was_told("desk_case", case=case, last="put_on_hold")["quiet_ms"] > 590_000
        await town.sweep(case)
        assert not (await line.hear("desk_case", case=case, last="woken")).get("acknowledged")
        assert (await there.act("take", case=case))["reason"] == "not_yours"
        missing = await line.act("hand_over", case=case, to_station="nowhere", reason="theirs")
        assert missing["reason"] == "not_found"
        assert (await line.act("hand_over", case=case, to_station=OTHER, reason="theirs"))["ok"]
        assert line.was_told("gone", case=case)["reason"] == "handed_over"
        assert (await there.hear("desk_case", case=case))["desk_reason"] == "handed_over"
        reporter = await town.reporter(made["receipt"])
        said = (await reporter.ask("GET", f"/v1/cases/{case}")).json()
        assert (said["station"], said["desk_reason"]) == (OTHER, "handed_over")
        assert (await line.act("take", case=case))["reason"] == "not_yours"
        assert (await there.act("take", case=case))["ok"]
        assert (await there.act("close_by_telephone", case=case, disposition="advice_given"))["ok"]


async def test_a_station_without_anybody_on_shift_falls_to_the_next_and_the_citizen_is_told(town: Town) -> None:
    await town.owner.execute("UPDATE stations SET falls_to = $2 WHERE id = $1", STATION, OTHER)
    try:
        other = await town.sign_in("desk", OTHER)
        async with other.line() as there:
            assert (await there.act("desk_shift", on=True))["ok"]
            made = await town.report()
            await there.hear("desk_case", case=made["case"], desk_reason="unstaffed")
            reporter = await town.reporter(made["receipt"])
            said = (await reporter.ask("GET", f"/v1/cases/{made['case']}")).json()
            assert (said["station"], said["desk_reason"]) == (OTHER, "unstaffed")
            assert (await there.act("desk_shift", on=False))["ok"]
    finally:
        await town.owner.execute("UPDATE stations SET falls_to = NULL")
