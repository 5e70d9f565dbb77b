"""What hands do on the pages, and what eyes look for there."""

from typing import Final

from playwright.async_api import Page, expect

STATION: Final = "xw-1"
LAT, LON = 32.06, 118.79

PRESS_AT: Final = """(at) => new Promise((pressed) => setTimeout(() => {
    const card = document.querySelector('[data-take]');
    card?.click();
    pressed(card !== null);
}, at - Date.now()))"""
"""Pressed from inside the page, at a moment (ms since the epoch) for several pages as one: a second card is gone sooner
than a pointer gets there. Whether there was still a card."""


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


async def arrive(phone: Page, how: str = "report_taken") -> None:
    """From the claim to the end, with the large button alone and one choice."""
    for step in ("set_out", "arrived"):
        await phone.click(f'[data-step="{step}"]')
    await phone.click(f'[data-disposition="{how}"]')
    await phone.click('[data-step="cleared"]')
    await expect(phone.locator("[data-held]")).to_have_count(0)
