"""One citizen, three officers and one desk, in five contexts at once: every promise of a case as five people see it."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass

import asyncpg
import pytest
from playwright.async_api import Browser, Page, expect

from tests.e2e.conftest import Screens, Service
from tests.e2e.hands import LAT, LON, PRESS_AT, STATION, arrive, report, status

pytestmark = pytest.mark.browser


@dataclass(frozen=True, slots=True)
class Five:
    """Five screens; the officers by call sign, on duty, where their satellites say."""

    citizen: Page
    officers: dict[str, Page]
    desk: Page
    complaints: list[str]

    async def offered(self) -> None:
        """The case rings on every phone."""
        for phone in self.officers.values():
            await expect(phone.locator("[data-take]")).to_have_text("Take it")

    async def holder(self) -> str:
        """Who has it, when all three know: exactly one."""
        for phone in self.officers.values():
            await expect(phone.locator("[data-take]")).to_have_count(0)
        held = {sign: await phone.locator("[data-held]").count() for sign, phone in self.officers.items()}
        assert sorted(held.values()) == [0, 0, 1], held
        return next(sign for sign, count in held.items() if count)

    async def again(self) -> None:
        """The citizen has a second thing to report; nobody reads of the last one any more."""
        await self.citizen.evaluate("localStorage.clear(); sessionStorage.clear()")
        await self.citizen.goto(self.citizen.url.partition("#")[0])
        for phone in self.officers.values():
            await phone.evaluate(
                "document.querySelectorAll('[data-notice] button.plain').forEach((one) => one.click())"
            )
            await expect(phone.locator("[data-notice]")).to_have_count(0)


@pytest.fixture(scope="module")
async def five(service: Service, browser: Browser) -> AsyncIterator[Five]:
    """Opened once: five pages are what costs time here."""
    async with AsyncExitStack() as stack:
        yield await _five(service, Screens(browser, service.url, stack, []))


async def _five(service: Service, screens: Screens) -> Five:
    (at_desk,) = service.of("desk", STATION)
    desk, citizen = await asyncio.gather(
        screens.signed_in("/desk", at_desk, phone=False, drawn_maps=False), screens.open("/", drawn_maps=False)
    )
    people = service.of("officer", STATION)[:3]
    places = [(LAT + 0.004, LON), (LAT, LON + 0.005), (LAT - 0.005, LON)]
    phones = await asyncio.gather(
        *(screens.signed_in("/officer", one, at=at, drawn_maps=False) for one, at in zip(people, places, strict=True))
    )
    for phone in phones:
        await phone.click('[data-duty="off"]')
        await expect(phone.locator('[data-idle="waiting"]')).to_contain_text("By satellite, within 8 m")
    officers = {one["call_sign"]: phone for one, phone in zip(people, phones, strict=True)}
    for sign in officers:
        await expect(desk.locator(f'[data-officer="{sign}"]')).to_be_visible()
    return Five(citizen, officers, desk, screens.complaints)


async def shorten(service: Service, category: str, window_ms: int) -> None:
    connection = await asyncpg.connect(service.owner_url)
    await connection.execute("UPDATE categories SET window_ms = $2 WHERE id = $1", category, window_ms)
    await connection.close()


async def test_two_press_within_milliseconds_one_comes_the_word_matches_and_it_is_opened_again(
    five: Five,
) -> None:
    citizen, desk = five.citizen, five.desk
    await report(citizen, "bicycle", "A man is cutting the lock of a bicycle.")
    await status(citizen, "offered")
    await five.offered()
    await expect(desk.locator('[data-case][data-status="offered"]')).to_be_visible()

    two, at = list(five.officers)[:2], 1_000 * time.time() + 400
    pressed = await asyncio.gather(*(five.officers[sign].evaluate(PRESS_AT, at) for sign in two))
    winner = await five.holder()
    assert winner in two
    phone = five.officers[winner]
    for sign, other in five.officers.items():
        if sign != winner:  # on a busy machine a card may be gone before the clock of its page strikes
            late = sign in two and pressed[two.index(sign)]
            said = f"{winner} was first." if late else f"{winner} has taken it."
            await expect(other.locator("[data-notice]")).to_contain_text(said)
    await status(citizen, "claimed")
    await expect(citizen.locator("[data-status]")).to_contain_text(winner)
    await expect(desk.locator('[data-case][data-status="claimed"]')).to_contain_text(winner)
    await expect(phone.locator("[data-seen-by-reporter]")).to_contain_text(f"{winner} has taken it")

    await phone.click('[data-step="set_out"]')
    await status(citizen, "en_route")
    await expect(citizen.locator("[data-status]")).to_contain_text("minutes away", timeout=20_000)
    await expect(citizen.locator("figcaption")).to_contain_text("appears here after the first stretch")
    await phone.context.set_geolocation({"latitude": LAT + 0.0005, "longitude": LON + 0.0005, "accuracy": 8})
    await expect(citizen.locator("figcaption")).to_contain_text("shown roughly", timeout=20_000)

    await phone.click('[data-step="arrived"]')
    await status(citizen, "on_scene")
    word = await citizen.locator("[data-word]").get_attribute("data-word")
    assert word is not None
    await phone.fill("#word", "".join(str(9 - int(digit)) for digit in word))
    await phone.press("#word", "Enter")
    await expect(phone.locator("#word-wrong")).to_contain_text("That is not the word")
    await phone.fill("#word", word)
    await phone.press("#word", "Enter")
    await expect(phone.locator('[data-met="yes"]')).to_be_visible()
    await expect(citizen.locator(".coming")).to_contain_text("you have met")

    await phone.click('[data-disposition="report_taken"]')
    await phone.click('[data-step="cleared"]')
    await status(citizen, "cleared")
    await expect(phone.locator("[data-held]")).to_have_count(0)
    await citizen.click("[data-not-solved]")
    await citizen.fill("#object-words", "The bicycle is still gone.")
    await citizen.click("button:has-text('Send it to the supervisor')")
    await status(citizen, "at_station")
    await expect(desk.locator('[data-case][data-status="at_station"]')).to_be_visible()
    assert five.complaints == []


async def test_nobody_presses_and_the_station_has_it_on_all_five(service: Service, five: Five) -> None:
    await shorten(service, "noise", 5_000)
    await five.again()
    await report(five.citizen, "noise", "Loud music for two hours.")
    await five.offered()
    await status(five.citizen, "at_station")
    await expect(five.citizen.locator("[data-status]")).to_contain_text("Nobody nearby was free.")
    for phone in five.officers.values():
        await expect(phone.locator("[data-notice]")).to_contain_text("The station has it now.")
        await expect(phone.locator("[data-take]")).to_have_count(0)
    row = five.desk.locator('[data-case][data-status="at_station"]', has_text="Loud music")
    await expect(row).to_contain_text("Not acknowledged")
    assert five.complaints == []


async def test_an_officer_without_network_presses_once_and_it_counts_once_while_another_does_not_get_it(
    five: Five,
) -> None:
    await five.again()
    await report(five.citizen, "theft", "A handbag is gone.")
    await five.offered()
    (first, phone), (second, other), _third = five.officers.items()
    await phone.context.set_offline(True)
    await phone.click("[data-take]")
    await expect(phone.locator("[data-take]")).to_have_text("No line: kept, and sent once")
    await phone.context.set_offline(False)
    assert await five.holder() == first
    await expect(other.locator("[data-notice]")).to_contain_text(f"{first} has taken it.")
    await status(five.citizen, "claimed")

    # Cut while holding: what is pressed waits, and comes back as done.
    await phone.context.set_offline(True)
    await phone.click('[data-step="set_out"]')
    await expect(phone.locator("[data-step]")).to_have_text("No line: kept, and sent once")
    await expect(phone.locator(".line-bar")).to_be_visible()
    await phone.context.set_offline(False)
    await expect(phone.locator('[data-step="arrived"]')).to_be_visible()
    await status(five.citizen, "en_route")
    await arrive_from_the_way(phone)
    await status(five.citizen, "cleared")

    # The other way round: who has no line learns on coming back that another has it.
    await five.again()
    await report(five.citizen, "theft", "A second handbag is gone.")
    await five.offered()
    await phone.context.set_offline(True)
    await phone.click("[data-take]")
    await other.click("[data-take]")
    await expect(other.locator("[data-held]")).to_be_visible()
    await phone.context.set_offline(False)
    await expect(phone.locator("[data-notice]")).to_contain_text(f"{second} was first.")
    await arrive(other, "advice_given")


async def arrive_from_the_way(phone: Page) -> None:
    await phone.click('[data-step="arrived"]')
    await phone.click('[data-disposition="report_taken"]')
    await phone.click('[data-step="cleared"]')


async def test_a_closed_tab_is_opened_again_where_it_was_and_a_dead_server_is_waited_for(
    service: Service, five: Five
) -> None:
    five.complaints.clear()  # a browser complains of a network that is away
    await five.again()
    await report(five.citizen, "bicycle", "Another bicycle.")
    await five.offered()
    sign, phone = next(iter(five.officers.items()))
    await phone.click("[data-take]")
    await expect(phone.locator("[data-held]")).to_be_visible()

    again = await phone.context.new_page()
    again.set_default_timeout(15_000)
    await phone.close()
    await again.goto(f"{service.url}/officer")
    await expect(again.locator("[data-held]")).to_contain_text("Another bicycle.")
    await again.click('[data-step="set_out"]')
    await status(five.citizen, "en_route")
    assert five.complaints == []

    assert service.children.kill("web", signal.SIGKILL)
    await expect(again.locator(".line-bar")).to_be_visible()
    await again.click('[data-step="arrived"]')
    for page in (five.citizen, five.desk, again):
        await expect(page.locator(".line-bar")).to_have_count(0, timeout=30_000)
    await status(five.citizen, "on_scene")
    await expect(five.desk.locator('[data-case][data-status="on_scene"]')).to_contain_text(sign)
    await again.click('[data-disposition="founded"]')
    await again.click('[data-step="cleared"]')
    await status(five.citizen, "cleared")
