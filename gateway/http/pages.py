"""The pages: `/`, `/officer`, `/desk` and what they are made of under `/static/`, from the room `gateway/web`.

The room is read once, into memory, so that no request's path ever reaches the disk. Every answer carries an ETag and
`no-cache`: a browser asks each time and mostly hears 304, and nobody ever runs the page of an older service. No
inline script or style anywhere; the policy below makes the browser refuse one.
"""

import gzip
import hashlib
import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from gateway.basemap import Basemap
from gateway.http.imports import followed
from gateway.http.problems import Problem
from gateway.http.vendor import vendor_files

ROOM: Final = Path(__file__).resolve().parent.parent / "web"
TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webmanifest": "application/manifest+json",
}
UNSERVED: Final = frozenset(
    {"package.json", "package-lock.json", "tsconfig.json", "worker/sw.js", "worker/tsconfig.json", "icons/made.json"}
)
UNSERVED_FOLDERS: Final = frozenset({"pictures"})  # of the front page
WORKERS: Final = frozenset({"vendor/maplibre-gl/maplibre-gl-worker.mjs", "citizen/worker.js"})
"""Scripts that are started by address: a worker lives under the policy that came with it."""
BASEMAP: Final = "shared/basemap.json"
COMMENT: Final = re.compile(rb"^[ \t]*(?:/\*(?:(?!\*/)[\s\S])*\*/|//[^\n]*)[ \t]*$", re.M)
EMERGENCY: Final = b"{{emergency_number}}"
PAGES: Final = {"/": "citizen", "/officer": "officer", "/desk": "station", "/admin": "admin"}
SCRIPT: Final = re.compile(r'<script type="module" src="/static/([^"]+)"')
WORDS_OF: Final = {"citizen": "citizen", "officer": "officer", "station": "desk", "admin": "admin"}
"""What a page's folder is called in keys of words, and in the page's own `data-page`."""
_SIGNING: Final = ("oidc_", "password_", "passkey_", "factor", "second_", "identity_", "vault_", "push_")
STAFF_OF: Final = {"citizen": ("staff.", "sign_in.", "push.", "reason.", *(f"refused.{one}" for one in _SIGNING))}
"""How the keys begin that only those who work here are told, which a citizen's phone does not load either."""


@dataclass(frozen=True, slots=True)
class Served:
    """One file as it is sent: plain, and by gzip at its best, made once."""

    body: bytes
    packed: bytes
    type: str
    etag: str


def served(body: bytes, type_: str) -> Served:
    """A body as it is kept for sending."""
    etag = f'W/"{hashlib.sha256(body).hexdigest()[:20]}"'
    return Served(body, gzip.compress(body, 9, mtime=0), type_, etag)


@cache
def room(emergency_number: str, folder: Path = ROOM) -> dict[str, Served]:
    """Every file that may be served, by its path under the room, such as `shared/tokens.css`."""
    files = {name: served(body, TYPES[Path(name).suffix]) for name, body in vendor_files().items()}
    for path in room_files(folder):
        name = path.relative_to(folder).as_posix()
        if path.suffix not in TYPES or name in UNSERVED:
            continue
        if name.partition("/")[0] in UNSERVED_FOLDERS:
            continue
        body = path.read_bytes()
        if path.suffix in (".js", ".css"):
            body = without_comments(body)
        if path.suffix == ".html":
            body = body.replace(EMERGENCY, emergency_number.encode())
        files[name] = served(body, TYPES[path.suffix])
        if path.parent.name == "words":
            own = ((words, f"shared/words/{words}.{path.name}") for words in WORDS_OF.values())
            files |= {told: served(words_of(words, body), TYPES[path.suffix]) for words, told in own}
    return files | {name: with_scripts_named(name, files) for name in (f"{page}/page.html" for page in PAGES.values())}


def with_scripts_named(name: str, files: dict[str, Served]) -> Served:
    """A page that names every script it needs, however far down it is imported: a browser fetches them all at once
    instead of finding one behind the other."""
    page = files[name].body
    needed = followed(SCRIPT.findall(page.decode()), {path: one.body for path, one in files.items()})
    links = "".join(f'  <link rel="modulepreload" href="/static/{path}">\n' for path in needed)
    return served(page.replace(b"</head>", links.encode() + b"</head>"), TYPES[".html"])


def words_of(page: str, body: bytes) -> bytes:
    """A language's words without what only other pages say: a citizen's phone loads no desk."""
    others = (*(f"{one}." for one in WORDS_OF.values() if one != page), *STAFF_OF.get(page, ()))
    texts: dict[str, str] = msgspec.json.decode(body)
    return msgspec.json.encode({key: text for key, text in texts.items() if not key.startswith(others)})


def room_files(folder: Path = ROOM) -> list[Path]:
    """Every file of the room that is ours, in order: what npm installed beside it is not."""
    own = sorted(path for path in folder.iterdir() if path.name != "node_modules")
    return [path for one in own for path in ([one] if one.is_file() else sorted(one.rglob("*"))) if path.is_file()]


def without_comments(body: bytes) -> bytes:
    """A script or style without the comments that have lines of their own, a third of what would be sent. The lines
    stay, so that what a browser complains of is found. A test sees that no text of ours looks like such a comment."""
    return COMMENT.sub(lambda found: b"\n" * found[0].count(b"\n"), body)


@cache
def policy(origins: frozenset[str], tiles: str | None = None) -> str:
    """Content-Security-Policy: our own scripts, styles and sockets, nothing else. Older browsers do not take 'self' for
    sockets, so the sockets of our own origins are named. `tiles`: the one origin of the operator's map tiles."""
    sockets = sorted("ws" + origin.removeprefix("http") for origin in origins if origin.startswith("http"))
    connect = " ".join(("'self'", *sockets, *([tiles] if tiles else [])))
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self'",
            f"connect-src {connect}",
            "worker-src 'self'",
            "manifest-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            # shared/trusted.js: an exact list of scripts and no HTML; the service worker's own address.
            "trusted-types default onbeat-worker",
        )
    )


async def get_page(request: Request) -> Response:
    """GET /, /officer, /desk, /admin."""
    # Never by request.url.path, which a strange Host changes (CVE-2026-48710): by the route that was matched.
    return _answer(request, f"{PAGES[request.scope['route'].path]}/page.html")


async def get_patterns(request: Request) -> Response:
    """GET /patterns: every piece in each of its states; in the demonstration only. Raises: Problem not_found."""
    if not request.app.state.settings.demo:
        raise Problem("not_found")
    return _answer(request, "patterns/page.html")


async def get_static(request: Request) -> Response:
    """GET /static/{path}: scripts, styles, words. Raises: Problem not_found."""
    name: str = request.path_params["path"]
    if name.endswith(".html"):
        raise Problem("not_found")
    if name == BASEMAP:
        return answer(request, basemap(request.app.state.settings.basemap), alone=False)
    return _answer(request, name)


@cache
def basemap(under: Basemap) -> Served:
    """What lies under the maps, for the pages."""
    told = {"tiles": under.tiles, "attribution": under.attribution}
    return served(json.dumps(told, ensure_ascii=False).encode(), TYPES[".json"])


def _answer(request: Request, name: str) -> Response:
    found = room(request.app.state.settings.emergency_number).get(name)
    if found is None:
        raise Problem("not_found")
    return answer(request, found, alone=name.endswith(".html") or name in WORKERS)


def answer(request: Request, found: Served, *, alone: bool = True) -> Response:
    """What is kept, under the policy of all pages; 304 where the asker has it.

    `alone`: it runs or shows by itself. A part of a page lives under that page's policy: the same 400 bytes again with
    every part would be a fifth of a first view.
    """
    settings = request.app.state.settings
    headers = {
        **({"content-security-policy": policy(settings.origins, settings.basemap.origin)} if alone else {}),
        "cache-control": "no-cache",
        "etag": found.etag,
        "vary": "accept-encoding",
    }
    asked = {tag.strip() for tag in request.headers.get("if-none-match", "").split(",")}
    if found.etag in asked:
        return Response(status_code=304, headers=headers)
    packed = "gzip" in request.headers.get("accept-encoding", "")
    if packed:
        headers["content-encoding"] = "gzip"
    return Response(found.packed if packed else found.body, headers={**headers, "content-type": found.type})


ROUTES: Final[list[BaseRoute]] = [
    *(Route(path, get_page, methods=["GET"]) for path in PAGES),
    Route("/patterns", get_patterns, methods=["GET"]),
    Route("/static/{path:path}", get_static, methods=["GET"]),
]
