"""Counts of a process and of its fleet, in a store that is a dictionary, with a clock that is moved."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from dispatch import limits
from dispatch.abuse.counting import DAY_S, GENERATION_BYTES, KEY_BYTES, Counting
from dispatch.abuse.ports import Shared
from dispatch.abuse.values import Subject

W = limits.REPORT_WINDOW_S


@dataclass
class Clock:
    now: float = 20_000.0 * DAY_S

    def __call__(self) -> float:
        return self.now


@dataclass
class Dictionary:
    """What Redis would keep."""

    kept: Counter[tuple[int, bytes]] = field(default_factory=Counter)
    days: dict[int, bytes] = field(default_factory=dict)
    generation: int = 0
    away: bool = False
    asked: int = 0

    async def add(self, day: int, mine: bytes, window: int, more: Mapping[bytes, int]) -> Shared | None:
        if self.away:
            return None
        self.asked = max(self.asked, len(more))
        if day not in self.days:
            self.generation += 1
            self.days[day] = mine[:KEY_BYTES] + self.generation.to_bytes(GENERATION_BYTES, "big")
        for name, n in more.items():
            self.kept[window, name] += n
        totals = [self.kept[window, name] for name in more]
        return Shared(self.days[day], totals, [self.kept[window - 1, name] for name in more])

    def forget(self) -> None:
        self.kept.clear()
        self.days.clear()


@pytest.fixture
def clock() -> Clock:
    return Clock()


async def fleet(clock: Clock, shared: Dictionary, count: int = 2) -> list[Counting]:
    made = [Counting(shared, clock) for _ in range(count)]
    for _ in range(2):
        for one in made:
            await one.share()
    return made


def counted(one: Counting, text: str = "a") -> int:
    return one.of(one.name(Subject.ADDRESS, text))


def take(one: Counting, more: int = 1, text: str = "a") -> None:
    one.add([one.name(Subject.ADDRESS, text)], more)


async def test_what_one_process_counted_every_process_knows_once_it_sees_the_same_source(clock: Clock) -> None:
    a, b = await fleet(clock, Dictionary())
    assert a.name(Subject.ADDRESS, "a") == b.name(Subject.ADDRESS, "a"), "one key for the fleet"
    for _ in range(5):
        take(a)
    await a.share()
    take(b)
    assert (counted(a), counted(b)) == (5, 1)
    await b.share()
    assert counted(b) == 6
    take(a)
    await a.share()
    assert counted(a) == 7
    take(a, -1)
    await a.share()
    take(b, -1)
    await b.share()
    assert (counted(a), counted(b)) == (6, 5), "what came to nothing is given back everywhere"


async def test_without_the_fleet_a_process_counts_alone_and_tells_it_later(clock: Clock) -> None:
    shared = Dictionary()
    a, b = await fleet(clock, shared)
    shared.away = True
    for _ in range(4):
        take(a)
        assert not await a.share()
    assert counted(a) == 4
    shared.away = False
    assert await a.share()
    take(b)
    await b.share()
    assert counted(b) == 5


async def test_what_was_forgotten_is_told_again_by_everybody_and_counted_once(clock: Clock) -> None:
    shared = Dictionary()
    a, b = await fleet(clock, shared)
    for one, n in ((a, 5), (b, 7)):
        for _ in range(n):
            take(one)
        await one.share()
    shared.forget()
    for _ in range(3):
        await a.share()
        await b.share()
    take(a)
    await a.share()
    assert counted(a) == 13
    take(b)
    await b.share()
    assert counted(b) == 14
    assert counted(a) == 13


async def test_the_window_before_counts_by_the_part_that_is_left_of_it(clock: Clock) -> None:
    (a,) = await fleet(clock, Dictionary(), 1)
    for _ in range(8):
        take(a)
    clock.now += W
    assert counted(a) == 8
    clock.now += W / 2
    assert counted(a) == 4
    take(a)
    assert counted(a) == 5
    clock.now += W / 2 - 1
    assert counted(a) == 2
    clock.now += 2 * W
    assert counted(a) == 0
    take(a, -1)
    assert counted(a) == 0, "what is given back too late takes nothing from anybody"


async def test_a_process_that_starts_later_learns_of_the_window_before(clock: Clock) -> None:
    shared = Dictionary()
    (a,) = await fleet(clock, shared, 1)
    for _ in range(8):
        take(a)
    await a.share()
    clock.now += W
    b = Counting(shared, clock)
    await b.share()
    take(b)
    await b.share()
    assert counted(b) == 9


async def test_a_day_later_nobody_can_say_whose_the_names_were(clock: Clock) -> None:
    a, b = await fleet(clock, Dictionary())
    before = a.name(Subject.ADDRESS, "a")
    take(a, 1)
    clock.now += DAY_S
    assert before not in (a.name(Subject.ADDRESS, "a"), b.name(Subject.ADDRESS, "a"))
    assert counted(a) == 0
    await a.share()
    await b.share()
    assert a.name(Subject.ADDRESS, "a") == b.name(Subject.ADDRESS, "a") != before


async def test_subjects_are_never_taken_for_one_another(clock: Clock) -> None:
    (a,) = await fleet(clock, Dictionary(), 1)
    assert len({a.name(subject, "a") for subject in Subject}) == len(Subject)


async def test_memory_and_what_is_told_at_once_are_bounded(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dispatch.abuse.counting.ABUSE_COUNTS_MAX", 100)
    monkeypatch.setattr("dispatch.abuse.counting.ABUSE_SHARE_MAX", 30)
    shared = Dictionary()
    (a,) = await fleet(clock, shared, 1)
    for n in range(1_000):
        take(a, text=str(n))
    assert len(a._counts) == len(a._untold) == 100
    assert counted(a, "999") == 1 and counted(a, "0") == 0, "the longest unseen went first"
    for _ in range(5):
        await a.share()
    assert shared.asked == 30 and not a._untold
    assert len(shared.kept) == 100
