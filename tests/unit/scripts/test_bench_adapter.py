"""The yardstick's adapter and its server speak of the same officers, and its tickets are ours."""

import importlib.util
import json
import sys
import time
import types
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from dispatch.people.tickets import Ticket, verify
from scripts import bench_server

ROOT = Path(__file__).resolve().parents[3]
NAMES = ("READY", "OFFER", "TAKEN", "ASSIGNED", "REPLY", "NONE")


@pytest.fixture
def adapter(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The adapter as the driver loads it: its own `adapters.base` beside it, nothing of ours."""
    base = types.ModuleType("adapters.base")
    base.__dict__.update({name: number for number, name in enumerate(NAMES)}, Adapter=type("Adapter", (), {}))
    monkeypatch.setitem(sys.modules, "adapters", types.ModuleType("adapters"))
    monkeypatch.setitem(sys.modules, "adapters.base", base)
    spec = importlib.util.spec_from_file_location("bench_adapter", ROOT / "scripts" / "bench_adapter.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_adapter_and_server_name_the_same_officers_and_key(adapter: Any) -> None:
    assert (adapter.TICKET_KEY, adapter.ORIGIN) == (bench_server.TICKET_KEY, bench_server.ORIGIN)
    for number in (0, 1, 9_999):
        assert adapter.officer_id(number) == bench_server.officer_id(number)
        assert adapter.session_id(number) == bench_server.session_id(number)


def test_its_tickets_verify(adapter: Any) -> None:
    ticket = verify(bench_server.TICKET_KEY, adapter.ticket(7), time.time())
    assert isinstance(ticket, Ticket)
    assert (ticket.officer, ticket.session) == (bench_server.officer_id(7), bench_server.session_id(7))
    assert ticket.origin == bench_server.ORIGIN


def test_it_reads_offers_answers_and_welcomes(adapter: Any) -> None:
    one, case = adapter.Adapter(), UUID(int=5)
    offer = b'{"t":"offer","stream":"s","offset":3,"case":"%s","round":1,"category":"bench","words":"ref 42 Loud"}'
    assert one.parse(offer % str(case).encode()) == (1, str(case).encode(), 42)
    won = b'{"t":"result","key":"k","ok":true,"case":"%s","fence":1}' % str(case).encode()
    lost = b'{"t":"result","key":"k","ok":false,"case":"%s","reason":"taken"}' % str(case).encode()
    assert [one.parse(text)[0] for text in (won, lost)] == [3, 2]
    welcome = {"t": "welcome", "token": "T", "at": {"s": 3}, "officer": str(adapter.officer_id(9))}
    assert one.parse(json.dumps(welcome, separators=(",", ":")).encode())[0] == 0
    assert b'"token": "T"' in one.hello(9, 1.0, 2.0)[0]
