"""Reports that carry a confirmed number, over HTTP on real PostgreSQL and Redis: treated by how earlier ones ended."""

import json
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any
from uuid import UUID

import pytest
from redis.asyncio import Redis

from dispatch import limits
from tests.conftest import Database
from tests.contract.test_histories import CLEARED
from tests.contract.test_report_friction import Fleet, block, started


@pytest.fixture(scope="module")
async def fleet(database: Database, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Fleet]:
    async with AsyncExitStack() as stack:
        yield await started(database, redis_url, 1, stack, tmp_path_factory.mktemp("trust"))


async def number_confirmed(fleet: Fleet, redis_url: str, number: str) -> str:
    came = {"x-forwarded-for": f"{block()}7"}
    asked = await fleet.clients[0].post("/v1/phones", json={"number": number, "language": "en"}, headers=came)
    assert asked.status_code == 202, asked.text
    redis: Any = Redis.from_url(redis_url)
    said = await redis.blpop("outbox", timeout=20)
    await redis.aclose()
    code = re.findall(r"\d{6}", json.loads(said[1])["text"])[0]
    body = {"phone": asked.json()["phone"], "code": code}
    assert (await fleet.clients[0].post("/v1/phones/confirmed", json=body, headers=came)).status_code == 200
    return str(body["phone"])


async def first_entry(fleet: Fleet, case: str) -> dict[str, Any]:
    row = await fleet.owner.fetchrow("SELECT actor, body FROM events WHERE case_id = $1::uuid AND seq = 1", case)
    return {"actor": row["actor"], **json.loads(row["body"])}


async def test_a_number_whose_hoaxes_stand_reports_to_the_desk_first_and_the_desk_is_told_why(
    fleet: Fleet, redis_url: str
) -> None:
    phone = await number_confirmed(fleet, redis_url, "+8613700137000")
    for _ in range(limits.TRUST_HOAXES):
        made = await fleet.report(f"{block()}7", phone=phone)
        assert (await first_entry(fleet, made.json()["case"]))["trust"] == "confirmed"
        await fleet.owner.execute(CLEARED, UUID(made.json()["case"]), "hoax")
    again = await number_confirmed(fleet, redis_url, "+8613700137000")
    doubted = await fleet.report(f"{block()}7", phone=again)
    assert (doubted.status_code, doubted.json()["status"]) == (201, "at_station")
    entry = await first_entry(fleet, doubted.json()["case"])
    assert (entry["actor"], entry["trust"], entry["confirm"]) == ("named", "doubted", "trust")
    reason = await fleet.owner.fetchval("SELECT desk_reason FROM cases WHERE id = $1::uuid", doubted.json()["case"])
    assert reason == "to_confirm"


async def test_of_an_anonymous_reporter_nothing_is_known_and_nothing_is_remembered(fleet: Fleet) -> None:
    before = await fleet.owner.fetchval("SELECT count(*) FROM vault.histories")
    made = await fleet.report(f"{block()}7")
    entry = await first_entry(fleet, made.json()["case"])
    assert entry["actor"] == "anonymous" and "trust" not in entry and "confirm" not in entry
    assert await fleet.owner.fetchval("SELECT count(*) FROM vault.histories") == before


async def test_five_reports_of_one_number_count_together_whatever_confirmations_they_carry(
    fleet: Fleet, redis_url: str
) -> None:
    told = []
    for _ in range(2):
        phone = await number_confirmed(fleet, redis_url, "+8613600136000")
        for _ in range(3):
            made = await fleet.report(f"{block()}7", phone=phone)
            told.append((await first_entry(fleet, made.json()["case"])).get("confirm"))
    assert told == [None] * limits.REPORTS_PER_NUMBER_DESK + ["number"]
