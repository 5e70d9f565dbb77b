"""The simulated fleet: web processes, sweepers and relays as the gateway composes them, without sockets.

Everything of `dispatch/` is the real code; beneath it stand the store in memory, the lossy bus and virtual time. A
process is killed without a word and comes back empty; the database keeps what it committed.
"""

import asyncio
import contextlib
import math
import zlib
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

from dispatch import limits
from dispatch.adapters.memory.rows import CategoryRow, OfficerRow, Records
from dispatch.adapters.memory.store import MemoryCases
from dispatch.cases.audience import DUTY, deliveries
from dispatch.cases.catalogue import Catalogue, Category, Station
from dispatch.cases.facts import Fact
from dispatch.cases.policy import Mode
from dispatch.cases.ports import StoreAway, StoreBusy
from dispatch.cases.service import Acting, Came, Claiming, Joining, Reporting
from dispatch.lull import Lull
from dispatch.positions.live import LivePositions
from dispatch.positions.roster import Roster
from dispatch.streams.feed import Feed
from dispatch.streams.relaying import Relaying
from dispatch.streams.sweeping import Publisher, Sweeping
from geo.point import Point
from tests.simulation.bus import Bus
from tests.simulation.invariants import Law
from tests.simulation.virtual_time import VirtualLoop, current
from tests.simulation.world_store import SimStore, Weather

if TYPE_CHECKING:
    from tests.simulation.workload import Phone

T = TypeVar("T")

ROLES = {"web": 3, "sweeper": 2, "relay": 2}
STATIONS = ("east", "west")
OFFICERS = 10
LAT, LON = 32.0, 118.8  # the stations' common border runs along this longitude
TOWN_DEG = 0.02  # about 2 km
JOIN_S = 0.25
MODES = {"noise": Mode.BEST_OFFICER, "letter": Mode.DESK_FIRST}
HEAD_START_MS = {"brawl": 700}
BEAT = "beat:1"


class Gone(Exception):
    """The process or the way to it broke while a person waited; whether it happened is unknown."""


@dataclass(frozen=True, slots=True)
class Pace:
    """The policy of a run. `true`: the service's own numbers; else a quick town, so that a seed costs less."""

    window_ms: int
    wave_ms: int
    ack_ms: int

    @property
    def window_s(self) -> float:
        return self.window_ms / 1000


TRUE = Pace(limits.OFFER_WINDOW_MS, limits.WAVE_INTERVAL_MS, limits.DESK_ACK_MS)
QUICK = Pace(8_000, 2_000, 5_000)


class World:
    """One town, its fleet and its database."""

    def __init__(self, pace: Pace) -> None:
        self.loop: VirtualLoop = current()
        self.pace, self.dice = pace, self.loop.dice
        self.records = Records(lambda: round(self.loop.time() * 1_000_000) + 1_800_000_000_000_000)
        self.weather = Weather()
        self.bus: Bus[bytes] = Bus(describe=lambda payload: format(zlib.crc32(payload), "x"))
        self.law = Law(self.records, self.loop)
        self.at_rest = False  # people stop beginning anything new
        self.still = False  # at the very end: nothing is fired any more, so that nothing changes
        self.acting: set[asyncio.Task[Any]] = set()
        self._furnish()
        self.nodes = [Node(self, f"{role}{n}", role) for role, count in ROLES.items() for n in range(count)]
        self.webs = [node for node in self.nodes if node.role == "web"]

    def _furnish(self) -> None:
        dice, pace = self.dice, self.pace
        for station in STATIONS:
            self.records.add_station(station)
        for name, seats in (("theft", 1), ("noise", 1), ("brawl", 2), ("letter", 1)):
            self.records.categories[name] = CategoryRow(name, seats, pace.window_ms, pace.wave_ms, pace.ack_ms)
        self.places: dict[UUID, Point] = {}
        for n in range(OFFICERS):
            slots, on_duty = (2 if n % 5 == 4 else 1), dice.random() < 0.9
            officer = OfficerRow(
                self.uuid(),
                f"N{n:02d}",
                "王",
                STATIONS[n % 2],
                on_duty=on_duty,
                slots=slots,
                beat=BEAT if n % 3 == 0 else None,
            )
            self.records.officers[officer.id] = officer
            self.places[officer.id] = self.somewhere()
        self.catalogue = Catalogue(
            {c.id: Category(c.id, c.id, c.id, c.seats, window_ms=pace.window_ms, mode=MODES.get(c.id, Mode.SNATCH),
                            turn_ms=pace.window_ms // 8, head_start_ms=HEAD_START_MS.get(c.id, 0))
             for c in self.records.categories.values()},
            {s: Station(s, s, s) for s in STATIONS},
            STATIONS[0],
            lambda point: STATIONS[point.lon < LON],
            lambda point: BEAT,
        )  # fmt: skip

    def uuid(self) -> UUID:
        return UUID(int=self.dice.getrandbits(128), version=4)

    def somewhere(self) -> Point:
        angle, far = self.dice.uniform(0, 2 * math.pi), TOWN_DEG * math.sqrt(self.dice.random())
        return Point(LAT + far * math.sin(angle), LON + far * math.cos(angle))

    def ready_web(self) -> "Node | None":
        """A drawn web process that answers now."""
        ready = [node for node in self.webs if node.ready]
        return self.dice.choice(ready) if ready else None


class Node:
    """One process of the fleet, through all its lives."""

    def __init__(self, world: World, name: str, role: str) -> None:
        self.world, self.name, self.role = world, name, role
        self.lives = 0
        self.alive = self.ready = False
        self.members: dict[UUID, Phone] = {}
        self._tasks: set[asyncio.Task[Any]] = set()

    # --- life and death
    def start(self) -> None:
        """A new life: nothing is remembered."""
        world, clock = self.world, self.world.loop.time
        self.lives += 1
        self.alive, origin = True, f"{self.name}.{self.lives}"
        world.loop.record("start", origin)
        self.store = SimStore(world.loop, world.weather, MemoryCases(world.records), world.law.look)
        port = _Post(self)
        if self.role != "sweeper":
            self._inbox = world.bus.join(self.name)
        if self.role == "relay":
            self.relaying = Relaying(self.store, self.store, port, origin, clock)
            self.serve(self._listen(self.relaying.heard))
            self.serve(self._relay())
            return
        self.roster = Roster()
        self.positions = LivePositions(self.roster, clock)
        self.positions.age_s_max = math.inf
        self.positions.listening(True, loaded=world.dice.random() < 0.8)
        if self.role == "sweeper":
            self.serve(self._sweep(port, origin))
            return
        self.feed = Feed(self.store, port, origin, clock)
        self.feed.listeners.append(self._heard)
        self.feed.alongside.append(self._load_roster)
        self.feed.on_new_epoch = self._hang_up
        self.positions.held = lambda: self.feed.board.held
        lull = Lull(world.loop.time)
        self.reporting = Reporting(self.store, self.feed, self.positions, world.catalogue, clock, lull)
        self.claiming = Claiming(self.store, self.feed, lull)
        self.acting = Acting(self.store, self.feed, self.reporting)
        self.joining = Joining(self.store, self.feed, world.catalogue)
        self._came: dict[UUID, Came] = {}
        self.serve(self._listen(self.feed.heard))
        self.serve(self._run())

    def kill(self) -> None:
        """Between two instructions, without a word."""
        self.world.loop.record("kill", self.name, self.lives)
        self.alive = self.ready = False
        self.world.bus.leave(self.name)
        tasks, self._tasks = self._tasks, set()
        for task in sorted(tasks, key=hash):
            task.cancel()
        self.store.die()
        self._hang_up()

    def _hang_up(self) -> None:
        members, self.members = self.members, {}
        for phone in members.values():
            phone.cut_off()

    def spawn(self, part: Coroutine[Any, Any, T]) -> "asyncio.Task[T]":
        """A task that dies with this life."""
        task = self.world.loop.create_task(part)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: "asyncio.Task[Any]") -> None:
        self._tasks.discard(task)

    def serve(self, part: Coroutine[Any, Any, None]) -> None:
        """A part of the process whose failure nobody would hear."""
        self.spawn(part).add_done_callback(self._broke)

    def _broke(self, task: "asyncio.Task[None]") -> None:
        if not task.cancelled() and task.exception() is not None:
            self.world.law.failed(task.exception())

    # --- parts
    async def _listen(self, hear: Callable[[bytes], None]) -> None:
        inbox = self._inbox
        while True:
            hear(await inbox.get())

    async def _run(self) -> None:
        wait = 0.1
        while True:
            try:
                await self.feed.start()
                break
            except (StoreAway, StoreBusy):
                await asyncio.sleep(wait)
                wait = min(2 * wait, 2.0)
        for officer in self.world.records.officers.values():
            self._stands(officer.id)
        self.ready = True
        self.serve(self.feed.run())

    async def _load_roster(self) -> None:
        self.roster.replace(await self.store.roster())

    async def _who_is_free(self) -> None:
        """A sweeper keeps no board: it asks who has a slot left when somebody is about to be asked."""
        self.roster.replace(await self.store.free_roster())
        for officer in self.roster.by_id:
            self._stands(officer)

    def _stands(self, officer: UUID) -> None:
        """Every process hears where an officer on duty is; where the town's people stand still, once is enough."""
        place = self.world.places[officer]
        self.positions.put(officer, place.lat, place.lon, 10.0, 0.0)

    async def _sweep(self, port: "_Post", origin: str) -> None:
        sweeping = Sweeping(
            self.store, Publisher(port, origin), self.positions, self.world.catalogue, before_waves=self._who_is_free
        )
        self.ready = True
        while True:
            with contextlib.suppress(StoreAway, StoreBusy):
                if not self.world.still:
                    await sweeping.sweep()
            await asyncio.sleep(limits.SWEEP_S)

    async def _relay(self) -> None:
        started = False
        while True:
            with contextlib.suppress(StoreAway, StoreBusy):
                if not started:
                    await self.relaying.start()
                    started = self.ready = True
                await self.relaying.turn()
            await asyncio.sleep(limits.RELAY_POLL_S)

    # --- facts
    def _heard(self, fact: Fact) -> None:
        self.world.law.heard(f"{self.name}.{self.lives}.{self.feed.epoch}", fact)
        if fact.kind == DUTY and fact.officer is not None:
            if self.roster.apply(fact):
                self._stands(fact.officer)
            elif not fact.body["on"]:
                self.positions.drop(fact.officer)
            if fact.body["on"]:
                self._came_back(fact.officer)
        for delivery in deliveries(fact):
            for officer in delivery.officers:
                if officer in self.members:
                    self.members[officer].told(delivery.view)
        for officer in fact.body.get("released", ()):
            self._came_back(UUID(officer))

    def _came_back(self, officer: UUID) -> None:
        where = self.positions.where(officer)
        if where is not None:
            if not self._came:
                self.serve(self._join())
            self._came[officer] = Came(officer, where[0], self.world.records.officers[officer].station)

    async def _join(self) -> None:
        await asyncio.sleep(JOIN_S)
        came, self._came = self._came, {}
        try:
            await self.joining.join(list(came.values()), self.feed.now())
        except (StoreAway, StoreBusy):
            return  # the next wave asks them

    async def answer(self, part: Coroutine[Any, Any, T]) -> T:
        """What a person hears who asks this process. Raises: Gone, and what the part raises."""
        if not self.ready:
            part.close()
            await asyncio.sleep(0.05)
            raise Gone
        task = self.spawn(part)
        try:
            result = await task
        except asyncio.CancelledError:
            if task.cancelled() and not self.world.law.over:
                raise Gone from None
            raise
        if self.world.dice.random() < self.world.weather.lose_reply:
            raise Gone
        return result


class _Post:
    """`dispatch.cases.ports.Bus` of one life of a process."""

    def __init__(self, node: Node) -> None:
        self._node, self._life = node, node.lives

    def post(self, payload: bytes) -> None:
        if self._node.alive and self._node.lives == self._life:
            self._node.world.bus.publish(self._node.name, payload)
