"""How the pages are served: right types, asked again each time, nothing inline, nothing of anybody else's."""

import gzip
import posixpath
import re
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
from starlette.applications import Starlette

from dispatch.cases.views import View
from gateway.basemap import Basemap
from gateway.http.installable import needed
from gateway.http.pages import (
    COMMENT,
    ROOM,
    ROUTES,
    STAFF_OF,
    TYPES,
    WORDS_OF,
    WORKERS,
    room,
    room_files,
    without_comments,
)
from gateway.http.problems import EXCEPTION_HANDLERS
from gateway.http.vendor import FILES

PAGES = ("/", "/officer", "/desk", "/admin")
ORIGINS = frozenset({"http://localhost:8000", "https://onbeat.example"})


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    app = Starlette(routes=ROUTES, exception_handlers=EXCEPTION_HANDLERS)
    app.state.settings = SimpleNamespace(
        emergency_number="112",
        origins=ORIGINS,
        basemap=Basemap("https://tiles.example:8443/{z}/{x}/{y}.png", "© 某测绘院"),
    )
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8000") as client:
        yield client


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_comes_with_the_operators_emergency_number(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert 'data-emergency="112"' in answer.text
    assert "{{" not in answer.text


@pytest.mark.parametrize("path", PAGES)
async def test_everything_that_a_page_names_is_served(client: httpx.AsyncClient, path: str) -> None:
    text = (await client.get(path)).text
    named = re.findall(r'(?:href|src)="([^"#]+)"', text)
    assert len(named) >= 5
    for address in named:
        assert address.startswith("/static/"), f"{address} is somebody else's"
        assert (await client.get(address)).status_code == 200, address


@pytest.mark.parametrize("name", sorted(room("110")))
async def test_a_script_imports_only_what_is_served(client: httpx.AsyncClient, name: str) -> None:
    answer = await client.get(f"/static/{name}")
    if name.endswith(".html"):
        assert answer.status_code == 404, "a page has one address"
        return
    assert answer.headers["content-type"] == TYPES["." + name.rpartition(".")[2]]
    if name.startswith("vendor/"):
        return  # tests/pages/test_vendor.py
    for target in re.findall(r'from "([^"]+)"', answer.text if name.endswith(".js") else ""):
        if target.startswith("/static/vendor/"):
            assert target.removeprefix("/static/vendor/") in FILES, target
            continue
        assert target.startswith("."), f"{target} is no file of this room"
        assert (ROOM / name).parent.joinpath(target).is_file(), target


@pytest.mark.parametrize("path", PAGES)
async def test_nothing_inline_is_on_a_page_and_the_policy_forbids_it(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert not re.search(r"<style|<script(?![^>]*\bsrc=)|\sstyle=|\son\w+=|javascript:", answer.text)
    policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert policy["connect-src"] == "'self' ws://localhost:8000 wss://onbeat.example https://tiles.example:8443"
    assert policy["worker-src"] == policy["img-src"] == "'self'"
    assert policy["trusted-types"] == "default onbeat-worker"


async def test_the_pages_are_told_what_lies_under_their_maps(client: httpx.AsyncClient) -> None:
    told = (await client.get("/static/shared/basemap.json")).json()
    assert told == {"tiles": "https://tiles.example:8443/{z}/{x}/{y}.png", "attribution": "© 某测绘院"}


async def test_the_pattern_sheet_is_of_the_demonstration_only(client: httpx.AsyncClient) -> None:
    settings = client._transport.app.state.settings  # type: ignore[attr-defined]
    for demo, status in ((True, 200), (False, 404)):
        settings.demo = demo
        assert (await client.get("/patterns")).status_code == status


async def test_an_unchanged_file_is_asked_for_again_and_answered_by_304(client: httpx.AsyncClient) -> None:
    first = await client.get("/static/shared/dom.js")
    assert first.headers["cache-control"] == "no-cache"
    again = await client.get("/static/shared/dom.js", headers={"if-none-match": first.headers["etag"]})
    assert again.status_code == 304
    assert again.content == b""
    other = await client.get("/static/shared/dom.js", headers={"if-none-match": 'W/"another"'})
    assert other.status_code == 200


async def test_a_file_is_packed_only_for_those_who_unpack(client: httpx.AsyncClient) -> None:
    packed = await client.get("/static/shared/pieces.css", headers={"accept-encoding": "gzip"})
    plain = await client.get("/static/shared/pieces.css", headers={"accept-encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.content == plain.content
    assert len(gzip.compress(plain.content, 9)) < len(plain.content) / 2


@pytest.mark.parametrize(
    "path",
    ["package.json", "shared/none.js", "../http/pages.py", "%2e%2e/http/pages.py", "shared/", "", "/etc/hostname"],
)
async def test_what_is_not_of_the_room_is_not_served(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(f"/static/{path}")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_head_request_has_the_headers_and_no_body(client: httpx.AsyncClient) -> None:
    answer = await client.head("/")
    assert answer.status_code == 200
    assert answer.content == b""


async def test_a_part_of_a_page_carries_no_policy_and_what_runs_alone_does(client: httpx.AsyncClient) -> None:
    assert "content-security-policy" not in (await client.get("/static/shared/dom.js")).headers
    for name in WORKERS & room("110").keys():
        assert "connect-src" in (await client.get(f"/static/{name}")).headers["content-security-policy"]


SOURCES = [path for path in room_files() if path.suffix in (".js", ".css")]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOM).as_posix())
def test_what_is_sent_is_what_was_written_without_comments_and_with_its_lines(path: Path) -> None:
    written, sent = path.read_text(), without_comments(path.read_bytes()).decode()
    assert written.count("\n") == sent.count("\n")
    for comment in COMMENT.finditer(written.encode()):
        before = written.encode()[: comment.start()].decode()
        assert without_comments(before.encode()).count(b"`") % 2 == 0, "a text with backticks looks like a comment"
    assert not COMMENT.search(sent.encode())


def test_a_comment_behind_code_stays_and_so_does_what_looks_like_one_in_a_text() -> None:
    body = b'/** a\n * b */\nconst a = "// no"; // why\n  // alone\nconst b = "/* no */"; /* c */\n'
    assert without_comments(body) == b'\n\nconst a = "// no"; // why\n\nconst b = "/* no */"; /* c */\n'


def test_code_behind_a_comment_stays_whatever_comes_later() -> None:
    """A type that is said in the middle of an expression, at the beginning of a line."""
    body = b"a(\n  /** @type {B} */ (b));\nc();\n/** d */\nd();\n"
    assert without_comments(body) == b"a(\n  /** @type {B} */ (b));\nc();\n\nd();\n"


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_names_every_script_that_it_needs_and_none_that_comes_later(
    client: httpx.AsyncClient, path: str
) -> None:
    named = re.findall(r'rel="modulepreload" href="/static/([^"]+)"', (await client.get(path)).text)
    assert len(named) == len(set(named)) > 10
    assert "shared/dom.js" in named
    assert not [name for name in named if name.startswith("vendor/") or name.endswith(("_gl.js", "states.js"))]


def first_view(page: str) -> set[str]:
    """What a browser fetches before anything shows: the page, what it names, what that imports at once, the words."""
    wanted, found = [f"{page}/page.html", f"shared/words/{page}.zh-CN.json"], set[str]()
    while wanted:
        name = wanted.pop()
        if name in found:
            continue
        found.add(name)
        text = room("110")[name].body.decode() if name.endswith((".html", ".js", ".css")) else ""
        wanted += [one.removeprefix("/static/") for one in re.findall(r'(?:href|src)="(/static/[^"#]+)"', text)]
        imported = re.findall(r'^(?:import|export)\s(?:[^;"]*?\sfrom\s*)?"(\.[^"]+)"', text, re.M)
        wanted += [posixpath.normpath(posixpath.join(posixpath.dirname(name), one)) for one in imported]
    return found


def test_the_citizens_first_view_is_light() -> None:
    """DESIGN asks for less than 100 kB; every file of the first view, packed as it is sent. Maps come later."""
    names = first_view("citizen")
    assert {"shared/tokens.css", "shared/dom.js", "citizen/view.js"} <= names
    assert not [name for name in names if name.startswith("vendor/")]
    assert not {"citizen/view_live.js", "citizen/view_case.js", "citizen/working.js", "shared/qr.js"} & names, (
        "a case is later"
    )
    assert sum(len(room("110")[name].packed) for name in names if not name.endswith(".png")) < 60_000


def test_a_page_counts_every_message_that_a_fact_causes() -> None:
    """What it does not count it takes for lost, and comes back for it at every beat."""
    text = (ROOM / "shared" / "offsets.js").read_text()
    (counted,) = re.findall(r"CAUSED = new Set\(\[([^\]]+)\]\)", text)
    told = {view.__struct_config__.tag for view in View.__subclasses__()}
    assert set(re.findall(r'"(\w+)"', counted)) == told


@pytest.mark.parametrize("lang", ["en", "zh-CN"])
async def test_a_page_loads_its_own_words_and_those_of_all_and_no_other_pages(
    client: httpx.AsyncClient, lang: str
) -> None:
    whole = (await client.get(f"/static/shared/words/{lang}.json")).json()
    begins = {page: f"{page}." for page in WORDS_OF.values()}
    for page, own in begins.items():
        told = (await client.get(f"/static/shared/words/{page}.{lang}.json")).json()
        others = (*(begin for begin in begins.values() if begin != own), *STAFF_OF.get(page, ()))
        assert told == {key: text for key, text in whole.items() if not key.startswith(others)}, page
        assert "line.lost" in told
    assert "desk.queue" in whole and "desk.queue" in (await client.get(f"/static/shared/words/desk.{lang}.json")).json()


def test_no_script_of_the_citizens_says_what_only_those_who_work_here_are_told() -> None:
    files = room("110")
    scripts = [files[name].body.decode() for name in needed("citizen", files) if name.endswith(".js")]
    said = {key for script in scripts for key in re.findall(r'say\(\s*["`]([a-z_]+\.[a-z_.]*)', script)}
    assert "citizen.lead" in said, "the search itself must find something"
    assert not [key for key in said if key.startswith(STAFF_OF["citizen"])]
