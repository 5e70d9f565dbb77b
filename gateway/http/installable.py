"""What makes the pages installable: `/sw.js`, the service worker of the whole origin.

It is the room's `worker/sw.js` behind one line that names the version (a hash over every file that is served) and, of
each page, the files it cannot do without. So a new version of anything is a new worker, and an old one drops its cache.
"""

import hashlib
import re
from functools import cache
from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from gateway.http.imports import followed, later
from gateway.http.pages import PAGES, ROOM, TYPES, WORDS_OF, Served, answer, room, served

WORKER: Final = ROOM / "worker" / "sw.js"
LANGUAGES: Final = ("zh-CN", "en")
_NAMED: Final = re.compile(r'(?:href|src)="/static/([^"#?]+)"')


def needed(page: str, files: dict[str, Served]) -> list[str]:
    """Paths under the room of what a page (`citizen`) needs: what it names, what that imports, its words in every
    language, and what its own scripts fetch later, or a page that was kept would stand without it. No maps."""
    html = files[f"{page}/page.html"].body.decode()
    words = [f"shared/words/{WORDS_OF[page]}.{lang}.json" for lang in LANGUAGES]
    named = [*_NAMED.findall(html), *words]
    bodies = {name: one.body for name, one in files.items()}
    scripts = followed((name for name in named if name.endswith(".js")), bodies)
    scripts += followed(later(page, scripts, bodies), bodies)
    return sorted({name for name in (*named, *scripts) if name in files})


@cache
def worker(emergency_number: str) -> Served:
    """The worker's script for this very room."""
    files = room(emergency_number)
    shells = {path: [f"/static/{name}" for name in needed(page, files)] for path, page in PAGES.items()}
    source = WORKER.read_text()
    content = hashlib.sha256(source.encode())
    for name, one in sorted(files.items()):
        content.update(f"{name} {one.etag}\n".encode())
    told = msgspec.json.encode({"version": content.hexdigest()[:16], "shells": shells}).decode()
    return served(f"self.ROOM = {told};\n{source}".encode(), TYPES[".js"])


async def get_worker(request: Request) -> Response:
    """GET /sw.js: at the root, so that its scope is every page; asked for afresh each time (`no-cache`)."""
    return answer(request, worker(request.app.state.settings.emergency_number))


ROUTES: Final[list[BaseRoute]] = [Route("/sw.js", get_worker, methods=["GET"])]
