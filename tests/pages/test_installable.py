"""What makes the pages installable is whole: manifests, icons as large as they say, a worker that knows its room."""

import json
import re
import struct
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
from starlette.applications import Starlette

from gateway.basemap import Basemap
from gateway.http import installable, pages
from gateway.http.installable import needed
from gateway.http.pages import PAGES, WORDS_OF, room
from gateway.http.problems import EXCEPTION_HANDLERS
from scripts.icons import ROOM as ICONS
from scripts.icons import SIZES, drawn_from
from scripts.web_packages import Parts, find_node, installed


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    app = Starlette(routes=[*pages.ROUTES, *installable.ROUTES], exception_handlers=EXCEPTION_HANDLERS)
    app.state.settings = SimpleNamespace(
        emergency_number="112", origins=frozenset({"https://onbeat.example"}), basemap=Basemap()
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="https://onbeat.example") as client:
        yield client


def png_size(body: bytes) -> tuple[int, int]:
    assert body.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", body[16:24])
    return width, height


async def room_of(client: httpx.AsyncClient) -> dict[str, object]:
    first = (await client.get("/sw.js")).text.partition("\n")[0]
    told = re.fullmatch(r"self\.ROOM = (\{.*\});", first)
    assert told, first[:80]
    found: dict[str, object] = json.loads(told[1])
    return found


@pytest.mark.parametrize("path", sorted(PAGES))
async def test_each_page_is_an_app_of_its_own_with_icons_of_the_size_they_promise(
    client: httpx.AsyncClient, path: str
) -> None:
    html = (await client.get(path)).text
    named = re.search(r'rel="manifest" href="([^"]+)"', html)
    assert named, "a page without a manifest cannot be installed"
    answer = await client.get(named[1])
    assert answer.headers["content-type"] == "application/manifest+json"
    manifest = answer.json()
    assert (manifest["id"], manifest["start_url"], manifest["scope"]) == (path, path, path)
    assert manifest["display"] == "standalone" and manifest["name"] and manifest["short_name"]
    purposes = {icon["purpose"] for icon in manifest["icons"]}
    assert purposes == {"any", "maskable"}
    for icon in manifest["icons"]:
        picture = await client.get(icon["src"])
        assert picture.status_code == 200 and picture.headers["content-type"] == icon["type"]
        if icon["type"] == "image/png":
            width, height = png_size(picture.content)
            assert f"{width}x{height}" == icon["sizes"]


def test_no_icon_is_older_than_what_it_was_drawn_from() -> None:
    """After a change of an SVG: `python -m scripts.icons`."""
    assert json.loads((ICONS / "made.json").read_text()) == drawn_from()
    for name, (_, pixels) in SIZES.items():
        assert png_size((ICONS / f"{name}.png").read_bytes()) == (pixels, pixels)


async def test_the_worker_is_asked_for_afresh_and_speaks_for_the_whole_origin(client: httpx.AsyncClient) -> None:
    answer = await client.get("/sw.js")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"
    policy = answer.headers["content-security-policy"]
    assert "worker-src 'self'" in policy and "manifest-src 'self'" in policy and "default-src 'none'" in policy
    assert (await client.get("/static/worker/sw.js")).status_code == 404, "the worker has one address"


async def test_everything_a_page_needs_is_kept_and_is_served(client: httpx.AsyncClient) -> None:
    told = await room_of(client)
    shells = told["shells"]
    assert isinstance(shells, dict) and set(shells) == set(PAGES)
    for path, names in shells.items():
        assert (
            f"/static/{PAGES[path]}/page.js" in names
            and f"/static/shared/words/{WORDS_OF[PAGES[path]]}.zh-CN.json" in names
        )
        assert not [name for name in names if name.startswith("/v1/")]
        for name in names:
            assert (await client.get(name)).status_code == 200, name


def test_a_page_needs_what_its_scripts_import_however_far() -> None:
    files = room("110")
    found = needed("officer", files)
    assert {"officer/page.js", "officer/reducer.js", "shared/dom.js", "shared/installed.js"} <= set(found)
    assert not [name for name in found if name.startswith(("citizen/", "station/"))]


def test_a_page_needs_what_its_own_scripts_fetch_later_and_no_map_library() -> None:
    found = needed("citizen", room("110"))
    assert {"citizen/view_live.js", "citizen/view_case.js", "shared/surnames.js", "citizen/working.js"} <= set(found)
    assert not [name for name in found if "live_map_gl" in name or name.startswith("vendor/")]


def test_another_room_is_another_version() -> None:
    """A changed letter anywhere must reach a browser that has kept the older one."""
    one, other = installable.worker("110"), installable.worker("112")
    assert one.body.split(b"\n")[0] != other.body.split(b"\n")[0]
    assert one.etag != other.etag


def test_the_worker_is_typed_as_one() -> None:
    """A page's own types know no `FetchEvent`: the worker has a project of its own."""
    found = find_node()
    if found is None or not installed(Parts.ALL):
        pytest.skip("the type checker is not installed: python -m scripts.web_packages")
    checker = pages.ROOM / "node_modules" / "typescript" / "bin" / "tsc"
    command = [str(found.node), str(checker), "-p", "worker/tsconfig.json", "--pretty", "false"]
    ran = subprocess.run(command, cwd=pages.ROOM, capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == 0, ran.stdout


def test_the_worker_neither_keeps_nor_answers_what_the_service_says() -> None:
    text = Path(installable.WORKER).read_text()
    assert "/v1/" not in re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
