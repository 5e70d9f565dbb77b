"""An officer on the way falls silent, another is pulled away, a shift ends: told over the public protocol, in seconds.

The only thing that is shortened is the category's own patience, in its row; sweeper, relay and web are the real ones.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any, Final

import asyncpg
import httpx
import pytest

from tests.e2e.conftest import Service
from tests.e2e.talk import LAT, LON, Line, Someone, Town, new_key

NORTH: Final = 0.02  # degrees, about 2.2 km: on the way, and far from near
PATIENCE_MS: Final = 2_500
PATIENT_S: Final = 40.0


@pytest.fixture(scope="module")
async def town(service: Service) -> AsyncIterator[Town]:
    owner = await asyncpg.connect(service.owner_url)
    await owner.execute("UPDATE categories SET patience_ms = $1 WHERE id = 'theft'", PATIENCE_MS)
    await owner.execute("UPDATE categories SET priority = 1, rings_m = '{1}' WHERE id = 'vandalism'")
    async with httpx.AsyncClient(base_url=service.url, trust_env=False, timeout=15) as client:
        yield Town(service, client, owner)
    await owner.close()


class Phone:
    """An officer on duty with an open line, whose phone sends a fix each second until it is told to stop."""

    def __init__(self, who: Someone, line: Line) -> None:
        self.who, self.line, self.sends = who, line, True
        self.id: str = who.said["officer"]

    async def send_fixes(self) -> None:
        while True:
            if self.sends:
                await self.line.say({"t": "fix", "lat": LAT + NORTH, "lon": LON})
            await asyncio.sleep(1.0)

    async def claim(self, case: str, round_: int = 1) -> int:
        await self.line.hear("offer", case=case, round=round_)
        won = await self.line.act("claim", case=case, round=round_)
        assert won["ok"], won
        return int(won["fence"])


@pytest.fixture
async def phones(town: Town) -> AsyncIterator[list[Phone]]:
    """Two officers two kilometres north, one after the other so that the first is asked alone."""
    async with AsyncExitStack() as stack, asyncio.TaskGroup() as group:
        found, sending = [], []
        for number in range(2):
            who = await town.someone("officer", number)
            assert (await who.ask("POST", "/v1/duty", {"t": "duty", "on": True, "key": new_key()})).status_code == 200
            phone = Phone(who, await stack.enter_async_context(who.line()))
            sending.append(group.create_task(phone.send_fixes()))
            found.append(phone)
        await asyncio.sleep(1.5)
        yield found
        for task in sending:
            task.cancel()
    for phone in found:
        await phone.who.ask("POST", "/v1/duty", {"t": "duty", "on": False, "key": new_key()})


async def hear(line: Line, tag: str, **wanted: Any) -> dict[str, Any]:
    """As `Line.hear`, with the patience of a test that waits for several steps."""
    async with asyncio.timeout(PATIENT_S):
        while True:
            message: dict[str, Any] = json.loads(await line.socket.recv())
            if message["t"] == tag and all(message.get(name) == value for name, value in wanted.items()):
                return message


async def test_who_stands_still_is_asked_and_answers_and_then_does_not_and_another_comes(
    town: Town, phones: list[Phone]
) -> None:
    one, two = phones
    made = await town.report(category="theft", words="A bicycle is gone, it stood at the gate.")
    case = made["case"]
    fence = await one.claim(case)
    desk = await town.someone("desk")
    async with desk.line() as at_desk:
        for step in ("nudged", "alarmed", "asked"):
            held = await hear(one.line, "held", case=case, watch=step)
            assert held["fence"] == fence
        await hear(at_desk, "desk_case", case=case, last="welfare_asked")
        assert (await one.line.act("all_well", case=case, fence=fence))["ok"]
        again = await one.line.act("all_well", case=case, fence=fence)
        assert (again["ok"], again["reason"]) == (False, "not_asked")
        assert (await at_desk.act("ask_welfare", case=case, officer=one.id))["ok"]
        await hear(one.line, "held", case=case, watch="asked")
        gone = await hear(one.line, "gone", case=case)
        assert gone["reason"] == "silent"
        fence = await two.claim(case, 2)
        told = await hear(at_desk, "desk_case", case=case, last="claimed")
        assert [seat["officer"] for seat in told["holders"]] == [two.id]
    reporter = await town.reporter(made["receipt"])
    entries = (await reporter.ask("GET", f"/v1/cases/{case}/entries")).json()
    kinds = [entry["kind"] for entry in entries]
    assert kinds[-2:] == ["silent", "claimed"] and not {"nudged", "watch_alarmed", "welfare_asked"} & set(kinds)
    assert (await two.line.act("transfer", case=case, fence=fence))["ok"]


async def test_pulled_to_something_worse_and_handed_over_at_the_end_of_the_shift(
    town: Town, phones: list[Phone]
) -> None:
    one, _ = phones
    first = (await town.report(category="bicycle", words="A lock was cut."))["case"]
    await one.claim(first)
    worse = (await town.report(category="vandalism", words="A window is being broken."))["case"]
    desk = await town.someone("desk")

    async def desk_acts(tag: str, case: str, **fields: Any) -> httpx.Response:
        body = {"t": tag, "case": case, "key": new_key(), **fields}
        return await desk.ask("POST", f"/v1/cases/{case}/acts", body)

    assert (await desk_acts("preempt", first, from_case=worse, officer=one.id)).json()["code"] == "stale_fence"
    pulled = await desk_acts("preempt", worse, from_case=first, officer=one.id, reason="It goes on now.")
    assert pulled.status_code == 200, pulled.text
    assert (await hear(one.line, "gone", case=first))["reason"] == "preempted"
    fence = (await hear(one.line, "held", case=worse))["fence"]
    listed = (await desk.ask("GET", "/v1/desk/handover")).json()
    there = {entry["case"]: entry for entry in listed["cases"]}
    assert [holder["officer"] for holder in there[worse]["holders"]] == [one.id]
    assert there[first]["status"] == "offered" and there[first]["round"] == 2

    off = {"t": "duty", "on": False, "key": new_key()}
    assert (await one.who.ask("POST", "/v1/duty", off)).json()["code"] == "holds_case"
    key = new_key()
    await one.line.say({"t": "transfer", "key": key, "case": worse, "fence": fence})
    assert (await hear(one.line, "gone", case=worse))["reason"] == "transferred"
    assert (await one.who.ask("GET", f"/v1/claims/{key}")).json()["ok"]
    assert (await one.who.ask("POST", "/v1/duty", off | {"key": new_key()})).status_code == 200
    listed = (await desk.ask("GET", "/v1/desk/handover")).json()
    (left,) = [entry for entry in listed["cases"] if entry["case"] == worse]
    assert (left["status"], left["desk_reason"]) == ("at_station", "shift_end")
    assert [waiting["kind"] for waiting in left["pending"]] == ["ack"]
