"""However many are on the way, the pulse leaves the loop to others in between; what they change meanwhile counts."""

import asyncio
import itertools
from collections.abc import Callable, Coroutine
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID, uuid4

import msgspec

from dispatch.cases.board import Board
from dispatch.cases.values import Status
from dispatch.limits import MOVED_MAX, OUTBOX_BYTES_MAX, TRACK_STEPS_MAX
from dispatch.people.values import Role, Who
from dispatch.positions.live import LivePositions
from dispatch.positions.roster import OnDuty, Roster
from gateway.sockets.hub import Hub, Member
from gateway.sockets.link import Link
from gateway.sockets.pulse import Pulse
from tests.unit.cases.states import holder, state

SEATS = 3 * TRACK_STEPS_MAX + 1


class Town:
    """So many officers on the way, a reporter who looks for each, one desk; a fix of everybody."""

    def __init__(self) -> None:
        self.told: list[bytes] = []
        self.shown: list[bytes] = []
        self.kept: list[tuple[UUID, UUID, float, float, float]] = []
        self.hub, self.board, self.roster = Hub(), Board(lambda: 100.0), Roster()
        self.positions = LivePositions(self.roster, lambda: 100.0)
        self.officers = [OnDuty(UUID(int=number), "s1", f"{number:04}", "李") for number in range(1, SEATS + 1)]
        self.roster.load(self.officers)
        standing = []
        for own in self.officers:
            self.positions.put(own.officer, 32.0, 118.8, 5.0, 0.0)
            case = state(id=uuid4(), status=Status.CLAIMED, holders=(holder(own.officer),))
            standing.append((case, frozenset({own.officer})))
            self.hub.officers[own.officer] = []
            self.hub.join(_member(Who(uuid4(), Role.REPORTER, case=case.id), self.told))
        self.board.load(standing)
        self.desk = _member(Who(uuid4(), Role.DESK, account=uuid4(), station="s1"), self.shown)
        self.hub.join(self.desk)
        self.feed = SimpleNamespace(board=self.board, now=lambda: 100.0)
        node: Any = SimpleNamespace(
            feed=self.feed, positions=self.positions, hub=self.hub, roster=self.roster,
            upkeep=SimpleNamespace(keep_track=self._keep),
        )  # fmt: skip
        self.pulse = Pulse(node)

    async def _keep(self, rows: list[tuple[UUID, UUID, float, float, float]]) -> None:
        self.kept += rows

    def end(self, own: OnDuty) -> None:
        for case in self.board.held.pop(own.officer):
            del self.board.cases[case]

    def shown_to_the_desk(self) -> list[set[UUID]]:
        """Of each message."""
        return [{UUID(one["officer"]) for one in _read(frame)["moved"]} for frame in self.shown]


def _member(who: Who, heard: list[bytes]) -> Member:
    return Member(who, cast(Link, SimpleNamespace(write=heard.append, unsent=0)))


def _read(frame: bytes) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode(frame[frame.index(b"{") :])
    return found


async def _beside(work: Coroutine[Any, Any, None], each_turn: Callable[[int], None]) -> int:
    """Does the work, and something else at every turn that it leaves: how many there were."""
    task, turns = asyncio.ensure_future(work), 0
    while not task.done():
        await asyncio.sleep(0)
        if not task.done():
            turns += 1
            each_turn(turns)
    await task
    return turns


async def test_nobody_waits_for_more_than_so_many_seats() -> None:
    town, told = Town(), [0]
    turns = await _beside(town.pulse._tell_reporters(), lambda turn: told.append(len(town.told)))
    told.append(len(town.told))
    assert told[-1] == SEATS, "everybody who looks is told"
    assert max(after - before for before, after in itertools.pairwise(told)) <= TRACK_STEPS_MAX
    assert turns >= SEATS // TRACK_STEPS_MAX
    for work in (town.pulse._tell_desks(), town.pulse._keep_tracks()):
        assert await _beside(work, lambda turn: None) >= SEATS // TRACK_STEPS_MAX
    assert len(town.kept) == SEATS


async def test_nobody_is_told_of_a_case_that_ended_between_two_turns() -> None:
    town = Town()
    ended: list[UUID] = []

    def end_the_last(turn: int) -> None:
        own = town.officers[-turn]
        ended.extend(town.board.held[own.officer])
        town.end(own)

    turns = await _beside(town.pulse._tell_reporters(), end_the_last)
    cases = [UUID(_read(frame)["moved"][0]["case"]) for frame in town.told]
    assert turns >= 2 and len(cases) == SEATS - turns and not set(cases) & set(ended)


async def test_who_comes_between_two_turns_breaks_nothing() -> None:
    town = Town()

    def claim(turn: int) -> None:
        own = OnDuty(uuid4(), "s1", f"x{turn}", "李")
        town.roster.load([own])
        town.board.held[own.officer].add(next(iter(town.board.cases)))

    for work in (town.pulse._tell_reporters, town.pulse._tell_desks, town.pulse._keep_tracks):
        assert await _beside(work(), claim) >= 2


async def test_restored_records_are_looked_at_from_the_next_turn_on() -> None:
    town = Town()

    def restore(turn: int) -> None:
        town.feed.board = Board(lambda: 100.0)

    assert await _beside(town.pulse._tell_reporters(), restore) >= 1
    assert 0 < len(town.told) <= TRACK_STEPS_MAX


async def test_a_desk_is_shown_everybody_once_and_nobody_who_went_off_duty_meanwhile() -> None:
    town = Town()
    first, *others = town.officers

    def go_off_duty(turn: int) -> None:
        if turn == 1:  # when the first was looked at already
            town.roster.replace(others)

    await _beside(town.pulse._tell_desks(), go_off_duty)
    parts = town.shown_to_the_desk()
    assert set.union(*parts) == {own.officer for own in others} and first not in others
    assert sum(map(len, parts)) == len(others)


async def test_however_many_are_on_duty_no_message_to_a_desk_is_near_what_closes_its_socket() -> None:
    town = Town()
    await town.pulse._tell_desks()
    assert [len(part) for part in town.shown_to_the_desk()] == [MOVED_MAX, SEATS - MOVED_MAX]
    assert max(map(len, town.shown)) < OUTBOX_BYTES_MAX // 2


async def test_a_desk_that_left_between_two_turns_is_shown_nothing() -> None:
    town = Town()
    await _beside(town.pulse._tell_desks(), lambda turn: town.hub.leave(town.desk))
    assert town.shown == []


async def test_no_track_is_kept_of_a_case_that_ended_between_two_turns() -> None:
    town = Town()

    def end_the_first(turn: int) -> None:
        if turn == 1:
            town.end(town.officers[0])

    await _beside(town.pulse._keep_tracks(), end_the_first)
    assert {officer for _, officer, *_ in town.kept} == {own.officer for own in town.officers[1:]}
