"""Bad messages on live sockets: each has its own code and a sentence, the socket survives where it can, and claims that
cannot win hear exactly why."""

import secrets
from collections.abc import AsyncIterator
from typing import Any, Final

import asyncpg
import httpx
import pytest

from dispatch import limits
from tests.e2e.conftest import Service
from tests.e2e.talk import LAT, LON, Line, Someone, Town, new_key, told

UNKNOWN: Final = "00000000-0000-4000-8000-000000000000"


@pytest.fixture(scope="module")
async def town(service: Service) -> AsyncIterator[Town]:
    """A case at the desk that must stay as it is, and an officer who works: officer 0, at the place, on duty."""
    owner = await asyncpg.connect(service.owner_url)
    async with httpx.AsyncClient(base_url=service.url, trust_env=False, timeout=15) as client:
        town = Town(service, client, owner)
        await town.keep(await town.report(words="Nobody is on duty yet."))
        await on_duty(await town.someone("officer"), True)
        yield town
    await owner.close()


@pytest.fixture(autouse=True)
async def nothing_accepted_is_lost(town: Town) -> AsyncIterator[None]:
    """After every mistake the receipt still opens its case, unchanged."""
    yield
    for reporter, said in town.kept:
        assert await told(reporter, said["case"]) == said


@pytest.fixture
async def officer(town: Town) -> AsyncIterator[Line]:
    """The officer's phone."""
    async with (await town.someone("officer")).line() as line:
        await line.say({"t": "fix", "lat": LAT, "lon": LON})
        yield line


async def on_duty(officer: Someone, on: bool) -> None:
    answer = await officer.ask("POST", "/v1/duty", {"t": "duty", "on": on, "key": new_key()})
    assert answer.status_code == 200, answer.text


async def offered(town: Town, line: Line) -> str:
    """A new case, put before the officer."""
    made = await town.report()
    await line.hear("offer", case=made["case"])
    return str(made["case"])


async def put_away(town: Town, line: Line, case: str, fence: int) -> None:
    """The officer is free for the next test."""
    assert (await line.act("set_out", case=case, fence=fence))["ok"]
    assert (await line.act("arrived", case=case, fence=fence))["ok"]
    assert (await line.act("cleared", case=case, fence=fence, disposition="founded"))["ok"]


# --- messages that are not understood: the socket lives on
UNDERSTOOD_BY_NOBODY: Final[dict[str, tuple[Any, str]]] = {
    "no JSON": ("{", "malformed_json"),
    "nothing": ("", "malformed_json"),
    "a list": ("[]", "field_invalid"),
    "no t": ("{}", "field_missing"),
    "a t that is none": ({"t": "shout"}, "message_unknown"),
    "a message of the service": ({"t": "offer"}, "message_unknown"),
    "a field missing": ({"t": "ask"}, "field_missing"),
    "a field too much": ({"t": "ask", "key": "k" * 16, "more": 1}, "field_unknown"),
    "a case that is no id": ({"t": "claim", "case": "x", "round": 1, "key": "k" * 16}, "field_invalid"),
    "a key too short": ({"t": "ask", "key": "k"}, "field_invalid"),
    "a key with a newline": ({"t": "ask", "key": "k" * 20 + "\n"}, "field_invalid"),
    "a round beyond all rounds": ({"t": "claim", "case": UNKNOWN, "round": 2**31, "key": "k" * 16}, "field_invalid"),
    "a latitude over 90": ({"t": "fix", "lat": 90.01, "lon": 100}, "latitude_out_of_range"),
    "a place swapped": ({"t": "fix", "lat": LON, "lon": LAT}, "coordinates_swapped"),
    "a place that is NaN": ('{"t":"fix","lat":NaN,"lon":1}', "coordinate_not_finite"),
    "a datum unknown": ({"t": "fix", "lat": LAT, "lon": LON, "datum": "bd09"}, "datum_unknown"),
    "a reason with NUL": ({"t": "decline", "case": UNKNOWN, "round": 1, "key": "k" * 16, "reason": "a\0b"},
                          "character_not_allowed"),
    "a reason over the limit": ({"t": "decline", "case": UNKNOWN, "round": 1, "key": "k" * 16, "reason": "x" * 501},
                                "field_invalid"),
    "hello twice": ({"t": "hello", "v": 1}, "hello_twice"),
}  # fmt: skip


@pytest.mark.parametrize("name", UNDERSTOOD_BY_NOBODY)
async def test_a_message_that_is_not_understood_is_told_so_and_the_socket_lives(officer: Line, name: str) -> None:
    message, code = UNDERSTOOD_BY_NOBODY[name]
    await officer.say(message)
    problem = await officer.hear("problem")
    assert problem["code"] == code, problem
    assert problem["say"].rstrip(")").endswith(".") or "(at /" in problem["say"]
    assert await officer.lives()


async def test_before_hello_nothing_is_heard_and_hello_still_comes(town: Town) -> None:
    async with (await town.someone("officer")).line(hello=False) as line:
        for early in ({"t": "ask", "key": new_key()}, {"t": "fix", "lat": LAT, "lon": LON}):
            await line.say(early)
            assert (await line.hear("problem"))["code"] == "hello_first"
        await line.say({"t": "hello", "v": 1})
        await line.hear("welcome")
        assert await line.lives()


async def test_a_desk_that_sends_a_position_is_told_so(town: Town) -> None:
    async with (await town.someone("desk")).line() as line:
        await line.say({"t": "fix", "lat": LAT, "lon": LON})
        assert (await line.hear("problem"))["code"] == "fix_not_yours"
        assert (await line.act("claim", case=UNKNOWN, round=1))["reason"] == "not_yours"
        assert (await line.act("duty", on=True))["reason"] == "not_yours"
        assert await line.lives()


async def test_a_foreign_resume_token_brings_a_snapshot(town: Town) -> None:
    async with (await town.someone("officer")).line(hello=False) as line:
        await line.say({"t": "hello", "v": 1, "token": "é" * 300, "at": {"nowhere": 2**62}})
        welcome = await line.hear("welcome")
        assert welcome["resumed"] is False and welcome["why"]
        await line.hear("snapshot")


# --- what ends a socket
ENDS: Final[dict[str, tuple[Any, int]]] = {
    "oversized": ('{"t":"ask","key":"' + "k" * limits.MESSAGE_BYTES_MAX + '"}', 1009),
    "not UTF-8": (b'{"t":"ask","key":"\xff"}', 1007),
    "another version": ({"t": "hello", "v": 2}, 4401),
}


@pytest.mark.parametrize("name", ENDS)
async def test_what_cannot_be_survived_closes_with_its_code_and_the_next_socket_opens(town: Town, name: str) -> None:
    message, code = ENDS[name]
    someone = await town.someone("officer")
    async with someone.line(hello=False) as line:
        await line.say(message)
        assert await line.ends() == code
    async with someone.line() as line:
        assert await line.lives()


async def test_binary_is_not_spoken(officer: Line) -> None:
    await officer.socket.send(b"\x00\x01")
    assert await officer.ends() == 1003


async def test_who_is_never_understood_is_sent_away_for_good(officer: Line) -> None:
    for _ in range(limits.REFUSED_MESSAGES_MAX):
        await officer.say("{")
        await officer.hear("problem")
    await officer.say("{")
    assert await officer.ends() == 4403


# --- the handshake
UPGRADE: Final = {
    "connection": "Upgrade", "upgrade": "websocket", "sec-websocket-version": "13",
    "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
}  # fmt: skip
HANDSHAKES: Final[dict[str, tuple[str, dict[str, str], int, str]]] = {
    "no ticket": ("", {}, 401, "ticket_missing"),
    "two tickets": ("?ticket=a&ticket=b", {}, 401, "ticket_missing"),
    "a ticket here and there": ("?ticket=a", {"sec-websocket-protocol": "onbeat.1, ticket.b"}, 401, "ticket_missing"),
    "no ticket of ours, as a page says it": ("", {"sec-websocket-protocol": "ticket.hello"}, 401, "ticket_malformed"),
    "no ticket of ours": ("?ticket=hello", {}, 401, "ticket_malformed"),
    "another page": ("?ticket=hello", {"origin": "https://evil.example"}, 403, "origin_not_allowed"),
    "another version of the protocol": ("?ticket=hello", {"sec-websocket-version": "8"}, 426, "socket_version"),
    "a key that is none": ("?ticket=hello", {"sec-websocket-key": "short"}, 400, "bad_handshake"),
    "another address": ("/other", {}, 404, "not_found"),
}


@pytest.mark.parametrize("name", HANDSHAKES)
async def test_a_refused_handshake_is_a_problem_document(town: Town, name: str) -> None:
    more, changed, status, code = HANDSHAKES[name]
    headers = {"origin": town.service.url, **UPGRADE, **changed}
    answer = await town.client.get(f"/v1/socket{more}", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == f"/docs#problem-{code}"
    assert f'id="problem-{code}"' in (await town.client.get("/docs")).text


async def test_a_ticket_opens_one_socket_only(town: Town) -> None:
    ticket = await (await town.someone("officer")).ticket()
    headers = {"origin": town.service.url, **UPGRADE}
    forged = ticket[:-2] + ("AA" if not ticket.endswith("AA") else "BB")
    assert (await town.client.get(f"/v1/socket?ticket={forged}", headers=headers)).json()["code"] == "ticket_forged"
    said = headers | {"sec-websocket-protocol": f"onbeat.1, ticket.{ticket}"}
    async with town.client.stream("GET", "/v1/socket", headers=said) as first:
        assert (first.status_code, first.headers["sec-websocket-protocol"]) == (101, "onbeat.1")
    second = await town.client.get(f"/v1/socket?ticket={ticket}", headers=headers)
    assert (second.status_code, second.json()["code"]) == (401, "ticket_used")


# --- claims that cannot win
async def test_a_claim_for_a_case_that_is_not(officer: Line) -> None:
    assert (await officer.act("claim", case=UNKNOWN, round=1))["reason"] == "not_found"


async def test_a_claim_for_a_case_never_offered(town: Town, officer: Line) -> None:
    case = await offered(town, officer)
    async with (await town.someone("officer", 1)).line() as stranger:
        refused = await stranger.act("claim", case=case, round=1)
        assert (refused["ok"], refused["reason"]) == (False, "not_offered")
        assert refused["say"].endswith(".")
    won = await officer.act("claim", case=case, round=1)
    assert won["ok"]
    await put_away(town, officer, case, won["fence"])


async def test_a_claim_twice_has_one_answer_and_a_second_key_is_told_that_it_is_held(town: Town, officer: Line) -> None:
    case, key = await offered(town, officer), new_key()
    won = await officer.act("claim", key=key, case=case, round=1)
    assert won["ok"] and await officer.act("claim", key=key, case=case, round=1) == won
    assert (await officer.act("claim", case=case, round=1))["reason"] == "already_held"
    assert (await officer.act("claim", key=key, case=case, round=2))["reason"] == "key_reused"
    assert await officer.act("ask", key=key) | {"say": ""} == won | {"say": ""}
    await put_away(town, officer, case, won["fence"])
    assert (await officer.act("claim", case=case, round=1))["reason"] == "closed"


async def test_a_claim_of_another_round(town: Town, officer: Line) -> None:
    case = await offered(town, officer)
    for round_ in (0, 2):
        assert (await officer.act("claim", case=case, round=round_))["reason"] == "stale_round"
    assert (await officer.act("decline", case=case, round=1))["ok"]
    assert (await officer.act("claim", case=case, round=1))["reason"] in ("declined", "at_desk")


async def test_a_claim_when_the_window_has_closed_is_late_and_after_the_fallback_the_desk_has_it(
    town: Town, officer: Line
) -> None:
    case = await offered(town, officer)
    await town.let_time_pass(case)
    late = await officer.act("claim", case=case, round=1)
    assert (late["ok"], late["reason"]) == (False, "late")
    await town.sweep(case)
    assert (await officer.hear("gone", case=case))["reason"] == "at_desk"
    assert (await officer.act("claim", case=case, round=1))["reason"] == "at_desk"
    assert await officer.lives()


async def test_a_claim_for_a_case_that_was_taken_back(town: Town, officer: Line) -> None:
    made = await town.report(words=f"Taken back {secrets.token_hex(4)}.")
    await officer.hear("offer", case=made["case"])
    reporter = await town.reporter(made["receipt"])
    async with reporter.line() as line:
        assert (await line.act("withdraw", case=made["case"]))["ok"]
        assert (await line.act("withdraw", case=made["case"]))["reason"] == "closed"
        assert (await line.act("claim", case=made["case"], round=1))["reason"] == "not_yours"
    assert (await officer.hear("gone", case=made["case"]))["reason"] == "withdrawn"
    assert (await officer.act("claim", case=made["case"], round=1))["reason"] == "withdrawn"


async def test_a_claim_off_duty(town: Town, officer: Line) -> None:
    case = await offered(town, officer)
    assert (await officer.act("duty", on=False))["ok"]
    try:
        assert (await officer.act("claim", case=case, round=1))["reason"] == "off_duty"
    finally:
        assert (await officer.act("duty", on=True))["ok"]


async def test_acts_with_an_old_fence_change_nothing(town: Town, officer: Line) -> None:
    case = await offered(town, officer)
    won = await officer.act("claim", case=case, round=1)
    for tag in ("set_out", "arrived", "hand_back"):
        assert (await officer.act(tag, case=case, fence=won["fence"] - 1))["reason"] == "stale_fence"
    assert (await officer.act("cleared", case=case, fence=0, disposition="hoax"))["reason"] == "stale_fence"
    await put_away(town, officer, case, won["fence"])
