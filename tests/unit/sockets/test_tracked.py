"""When a reporter sees the officer: from claim to arrival, and not a moment after."""

from types import SimpleNamespace
from typing import Any, cast
from uuid import uuid4

import pytest

from dispatch.cases.values import HELD, Status
from dispatch.people.values import Role, Who
from gateway.sockets.hub import Hub, Member
from gateway.sockets.link import Link
from gateway.sockets.pulse import Pulse
from geo.point import Point

CASE, OFFICER = uuid4(), uuid4()


def _pulse(status: Status, told: list[bytes], *, unsent: int = 0) -> Pulse:
    state = SimpleNamespace(
        id=CASE, status=status, lat=31.0, lon=117.0, group=None,
        holders=(SimpleNamespace(officer=OFFICER, call_sign="0401"),),
    )  # fmt: skip
    board = SimpleNamespace(held={OFFICER: [CASE]}, cases={CASE: SimpleNamespace(state=state)})
    who = Who(uuid4(), Role.REPORTER, case=CASE)
    reporter = Member(who, cast(Link, SimpleNamespace(write=told.append, unsent=unsent)))
    node: Any = SimpleNamespace(
        feed=SimpleNamespace(board=board, now=lambda: 100.0),
        positions=SimpleNamespace(where=lambda officer: (Point(31.002, 117.0), 5.0, 0.0)),
        hub=SimpleNamespace(reporters={CASE: [reporter]}),
    )
    return Pulse(node)


@pytest.mark.parametrize("status", sorted(HELD))
async def test_a_reporter_is_told_where_the_officer_is_from_claim_to_arrival_only(status: Status) -> None:
    told: list[bytes] = []
    await _pulse(status, told)._tell_reporters()
    assert bool(told) is (status in (Status.CLAIMED, Status.EN_ROUTE)), status


async def test_a_way_that_is_over_is_forgotten() -> None:
    told: list[bytes] = []
    pulse = _pulse(Status.EN_ROUTE, told)
    await pulse._tell_reporters()
    assert len(pulse._trails) == 1
    pulse._node.feed.board.held.clear()
    await pulse._tell_reporters()
    assert pulse._trails == {} and len(told) == 1


async def test_a_reporter_who_takes_nothing_is_told_the_latest_place_when_they_do() -> None:
    told: list[bytes] = []
    pulse = _pulse(Status.EN_ROUTE, told, unsent=1)
    await pulse._tell_reporters()
    assert told == []
    [reporter] = pulse._node.hub.reporters[CASE]
    reporter.link.unsent = 0  # type: ignore[misc] # a link of this test's
    await pulse._tell_reporters()
    assert len(told) == 1


async def test_positions_do_not_pile_up_behind_a_desk_that_takes_nothing() -> None:
    """Each carries all that the one before did: whoever reads on is shown where everybody is now."""
    hub, heard = Hub(), dict[str, list[bytes]](slow=[], quick=[])
    for name, unsent in (("slow", 1), ("quick", 0)):
        who = Who(uuid4(), Role.DESK, account=uuid4(), station="s0")
        hub.join(Member(who, cast(Link, SimpleNamespace(write=heard[name].append, unsent=unsent))))
    officer = SimpleNamespace(officer=OFFICER, call_sign="0401")
    node: Any = SimpleNamespace(
        hub=hub,
        roster=SimpleNamespace(of_station=lambda station: [officer], by_id={OFFICER: officer}),
        positions=SimpleNamespace(where=lambda officer: (Point(31.002, 117.0), 5.0, 0.0)),
    )
    await Pulse(node)._tell_desks()
    assert heard["slow"] == [] and len(heard["quick"]) == 1
