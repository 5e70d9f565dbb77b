"""Safety over the public protocol: diversion at intake, entries by a clerk, exercises."""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import httpx
import pytest

from tests.e2e.conftest import Service
from tests.e2e.talk import LAT, LON, Town, new_key

DRAFT: dict[str, Any] = {"category": "dispute", "words": "楼下有人持刀。", "lat": LAT, "lon": LON}


@pytest.fixture(scope="module")
async def town(service: Service) -> AsyncIterator[Town]:
    owner = await asyncpg.connect(service.owner_url)
    async with httpx.AsyncClient(base_url=service.url, trust_env=False, timeout=15) as client:
        yield Town(service, client, owner)
    await owner.close()


async def test_an_emergency_is_diverted_and_nothing_is_lost_by_it(town: Town) -> None:
    asked = await town.client.get("/v1/advice")
    assert asked.json()["call"] == "110" and len(asked.json()["questions"]) >= 3
    advice = (await town.client.post("/v1/advice", json={"words": DRAFT["words"]})).json()
    assert (advice["emergency"], advice["call"]) == (True, "110")
    assert (await town.client.post("/v1/advice", json={"words": "Too loud."})).json() == {
        "emergency": False, "call": None, "because": [], "say": {},
    }  # fmt: skip
    head = {"idempotency-key": new_key()}
    refused = await town.client.post("/v1/reports", json=DRAFT, headers=head)
    assert (refused.status_code, refused.json()["code"]) == (409, "emergency")
    assert refused.json()["advice"] == advice
    assert await town.owner.fetchval("SELECT count(*) FROM cases WHERE words = $1", DRAFT["words"]) == 0
    taken = await town.client.post("/v1/reports", json=DRAFT | {"advised": True}, headers=head)
    assert taken.status_code == 201, taken.text
    desk = await town.someone("desk")
    history = (await desk.ask("GET", f"/v1/cases/{taken.json()['case']}/history")).json()
    assert history[0][-1]["advice"] == {"call": "police", "rules": ["weapon"]}
    answered = await town.client.post(
        "/v1/reports",
        json=DRAFT | {"words": "Noise.", "answers": {"hurt": "yes"}},
        headers={"idempotency-key": new_key()},
    )
    assert (answered.status_code, answered.json()["advice"]["call"]) == (409, "120")


async def test_a_clerk_enters_for_a_caller_who_follows_by_the_code(town: Town) -> None:
    body = DRAFT | {"words": "A neighbour's dog.", "channel": "telephone"}
    for token, status in (({}, 401), ((await town.someone("officer")).head, 403)):
        refused = await town.client.post("/v1/reports", json=body, headers=token | {"idempotency-key": new_key()})
        assert refused.status_code == status, refused.text
    desk = await town.someone("desk")
    made = await town.client.post("/v1/reports", json=body, headers=desk.head | {"idempotency-key": new_key()})
    assert made.status_code == 201, made.text
    shown = (await desk.ask("GET", f"/v1/cases/{made.json()['case']}")).json()
    assert shown["channel"] == "telephone" and "exercise" not in shown
    caller = await town.reporter(made.json()["receipt"])
    assert (await caller.ask("GET", f"/v1/cases/{made.json()['case']}")).json()["status"] == "at_station"


async def test_only_a_desk_or_a_supervisor_sets_an_exercise(town: Town) -> None:
    body = DRAFT | {"words": "Practice.", "exercise": True}
    refused = await town.client.post("/v1/reports", json=body, headers={"idempotency-key": new_key()})
    assert refused.status_code == 401
    desk = await town.someone("desk")
    made = await town.client.post("/v1/reports", json=body, headers=desk.head | {"idempotency-key": new_key()})
    assert (await desk.ask("GET", f"/v1/cases/{made.json()['case']}")).json()["exercise"] is True


async def test_an_officer_calls_for_help_and_the_nearest_see_where_until_a_desk_ends_it(town: Town) -> None:
    caller, near = await town.someone("officer"), await town.someone("officer", 1)
    desk = await town.someone("desk")
    for one in (caller, near):
        assert (await one.ask("POST", "/v1/duty", {"t": "duty", "on": True, "key": new_key()})).status_code == 200
    async with caller.line() as from_caller, near.line() as to_near, desk.line() as to_desk:
        for line in (from_caller, to_near):
            await line.say({"t": "fix", "lat": LAT, "lon": LON})
        await from_caller.say({"t": "panic", "key": (key := new_key())})
        for line in (from_caller, to_near, to_desk):
            told = await line.hear("help")
            assert (told["officer"], told["place"]["lat"]) == (caller.said["officer"], LAT)
        called = await from_caller.hear("result", key=key)
        await from_caller.say({"t": "fix", "lat": LAT + 0.001, "lon": LON})
        while (await to_near.hear("moves"))["moved"][0]["place"]["lat"] != LAT + 0.001:
            pass
        again = await caller.ask("POST", "/v1/panics", {"key": new_key()})
        assert again.json()["more"] == called["more"] == {"panic": told["panic"]}
        async with near.line() as anew, caller.line() as from_anew:
            assert [one["panic"] for one in anew.snapshot["panics"]] == [told["panic"]]
            assert [one["panic"] for one in from_anew.snapshot["panics"]] == [told["panic"]]
        assert (await from_caller.act("clear_panic", panic=told["panic"], reason="I am fine."))[
            "reason"
        ] == "not_allowed"
        assert (await to_desk.act("clear_panic", panic=told["panic"], reason="Spoke to her."))["ok"]
        assert (await to_near.hear("help"))["over"] is True
        assert (await to_desk.act("clear_panic", panic=told["panic"], reason="Again."))["reason"] == "panic_over"
    over = await desk.ask("POST", "/v1/panics/cleared", {"panic": told["panic"], "key": new_key(), "reason": "Again."})
    assert (over.status_code, over.json()["code"]) == (409, "panic_over")
    assert (await desk.ask("GET", "/v1/desk")).json()["panics"] == []
