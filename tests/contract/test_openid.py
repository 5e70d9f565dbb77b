"""What an identity provider says, held against what was asked: a provider that lies, over real HTTP on the loopback."""

import asyncio
import base64
import gzip
import logging
import time
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs, unquote_plus, urlsplit

import pytest

from dispatch import limits
from dispatch.adapters.openid import OpenIdProvider
from dispatch.people.ports import Identity
from dispatch.people.providers import Asking, Outsider, ProviderRefusal, safe_address
from tests.contract.forging import CLIENT, KEY, OTHER, SECRET, Forger, forging

ASKING = Asking(state="desk.state", nonce="n" * 43, verifier="v" * 64, back="http://localhost:8000/v1/oidc/callback")
NOW = int(time.time())
WAIT_S = 20.0  # of a provider that answers: a busy machine is no reason


class Provider(OpenIdProvider):
    """Ours, with a clock that a test moves."""

    def __init__(self, forger: Forger, **more: Any) -> None:
        self.ahead_s = 0.0
        settings: dict[str, Any] = {"client_id": CLIENT, "client_secret": SECRET, "wait_s": WAIT_S, **more}
        super().__init__(issuer=forger.url, now=lambda: time.time() + self.ahead_s, **settings)
        self.forger = forger

    async def comes(self, *, asking: Asking = ASKING, issuer: str | None = "") -> Outsider | ProviderRefusal:
        """Who comes back with a code; `issuer`: the provider's own where a test says nothing."""
        self.forger.nonce = self.forger.nonce or asking.nonce
        return await self.person(asking, "code", self.forger.url if issuer == "" else issuer)


@pytest.fixture
async def forger() -> AsyncIterator[Forger]:
    async with forging() as running:
        yield running


@pytest.fixture
async def provider(forger: Forger) -> AsyncIterator[Provider]:
    made = Provider(forger)
    yield made
    await made.close()


async def test_whoever_proves_it_is_known_by_issuer_and_subject(forger: Forger, provider: Provider) -> None:
    assert await provider.comes() == Outsider(identity=Identity(forger.url, "s-1"))
    _, form, head = forger.asked[-1]
    assert form == {
        "grant_type": "authorization_code", "code": "code", "code_verifier": ASKING.verifier,
        "redirect_uri": ASKING.back,
    }  # fmt: skip
    pair = base64.b64decode(head["authorization"].removeprefix("Basic ")).decode().split(":")
    assert [unquote_plus(one) for one in pair] == [CLIENT, SECRET], "form-encoded first (RFC 6749, 2.3.1)"


async def test_the_address_carries_a_challenge_and_never_the_secret_or_the_verifier(
    forger: Forger, provider: Provider
) -> None:
    to = await provider.address(ASKING)
    assert isinstance(to, str) and to.startswith(f"{forger.url}/auth?")
    said = {name: one for name, (one,) in parse_qs(urlsplit(to).query).items()}
    assert said["code_challenge_method"] == "S256" and len(said["code_challenge"]) == 43
    assert (said["state"], said["nonce"], said["scope"]) == (ASKING.state, ASKING.nonce, "openid")
    assert (said["response_type"], said["client_id"], said["redirect_uri"]) == ("code", CLIENT, ASKING.back)
    assert said["max_age"] == str(limits.OIDC_LOGIN_S)
    assert ASKING.verifier not in to and SECRET not in unquote_plus(to)


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"}, {"nonce": None}, {"aud": "another"}, {"aud": None}, {"aud": []},
        {"aud": [CLIENT, "another"]}, {"aud": CLIENT, "azp": "another"}, {"iss": "https://another.example"},
        {"iss": None}, {"sub": None}, {"sub": ""}, {"sub": 7}, {"sub": "s" * 256}, {"sub": "s\u00e9"},
        {"exp": NOW - 3_600}, {"exp": None}, {"exp": "soon"}, {"iat": NOW + 3_600}, {"iat": NOW - 7_200}, {"iat": None},
        {"nbf": NOW + 3_600}, {"auth_time": None}, {"auth_time": NOW - 86_400}, {"auth_time": NOW + 3_600},
        {"auth_time": "now"}, {"amr": "pwd"}, {"at_hash": "wrong"},
    ],
    ids=",".join,
)  # fmt: skip
async def test_a_signed_token_that_is_not_for_this_sign_in_proves_nothing(
    forger: Forger, provider: Provider, claims: dict[str, Any]
) -> None:
    forger.claims = claims
    assert await provider.comes() is ProviderRefusal.INVALID


async def test_a_clock_that_differs_by_less_than_a_minute_is_forgiven(forger: Forger, provider: Provider) -> None:
    now = int(time.time())
    forger.claims = {"iat": now + 30, "exp": now + 330, "auth_time": now + 30}
    assert isinstance(await provider.comes(), Outsider)
    forger.claims = {"exp": now - 30}
    assert isinstance(await provider.comes(), Outsider)


async def test_a_token_without_a_signature_proves_nothing(forger: Forger, provider: Provider) -> None:
    forger.signing = b""
    for header in ({"alg": "none"}, {"alg": "none", "kid": "one"}, {"alg": "RS256", "kid": "one"}, {"kid": "one"}):
        forger.header = header
        assert await provider.comes() is ProviderRefusal.INVALID, header


async def test_a_token_signed_with_what_is_public_or_shared_proves_nothing(forger: Forger, provider: Provider) -> None:
    forger.header = {"alg": "HS256", "kid": "one"}
    for known in (KEY.as_pem(private=False), KEY.as_bytes(private=False), SECRET.encode()):
        forger.signing = known
        assert await provider.comes() is ProviderRefusal.INVALID


async def test_a_token_of_another_key_proves_nothing(forger: Forger, provider: Provider) -> None:
    forger.signing = OTHER  # under the name of the known one
    assert await provider.comes() is ProviderRefusal.INVALID
    forger.header = {"alg": "RS256", "kid": "two"}
    assert await provider.comes() is ProviderRefusal.INVALID


@pytest.mark.parametrize(
    "token", ["", "x", "a.b.c", "a.b.c.d.e", "." * 5_000, 7, None, ["x"]], ids=lambda one: str(one)[:8]
)
async def test_what_is_no_token_proves_nothing(forger: Forger, provider: Provider, token: Any) -> None:
    forger.answer = (200, {"access_token": "a", "token_type": "Bearer", "id_token": token})
    assert await provider.comes() is ProviderRefusal.INVALID


async def test_an_answer_without_an_id_token_proves_nothing(forger: Forger, provider: Provider) -> None:
    forger.answer = (200, {"access_token": "a", "token_type": "Bearer"})
    assert await provider.comes() is ProviderRefusal.INVALID


async def test_an_answer_of_another_issuer_is_refused_before_the_code_goes_anywhere(
    forger: Forger, provider: Provider
) -> None:
    assert await provider.comes(issuer="https://another.example") is ProviderRefusal.INVALID
    assert await provider.comes(issuer=None) is ProviderRefusal.INVALID, "this provider says that it names itself"
    assert forger.count("/token") == 0


async def test_a_provider_that_never_names_itself_need_not(forger: Forger, provider: Provider) -> None:
    forger.document = {"authorization_response_iss_parameter_supported": False}
    assert isinstance(await provider.comes(issuer=None), Outsider)
    assert await provider.comes(issuer="https://another.example") is ProviderRefusal.INVALID


@pytest.mark.parametrize(
    ("status", "error", "refused"),
    [
        (400, "invalid_grant", ProviderRefusal.INVALID), (401, "invalid_client", ProviderRefusal.AWAY),
        (400, "unauthorized_client", ProviderRefusal.AWAY),
    ],
)  # fmt: skip
async def test_a_code_that_is_refused_is_told_apart_from_a_service_that_is(
    forger: Forger, provider: Provider, status: int, error: str, refused: ProviderRefusal
) -> None:
    forger.answer = (status, {"error": error, "error_description": "secret"})
    assert await provider.comes() is refused


async def test_keys_that_the_provider_changes_are_read_anew_but_not_for_every_token(
    forger: Forger, provider: Provider
) -> None:
    assert isinstance(await provider.comes(), Outsider)
    forger.keys, forger.signing, forger.header = [OTHER], OTHER, {"alg": "RS256", "kid": "two"}
    for _ in range(5):
        assert await provider.comes() is ProviderRefusal.INVALID, "read a moment ago"
    assert forger.count("/jwks") == 1
    provider.ahead_s = limits.OIDC_AGAIN_S
    assert isinstance(await provider.comes(), Outsider)
    assert forger.count("/jwks") == 2 and forger.count("/.well-known/openid-configuration") == 1


async def test_the_document_is_read_once_for_all_who_wait_and_again_after_an_hour(
    forger: Forger, provider: Provider
) -> None:
    await asyncio.gather(*(provider.address(ASKING) for _ in range(20)))
    assert forger.count("/.well-known/openid-configuration") == 1 and forger.count("/jwks") == 1
    provider.ahead_s = limits.OIDC_KEPT_S
    await provider.address(ASKING)
    assert forger.count("/.well-known/openid-configuration") == 2


@pytest.mark.parametrize(
    "document",
    [
        {"issuer": "https://another.example"}, {"authorization_endpoint": "javascript:alert(1)"},
        {"authorization_endpoint": "http://another.example/auth"}, {"token_endpoint": "http://another.example/t"},
        {"jwks_uri": "file:///etc/passwd"}, {"token_endpoint": None}, {"authorization_endpoint": "https://u:p@x.example"},
    ],
    ids=str,
)  # fmt: skip
async def test_a_document_that_leads_elsewhere_leads_nowhere(
    forger: Forger, provider: Provider, document: dict[str, Any]
) -> None:
    forger.document = document
    assert await provider.address(ASKING) is ProviderRefusal.AWAY


async def test_a_provider_that_is_silent_is_waited_for_only_so_long(forger: Forger) -> None:
    provider, silent = Provider(forger, wait_s=0.3), asyncio.Event()
    forger.writing["/.well-known/openid-configuration"] = lambda writer: silent.wait()
    began = time.monotonic()
    assert await provider.address(ASKING) is ProviderRefusal.AWAY
    assert time.monotonic() - began < 10, "a hundred times less than a browser would wait"
    silent.set()
    asked = len(forger.asked)
    assert await provider.address(ASKING) is ProviderRefusal.AWAY and len(forger.asked) == asked, "left alone a moment"
    await provider.close()


async def test_an_answer_that_trickles_for_ever_is_waited_for_only_so_long(forger: Forger) -> None:
    provider, over = Provider(forger, wait_s=0.5), asyncio.Event()

    async def trickle(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 x\r\n\r\n{")
        while not over.is_set():
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.01)

    forger.writing["/jwks"] = trickle
    assert await asyncio.wait_for(provider.address(ASKING), 10) is ProviderRefusal.AWAY
    over.set()
    await provider.close()


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/jwks", "/token"])
async def test_of_an_answer_of_a_hundred_megabytes_only_the_beginning_is_read(
    forger: Forger, provider: Provider, path: str
) -> None:
    written = 0

    async def flood(writer: asyncio.StreamWriter) -> None:
        nonlocal written
        writer.write(b"HTTP/1.1 200 x\r\ncontent-length: 100000000\r\n\r\n")
        for _ in range(1_600):
            writer.write(b" " * 62_500)
            await writer.drain()
            written += 62_500

    forger.writing[path] = flood
    assert await provider.comes() is ProviderRefusal.AWAY
    assert written < 50_000_000, "what the kernel holds, and no more"


async def test_an_answer_that_is_packed_is_not_unpacked(forger: Forger, provider: Provider) -> None:
    packed = gzip.compress(b" " * 50_000_000)

    async def write(writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 200 x\r\ncontent-encoding: gzip\r\ncontent-length: {len(packed)}\r\n\r\n".encode())
        writer.write(packed)

    forger.writing["/jwks"] = write
    assert await provider.comes() is ProviderRefusal.AWAY


async def test_nobody_is_sent_on_by_a_redirect(forger: Forger, provider: Provider) -> None:
    async def write(writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 307 x\r\nlocation: {forger.url}/jwks\r\ncontent-length: 0\r\n\r\n".encode())

    forger.writing["/token"] = write
    assert await provider.comes() is ProviderRefusal.AWAY


async def test_a_provider_that_is_not_there_is_away() -> None:
    gone = Forger(url="http://127.0.0.1:9")
    provider = Provider(gone)
    assert await provider.comes() is ProviderRefusal.AWAY
    await provider.close()


async def test_a_second_factor_counts_by_the_values_that_the_operator_named(forger: Forger) -> None:
    named = Provider(forger, strong_acr=("phr",), strong_amr=("hwk", "mfa"))
    nothing = Provider(forger)
    for claims, strong in (
        ({}, False), ({"acr": "phr"}, True), ({"acr": "ph"}, False), ({"acr": ["phr"]}, False),
        ({"amr": ["pwd"]}, False), ({"amr": ["pwd", "hwk"]}, True), ({"amr": [["hwk"]]}, False),
    ):  # fmt: skip
        forger.claims = claims
        told, other = await named.comes(), await nothing.comes()
        assert isinstance(told, Outsider) and told.strong is strong, claims
        assert isinstance(other, Outsider) and not other.strong, "named by nobody"
    to = await named.address(ASKING)
    assert isinstance(to, str) and "acr_values=phr" in to
    await named.close()
    await nothing.close()


async def test_a_claim_names_a_login_only_where_the_operator_says_which_and_it_is_verified(forger: Forger) -> None:
    for claim, claims, login in (
        (None, {"preferred_username": "desk"}, None), ("preferred_username", {"preferred_username": "desk"}, "desk"),
        ("preferred_username", {}, None), ("preferred_username", {"preferred_username": ["desk"]}, None),
        ("preferred_username", {"preferred_username": "desk", "preferred_username_verified": False}, None),
        ("email", {"email": "desk"}, None), ("email", {"email": "desk", "email_verified": True}, "desk"),
        ("email", {"email": "desk", "email_verified": "true"}, None),
    ):  # fmt: skip
        forger.claims = claims
        provider = Provider(forger, login_claim=claim)
        told = await provider.comes()
        assert isinstance(told, Outsider) and told.login == login, (claim, claims)
        await provider.close()


async def test_nothing_that_opens_something_is_ever_logged(
    forger: Forger, provider: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await provider.comes()
    forger.answer = (400, {"error": "invalid_grant", "error_description": f"{SECRET} code"})
    await provider.comes()
    forger.answer = (500, {"error": SECRET})
    await provider.comes()
    said = caplog.text.replace("code=", "")
    for secret in (SECRET, ASKING.verifier, ASKING.nonce, forger.id_token()[:40]):
        assert secret not in said


@pytest.mark.parametrize(
    ("address", "plain", "safe"),
    [
        ("https://id.example", False, True), ("https://id.example/realms/x", True, True),
        ("http://id.example", True, False), ("http://localhost:3000", True, True),
        ("http://localhost:3000", False, False), ("http://127.0.0.1", True, True), ("http://[::1]:80", True, True),
        ("http://127.0.0.1.example", True, False), ("https://a@id.example", True, False),
        ("https://id.example/#x", True, False), ("https://", True, False), ("ftp://localhost", True, False),
        ("https://id.example:x", True, False), ("javascript:alert(1)", True, False),
        ("https://id.example/ x", True, False), ("//id.example", True, False),
    ],
)  # fmt: skip
def test_an_address_is_safe_by_https_or_on_this_very_machine(address: str, plain: bool, safe: bool) -> None:
    assert safe_address(address, plain=plain) is safe
