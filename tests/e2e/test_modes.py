"""Modes over the public protocol, with real processes: turns, a head start, the desk first, two seats.

Times are the categories' own, so short that nobody waits long, and so long that a slow machine keeps up.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any, Final

import asyncpg
import httpx
import pytest

from dispatch.limits import GENERATION_AGE_S_MIN
from tests.e2e.conftest import Service
from tests.e2e.talk import LAT, LON, STATION, Json, Line, Someone, Town, new_key

METRE: Final = 1 / 110_900
CATEGORIES: Final = (  # id, mode, turn_ms, head_start_ms, window_ms, ack_ms, seats
    ("m-best", "best_officer", 3_000, None, 30_000, None, 1),
    ("m-start", "snatch", None, 3_000, 30_000, None, 1),
    ("m-desk", "desk_first", None, None, None, 1_000, 1),
    ("m-pair", "snatch", None, None, 4_000, None, 2),
)
BEAT: Final = "beat:m"


@pytest.fixture(scope="module")
async def town(service: Service) -> AsyncIterator[Town]:
    owner = await asyncpg.connect(service.owner_url)
    await owner.executemany(
        "INSERT INTO categories (id, name, name_en, mode, turn_ms, head_start_ms, window_ms, ack_ms, seats, rings_m) "
        "VALUES ($1, $1, $1, $2, $3, $4, $5, $6, $7, '{2000}')",
        CATEGORIES,
    )
    async with httpx.AsyncClient(base_url=service.url, trust_env=False, timeout=15) as client:
        yield Town(service, client, owner)
    await owner.close()


class Crew:
    """Two officers of one station, one 100 m and one 600 m from the place, their desk, and their lines."""

    def __init__(self, town: Town, near: Line, far: Line, desk: Line, officers: tuple[Someone, Someone]) -> None:
        self.town, self.near, self.far, self.desk, self.officers = town, near, far, desk, officers

    async def fix(self) -> None:
        for line, metres in ((self.near, 100), (self.far, 600)):
            await line.say({"t": "fix", "lat": LAT + metres * METRE, "lon": LON})

    async def report(self, category: str) -> tuple[str, Someone]:
        """The case, and who reported it. The officers' places are fresh."""
        await self.fix()
        made = await self.town.report(category=category)
        return made["case"], await self.town.reporter(made["receipt"])

    async def asked(self, case: str) -> list[int]:
        """How many each wave asked."""
        desk = await self.town.someone("desk")
        history = (await desk.ask("GET", f"/v1/cases/{case}/history")).json()
        return [body["asked"] for _, kind, *_, body in history if kind in ("offer_opened", "offer_widened")]

    async def over(self, case: str, reporter: Someone) -> None:
        """Nobody needs it any longer."""
        act = {"t": "withdraw", "case": case, "key": new_key()}
        assert (await reporter.ask("POST", f"/v1/cases/{case}/acts", act)).status_code == 200


@pytest.fixture(scope="module")
async def crew(town: Town) -> AsyncIterator[Crew]:
    """On duty, and known to be where they are by every process."""
    near, far, desk = await town.someone("officer"), await town.someone("officer", 1), await town.someone("desk")
    async with AsyncExitStack() as lines:
        for one in (near, far):
            assert (await one.ask("POST", "/v1/duty", {"t": "duty", "on": True, "key": new_key()})).status_code == 200
        to_near, to_far, to_desk = [await lines.enter_async_context(one.line()) for one in (near, far, desk)]
        found = Crew(town, to_near, to_far, to_desk, (near, far))
        await until_positions_are_trusted(found)
        yield found


async def until_positions_are_trusted(crew: Crew) -> None:
    """A process that was started a moment ago asks everybody; then the first turn is one officer's."""
    async with asyncio.timeout(3 * GENERATION_AGE_S_MIN):
        while True:
            try:
                case, reporter = await crew.report("m-best")
            except AssertionError as unknown:  # the category was made a moment ago
                assert "category_unknown" in str(unknown)
                await asyncio.sleep(0.25)
                continue
            waves = await crew.asked(case)
            await crew.over(case, reporter)
            if waves == [1]:
                return
            await asyncio.sleep(0.25)


async def hears_nothing(line: Line, case: str, seconds: float) -> bool:
    """Whether this line has no offer of the case by then."""
    try:
        async with asyncio.timeout(seconds):
            await line.hear("offer", case=case)
    except TimeoutError:
        return True
    return False


async def claims(line: Line, case: str, round_: int = 1) -> Json:
    return await line.act("claim", case=case, round=round_)


async def test_the_nearest_has_the_first_turn_and_its_no_gives_the_next_at_once(crew: Crew) -> None:
    case, reporter = await crew.report("m-best")
    await crew.near.hear("offer", case=case)
    early = await claims(crew.far, case)
    assert (early["ok"], early["reason"]) == (False, "not_offered")
    assert (await crew.near.act("decline", case=case, round=1))["ok"]
    offer = await crew.far.hear("offer", case=case)
    assert offer["remaining_ms"] > 26_500, "at once, not at the end of the turn"
    assert (await claims(crew.far, case))["ok"]
    assert await crew.asked(case) == [1, 1]
    await crew.over(case, reporter)


async def test_a_turn_that_ends_in_silence_passes_on_and_the_silent_may_still_win(crew: Crew) -> None:
    case, reporter = await crew.report("m-best")
    await crew.near.hear("offer", case=case)
    await crew.far.hear("offer", case=case)
    assert (await claims(crew.near, case))["ok"]
    gone = await crew.far.hear("gone", case=case)
    assert gone["reason"] == "taken"
    await crew.over(case, reporter)


async def test_the_beats_own_officer_is_asked_first_though_another_is_nearer(crew: Crew) -> None:
    outline = {"type": "Polygon", "coordinates": [[
        [LON - 0.001, LAT - 0.001], [LON + 0.001, LAT - 0.001], [LON + 0.001, LAT + 0.001], [LON - 0.001, LAT + 0.001],
        [LON - 0.001, LAT - 0.001]]]}  # fmt: skip
    owner, far = crew.town.owner, crew.officers[1]
    await owner.execute("UPDATE officers SET beat = NULL")
    await owner.execute("DELETE FROM areas WHERE kind = 'beat'")
    await owner.execute(
        "INSERT INTO areas (id, kind, station, name, outline) VALUES ($1, 'beat', $2, 'm', $3::text::jsonb)",
        BEAT, STATION, httpx.Request("POST", "http://x", json=outline).content.decode(),
    )  # fmt: skip
    await owner.execute("UPDATE officers SET beat = $1 WHERE id = $2", BEAT, far.said["officer"])
    for on in (False, True):  # whoever comes on duty brings the beat along
        duty = {"t": "duty", "on": on, "key": new_key()}
        assert (await far.ask("POST", "/v1/duty", duty)).status_code == 200
    case, reporter = await first_asked_alone(crew, "m-start")
    await crew.far.hear("offer", case=case)
    await crew.near.hear("offer", case=case)
    assert await crew.asked(case) == [1, 1]
    assert (await claims(crew.far, case))["ok"]
    await crew.over(case, reporter)


async def first_asked_alone(crew: Crew, category: str) -> tuple[str, Someone]:
    """A case whose first wave asked one: the new beat is on every process's map within seconds."""
    async with asyncio.timeout(15):
        while True:
            case, reporter = await crew.report(category)
            if await crew.asked(case) == [1]:
                return case, reporter
            await crew.over(case, reporter)
            await asyncio.sleep(0.25)


async def test_what_is_the_desks_first_rings_at_the_desk_and_nowhere_else(crew: Crew) -> None:
    case, reporter = await crew.report("m-desk")
    shown = await crew.desk.hear("desk_case", case=case)
    assert (shown["status"], shown["desk_reason"]) == ("at_station", "desk_first")
    assert (await reporter.ask("GET", f"/v1/cases/{case}")).json()["desk_reason"] == "desk_first"
    alarm = await crew.desk.hear("desk_case", case=case, last="alarm_raised")
    assert alarm["alarms"] == 1
    assert await hears_nothing(crew.near, case, 0.5)
    await crew.over(case, reporter)


async def test_one_of_two_is_kept_at_the_desk_does_not_set_out_and_may_stand_down(crew: Crew) -> None:
    case, reporter = await crew.report("m-pair")
    await crew.near.hear("offer", case=case)
    won = await claims(crew.near, case)
    assert won["ok"]
    act: dict[str, Any] = {"case": case, "fence": won["fence"]}
    assert (await crew.near.act("set_out", **act))["reason"] == "illegal"
    at_desk = await crew.desk.hear("desk_case", case=case, status="at_station")
    assert (at_desk["desk_reason"], len(at_desk["holders"])) == ("window_closed", 1)
    assert (await crew.near.act("set_out", **act))["reason"] == "illegal"
    assert (await crew.near.act("cleared", **act, disposition="founded"))["reason"] == "illegal"
    assert (await crew.near.act("hand_back", **act, reason="接到别的任务"))["ok"]
    seen = await crew.desk.hear("desk_case", case=case, last="seat_handed_back")
    assert (seen["desk_reason"], seen.get("holders", [])) == ("handed_back", [])
    assert (await reporter.ask("GET", f"/v1/cases/{case}")).json()["status"] == "at_station"
    await crew.over(case, reporter)
