"""The whole service as real processes on real stores, and a real Chromium to look at it."""

import asyncio
import json
import os
import socket
import sys
from collections.abc import AsyncIterator, Generator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import asyncpg
import httpx
import pytest
import uvicorn
from playwright.async_api import Browser, Page, Playwright, async_playwright
from starlette.applications import Starlette

from gateway.basemap import Basemap
from gateway.http.pages import ROUTES
from gateway.http.problems import EXCEPTION_HANDLERS
from scripts.children import Child, Children, run_once
from tests.conftest import Database
from tests.e2e.talk import Town
from tests.e2e.walked import WALKED

ROOT: Final = Path(__file__).resolve().parents[2]
READY_S: Final = 60.0
CHROMIUM: Final = Path("/usr/bin/chromium")
QUIET: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@dataclass(frozen=True, slots=True)
class Service:
    """A running town. `people` as `release` wrote them: role, login, password, station, call_sign."""

    url: str
    people: list[dict[str, Any]]
    children: Children
    owner_url: str
    folder: Path
    env: dict[str, str]

    def of(self, role: str, station: str) -> list[dict[str, Any]]:
        return [one for one in self.people if one["role"] == role and one.get("station") == station]


@pytest.fixture(scope="module")
async def service(
    database: Database, redis_url: str, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> AsyncIterator[Service]:
    """release, then relay, sweeper and web, on a free port. What was walked is noted at the end.

    A file that needs more says so: `MORE_ENV` (settings) and `MORE_ROLES` (name and module of each process).
    """
    folder = tmp_path_factory.mktemp("service")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    env = {
        **{name: value for name, value in os.environ.items() if not name.startswith("ONBEAT_")},
        "DATABASE_URL": database.app_url,
        "REDIS_URL": redis_url,
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "ONBEAT_DEMO": "1",
        "ONBEAT_CREDENTIALS": str(folder / "credentials.json"),
        **getattr(request.module, "MORE_ENV", {}),
    }

    def role(name: str, module: str, **more: str) -> Child:
        return Child(name, (sys.executable, "-m", module), {**env, **more}, folder / f"{name}.log", ROOT)

    await run_once(role("release", "gateway.release", DATABASE_OWNER_URL=database.owner_url), 60)
    url = f"http://localhost:{port}"
    async with Children() as children:
        roles = (("relay", "gateway.relay"), ("sweeper", "gateway.sweeper"), ("web", "gateway.app"))
        for name, module in (*roles, *getattr(request.module, "MORE_ROLES", ())):
            children.start(role(name, module))
        await _ready(url, folder)
        people = json.loads((folder / "credentials.json").read_text())["people"]
        yield Service(url, people, children, database.owner_url, folder, env)
    await WALKED.read(request.module.__name__.rpartition(".")[2], database.owner_url)


@pytest.fixture(scope="module")
async def town(service: Service) -> AsyncIterator[Town]:
    """The running town, a client, and a connection that looks into its database. A file that needs more has its own."""
    owner = await asyncpg.connect(service.owner_url)
    async with httpx.AsyncClient(base_url=service.url, trust_env=False, timeout=15) as client:
        yield Town(service, client, owner)
    await owner.close()


async def _ready(url: str, folder: Path) -> None:
    last = "no answer"
    async with httpx.AsyncClient(trust_env=False, timeout=5) as client:
        for _ in range(int(READY_S / 0.1)):
            try:
                answer = await client.get(f"{url}/readyz")
                if answer.status_code == 200:
                    return
                last = answer.text
            except httpx.HTTPError as error:
                last = str(error)
            await asyncio.sleep(0.1)
    raise AssertionError(f"not ready within {READY_S:.0f} s: {last}\n{_said(folder)}")


def _said(folder: Path) -> str:
    """The end of each role's log."""
    return "\n".join(f"{log.name}: {log.read_text()[-2000:]}" for log in sorted(folder.glob("*.log")))


@pytest.fixture(scope="session")
async def playwright() -> AsyncIterator[Playwright]:
    async with async_playwright() as running:
        yield running


@pytest.fixture(scope="session")
async def browser(playwright: Playwright) -> AsyncIterator[Browser]:
    """Debian's Chromium where it is, Playwright's own elsewhere; without either the tests say how to get one."""
    own = Path(playwright.chromium.executable_path)
    found = CHROMIUM if CHROMIUM.exists() else own
    if not found.exists():
        pytest.skip("no Chromium: apt-get install chromium fonts-noto-cjk, or playwright install chromium")
    running = await playwright.chromium.launch(executable_path=str(found), args=list(QUIET))
    yield running
    await running.close()


@pytest.fixture
async def pages_alone() -> AsyncIterator[str]:
    """Where the pages are, without the service behind them: enough for states that are replayed."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        port = held.getsockname()[1]
        app = Starlette(routes=ROUTES, exception_handlers=EXCEPTION_HANDLERS)
        origins = frozenset({f"http://localhost:{port}"})
        app.state.settings = SimpleNamespace(emergency_number="110", origins=origins, basemap=Basemap(), demo=True)
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
        serving = asyncio.create_task(server.serve(sockets=[held]))
        yield f"http://localhost:{port}"
        server.should_exit = True
        await serving


NO_WEBGL: Final = "HTMLCanvasElement.prototype.getContext = () => null"


@dataclass(slots=True)
class Screens:
    """Opens pages, each in a context of its own as if on its own machine; keeps what their consoles complained of."""

    browser: Browser
    url: str
    stack: AsyncExitStack
    complaints: list[str]

    async def open(
        self,
        path: str,
        *,
        phone: bool = True,
        lang: str = "en",
        dark: bool = False,
        at: tuple[float, float] | None = None,
        drawn_maps: bool = True,
        keeps_files: bool = True,
    ) -> Page:
        """`at`: where its satellites say it is; without, it may not ask them. `drawn_maps`: false takes WebGL away,
        which a machine without a graphics card pays dearly for; maps are then the plain ones. `keeps_files`: false is a
        browser without service workers, whose every request a test can answer."""
        context = await self.browser.new_context(
            geolocation=None if at is None else {"latitude": at[0], "longitude": at[1], "accuracy": 8},
            permissions=["notifications", *([] if at is None else ["geolocation"])],  # what is not given is forbidden
            viewport={"width": 390, "height": 844} if phone else {"width": 1440, "height": 900},
            locale=lang,
            color_scheme="dark" if dark else "light",
            has_touch=phone,
            service_workers="allow" if keeps_files else "block",
        )
        self.stack.push_async_callback(context.close)
        if not drawn_maps:
            await context.add_init_script(NO_WEBGL)
        page = await context.new_page()
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda error: self.complaints.append(f"{path}: {error}"))
        page.on("console", lambda m: self.complaints.append(f"{path}: {m.text}") if m.type == "error" else None)
        await page.goto(self.url + path)
        return page

    async def signed_in(self, path: str, person: dict[str, Any], **more: Any) -> Page:
        """The person's own page, when all that it shows is there.

        Not "a heading stands in the main part": the form has one too, and the officer's page has its own in the
        banner, so whoever looked after the form had gone waited for nothing.
        """
        page = await self.open(path, **more)
        await page.fill("#login", person["login"])
        await page.fill("#password", person["password"])
        await page.press("#password", "Enter")
        await page.wait_for_selector("#login", state="detached")
        await page.wait_for_selector("#main:not([aria-busy])")
        return page

    async def officer(self, person: dict[str, Any], lat: float, lon: float, **more: Any) -> Page:
        """An officer on duty who stands at a place."""
        page = await self.signed_in(f"/officer?at={lat},{lon}", person, **more)
        await page.click('[data-duty="off"]')
        await page.wait_for_selector('[data-on-duty="on"]')
        return page


@pytest.fixture
async def screens(browser: Browser, service: Service, request: pytest.FixtureRequest) -> AsyncIterator[Screens]:
    """Of a test that failed, what stood on every open page is told."""
    async with AsyncExitStack() as stack:
        opened = Screens(browser, service.url, stack, [])
        yield opened
        if request.node.stash.get(FAILED, False):
            for page in (page for context in browser.contexts for page in context.pages):
                print(f"--- {page.url}\n{await page.locator('body').aria_snapshot()}")
            print(*opened.complaints, _said(service.folder), sep="\n")


FAILED: Final = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.when == "call":
        item.stash[FAILED] = report.failed
    return report
