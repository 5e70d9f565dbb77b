"""Sign-in and the map over HTTP, on real stores."""

import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis
from starlette.routing import Route

from dispatch.adapters.passwords import Argon2Passwords
from dispatch.adapters.postgres.people import PostgresPeople
from dispatch.adapters.postgres.pool import connect_pool
from dispatch.adapters.postgres.town import PostgresTown
from dispatch.adapters.redis.sessions import RedisSessions
from dispatch.people.service import SignIn
from gateway.http import areas, sign_in
from gateway.release import release
from gateway.settings import Settings
from tests.conftest import Database
from tests.unit.http.asking import app_of, client_of

ROUTES = [
    Route("/v1/sessions", sign_in.post_session, methods=["POST"]),
    Route("/v1/sessions/current", sign_in.delete_session, methods=["DELETE"]),
    Route("/v1/receipts", sign_in.post_receipt, methods=["POST"]),
    Route("/v1/tickets", sign_in.post_ticket, methods=["POST"]),
    Route("/v1/me", sign_in.get_me, methods=["GET"]),
    Route("/v1/areas", areas.get_areas, methods=["GET"]),
    Route("/v1/areas", areas.post_areas, methods=["POST"]),
    Route("/v1/categories", areas.get_categories, methods=["GET"]),
]
ORIGIN = {"origin": "http://localhost:8000"}
DATA = Path("tests/data")
STATIONS = (DATA / "xuanwu_stations.geojson").read_bytes()
BEATS = (DATA / "xuanwu_beats.geojson").read_bytes()
INVALID = (DATA / "nanjing_invalid.geojson").read_bytes()


@dataclass(slots=True)
class Town:
    """A client of the demonstration town, and its sign-ins."""

    client: httpx.AsyncClient
    people: list[dict[str, str]]
    pool: Any
    service: SignIn

    def login(self, role: str) -> dict[str, str]:
        return next(one for one in self.people if one["role"] == role)

    async def bearer(self, role: str) -> dict[str, str]:
        one = self.login(role)
        said = {"login": one["login"], "password": one["password"]}
        answer = await self.client.post("/v1/sessions", json=said)
        assert answer.status_code == 201, answer.text
        return {"authorization": f"Bearer {answer.json()['token']}"}


@pytest.fixture
async def town(database: Database, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    folder = tmp_path_factory.getbasetemp() / "people_http"
    env = {
        "DATABASE_URL": database.app_url,
        "DATABASE_OWNER_URL": database.owner_url,
        "REDIS_URL": redis_url,
        "ONBEAT_DEMO": "1",
        "ONBEAT_CREDENTIALS": str(folder / "credentials.json"),
    }
    await release(Settings.from_env(env))
    pool, redis = await connect_pool(database.app_url, size=4), Redis.from_url(redis_url)
    service = SignIn(
        PostgresPeople(pool),
        RedisSessions(redis),
        Argon2Passwords(),
        pepper=b"p" * 32,
        ticket_key=b"t" * 32,
        now=time.time,
    )
    app = app_of(ROUTES, SimpleNamespace(sign_in=service, town=PostgresTown(pool)))
    people = json.loads((folder / "credentials.json").read_text())["people"]
    async with client_of(app) as client:
        yield Town(client, people, pool, service)
    await redis.aclose()
    await pool.close()


@pytest.mark.parametrize("role", ["officer", "desk", "supervisor", "admin"])
async def test_every_demonstration_sign_in_opens_its_role(town: Town, role: str) -> None:
    me = (await town.client.get("/v1/me", headers=await town.bearer(role))).json()
    one = town.login(role)
    assert me["role"] == role
    assert me["station"] == one.get("station")
    assert me["call_sign"] == one.get("call_sign")
    assert 0 < me["expires_in_s"] <= 12 * 3600


async def test_a_wrong_password_and_an_unknown_login_sound_the_same(town: Town) -> None:
    known = {"login": town.login("desk")["login"], "password": "wrong"}
    unknown = {"login": "nobody", "password": "wrong"}
    answers = [await town.client.post("/v1/sessions", json=said) for said in (known, unknown)]
    assert [answer.status_code for answer in answers] == [401, 401]
    assert answers[0].content == answers[1].content
    assert answers[0].json()["code"] == "sign_in_refused"


async def test_without_a_session_or_after_signing_out_there_is_no_me(town: Town) -> None:
    bearer = await town.bearer("officer")
    assert (await town.client.delete("/v1/sessions/current", headers=bearer)).status_code == 204
    for headers, code in (
        ({}, "session_missing"),
        ({"authorization": "Basic eDp5"}, "session_missing"),
        ({"authorization": "Bearer " + "A" * 43}, "session_ended"),
        (bearer, "session_ended"),
    ):
        answer = await town.client.get("/v1/me", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, code)
        assert answer.headers["www-authenticate"] == "Bearer"


FORGED = [
    "", "null", "http://localhost:8001", "https://localhost:8000", "http://localhost", "http://LOCALHOST:8000",
    "http://localhost:8000/", "http://localhost:8000.evil.example", "http://evil.example", "http://127.0.0.2:8000",
    "http://localhost:8000, http://evil.example", " http://localhost:8000x", "file://", "http://localhost:80000",
    "http://user@localhost:8000", "http://localhost:8000#", "http://localhost:8000?", "ws://localhost:8000",
]  # fmt: skip


async def test_only_a_page_of_ours_gets_a_ticket(town: Town) -> None:
    bearer = await town.bearer("officer")
    for origin in FORGED:
        answer = await town.client.post("/v1/tickets", headers=bearer | {"origin": origin})
        assert (answer.status_code, answer.json()["code"]) == (403, "origin_not_allowed"), origin
    good = await town.client.post("/v1/tickets", headers=bearer | ORIGIN)
    assert good.status_code == 201
    who = await town.service.use_ticket(good.json()["ticket"], ORIGIN["origin"])
    assert getattr(who, "role", None) == "officer"


async def test_who_follows_nothing_live_gets_no_ticket(town: Town) -> None:
    answer = await town.client.post("/v1/tickets", headers=await town.bearer("admin") | ORIGIN)
    assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")


async def test_a_code_that_is_none_is_refused_by_its_form_or_as_unknown(town: Town) -> None:
    for code, status, said in (
        ("hello", 422, "receipt_malformed"), ("0000-0000-0000-0000-0000-0000", 404, "receipt_unknown"),
    ):  # fmt: skip
        answer = await town.client.post("/v1/receipts", json={"code": code})
        assert (answer.status_code, answer.json()["code"]) == (status, said)


async def test_the_map_is_open_to_all_and_costs_nothing_twice(town: Town) -> None:
    answer = await town.client.get("/v1/areas")
    assert answer.headers["content-type"] == "application/geo+json"
    features = answer.json()["features"]
    kinds = [feature["properties"]["kind"] for feature in features]
    assert (kinds.count("station"), kinds.count("beat")) == (5, 20)
    assert features[0]["properties"]["name_en"] == "Xuanwumen Station"
    assert features[5]["properties"]["name_en"] == "Xuanwumen Station, beat 1"
    again = await town.client.get("/v1/areas", headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert len((await town.client.get("/v1/categories")).json()["categories"]) == 13


async def post_areas(town: Town, content: bytes, kind: str = "station", role: str = "admin") -> httpx.Response:
    headers = await town.bearer(role) | {"content-type": "application/geo+json"}
    return await town.client.post(f"/v1/areas?kind={kind}", content=content, headers=headers)


@pytest.mark.parametrize("role", ["officer", "desk", "supervisor"])
async def test_nobody_but_the_admin_moves_a_border(town: Town, role: str) -> None:
    before = (await town.client.get("/v1/areas")).content
    assert (await post_areas(town, STATIONS, role=role)).status_code == 403
    assert (await town.client.get("/v1/areas")).content == before


async def test_an_import_is_taken_over_and_reported(town: Town) -> None:
    beats = json.loads(BEATS)
    answer = await post_areas(town, STATIONS)
    assert answer.status_code == 200, answer.text
    assert answer.json() | {"gaps": []} == {
        "kind": "station", "areas": 5, "repaired": [], "overlaps": [], "gaps": [], "outside": [],
        "applied": True, "added": [], "moved": [], "dropped": [], "after": [],
    }  # fmt: skip
    dropped = beats["features"].pop()["properties"]
    answer = await post_areas(town, json.dumps(beats).encode(), "beat")
    assert answer.json()["areas"] == 19
    assert any(dropped["station"] in gap["what"] for gap in answer.json()["gaps"])
    gone = f"beat:{dropped['id']}"
    assert await town.pool.fetchval("SELECT count(*) FROM officers WHERE beat = $1", gone) == 0


async def test_a_beat_keeps_the_english_name_of_its_file_and_has_its_own_one_without(town: Town) -> None:
    beats = json.loads(BEATS)
    first, second = (feature["properties"] for feature in beats["features"][:2])
    first["name_en"] = "Lakeside"
    del second["name_en"]
    moved = (await post_areas(town, json.dumps(beats).encode(), "beat")).json()["moved"]
    told = {
        one["properties"]["id"]: one["properties"] for one in (await town.client.get("/v1/areas")).json()["features"]
    }
    assert told[first["id"]]["name_en"] == "Lakeside"
    assert told[second["id"]]["name_en"] == second["name"], "nothing is made up"
    assert {first["id"], second["id"]} <= set(moved), "another name is a change that the report tells"
    again = (await post_areas(town, json.dumps(beats).encode(), "beat")).json()
    assert (again["moved"], again["added"], again["dropped"]) == ([], [], [])
    assert (await post_areas(town, BEATS, "beat")).status_code == 200


async def test_invalid_rings_are_mended_with_a_report_or_refused_by_name(town: Town) -> None:
    answer = await post_areas(town, INVALID)
    said = answer.json()
    assert (answer.status_code == 200 and said["repaired"]) or said["errors"][0]["feature"], said
    # Put the town back for the others.
    assert (await post_areas(town, STATIONS)).status_code == 200


BAD = [
    (b"{", "geojson_invalid"),
    (b"[" * 100_000, "geojson_invalid"),
    (b'{"type":"Polygon"}', "geojson_invalid"),
    (b'{"type":"FeatureCollection","features":[]}', "areas_refused"),
    (b'{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"id":"a","name":"Crooked"},'
     b'"geometry":{"type":"Point","coordinates":[1,2]}}]}', "areas_refused"),
    (b'{"type":"FeatureCollection","crs":{"type":"name","properties":{"name":"EPSG:4479"}},"features":[]}',
     "geojson_invalid"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "code"), BAD)
async def test_a_map_that_is_none_changes_nothing(town: Town, content: bytes, code: str) -> None:
    before = (await town.client.get("/v1/areas")).content
    answer = await post_areas(town, content)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert (await town.client.get("/v1/areas")).content == before
    if b"Crooked" in content:
        assert answer.json()["errors"][0]["feature"] == "Crooked"


async def test_a_beat_of_an_unknown_station_is_refused(town: Town) -> None:
    beats = json.loads(BEATS)
    beats["features"][0]["properties"]["station"] = "nowhere"
    answer = await post_areas(town, json.dumps(beats).encode(), "beat")
    assert answer.json()["errors"][0]["code"] == "station_unknown"


async def test_a_kind_that_is_none_is_refused(town: Town) -> None:
    assert (await post_areas(town, b"{}", "street")).json()["code"] == "kind_unknown"


async def test_a_body_that_took_its_time_is_taken_of_nobody_whose_session_ended_meanwhile(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dispatch.limits.BODY_PROMPT_S", 0.0)
    head = await town.bearer("admin") | {"content-type": "application/geo+json"}

    async def slowly(ends: bool) -> AsyncIterator[bytes]:
        yield BEATS[:100]
        if ends:
            assert (await town.client.delete("/v1/sessions/current", headers=head)).status_code == 204
        yield BEATS[100:]

    at_rest = await town.client.post("/v1/areas?kind=beat", content=slowly(False), headers=head)
    assert at_rest.status_code == 200, at_rest.text
    ended = await town.client.post("/v1/areas?kind=beat", content=slowly(True), headers=head)
    assert (ended.status_code, ended.json()["code"]) == (401, "session_ended")
