"""Setting the town up over HTTP, on real stores: every mistake by its own code, a stale write, a session that ends."""

import json
import time
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any, Final

import httpx
import pytest
from redis.asyncio import Redis
from starlette.routing import Route

from dispatch.adapters.common import ListedPasswords
from dispatch.adapters.passwords import Argon2Passwords
from dispatch.adapters.postgres.admin import PostgresAdmin
from dispatch.adapters.postgres.people import PostgresPeople
from dispatch.adapters.postgres.pool import connect_pool
from dispatch.adapters.postgres.town import PostgresTown
from dispatch.adapters.redis.sessions import RedisSessions
from dispatch.admin.service import Administering
from dispatch.people.choosing import Choosing
from dispatch.people.service import SignIn
from gateway.operations import OPERATIONS
from gateway.release import release
from gateway.routes import ROUTES
from gateway.settings import Settings
from tests.conftest import Database
from tests.contract.test_admin_people import Heard
from tests.contract.test_people_http import Town
from tests.unit.http.asking import app_of, client_of

GEOJSON: Final = {"content-type": "application/geo+json"}
OFFICER: Final[dict[str, Any]] = {
    "version": 0, "reason": "New here.", "role": "officer", "station": "xw-xwm", "call_sign": "0999", "surname": "钱",
    "slots": 1,
}  # fmt: skip
CATEGORY: Final[dict[str, Any]] = {"version": 0, "reason": "Trial.", "name": "一", "name_en": "One"}
STATION: Final[dict[str, Any]] = {"version": 0, "reason": "Trial.", "name": "一", "name_en": "One"}


@pytest.fixture(scope="module")
async def town(database: Database, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    folder = tmp_path_factory.mktemp("admin_http")
    env = {
        "DATABASE_URL": database.app_url,
        "DATABASE_OWNER_URL": database.owner_url,
        "REDIS_URL": redis_url,
        "ONBEAT_DEMO": "1",
        "ONBEAT_CREDENTIALS": str(folder / "credentials.json"),
    }
    await release(Settings.from_env(env))
    pool, redis = await connect_pool(database.app_url, size=4), Redis.from_url(redis_url)
    passwords = Argon2Passwords()
    service = SignIn(PostgresPeople(pool), RedisSessions(redis), passwords, pepper=b"p" * 32, ticket_key=b"t" * 32,
                     now=time.time, choosing=Choosing.among(ListedPasswords()))  # fmt: skip
    admin = Administering(PostgresAdmin(pool), passwords, RedisSessions(redis), Heard())
    routes = [route for route in ROUTES if isinstance(route, Route) and route.path.startswith("/v1")]
    app = app_of(routes, SimpleNamespace(sign_in=service, town=PostgresTown(pool), admin=admin))
    people = json.loads((folder / "credentials.json").read_text())["people"]
    async with client_of(app) as client:
        yield Town(client, people, pool, service)
    await redis.aclose()
    await pool.close()


@pytest.fixture(scope="module")
async def admin(town: Town) -> dict[str, str]:
    return await town.bearer("admin")


async def read(town: Town, who: dict[str, str], path: str) -> Any:
    answer = await town.client.get(path, headers=who)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def one_of(town: Town, admin: dict[str, str], kind: str, own: str) -> dict[str, Any]:
    found = await read(town, admin, "/v1/admin/town")
    return next(one for one in found[kind] if one["id"] == own)


async def test_a_person_is_made_signs_in_is_changed_and_suspended(town: Town, admin: dict[str, str]) -> None:
    path = "/v1/admin/people/officer-0999"
    station = (await read(town, admin, "/v1/admin/town"))["stations"][0]["id"]
    made = await town.client.put(path, json=OFFICER | {"station": station}, headers=admin)
    assert made.status_code == 201, made.text
    assert made.headers["cache-control"] == "no-store"
    said = {"login": "officer-0999", "password": made.json()["password"]}
    refused = await town.client.post("/v1/sessions", json=said)
    assert (refused.status_code, refused.json()["code"]) == (403, "password_made")
    signed = await town.client.post("/v1/sessions", json=said | {"new_password": "apples and pears, 7"})
    assert signed.status_code == 201
    said["password"] = "apples and pears, 7"  # noqa: S105 - of this test
    bearer = {"authorization": f"Bearer {signed.json()['token']}"}
    assert (await town.client.get("/v1/me", headers=bearer)).json()["call_sign"] == "0999"
    changed = await town.client.put(path, json=OFFICER | {"station": station, "version": 1, "slots": 2}, headers=admin)
    assert (changed.status_code, changed.json()["person"]["slots"], changed.json().get("password")) == (200, 2, None)
    stale = await town.client.put(path, json=OFFICER | {"station": station, "version": 1, "slots": 3}, headers=admin)
    assert (stale.status_code, stale.json()["code"]) == (409, "stale_version")
    out = {"version": 2, "reason": "Phone lost.", "suspended": True}
    assert (await town.client.post(f"{path}/suspended", json=out, headers=admin)).json()["person"]["suspended"]
    refused = await town.client.get("/v1/me", headers=bearer)
    assert (refused.status_code, refused.json()["code"]) == (401, "session_ended"), "though the cache knew it"
    assert (await town.client.post("/v1/sessions", json=said)).json()["code"] == "sign_in_refused"
    found = await read(town, admin, "/v1/admin/changes?kind=person&subject=officer-0999")
    assert [one["verb"] for one in found["changes"]] == ["suspended", "changed", "made"]
    assert {one["by"] for one in found["changes"]} == {"admin"}
    assert said["password"] not in json.dumps(found) and "argon2" not in json.dumps(found)


async def test_a_reset_password_is_told_once_and_the_old_session_is_over(town: Town, admin: dict[str, str]) -> None:
    bearer, login = await town.bearer("desk"), town.login("desk")["login"]
    (one,) = (await read(town, admin, f"/v1/admin/people?q={login}"))["people"]
    body = {"version": one["version"], "reason": "Forgot it."}
    answer = await town.client.post(f"/v1/admin/people/{login}/password", json=body, headers=admin)
    new = answer.json()["password"]
    assert (await town.client.get("/v1/me", headers=bearer)).status_code == 401
    said = {"login": login, "password": new, "new_password": "apples and pears, 7"}
    assert (await town.client.post("/v1/sessions", json=said)).status_code == 201
    town.login("desk")["password"] = said["new_password"]


async def test_a_closed_category_is_listed_no_more_and_a_policy_is_kept(town: Town, admin: dict[str, str]) -> None:
    noise = await one_of(town, admin, "categories", "noise")
    change = {name: value for name, value in noise.items() if name not in ("id", "able")} | {"reason": "Not ours."}
    answer = await town.client.put("/v1/admin/categories/noise", json=change | {"open": False}, headers=admin)
    assert answer.status_code == 200, answer.text
    assert "noise" not in [one["id"] for one in (await read(town, admin, "/v1/categories"))["categories"]]
    hours = {"open": True, "hours": {"22": "desk_first"}, "version": noise["version"] + 1}
    answer = await town.client.put("/v1/admin/categories/noise", json=change | hours, headers=admin)
    assert answer.json()["category"]["hours"] == {"22": "desk_first"}


async def test_a_station_is_set_and_the_town_tells_defaults_beside_it(town: Town, admin: dict[str, str]) -> None:
    found = await read(town, admin, "/v1/admin/town")
    one = next(one for one in found["stations"] if one["catch_all"])
    own = ("id", "areas", "beats", "desks", "staffed", "officers", "on_duty")
    change = {name: value for name, value in one.items() if name not in own}
    change |= {"reason": "Quiet nights.", "lends": True, "hand_backs_max": 1}
    answer = await town.client.put(f"/v1/admin/stations/{one['id']}", json=change, headers=admin)
    assert answer.status_code == 200 and answer.json()["station"]["lends"], answer.text
    assert found["defaults"]["window_ms"] == 60_000
    assert (await read(town, admin, "/v1/admin/town"))["version"] == found["version"] + 1


PEOPLE, PERSON = "GET /v1/admin/people", "PUT /v1/admin/people/bad-one"
OUT, RESET = "POST /v1/admin/people/{officer}/suspended", "POST /v1/admin/people/{officer}/password"
KIND, POST_ = "PUT /v1/admin/categories/bad-one", "PUT /v1/admin/stations/bad-one"
CHANGES = "GET /v1/admin/changes"
LONG: Final = "x" * 501

# name: (route, role, body, status, code)
BAD: Final[dict[str, tuple[str, str, Any, int, str]]] = {
    "people: by nobody": (PEOPLE, "", None, 401, "session_missing"),
    "people: by an officer": (PEOPLE, "officer", None, 403, "not_allowed"),
    "people: by a desk": (PEOPLE, "desk", None, 403, "not_allowed"),
    "people: of no role": (PEOPLE + "?role=king", "admin", None, 422, "field_invalid"),
    "people: too many": (PEOPLE + "?count=201", "admin", None, 422, "field_invalid"),
    "people: minus one": (PEOPLE + "?count=-1", "admin", None, 422, "field_invalid"),
    "people: of an empty role": (PEOPLE + "?role=", "admin", None, 422, "field_invalid"),
    "changes: before an empty number": (CHANGES + "?before=", "admin", None, 422, "field_invalid"),
    "changes: before a blank": (CHANGES + "?before=%207", "admin", None, 422, "field_invalid"),
    "changes: of an empty kind": (CHANGES + "?kind=", "admin", None, 422, "field_invalid"),
    "people: a long text": (PEOPLE + "?q=" + "x" * 81, "admin", None, 422, "field_invalid"),
    "people: NUL": (PEOPLE + "?q=%00", "admin", None, 422, "field_invalid"),
    "person: by a supervisor": (PERSON, "supervisor", OFFICER, 403, "not_allowed"),
    "person: no JSON": (PERSON, "admin", b"{", 400, "malformed_json"),
    "person: without a reason": (PERSON, "admin", OFFICER | {"reason": "-"}, 422, "field_missing"),
    "person: a reason of blanks": (PERSON, "admin", OFFICER | {"reason": "  "}, 422, "field_invalid"),
    "person: a long reason": (PERSON, "admin", OFFICER | {"reason": LONG}, 422, "field_invalid"),
    "person: a reason with NUL": (PERSON, "admin", OFFICER | {"reason": "a\0b"}, 422, "character_not_allowed"),
    "person: without a version": (PERSON, "admin", OFFICER | {"version": "-"}, 422, "field_missing"),
    "person: of version -1": (PERSON, "admin", OFFICER | {"version": -1}, 422, "field_invalid"),
    "person: that is not": (PERSON, "admin", OFFICER | {"version": 7}, 404, "not_found"),
    "person: a king": (PERSON, "admin", OFFICER | {"role": "king"}, 422, "field_invalid"),
    "person: a citizen": (PERSON, "admin", OFFICER | {"role": "reporter"}, 422, "field_invalid"),
    "person: with a password": (PERSON, "admin", OFFICER | {"password": "1234"}, 422, "field_unknown"),
    "person: of no station": (PERSON, "admin", OFFICER | {"station": None}, 422, "field_missing"),
    "person: of a station that is not": (PERSON, "admin", OFFICER | {"station": "nowhere"}, 422, "station_unknown"),
    "person: of a beat elsewhere": (PERSON, "admin", OFFICER | {"station": "{station}", "beat": "zz"}, 422,
                                    "beat_unknown"),
    "person: without a call sign": (PERSON, "admin", OFFICER | {"call_sign": None}, 422, "field_missing"),
    "person: a long call sign": (PERSON, "admin", OFFICER | {"call_sign": "9" * 17}, 422, "field_invalid"),
    "person: a taken call sign": (PERSON, "admin", OFFICER | {"station": "{station}", "call_sign": "0401"}, 409,
                                  "call_sign_taken"),
    "person: no slot": (PERSON, "admin", OFFICER | {"slots": 0}, 422, "field_invalid"),
    "person: eleven slots": (PERSON, "admin", OFFICER | {"slots": 11}, 422, "field_invalid"),
    "person: a skill of blanks": (PERSON, "admin", OFFICER | {"skills": ["a b"]}, 422, "field_invalid"),
    "person: 21 skills": (PERSON, "admin", OFFICER | {"skills": [f"s{n}" for n in range(21)]}, 422, "field_invalid"),
    "person: a shift without its offset": (PERSON, "admin", OFFICER | {"shift_ends_at": "2026-11-30T06:00:00"}, 422,
                                           "field_invalid"),
    "person: a login in capitals": ("PUT /v1/admin/people/BOSS", "admin", OFFICER, 422, "name_invalid"),
    "person: a login of one sign": ("PUT /v1/admin/people/x", "admin", OFFICER, 422, "name_invalid"),
    "person: a login with NUL": ("PUT /v1/admin/people/a%00b", "admin", OFFICER, 422, "name_invalid"),
    "person: there already": ("PUT /v1/admin/people/{officer}", "admin", OFFICER, 409, "exists"),
    "person: another role": ("PUT /v1/admin/people/admin", "admin", OFFICER | {"version": 1}, 409, "role_fixed"),
    "suspended: nobody": ("POST /v1/admin/people/nobody-is/suspended", "admin",
                          {"version": 1, "reason": "x", "suspended": True}, 404, "not_found"),
    "suspended: by a desk": (OUT, "desk", {"version": 1, "reason": "x", "suspended": True}, 403, "not_allowed"),
    "suspended: not said which way": (OUT, "admin", {"version": 1, "reason": "x"}, 422, "field_missing"),
    "suspended: stale": (OUT, "admin", {"version": 99, "reason": "x", "suspended": True}, 409, "stale_version"),
    "suspended: oneself": ("POST /v1/admin/people/admin/suspended", "admin",
                           {"version": 1, "reason": "x", "suspended": True}, 409, "own_account"),
    "suspended: an admin by a supervisor": ("POST /v1/admin/people/admin/suspended", "supervisor",
                                            {"version": 1, "reason": "x", "suspended": True}, 403, "not_allowed"),
    "let in by a supervisor": (OUT, "supervisor", {"version": 1, "reason": "x", "suspended": False}, 403,
                               "not_allowed"),
    "reset: by a supervisor": (RESET, "supervisor", {"version": 1, "reason": "x"}, 403, "not_allowed"),
    "reset: stale": (RESET, "admin", {"version": 99, "reason": "x"}, 409, "stale_version"),
    "reset: to a wish": (RESET, "admin", {"version": 1, "reason": "x", "password": "1"}, 422, "field_unknown"),
    "town: by an officer": ("GET /v1/admin/town", "officer", None, 403, "not_allowed"),
    "category: by a supervisor": (KIND, "supervisor", CATEGORY, 403, "not_allowed"),
    "category: no name": (KIND, "admin", CATEGORY | {"name": ""}, 422, "field_invalid"),
    "category: a long name": (KIND, "admin", CATEGORY | {"name_en": "x" * 81}, 422, "field_invalid"),
    "category: five seats": (KIND, "admin", CATEGORY | {"seats": 5}, 422, "field_invalid"),
    "category: priority 6": (KIND, "admin", CATEGORY | {"priority": 6}, 422, "field_invalid"),
    "category: a mode that is none": (KIND, "admin", CATEGORY | {"mode": "lottery"}, 422, "field_invalid"),
    "category: hour 24": (KIND, "admin", CATEGORY | {"hours": {"24": "snatch"}}, 422, "field_invalid"),
    "category: an hour that is none": (KIND, "admin", CATEGORY | {"hours": {"noon": "snatch"}}, 422, "field_invalid"),
    "category: an hour's mode that is none": (KIND, "admin", CATEGORY | {"hours": {"1": "x"}}, 422, "field_invalid"),
    "category: a window of nothing": (KIND, "admin", CATEGORY | {"window_ms": 0}, 422, "field_invalid"),
    "category: a window of an hour": (KIND, "admin", CATEGORY | {"window_ms": 3_600_000}, 422, "field_invalid"),
    "category: no rings": (KIND, "admin", CATEGORY | {"rings_m": []}, 422, "field_invalid"),
    "category: nine rings": (KIND, "admin", CATEGORY | {"rings_m": [*range(1, 10)]}, 422, "field_invalid"),
    "category: rings that narrow": (KIND, "admin", CATEGORY | {"rings_m": [900, 300]}, 422, "policy_invalid"),
    "category: a head start as long as the window": (
        KIND, "admin", CATEGORY | {"head_start_ms": 9_000, "window_ms": 9_000}, 422, "policy_invalid"),
    "category: there already": ("PUT /v1/admin/categories/theft", "admin", CATEGORY, 409, "exists"),
    "category: that is not": (KIND, "admin", CATEGORY | {"version": 1}, 404, "not_found"),
    "category: stale": ("PUT /v1/admin/categories/theft", "admin", CATEGORY | {"version": 9}, 409, "stale_version"),
    "category: an id in Chinese": ("PUT /v1/admin/categories/噪声", "admin", CATEGORY, 422, "name_invalid"),
    "station: by a desk": (POST_, "desk", STATION, 403, "not_allowed"),
    "station: a border that is none": (POST_, "admin", STATION | {"cross_border": "all"}, 422, "field_invalid"),
    "station: a head start of a minute": (POST_, "admin", STATION | {"head_start_ms": 60_000}, 422, "field_invalid"),
    "station: no hand-back": (POST_, "admin", STATION | {"hand_backs_max": 0}, 422, "field_invalid"),
    "station: a zone that is none": (POST_, "admin", STATION | {"time_zone": "Asia/Atlantis"}, 422, "zone_unknown"),
    "station: falls to nowhere": (POST_, "admin", STATION | {"falls_to": "nowhere"}, 422, "station_unknown"),
    "station: falls to itself": ("PUT /v1/admin/stations/{station}", "admin",
                                 STATION | {"version": 1, "falls_to": "{station}"}, 409, "falls_in_a_circle"),
    "station: nobody takes the rest": ("PUT /v1/admin/stations/other", "admin", STATION | {"version": "{other}"}, 409,
                                       "catch_all_needed"),
    "changes: by a desk": (CHANGES, "desk", None, 403, "not_allowed"),
    "changes: of no kind": (CHANGES + "?kind=case", "admin", None, 422, "field_invalid"),
    "changes: before nothing": (CHANGES + "?before=x", "admin", None, 422, "field_invalid"),
    "changes: too many": (CHANGES + "?count=101", "admin", None, 422, "field_invalid"),
}  # fmt: skip


@pytest.fixture(scope="module")
async def bearers(town: Town, admin: dict[str, str]) -> dict[str, dict[str, str]]:
    roles = ("officer", "desk", "supervisor")
    return {"": {}, "admin": admin} | {role: await town.bearer(role) for role in roles}


async def standing(town: Town, admin: dict[str, str]) -> list[Any]:
    """All that a refused change must leave as it is."""
    paths = ("/v1/admin/town", "/v1/admin/people", "/v1/admin/changes")
    found = [await read(town, admin, path) for path in paths]
    return [found[0], [one | {"sessions": 0} for one in found[1]["people"]], found[2]]


@pytest.mark.parametrize("name", BAD)
async def test_each_mistake_has_its_own_code_a_sentence_and_no_effect(
    town: Town, bearers: dict[str, dict[str, str]], name: str
) -> None:
    route, role, body, status, code = BAD[name]
    officer = town.login("officer")
    before = await standing(town, bearers["admin"])
    other = next(one["version"] for one in before[0]["stations"] if one["id"] == "other")
    put_in = {"{officer}": officer["login"], "{station}": officer["station"], "{other}": other}
    method, _, path = route.partition(" ")
    for mark, value in put_in.items():
        path = path.replace(mark, str(value))
    content = body
    if isinstance(body, dict):
        meant = {field: put_in.get(str(value), value) for field, value in body.items() if value != "-"}
        content = json.dumps(meant).encode()
    headers = bearers[role] | ({"content-type": "application/json"} if content is not None else {})
    answer = await town.client.request(method, path, content=content, headers=headers)
    said = answer.json()
    assert (answer.status_code, said.get("code")) == (status, code), answer.text
    assert said["title"] and said["detail"].endswith("."), said
    template = route.partition("?")[0].split(" ")[1].split("/")
    known = [at for at in OPERATIONS if at[0] == method and len(at[1].split("/")) == len(template)
             and all(a == b or a.startswith("{") for a, b in zip(at[1].split("/"), template, strict=True))]  # fmt: skip
    assert any(code in OPERATIONS[at].problems for at in known), f"{route} does not tell {code}"
    assert await standing(town, bearers["admin"]) == before


@pytest.mark.parametrize("role", ["supervisor"])
async def test_a_supervisor_reads_all_of_it_and_stops_an_officer(
    town: Town, bearers: dict[str, dict[str, str]], role: str
) -> None:
    for path in ("/v1/admin/people", "/v1/admin/town", "/v1/admin/changes"):
        await read(town, bearers[role], path)
    login = [one for one in town.people if one["role"] == "officer"][-1]["login"]
    out = {"version": 1, "reason": "Phone lost.", "suspended": True}
    answer = await town.client.post(f"/v1/admin/people/{login}/suspended", json=out, headers=bearers[role])
    assert answer.status_code == 200, answer.text


async def areas(town: Town) -> tuple[dict[str, Any], str]:
    answer = await town.client.get("/v1/areas")
    return answer.json(), answer.headers["etag"]


def file_of(collection: dict[str, Any], kind: str) -> dict[str, Any]:
    """As an operator would bring it."""
    return {"type": "FeatureCollection", "features": [
        {"type": "Feature", "geometry": one["geometry"], "properties": one["properties"]}
        for one in collection["features"] if one["properties"]["kind"] == kind
    ]}  # fmt: skip


async def post(town: Town, who: dict[str, str], file: Any, query: str, **headers: str) -> httpx.Response:
    return await town.client.post(
        f"/v1/areas?{query}", content=json.dumps(file).encode(), headers=who | GEOJSON | headers
    )


async def test_a_check_says_what_would_change_and_changes_nothing(town: Town, admin: dict[str, str]) -> None:
    collection, tag = await areas(town)
    file = file_of(collection, "beat")
    same = (await post(town, admin, file, "kind=beat&check=1")).json()
    assert (same["applied"], same["added"], same["moved"], same["dropped"]) == (False, [], [], [])
    dropped = file["features"].pop()["properties"]["id"]
    file["features"][0]["properties"]["name"] = "Renamed"
    moved = file["features"][0]["properties"]["id"]
    said = (await post(town, admin, file, "kind=beat&check=1")).json()
    assert (said["added"], said["moved"], said["dropped"]) == ([], [moved], [dropped])
    assert len(said["after"]) == len(file["features"]) == said["areas"]
    assert (await areas(town))[1] == tag


async def test_an_import_is_on_record_with_what_it_takes_to_undo_it(town: Town, admin: dict[str, str]) -> None:
    collection, tag = await areas(town)
    file = file_of(collection, "beat")
    gone = file["features"].pop()
    answer = await post(town, admin, file, "kind=beat&reason=Two+beats+joined.", **{"if-match": tag})
    assert answer.status_code == 200 and answer.json()["applied"], answer.text
    (kept,) = (await read(town, admin, "/v1/admin/changes?kind=areas&count=1"))["changes"]
    own = gone["properties"]["id"]
    assert (kept["reason"], kept["subject"], kept["after"]) == ("Two beats joined.", "beat", {})
    assert kept["before"][own]["outline"] == gone["geometry"]
    file["features"].append(gone)
    assert (await post(town, admin, file, "kind=beat")).status_code == 200
    assert (await areas(town))[1] == tag, "undone, to the last corner"


async def test_an_import_from_an_old_map_is_refused(town: Town, admin: dict[str, str]) -> None:
    collection, tag = await areas(town)
    file = file_of(collection, "beat")
    answer = await post(town, admin, file, "kind=beat", **{"if-match": '"another"'})
    assert (answer.status_code, answer.json()["code"]) == (409, "stale_version")
    long = await post(town, admin, file, "kind=beat&reason=" + LONG)
    assert (long.status_code, long.json()["code"]) == (422, "field_invalid")
    assert (await areas(town))[1] == tag
    store = PostgresTown(town.pool)
    held = await store.areas()
    assert not await store.replace("beat", held, held=held[:-1], actor="admin:x", reason="x"), "read before it changed"
    assert (await areas(town))[1] == tag
