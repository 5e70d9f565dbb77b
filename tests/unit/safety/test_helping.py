"""Who hears a call for help, and that no limit keeps it back."""

from typing import Any, cast
from uuid import UUID

import msgspec
import pytest

from dispatch.cases.facts import Answer
from dispatch.cases.ports import StoreBusy
from dispatch.limits import PANIC_OFFICERS_MAX, PANIC_TRIES_MAX
from dispatch.people.values import NOBODY
from dispatch.positions.live import LivePositions
from dispatch.positions.roster import OnDuty, Roster
from dispatch.safety.ports import PanicDraft
from dispatch.safety.service import Helping
from gateway.sockets.link import Close
from gateway.sockets.session import PersonSession
from geo.point import Point

PLACE = Point(32.06, 118.79)


def officer(number: int) -> UUID:
    return UUID(int=number)


class Held:
    """A record that is busy for the first `busy` calls."""

    def __init__(self, busy: int = 0) -> None:
        self.busy, self.asked = busy, list[PanicDraft]()

    async def raise_panic(self, draft: PanicDraft) -> Answer:
        self.asked.append(draft)
        if len(self.asked) <= self.busy:
            raise StoreBusy("held")
        return Answer(ok=True, reason=None, response={"panic": str(draft.id)})


class Deaf:
    def committed(self, answers: Any) -> None:
        pass


def positions(count: int, *, held: int = 0) -> LivePositions:
    """Officers 1 to `count` on duty at ever greater distances; the first `held` of them hold a case."""
    roster = Roster()
    roster.load(OnDuty(officer(n), "s1", str(n), "李") for n in range(1, count + 1))
    live = LivePositions(roster, lambda: 0.0)
    live.listening(True, loaded=True)
    for n in range(1, count + 1):
        live.put(officer(n), PLACE.lat + n * 0.001, PLACE.lon, 5.0, 0.0)
    live.held = lambda: {officer(n): {1} for n in range(1, held + 1)}
    return live


def helping(live: LivePositions, store: Held | None = None) -> Helping:
    return Helping(cast(Any, store or Held()), cast(Any, Deaf()), live)


def test_the_nearest_hear_it_busy_or_not_and_never_who_called() -> None:
    live = positions(30, held=3)
    assert live.nearest(PLACE.lat, PLACE.lon, 6_000, 3) == [officer(4), officer(5), officer(6)]
    assert helping(live).whom(officer(2), "s1", PLACE) == [officer(n) for n in range(1, 12) if n != 2]
    assert len(helping(live).whom(officer(2), "s1", PLACE)) == PANIC_OFFICERS_MAX


def test_without_a_place_or_an_index_or_anybody_near_the_whole_station_hears_it() -> None:
    live = positions(30)
    everybody = [officer(n) for n in range(2, 31)]
    assert helping(live).whom(officer(1), "s1", None) == everybody
    assert helping(live).whom(officer(1), "s1", Point(31.0, 118.79)) == everybody
    live.listening(False)
    assert helping(live).whom(officer(1), "s1", PLACE) == everybody


async def test_a_row_that_is_held_elsewhere_is_waited_for() -> None:
    store = Held(busy=PANIC_TRIES_MAX - 1)
    answer = await helping(positions(2), store).call(officer(1), "s1", PLACE, 5.0, "k", "h")
    assert answer.ok and len({draft.id for draft in store.asked}) == 1
    with pytest.raises(StoreBusy):
        await helping(positions(2), Held(busy=PANIC_TRIES_MAX)).call(officer(1), "s1", PLACE, 5.0, "k", "h")


def test_the_place_of_who_called_is_kept_off_duty_too() -> None:
    live = positions(1)
    live.put(officer(9), PLACE.lat, PLACE.lon, 5.0, 0.0)
    assert live.where(officer(9)) is None
    live.beside = lambda: {officer(9)}
    live.put(officer(9), PLACE.lat, PLACE.lon, 5.0, 0.0)
    assert live.where(officer(9)) is not None


class Phone:
    unsent = 0

    def __init__(self) -> None:
        self.closed: Close | None = None

    def write(self, frame: bytes) -> None:
        pass

    def write_soon(self, frame: bytes) -> None:
        pass

    def close(self, code: Close, reason: str = "") -> None:
        self.closed = code


class Counting(PersonSession):
    """A session that only counts the calls for help."""

    calls: int

    def _panic(self, message: object) -> None:
        self.calls += 1


def test_no_limit_of_messages_keeps_a_call_for_help_back_and_nothing_else_slips_through() -> None:
    node: Any = type("Node", (), {"messages_per_s_max": 1.0, "sessions": set()})()
    session = Counting(node, NOBODY)
    session.calls, phone = 0, Phone()
    session.opened(phone)
    panic = msgspec.json.encode({"t": "panic", "key": "k" * 20})
    ask = msgspec.json.encode({"t": "ask", "key": "k" * 20})
    session._tokens = -1e9
    for _ in range(3):
        session.received(panic)
    assert (session.calls, phone.closed) == (3, None)
    session.received(msgspec.json.encode({"t": "ask", "key": "-panic-" * 3 + '"panic"'}))
    session.received(ask)
    assert (session.calls, phone.closed) == (3, Close.POLICY)
