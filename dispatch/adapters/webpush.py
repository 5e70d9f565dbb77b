"""The way to push services. Keeps `dispatch.push.ports.PushSender`.

Encryption and signature are pywebpush's and py_vapid's; the request is httpcore's, which follows no redirect and reads
no proxy from the environment. What a name stands for is looked up here, once, and what was judged is what is called.
"""

import asyncio
import base64
import ipaddress
import logging
import socket
import ssl
from collections.abc import Callable, Iterable
from typing import Any, Final
from urllib.parse import urlsplit

import httpcore
from py_vapid import Vapid02
from pywebpush import WebPusher

from dispatch.limits import PUSH_ANSWER_BYTES_MAX, PUSH_S_MAX, PUSH_SENDERS, VAPID_S
from dispatch.push.values import Outcome, Subscription, Told

log = logging.getLogger(__name__)

CONNECTIONS_MAX: Final = 64
RETRY_AFTER_S_MAX: Final = 60.0  # a longer wait outlives every window
AUDIENCES_MAX: Final = 1_000
NAT64: Final = ipaddress.ip_network("64:ff9b::/96")  # an IPv4 address in disguise
_NETWORK: Final = (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError, OSError, TimeoutError)


def is_public(address: str) -> bool:
    """Does the address lie in the open internet? Not private, loopback or link-local, nor one of these in disguise."""
    one = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(one, ipaddress.IPv6Address):
        inside = one.ipv4_mapped or one.sixtofour or (one.teredo[1] if one.teredo else None)
        if one in NAT64:
            inside = ipaddress.IPv4Address(int(one) & 0xFFFFFFFF)
        if inside is not None:
            return is_public(str(inside))
    return one.is_global and not one.is_multicast and not one.is_reserved


class PublicOnly(httpcore.AsyncNetworkBackend):
    """Connects to public addresses only; to any where `anywhere` says so of host and port."""

    def __init__(self, anywhere: Callable[[str, int], bool]) -> None:
        self._anywhere = anywhere
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = list(dict.fromkeys(str(one[4][0]) for one in found))
        if not self._anywhere(host, port) and not all(map(is_public, addresses)):
            raise httpcore.ConnectError(f"{host} stands for an address that is not public")
        # The address that was judged is the one that is called: asked again, the name might stand for another.
        return await self._inner.connect_tcp(addresses[0], port, timeout, local_address, socket_options)

    async def sleep(self, seconds: float) -> None:
        await self._inner.sleep(seconds)


class WebPushSender:
    """One for each process. `now`: Unix seconds; a token's end is reckoned from it."""

    def __init__(
        self, private_key: str, contact: str, now: Callable[[], float], origins: frozenset[str] = frozenset()
    ) -> None:
        """`private_key`: 32 bytes in base64url; `contact`: mailto: or https:, for the push services' operators.

        `origins`: those that may stand for any address.
        """
        self._vapid = Vapid02.from_raw(private_key.encode())
        self._contact, self._now = contact, now
        open_ = {(parts.hostname, _port(parts.scheme, parts.port)) for parts in map(urlsplit, origins)}
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=ssl.create_default_context(),
            max_connections=CONNECTIONS_MAX,
            max_keepalive_connections=PUSH_SENDERS * 2,
            keepalive_expiry=60.0,
            network_backend=PublicOnly(lambda host, port: (host, port) in open_),
        )
        self._tokens: dict[str, tuple[str, float]] = {}

    async def close(self) -> None:
        await self._pool.aclose()

    async def send(self, to: Subscription, body: bytes, *, ttl_s: int, topic: str) -> Told:
        try:
            headers = {
                "authorization": self._token(to.endpoint),
                "content-encoding": "aes128gcm",
                "content-type": "application/octet-stream",
                "ttl": str(ttl_s),
                "urgency": "high",
                "topic": topic,
            }
            sealed = self._sealed(to, body)
        except Exception:  # a key that no library takes: asked again it would not either
            log.exception("a push could not be made")
            return Told(Outcome.REFUSED)
        try:
            async with asyncio.timeout(PUSH_S_MAX):
                return await self._post(to.endpoint, headers, sealed)
        except _NETWORK as error:
            log.warning("a push service was not reached: %s", type(error).__name__)
            return Told(Outcome.LATER)

    async def _post(self, endpoint: str, headers: dict[str, str], sealed: bytes) -> Told:
        pairs = list(headers.items())
        async with self._pool.stream("POST", endpoint, headers=pairs, content=sealed) as answer:
            size = 0
            async for part in answer.aiter_stream():  # so that the connection can be used again
                size += len(part)
                if size > PUSH_ANSWER_BYTES_MAX:
                    break
            return told_by(answer.status, {name.lower(): value for name, value in answer.headers})

    @staticmethod
    def _sealed(to: Subscription, body: bytes) -> bytes:
        pusher = WebPusher({"endpoint": to.endpoint, "keys": {"p256dh": _text(to.p256dh), "auth": _text(to.auth)}})
        sealed: bytes = pusher.encode(body, "aes128gcm")["body"]
        return sealed

    def _token(self, endpoint: str) -> str:
        """One a push service, kept for half of its life: services ask not to be sent a new one with each push."""
        parts = urlsplit(endpoint)
        audience = f"{parts.scheme}://{parts.netloc}"
        held = self._tokens.get(audience)
        now = self._now()
        if held is None or held[1] - now < VAPID_S / 2:
            if len(self._tokens) >= AUDIENCES_MAX:
                self._tokens.clear()
            ends_at = int(now) + VAPID_S
            signed = self._vapid.sign({"aud": audience, "exp": ends_at, "sub": self._contact})
            held = self._tokens[audience] = str(signed["Authorization"]), float(ends_at)
        return held[0]


def told_by(status: int, headers: dict[bytes, bytes]) -> Told:
    """What a push service's answer means (RFC 8030, sections 5 and 8)."""
    if 200 <= status < 300:
        return Told(Outcome.SENT, status)
    if status in (404, 410):
        return Told(Outcome.DEAD, status)
    if status in (408, 425, 429) or status >= 500:
        after = headers.get(b"retry-after", b"").decode("ascii", "replace")
        wait_s = min(float(after), RETRY_AFTER_S_MAX) if after.isdigit() and len(after) < 10 else None
        return Told(Outcome.LATER, status, wait_s)
    return Told(Outcome.REFUSED, status)  # redirects too: nobody is led elsewhere


def _port(scheme: str, port: int | None) -> int:
    return port or (443 if scheme == "https" else 80)


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
