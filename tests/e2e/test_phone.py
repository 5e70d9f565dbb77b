"""`scripts/up --phone`, whole: a client that trusts the root opens a page and a socket; nobody else comes in."""

import asyncio
import json
import os
import re
import signal
import socket
import ssl
import sys
import warnings
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from websockets.asyncio.client import connect

from scripts.stores import ROOT, free_port

pytestmark = pytest.mark.slow


@dataclass(frozen=True, slots=True)
class Up:
    """A running `scripts/up --phone 127.0.0.1`."""

    port: int
    local: Path
    said: str


def three_ports() -> int:
    """A port that is free, with those 443 and 80 further on."""
    for _ in range(50):
        port = free_port()
        if port + 443 < 65_536:
            return port
    raise AssertionError("no ports")


@pytest.fixture(scope="module")
async def up(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Up]:
    local, port = tmp_path_factory.mktemp("up") / ".local", three_ports()
    local.parent.chmod(0o711)
    mine = ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "HOST")
    clean = {k: v for k, v in os.environ.items() if k not in mine and not k.startswith("ONBEAT_")}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "scripts.up", "--local", str(local), "--phone", "127.0.0.1",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, cwd=ROOT,
        env={**clean, "PORT": str(port), "PYTHONPATH": str(ROOT)}, start_new_session=True,
    )  # fmt: skip
    assert process.stdout is not None
    said = ""
    try:
        async with asyncio.timeout(120):
            while "Ctrl-C stops everything" not in said:
                line = (await process.stdout.readline()).decode()
                assert line, said
                said += line
        yield Up(port, local, said)
    finally:
        process.send_signal(signal.SIGINT)
        async with asyncio.timeout(60):
            await process.communicate()
    assert process.returncode == 0


async def test_a_phone_with_the_root_opens_the_page_and_a_socket(up: Up, tmp_path: Path) -> None:
    url, door = f"https://127.0.0.1:{up.port + 443}", f"http://127.0.0.1:{up.port + 80}"
    assert url in up.said and door in up.said and "\u2588" in up.said
    async with httpx.AsyncClient(trust_env=False) as anybody:
        der = (await anybody.get(f"{door}/onbeat-root.crt")).content
        with pytest.raises(httpx.ConnectError, match="certificate verify failed"):
            await anybody.get(url)
    root = tmp_path / "root.pem"
    root.write_bytes(x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM))
    trusting = ssl.create_default_context(cafile=str(root))
    (officer, *_) = (
        one for one in json.loads((up.local / "credentials.json").read_text())["people"] if one["role"] == "officer"
    )
    async with httpx.AsyncClient(verify=trusting, trust_env=False, base_url=url) as phone:
        page = await phone.get("/officer")
        assert page.status_code == 200 and "strict-transport-security" in page.headers
        assert f"wss://127.0.0.1:{up.port + 443}" in page.headers["content-security-policy"]
        assert (await phone.get("/sw.js")).status_code == 200
        said = {"login": officer["login"], "password": officer["password"]}
        token = (await phone.post("/v1/sessions", json=said)).json()["token"]
        head = {"authorization": f"Bearer {token}", "origin": url}
        key = await phone.get("/v1/push/key", headers=head)
        assert len(key.json()["key"]) == 87, "the demonstration has a key to ring phones with"
        ticket = (await phone.post("/v1/tickets", headers=head)).json()["ticket"]
    address = f"wss://127.0.0.1:{up.port + 443}/v1/socket?ticket={ticket}"
    origin: Any = url
    async with connect(address, ssl=trusting, origin=origin, compression=None, proxy=None) as line:
        await line.send('{"t":"hello","v":1}')
        assert json.loads(await line.recv())["t"] == "welcome"


def client_of(root: Path, ciphers: str = "", version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_2) -> ssl.SSLContext:
    """Somebody who speaks this version alone, with these ciphers alone. Raises: ssl.SSLError, for no cipher at all."""
    context = ssl.create_default_context(cafile=str(root))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # old versions are what is tried
        context.minimum_version = context.maximum_version = version
    if ciphers:
        context.set_ciphers(ciphers)
    return context


def agreed(port: int, context: ssl.SSLContext) -> str:
    """The cipher on which both agree. Raises: ssl.SSLError, ConnectionError."""
    with (
        socket.create_connection(("127.0.0.1", port), timeout=10) as line,
        context.wrap_socket(line, server_hostname="127.0.0.1") as talked,
    ):
        found = talked.cipher()
        assert found is not None
        return found[0]


async def test_a_line_is_forward_secret_and_authenticated_or_there_is_none(up: Up, tmp_path: Path) -> None:
    root, port = tmp_path / "root.pem", up.port + 443
    async with httpx.AsyncClient(trust_env=False) as anybody:
        der = (await anybody.get(f"http://127.0.0.1:{up.port + 80}/onbeat-root.crt")).content
    root.write_bytes(x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM))
    cipher = await asyncio.to_thread(agreed, port, client_of(root))
    assert re.fullmatch("ECDHE-(ECDSA|RSA)-(AES(256|128)-GCM-SHA(384|256)|CHACHA20-POLY1305)", cipher), cipher
    old = client_of(root, "ALL:@SECLEVEL=0", ssl.TLSVersion.TLSv1_1)
    for weak in (old, *(client_of(root, f"{one}:@SECLEVEL=0") for one in ("eNULL", "aNULL", "ECDHE+SHA", "kRSA"))):
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await asyncio.to_thread(agreed, port, weak)


async def test_the_desktop_comes_in_as_before(up: Up) -> None:
    async with httpx.AsyncClient(trust_env=False, base_url=f"http://localhost:{up.port}") as client:
        assert (await client.get("/")).status_code == 200
        assert (await client.get("/readyz")).json() == {"ready": True, "missing": []}
