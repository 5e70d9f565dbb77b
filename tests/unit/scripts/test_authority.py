"""The authority of one's own network: a client that trusts the root comes in, and the root vouches for nothing else."""

import asyncio
import datetime as dt
import importlib
import ipaddress
import ssl
import stat
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from starlette.applications import Starlette

from scripts.authority import LEAF_DAYS, Authority, AuthorityError, Pair
from scripts.phone import Phone, door_app, own_names, phone_at, qr, welcome


async def shake_hands(root: Path, pair: Pair, name: str) -> None:
    """A TLS handshake with a server of this pair, asked for by `name`. Raises: ssl.SSLError."""
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_side.load_cert_chain(pair.certificate, pair.key)
    client_side = ssl.create_default_context(cafile=str(root))
    server = await asyncio.start_server(lambda _r, w: w.close(), "127.0.0.1", 0, ssl=server_side)
    port = server.sockets[0].getsockname()[1]
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=client_side, server_hostname=name)
        writer.close()
    finally:
        server.close()


@pytest.mark.parametrize("name", ["192.168.1.20", "127.0.0.1", "localhost", "station.local"])
async def test_whoever_trusts_the_root_comes_in_by_each_name(tmp_path: Path, name: str) -> None:
    authority = Authority(tmp_path / "authority")
    pair = authority.vouch(("192.168.1.20", "127.0.0.1", "localhost", "station.local"))
    await shake_hands(authority.pair.certificate, pair, name)


async def test_whoever_does_not_trust_it_stays_out(tmp_path: Path) -> None:
    pair = Authority(tmp_path / "one").vouch(("127.0.0.1",))
    other = Authority(tmp_path / "other")
    with pytest.raises(ssl.SSLCertVerificationError):
        await shake_hands(other.pair.certificate, pair, "127.0.0.1")


@pytest.mark.parametrize("name", ["8.8.8.8", "bank.example", "localhost.example", "example.com"])
async def test_the_root_vouches_for_private_addresses_and_local_names_only(tmp_path: Path, name: str) -> None:
    """Also with its key in a thief's hands: what was made past our own refusal is refused by the client."""
    authority = Authority(tmp_path / "authority")
    with pytest.raises(AuthorityError):
        authority.vouch((name,))
    module = importlib.import_module("scripts.authority")
    told = x509.IPAddress(ipaddress.ip_address(name)) if name[0].isdigit() else x509.DNSName(name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_named", lambda _name: told)
        pair = authority.vouch((name,))
    with pytest.raises(ssl.SSLCertVerificationError, match="subtree"):
        await shake_hands(authority.pair.certificate, pair, name)


def test_the_root_is_kept_and_its_key_is_its_owners_only(tmp_path: Path) -> None:
    one, two = Authority(tmp_path / "authority"), Authority(tmp_path / "authority")
    assert one.fingerprint == two.fingerprint
    assert stat.S_IMODE((tmp_path / "authority").stat().st_mode) == 0o700
    for path in (one.pair.key, one.vouch(("127.0.0.1",)).key):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_certificate_is_made_anew_for_other_names_and_before_it_ends(tmp_path: Path) -> None:
    now = dt.datetime.now(dt.UTC)
    first = Authority(tmp_path, now).vouch(("10.0.0.5",)).certificate.read_bytes()
    assert Authority(tmp_path, now).vouch(("10.0.0.5",)).certificate.read_bytes() == first
    moved = Authority(tmp_path, now).vouch(("10.0.0.6",)).certificate.read_bytes()
    assert moved != first
    later = Authority(tmp_path, now + dt.timedelta(days=LEAF_DAYS - 20))
    renewed = later.vouch(("10.0.0.6",)).certificate.read_bytes()
    assert renewed != moved
    held = x509.load_pem_x509_certificate(renewed)
    assert (held.not_valid_after_utc - held.not_valid_before_utc).days <= 398, "phones take none that lasts longer"


def test_a_root_that_ends_soon_makes_way_for_another_and_its_certificates_with_it(tmp_path: Path) -> None:
    now = dt.datetime.now(dt.UTC)
    one = Authority(tmp_path, now - dt.timedelta(days=720))
    old = one.vouch(("10.0.0.5",)).certificate.read_bytes()
    two = Authority(tmp_path, now)
    assert one.fingerprint != two.fingerprint
    assert two.vouch(("10.0.0.5",)).certificate.read_bytes() != old


async def test_the_door_hands_out_the_root_and_nothing_else(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    app: Starlette = door_app(authority.root, "https://192.168.1.20:8443")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://192.168.1.20:8080") as client:
        page = await client.get("/")
        root = await client.get("/onbeat-root.crt")
        assert (await client.get("/root.key")).status_code == 404
    assert authority.fingerprint in page.text and 'href="https://192.168.1.20:8443"' in page.text
    assert root.headers["content-type"] == "application/x-x509-ca-cert"
    held = x509.load_der_x509_certificate(root.content)
    assert held.fingerprint(hashes.SHA256()) == authority.root.fingerprint(hashes.SHA256())


def test_what_is_told_names_both_addresses_and_what_does_not_work_without(tmp_path: Path) -> None:
    phone = phone_at("192.168.1.20", 8000)
    told = welcome(phone, Authority(tmp_path))
    assert "http://192.168.1.20:8080" in told and "https://192.168.1.20:8443" in told
    assert "no sign-in" in told and "ringing" in told and told.count("\u2588") > 40
    assert qr(phone.url) in told


def test_an_address_of_six_stands_in_brackets_and_the_pages_origins_are_exact() -> None:
    phone = Phone("fd00::5", 8443, 8080)
    assert phone.url == "https://[fd00::5]:8443"
    told = phone.web_settings(Pair(Path("c"), Path("k")), "https://named.example")
    assert told["HOST"] == "fd00::5"
    assert told["ONBEAT_ORIGINS"].split(",")[:2] == ["https://named.example", "https://[fd00::5]:8443"]
    assert own_names()[0] == "localhost"
