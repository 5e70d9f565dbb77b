"""An identity provider that lies: on the loopback, over real HTTP, it says whatever a test wants to be said."""

import asyncio
import base64
import contextlib
import hmac
import json
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

CLIENT: Final = "onbeat"
SECRET: Final = "a secret: of 100% +signs/"  # noqa: S105 - of these tests, with what must be encoded
KEY: Final = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"}, auto_kid=False)
OTHER: Final = RSAKey.generate_key(2048, {"kid": "two", "use": "sig", "alg": "RS256"}, auto_kid=False)

Writing = Callable[[asyncio.StreamWriter], Any]


@dataclass
class Forger:
    """`document`: overlaid on the true one. `claims`: overlaid on a good token's; None takes one out. `answer`: in
    place of the token's answer. `writing`: in place of any answer at an address, as raw bytes. `signing`: a key, or
    bytes for an HMAC that no library makes, empty for no signature at all."""

    url: str = ""
    document: dict[str, Any] = field(default_factory=dict)
    claims: dict[str, Any] = field(default_factory=dict)
    keys: list[RSAKey] = field(default_factory=lambda: [KEY])
    header: dict[str, Any] = field(default_factory=lambda: {"alg": "RS256", "kid": "one"})
    signing: Any = field(default_factory=lambda: KEY)
    token: str | None = None
    answer: tuple[int, Any] | None = None
    writing: dict[str, Writing] = field(default_factory=dict)
    nonce: str = ""
    asked: list[tuple[str, dict[str, str], dict[str, str]]] = field(default_factory=list)

    def count(self, path: str) -> int:
        return sum(one == path for one, _, _ in self.asked)

    def id_token(self) -> str:
        now = int(time.time())
        said = {
            "iss": self.url, "sub": "s-1", "aud": CLIENT, "nonce": self.nonce, "iat": now, "exp": now + 300,
            "auth_time": now, **self.claims,
        }  # fmt: skip
        said = {name: value for name, value in said.items() if value is not None}
        if isinstance(self.signing, bytes):
            parts = ".".join(_text(json.dumps(one).encode()) for one in (self.header, said))
            mac = hmac.digest(self.signing, parts.encode(), "sha256") if self.signing else b""
            return f"{parts}.{_text(mac)}"
        return jwt.encode(self.header, said, self.signing)

    def said(self, path: str) -> tuple[int, Any]:
        if path == "/.well-known/openid-configuration":
            return 200, {
                "issuer": self.url, "authorization_endpoint": f"{self.url}/auth", "token_endpoint": f"{self.url}/token",
                "jwks_uri": f"{self.url}/jwks", "authorization_response_iss_parameter_supported": True, **self.document,
            }  # fmt: skip
        if path == "/jwks":
            return 200, KeySet(list(self.keys)).as_dict(private=False)
        if path == "/token":
            good = {"access_token": "a", "token_type": "Bearer", "id_token": self.token or self.id_token()}
            return self.answer or (200, good)
        return 404, {}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            lines = head.split("\r\n")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])}
            body = (await reader.readexactly(int(headers.get("content-length", 0)))).decode()
            path = lines[0].split(" ")[1]
            self.asked.append((path, dict(parse_qsl(body)), headers))
            if path in self.writing:
                await self.writing[path](writer)
            else:
                status, said = self.said(path)
                text = json.dumps(said).encode()
                length = f"content-length: {len(text)}"
                writer.write(f"HTTP/1.1 {status} x\r\n{length}\r\nconnection: close\r\n\r\n".encode() + text)
            await writer.drain()
        writer.close()


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@contextlib.asynccontextmanager
async def forging() -> AsyncIterator[Forger]:
    """One that tells the truth until it is told otherwise."""
    forger = Forger()
    server = await asyncio.start_server(forger.serve, "127.0.0.1", 0)
    forger.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield forger
    finally:
        server.close()
