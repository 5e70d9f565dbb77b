"""People: reporters who send again, officers who race, decline, hand back and act with old fences, a desk that assigns.

Each knows only what it was told, keeps its key until it has heard an answer, and draws its moods from the seed.
"""

import asyncio
import hashlib
from collections.abc import Callable, Coroutine
from typing import Any
from uuid import UUID

from dispatch.batching import Overloaded
from dispatch.cases.audience import officer_snapshot
from dispatch.cases.facts import Answer
from dispatch.cases.ports import ActDraft, ClaimDraft, ReportDraft, StoreAway, StoreBusy
from dispatch.cases.values import Status
from dispatch.cases.views import Gone as GoneView
from dispatch.cases.views import HeldCase, Offer, View
from tests.simulation.world import Gone, Node, World

ASKS_MAX = 60
MISSED = (Gone, StoreAway, StoreBusy, Overloaded)

Ask = Callable[[Node], Coroutine[Any, Any, Answer]]


class People:
    """What all of them do alike."""

    def __init__(self, world: World) -> None:
        self.world, self.dice = world, world.dice
        self._keys = 0

    def key(self, who: str) -> str:
        self._keys += 1
        return f"{who}-{self._keys}"

    async def persist(self, ask: Ask, hear: Callable[[Answer], None], own: "Node | None" = None) -> Answer | None:
        """Asks until there is an answer; now and then once more. None: given up, the outcome unknown."""
        told: Answer | None = None
        for _ in range(ASKS_MAX):
            node = own if own is not None and own.ready and self.dice.random() < 0.7 else self.world.ready_web()
            try:
                answer = await node.answer(ask(node)) if node else None
            except MISSED:
                answer = None
            if answer is None or answer.reason == "busy":
                await asyncio.sleep(self.dice.uniform(0.05, 0.6))
                continue
            hear(answer)
            told = told or answer
            if self.dice.random() > 0.08:
                return told
            await asyncio.sleep(self.dice.choice((0.01, 1.0)))  # did that arrive? better send it again
        return told

    def start(self, part: Coroutine[Any, Any, Any]) -> None:
        """Somebody does something; a failure ends the run."""
        task = self.world.loop.create_task(part)
        self.world.acting.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: "asyncio.Task[Any]") -> None:
        self.world.acting.discard(task)
        if not task.cancelled():
            self.world.law.failed(task.exception())

    def later(self, seconds: float, begin: Callable[..., Coroutine[Any, Any, Any]], *about: object) -> None:
        """Begins then, unless people rest by then."""
        self.world.loop.call_later(seconds, self._begin, begin, about)

    def _begin(self, begin: Callable[..., Coroutine[Any, Any, Any]], about: tuple[object, ...]) -> None:
        if not self.world.at_rest:
            self.start(begin(*about))

    async def act(self, case: UUID, event: str, actor: str, who: UUID, **said: Any) -> Answer | None:
        """One act under one key, until it is answered."""
        scope, key = f"{actor}:{who}", self.key(event)
        hash_ = _hash(case, event, sorted(said.items()))

        def ask(node: Node) -> Coroutine[Any, Any, Answer]:
            asked: dict[str, Any] = {"case": case, "event": event, "actor": actor, "actor_id": who, **said}
            return node.acting.act(ActDraft(scope=scope, key=key, hash=hash_, **asked))

        return await self.persist(ask, lambda answer: self.world.law.told_act(scope, key, answer))


def _hash(*said: object) -> str:
    return hashlib.sha256(repr(said).encode()).hexdigest()


class Reporters(People):
    """Citizens, one a case."""

    async def report(self) -> None:
        dice, key = self.dice, self.key("report")
        place, category = self.world.somewhere(), dice.choice(("theft", "noise", "noise", "brawl", "brawl", "letter"))

        def ask(node: Node) -> Coroutine[Any, Any, Answer]:
            station = self.world.catalogue.station_at(place)
            wave = node.reporting.wave(category, place.lat, place.lon, station)
            draft = ReportDraft(
                id=self.world.uuid(), scope="report", key=key, hash=_hash(key), station=station, category=category,
                words="自行车不见了", salt="00", lat=place.lat, lon=place.lon, accuracy_m=8.0, place_source="pin",
                reporter="anonymous", receipt_mac=_hash("mac", key), exercise=False, candidates=wave.candidates,
                ring_m=wave.ring_m, wave=wave.number, last_wave=wave.last, asks=wave.asks, pause_ms=wave.pause_ms,
                desk_first=wave.desk_first,
            )  # fmt: skip
            return node.reporting.report(draft)

        if dice.random() < 0.2:  # two taps
            self.start(self.persist(ask, lambda answer: self.world.law.told_report(key, answer)))
        answer = await self.persist(ask, lambda answer: self.world.law.told_report(key, answer))
        if answer is not None and dice.random() < 0.12:
            case = UUID(answer.response["case"])
            self.later(dice.uniform(0, self.world.pace.window_s * 1.5), self.act, case, "withdrawn", "reporter", case)


class Phone(People):
    """An officer, and what the officer's phone shows."""

    def __init__(self, world: World, officer: UUID) -> None:
        super().__init__(world)
        self.id = officer
        self.node: Node | None = None
        self.offers: dict[UUID, int] = {}
        self.held: dict[UUID, int] = {}
        self.seen: list[tuple[UUID, int]] = []  # all offers ever shown: a pocket claims old ones

    def key(self, who: str) -> str:
        return f"{super().key(who)}-{self.id}"

    # --- the line
    def connect(self) -> None:
        """Any process that answers; a snapshot first, in the same turn of the loop as what follows it."""
        node = self.world.ready_web()
        if node is None:
            self.world.loop.call_later(0.3, self.connect)
            return
        self.node = node
        offers, held, _ = officer_snapshot(node.feed.board, self.id, node.feed.now())
        self.offers, self.held = {}, {}
        for view in (*offers, *held):
            self.told(view)
        node.members[self.id] = self

    def cut_off(self) -> None:
        self.node = None
        self.world.loop.call_later(self.dice.uniform(0.1, 2.0), self.connect)

    def told(self, view: View) -> None:
        if isinstance(view, Offer):
            new = self.offers.get(view.case) != view.round
            self.offers[view.case] = view.round
            if new and not self.world.at_rest:
                self.seen.append((view.case, view.round))
                self._answer(view)
        elif isinstance(view, HeldCase):
            self.offers.pop(view.case, None)
            new = self.held.get(view.case) != view.fence
            self.held[view.case] = view.fence
            if new:
                self.later(self.dice.uniform(0.2, 3.0), self.work, view.case, view.fence)
        elif isinstance(view, GoneView):
            self.offers.pop(view.case, None)
            self.held.pop(view.case, None)

    # --- moods
    def _answer(self, offer: Offer) -> None:
        """Claims, often at once, sometimes at the last moment; or declines; or does not look."""
        dice, left_s = self.dice, offer.remaining_ms / 1000
        mood = dice.random()
        soon = dice.choice((0.05, 0.4, left_s)) * dice.random()
        if mood < 0.45:
            self.later(soon, self.claim, offer.case, offer.round)
        elif mood < 0.52:
            self.later(max(0.0, left_s + dice.uniform(-0.2, 0.2)), self.claim, offer.case, offer.round)
        elif mood < 0.78:
            self.later(soon, self.act_on, offer.case, "declined", {"round": offer.round})
        if self.seen and dice.random() < 0.1:
            self.later(dice.uniform(0, 5), self.claim, *dice.choice(self.seen))

    async def claim(self, case: UUID, round_: int) -> None:
        key = self.key("claim")
        hash_ = _hash(case, round_)

        def ask(node: Node) -> Coroutine[Any, Any, Answer]:
            return node.claiming.claim(ClaimDraft(case=case, officer=self.id, round=round_, key=key, hash=hash_))

        def hear(answer: Answer) -> None:
            self.world.law.told_claim(self.id, key, case, round_, answer)

        if self.dice.random() < 0.1:  # two thumbs
            self.start(self.persist(ask, hear))
        await self.persist(ask, hear, self.node)

    async def act_on(self, case: UUID, event: str, said: dict[str, Any]) -> Answer | None:
        return await self.act(case, event, "officer", self.id, officer=self.id, **said)

    async def work(self, case: UUID, fence: int) -> None:
        """Goes and comes back, hands the case back, or forgets about it; may press a button of long ago."""
        dice, mood = self.dice, self.dice.random()
        steps = ("set_out", "arrived", "cleared") if mood < 0.6 else ("handed_back",) if mood < 0.9 else ()
        if dice.random() < 0.15:
            self.later(dice.uniform(1, 8), self.act_on, case, dice.choice(("arrived", "cleared")), {"fence": fence})
        for event in steps:
            said: dict[str, Any] = {"fence": fence}
            if event == "cleared":
                said["disposition"] = "founded"
            answer = await self.act_on(case, event, said)
            if answer is None or not answer.ok or self.world.at_rest:
                return
            await asyncio.sleep(dice.uniform(0.1, 2.0))


class Duty(People):
    """Officers who go off duty and come back."""

    async def shifts(self) -> None:
        while not self.world.at_rest:
            await asyncio.sleep(self.dice.uniform(0.3, 2.0))
            officer = self.dice.choice(list(self.world.records.officers))
            on = self.dice.random() < 0.75
            key = self.key("duty")
            await self.persist(
                lambda node, o=officer, v=on, k=key: node.acting.duty(o, v, k, "00"),  # type: ignore[misc]
                lambda answer: None,
            )


class Desk(People):
    """A station's desk; sees what the board of its process shows."""

    def __init__(self, world: World, station: str) -> None:
        super().__init__(world)
        self.station, self.id = station, world.uuid()

    def key(self, who: str) -> str:
        return f"{super().key(who)}-{self.station}"

    async def watch(self) -> None:
        dice = self.dice
        while not self.world.at_rest:
            await asyncio.sleep(dice.uniform(0.3, 2.5))
            node = self.world.ready_web()
            shown = node.feed.board.of_station(self.station) if node else []
            if not node or not shown:
                continue
            state, mood = dice.choice(shown).state, dice.random()
            colleagues = [o.officer for o in node.roster.of_station(self.station)] or [self.id]
            sent = {"officer": dice.choice(colleagues), "station": self.station}
            if state.status is Status.AT_STATION and mood < 0.5:
                await self.act(state.id, "assigned", "desk", self.id, **sent)
            elif state.status is Status.AT_STATION and mood < 0.8:
                await self.act(state.id, "acknowledged", "desk", self.id, station=self.station)
            elif state.status is Status.AT_STATION and mood < 0.9:
                await self.act(state.id, "cleared", "desk", self.id, station=self.station, disposition="advice_given")
            elif state.status in (Status.CLAIMED, Status.EN_ROUTE) and mood < 0.4:
                await self.act(state.id, "reassigned", "desk", self.id, **sent)
