"""What every socket needs now and then: heartbeats, an end when the session ends, and who is where."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Mapping
from uuid import UUID

from dispatch.cases.facts import CaseState
from dispatch.cases.ports import StoreAway, StoreBusy
from dispatch.cases.values import Status
from dispatch.cases.views import Moved, Moves, Place
from dispatch.limits import BEAT_S, ENDED_LOOK_S, FIX_INTERVAL_S, MOVED_MAX, TRACK_S, TRACK_STEPS_MAX
from dispatch.positions.trail import Glimpse, Trail
from gateway.node import Node
from gateway.sockets.hub import encode
from gateway.sockets.link import Close, text_frame
from geo.point import Point

Ended = Callable[[Mapping[UUID, bytes | None]], Awaitable[None]]
"""Hears of sessions that are over, with the MACs of their tokens."""

BEAT_SLICES = 50  # beats are spread over their interval: no tick serves everyone
REVOKED_S = 0.5
SEEN_S = 60.0  # of the hour after which an unused session is over


class Turns:
    """Gives everybody else a turn of the loop after each TRACK_STEPS_MAX steps.

    What was read before a step is over is old after it: whatever may change is read anew.
    """

    def __init__(self) -> None:
        self._left = TRACK_STEPS_MAX

    async def took(self, steps: int = 1) -> None:
        self._left -= steps
        if self._left <= 0:
            self._left = TRACK_STEPS_MAX
            await asyncio.sleep(0)


class Pulse:
    """The regular work of a web process."""

    def __init__(self, node: Node, ended: Ended | None = None) -> None:
        """`ended` hears of each session that is over, once: what caches remember of it must go."""
        self._node, self._ended = node, ended
        self._trails: dict[tuple[UUID, UUID], Trail] = {}  # by officer and case
        self._turns = Turns()

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._beats())
            group.create_task(self._revocations())
            group.create_task(self._uses())
            group.create_task(self._tracks())
            group.create_task(self._node.pauses.run())

    async def _beats(self) -> None:
        while True:
            sessions = list(self._node.sessions)
            share = max(1, -(-len(sessions) // BEAT_SLICES))
            for slice_ in range(BEAT_SLICES):
                now = self._node.feed.now()
                for session in sessions[slice_ * share : (slice_ + 1) * share]:
                    session.beat(now)
                await asyncio.sleep(BEAT_S / BEAT_SLICES)

    async def _revocations(self) -> None:
        """A session that ended ends its sockets, within a second, whatever was lost on the way.

        Each look goes back to the last one that was answered, and ENDED_LOOK_S beyond: neither a database that was away
        nor a process that stood still for minutes leaves a socket behind.
        """
        looked, told = time.monotonic(), frozenset[UUID]()
        while True:
            await asyncio.sleep(REVOKED_S)
            began = time.monotonic()
            with contextlib.suppress(StoreAway, StoreBusy):
                ended = await self._node.upkeep.ended_sessions(ENDED_LOOK_S + began - looked)
                looked = began
                for session in [s for s in self._node.sessions if s.who.session in ended]:
                    if session.link is not None:
                        session.link.close(Close.REVOKED, "the session was ended")
                if self._ended is not None:
                    await self._ended({one: mac for one, mac in ended.items() if one not in told})
                told = frozenset(ended)

    async def _uses(self) -> None:
        """An open socket is use of its session, however quiet its person is: a desk that only listens is at work."""
        while True:
            await asyncio.sleep(SEEN_S)
            with contextlib.suppress(StoreAway, StoreBusy):
                await self._node.upkeep.seen([session.who.session for session in self._node.sessions])

    async def _tracks(self) -> None:
        while True:
            await asyncio.sleep(TRACK_S)
            await self._tell_reporters()
            await self._tell_desks()
            self._tell_of_panics()
            with contextlib.suppress(StoreAway, StoreBusy):
                await self._keep_tracks()

    # --- reporters
    async def _tell_reporters(self) -> None:
        """From claim to arrival: each officer as the board has it in that turn."""
        on_the_way: dict[tuple[UUID, UUID], Trail] = {}
        for officer in list(self._node.feed.board.held):
            told = self._tell_reporters_of(officer, on_the_way)
            await self._turns.took(1 + told)
        self._trails = on_the_way

    def _tell_reporters_of(self, officer: UUID, on_the_way: dict[tuple[UUID, UUID], Trail]) -> int:
        """How many sockets that concerned."""
        board, now, told = self._node.feed.board, self._node.feed.now(), 0
        where = self._node.positions.where(officer)
        for case in board.held.get(officer, ()):
            state = board.cases[case].state
            if state.status in (Status.CLAIMED, Status.EN_ROUTE):
                trail = on_the_way[officer, case] = self._trails.get((officer, case)) or Trail()
                if where is not None:
                    trail.saw(now, where[0])
                watched = [c for c in _cases_of(state) if c in self._node.hub.reporters]
                if watched and (glimpse := trail.shown(now, Point(state.lat, state.lon))) is not None:
                    told += self._tell(officer, state, watched, glimpse)
        return told

    def _tell(self, officer: UUID, state: CaseState, watched: list[UUID], glimpse: Glimpse) -> int:
        """How many sockets there are of those who watch."""
        looked_at, call_sign = 0, next(h.call_sign for h in state.holders if h.officer == officer)
        for case in watched:
            moved = Moved(call_sign=call_sign, place=glimpse.place, case=case, eta_s=glimpse.eta_s)
            frame = text_frame(encode(Moves(moved=(moved,))))
            for member in self._node.hub.reporters.get(case, ()):
                looked_at += 1
                if member.shown.get(officer) != glimpse and member.tell_latest(frame):  # who is back is told too
                    member.shown[officer] = glimpse
        return looked_at

    # --- desks
    async def _tell_desks(self) -> None:
        """A station's own officers on duty, live; a message tells of MOVED_MAX, so that any number may be on duty."""
        hub, roster = self._node.hub, self._node.roster
        for station in {*hub.desks, *hub.followers}:
            if not hub.at_desk(station):
                continue
            seen = []
            for officer in roster.of_station(station):
                where = self._node.positions.where(officer.officer)
                if where is not None and where[2] < FIX_INTERVAL_S + 2 * TRACK_S:
                    point, accuracy_m, _ = where
                    place = Place(round(point.lat, 5), round(point.lon, 5), accuracy_m)
                    moved = Moved(call_sign=officer.call_sign, place=place, officer=officer.officer)
                    seen.append((officer, moved))
                await self._turns.took()
            on_duty = roster.by_id  # who went off duty, or to another station, in the meantime is no longer shown
            still = tuple(moved for officer, moved in seen if on_duty.get(officer.officer) is officer)
            members = hub.at_desk(station)
            for first in range(0, len(still), MOVED_MAX):
                frame = text_frame(encode(Moves(moved=still[first : first + MOVED_MAX])))
                for member in members:
                    member.tell_latest(frame)
            await self._turns.took(len(members))

    # --- who called for help
    def _tell_of_panics(self) -> None:
        """Exact and live, until cleared: to the officers who were alerted; to the desk, which sees its own officers on
        duty anyway, also of one who is off duty."""
        node = self._node
        for officer, panic in node.panics.live.items():
            where = node.positions.where(officer)
            if where is None:
                continue
            place = Place(round(where[0].lat, 5), round(where[0].lon, 5), where[1])
            frame = text_frame(encode(Moves(moved=(Moved(call_sign=panic.call_sign, place=place, officer=officer),))))
            told = [member for one in panic.alerted for member in node.hub.officers.get(one, ())]
            if officer not in node.roster.by_id:
                told += node.hub.at_desk(panic.station)
            for member in told:
                member.tell_latest(frame)

    # --- the record
    async def _keep_tracks(self) -> None:
        """The way of an assigned officer of an open case, written by the process that holds the officer's socket."""
        rows: list[tuple[UUID, UUID, float, float, float]] = []
        for officer in list(self._node.feed.board.held):
            cases = self._node.feed.board.held.get(officer, ())
            where = self._node.positions.where(officer) if officer in self._node.hub.officers else None
            if where is not None and where[2] < TRACK_S + 0.5:
                rows += [(case, officer, where[0].lat, where[0].lon, where[1]) for case in cases]
            await self._turns.took()
        held = self._node.feed.board.held  # of a case that ended in the meantime nothing more is kept
        rows = [row for row in rows if row[0] in held.get(row[1], ())]
        if rows:
            await self._node.upkeep.keep_track(rows)


def _cases_of(state: CaseState) -> tuple[UUID, ...]:
    """Whose reporters follow it: its own, and those of what was merged into it."""
    return (state.id,) if state.group is None else (state.id, *(one.case for one in state.group.reports))
