"""The pages without a line, in a real Chromium: what was opened opens again, says so, and a newer one takes over."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest
import uvicorn
from playwright.async_api import Browser, Page, expect
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.basemap import Basemap
from gateway.http import installable, pages

pytestmark = pytest.mark.browser


@dataclass(slots=True)
class Town:
    """A server of the pages alone, which can be stopped, started and changed."""

    app: Starlette
    port: int
    server: uvicorn.Server | None = None
    serving: "asyncio.Task[None] | None" = None

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    async def start(self) -> None:
        config = uvicorn.Config(self.app, port=self.port, log_level="error", lifespan="off", timeout_keep_alive=1)
        self.server = uvicorn.Server(config)
        setattr(self.server, "capture_signals", _no_signals)  # noqa: B010 - not ours to redefine
        self.serving = asyncio.create_task(self.server.serve())
        while not self.server.started:  # noqa: ASYNC110 - it tells nobody when
            await asyncio.sleep(0.01)

    async def stop(self) -> None:
        if self.server is not None and self.serving is not None:
            self.server.should_exit = self.server.force_exit = True
            await self.serving
            self.server = None


def _no_signals() -> Any:
    """Ctrl-C belongs to the test run."""
    return contextlib.nullcontext()


async def _categories(_request: Request) -> Response:
    return JSONResponse({"categories": []})


async def _healthz(_request: Request) -> Response:
    return JSONResponse({"ok": True})


@pytest.fixture
async def town() -> AsyncIterator[Town]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    app = Starlette(
        routes=[
            *pages.ROUTES,
            *installable.ROUTES,
            Route("/v1/categories", _categories),
            Route("/healthz", _healthz),
        ]
    )
    app.state.settings = SimpleNamespace(
        emergency_number="110", origins=frozenset({f"http://localhost:{port}"}), basemap=Basemap()
    )
    made = Town(app, port)
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def page(browser: Browser) -> AsyncIterator[Page]:
    context = await browser.new_context(viewport={"width": 390, "height": 844}, locale="en")
    page = await context.new_page()
    page.set_default_timeout(15_000)
    yield page
    await context.close()


KEPT = """async (path) => {
  for (const name of await caches.keys()) if (await (await caches.open(name)).match(path)) return name;
  return null;
}"""
NAMES = """async () => (await Promise.all((await caches.keys()).map(async (name) =>
  (await (await caches.open(name)).keys()).map((one) => new URL(one.url).pathname)))).flat()"""


async def kept(page: Page, path: str) -> str:
    """The name of the cache that holds the page, once one does."""
    for _ in range(200):
        name: str | None = await page.evaluate(KEPT, path)
        if name is not None:
            return name
        await asyncio.sleep(0.05)
    raise AssertionError(f"{path} was never kept")


@pytest.mark.parametrize(("path", "says"), [("/", "Report"), ("/officer", "officer"), ("/desk", "desk")])
async def test_a_page_that_was_opened_opens_again_without_a_line_and_says_so(
    town: Town, page: Page, path: str, says: str
) -> None:
    await page.goto(town.url + path)
    await expect(page.locator("#main")).to_be_visible()
    await kept(page, path)
    assert not [name for name in await page.evaluate(NAMES) if name.startswith("/v1/")]

    await town.stop()
    await page.reload()

    await expect(page.locator("#main")).to_be_visible()
    await expect(page.locator("[data-offline]")).to_contain_text("No connection")
    assert says in await page.title() or says in (await page.locator("body").inner_text()).lower()

    await town.start()
    await expect(page.locator("[data-offline]")).to_have_count(0, timeout=15_000)


async def test_a_lost_network_is_told_on_the_open_page_at_once(town: Town, page: Page) -> None:
    await page.goto(town.url + "/")
    await expect(page.locator("#main")).to_be_visible()
    await page.context.set_offline(True)
    await expect(page.locator("[data-offline]")).to_be_visible()
    await page.context.set_offline(False)
    await expect(page.locator("[data-offline]")).to_have_count(0)


async def test_a_newer_room_takes_over_without_a_reload_and_drops_what_the_older_one_kept(
    town: Town, page: Page
) -> None:
    await page.goto(town.url + "/")
    first = await kept(page, "/")
    await page.evaluate("document.body.dataset.mark = 'still here'")

    town.app.state.settings.emergency_number = "112"  # any change of any file is a new version
    await page.evaluate("navigator.serviceWorker.ready.then((one) => one.update())")
    for _ in range(200):
        names = await page.evaluate("caches.keys()")
        if names and first not in names:
            break
        await asyncio.sleep(0.05)
    second = await kept(page, "/")

    assert second != first and await page.evaluate("caches.keys()") == [second]
    assert await page.evaluate("document.body.dataset.mark") == "still here", "nobody's page is reloaded under them"
    await town.stop()
    await page.reload()
    assert await page.locator("#page").get_attribute("data-emergency") == "112"
