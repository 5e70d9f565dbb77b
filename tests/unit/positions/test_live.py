"""Live positions: who may be asked, and when the index is trusted."""

from uuid import UUID

from dispatch.limits import FIX_ACCURACY_M_MAX, FIX_AGE_S_MAX, GENERATION_AGE_S_MIN
from dispatch.positions.live import LivePositions
from dispatch.positions.roster import OnDuty, Roster

LAT, LON = 32.05, 118.79


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def town(count: int = 3) -> tuple[LivePositions, list[UUID], Clock]:
    """Officers of one station on duty, each a little further east."""
    officers = [UUID(int=i + 1) for i in range(count)]
    roster = Roster()
    roster.load(OnDuty(o, "s", f"{i:04}", "李") for i, o in enumerate(officers))
    clock = Clock()
    live = LivePositions(roster, clock)
    for i, officer in enumerate(officers):
        live.put(officer, LAT, LON + i * 0.001, 10.0, 0.0)
    return live, officers, clock


def test_the_nearest_come_first() -> None:
    live, officers, _ = town()
    assert live.nearest(LAT, LON, 1_000, 10) == officers


def test_a_fix_older_than_the_limit_never_ranks() -> None:
    live, officers, clock = town()
    clock.now += FIX_AGE_S_MAX + 0.1
    live.put(officers[1], LAT, LON, 10.0, 0.0)
    assert live.nearest(LAT, LON, 1_000, 10) == [officers[1]]
    assert live.unlocated("s", 10) == [officers[0], officers[2]]


def test_a_fix_worse_than_the_limit_never_ranks() -> None:
    live, officers, _ = town()
    live.put(officers[0], LAT, LON, FIX_ACCURACY_M_MAX + 1, 0.0)
    assert officers[0] not in live.nearest(LAT, LON, 1_000, 10)


def test_who_holds_a_case_is_passed_over_so_that_rings_look_further_out() -> None:
    live, officers, _ = town()
    live.held = lambda: {officers[0]: {UUID(int=7)}}
    assert live.nearest(LAT, LON, 1_000, 1) == [officers[1]]


def test_off_duty_no_position_is_kept() -> None:
    live, officers, _ = town()
    stranger = UUID(int=99)
    live.put(stranger, LAT, LON, 10.0, 0.0)
    live.drop(officers[0])
    assert live.where(stranger) is None
    assert live.where(officers[0]) is None


def test_an_older_fix_of_another_process_changes_nothing() -> None:
    live, officers, _ = town()
    live.heard([(officers[0], LAT + 1, LON, 10.0, 5.0)])
    where = live.where(officers[0])
    assert where is not None
    assert where[0].lat == LAT


def test_the_index_is_trusted_only_after_it_was_listened_to_for_long_enough() -> None:
    live, _, clock = town()
    assert not live.healthy()
    live.listening(True)
    assert not live.healthy()
    clock.now += GENERATION_AGE_S_MIN
    assert live.healthy()
    live.listening(False)
    assert not live.healthy()


def test_an_old_enough_index_that_was_loaded_is_trusted_at_once() -> None:
    live, _, _ = town()
    live.listening(True, loaded=True)
    assert live.healthy()


def test_what_is_unsent_is_told_once() -> None:
    live, officers, clock = town()
    clock.now += 2.0
    assert [(o, age) for o, _, _, _, age in live.take_unsent()] == [(o, 2.0) for o in officers]
    assert live.take_unsent() == []
