"""Which addresses a phone may name as its push service's. The service calls them, so a stranger's would be a way in.

Pure. Only HTTPS, only hosts of an allow-list, no port, no login; an origin that the operator named exactly may be
anything (a push service of one's own, a test).
"""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from dispatch.limits import PUSH_ENDPOINT_CHARS_MAX

KNOWN_SERVICES: Final = (
    "fcm.googleapis.com",  # Chrome, Edge on Android, Samsung Internet
    "*.push.apple.com",  # Safari, every browser on iOS
    "updates.push.services.mozilla.com",  # Firefox
    "*.notify.windows.com",  # Edge on Windows
)
SHOWN_ALWAYS: Final = frozenset({"*.push.apple.com"})
"""Every push must show something there, or the permission ends: nobody is told that an offer is over."""
_HOST: Final = re.compile(r"(\*\.)?([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}")
_PRINTED: Final = re.compile(r"[!-~]+")

# NIST P-256 (SP 800-186, 3.2.1.3)
_P: Final = 2**256 - 2**224 + 2**192 + 2**96 - 1
_B: Final = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B


@dataclass(frozen=True, slots=True)
class Services:
    """`hosts`: exact names, or `*.` before what they must end in. `origins`: exact, scheme and port included."""

    hosts: tuple[str, ...] = KNOWN_SERVICES
    origins: frozenset[str] = frozenset()

    def of(self, endpoint: str) -> str | None:
        """The entry of the list that the endpoint belongs to, or None: it may not be used."""
        if len(endpoint) > PUSH_ENDPOINT_CHARS_MAX or not _PRINTED.fullmatch(endpoint):
            return None
        try:
            parts = urlsplit(endpoint)
            port = parts.port
        except ValueError:
            return None
        host = parts.hostname or ""
        if not host or "@" in parts.netloc or "\\" in endpoint or parts.fragment:
            return None
        if f"{parts.scheme}://{parts.netloc}" in self.origins:
            return f"{parts.scheme}://{parts.netloc}"
        if parts.scheme != "https" or port not in (None, 443) or not _HOST.fullmatch(host):
            return None
        return next((rule for rule in self.hosts if _fits(rule, host)), None)


def is_host_rule(text: str) -> bool:
    """May it stand in the list? A name with a dot, maybe `*.` before it."""
    return _HOST.fullmatch(text) is not None


def _fits(rule: str, host: str) -> bool:
    return host.endswith(rule[1:]) if rule.startswith("*.") else host == rule


def is_public_key(raw: bytes) -> bool:
    """Is it a point of P-256 in uncompressed form? Anything else would fail at every ring, or worse, not fail."""
    if len(raw) != 65 or raw[0] != 4:
        return False
    x, y = int.from_bytes(raw[1:33], "big"), int.from_bytes(raw[33:], "big")
    return x < _P and y < _P and (y * y - (x * x * x - 3 * x + _B)) % _P == 0
