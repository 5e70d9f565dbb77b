"""The pages by the names that reports use, where they stand, and who signs in there."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from gateway.http.pages import PAGES, ROOM

NAMES: Final = ("citizen", "officer", "desk", "admin")
"""Every report has all four, whatever becomes of them."""
LANGUAGES: Final = ("zh-CN", "en")
SCHEMES: Final = ("light", "dark")
WAYS: Final = tuple((language, scheme) for language in LANGUAGES for scheme in SCHEMES)
PHONE: Final = {"width": 390, "height": 844}
SCREEN: Final = {"width": 1440, "height": 900}
CHROMIUM: Final = Path("/usr/bin/chromium")
FLAGS: Final = (
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class NotLooked(Exception):
    """Something could not be looked at; the message says why and stands in the report."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page. `room`: its folder under gateway/web. `role`: who signs in there, None for nobody."""

    name: str
    path: str
    room: str
    role: str | None
    view: dict[str, int]

    def person(self, people: list[dict[str, Any]]) -> dict[str, Any] | None:
        """A sign-in of the demonstration for it. Raises: NotLooked."""
        if self.role is None:
            return None
        for one in people:
            if one["role"] == self.role:
                return one
        raise NotLooked(f"the demonstration has no {self.role} to sign in at {self.path}")


def page_named(name: str) -> Page:
    """Raises: NotLooked where it is not built."""
    for path, room in PAGES.items():
        if name in (room, path.strip("/")):
            if not (ROOM / room / "states.js").is_file():
                raise NotLooked(f"{room}/states.js is missing: nobody has listed the states of {path}")
            role = None if name == "citizen" else name
            return Page(name, path, room, role, SCREEN if name in ("desk", "admin") else PHONE)
    raise NotLooked(f"no page of the service is named {name}")


def chromium(own: str) -> str:
    """The browser to drive: Debian's, else Playwright's (`own`). Raises: NotLooked."""
    for found in (CHROMIUM, Path(own)):
        if found.exists():
            return str(found)
    raise NotLooked("no Chromium: apt-get install chromium fonts-noto-cjk, or playwright install chromium")
