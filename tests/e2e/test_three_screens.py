"""A case is snatched on three screens: a citizen's phone, two officers' phones and the station's desk, all real."""

import asyncio
import re
import signal
from typing import Final

import asyncpg
import pytest
from playwright.async_api import Page, expect

from tests.e2e.conftest import Screens, Service

pytestmark = pytest.mark.browser

STATION: Final = "xw-1"
LAT, LON = 32.06, 118.79
CODE: Final = re.compile(r"^[0-9A-HJKMNP-TV-Z]{4}([ -][0-9A-HJKMNP-TV-Z]{4}){5}$")


async def report(page: Page, category: str, words: str, lat: float = LAT, lon: float = LON) -> str:
    """Fills the form as a person would and presses the red button; the receipt code."""
    await page.click("summary:has-text('coordinates')")
    await page.fill("#typed", f"{lat}, {lon}")
    await page.click(f'label.choice:has(input[value="{category}"])')
    await page.fill("#words", words)
    await page.click("button.red")
    code = (await page.locator("[data-receipt]").text_content()) or ""
    await page.click("text=I have kept it")
    return code.strip()


async def status(page: Page, wanted: str) -> None:
    """The citizen's status line says it."""
    await expect(page.locator(f'[data-status="{wanted}"]')).to_be_visible(timeout=20_000)


async def test_two_officers_press_at_once_and_exactly_one_has_it(service: Service, screens: Screens) -> None:
    first, second = service.of("officer", STATION)[:2]
    (at_desk,) = service.of("desk", STATION)
    desk = await screens.signed_in("/desk", at_desk, phone=False)
    officers = {
        first["call_sign"]: await screens.officer(first, LAT + 0.002, LON),
        second["call_sign"]: await screens.officer(second, LAT, LON + 0.003),
    }
    for sign in officers:
        await expect(desk.locator(f'[data-officer="{sign}"]')).to_be_visible()
    citizen = await screens.open("/")
    code = await report(citizen, "bicycle", "A man is cutting the lock of a bicycle.")
    assert CODE.match(code), code
    await status(citizen, "offered")
    for page in officers.values():
        await expect(page.locator("[data-take]")).to_have_text("Take it")
    await expect(desk.locator('[data-case][data-status="offered"]')).to_be_visible()

    # Pressed from inside the page: the second card is gone within milliseconds, sooner than a pointer gets there.
    press = "document.querySelector('[data-take]')?.click()"
    await asyncio.gather(*(page.evaluate(press) for page in officers.values()))

    for page in officers.values():
        await expect(page.locator('[data-held], [data-notice="taken"]')).to_have_count(1)
    held = {sign: await page.locator("[data-held]").count() for sign, page in officers.items()}
    assert sorted(held.values()) == [0, 1], held
    (winner,) = (sign for sign, count in held.items() if count)
    (loser,) = (sign for sign, count in held.items() if not count)
    await expect(officers[loser].locator("[data-notice]")).to_contain_text(f"{winner} was first.")
    await expect(officers[loser].locator("[data-take]")).to_have_count(0)
    await status(citizen, "claimed")
    await expect(citizen.locator("[data-status]")).to_contain_text(f"Officer {winner}")
    await expect(desk.locator('[data-case][data-status="claimed"]')).to_contain_text(winner)

    await officers[winner].click('[data-step="set_out"]')
    await status(citizen, "en_route")
    await expect(citizen.locator("[data-status]")).to_contain_text("minutes away", timeout=20_000)
    await expect(citizen.locator(".map .unit")).to_have_count(0)  # where the way began is nobody's business
    await officers[winner].goto(f"{service.url}/officer?at={LAT - 0.003},{LON}")
    await expect(citizen.locator(".map .unit")).to_have_count(1, timeout=20_000)
    await officers[winner].click('[data-step="arrived"]')
    await status(citizen, "on_scene")
    await officers[winner].click('[data-disposition="report_taken"]')
    await officers[winner].click('[data-step="cleared"]')
    await status(citizen, "cleared")
    await expect(citizen.locator("[data-status]")).to_have_text("Closed: report taken.")
    await expect(officers[winner].locator("[data-held]")).to_have_count(0)
    await expect(desk.locator('[data-case][data-status="cleared"]')).to_be_visible()

    again = await screens.open("/")
    await again.click("summary:has-text('I have a code')")
    await again.fill("#code", code.lower().replace("-", " "))
    await again.press("#code", "Enter")
    await status(again, "cleared")
    assert screens.complaints == []


async def test_a_case_that_nobody_takes_stands_at_the_desk_which_works_it_by_keyboard(
    service: Service, screens: Screens
) -> None:
    connection = await asyncpg.connect(service.owner_url)
    await connection.execute("UPDATE categories SET window_ms = 4000 WHERE id = 'noise'")
    await connection.close()
    officer = service.of("officer", STATION)[2]
    (at_desk,) = service.of("desk", STATION)
    desk = await screens.signed_in("/desk", at_desk, phone=False)
    phone = await screens.officer(officer, LAT + 0.001, LON)
    citizen = await screens.open("/")
    await report(citizen, "noise", "Loud music for two hours.")
    await expect(phone.locator("[data-take]")).to_be_visible()
    await status(citizen, "at_station")
    await expect(citizen.locator("[data-status]")).to_contain_text(
        "Nobody nearby was free. Xuanwumen Station has it now"
    )
    await expect(phone.locator("[data-notice]")).to_contain_text("The station has it now.")
    await expect(desk.locator('[data-case][data-status="at_station"]')).to_contain_text("Not acknowledged")

    await desk.keyboard.press("j")
    await expect(desk.locator("[data-card]")).to_contain_text("Loud music")
    await desk.keyboard.press("t")
    await desk.keyboard.press("a")  # before the answer to "t" has come: the form stays, with the focus
    await expect(citizen.locator("[data-status]")).to_contain_text("has seen it")
    await expect(desk.locator("[data-card]")).not_to_contain_text("Not acknowledged")
    await expect(desk.locator("#f-officer")).to_be_focused()
    await desk.keyboard.type(officer["call_sign"])
    await desk.keyboard.press("Enter")
    await expect(phone.locator("[data-held]")).to_be_visible()
    await status(citizen, "claimed")
    await phone.click("summary:has-text('More')")
    await phone.click('[data-sheet="hand_back"]')
    await phone.click('[data-act="hand_back"]')
    await expect(phone.locator("[data-held]")).to_have_count(0)
    await status(citizen, "at_station")
    await citizen.click("text=Take the report back")
    await citizen.click("button:has-text('Take it back')")
    await status(citizen, "withdrawn")
    assert screens.complaints == []


async def test_the_pages_come_back_by_themselves_after_the_server_was_killed(
    service: Service, screens: Screens
) -> None:
    officer = service.of("officer", STATION)[3]
    phone = await screens.officer(officer, LAT, LON)
    citizen = await screens.open("/")
    await report(citizen, "theft", "A handbag is gone.")
    await expect(phone.locator("[data-take]")).to_be_visible()

    assert service.children.kill("web", signal.SIGKILL)
    await expect(phone.locator(".line-bar")).to_be_visible()
    await phone.click("[data-take]")

    await expect(phone.locator("[data-held]")).to_be_visible(timeout=30_000)
    await expect(phone.locator(".line-bar")).to_have_count(0)
    await status(citizen, "claimed")
    await phone.click('[data-step="set_out"]')
    await status(citizen, "en_route")


async def test_a_wrong_password_is_told_in_a_sentence_and_the_form_stays(service: Service, screens: Screens) -> None:
    page = await screens.open("/officer", lang="zh-CN")
    await page.fill("#login", "nobody")
    await page.fill("#password", "wrong")
    await page.click("button[type=submit]")
    await expect(page.get_by_role("alert")).to_contain_text("用户名或密码错误。")
    assert await page.input_value("#login") == "nobody"
    assert await page.evaluate("document.documentElement.lang") == "zh-CN"
