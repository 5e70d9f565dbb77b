"""The headers that every answer carries, whoever makes it: our handlers, the framework, uvicorn, the sockets' gate.

Two places set them. `constant` goes to uvicorn as its default headers, so that no answer can leave without. `Guarded`
adds what an answer may say otherwise: the pages have a policy of their own and may be kept, everything else may neither
load anything nor be kept. `tests/e2e/test_headers.py` asks every route and every kind of error.
"""

from collections.abc import Iterable
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.settings import Settings

ALWAYS: Final = (
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("x-frame-options", "DENY"),  # for browsers that do not know frame-ancestors
    ("x-permitted-cross-domain-policies", "none"),
    (
        "permissions-policy",
        "geolocation=(self), camera=(), microphone=(), payment=(), usb=(), serial=(), bluetooth=(), hid=(), midi=(), "
        "display-capture=(), browsing-topics=()",
    ),
)
TLS_ONLY: Final = ("strict-transport-security", "max-age=63072000; includeSubDomains")  # two years
NOTHING: Final = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox"
"""The policy of whatever is no page: nothing may be loaded, nothing run, no matter where it is shown."""
UNLESS_SAID: Final = (("content-security-policy", NOTHING), ("cache-control", "no-store"))

_UNLESS_SAID: Final = tuple((name.encode(), value.encode()) for name, value in UNLESS_SAID)


def behind_tls(settings: Settings) -> bool:
    """Whether people come in by https: then a browser is told never to come any other way."""
    return any(origin.startswith("https://") for origin in settings.origins)


def constant(settings: Settings) -> list[tuple[str, str]]:
    """What stands on every single answer."""
    return [*ALWAYS, TLS_ONLY] if behind_tls(settings) else [*ALWAYS]


def unless_said(said: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """What an answer with these headers gets beside them."""
    names = {name for name, _ in said}
    return [one for one in _UNLESS_SAID if one[0] not in names]


class Guarded:
    """The app, each of whose answers has a policy and says whether it may be kept."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                said = message["headers"]
                message["headers"] = [*said, *unless_said(said)]
            await send(message)

        await self.app(scope, receive, guarded)
