"""A push service on the loopback that reads what it is sent as a phone would: it holds the phones' keys."""

import asyncio
import base64
import json
from dataclasses import dataclass, field
from typing import Any, Self
from uuid import uuid4

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from dispatch.push.values import Subscription


@dataclass(frozen=True, slots=True)
class Pushed:
    """One request: `told`, the opened payload; `claims`, of the token whose signature was right under `key`."""

    path: str
    headers: dict[str, str]
    raw: bytes
    told: dict[str, Any]
    claims: dict[str, Any]
    key: str


@dataclass(slots=True)
class Phone:
    """What a browser makes when it agrees to be rung."""

    url: str
    private: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    auth: bytes = field(default_factory=lambda: uuid4().bytes)
    name: str = field(default_factory=lambda: uuid4().hex)

    @property
    def endpoint(self) -> str:
        return f"{self.url}/push/{self.name}"

    @property
    def public(self) -> bytes:
        return self.private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def subscription(self) -> Subscription:
        return Subscription(uuid4(), self.endpoint, self.public, self.auth)

    def as_browsers_write(self) -> dict[str, Any]:
        keys = {"p256dh": text(self.public), "auth": text(self.auth)}
        return {"endpoint": self.endpoint, "expirationTime": None, "keys": keys}


class PushService:
    """`async with PushService() as service`: `service.phone()` makes a phone; `service.pushed` is what came.

    `answers`: (status, headers) to give, in turn, before 201; `wait`: nothing is answered until it is set.
    """

    def __init__(self, port: int = 0) -> None:
        self._port = port
        self.pushed: list[Pushed] = []
        self.asked = 0
        self.answers: list[tuple[int, dict[str, str]]] = []
        self.gone: set[str] = set()
        self.wait = asyncio.Event()
        self.wait.set()
        self.url = ""
        self._phones: dict[str, Phone] = {}
        self._server: asyncio.Server | None = None
        self._came = asyncio.Condition()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._port)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *error: object) -> None:
        assert self._server is not None
        self._server.close()

    def phone(self) -> Phone:
        made = Phone(self.url)
        self._phones[f"/push/{made.name}"] = made
        return made

    async def until(self, count: int) -> list[Pushed]:
        """What came, once it is so much. Raises: TimeoutError."""
        async with asyncio.timeout(20), self._came:
            await self._came.wait_for(lambda: len(self.pushed) >= count)
        return self.pushed

    async def until_asked(self, count: int) -> None:
        """Also of what was refused."""
        async with asyncio.timeout(20), self._came:
            await self._came.wait_for(lambda: self.asked >= count)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                line, *rest = head.decode("latin-1").split("\r\n")
                headers = {n.lower(): v.strip() for n, _, v in (one.partition(":") for one in rest if one)}
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                status, more = await self._answer(line.split(" ")[1], headers, body)
                told = "".join(f"{name}: {value}\r\n" for name, value in more.items())
                writer.write(f"HTTP/1.1 {status} x\r\ncontent-length: 0\r\n{told}\r\n".encode())
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _answer(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str]]:
        self.asked += 1
        await self.wait.wait()
        async with self._came:
            self._came.notify_all()
        if path in self.gone:
            return 410, {}
        if self.answers:
            status, more = self.answers.pop(0)
            if status != 201:
                return status, more
        phone = self._phones[path]
        claims, key = checked_token(headers["authorization"])
        opened = http_ece.decrypt(body, private_key=phone.private, auth_secret=phone.auth, version="aes128gcm")
        async with self._came:
            self.pushed.append(Pushed(path, headers, body, json.loads(opened), claims, key))
            self._came.notify_all()
        return 201, {}


def checked_token(authorization: str) -> tuple[dict[str, Any], str]:
    """The claims of a VAPID token (RFC 8292) and the key under which its ES256 signature is right.

    Raises: InvalidSignature.
    """
    scheme, _, rest = authorization.partition(" ")
    parts = dict(one.strip().split("=", 1) for one in rest.split(","))
    assert scheme == "vapid" and set(parts) == {"t", "k"}
    head, claims, signature = parts["t"].split(".")
    assert json.loads(raw(head)) == {"typ": "JWT", "alg": "ES256"}
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw(parts["k"]))
    r_s = raw(signature)
    r, s = int.from_bytes(r_s[:32], "big"), int.from_bytes(r_s[32:], "big")
    public.verify(encode_dss_signature(r, s), f"{head}.{claims}".encode(), ec.ECDSA(SHA256()))
    found: dict[str, Any] = json.loads(raw(claims))
    return found, parts["k"]


def raw(text_: str) -> bytes:
    return base64.urlsafe_b64decode(text_ + "=" * (-len(text_) % 4))


def text(bytes_: bytes) -> str:
    return base64.urlsafe_b64encode(bytes_).rstrip(b"=").decode()
