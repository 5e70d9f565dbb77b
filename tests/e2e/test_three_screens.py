"""A citizen's phone, an officer's phone and the station's desk: the desk works what nobody took, by keyboard."""

import asyncpg
import pytest
from playwright.async_api import expect

from tests.e2e.conftest import Screens, Service
from tests.e2e.hands import LAT, LON, STATION, report, status

pytestmark = pytest.mark.browser


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
    await citizen.click("text=Withdraw the report")
    await citizen.click("button:has-text('Withdraw it')")
    await status(citizen, "withdrawn")
    assert screens.complaints == []


async def test_a_wrong_password_is_told_in_a_sentence_and_the_form_stays(service: Service, screens: Screens) -> None:
    page = await screens.open("/officer", lang="zh-CN")
    await page.fill("#login", "nobody")
    await page.fill("#password", "wrong")
    await page.click("button[type=submit]")
    await expect(page.get_by_role("alert")).to_contain_text("用户名或密码错误。")
    assert await page.input_value("#login") == "nobody"
    assert await page.evaluate("document.documentElement.lang") == "zh-CN"
