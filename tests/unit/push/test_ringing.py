"""Who is rung, when, and with what: on a board that facts move, a clock that is moved, and a push service that is told
what to answer."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

import pytest

from dispatch.cases.board import Board
from dispatch.cases.facts import Fact
from dispatch.cases.values import Status
from dispatch.limits import PUSH_LEFT_MS_MIN, PUSH_QUEUE_MAX, PUSH_TRIES_MAX
from dispatch.people.values import Who
from dispatch.push.endpoints import Services
from dispatch.push.ringing import Lane, Ring, Ringing
from dispatch.push.values import Kind, Outcome, Subscription, Taken, Told, Wanted
from tests.unit.cases.states import CASE, ONE, THREE, TWO, fact, holder, state

FCM = "https://fcm.googleapis.com/fcm/send/"
APPLE = "https://web.push.apple.com/"


class Store:
    """One phone an officer; each is rung once a round."""

    def __init__(self, *officers: UUID, base: str = FCM) -> None:
        self.phones = {one: Subscription(uuid4(), f"{base}{one.int}", b"", b"") for one in officers}
        self.taken: set[Wanted] = set()
        self.rung: list[Taken] = []
        self.dropped: list[UUID] = []
        self.asked = 0

    async def keep(self, who: Who, endpoint: str, p256dh: bytes, auth: bytes) -> UUID:
        raise NotImplementedError

    async def drop(self, subscription: UUID, account: UUID | None = None) -> None:
        self.dropped.append(subscription)

    async def ringable(self) -> frozenset[UUID]:
        return frozenset(self.phones)

    async def take(self, wanted: Sequence[Wanted]) -> list[Taken]:
        self.asked += 1
        fresh = [one for one in wanted if one not in self.taken and one.officer in self.phones]
        self.taken |= set(fresh)
        return [Taken(one, self.phones[one.officer]) for one in fresh]

    async def sent(self, rung: Sequence[Taken]) -> None:
        self.rung += rung

    async def prune(self) -> int:
        return 0


class Sender:
    """Notes what it is given; `answers` in turn, then sent. `wait`: nothing is answered before."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, dict[str, Any], int, str]] = []
        self.answers: list[Told] = []
        self.wait = asyncio.Event()
        self.wait.set()
        self.under_way = self.most = 0

    async def send(self, to: Subscription, body: bytes, *, ttl_s: int, topic: str) -> Told:
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        await self.wait.wait()
        self.under_way -= 1
        self.sent.append((to.endpoint, json.loads(body), ttl_s, topic))
        return self.answers.pop(0) if self.answers else Told(Outcome.SENT, 201)


class Scene:
    """The parts together."""

    def __init__(self, store: Store, services: Services | None = None) -> None:
        self.now, self.store, self.sender = 100.0, store, Sender()
        self.board = Board(lambda: self.now)
        self.ringing = Ringing(store, self.sender, lambda: self.board, services or Services(), lambda: self.now)
        self.ringing.ringable = frozenset(store.phones)

    def tell(self, one: Fact) -> None:
        self.ringing.heard(self.board.apply(one))

    def opened(self, *asked: UUID, **other: Any) -> None:
        of = state(**other)
        self.tell(fact(2, of=of, seq=2, to=asked, body={"round": 1}))

    def taken_by(self, officer: UUID) -> None:
        of = state(status=Status.CLAIMED, seq=3, remaining_ms=None, holders=(holder(officer),))
        self.tell(fact(3, "claimed", of=of, seq=3, officer=officer, body={"round": 1}))

    async def turn(self) -> None:
        """What is wanted is asked for, and everything in the lanes is tried once."""
        await self.ringing.take()
        await self.drain()

    async def drain(self) -> None:
        for lane in self.ringing._lanes.values():
            for _ in range(len(lane.waiting)):
                await self.ringing.send(lane.waiting.popleft())

    def kinds(self) -> list[tuple[int, str]]:
        return [(int(endpoint.rpartition("/")[2]), told["kind"]) for endpoint, told, _, _ in self.sender.sent]


async def test_only_who_was_asked_and_has_a_phone_is_rung_once() -> None:
    scene = Scene(Store(ONE, THREE))
    scene.opened(ONE, TWO)
    scene.opened(ONE, TWO)
    await scene.turn()
    await scene.ringing.look()
    await scene.turn()
    assert scene.kinds() == [(1, "offer")]


async def test_a_ring_says_what_kind_which_case_and_how_long_and_not_a_word_more() -> None:
    scene = Scene(Store(ONE))
    scene.opened(ONE, words="李四 138 0000 0000 at 5 Hunan Road", remaining_ms=41_000)
    await scene.turn()
    ((_, told, ttl_s, topic),) = scene.sender.sent
    assert told == {"kind": "offer", "case": str(CASE), "category": "theft", "ends_in_ms": 41_000}
    assert (ttl_s, topic) == (41, CASE.hex)
    assert len(topic) <= 32, "RFC 8030 allows no longer topic"


async def test_nobody_is_asked_about_while_nobody_has_a_phone() -> None:
    scene = Scene(Store())
    scene.opened(ONE, TWO)
    await scene.turn()
    assert scene.store.asked == 0


async def test_an_offer_that_ended_in_the_queue_is_not_sent() -> None:
    scene = Scene(Store(ONE, TWO))
    scene.opened(ONE, TWO)
    await scene.ringing.take()
    scene.taken_by(THREE)
    await scene.drain()
    assert scene.sender.sent == []


async def test_phones_that_were_rung_are_told_that_it_is_over_and_no_others() -> None:
    scene = Scene(Store(ONE, TWO))
    scene.opened(ONE)
    await scene.turn()
    scene.taken_by(THREE)
    await scene.drain()
    assert scene.kinds() == [(1, "offer"), (1, "gone")]
    assert scene.sender.sent[1][1].get("category") is None


async def test_an_offer_that_ends_while_it_is_being_sent_is_followed_by_its_end() -> None:
    scene = Scene(Store(ONE))
    scene.opened(ONE)
    await scene.ringing.take()
    scene.sender.wait.clear()
    sending = asyncio.create_task(scene.drain())
    await asyncio.sleep(0)
    scene.taken_by(THREE)
    scene.sender.wait.set()
    await sending
    await scene.drain()
    assert scene.kinds() == [(1, "offer"), (1, "gone")]


async def test_where_every_push_must_show_something_nothing_is_sent_to_take_one_back() -> None:
    scene = Scene(Store(ONE, base=APPLE))
    scene.opened(ONE)
    await scene.turn()
    scene.taken_by(THREE)
    await scene.drain()
    assert scene.kinds() == [(1, "offer")]


async def test_a_phone_is_not_rung_for_the_last_moments() -> None:
    scene = Scene(Store(ONE))
    scene.opened(ONE, remaining_ms=PUSH_LEFT_MS_MIN - 1)
    await scene.turn()
    assert scene.sender.sent == []


async def test_a_dead_subscription_is_dropped() -> None:
    scene = Scene(Store(ONE))
    scene.sender.answers = [Told(Outcome.DEAD, 410)]
    scene.opened(ONE)
    await scene.turn()
    assert scene.store.dropped == [scene.store.phones[ONE].id]


async def test_a_refusal_is_not_tried_again_and_a_failure_a_few_times_only(monkeypatch: pytest.MonkeyPatch) -> None:
    again: list[float] = []
    scene = Scene(Store(ONE))

    def later(wait_s: float, put: Any, ring: Ring) -> None:
        again.append(wait_s)
        put(ring)

    monkeypatch.setattr(asyncio.get_running_loop(), "call_later", later, raising=False)
    scene.sender.answers = [Told(Outcome.LATER, 503)] * 10
    scene.opened(ONE)
    await scene.ringing.take()
    for _ in range(6):
        await scene.drain()
    assert len(scene.sender.sent) == PUSH_TRIES_MAX and again == [0.5, 1.0]
    scene = Scene(Store(ONE))
    scene.sender.answers = [Told(Outcome.REFUSED, 403)]
    scene.opened(ONE)
    await scene.turn()
    await scene.drain()
    assert len(scene.sender.sent) == 1 and scene.store.dropped == []


async def test_a_service_that_asks_for_more_time_than_is_left_gets_all_of_it() -> None:
    scene = Scene(Store(ONE))
    scene.sender.answers = [Told(Outcome.LATER, 429, 59.0)]
    scene.opened(ONE)
    await scene.turn()
    await scene.drain()
    assert len(scene.sender.sent) == 1


async def test_what_another_process_left_is_found_by_looking() -> None:
    scene = Scene(Store(ONE))
    scene.board.apply(fact(2, of=state(), seq=2, to=(ONE,), body={"round": 1}))  # before this process listened
    await scene.ringing.look()
    await scene.turn()
    assert scene.kinds() == [(1, "offer")]


async def test_what_was_sent_is_noted_at_the_next_look() -> None:
    scene = Scene(Store(ONE))
    scene.opened(ONE)
    await scene.turn()
    assert scene.store.rung == []
    await scene.ringing.look()
    assert [one.wanted for one in scene.store.rung] == [Wanted(CASE, 1, ONE)]


def test_a_full_lane_lets_the_oldest_go() -> None:
    lane = Lane()
    rings = [
        Ring(Taken(Wanted(CASE, n, ONE), Subscription(CASE, FCM, b"", b"")), Kind.OFFER, "", 1.0)
        for n in range(PUSH_QUEUE_MAX + 3)
    ]
    for ring in rings:
        lane.put(ring)
    assert len(lane.waiting) == PUSH_QUEUE_MAX and lane.dropped == 3
    assert lane.waiting[0] is rings[3] and lane.waiting[-1] is rings[-1]


async def test_a_service_that_hangs_keeps_no_other_waiting_and_is_not_flooded() -> None:
    officers = [UUID(int=n) for n in range(1, 41)]
    store = Store(*officers)
    other = UUID(int=99)
    store.phones[other] = Subscription(uuid4(), f"{APPLE}99", b"", b"")
    scene = Scene(store)
    slow = scene.sender

    async def send(to: Subscription, body: bytes, *, ttl_s: int, topic: str) -> Told:
        if to.endpoint.startswith(APPLE):
            heard.set()
            return Told(Outcome.SENT, 201)
        return await Sender.send(slow, to, body, ttl_s=ttl_s, topic=topic)

    heard = asyncio.Event()
    slow.send = send  # type: ignore[method-assign]
    slow.wait.clear()
    scene.opened(*officers, other)
    running = asyncio.create_task(scene.ringing.run())
    async with asyncio.timeout(10):
        await heard.wait()
        while slow.most < 8:  # noqa: ASYNC110 - it tells nobody when
            await asyncio.sleep(0)
    for _ in range(50):
        await asyncio.sleep(0)
    assert slow.most == 8
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
