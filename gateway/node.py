"""What a process that knows the board is made of: stores, feed, positions, services. Web and sweeper share it."""

import asyncio
import contextlib
import logging
import secrets
import time
from collections.abc import AsyncIterator
from uuid import UUID

import asyncpg
import msgspec

from dispatch import limits
from dispatch.abuse.counting import Counting
from dispatch.abuse.friction import Friction
from dispatch.adapters.postgres.audit import PostgresJournal
from dispatch.adapters.postgres.catalogue import CatalogueKeeper, load_roster
from dispatch.adapters.postgres.handover import PostgresHandOver
from dispatch.adapters.postgres.safety import PostgresSafety
from dispatch.adapters.postgres.store import PostgresCases
from dispatch.adapters.postgres.upkeep import PostgresUpkeep
from dispatch.adapters.redis.bus import RedisBus, connect
from dispatch.adapters.redis.counts import RedisCounts
from dispatch.allowance import Allowance
from dispatch.audit.ports import Journal
from dispatch.cases import audience
from dispatch.cases.catalogue import Catalogue
from dispatch.cases.facts import Answer, CaseState, Fact
from dispatch.cases.handover import HandOverList
from dispatch.cases.ports import StoreAway, StoreBusy
from dispatch.cases.service import Acting, Came, Claiming, Joining, Reporting
from dispatch.cases.values import HELD
from dispatch.cases.views import Result, View
from dispatch.clock import StoreClock
from dispatch.lull import Lull
from dispatch.people.permissions import SELF, Act, allowed, may_ever, relations_of
from dispatch.people.values import Role, Who
from dispatch.positions.live import LivePositions
from dispatch.positions.roster import Roster
from dispatch.positions.sharing import Sharing
from dispatch.safety.panics import Panics
from dispatch.streams.feed import Feed
from gateway.advising import Advising
from gateway.pauses import Pauses
from gateway.refusals import tell
from gateway.role import working_pool
from gateway.safety import Safety
from gateway.settings import Settings
from gateway.sockets.hub import Hub, Member, OpenSocket
from gateway.sockets.link import Close
from gateway.sockets.resume import Resume
from gateway.wire.acts import ActMessage, act_draft, hash_of
from gateway.wire.desk_messages import DeskShift
from gateway.wire.messages import Duty, Say
from gateway.wire.safety import AdviceAsked
from gateway.wire.sentences import Results, refused, result

log = logging.getLogger(__name__)

HEARTBEAT_S = 2.0
JOIN_S = 0.25
CAME_MAX = 20_000
CANCEL_AGAIN_S = 0.5


class Node:
    """One process of the fleet."""

    def __init__(self, settings: Settings, role: str, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self.settings, self.role, self.pool = settings, role, pool
        self.instance = f"{role}-{secrets.token_hex(5)}"
        self.redis = connect(settings.redis_url)
        self.bus = RedisBus(self.redis, settings.redis_url, self.instance)
        self.store = PostgresCases(pool)
        self.upkeep = PostgresUpkeep(pool)
        self.journal: Journal = PostgresJournal(pool)
        self.handover: HandOverList = PostgresHandOver(pool)
        self.clock = StoreClock()
        self.feed = Feed(self.store, self.bus, self.instance)
        self.roster = Roster()
        self.positions = LivePositions(self.roster)
        self.positions.held = lambda: self.feed.board.held
        self.sharing = Sharing(self.bus, self.positions)
        self.catalogue = Catalogue()
        self._keeper = CatalogueKeeper(pool, self.catalogue)
        lull = Lull()
        self.reporting = Reporting(self.store, self.feed, self.positions, self.catalogue, self.clock, lull)
        self.claiming = Claiming(self.store, self.feed, lull)
        self.acting = Acting(self.store, self.feed, self.reporting)
        self.counting = Counting(RedisCounts(self.redis), self.clock)
        self.friction = Friction(self.counting, settings.ticket_key, self.clock, settings.report_limits)
        self.advising = Advising(self.acting, settings.emergency_number)
        self.joining = Joining(self.store, self.feed, self.catalogue)
        self.hub = Hub()
        self.results = Results()
        self.panics = Panics()
        self.positions.beside = lambda: self.panics.live
        self.hazards = PostgresSafety(pool)
        self.safety = Safety(self.hazards, self.feed, self.positions, self.panics)
        self.resume = Resume(self.feed, self.roster, settings.ticket_key, self.panics)
        self.sessions: set[OpenSocket] = set()
        self.pauses = Pauses()
        self.messages_per_s_max: float = limits.MESSAGES_PER_S_MAX
        self.claims = Allowance(limits.CLAIMS_PER_MIN_MAX, limits.CLAIMS_PER_MIN_MAX / 60)
        self.hello_s_max = limits.HELLO_S_MAX
        self.ready = False
        self._came: dict[UUID, Came] = {}

    # --- life
    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Loads what is known and keeps it so, until left."""
        self.bus.on_facts = self.feed.heard
        self.bus.on_fixes = self.positions.heard
        self.bus.on_link = self.positions.listening
        self.feed.listeners.append(self._heard)
        self.feed.alongside += [self._load_roster, self.safety.load]
        self.feed.on_new_epoch = self._begin_again
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self.bus.run())]
            await self._load()
            with contextlib.suppress(StoreAway, StoreBusy):  # then the first reports wait for it
                await self.store.warm()
            for part in (
                self.feed.run,
                self._keep_catalogue,
                self._heartbeat,
                self._flush_fixes,
                self._join,
                self._share,
            ):
                tasks.append(group.create_task(part()))
            self.ready = True
            try:
                yield
            finally:
                self.ready = False
                await _end(tasks)
        await self.redis.aclose()
        await self.pool.close()

    def _begin_again(self) -> None:
        """The records were restored: another board, and nobody's place in the streams holds."""
        self.resume.forget()
        self.hub.close_all(Close.LOST_PLACE, "the records were restored")

    async def _load(self) -> None:
        """Waits for the database however long it takes: a process that starts first is no reason to fail."""
        wait = 0.1
        while True:
            try:
                await self._beat()
                await self._keeper.look()
                await self.feed.start()
                break
            except (StoreAway, StoreBusy) as error:
                log.warning("waiting for the database: %s", error)
                await asyncio.sleep(wait)
                wait = min(2 * wait, 2.0)
        await self.sharing.load()

    async def _load_roster(self) -> None:
        self.roster.replace(await load_roster(self.pool))

    def _heard(self, fact: Fact) -> None:
        """Each fact once, in order: duty, then everyone who is connected, then who is free again."""
        if fact.kind == audience.DUTY:
            if not self.roster.apply(fact) and fact.officer is not None and not fact.body["on"]:
                self._forget(fact.officer)
            elif fact.officer is not None:
                self._came_back(fact.officer)
        ended = self.panics.apply(fact)
        if ended is not None and ended.officer not in self.roster.by_id:
            self.positions.drop(ended.officer)
        self.hub.deliver(fact, more=self.feed.crowded)
        for officer in fact.body.get("released", ()):
            self._came_back(UUID(officer))

    # --- positions
    def _forget(self, officer: UUID) -> None:
        """Off duty nobody's place is kept, except of who called for help."""
        if officer not in self.panics.live:
            self.positions.drop(officer)

    def fix(self, member: Member, officer: UUID, lat: float, lon: float, accuracy_m: float, age_s: float) -> None:
        """A fix from a socket of this process: applied at once, told with the next flush."""
        absent = self.positions.put(officer, lat, lon, accuracy_m, age_s)  # just on duty, or long unheard of
        cell = (int(lat * 400), int(lon * 400))  # about 250 m: REJOIN_CELL_M
        if absent or cell != member.cell:
            member.cell = cell
            self._came_back(officer)

    def _came_back(self, officer: UUID) -> None:
        where = self.positions.where(officer)
        if where is not None and len(self._came) < CAME_MAX:
            own = self.roster.by_id.get(officer)
            self._came[officer] = Came(officer, where[0], own.station if own else "")

    async def _join(self) -> None:
        while True:
            await asyncio.sleep(JOIN_S)
            came, self._came = self._came, {}
            if came:
                with contextlib.suppress(StoreAway, StoreBusy):  # the next wave asks them
                    await self.joining.join(list(came.values()), self.feed.now())

    async def _flush_fixes(self) -> None:
        while True:
            await asyncio.sleep(limits.FIX_FLUSH_S)
            await self.sharing.flush()

    # --- upkeep
    async def _keep_catalogue(self) -> None:
        while True:
            await asyncio.sleep(limits.TOWN_POLL_S)
            with contextlib.suppress(StoreAway, StoreBusy):
                await self._keeper.look()

    async def _heartbeat(self) -> None:
        while True:
            with contextlib.suppress(StoreAway, StoreBusy):
                await self._beat()
            await asyncio.sleep(HEARTBEAT_S)

    async def _beat(self) -> None:
        self.claims.forget(time.monotonic())
        await self.clock.read(lambda: self.upkeep.beat(self.instance, self.role))

    async def _share(self) -> None:
        """What was counted of reports, with the fleet; only where reports come in."""
        while self.role == "web":
            await asyncio.sleep(limits.ABUSE_SHARE_S)
            if self.friction.on:
                await self.counting.share()

    # --- what both borders ask
    def claim_allowed(self, officer: UUID) -> bool:
        """A burst of CLAIMS_PER_MIN_MAX an officer, then as many a minute."""
        return self.claims.allowed(officer, time.monotonic())

    async def duty(self, officer: UUID, message: Duty) -> Answer:
        on = message.on
        answer = await self.acting.duty(officer, on, message.key, hash_of(message), message.shift_min)
        if not on and answer.ok and officer not in self.panics.live:
            self.positions.drop(officer)
            await self.bus.forget_fix(officer)
        return answer

    async def desk_shift(self, account: UUID, station: str, message: DeskShift) -> Answer:
        """On or off shift at a desk."""
        return await self.acting.desk_shift(account, station, message.on, message.key, hash_of(message))

    async def state_of(self, case: UUID) -> CaseState | None:
        """The case as this process knows it, else as the database does. Raises: StoreAway, StoreBusy."""
        entry = self.feed.board.cases.get(case)
        return entry.state if entry is not None else await self.store.case(case)

    async def record_of(self, case: UUID) -> CaseState | None:
        """The case as the record has it now: whoever was told an answer by any process never reads an older state.

        Raises: StoreAway, StoreBusy.
        """
        return await self.store.case(case)

    async def act(self, who: Who, message: ActMessage, act: Act) -> Result:
        """Asks the permission table, then the judge. Raises: StoreAway, StoreBusy, Overloaded.

        Memory may not have heard yet who won elsewhere: only the record may turn somebody away.
        """
        state = await self.state_of(message.case)
        if not self._may(who, message.case, state, act):
            state = await self.record_of(message.case)
        if not self._may(who, message.case, state, act):
            if may_ever(who.role, act):
                return refused(message.key, "not_yours")
            tell("not_allowed", str(act), who)
            return refused(message.key, "not_allowed")
        on_seats = state is not None and state.status in HELD  # at the desk a seat may be filled and another free
        told = result(message.key, await self.acting.act(act_draft(message, who, on_seats)))
        if isinstance(message, Say) and told.ok and who.role is Role.REPORTER:
            advice = await self.advising.heard(message.case, AdviceAsked(words=message.words))
            told = msgspec.structs.replace(told, more={"advice": msgspec.to_builtins(advice)}) if advice else told
        return told

    @staticmethod
    def _may(who: Who, case: UUID, state: CaseState | None, act: Act) -> bool:
        holders = frozenset(h.officer for h in state.holders) if state else frozenset()
        relations = relations_of(who, case=case, station=state.station if state else None, holders=holders)
        return allowed(who.role, act, relations | SELF)

    async def reporter_view(self, who: Who) -> View | None:
        """The reporter's case, also when it is over, or what stands for it. Raises: StoreAway, StoreBusy."""
        assert who.role is Role.REPORTER and who.case is not None
        state = await self.state_of(who.case)
        return audience.followed(who.case, await self.lead_of(state), 0) if state else None

    async def lead_of(self, state: CaseState) -> CaseState:
        """The record of the case that stands for this one; the same where none does. Raises: StoreAway, StoreBusy."""
        into = state.group.into if state.group else None
        return (await self.store.case(into) if into else None) or state


async def _end(tasks: "list[asyncio.Task[None]]") -> None:
    """Cancels until each has ended: the driver of Redis may swallow a cancellation that comes while it gives up."""
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=CANCEL_AGAIN_S)


@contextlib.asynccontextmanager
async def open_node(settings: Settings, role: str) -> AsyncIterator[Node]:
    """A running process of the fleet."""
    pool = await working_pool(settings)
    node = Node(settings, role, pool)
    async with node.running():
        yield node
