"""Every named state of every page on a narrow screen, at 200 % zoom, and for people who want nothing to move.

The pages alone are served: a state is replayed from its log, as the pattern sheet does. All states in one go a page and
language, so that it is quick.
"""

import re
from typing import Any, Final, Literal

import pytest
from playwright.async_api import Browser, Page

from gateway.http.pages import room_files
from scripts.looks.pages import LANGUAGES, NAMES, page_named

pytestmark = [pytest.mark.browser, pytest.mark.slow]

NARROW: Final = {"width": 320, "height": 568}
"""WCAG 2.2, 1.4.10: 1280 pixels at 400 %; also the narrowest phone in use."""
ZOOMED: Final = {"width": 640, "height": 450}
"""1280 x 900 at 200 %: the desk and the admin sit at a screen."""
SWIFT_MS: Final = 200
"""DESIGN: nothing moves for longer."""

PLAY: Final = """async (room) => {
  const { PLAYED } = await import(`/static/${room}/states.js`);
  const { stage } = await import("/static/shared/replay.js");
  const judge = JUDGE, found = [];
  for (const { name } of PLAYED.states) {
    scrollTo(0, 0);
    await stage(PLAYED, name);
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    for (const one of judge()) found.push(`${name}: ${one}`);
  }
  return found;
}"""

CUT: Final = """() => {
  const found = [], wide = document.documentElement.clientWidth, all = document.scrollingElement.scrollWidth;
  const said = (node) => `${node.localName}.${node.className} "${node.textContent.trim().slice(0, 40)}"`;
  const scrolls = (node) => ["auto", "scroll"].includes(getComputedStyle(node).overflowX);
  if (all > wide) found.push(`scrolls sideways: ${all} of ${wide}`);
  for (const node of document.querySelectorAll("#page *")) {
    if (!(node instanceof HTMLElement) || !node.checkVisibility()) continue;
    const style = getComputedStyle(node), high = node.getBoundingClientRect().height;
    if (["fixed", "sticky"].includes(style.position) && high > innerHeight * 0.6)
      found.push(`does not scroll and takes ${high} of ${innerHeight}: ${said(node)}`);
    if (node.closest(".unseen, .skip, .map")) continue;
    const { left, right } = node.getBoundingClientRect();
    let inside = node.parentElement;
    while (inside && !scrolls(inside)) inside = inside.parentElement;
    if (!inside && (right > wide + 1 || left < -1)) found.push(`sticks out: ${said(node)}, ${left} to ${right}`);
    if (![...node.childNodes].some((kid) => kid.nodeType === 3 && kid.data.trim())) continue;
    const hidden = (way) => ["hidden", "clip"].includes(style[way]);
    if (hidden("overflowX") && node.scrollWidth > node.clientWidth + 1) found.push(`cut off: ${said(node)}`);
    if (hidden("overflowY") && node.scrollHeight > node.clientHeight + 1) found.push(`cut off below: ${said(node)}`);
  }
  return found;
}"""

MOVES: Final = """() => document.getAnimations().map((one) => {
  const name = one.animationName ?? one.transitionProperty, { endTime } = one.effect.getComputedTiming();
  return endTime > 0 ? `${name} of .${one.effect.target.className}: ${endTime} ms` : "";
}).filter(Boolean)"""


async def opened(
    browser: Browser,
    url: str,
    name: str,
    language: str,
    view: Any,
    motion: Literal["reduce", "no-preference"] = "reduce",
) -> Page:
    page = page_named(name)
    context = await browser.new_context(viewport=view, locale=language, service_workers="block", reduced_motion=motion)
    shown = await context.new_page()
    await shown.route("**/static/vendor/**", lambda route: route.abort())
    await shown.goto(f"{url}{page.path}?lang={language}")
    await shown.wait_for_selector("#page:not([aria-busy])")
    return shown


async def judged(shown: Page, name: str, judge: str) -> list[str]:
    found: list[str] = await shown.evaluate(PLAY.replace("JUDGE", judge), page_named(name).room)
    await shown.context.close()
    return found


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", NAMES)
async def test_nothing_is_cut_off_or_scrolls_sideways_when_it_is_narrow_or_zoomed(
    browser: Browser, pages_alone: str, name: str, language: str
) -> None:
    view = NARROW if name in ("citizen", "officer") else ZOOMED
    found = await judged(await opened(browser, pages_alone, name, language, view), name, CUT)
    assert not found, "\n".join(found)


async def test_a_planted_overflow_is_seen(browser: Browser, pages_alone: str) -> None:
    shown = await opened(browser, pages_alone, "citizen", "en", NARROW)
    for rule in ("#main :is(h1, h2, p) { white-space: nowrap; overflow: hidden }", "#main form { width: 500px }"):
        await shown.evaluate("(rule) => document.styleSheets[0].insertRule(rule)", rule)
    found = await judged(shown, "citizen", CUT)
    assert {one.split(": ")[1] for one in found} >= {"cut off", "sticks out", "scrolls sideways"}


@pytest.mark.parametrize("name", NAMES)
async def test_nothing_moves_where_reduced_motion_is_wanted(browser: Browser, pages_alone: str, name: str) -> None:
    shown = await opened(browser, pages_alone, name, "en", page_named(name).view)
    found = await judged(shown, name, MOVES)
    assert not found, "\n".join(found)


async def test_where_motion_is_welcome_it_is_short_and_is_seen_by_this_test(browser: Browser, pages_alone: str) -> None:
    found = []
    for name in NAMES:
        shown = await opened(browser, pages_alone, name, "en", page_named(name).view, "no-preference")
        found += await judged(shown, name, MOVES)
    assert found, "no state moves at all: then nothing is proved by the test above"
    long = [one for one in found if float(one.rsplit(": ", 1)[1].removesuffix(" ms")) > SWIFT_MS]
    assert not long, "\n".join(long)


def test_every_style_that_moves_something_stands_behind_the_wish_for_motion() -> None:
    """Also what no replayed state shows, such as the second in which a bar is held."""
    moving = re.compile(r"^.*\b(?:animation|transition|scroll-behavior)\s*:.*$", re.M)
    welcome = re.compile(
        r"@media \(prefers-reduced-motion: no-preference\) \{(?:[^{}]|\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\})*\}"
    )
    styles = {path.name: path.read_text() for path in room_files() if path.suffix == ".css"}
    assert any(moving.search(text) for text in styles.values())
    assert not [(name, line) for name, text in styles.items() for line in moving.findall(welcome.sub("", text))]
