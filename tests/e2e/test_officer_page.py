"""The officer's page by itself: help, a sign of life, the talk, reasons, and the whole way by keyboard alone."""

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import asyncpg
import httpx
import pytest
from playwright.async_api import Browser, Page, WebSocketRoute, expect

from tests.e2e.conftest import Screens, Service
from tests.e2e.hands import LAT, LON, STATION
from tests.e2e.talk import Json, Town, new_key

pytestmark = pytest.mark.browser

HOLD_MS = 1_100
TABS_MAX = 60


@dataclass(frozen=True, slots=True)
class Two:
    """Two officers' phones and the desk's screen, and a town to report in."""

    town: Town
    phone: Page
    near: Page
    desk: Page
    signs: tuple[str, str]
    complaints: list[str]

    async def offered(self, category: str, words: str) -> Json:
        """A report that rings on the first phone."""
        made = await self.town.report(category=category, words=words)
        await expect(self.phone.locator("[data-offer]")).to_contain_text(words)
        return made

    async def history(self, case: str) -> list[Any]:
        desk = await self.town.someone("desk")
        return list((await desk.ask("GET", f"/v1/cases/{case}/history")).json())


@pytest.fixture(scope="module")
async def two(service: Service, browser: Browser) -> AsyncIterator[Two]:
    people = service.of("officer", STATION)[:2]
    owner = await asyncpg.connect(service.owner_url)
    async with (
        AsyncExitStack() as stack,
        httpx.AsyncClient(base_url=service.url, trust_env=False, timeout=15) as client,
    ):
        screens = Screens(browser, service.url, stack, [])
        (at_desk,) = service.of("desk", STATION)
        desk = await screens.signed_in("/desk", at_desk, phone=False, drawn_maps=False)
        phone = await screens.officer(people[0], LAT + 0.002, LON, drawn_maps=False)
        near = await screens.signed_in(f"/officer?at={LAT},{LON}", people[1], drawn_maps=False)
        await expect(near.locator('[data-on-duty="off"]')).to_be_visible()
        signs = (str(people[0]["call_sign"]), str(people[1]["call_sign"]))
        yield Two(Town(service, client, owner), phone, near, desk, signs, screens.complaints)
    await owner.close()


async def large(page: Page) -> str:
    """What the large button says."""
    return (await page.locator(".dock .take").text_content()) or ""


async def test_declining_with_a_reason_and_handing_back_with_one_stand_in_the_history(two: Two) -> None:
    made = await two.offered("noise", "Drilling since six.")
    await two.phone.click('[data-sheet="decline"]')
    await expect(two.phone.locator("#sheet-title")).to_be_focused()
    await two.phone.click('[data-reason="too_far"]')
    await expect(two.phone.locator("[data-offer]")).to_have_count(0)
    assert "too_far" in str(await two.history(made["case"]))

    await two.near.click('[data-duty="off"]')
    made = await two.offered("theft", "A wallet is gone.")
    await expect(two.near.locator("[data-take]")).to_be_visible()
    await two.phone.click("[data-take]")
    await two.phone.click(".more summary")
    await two.phone.click('[data-sheet="hand_back"]')
    await two.phone.click('[data-reason="conflict"]')
    await two.phone.click('[data-act="hand_back"]')
    await expect(two.phone.locator('[data-idle="waiting"]')).to_be_visible()
    assert "conflict" in str(await two.history(made["case"]))
    await two.near.click('button[data-sheet="settings"]')
    await two.near.click('[data-duty="on"]')
    await expect(two.near.locator('[data-idle="off"]')).to_be_visible()
    reporter = await two.town.reporter(made["receipt"])
    back = {"t": "withdraw", "case": made["case"], "key": new_key()}
    assert (await reporter.ask("POST", f"/v1/cases/{made['case']}/acts", back)).status_code == 200


async def test_the_talk_goes_both_ways_and_what_is_read_is_read(two: Two) -> None:
    made = await two.offered("bicycle", "A lock is being cut.")
    await two.phone.click("[data-take]")
    await expect(two.phone.locator("[data-held]")).to_be_visible()
    reporter = await two.town.reporter(made["receipt"])
    path = f"/v1/cases/{made['case']}/acts"
    line = {"t": "say", "case": made["case"], "key": new_key(), "words": "I am at the <b>north</b> gate."}
    assert (await reporter.ask("POST", path, line)).status_code == 200
    await expect(two.phone.locator('[data-unread="1"]')).to_be_visible()
    await two.phone.click('[data-sheet="talk"]')
    await expect(two.phone.locator("#talk")).to_contain_text("I am at the <b>north</b> gate.")
    await two.phone.click('[data-quick="coming"]')
    await two.phone.fill("#draft", "Two minutes.")
    await two.phone.press("#draft", "Enter")
    await expect(two.phone.locator(".line.mine:not(.waiting)")).to_have_count(2)
    said = (await reporter.ask("GET", f"/v1/cases/{made['case']}/talk")).json()
    assert [one["words"] for one in said["lines"]][1:] == ["I am on my way.", "Two minutes."]
    await two.phone.click("[data-back]")
    await expect(two.phone.locator("[data-unread]")).to_have_count(0)
    await expect(two.phone.locator('[data-sheet="talk"]')).to_be_focused()

    # The desk asks whether the officer is well, and wants to be answered by one press.
    desk = await two.town.someone("desk")
    officer = await two.town.owner.fetchval("SELECT id FROM officers WHERE call_sign = $1", two.signs[0])
    asks = {"t": "ask_welfare", "case": made["case"], "officer": str(officer), "key": new_key()}
    assert (await desk.ask("POST", path, asks)).status_code == 200
    await expect(two.phone.locator('[data-asked="all_well"]')).to_be_visible()
    assert await large(two.phone) == "I am safe"
    await two.phone.click('[data-act="well"]')
    await expect(two.phone.locator("[data-asked]")).to_have_count(0)
    assert await large(two.phone) == "On my way"
    await two.phone.click(".more summary")
    await two.phone.click('[data-sheet="transfer"]')
    await two.phone.click('[data-act="transfer"]')
    await expect(two.phone.locator('[data-idle="waiting"]')).to_be_visible()


async def test_help_is_called_by_holding_seen_nearby_with_the_way_and_ended_by_the_desk_alone(two: Two) -> None:
    await two.near.click('[data-duty="off"]')
    await expect(two.near.locator('[data-idle="waiting"]')).to_be_visible()
    await two.near.wait_for_timeout(500)  # its first position is on its way; nobody tells the page that it has come
    bar = two.phone.locator(".panic")
    box = await bar.bounding_box()
    assert box is not None and box["height"] >= 48
    await two.phone.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    await two.phone.mouse.down()
    await expect(bar).to_have_text("Keep holding")
    await two.phone.mouse.up()
    await expect(two.phone.locator("#panic-yes")).to_be_focused()
    await two.phone.click('[data-panic="no"]')
    await expect(two.phone.locator("[data-own-call]")).to_have_count(0)

    await bar.hover()
    await two.phone.mouse.down()
    await two.phone.wait_for_timeout(HOLD_MS)
    await two.phone.mouse.up()
    await expect(two.phone.locator("[data-own-call]")).to_contain_text("Officers nearest to you who were told: 1.")
    await expect(bar).to_have_count(0)
    alarm = two.near.locator(f'[data-help="{two.signs[0]}"]')
    await expect(alarm).to_contain_text("220 m north")
    await expect(alarm.locator('[data-way="own"]')).to_have_attribute("href", re.compile(r"^geo:32\.062"))
    await two.near.click("[data-seen]")
    await expect(alarm).to_be_visible()

    await expect(two.desk.locator("[data-alarm]").first).to_contain_text(two.signs[0])
    await two.desk.keyboard.press("z")
    await two.desk.fill("#clearing", "Spoke to her, she is well.")
    await two.desk.press("#clearing", "Enter")
    await expect(two.phone.locator('[data-notice="help_over_own"]')).to_be_visible()
    await expect(bar).to_be_visible()
    await expect(alarm).to_have_count(0)
    assert two.complaints == []


async def test_help_goes_through_where_no_socket_does_by_a_key_that_is_held(
    service: Service, two: Two, screens: Screens
) -> None:
    async def refuse(socket: WebSocketRoute) -> None:
        await socket.close()

    person = service.of("officer", STATION)[3]
    page = await screens.open(f"/officer?at={LAT},{LON}", drawn_maps=False)
    await page.route_web_socket(re.compile(r"/v1/socket"), refuse)
    await page.fill("#login", person["login"])
    await page.fill("#password", person["password"])
    await page.press("#password", "Enter")
    await page.locator(".panic").focus()
    await page.keyboard.down("Enter")
    await page.wait_for_timeout(HOLD_MS)
    await page.keyboard.up("Enter")
    await expect(page.locator(".panic.sending")).to_have_count(0, timeout=15_000)
    await expect(two.desk.locator("[data-alarm]").first).to_contain_text(person["call_sign"])
    await two.desk.keyboard.press("z")
    await two.desk.fill("#clearing", "An exercise.")
    await two.desk.press("#clearing", "Enter")
    await expect(two.desk.locator("[data-panic]")).to_have_count(0)


async def reach(page: Page, selector: str) -> None:
    """Tab until it has the focus, and see that the focus can be seen."""
    wanted = page.locator(selector).first
    await expect(wanted).to_be_visible()
    await expect(wanted).not_to_have_attribute("aria-disabled", "true")
    for _ in range(TABS_MAX):
        if await wanted.evaluate("one => one === document.activeElement"):
            assert await wanted.evaluate("one => getComputedStyle(one).outlineStyle !== 'none' || one.type === 'radio'")
            return
        await page.keyboard.press("Tab")
    raise AssertionError(f"no key leads to {selector}")


async def test_the_whole_way_by_keyboard_alone(service: Service, two: Two, screens: Screens) -> None:
    person = service.of("officer", STATION)[2]
    page = await screens.open(f"/officer?at={LAT},{LON + 0.001}", drawn_maps=False)
    await reach(page, "#login")
    await page.keyboard.type(person["login"])
    await page.keyboard.press("Tab")
    await page.keyboard.type(person["password"])
    await page.keyboard.press("Enter")
    await reach(page, '[data-duty="off"]')
    await page.keyboard.press("Enter")
    await expect(page.locator('[data-idle="waiting"]')).to_be_visible()
    made = await two.town.report(category="bicycle", words="By keyboard.")
    await reach(page, "[data-take]")
    await page.keyboard.press("Enter")
    await expect(page.locator("[data-held]")).to_be_visible()
    await reach(page, '[data-sheet="talk"]')
    await page.keyboard.press("Enter")
    await reach(page, "#draft")
    await page.keyboard.type("I come on foot.")
    await page.keyboard.press("Enter")
    await expect(page.locator(".line.mine:not(.waiting)")).to_have_count(1)
    await reach(page, "[data-back]")
    await page.keyboard.press("Enter")
    for step in ("set_out", "arrived"):
        await reach(page, f'[data-step="{step}"]')
        await page.keyboard.press("Enter")
    reporter = await two.town.reporter(made["receipt"])
    shown = (await reporter.ask("GET", f"/v1/cases/{made['case']}")).json()
    await reach(page, "#word")
    await page.keyboard.type(shown["officers"][0]["word"])
    await page.keyboard.press("Enter")
    await expect(page.locator('[data-met="yes"]')).to_be_visible()
    await reach(page, '[data-step="cleared"]')
    await page.keyboard.press("Enter")
    await expect(page.locator("[data-ending] input").first).to_be_focused()
    await page.keyboard.press("ArrowDown")
    await reach(page, '[data-step="cleared"]')
    assert await large(page) == "Done: advice given"
    await page.keyboard.press("Enter")
    await expect(page.locator('[data-idle="waiting"]')).to_be_visible()
    assert screens.complaints == []
