"""GET /v1/figures on real stores: who may ask about which station, and what is no question."""

import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
from redis.asyncio import Redis
from starlette.routing import Route

from dispatch.adapters.passwords import Argon2Passwords
from dispatch.adapters.postgres.figures import PostgresFigures
from dispatch.adapters.postgres.people import PostgresPeople
from dispatch.adapters.postgres.pool import connect_pool
from dispatch.adapters.redis.sessions import RedisSessions
from dispatch.people.service import SignIn
from gateway.http import figures, sign_in
from gateway.release import release
from gateway.settings import Settings
from tests.conftest import Database
from tests.unit.http.asking import app_of, client_of

ROUTES = [
    Route("/v1/sessions", sign_in.post_session, methods=["POST"]),
    Route("/v1/figures", figures.get_figures, methods=["GET"]),
]
DAY = {"from": "2026-11-22T00:00:00Z", "to": "2026-11-23T00:00:00+00:00"}


class Desk:
    """A client of the demonstration town, and its sign-ins."""

    def __init__(self, client: httpx.AsyncClient, credentials: Path) -> None:
        self.client = client
        self.people: list[dict[str, str]] = json.loads(credentials.read_text())["people"]

    async def ask(self, role: str, **said: str) -> httpx.Response:
        one = next(one for one in self.people if one["role"] == role)
        answer = await self.client.post("/v1/sessions", json={"login": one["login"], "password": one["password"]})
        bearer = {"authorization": f"Bearer {answer.json()['token']}"}
        return await self.client.get("/v1/figures", params=said, headers=bearer)

    def station(self) -> str:
        return next(one["station"] for one in self.people if one["role"] == "desk")


@pytest.fixture
async def desk(database: Database, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    credentials = tmp_path_factory.getbasetemp() / "figures_http" / "credentials.json"
    env = {"DATABASE_URL": database.app_url, "DATABASE_OWNER_URL": database.owner_url, "REDIS_URL": redis_url}
    await release(Settings.from_env(env | {"ONBEAT_DEMO": "1", "ONBEAT_CREDENTIALS": str(credentials)}))
    pool, redis = await connect_pool(database.app_url, size=4), Redis.from_url(redis_url)
    service = SignIn(
        PostgresPeople(pool), RedisSessions(redis), Argon2Passwords(), pepper=b"p" * 32, ticket_key=b"t" * 32,
        now=time.time,
    )  # fmt: skip
    app = app_of(ROUTES, SimpleNamespace(sign_in=service, figures=PostgresFigures(pool)))
    async with client_of(app) as client:
        yield Desk(client, credentials)
    await redis.aclose()
    await pool.close()


async def test_a_desk_hears_of_its_own_station_whatever_it_asks(desk: Desk) -> None:
    answer = await desk.ask("desk", **DAY, station="another")
    assert answer.status_code == 200, answer.text
    assert answer.json()["station"] == desk.station()
    assert answer.json()["whole"]["cases"] == 0
    assert answer.headers["cache-control"] == "no-store"


async def test_a_supervisor_hears_of_all_or_of_one(desk: Desk) -> None:
    assert (await desk.ask("supervisor", **DAY)).json()["station"] is None
    assert (await desk.ask("supervisor", **DAY, station="xw-1", by="hour")).json()["station"] == "xw-1"


async def test_nobody_else_hears_figures(desk: Desk) -> None:
    assert (await desk.ask("officer", **DAY)).json()["code"] == "not_allowed"
    assert (await desk.ask("admin", **DAY)).status_code == 200, "who sets the town up must see what came of it"
    assert (await desk.client.get("/v1/figures", params=DAY)).json()["code"] == "session_missing"


@pytest.mark.parametrize(
    "wrong",
    [
        {"from": "yesterday"}, {"from": "2026-11-22T00:00:00"}, {"to": "2026-11-22T00:00:00Z"},
        {"to": "2027-11-22T00:00:00Z"}, {"by": "officer"}, {"zone": ""}, {"zone": "Moon/Tranquility"},
        {"zone": "x" * 65}, {"zone": "\x00"}, {"from": "0001-01-01T00:00:00+14:00", "to": "0001-01-01T09:00:00+14:00"},
    ],
)  # fmt: skip
async def test_what_is_no_question_is_refused_in_words(desk: Desk, wrong: dict[str, str]) -> None:
    answer = await desk.ask("supervisor", **(DAY | wrong))
    assert (answer.status_code, answer.json()["code"]) == (422, "question_invalid"), answer.text
    assert answer.json()["detail"]
