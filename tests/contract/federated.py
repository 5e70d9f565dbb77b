"""A process with an identity provider that lies when it is told to, and a browser that comes and goes."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from types import SimpleNamespace
from typing import Any, Final
from urllib.parse import parse_qs, quote, urlsplit
from uuid import UUID

import httpx
from redis.asyncio import Redis
from starlette.routing import Route

from dispatch.adapters.openid import OpenIdProvider
from dispatch.adapters.passkeys import TotpApps, WebAuthnPasskeys
from dispatch.adapters.postgres.admin import PostgresAdmin
from dispatch.adapters.postgres.factors import PostgresFactors
from dispatch.adapters.postgres.links import PostgresLinks
from dispatch.adapters.postgres.people import PostgresPeople
from dispatch.adapters.postgres.pool import connect_pool
from dispatch.adapters.redis.sessions import RedisSessions
from dispatch.adapters.sealing import AesSealer
from dispatch.admin.service import Administering
from dispatch.people.factors import Factors
from dispatch.people.providers import Federation
from dispatch.people.service import SignIn
from gateway.http import admin as admin_routes
from gateway.http import factors, openid, sign_in
from tests.conftest import Database
from tests.contract.forging import CLIENT, SECRET, Forger, forging
from tests.contract.test_admin_people import Heard
from tests.contract.test_page_sessions import Browser
from tests.contract.test_people import CHEAP, KEY, PEPPER, Clock, House
from tests.unit.http.asking import app_of, client_of

ROUTES: Final = [
    Route("/v1/oidc", openid.get_offered, methods=["GET"]),
    Route("/v1/oidc", openid.post_leaving, methods=["POST"]),
    Route(openid.CALLBACK, openid.get_callback, methods=["GET"]),
    Route("/v1/oidc/session", openid.post_session, methods=["POST"]),
    Route("/v1/sessions/second", factors.post_second, methods=["POST"]),
    Route("/v1/sessions", sign_in.delete_sessions, methods=["DELETE"]),
    Route("/v1/sessions", sign_in.post_session, methods=["POST"]),
    Route("/v1/sessions/current", sign_in.delete_session, methods=["DELETE"]),
    Route("/v1/me", sign_in.get_me, methods=["GET"]),
    Route("/v1/admin/people/{login}/identity", admin_routes.put_identity, methods=["PUT"]),
]
FOREIGN: Final = {"x_onbeat_page": "", "origin": "", "sec_fetch_site": "cross-site", "x_csrf_token": ""}


@dataclass
class Door:
    """A process with a provider. `services`: what its routes see."""

    house: House
    forger: Forger
    client: httpx.AsyncClient
    services: SimpleNamespace

    def browser(self, page: str = "officer") -> Browser:
        return Browser(self.client, page)

    async def leave(self, browser: Browser) -> dict[str, str]:
        """From the page to the provider; what its address carries."""
        answer = await browser.ask("POST", "/v1/oidc")
        assert answer.status_code == 200, answer.text
        said = {name: one for name, (one,) in parse_qs(urlsplit(answer.json()["to"]).query).items()}
        self.forger.nonce = said["nonce"]
        return said

    async def back(self, browser: Browser, **said: str) -> httpx.Response:
        """A foreign site sends the browser to our callback."""
        query = "&".join(f"{name}={quote(value)}" for name, value in said.items())
        return await browser.ask("GET", f"{openid.CALLBACK}?{query}", None, **FOREIGN)

    async def comes(self, browser: Browser, **claims: Any) -> httpx.Response:
        """There, back, and in; the provider says `claims`."""
        self.forger.claims = claims
        said = await self.leave(browser)
        answer = await self.back(browser, state=said["state"], code="code", iss=self.forger.url)
        assert (answer.status_code, answer.headers["location"]) == (303, f"/{browser.page}#oidc")
        return await browser.ask("POST", "/v1/oidc/session")

    async def sessions(self, account: UUID) -> int:
        found = "SELECT count(*) FROM sessions WHERE account = $1 AND revoked_at IS NULL"
        return int(await self.house.pool.fetchval(found, account))

    async def acts(self, account: UUID) -> list[tuple[str, str | None]]:
        """What the audit holds of an account, in order: act, and by what somebody came in."""
        rows = await self.house.pool.fetch(
            "SELECT act, body ->> 'method' AS method FROM audit WHERE chain = $1 ORDER BY seq", f"account:{account}"
        )
        return [(row["act"], row["method"]) for row in rows]


@contextlib.asynccontextmanager
async def federated(database: Database, redis_url: str) -> AsyncIterator[Door]:
    """A process whose provider says what a test wants."""
    pool, redis, clock = await connect_pool(database.app_url, size=8), Redis.from_url(redis_url), Clock()
    await redis.flushall()
    async with forging() as forger:
        provider = OpenIdProvider(
            issuer=forger.url, client_id=CLIENT, client_secret=SECRET, now=clock, login_claim="preferred_username",
            strong_amr=("mfa",), wait_s=20,
        )  # fmt: skip
        federation = Federation(
            provider, PostgresLinks(pool), AesSealer(b"errands"), name="City ID", issuer=forger.url, now=clock
        )
        people = PostgresPeople(pool)
        service = SignIn(
            people, RedisSessions(redis), CHEAP, pepper=PEPPER, ticket_key=KEY, now=clock, federation=federation,
            factors=lambda attempts: Factors(
                PostgresFactors(pool), AesSealer(b"f" * 32), TotpApps(), WebAuthnPasskeys({"http://localhost:1"}),
                attempts, required=False, now=clock,
            ),
        )  # fmt: skip
        admin = Administering(PostgresAdmin(pool), CHEAP, RedisSessions(redis), Heard())
        services = SimpleNamespace(sign_in=service, admin=admin)
        async with client_of(app_of(ROUTES, services)) as client:
            client.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))
            yield Door(House(service, people, pool, redis, clock), forger, client, services)
        await provider.close()
    await redis.aclose()
    await pool.close()


def code_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json().get("code", "")
