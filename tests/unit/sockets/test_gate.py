"""A herd that comes back at once is told to come later before it costs anything."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from dispatch.people.tickets import TicketRefusal
from gateway.sockets.gate import PATH, SocketGate
from gateway.sockets.link import Handshake, Refused

ORIGIN = "http://localhost:8000"


class Asked:
    """Counts tickets that were looked at."""

    count = 0

    async def use_ticket(self, ticket: str, origin: str) -> Any:
        self.count += 1
        assert ticket == "t"
        return TicketRefusal.USED


async def test_beyond_the_bucket_a_handshake_is_told_when_to_come_back_and_no_ticket_is_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("gateway.sockets.gate.HANDSHAKES_PER_S_MAX", 10)
    monkeypatch.setattr("gateway.sockets.gate.time.monotonic", lambda: 100.0)
    node: Any = SimpleNamespace(ready=True, settings=SimpleNamespace(origins=frozenset({ORIGIN})))
    asked = Asked()
    gate = SocketGate(node, cast(Any, asked))
    said = {"origin": ORIGIN, "sec-websocket-protocol": "onbeat.1, ticket.t"}
    handshake = Handshake(PATH, "", said, "198.18.0.1")
    answers = [await gate.admit(handshake) for _ in range(25)]
    assert asked.count == 10
    refused = [one for one in answers[10:] if isinstance(one, Refused)]
    assert [one.status for one in refused] == [503] * 15
    assert all("retry-after" in dict(one.headers) for one in refused)
    monkeypatch.setattr("gateway.sockets.gate.time.monotonic", lambda: 100.5)
    for _ in range(25):
        await gate.admit(handshake)
    assert asked.count == 15, "half a second later half as many again"
