"""axe-core over the named states of a page, each replayed in the real page (`shared/replay.js`).

All rules are asked, best practices and the size of targets too, but those that only a whole site can answer. What axe
could not decide counts neither way. Maps are the plain ones here: to axe the live one is a picture.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from playwright.async_api import Browser

from gateway.http.pages import ROOM
from scripts.looks.pages import Page

AXE: Final = ROOM / "node_modules" / "axe-core" / "axe.min.js"
STATE_MS: Final = 60_000
"""For one state; a third of a second alone on this machine, and nothing that hangs may hang the report."""
LISTED: Final = "async (room) => (await import(`/static/${room}/states.js`)).PLAYED.states.map((one) => one.name)"
LOOK: Final = """async ({ room, state }) => {
  const { PLAYED } = await import(`/static/${room}/states.js`);
  const { stage } = await import("/static/shared/replay.js");
  await stage(PLAYED, state);
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  const told = await axe.run(document, { resultTypes: ["violations"], rules: { "target-size": { enabled: true } } });
  return told.violations.map((one) => ({
    rule: one.id, help: one.help,
    nodes: one.nodes.map((node) =>
      `${node.target.join(" ")}: ${(node.failureSummary ?? "").replace(/\\s+/g, " ")}`) }));
}"""


@dataclass(frozen=True, slots=True)
class Look:
    """One state in one language and scheme. `violations`: elements that break a rule, each rule counted."""

    page: str
    state: str
    language: str
    scheme: str
    violations: int
    found: tuple[str, ...] = ()

    def row(self) -> dict[str, Any]:
        """As the report has it."""
        return {name: one for name, one in asdict(self).items() if name != "found"}


async def looks(
    browser: Browser, url: str, page: Page, ways: Sequence[tuple[str, str]], turn: int | None = None
) -> AsyncIterator[Look]:
    """Every state of a page in each way (language, scheme); with a `turn` each state in one of them, and all in all of
    them after as many turns. Raises: playwright's errors, or TimeoutError, where one cannot be shown."""
    for way, (language, scheme) in enumerate(ways):
        context = await browser.new_context(
            viewport={"width": page.view["width"], "height": page.view["height"]},
            locale=language,
            color_scheme="dark" if scheme == "dark" else "light",
            reduced_motion="reduce",  # nothing half faded in is measured
            service_workers="block",
        )
        try:
            shown = await context.new_page()
            shown.set_default_timeout(STATE_MS)
            await shown.route("**/static/vendor/**", lambda route: route.abort())
            await shown.goto(f"{url}{page.path}?lang={language}")
            await shown.wait_for_selector("#page:not([aria-busy])")
            await shown.evaluate(AXE.read_text())
            for at, state in enumerate(await shown.evaluate(LISTED, page.room)):
                if turn is not None and (at + turn) % len(ways) != way:
                    continue
                async with asyncio.timeout(STATE_MS / 1000):  # `evaluate` knows no end of its own
                    told = await shown.evaluate(LOOK, {"room": page.room, "state": state})
                found = tuple(f"{one['rule']} ({one['help']}): {node}" for one in told for node in one["nodes"])
                yield Look(page.name, state, language, scheme, len(found), found)
        finally:
            await context.close()
