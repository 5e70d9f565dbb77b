"""The citizen's page in a real Chromium before a real service: four taps, an emergency, a dead line, a code, a talk."""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from typing import Final

import pytest
from playwright.async_api import BrowserContext, Page, Route, expect

from tests.e2e.conftest import Screens
from tests.e2e.talk import LAT, LON, Line, Town, codes_to, next_code

pytestmark = pytest.mark.browser

CODE: Final = re.compile(r"^[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){5}$")
MINUTE_S: Final = 60.0  # what a report may take (FEATURES 1)
TAPS_MAX: Final = 4


@pytest.fixture(scope="module", autouse=True)
async def somebody_near(town: Town) -> AsyncIterator[None]:
    """An officer on duty near by, who takes nothing: without one, every case would go to the desk at once."""
    officer = await town.someone("officer", 1)
    async with officer.line() as phone:
        assert (await phone.act("duty", on=True))["ok"]

        async def stand_there() -> None:
            while True:
                await phone.say({"t": "fix", "lat": LAT + 0.002, "lon": LON})
                await asyncio.sleep(2)

        standing = asyncio.create_task(stand_there())
        yield
        standing.cancel()


async def fill(page: Page, words: str, category: str = "bicycle") -> None:
    """The form as a person fills it who types the place."""
    await page.click("summary:has-text('Type the coordinates')")
    await page.fill("#typed", f"{LAT}, {LON}")
    await page.click(f'label.choice:has(input[value="{category}"])')
    await page.fill("#words", words)


async def code_of(page: Page) -> str:
    code = (await page.locator("[data-receipt]").text_content()) or ""
    assert CODE.match(code.strip()), code
    return code.strip()


async def status(page: Page, wanted: str) -> None:
    await expect(page.locator(f'[data-status="{wanted}"]')).to_be_visible(timeout=20_000)


async def cases_with(town: Town, words: str) -> list[str]:
    return [str(row["id"]) for row in await town.owner.fetch("SELECT id FROM cases WHERE words = $1", words)]


async def taken(town: Town, phone: Line, case: str) -> int:
    """The officer takes the case; the fence."""
    assert (await phone.act("duty", on=True))["ok"]
    await phone.say({"t": "fix", "lat": LAT, "lon": LON})
    await phone.hear("offer", case=case)
    won = await phone.act("claim", case=case, round=1)
    assert won["ok"], won
    return int(won["fence"])


async def test_a_report_takes_four_taps_and_far_less_than_a_minute(screens: Screens) -> None:
    page = await screens.open("/")
    await page.context.grant_permissions(["geolocation"])
    await page.context.set_geolocation({"latitude": LAT, "longitude": LON, "accuracy": 18})
    cards = "performance.getEntriesByType('resource').filter((one) => one.name.endsWith('/view_live.js')).length"
    assert await page.evaluate(cards) == 0, "what shows a case is no part of a first view"
    begun = time.monotonic()
    taps = ["[data-locate]", 'label.choice:has(input[value="bicycle"])', "#words", "[data-report]"]
    for where in taps[:3]:
        await page.tap(where)
    await page.keyboard.type("A man is cutting the lock of a bicycle.", delay=40)  # 25 characters a second
    await page.tap(taps[3])
    await expect(page.locator("[data-receipt]")).to_be_visible()
    took_s = time.monotonic() - begun
    assert await page.evaluate(cards) == 1
    assert len(taps) <= TAPS_MAX and took_s < MINUTE_S, took_s
    print(f"{len(taps)} taps, {took_s:.1f} s")
    await expect(page.locator("svg.qr path")).to_have_count(1)
    await expect(page.locator("#receipt-title")).to_be_focused()
    await status(page, "offered")
    await page.click("[data-kept]")
    await expect(page.locator("[data-receipt]")).to_have_count(0)
    await expect(page.locator("#case-title")).to_be_focused()
    assert screens.complaints == []


async def test_a_draft_outlives_a_closed_tab_and_a_lost_answer_and_is_one_case(town: Town, screens: Screens) -> None:
    words = "The chain of the gate was cut last night."
    first = await screens.open("/")
    await fill(first, words)
    context: BrowserContext = first.context
    await first.close()

    second = await context.new_page()
    keys: list[str] = []

    async def lose_the_answer(route: Route) -> None:
        """The service has the report, and the phone never hears so."""
        keys.append(route.request.headers["idempotency-key"])
        await route.fetch()
        await route.abort("connectionreset")

    await second.route("**/v1/reports", lose_the_answer)
    await second.goto(screens.url + "/")
    await expect(second.locator("#words")).to_have_value(words)
    await expect(second.locator('input[value="bicycle"]')).to_be_checked()
    await second.click("[data-report]")
    await expect(second.locator(".bottom .wait")).to_contain_text("sent once, as soon as it can be")
    await second.close()
    made = await cases_with(town, words)
    assert len(made) == 1 and len(set(keys)) == 1

    third = await context.new_page()
    await third.goto(screens.url + "/")
    await code_of(third)
    await status(third, "offered")
    assert await cases_with(town, words) == made, "the same key is the same case"


async def test_where_what_shows_a_case_does_not_come_the_page_loads_again_each_time_later(screens: Screens) -> None:
    page = await screens.open("/", keeps_files=False)
    loaded: list[float] = []
    page.on("load", lambda _: loaded.append(time.monotonic()))

    async def fail(route: Route) -> None:
        await route.abort("connectionreset")

    await page.route("**/view_live.js", fail)
    await fill(page, "The lamp over the steps is broken.", "lost_property")
    await page.click("[data-report]")
    began = time.monotonic()
    while len(loaded) < 2:
        assert time.monotonic() - began < MINUTE_S
        await page.wait_for_timeout(100)
    assert loaded[1] - loaded[0] > 1.5 * (loaded[0] - began), "a page that cannot come asks ever less often"
    await page.unroute("**/view_live.js")
    await code_of(page)
    assert await page.evaluate("sessionStorage.getItem('onbeat.reloaded')") is None
    screens.complaints.clear()  # the browser's own, of what did not come


async def test_without_a_line_it_says_so_and_sends_by_itself_when_the_line_is_back(
    town: Town, screens: Screens
) -> None:
    words = "Somebody has left a suitcase of clothes at the bus stop."
    page = await screens.open("/")
    await fill(page, words, "lost_property")
    await page.context.set_offline(True)
    await page.click("[data-report]")
    await expect(page.locator(".bottom .wait")).to_be_visible()
    await expect(page.locator("[data-report]")).to_have_text("Waiting for the line")
    await page.context.set_offline(False)
    await code_of(page)
    assert len(await cases_with(town, words)) == 1


async def test_an_emergency_cannot_be_missed_and_is_noted(town: Town, screens: Screens) -> None:
    page = await screens.open("/")
    await fill(page, "He has a knife and stands before the shop.")
    panel = page.locator("[data-emergency-panel]")
    await expect(panel).to_contain_text("Call 110 now")
    await expect(panel).to_be_in_viewport(ratio=0.9)
    box = await panel.bounding_box()
    assert box and box["width"] == 390, "across the whole screen"
    await expect(panel.locator('a[href="tel:110"]')).to_be_visible()
    await expect(page.locator("[data-report]")).to_have_count(0)
    await expect(page.locator("#words")).to_have_value("He has a knife and stands before the shop.")
    await page.click("[data-go-on]")
    await expect(page.locator("[data-report]")).to_be_focused()
    await page.fill("#words", "He has a knife for bread and stands before the shop.")  # the same kind: not asked again
    await page.click("[data-report]")
    await code_of(page)
    (case,) = await cases_with(town, "He has a knife for bread and stands before the shop.")
    desk = await town.someone("desk")
    history = (await desk.ask("GET", f"/v1/cases/{case}/history")).json()
    assert '"weapon"' in str(history[0]).replace("'", '"'), history[0]

    await page.click("[data-kept]")
    await page.fill("#line", "He is bleeding.")
    await page.click("[data-say]")
    await expect(panel).to_contain_text("Call 120 now")
    await expect(page.locator("#emergency-title")).to_be_focused()
    assert "advised" in [entry[1] for entry in (await desk.ask("GET", f"/v1/cases/{case}/history")).json()]
    await page.click("[data-go-on]")
    await expect(panel).to_have_count(0)


async def test_from_the_code_to_the_objection(town: Town, screens: Screens) -> None:
    """The code opens the case elsewhere; officer and reporter write to each other; it is closed, rated, objected."""
    made = await town.report(category="noise", words="Drums, for two hours.")
    case, addresses = made["case"], list[str]()
    page = await screens.open("/")
    page.on("request", lambda request: addresses.append(request.url))
    page.on("websocket", lambda socket: addresses.append(socket.url))
    await page.click("summary:has-text('I have a code')")
    await page.fill("#code", made["receipt"].lower().replace("-", " "))
    await page.press("#code", "Enter")
    await status(page, "offered")
    officer = await town.someone("officer")
    async with officer.line() as phone:
        fence = await taken(town, phone, case)
        await status(page, "claimed")
        await expect(page.locator(".coming")).to_contain_text(officer.said["call_sign"])
        word = await page.locator("[data-word]").get_attribute("data-word")
        await expect(page.locator("figure .map")).to_be_visible()  # this page never knew the place: the service told it
        assert (await phone.act("say", case=case, fence=fence, words="Which floor?"))["ok"]
        await expect(page.locator(".lines .theirs")).to_contain_text("Which floor?")

        await page.context.set_offline(True)
        await page.fill("#line", "The third, at the back.")
        await page.press("#line", "Tab")
        await page.keyboard.press("Enter")
        await expect(page.locator("[data-unsent]")).to_contain_text("Not sent yet")
        await page.context.set_offline(False)
        assert (await phone.hear("said"))["line"]["words"] == "The third, at the back."
        await expect(page.locator("[data-unsent]")).to_have_count(0, timeout=20_000)
        await expect(page.locator(".lines .mine")).to_have_count(1)

        assert (await phone.act("arrived", case=case, fence=fence))["ok"]
        await status(page, "on_scene")
        await expect(page.locator("figure .map")).to_have_count(0)
        assert (await phone.act("met", case=case, fence=fence, word=word))["ok"]
        await expect(page.locator(".coming")).to_contain_text("you have met")
        assert (await phone.act("cleared", case=case, fence=fence, disposition="advice_given"))["ok"]
    await status(page, "cleared")
    await expect(page.locator("[data-status]")).to_have_text("Closed: advice given.")
    await page.click("label.star:has(input[value='2'])")
    await page.click("[data-rate]")
    await expect(page.locator(".rated")).to_contain_text("You rated it 2 of 5")
    await page.click("[data-not-solved]")
    await expect(page.locator("#object-words")).to_be_focused()
    await page.keyboard.type("They drum again.")
    await page.click("button:has-text('Send it to the supervisor')")
    await status(page, "at_station")
    await expect(page.locator("[data-status]")).to_contain_text("A supervisor of Xuanwumen Station")
    plain = made["receipt"].replace("-", "").lower()
    assert addresses and not [one for one in addresses if plain in one.replace("-", "").lower()], "never in an address"


async def test_everything_can_be_done_by_keyboard_alone(town: Town, screens: Screens) -> None:
    page = await screens.open("/")

    async def to(selector: str) -> None:
        """Tab until it is there, as somebody does who sees where the focus is."""
        for _ in range(60):
            if await page.evaluate("s => document.activeElement?.matches(s) ?? false", selector):
                return
            await page.keyboard.press("Tab")
        raise AssertionError(f"{selector} is not reached by Tab")

    await page.wait_for_selector("#main h1")
    await page.keyboard.press("Tab")
    await expect(page.locator(".skip")).to_be_focused()
    await to("[data-report]")
    await page.keyboard.press("Enter")
    await expect(page.locator("#problems")).to_be_focused()  # what is missing, each a link to its field
    await to('.links a[href="#where"]')
    await page.keyboard.press("Enter")
    await to('.map svg[role="application"], .map [tabindex="0"]')
    await page.keyboard.press("ArrowUp")
    await expect(page.locator(".place-say")).to_contain_text("Place chosen")
    await to('input[name="category"]')
    await page.keyboard.press("Space")
    await to("#words")
    await page.keyboard.type("Somebody rings at every door.")
    await to('input[name="how"]')
    await page.keyboard.press("ArrowDown")
    await to("#number")
    await page.keyboard.type("138 0013 8000")
    await to("[data-send-code]")
    before = len(await codes_to(town.client, "+8613800138000"))
    await page.keyboard.press("Enter")
    await expect(page.locator("#phone-code")).to_be_focused()
    await page.keyboard.type(await next_code(town.client, "+8613800138000", before))
    await to("[data-confirm]")
    await page.keyboard.press("Enter")
    await expect(page.locator("[data-confirmed]")).to_be_visible()
    await to("[data-report]")
    await page.keyboard.press("Enter")
    await code_of(page)
    await to("[data-kept]")
    await page.keyboard.press("Enter")
    (case,) = await cases_with(town, "Somebody rings at every door.")
    station = await town.owner.fetchval("SELECT station FROM cases WHERE id = $1::uuid", case)
    desk = await town.sign_in("desk", station)
    reason = {"reason": "To call back about the door."}
    identity = (await desk.ask("POST", f"/v1/cases/{case}/identity", reason)).json()
    assert identity.get("number") == "+8613800138000", identity
    await to("#line")
    await page.keyboard.type("Two of them.")
    await to("[data-say]")
    await page.keyboard.press("Enter")
    await expect(page.locator(".lines .mine")).to_contain_text("Two of them.")
    await to(".quiet-act button")
    await page.keyboard.press("Enter")
    await expect(page.locator("#withdraw-title")).to_be_focused()
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await status(page, "withdrawn")
    assert screens.complaints == []


async def test_leaving_in_a_hurry_leaves_nothing(screens: Screens) -> None:
    page = await screens.open("/")
    await page.route("https://www.wikipedia.org/**", lambda route: route.fulfill(body="<p>elsewhere"))
    await page.click("button:has-text('Silent')")
    await expect(page).to_have_title("Notes")
    await expect(page.locator("link[rel~=icon]")).to_have_attribute("href", "/static/shared/plain.svg")
    await fill(page, "I cannot speak.")
    await page.reload()
    await expect(page.locator("#words")).to_have_value("I cannot speak.")
    await expect(page).to_have_title("Notes")  # a reload stays silent
    assert "I cannot speak." not in await page.evaluate("JSON.stringify({ ...localStorage })")
    await page.keyboard.press("Escape")
    await page.keyboard.press("Escape")
    await page.wait_for_url("https://www.wikipedia.org/")
    await page.go_back()
    assert page.url == "about:blank", "the entry was replaced"
    await page.goto(screens.url + "/")
    await expect(page.locator("#words")).to_have_value("")
    kept = await page.evaluate("JSON.stringify([{ ...localStorage }, { ...sessionStorage }])")
    assert "speak" not in kept and "draft" not in kept and "onbeat.report" not in kept


async def test_it_speaks_chinese_and_takes_the_coordinates_of_wechats_maps(town: Town, screens: Screens) -> None:
    page = await screens.open("/#at=32.057934,118.795195&datum=gcj02&accuracy=25", lang="zh-CN", dark=True)
    await expect(page.locator(".place-say")).to_contain_text("误差 25 米以内")
    assert "at=" not in page.url
    await page.click('label.choice:has(input[value="noise"])')
    await page.fill("#words", "楼上装修，深夜还在施工。")
    await page.click("[data-report]")
    await code_of(page)
    await expect(page.locator('[data-status="offered"]')).to_contain_text("正在询问附近民警")
    (case,) = await cases_with(town, "楼上装修，深夜还在施工。")
    row = await town.owner.fetchrow("SELECT lat, lon, accuracy_m FROM cases WHERE id = $1::uuid", case)
    assert row and abs(row["lat"] - LAT) < 1e-5 and abs(row["lon"] - LON) < 1e-5 and row["accuracy_m"] == 25
