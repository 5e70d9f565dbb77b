"""When a reporter sees the officer: from claim to arrival, and not a moment after."""

from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest

from dispatch.cases.values import HELD, Status
from gateway.sockets.pulse import Pulse
from geo.point import Point

CASE, OFFICER = uuid4(), uuid4()


def _pulse(status: Status, told: list[bytes]) -> Pulse:
    state = SimpleNamespace(
        id=CASE, status=status, lat=31.0, lon=117.0, group=None,
        holders=(SimpleNamespace(officer=OFFICER, call_sign="0401"),),
    )  # fmt: skip
    board = SimpleNamespace(held={OFFICER: [CASE]}, cases={CASE: SimpleNamespace(state=state)})
    reporter = SimpleNamespace(shown={}, link=SimpleNamespace(write=told.append))
    node: Any = SimpleNamespace(
        feed=SimpleNamespace(board=board, now=lambda: 100.0),
        positions=SimpleNamespace(where=lambda officer: (Point(31.002, 117.0), 5.0, 0.0)),
        hub=SimpleNamespace(reporters={CASE: [reporter]}),
    )
    return Pulse(node)


@pytest.mark.parametrize("status", sorted(HELD))
def test_a_reporter_is_told_where_the_officer_is_from_claim_to_arrival_only(status: Status) -> None:
    told: list[bytes] = []
    _pulse(status, told)._tell_reporters()
    assert bool(told) is (status in (Status.CLAIMED, Status.EN_ROUTE)), status


def test_a_way_that_is_over_is_forgotten() -> None:
    told: list[bytes] = []
    pulse = _pulse(Status.EN_ROUTE, told)
    pulse._tell_reporters()
    assert len(pulse._trails) == 1
    pulse._node.feed.board.held.clear()
    pulse._tell_reporters()
    assert pulse._trails == {} and len(told) == 1
