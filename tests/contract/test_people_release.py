"""A release on an empty database: once is enough, twice is harmless, and the rules are the code's."""

import asyncio
import json
import os
import stat
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from dispatch.adapters.postgres.legal import RulesDiffer, check_rules, load_rules
from dispatch.adapters.postgres.lesser import lesser_dsn
from dispatch.adapters.postgres.roles import derived_app_dsn
from gateway.release import release
from gateway.settings import Settings
from scripts.stores import Stores
from tests.conftest import Database, MakeDatabase


@pytest.fixture
async def empty(make_database: MakeDatabase) -> Database:
    return await make_database("release", empty=True)


def settings(database: Database, folder: Path, **more: str) -> Settings:
    return Settings.from_env(
        {
            "DATABASE_URL": database.owner_url,
            "REDIS_URL": "redis://127.0.0.1",
            "ONBEAT_DEMO": "1",
            "ONBEAT_CREDENTIALS": str(folder / "credentials.json"),
            "PORT": "8123",
        }
        | more
    )


async def ask(database: Database, question: str) -> Any:
    connection = await asyncpg.connect(database.owner_url)
    try:
        return await connection.fetchval(question)
    finally:
        await connection.close()


async def test_an_empty_database_becomes_the_demonstration_town(empty: Database, tmp_path: Path) -> None:
    await release(settings(empty, tmp_path))
    assert await ask(empty, "SELECT count(*) FROM stations") == 6
    assert await ask(empty, "SELECT count(*) FROM stations WHERE catch_all") == 1
    assert await ask(empty, "SELECT count(*) FROM areas WHERE kind = 'beat'") == 20
    assert await ask(empty, "SELECT count(*) FROM streams") == 6
    assert await ask(empty, "SELECT count(*) FROM officers") == 24
    assert await ask(empty, "SELECT min(call_sign) FROM officers") == "0401"
    assert await ask(empty, "SELECT bool_and(char_length(surname) = 1) FROM officers")
    roles = await ask(
        empty, "SELECT json_object_agg(role, n) FROM (SELECT role, count(*) n FROM accounts GROUP BY 1) q"
    )
    assert json.loads(roles) == {"officer": 24, "desk": 6, "supervisor": 1, "admin": 1}
    file = tmp_path / "credentials.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    held = json.loads(file.read_text())
    assert held["url"] == "http://localhost:8123"
    assert len(held["people"]) == 32
    assert {"role", "login", "password"} <= set(held["people"][0])


async def test_a_second_release_changes_nothing(empty: Database, tmp_path: Path) -> None:
    await release(settings(empty, tmp_path))
    file = tmp_path / "credentials.json"
    before, rows = file.read_bytes(), await ask(empty, "SELECT array_agg(a::text ORDER BY id) FROM accounts a")
    said = await release(settings(empty, tmp_path))
    assert said[0] == "The database is up to date." and said[-1] == "The town stands already."
    assert file.read_bytes() == before
    assert await ask(empty, "SELECT array_agg(a::text ORDER BY id) FROM accounts a") == rows


async def test_three_releases_at_once_make_one_town(empty: Database, tmp_path: Path) -> None:
    said = await asyncio.gather(*(release(settings(empty, tmp_path)) for _ in range(3)))
    assert sum(one[-1].startswith("Seeded") for one in said) == 1
    assert await ask(empty, "SELECT count(*) FROM officers") == 24


async def test_lost_sign_ins_are_made_anew_in_the_demonstration_only(empty: Database, tmp_path: Path) -> None:
    await release(settings(empty, tmp_path))
    file = tmp_path / "credentials.json"
    before = {one["login"]: one["password"] for one in json.loads(file.read_text())["people"]}
    file.unlink()
    secrets = {"ONBEAT_DEMO": "0", "ONBEAT_PEPPER": "p" * 32, "ONBEAT_TICKET_KEY": "t" * 32}
    await release(settings(empty, tmp_path, **secrets))
    assert not file.exists()
    await release(settings(empty, tmp_path))
    after = {one["login"]: one["password"] for one in json.loads(file.read_text())["people"]}
    assert after.keys() == before.keys()
    assert not set(after.values()) & set(before.values())


async def test_without_the_demonstration_a_release_seeds_nothing(empty: Database, tmp_path: Path) -> None:
    secrets = {"ONBEAT_DEMO": "0", "ONBEAT_PEPPER": "p" * 32, "ONBEAT_TICKET_KEY": "t" * 32}
    await release(settings(empty, tmp_path, **secrets))
    assert await ask(empty, "SELECT count(*) FROM stations") == 0
    assert os.listdir(tmp_path) == []  # noqa: PTH208 - the async rule minds the other way


async def test_a_town_of_an_operator_is_seeded_from_its_file(empty: Database, tmp_path: Path) -> None:
    square = [[[0, 0], [0, 1], [1, 1], [1, 0], [0, 0]]]
    feature = {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": square}}
    station = feature | {"properties": {"id": "s1", "name": "One"}}
    beat = feature | {"properties": {"id": "b1", "name": "One", "station": "s1"}}
    town = {
        "stations": {"type": "FeatureCollection", "features": [station]},
        "beats": {"type": "FeatureCollection", "features": [beat]},
        "officers": 3,
        "categories": [{"id": "theft"}],
    }
    (tmp_path / "town.json").write_text(json.dumps(town))
    await release(settings(empty, tmp_path, ONBEAT_TOWN=str(tmp_path / "town.json")))
    assert await ask(empty, "SELECT count(*) FROM officers WHERE station = 's1'") == 3
    assert await ask(empty, "SELECT array_agg(id) FROM categories") == ["theft"]
    assert not await ask(empty, "SELECT bool_or(password_made) FROM accounts"), "simulated people choose nothing"


async def test_of_a_town_at_work_the_files_passwords_are_for_the_first_sign_in_alone(
    empty: Database, tmp_path: Path
) -> None:
    secrets = {"ONBEAT_DEMO": "0", "ONBEAT_PEPPER": "p" * 32, "ONBEAT_TICKET_KEY": "t" * 32}
    none: dict[str, object] = {"type": "FeatureCollection", "features": []}
    square = [[[0, 0], [0, 1], [1, 1], [1, 0], [0, 0]]]
    station = {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": square},
               "properties": {"id": "s1", "name": "One"}}  # fmt: skip
    town = {"stations": none | {"features": [station]}, "beats": none, "officers": 2, "categories": [{"id": "theft"}]}
    (tmp_path / "town.json").write_text(json.dumps(town))
    await release(settings(empty, tmp_path, ONBEAT_TOWN=str(tmp_path / "town.json"), **secrets))
    assert await ask(empty, "SELECT count(*) FROM accounts") == 2 + 2 + 2
    assert await ask(empty, "SELECT bool_and(password_made) FROM accounts")
    known = "SELECT count(*) FROM accounts WHERE login IN ('admin', 'supervisor', 'root', 'sa', 'administrator')"
    assert await ask(empty, known) == 0, "no login is one that every service has"
    held = json.loads((tmp_path / "credentials.json").read_text())["people"]
    assert [one["role"] for one in held if one["login"].startswith(f"{one['role']}-")][-2:] == ["supervisor", "admin"]


async def test_other_rules_in_the_database_are_named(empty: Database, tmp_path: Path) -> None:
    await release(settings(empty, tmp_path))
    connection = await asyncpg.connect(empty.owner_url)
    try:
        await check_rules(connection)
        for change, named in (
            ("DELETE FROM legal WHERE status = 'offered' AND event = 'claimed'", "legal offered claimed: missing"),
            ("UPDATE guards SET fence = false WHERE event = 'set_out'", "guards set_out"),
            ("INSERT INTO legal VALUES ('cleared', 'claimed', 'claimed')", "legal cleared claimed: claimed instead"),
            ("UPDATE limits SET value = 90000 WHERE name = 'OFFER_WINDOW_MS'", "MS: 90000 instead of 60000"),
        ):  # fmt: skip
            await connection.execute(change)
            with pytest.raises(RulesDiffer, match=named):
                await check_rules(connection)
            await load_rules(connection)
            await check_rules(connection)
    finally:
        await connection.close()


async def test_nobody_works_as_the_owner(empty: Database, tmp_path: Path, stores: Stores) -> None:
    await release(settings(empty, tmp_path))
    lesser = derived_app_dsn(empty.owner_url)
    assert await lesser_dsn(empty.owner_url) == lesser
    assert await lesser_dsn(lesser) == lesser
    connection = await asyncpg.connect(lesser)
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("DELETE FROM events")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("UPDATE legal SET next_status = 'claimed'")
    finally:
        await connection.close()


def test_the_demonstration_shows_the_town_that_the_tests_know() -> None:
    for name in ("xuanwu_stations.geojson", "xuanwu_beats.geojson"):
        assert Path("gateway/demonstration", name).read_bytes() == Path("tests/data", name).read_bytes()
