"""What every socket needs now and then: heartbeats, an end when the session ends, and who is where."""

import asyncio
import contextlib
from collections import deque
from uuid import UUID

from dispatch.cases.facts import CaseState
from dispatch.cases.ports import StoreAway, StoreBusy
from dispatch.cases.values import Status
from dispatch.cases.views import Moved, Moves, Place
from dispatch.limits import BEAT_S, TRACK_COARSE_M, TRACK_DELAY_S, TRACK_NEAR_M
from gateway.node import Node
from gateway.sockets.hub import encode
from gateway.sockets.link import Close, text_frame
from geo.distance import metres_fast, snap, travel_time_s
from geo.point import Point

BEAT_SLICES = 50  # beats are spread over their interval: no tick serves everyone
REVOKED_S = 0.5
TRACK_S = 1.0
START_HIDDEN_M = 300.0  # a reporter never learns where the officer set out from


class Pulse:
    """The regular work of a web process."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._seen: dict[UUID, deque[tuple[float, Point]]] = {}  # of officers on the way, the last few seconds
        self._from: dict[UUID, Point] = {}  # where they were when we first saw them on the way
        self._told: dict[UUID, Place] = {}

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._beats())
            group.create_task(self._revocations())
            group.create_task(self._tracks())

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
        """A session that ended ends its sockets, within a second, whatever was lost on the way."""
        while True:
            await asyncio.sleep(REVOKED_S)
            with contextlib.suppress(StoreAway, StoreBusy):
                ended = await self._node.upkeep.ended_sessions()
                for session in [s for s in self._node.sessions if s.who.session in ended]:
                    if session.link is not None:
                        session.link.close(Close.REVOKED, "the session was ended")

    async def _tracks(self) -> None:
        while True:
            await asyncio.sleep(TRACK_S)
            self._tell_reporters()
            self._tell_desks()
            with contextlib.suppress(StoreAway, StoreBusy):
                await self._keep_tracks()

    # --- reporters
    def _tell_reporters(self) -> None:
        """From claim to arrival, some seconds late, coarse until near."""
        board, now = self._node.feed.board, self._node.feed.now()
        on_the_way = set()
        for officer, cases in board.held.items():
            for case in cases:
                state = board.cases[case].state
                if state.status in (Status.CLAIMED, Status.EN_ROUTE):
                    on_the_way.add(officer)
                    self._track(officer, state, now)
        for known in (self._seen, self._from, self._told):
            for officer in [o for o in known if o not in on_the_way]:
                del known[officer]

    def _track(self, officer: UUID, state: CaseState, now: float) -> None:
        where = self._node.positions.where(officer)
        if where is None:
            return
        seen = self._seen.setdefault(officer, deque(maxlen=int(TRACK_DELAY_S / TRACK_S) + 2))
        seen.append((now, where[0]))
        self._from.setdefault(officer, where[0])
        members = self._node.hub.reporters.get(state.id)
        late = next((p for t, p in reversed(seen) if now - t >= TRACK_DELAY_S), None)
        if not members or late is None:
            return
        target = Point(state.lat, state.lon)
        near = metres_fast(late, target) <= TRACK_NEAR_M
        if not near and metres_fast(late, self._from[officer]) < START_HIDDEN_M:
            return
        shown = late if near else snap(late, TRACK_COARSE_M)
        place = Place(round(shown.lat, 5), round(shown.lon, 5), 20.0 if near else TRACK_COARSE_M)
        if self._told.get(officer) == place:
            return
        self._told[officer] = place
        holder = next(h for h in state.holders if h.officer == officer)
        low, high = travel_time_s(metres_fast(late, target))
        moved = Moved(call_sign=holder.call_sign, place=place, case=state.id, eta_s=(int(low), int(high)))
        frame = text_frame(encode(Moves(moved=(moved,))))
        for member in members:
            member.link.write(frame)

    # --- desks
    def _tell_desks(self) -> None:
        """A station's own officers on duty, live."""
        for station, members in self._node.hub.desks.items():
            if not members:
                continue
            moved = []
            for officer in self._node.roster.of_station(station):
                where = self._node.positions.where(officer.officer)
                if where is not None and where[2] < 2 * TRACK_S + 5.0:
                    point, accuracy_m, _ = where
                    place = Place(round(point.lat, 5), round(point.lon, 5), accuracy_m)
                    moved.append(Moved(call_sign=officer.call_sign, place=place, officer=officer.officer))
            if moved:
                frame = text_frame(encode(Moves(moved=tuple(moved))))
                for member in members:
                    member.link.write(frame)

    # --- the record
    async def _keep_tracks(self) -> None:
        """The way of an assigned officer of an open case, written by the process that holds the officer's socket."""
        board, hub = self._node.feed.board, self._node.hub
        rows = []
        for officer, cases in board.held.items():
            where = self._node.positions.where(officer) if officer in hub.officers else None
            if where is not None and where[2] < TRACK_S + 0.5:
                rows += [(case, officer, where[0].lat, where[0].lon, where[1]) for case in cases]
        if rows:
            await self._node.upkeep.keep_track(rows)
