"""The desk's page in a real browser against the real service: by keyboard alone, by dragging, over a broken line."""

import re
import signal
import time
from collections.abc import AsyncIterator
from typing import Any, Final

import asyncpg
import httpx
import pytest
from playwright.async_api import Locator, Page, expect

from tests.e2e.conftest import Screens, Service
from tests.e2e.talk import LAT, LON, STATION, Line, Someone, Town

pytestmark = pytest.mark.browser

OTHER: Final = "xw-2"
RECEIPT: Final = re.compile(r"^[0-9A-HJKMNP-TV-Z]{4}([ -][0-9A-HJKMNP-TV-Z]{4}){5}$")
ENTRY_S_MAX: Final = 10.0  # what a caller waits for
KEYS_PER_S: Final = 7.0  # of somebody who types all day


@pytest.fixture(scope="module")
async def town(service: Service) -> AsyncIterator[Town]:
    """Windows of half a second: what nobody takes is at the desk at once; alarms when a test asks for them."""
    owner = await asyncpg.connect(service.owner_url)
    await owner.execute("UPDATE categories SET window_ms = 500, ack_ms = 60000")
    async with httpx.AsyncClient(base_url=service.url, trust_env=False, timeout=15) as client:
        yield Town(service, client, owner)
    await owner.close()


async def desk_page(town: Town, screens: Screens, **more: Any) -> Page:
    (at_desk,) = town.service.of("desk", STATION)
    page = await screens.signed_in("/desk", at_desk, phone=False, **more)
    await expect(page.locator(".desk")).to_be_visible()
    return page


async def on_duty(town: Town, number: int, line: Line, lat: float, lon: float) -> Someone:
    officer = await town.someone("officer", number)
    assert (await line.act("duty", on=True))["ok"]
    await line.say({"t": "fix", "lat": lat, "lon": lon})
    return officer


async def free(line: Line, case: str, fence: int) -> None:
    """The officer ends what was given, so that nobody is busy for the next test."""
    assert (await line.act("arrived", case=case, fence=fence))["ok"]
    assert (await line.act("cleared", case=case, fence=fence, disposition="founded"))["ok"]


async def at_desk(town: Town, case: str) -> None:
    """Returns when nobody took it."""
    async with (await town.someone("desk")).line() as line:
        if case not in [one["case"] for one in line.snapshot["cases"] if one["status"] == "at_station"]:
            await line.hear("desk_case", case=case, status="at_station")


def row(page: Page, case: str) -> Locator:
    return page.locator(f'[data-case="{case}"]')


async def form(page: Page, key: str) -> None:
    """Opens an act's form by its key; returns when the hand is in its first field."""
    await page.keyboard.press(key)
    await expect(page.locator("[data-form] :is(input, select, textarea)").first).to_be_focused()


async def go_to(page: Page, case: str, status: str = "at_station") -> None:
    """By `j` alone, however many cases stand before it, once it has come so far."""
    await expect(row(page, case)).to_have_attribute("data-status", status)
    for _ in range(30):
        if await page.locator(f'[data-card="{case}"]').count():
            return
        await page.keyboard.press("j")
        await page.evaluate("new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn)))")
    raise AssertionError("the case was not reached by its key")


async def test_a_fallen_case_is_taken_and_an_officer_sent_by_keyboard_alone(town: Town, screens: Screens) -> None:
    page = await desk_page(town, screens)
    async with (await town.someone("officer")).line() as near, (await town.someone("officer", 1)).line() as far:
        one = await on_duty(town, 0, near, LAT + 0.03, LON)
        await on_duty(town, 1, far, LAT + 0.06, LON)
        made = await town.report(words="A bicycle lies in the canal.")
        case = made["case"]
        await expect(row(page, case)).to_contain_text("Not acknowledged")
        await go_to(page, case)
        await expect(page.locator("[data-card]")).to_contain_text("A bicycle lies in the canal.")
        await page.keyboard.press("t")
        await expect(row(page, case)).not_to_contain_text("Not acknowledged")
        await expect(page.locator("[data-card]")).to_contain_text("Answers for it at the desk: you")
        await page.keyboard.press("a")
        await expect(page.locator("#f-officer")).to_be_focused()
        await expect(page.locator("[data-officer-option]").first).to_have_attribute(
            "data-officer-option", one.said["call_sign"]
        )
        await page.keyboard.press("Enter")
        held = await near.hear("held", case=case)
        await expect(row(page, case)).to_have_attribute("data-status", "claimed")
        await expect(row(page, case)).to_be_focused()
        await expect(page.locator('[data-told="assigned"]')).to_contain_text(f"you sent {one.said['call_sign']}")
        await page.keyboard.press("i")
        await page.keyboard.type("The caller waits at the bridge.")
        await page.keyboard.press("Enter")
        assert (await near.hear("said", case=case))["line"]["words"] == "The caller waits at the bridge."
        await expect(page.locator(".lines")).to_contain_text("The caller waits at the bridge.")
        await free(near, case, held["fence"])
    assert screens.complaints == []


async def test_every_other_act_of_the_queue_is_done_by_keyboard_with_its_reason(town: Town, screens: Screens) -> None:
    page = await desk_page(town, screens)
    made = await town.report(words="Water runs from a hydrant.")
    case = made["case"]
    await go_to(page, case)
    await form(page, "h")
    await page.keyboard.press("Control+A")
    await page.keyboard.type("1000")
    await page.keyboard.press("Enter")
    await expect(page.locator("#form-wrong")).to_have_text("A whole number of minutes, from 1 to 720.")
    await expect(page.locator("#f-hold_min")).to_be_focused()
    await page.keyboard.press("Control+A")
    await page.keyboard.type("20")
    await page.keyboard.press("Tab")
    await page.keyboard.type("the caller is back then")
    await page.keyboard.press("Enter")
    await expect(row(page, case)).to_contain_text("held until")
    await page.keyboard.press("p")
    await expect(page.locator("[data-form]")).to_contain_text("Appointment")
    await page.keyboard.press("Escape")
    await expect(row(page, case)).to_be_focused()
    await form(page, "r")
    await page.keyboard.press("Enter")
    await expect(page.locator("#form-wrong")).to_have_text("Name the body.")
    await page.keyboard.type("Water company")
    await page.keyboard.press("Tab")
    await page.keyboard.type("a burst pipe")
    await page.keyboard.press("Enter")
    await expect(row(page, case)).to_have_attribute("data-status", "cleared")
    await expect(page.locator('[data-told="cleared"]')).to_contain_text("passed on to those responsible. Water company")
    reporter = await town.reporter(made["receipt"])
    told = (await reporter.ask("GET", f"/v1/cases/{case}")).json()
    assert (told["disposition"], told["referred_to"]) == ("referred", "Water company")
    for key, panel in (("?", "help"), ("g", "figures"), ("l", "handover")):
        await page.keyboard.press(key)
        await expect(page.locator(f'[data-panel-open="{panel}"]')).to_be_visible()
        await expect(page.locator("#panel-title")).to_be_focused()
    await expect(page.locator('[data-panel-open="handover"]')).to_contain_text("At the desk")
    await page.keyboard.press("Escape")
    await page.keyboard.press("/")
    await expect(page.locator("#search")).to_be_focused()
    assert screens.complaints == []


async def test_an_officer_is_dragged_from_the_list_to_a_case_and_sent(town: Town, screens: Screens) -> None:
    page = await desk_page(town, screens)
    async with (await town.someone("officer", 2)).line() as phone:
        officer = await on_duty(town, 2, phone, LAT + 0.04, LON)
        case = (await town.report(words="A lost dog."))["case"]
        await expect(row(page, case)).to_have_attribute("data-status", "at_station")
        await page.locator(f'[data-officer="{officer.said["call_sign"]}"]').drag_to(row(page, case))
        held = await phone.hear("held", case=case)
        await expect(row(page, case)).to_have_attribute("data-status", "claimed")
        await expect(page.locator(".drag-ghost")).to_have_count(0)
        await free(phone, case, held["fence"])
    assert screens.complaints == []


async def test_a_clerk_enters_a_call_in_ten_seconds_and_reads_the_code_aloud(town: Town, screens: Screens) -> None:
    page = await desk_page(town, screens)
    await page.evaluate("addEventListener('keydown', () => (window.pressed = (window.pressed ?? 0) + 1), true)")
    await page.keyboard.press("n")
    await expect(page.locator("#entry-find")).to_be_focused()
    await page.keyboard.type(f"{LAT + 0.001}, {LON}")
    await page.keyboard.press("Tab")
    await page.keyboard.type("Theft")
    await page.keyboard.press("Tab")
    await page.keyboard.type("A caller saw two men cut a lock.")
    began = time.monotonic()
    await page.keyboard.press("Enter")
    code = await page.locator("[data-receipt]").get_attribute("data-receipt")
    answered_s = time.monotonic() - began
    hands_s = await page.evaluate("window.pressed") / KEYS_PER_S
    assert hands_s > 1.0 and hands_s + answered_s < ENTRY_S_MAX, (hands_s, answered_s)
    assert code is not None and RECEIPT.match(code), code
    await expect(page.locator("#made-title")).to_be_focused()
    told = (await (await town.reporter(code)).ask("GET", "/v1/me")).json()
    case = told["case"]
    assert await town.owner.fetchval("SELECT channel FROM cases WHERE id = $1", case) == "telephone"
    await page.keyboard.press("n")
    await page.keyboard.type(f"{LAT}, {LON}")
    await page.keyboard.press("Tab")
    await page.keyboard.type("Disp")
    await page.keyboard.press("Tab")
    await page.keyboard.type("He has a knife.")
    await page.keyboard.press("Enter")
    await expect(page.locator("#entry-wrong")).to_contain_text("Tell the caller to call 110")
    await page.keyboard.press("Enter")
    await expect(page.locator("[data-receipt]")).to_be_visible()
    await page.keyboard.press("Escape")
    await go_to(page, case)
    await form(page, "d")
    await page.keyboard.type("advice")
    await page.keyboard.press("Enter")
    await expect(row(page, case)).to_have_attribute("data-status", "cleared")


async def test_suggested_duplicates_are_merged_and_parted_again(town: Town, screens: Screens) -> None:
    page = await desk_page(town, screens)
    lead = (await town.report(category="noise", words="Music.", lat=LAT - 0.003))["case"]
    twin = (await town.report(category="noise", words="Loud music.", lat=LAT - 0.003, lon=LON + 0.0003))["case"]
    await expect(row(page, twin)).to_be_visible()
    await go_to(page, lead)
    await expect(page.locator("[data-twins]")).to_contain_text("1 open case may be the same incident")
    await form(page, "m")
    await expect(page.locator(f'[data-report="{twin}"]')).to_be_focused()
    await page.keyboard.press("Space")
    await page.locator("#f-reason").focus()
    await page.keyboard.type("same flat")
    await page.keyboard.press("Enter")
    await expect(row(page, lead)).to_contain_text("2 reports")
    await expect(row(page, twin)).to_have_attribute("data-status", "merged")
    await go_to(page, twin, "merged")
    await form(page, "u")
    await page.keyboard.type("another flat")
    await page.keyboard.press("Enter")
    await expect(row(page, twin)).to_have_attribute("data-status", "at_station")
    await expect(row(page, lead)).not_to_contain_text("2 reports")
    assert screens.complaints == []


async def test_a_supervisor_sees_an_alarm_of_a_station_goes_there_and_answers_it(town: Town, screens: Screens) -> None:
    supervisor = next(one for one in town.service.people if one["role"] == "supervisor")
    page = await screens.open("/desk", phone=False)
    await page.fill("#login", supervisor["login"])
    await page.fill("#password", supervisor["password"])
    await page.press("#password", "Enter")
    await page.locator(f'[data-station="{OTHER}"] button').click()
    await expect(page.locator(".desk-bar .where")).to_contain_text("Suojincun Station")
    case = (await town.report(words="Nobody looks."))["case"]
    await at_desk(town, case)
    await town.sweep(case)
    alarm = page.locator('[data-alarm="unseen"]').filter(has_text="Xuanwumen Station")
    await expect(alarm).to_contain_text("Told: the supervisors of Xuanwumen Station")
    await alarm.get_by_role("button").click()
    await expect(page.locator(f'[data-card="{case}"]')).to_contain_text("Nobody looks.")
    await page.keyboard.press("t")
    await expect(page.locator('[data-alarm="unseen"]').filter(has_text="Xuanwumen Station")).to_have_count(0)
    await form(page, "d")
    await page.keyboard.type("false")
    await page.keyboard.press("Enter")
    await expect(row(page, case)).to_have_attribute("data-status", "cleared")
    await form(page, "f")
    await page.keyboard.type("report")
    await page.keyboard.press("Enter")
    await expect(page.locator('[data-told="reclassified"]')).to_contain_text("report taken")
    assert screens.complaints == []


async def test_a_desk_that_loses_its_line_says_so_keeps_the_act_and_sends_it_once(town: Town, screens: Screens) -> None:
    page = await desk_page(town, screens)
    case = (await town.report(words="The line breaks."))["case"]
    await go_to(page, case)
    assert town.service.children.kill("web", signal.SIGKILL)
    await expect(page.locator(".line-bar")).to_be_visible()
    await page.keyboard.press("t")
    await expect(row(page, case)).not_to_contain_text("Not acknowledged", timeout=30_000)
    await expect(page.locator(".line-bar")).to_have_count(0)
    await expect(page.locator(f'[data-card="{case}"]')).to_be_visible()
    taken = "SELECT count(*) FROM events WHERE case_id = $1 AND kind = 'taken_by_desk'"
    assert await town.owner.fetchval(taken, case) == 1
