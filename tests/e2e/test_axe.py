"""axe-core finds nothing in any named state of any page: each in one language and scheme a run, in turn by the day.

The pages alone are served, without the service behind them: a state is replayed from its log. All ways at once, and
Lighthouse, are `scripts/pages-report`'s.
"""

import re
import time
from typing import Final, Literal

import pytest
from playwright.async_api import Browser

from gateway.http.pages import PAGES
from scripts.looks.axe import AXE, LOOK, looks
from scripts.looks.pages import NAMES, WAYS, NotLooked, page_named
from scripts.web_packages import Parts, installed

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(not installed(Parts.ALL), reason="axe is not installed: python -m scripts.web_packages"),
]

DAY_S: Final = 86_400


def test_every_page_of_the_service_is_looked_at() -> None:
    assert set(PAGES.values()) <= {*NAMES, "station"}
    for path, room in PAGES.items():
        assert page_named(path.strip("/") or room).path == path


@pytest.mark.parametrize("name", NAMES)
async def test_axe_finds_nothing_in_any_state(browser: Browser, pages_alone: str, name: str) -> None:
    try:
        page = page_named(name)
    except NotLooked as why:
        pytest.skip(str(why))
    turn = int(time.time() // DAY_S)
    print(f"turn {turn % len(WAYS)} of {WAYS}")
    seen = [one async for one in looks(browser, pages_alone, page, WAYS, turn)]
    assert len(seen) == len({one.state for one in seen}) >= 5
    wrong = [f"{one.state}, {one.language}, {one.scheme}: {found}" for one in seen for found in one.found]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(("language", "scheme"), WAYS)
async def test_axe_finds_nothing_on_the_pattern_sheet(
    browser: Browser, pages_alone: str, language: str, scheme: str
) -> None:
    dark: Literal["dark", "light"] = "dark" if scheme == "dark" else "light"
    context = await browser.new_context(color_scheme=dark, reduced_motion="reduce", service_workers="block")
    shown = await context.new_page()
    await shown.route("**/static/vendor/**", lambda route: route.abort())
    await shown.goto(f"{pages_alone}/patterns?lang={language}")
    await shown.wait_for_selector("#main")
    await shown.evaluate(AXE.read_text())
    told = await shown.evaluate("async () => (await axe.run(document)).violations.map((one) => "
                                "`${one.id}: ${one.nodes.map((node) => node.target).join(' ')}`)")  # fmt: skip
    missing = re.findall(r"\[[a-z_.]+\]", await shown.inner_text("#main"))
    await context.close()
    assert told == [] and missing == []


async def test_a_named_state_can_be_opened_from_the_pattern_sheet(browser: Browser, pages_alone: str) -> None:
    context = await browser.new_context(locale="en", service_workers="block")
    shown = await context.new_page()
    await shown.goto(f"{pages_alone}/patterns?lang=en")
    await shown.click("text=reconnecting >> nth=0")
    await shown.wait_for_selector('[data-state="reconnecting"] .line-bar')
    await context.close()


async def test_a_planted_lack_is_seen(browser: Browser, pages_alone: str) -> None:
    """A button without a name, put into every state: axe must see it, or nothing above is worth anything."""
    context = await browser.new_context(service_workers="block")
    shown = await context.new_page()
    await shown.goto(pages_alone)
    await shown.evaluate(AXE.read_text())
    await shown.evaluate("document.body.append(document.createElement('button'))")
    told = await shown.evaluate(LOOK, {"room": "citizen", "state": "live"})
    await context.close()
    assert "button-name" in {one["rule"] for one in told}
