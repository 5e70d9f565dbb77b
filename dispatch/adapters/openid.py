"""An identity provider over HTTP, by Authlib and joserfc. Keeps `dispatch.people.providers.Provider`.

Authlib makes the addresses, bodies and client authentication and validates the ID token; the requests are httpx' own,
because each answer is bounded in time and bytes before anything reads it.
"""

import asyncio
import logging
import ssl
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final
from urllib.parse import quote_plus

import httpx
import msgspec
from authlib.common.urls import add_params_to_uri
from authlib.oauth2.client import OAuth2Client
from authlib.oauth2.rfc6749 import OAuth2Error
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from dispatch import limits
from dispatch.people.ports import Identity
from dispatch.people.providers import Asking, Outsider, ProviderRefusal, safe_address

log = logging.getLogger(__name__)

DOCUMENT: Final = "/.well-known/openid-configuration"
ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Signatures by a key that the provider alone has. Never `none`, never HS256: its key is one that two have."""
KINDS: Final = frozenset({"RSA", "EC", "OKP"})
KEYS_MAX: Final = 50  # of a set; the largest in use have a dozen
HEADER_CHARS_MAX: Final = 8_192  # of a token: some providers send the certificate along
METHODS: Final = ("client_secret_basic", "client_secret_post")
NOT_OURS: Final = frozenset({"invalid_client", "unauthorized_client", "server_error", "temporarily_unavailable"})
"""Errors of the token's endpoint that say nothing about the person."""
READING: Final = (JoseError, ValueError, TypeError, KeyError, AttributeError)
"""What libraries raise over a token or key that is none."""


class _Away(Exception):
    """Not reached, or not an answer; the message says how, without anything that was sent."""


class _Keys:
    """The provider's document and keys, as they were read; `at`: when."""

    def __init__(self, document: Mapping[str, Any], keys: KeySet, at: float) -> None:
        self.document, self.keys, self.at = document, keys, at


class OpenIdProvider:
    """One for each process. `login_claim`: whose value may name a login, None for none. `strong_acr`, `strong_amr`:
    values of a token that count as a second factor. `now`: Unix seconds, the clock that tokens are held against.
    `sign_out`: whether who signs out here is led there to sign out too."""

    def __init__(
        self, *, issuer: str, client_id: str, client_secret: str, now: Callable[[], float],
        login_claim: str | None = None, strong_acr: tuple[str, ...] = (), strong_amr: tuple[str, ...] = (),
        login_s: int = limits.OIDC_LOGIN_S, wait_s: float = limits.OIDC_S_MAX, sign_out: bool = True,
    ) -> None:  # fmt: skip
        self._issuer, self._id, self._secret, self._now = issuer, client_id, client_secret, now
        self._claim, self._acr, self._amr = login_claim, strong_acr, strong_amr
        self._login_s, self._wait_s, self._sign_out = login_s, wait_s, sign_out
        self._plain = issuer.startswith("http://")
        self._known: _Keys | None = None
        self._failed_at = float("-inf")
        self._looking = asyncio.Lock()
        # No proxy of the environment, no redirect: a code goes where the operator said and nowhere else.
        self._http = httpx.AsyncClient(verify=_trust(), timeout=wait_s, follow_redirects=False, trust_env=False)

    async def close(self) -> None:
        await self._http.aclose()

    # --- promises
    async def address(self, asking: Asking) -> str | ProviderRefusal:
        try:
            known = await self._look()
        except _Away as error:
            return self._away(error)
        said: dict[str, Any] = {"nonce": asking.nonce, "max_age": self._login_s}
        if self._acr:
            said["acr_values"] = " ".join(self._acr)
        to, _ = self._client(known).create_authorization_url(
            known.document["authorization_endpoint"], state=asking.state, code_verifier=asking.verifier,
            redirect_uri=asking.back, **said,
        )  # fmt: skip
        return str(to)

    async def farewell(self, back: str) -> str | None:
        try:
            at = (await self._look()).document.get("end_session_endpoint") if self._sign_out else None
        except _Away as error:
            self._away(error)
            return None
        if not isinstance(at, str) or not safe_address(at, plain=self._plain):
            return None
        # No id_token_hint: we keep no token of theirs. The provider asks the person instead whether it shall be.
        return str(add_params_to_uri(at, [("client_id", self._id), ("post_logout_redirect_uri", back)]))

    async def person(self, asking: Asking, code: str, issuer: str | None) -> Outsider | ProviderRefusal:
        try:
            known = await self._look()
            # Before the code goes anywhere: was it this provider that answered (RFC 9207)?
            named = known.document.get("authorization_response_iss_parameter_supported") is True
            if (issuer is None and named) or (issuer is not None and issuer != self._issuer):
                return self._invalid("answered by another issuer")
            token = await self._token(known, asking, code)
            if isinstance(token, ProviderRefusal):
                return token
            claims = await self._claims(known, token, asking.nonce)
        except _Away as error:
            return self._away(error)
        except READING as error:
            return self._invalid(type(error).__name__)
        return self._outsider(claims)

    # --- the flow
    def _client(self, known: _Keys) -> OAuth2Client:
        methods = known.document.get("token_endpoint_auth_methods_supported") or METHODS[:1]
        scope = ["openid", *(["email" if self._claim.startswith("email") else "profile"] if self._claim else [])]
        client = OAuth2Client(
            None, client_id=self._id, client_secret=self._secret, scope=" ".join(scope), code_challenge_method="S256",
            token_endpoint_auth_method=next((one for one in METHODS if one in methods), METHODS[0]),
        )  # fmt: skip
        client.register_client_auth_method((METHODS[0], _basic))
        return client

    async def _token(self, known: _Keys, asking: Asking, code: str) -> Mapping[str, Any] | ProviderRefusal:
        """The token endpoint's answer to a code."""
        client, url = self._client(known), known.document["token_endpoint"]
        body = client._prepare_token_endpoint_body(  # what fetch_token does, without its unbounded request
            "", "authorization_code", code=code, code_verifier=asking.verifier, redirect_uri=asking.back
        )
        head = {"accept": "application/json", "content-type": "application/x-www-form-urlencoded"}
        url, head, body = client.client_auth(client.token_endpoint_auth_method).prepare("POST", url, head, body)
        answer = await self._ask("POST", url, head, body)
        try:
            return dict(client.parse_response_token(answer))
        except OAuth2Error as error:
            if error.error in NOT_OURS:
                log.error("the identity provider refuses this service: %.60s", error.error)
                return ProviderRefusal.AWAY
            return self._invalid(str(error.error))
        except httpx.HTTPStatusError as error:
            raise _Away(f"status {error.response.status_code}") from error

    async def _claims(self, known: _Keys, token: Mapping[str, Any], nonce: str) -> CodeIDToken:
        """Of an ID token that is the provider's, for us, for this question and of now. Raises: READING, _Away."""
        text = token["id_token"]
        registry = JWSRegistry(algorithms=list(ALGORITHMS), strict_check_header=False)
        registry.max_header_length = HEADER_CHARS_MAX
        try:
            told = jwt.decode(text, known.keys, registry=registry)
        except (JoseError, ValueError):
            newer = await self._newer(known)
            if newer is known:
                raise
            told = jwt.decode(text, newer.keys, registry=registry)
        now = int(self._now())
        options = {
            "iss": {"essential": True, "value": self._issuer},
            "aud": {"essential": True, "value": self._id},
            "sub": {"essential": True, "validate": _is_subject},
            "iat": {"essential": True, "validate": _within(now, limits.OIDC_TOKEN_S)},
            "auth_time": {"essential": True, "validate": _within(now, self._login_s)},
        }
        more = {"nonce": nonce, "client_id": self._id, "access_token": token.get("access_token")}
        claims = CodeIDToken(told.claims, told.header, options, more | {"max_age": self._login_s})
        claims.validate(now=now, leeway=limits.OIDC_SKEW_S)
        return claims

    def _outsider(self, claims: Mapping[str, Any]) -> Outsider:
        amr = claims.get("amr") or []
        strong = claims.get("acr") in self._acr or any(one in self._amr for one in amr)
        identity = Identity(claims["iss"], claims["sub"])
        return Outsider(identity=identity, login=self._login(claims), strong=strong)

    def _login(self, claims: Mapping[str, Any]) -> str | None:
        """What the named claim says; not where the provider itself has not verified it."""
        if self._claim is None:
            return None
        said = claims.get(self._claim)
        verified = claims.get(f"{self._claim}_verified", self._claim not in ("email", "phone_number"))
        return said if isinstance(said, str) and said and verified is True else None

    # --- the document and its keys
    async def _look(self) -> _Keys:
        """Read once in OIDC_KEPT_S, by one for all who wait. Raises: _Away."""
        async with self._looking:
            now = self._now()
            if self._known is not None and 0 <= now - self._known.at < limits.OIDC_KEPT_S:
                return self._known
            if 0 <= now - self._failed_at < limits.OIDC_PAUSE_S:
                raise _Away("it failed a moment ago")
            try:
                document = await self._document()
                self._known = _Keys(document, await self._keys(document), now)
            except _Away:
                self._failed_at = now
                raise
            return self._known

    async def _newer(self, known: _Keys) -> _Keys:
        """With the keys as they are now; the same where they were read within OIDC_AGAIN_S. Raises: _Away."""
        async with self._looking:
            if self._known is not known and self._known is not None:
                return self._known
            if self._now() - known.at < limits.OIDC_AGAIN_S:
                return known
            self._known = _Keys(known.document, await self._keys(known.document), self._now())
            return self._known

    async def _document(self) -> Mapping[str, Any]:
        said = _read(await self._ask("GET", self._issuer.rstrip("/") + DOCUMENT, {"accept": "application/json"}))
        if said.get("issuer") != self._issuer:
            raise _Away("its document names another issuer")
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            if not isinstance(said.get(name), str) or not safe_address(said[name], plain=self._plain):
                raise _Away(f"its document holds no safe {name}")
        return said

    async def _keys(self, document: Mapping[str, Any]) -> KeySet:
        said = _read(await self._ask("GET", document["jwks_uri"], {"accept": "application/json"})).get("keys")
        found = []
        for one in (said if isinstance(said, list) else [])[:KEYS_MAX]:
            if isinstance(one, dict) and one.get("kty") in KINDS and one.get("use", "sig") == "sig":
                try:
                    found += KeySet.import_key_set({"keys": [one]}).keys
                except READING:
                    continue  # of a kind that is not known here
        if not found:
            raise _Away("it shows no key")
        return KeySet(found)

    async def _ask(self, method: str, url: str, head: dict[str, str], body: str | None = None) -> httpx.Response:
        """The whole answer, within `wait_s` and OIDC_BYTES_MAX. Raises: _Away."""
        held = bytearray()
        try:
            async with asyncio.timeout(self._wait_s):
                # As it is: a packed answer of our limit could unfold to a thousand times that.
                asked = self._http.stream(method, url, headers={**head, "accept-encoding": "identity"}, content=body)
                async with asked as answer:
                    if answer.headers.get("content-encoding", "identity") != "identity":
                        raise _Away("its answer is packed")
                    async for part in answer.aiter_raw():
                        held += part
                        if len(held) > limits.OIDC_BYTES_MAX:
                            raise _Away("its answer has no end")
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            raise _Away(type(error).__name__) from error
        if answer.is_redirect or answer.status_code >= 500:
            raise _Away(f"status {answer.status_code}")
        return httpx.Response(answer.status_code, content=bytes(held), request=answer.request)

    # --- told to who runs the service; of the person, the code or the token nothing is ever logged
    @staticmethod
    def _away(error: _Away) -> ProviderRefusal:
        log.warning("the identity provider is away: %s", error)
        return ProviderRefusal.AWAY

    @staticmethod
    def _invalid(why: str) -> ProviderRefusal:
        log.warning("what came from the identity provider is no proof: %.60r", why)
        return ProviderRefusal.INVALID


@cache
def _trust() -> ssl.SSLContext:
    """The system's own, so that an authority of the house counts."""
    return ssl.create_default_context()


def _basic(client: Any, method: str, url: str, head: dict[str, str], body: str) -> tuple[str, dict[str, str], str]:
    """RFC 6749, 2.3.1: both are form-encoded first, so that a secret may hold any sign."""
    pair = httpx.BasicAuth(quote_plus(client.client_id), quote_plus(client.client_secret))
    request = next(pair.auth_flow(httpx.Request(method, url)))
    return url, {**head, "authorization": request.headers["authorization"]}, body


def _read(answer: httpx.Response) -> dict[str, Any]:
    if answer.status_code != 200:
        raise _Away(f"status {answer.status_code}")
    try:
        return msgspec.json.decode(answer.content, type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise _Away("its answer is not JSON") from error


def _within(now: int, age_s: int) -> Callable[[Any, Any], bool]:
    """A time that is not further back than `age_s`; that it lies not ahead is asked by the caller or the library."""

    def asked(_claims: Any, value: Any) -> bool:
        whole = isinstance(value, int | float) and not isinstance(value, bool)
        return whole and now - age_s - limits.OIDC_SKEW_S <= value <= now + limits.OIDC_SKEW_S

    return asked


def _is_subject(_claims: Any, value: Any) -> bool:
    short = isinstance(value, str) and 0 < len(value) <= limits.SUBJECT_CHARS_MAX
    return short and value.isascii() and value.isprintable()
