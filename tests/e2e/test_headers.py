"""Every answer of a live service carries the headers that keep a browser from being used against its owner: every
route, every kind of error, whoever makes the answer (PROMISES S18); and what the framework once let through (S17)."""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from typing import Final
from urllib.parse import urlsplit

import httpx
import pytest

from dispatch import limits
from gateway.http import headers
from gateway.operations import OPERATIONS
from gateway.settings import Settings
from tests.e2e.conftest import Service
from tests.unit.http.asking import ENV

Head = dict[str, str]
PAGES: Final = ("/", "/officer", "/desk", "/docs")
UNKNOWN: Final = "00000000-0000-4000-8000-000000000000"
HOLE: Final = re.compile(r"\{\w+(?::\w+)?\}")


@pytest.fixture(scope="module")
async def client(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=service.url, trust_env=False, timeout=15) as client:
        yield client


async def raw(service: Service, request: bytes, *, wait_s: float = 5.0) -> bytes:
    """What a server answers to these bytes until it closes."""
    parts = urlsplit(service.url)
    reader, writer = await asyncio.open_connection("127.0.0.1", parts.port)
    writer.write(request)
    try:
        async with asyncio.timeout(wait_s):
            return await reader.read(-1)
    finally:
        writer.close()


def heads(answer: bytes) -> tuple[int, Head]:
    first, *lines = answer.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
    return int(first.split(" ")[1]), {n.lower(): v for n, _, v in (line.partition(": ") for line in lines)}


def guarded(head: Head, *, page: bool = False) -> None:
    """The whole table, for one answer."""
    for name, value in headers.ALWAYS:
        assert head.get(name) == value, f"{name}: {head.get(name)}"
    policy = head["content-security-policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy
    assert page or policy == headers.NOTHING or head.get("etag"), policy
    assert head["cache-control"] in ("no-store", "no-cache")
    assert "server" not in head and "x-powered-by" not in head
    assert not any(name.startswith("access-control-") for name in head), "no other site is let in"


@pytest.mark.parametrize(("method", "path"), sorted(OPERATIONS), ids=str)
async def test_every_route_answers_under_guard(client: httpx.AsyncClient, method: str, path: str) -> None:
    """Without a session and without a body: most of these are refusals, and those count as well."""
    answer = await client.request(method, HOLE.sub(UNKNOWN, path))
    assert answer.status_code < 500
    guarded(dict(answer.headers), page=path in PAGES)
    for other in ("PUT", "OPTIONS", "PATCH"):
        if (other, path) not in OPERATIONS:
            wrong = await client.request(other, HOLE.sub(UNKNOWN, path))
            assert wrong.status_code == 405 and wrong.json()["code"] == "method_not_allowed"
            guarded(dict(wrong.headers))


ERRORS: Final[dict[str, tuple[int, str, str, Head, bytes]]] = {
    "no such address": (404, "GET", "/v1/nothing", {}, b""),
    "no such file": (404, "GET", "/static/x.js", {}, b""),
    "not JSON": (415, "POST", "/v1/reports", {"idempotency-key": "k" * 24, "content-type": "text/plain"}, b"x"),
    "broken JSON": (400, "POST", "/v1/sessions", {"content-type": "application/json"}, b"{"),
    "a form": (415, "POST", "/v1/sessions", {"content-type": "application/x-www-form-urlencoded"}, b"login=a"),
    "wrong fields": (422, "POST", "/v1/sessions", {"content-type": "application/json"}, b"{}"),
    "too large": (413, "POST", "/v1/sessions", {"content-type": "application/json"}, b" " * 70_000),
    "not signed in": (401, "GET", "/v1/me", {}, b""),
    "a strange token": (401, "GET", "/v1/me", {"authorization": "Bearer " + "A" * 43}, b""),
    "no upgrade": (404, "GET", "/v1/socket", {}, b""),
}


@pytest.mark.parametrize("name", ERRORS)
async def test_every_kind_of_error_answers_under_guard(client: httpx.AsyncClient, name: str) -> None:
    status, method, path, head, body = ERRORS[name]
    answer = await client.request(method, path, headers=head, content=body or None)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    guarded(dict(answer.headers))


UPGRADE: Final = (
    "GET {path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: {version}\r\n{more}\r\n"
)
KEY: Final = "dGhlIHNhbXBsZSBub25jZQ=="
SOCKETS: Final[dict[str, tuple[int, Head]]] = {
    "no origin": (403, {}),
    "a foreign origin": (403, {"more": "Origin: http://evil.example\r\n"}),
    "no ticket": (401, {"more": "Origin: {own}\r\n"}),
    "another path": (404, {"path": "/v1/other"}),
    "no key": (400, {"key": "x"}),
    "an old version": (426, {"version": "8"}),
    "two origins": (400, {"more": "Origin: {own}\r\nOrigin: {own}\r\n"}),
    "a large head": (431, {"more": f"X-Filler: {'x' * 20_000}\r\n"}),
}


@pytest.mark.parametrize("name", SOCKETS)
async def test_every_refusal_of_a_socket_answers_under_guard(service: Service, name: str) -> None:
    status, changes = SOCKETS[name]
    said = {"path": "/v1/socket", "key": KEY, "version": "13", "more": ""} | changes
    said["more"] = said["more"].replace("{own}", service.url)
    found, head = heads(await raw(service, UPGRADE.format(**said).encode()))
    assert found == status
    guarded(head)


MALFORMED: Final[dict[str, tuple[int, bytes]]] = {
    "no HTTP": (400, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"x" * 64 + b"\r\n\r\n"),
    "two lengths": (400, b"POST /v1/reports HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
    "length and chunks": (
        400,
        b"POST /v1/reports HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ),
    "a large head": (431, b"GET / HTTP/1.1\r\nHost: a\r\nX-Filler: " + b"x" * 70_000),
}


@pytest.mark.parametrize("name", MALFORMED)
async def test_what_is_no_request_is_answered_by_a_document_too(service: Service, name: str) -> None:
    status, request = MALFORMED[name]
    answer = await raw(service, request)
    found, head = heads(answer)
    assert found == status, answer[:200]
    assert head["content-type"] == "application/problem+json"
    guarded(head)


HOSTS: Final = ("evil.example", "a/officer?", "localhost:8000/desk?x=", "@evil.example", "x y", "[::1", "a#", "", "ä")


@pytest.mark.parametrize("host", HOSTS)
async def test_a_strange_host_never_changes_what_is_served(service: Service, host: str) -> None:
    """CVE-2026-48710: a Host that changes request.url.path must not choose the page nor pass a rule."""
    for path, own in (("/", b'data-page="citizen"'), ("/v1/me", b"session_missing")):
        request = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode("latin-1")
        answer = await raw(service, request)
        status, _ = heads(answer)
        assert (status < 300 and own in answer) or status in (400, 401), answer[:200]


async def test_ranges_and_forms_cost_nothing(client: httpx.AsyncClient) -> None:
    """CVE-2025-62727 and CVE-2026-54283: no route reads ranges, none reads forms."""
    began = time.process_time(), time.monotonic()
    ranges = "bytes=" + ",".join(f"{n}-{n + 1}" for n in range(0, 6_000, 3))
    answer = await client.get("/static/shared/dom.js", headers={"range": ranges[:15_000]})
    assert answer.status_code == 200 and "content-range" not in answer.headers
    form = await client.post("/v1/sessions", data={f"f{n}": "x" for n in range(5_000)})
    assert form.status_code == 415
    assert time.monotonic() - began[1] < 2.0


@pytest.mark.slow
async def test_a_head_that_never_comes_or_never_ends_is_given_up(service: Service) -> None:
    """One byte now and then must not hold a connection, nor none at all."""
    began = time.monotonic()
    halves = (b"GET / HTTP/1.1\r\nHost: a\r\n", b"")
    for answer in await asyncio.gather(*(raw(service, half, wait_s=limits.HEAD_S_MAX + 5) for half in halves)):
        status, head = heads(answer)
        assert status == 408
        guarded(head)
    assert limits.HEAD_S_MAX - 1 < time.monotonic() - began < limits.HEAD_S_MAX + 3


def test_behind_tls_a_browser_is_told_never_to_come_otherwise() -> None:
    plain = Settings.from_env(ENV)
    secure = Settings.from_env(ENV | {"ONBEAT_ORIGINS": "https://onbeat.example"})
    assert "strict-transport-security" not in dict(headers.constant(plain))
    said = dict(headers.constant(secure))["strict-transport-security"]
    assert int(said.partition("=")[2].partition(";")[0]) >= 365 * 86_400 and "includeSubDomains" in said


FORGED: Final = [
    "null", "http://localhost", "http://localhost:1", "https://localhost:{port}", "http://LOCALHOST:{port}",
    "HTTP://localhost:{port}", "http://localhost:{port}/", "http://localhost:{port}/officer", "http://localhost:{port}?",
    "http://localhost:{port}#", "http://localhost:{port}.evil.example", "http://localhost.evil.example:{port}",
    "http://evil.localhost:{port}", "http://evillocalhost:{port}", "http://user@localhost:{port}",
    "http://localhost:{port}@evil.example", "http://evil.example#http://localhost:{port}",
    "http://evil.example/http://localhost:{port}", "http://evil.example?http://localhost:{port}",
    "http://localhost:{port}, http://evil.example", "http://evil.example, http://localhost:{port}",
    "http://localhost:{port} http://evil.example", "http://localhost:{port}\thttp://evil.example",
    "http://127.0.0.2:{port}", "http://127.1:{port}", "http://2130706433:{port}", "http://0x7f000001:{port}",
    "http://[::1]:{port}", "http://0.0.0.0:{port}", "http://localhost.:{port}", "http://l\u00f6calhost:{port}",
    "http://xn--localhost-1a:{port}", "http://localhost:0{port}", "http://localhost:{port}0", "ws://localhost:{port}",
    "file://", "about:blank", "chrome-extension://abc", "http://", "*",
]  # fmt: skip


async def test_forty_forged_origins_open_no_socket(service: Service) -> None:
    """Each with a ticket of its own that would open a socket, and with the cookies of somebody signed in (S3)."""
    assert len(FORGED) == 40 and len(set(FORGED)) == 40
    port = urlsplit(service.url).port
    person = service.of("officer", "xw-2")[0]
    opened, used = 0, 0
    async with httpx.AsyncClient(base_url=service.url, trust_env=False, timeout=15) as client:
        signed = await client.post("/v1/sessions", json={"login": person["login"], "password": person["password"]})
        head = {"authorization": f"Bearer {signed.json()['token']}"}
        cookie = f"Cookie: __Host-onbeat-officer={signed.json()['token']}\r\n"
        for origin in [*(one.replace("{port}", str(port)) for one in FORGED), None]:
            ticket = (await client.post("/v1/tickets", headers=head | {"origin": service.url})).json()["ticket"]
            said = f"Origin: {origin}\r\n" if origin is not None else ""
            request = UPGRADE.format(path=f"/v1/socket?ticket={ticket}", key=KEY, version="13", more=said + cookie)
            status, _ = heads(await raw(service, request.encode("latin-1")))
            opened += status == 101
            assert status == 403, (origin, status)
            # The ticket itself was good: from our own page it opens.
            used += 1
        good = UPGRADE.format(
            path=f"/v1/socket?ticket={ticket}", key=KEY, version="13", more=f"Origin: {service.url}\r\n" + cookie
        )
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(good.encode())
        assert b" 101 " in await reader.readline()
        writer.close()
        cookie_alone = UPGRADE.format(
            path="/v1/socket", key=KEY, version="13", more=f"Origin: {service.url}\r\n" + cookie
        )
        assert heads(await raw(service, cookie_alone.encode()))[0] == 401, "a cookie alone opens nothing"
    print(f"{used} forged origins, {opened} handshakes")
    assert opened == 0
