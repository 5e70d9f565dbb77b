"""One stream in a process: facts leave once, in order, without a hole, whatever order they came in."""

import random

from hypothesis import given
from hypothesis import strategies as st

from dispatch.limits import REORDER_S_MAX, STREAM_MEMORY_S
from dispatch.streams.memory import Lost, StreamMemory
from tests.unit.cases.states import fact


def drain(memory: StreamMemory, now: float = 0.0) -> list[int]:
    left = []
    while (one := memory.pop()) is not None:
        memory.keep(one, now)
        left.append(one.offset)
    return left


def fed(*offsets: int, head: int = 0) -> StreamMemory:
    memory = StreamMemory("s1", head)
    for offset in offsets:
        memory.accept(fact(offset), 0.0)
        drain(memory)
    return memory


@given(st.permutations(range(1, 9)), st.lists(st.integers(1, 8), max_size=8), st.integers(0, 5))
def test_any_order_and_any_doubles_leave_as_the_stream(order: list[int], doubles: list[int], head: int) -> None:
    came = order + doubles
    random.Random(head).shuffle(came)
    memory, left = StreamMemory("s1", head), []
    for offset in came:
        memory.accept(fact(offset), 0.0)
        left += drain(memory)
        assert left == list(range(head + 1, head + 1 + len(left))), "a cursor never jumps over a hole"
    assert left == list(range(head + 1, 9))


def test_what_follows_a_hole_waits_and_the_hole_is_reported_after_reordering_time() -> None:
    memory = StreamMemory("s1", 0)
    assert not memory.accept(fact(2), 10.0)
    assert drain(memory) == [] and memory.head == 0
    assert not memory.hole(10.0) and memory.hole(10.0 + REORDER_S_MAX)
    assert memory.accept(fact(1), 10.1)
    assert drain(memory) == [1, 2] and not memory.hole(99.0)


def test_a_head_that_the_database_knows_is_a_hole() -> None:
    memory = StreamMemory("s1", 3)
    memory.heard_head(3, 0.0)
    assert not memory.hole(9.0)
    memory.heard_head(4, 9.0)
    assert memory.hole(9.0 + REORDER_S_MAX)


def test_after_an_offset_comes_exactly_what_followed() -> None:
    memory = fed(1, 2, 3, 4)
    for offset in range(5):
        after = memory.after(offset)
        assert not isinstance(after, Lost) and [f.offset for f in after] == list(range(offset + 1, 5))


def test_an_offset_of_the_future_or_before_the_memory_is_declared() -> None:
    assert fed(1, 2).after(3) is Lost.FUTURE
    assert fed(6, 7, head=5).after(4) is Lost.TRIMMED
    kept = fed(6, 7, head=5).after(5)
    assert not isinstance(kept, Lost) and len(kept) == 2


def test_old_facts_are_forgotten_and_their_offsets_declared_trimmed() -> None:
    memory = fed(1, 2)
    memory.accept(fact(3), STREAM_MEMORY_S + 1)
    drain(memory, STREAM_MEMORY_S + 1)
    assert memory.after(1) is Lost.TRIMMED
    after = memory.after(2)
    assert not isinstance(after, Lost) and [f.offset for f in after] == [3]
