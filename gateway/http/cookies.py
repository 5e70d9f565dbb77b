"""Sessions of our own pages: in a cookie that no script reads, one for each kind of page.

Citizen, officer, desk and admin pages share an origin and may stand open in one browser at once, so each kind has a
cookie of its own, and a page names its kind by the header X-OnBeat-Page. Without that header no cookie counts: a form,
a picture or a link of another site never carries it, and a script of another site may not send it (there is no CORS
here). Whatever changes something carries the session's own word as well (X-CSRF-Token) and comes from our origins.

`__Host-`: the browser takes the cookie over a secure connection only (localhost counts), for this host only, for every
path. SameSite=Strict: not sent on a request that another site caused, not even by a link; the pages ask for what they
show with a request of their own after they have loaded, so nobody notices.
"""

import re
from enum import StrEnum
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from dispatch.people.service import TOKEN_CHARS
from gateway.http.problems import Problem
from gateway.settings import Settings

PAGE_HEADER: Final = "x-onbeat-page"
CSRF_HEADER: Final = "x-csrf-token"
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class Page(StrEnum):
    """The kinds of pages that hold a session."""

    CITIZEN = "citizen"
    OFFICER = "officer"
    DESK = "desk"
    ADMIN = "admin"


_KINDS: Final = {str(page): page for page in Page}
_LASTING: Final = frozenset({Page.OFFICER})
"""An officer's own phone, whose system ends a browser when it likes. A desk's machine is shared, and a citizen's phone
may be looked into: closing the browser signs out."""


def name_of(page: Page) -> str:
    """The cookie's name."""
    return f"__Host-onbeat-{page}"


def page_of(request: Request) -> Page | None:
    """The kind of page that asks; None: no page of ours."""
    said = request.headers.get(PAGE_HEADER)
    return _KINDS.get(said) if said is not None else None


def token_of(request: Request) -> str | None:
    """The token in the cookie of the page that asks; None without one, or where another site caused the request."""
    page = page_of(request)
    if page is None or not _from_us(request, request.method in _SAFE):
        return None
    token = request.cookies.get(name_of(page))
    return token if token and len(token) == TOKEN_CHARS else None


def speaks(request: Request) -> bool:
    """Whether it is a page's cookie that says who asks: Authorization goes before it."""
    return "authorization" not in request.headers and token_of(request) is not None


def carries_one(request: Request) -> bool:
    """Whether a page's cookie came along at all, be it on a request that may not use it."""
    page = page_of(request)
    return page is not None and bool(request.cookies.get(name_of(page)))


def signing_in(request: Request) -> Page | None:
    """Who gets the new session: the cookie of this kind of page; None: the asker, as a bearer token in the answer.

    Raises: Problem page_unknown, csrf_refused (another site wants to sign its visitor in as somebody).
    """
    if PAGE_HEADER not in request.headers:
        return None
    page = page_of(request)
    if page is None:
        raise Problem("page_unknown")
    if not _from_us(request, False):
        raise Problem("csrf_refused")
    return page


def word_of(request: Request) -> str:
    """What the page sent as its session's own word."""
    return request.headers.get(CSRF_HEADER, "")


def changes(request: Request) -> bool:
    """May this request change something? Then a cookie alone does not speak for it."""
    return request.method not in _SAFE


def give(response: Response, page: Page, token: str, left_s: int) -> None:
    """Puts the session into the page's cookie."""
    response.set_cookie(
        name_of(page), token, max_age=left_s if page in _LASTING else None,
        path="/", secure=True, httponly=True, samesite="strict",
    )  # fmt: skip


def take(response: Response, page: Page) -> None:
    """Empties the page's cookie."""
    response.set_cookie(name_of(page), "", max_age=0, path="/", secure=True, httponly=True, samesite="strict")


def _from_us(request: Request, safe: bool) -> bool:
    """Whether one of our own pages caused the request, as far as the browser says so.

    What only reads needs no proof, but no sign of the contrary either. What changes something needs the proof.
    """
    settings: Settings = request.app.state.settings
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None and site != "same-origin":
        return False
    if origin is not None and origin not in settings.origins:
        return False
    return safe or site is not None or origin is not None


_SYSTEMS: Final = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("HarmonyOS", "HarmonyOS"), ("Windows", "Windows"),
    ("Mac OS X", "macOS"), ("CrOS", "ChromeOS"), ("Linux", "Linux"),
)  # fmt: skip
_BROWSERS: Final = (
    ("MicroMessenger/", "WeChat"), ("Edg/", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"), ("FxiOS/", "Firefox"), ("CriOS/", "Chrome"), ("Chrome/", "Chrome"), ("Safari/", "Safari"),
)  # fmt: skip
_ASCII: Final = re.compile(r"[\x20-\x7e]*")


def device_of(request: Request) -> str:
    """Browser and system in two words, such as `Chrome, Android`: enough to know one's own phone, nothing to track."""
    said = request.headers.get("user-agent", "")
    if not _ASCII.fullmatch(said):
        return ""
    found = (next((word for mark, word in marks if mark in said), "") for marks in (_BROWSERS, _SYSTEMS))
    return ", ".join(word for word in found if word)
