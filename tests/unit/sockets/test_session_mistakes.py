"""A session whose peer, or whose own house, does not behave: it says so and goes on, or closes with the right code."""

import asyncio
import json
import time
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest

from dispatch import limits
from dispatch.cases.ports import StoreAway, StoreBusy
from dispatch.people.values import Role, Who
from dispatch.positions.roster import Roster
from gateway.sockets.hub import Hub, Member
from gateway.sockets.link import Close
from gateway.sockets.session import IN_FLIGHT_MAX, PersonSession

OFFICER = Who(session=uuid4(), role=Role.OFFICER, account=uuid4(), officer=uuid4(), station="xw-1")
KEY = "k" * 16


class Wire:
    """A link that keeps what is said."""

    def __init__(self) -> None:
        self.said: list[dict[str, Any]] = []
        self.closed: list[Close] = []
        self.unsent = 0
        self._more = asyncio.Event()

    def write_soon(self, frame: bytes) -> None:
        self.write(frame)

    def write(self, frame: bytes) -> None:
        self.said.append(json.loads(frame[frame.index(b"{") :]))
        self._more.set()

    async def heard(self, count: int) -> None:
        """Returns when so much has been said."""
        async with asyncio.timeout(5):
            while len(self.said) < count:
                self._more.clear()
                await self._more.wait()

    def close(self, code: Close, reason: str = "") -> None:
        self.closed.append(code)


class Store:
    """Answers questions about keys with this failure, when it is let."""

    def __init__(self, failure: Exception) -> None:
        self.failure, self.gate = failure, asyncio.Event()

    async def by_key(self, scope: str, key: str) -> None:
        await self.gate.wait()
        raise self.failure


def opened(failure: Exception) -> tuple[PersonSession, Wire, Store]:
    store, wire = Store(failure), Wire()
    node: Any = SimpleNamespace(
        messages_per_s_max=limits.MESSAGES_PER_S_MAX,
        hello_s_max=limits.HELLO_S_MAX,
        sessions=set(),
        hub=Hub(),
        roster=Roster(),
        store=store,
    )
    session = PersonSession(node, OFFICER)
    session.opened(wire)
    return session, wire, store


def ask(key: str = KEY) -> bytes:
    return json.dumps({"t": "ask", "key": key}).encode()


@pytest.mark.parametrize(
    ("failure", "reason"),
    [(StoreAway("gone"), "away"), (StoreBusy("held"), "busy"), (ValueError("planted"), "away")],
)
async def test_an_act_that_fails_is_answered_all_the_same(failure: Exception, reason: str) -> None:
    session, wire, store = opened(failure)
    session.member = Member(OFFICER, wire)
    store.gate.set()
    session.received(ask())
    await wire.heard(1)
    (result,) = wire.said
    assert (result["t"], result["key"], result["ok"], result["reason"]) == ("result", KEY, False, reason)
    assert result["say"].endswith(".")
    assert not wire.closed


async def test_more_acts_than_may_wait_are_refused_and_those_that_wait_are_answered() -> None:
    session, wire, store = opened(StoreBusy("held"))
    session.member = Member(OFFICER, wire)
    for number in range(IN_FLIGHT_MAX + 1):
        session.received(ask(f"{number:016}"))
    assert [one["code"] for one in wire.said] == ["too_many_in_flight"]
    store.gate.set()
    await wire.heard(IN_FLIGHT_MAX + 1)
    assert {one["key"] for one in wire.said[1:]} == {f"{number:016}" for number in range(IN_FLIGHT_MAX)}


async def test_who_does_not_say_hello_in_time_is_sent_away() -> None:
    session, wire, _ = opened(StoreBusy("held"))
    session.beat(time.monotonic() + limits.HELLO_S_MAX - 0.5)
    assert not wire.closed
    session.beat(time.monotonic() + limits.HELLO_S_MAX + 0.5)
    assert wire.closed == [Close.HELLO_MISSING]


async def test_who_speaks_without_a_pause_is_sent_away() -> None:
    session, wire, _ = opened(StoreBusy("held"))
    for _ in range(4 * limits.MESSAGES_PER_S_MAX):
        session.received(ask())
    assert Close.POLICY in wire.closed or Close.TOO_MANY_REFUSED in wire.closed
