"""A wiped index of positions is filled again in parts: nobody waits for all, and each part is as of its own moment."""

from collections.abc import Sequence
from uuid import UUID, uuid4

from dispatch.limits import FIX_STORE_MAX
from dispatch.positions.live import LivePositions, RemoteFix
from dispatch.positions.roster import OnDuty, Roster
from dispatch.positions.sharing import Sharing

OFFICERS = 2 * FIX_STORE_MAX + 1


class WipedBus:
    """A `FixBus` whose index is missing at the first call; things happen after the first part of everything."""

    def __init__(self) -> None:
        self.parts: list[list[RemoteFix]] = []

    def post_fixes(self, fixes: Sequence[RemoteFix]) -> None: ...

    async def store_fixes(self, fixes: Sequence[RemoteFix]) -> bool:
        self.parts.append(list(fixes))
        if len(self.parts) == 2:
            self.meanwhile()
        return len(self.parts) == 1

    async def load_fixes(self) -> tuple[list[RemoteFix], float]:
        return [], 0.0

    def meanwhile(self) -> None: ...


def _town() -> tuple[Roster, LivePositions, list[UUID], WipedBus]:
    roster, bus = Roster(), WipedBus()
    positions = LivePositions(roster, lambda: 100.0)
    officers = [uuid4() for _ in range(OFFICERS)]
    roster.load([OnDuty(one, "s1", "0401", "李") for one in officers])
    positions.heard([(one, 32.0, 118.8, 5.0, 0.0) for one in officers])
    return roster, positions, officers, bus


async def test_everything_is_stored_in_parts_and_each_officer_once() -> None:
    _, positions, officers, bus = _town()
    assert positions.known == OFFICERS
    await Sharing(bus, positions).store()
    first, *parts = bus.parts
    assert first == [] and max(map(len, parts)) <= FIX_STORE_MAX
    assert [fix[0] for part in parts for fix in part] == officers


async def test_who_goes_off_duty_between_two_parts_is_not_stored_and_who_moves_is_stored_where_they_are() -> None:
    roster, positions, officers, bus = _town()
    *stay, moves, goes = officers

    def meanwhile() -> None:
        roster.replace([OnDuty(one, "s1", "0401", "李") for one in (*stay, moves)])
        positions.drop(goes)
        positions.heard([(moves, 33.0, 118.8, 5.0, 0.0)])

    bus.meanwhile = meanwhile  # type: ignore[method-assign] # this test's own
    await Sharing(bus, positions).store()
    stored = {fix[0]: fix[1] for part in bus.parts for fix in part}
    assert goes not in stored and stored[moves] == 33.0 and stored.keys() == {*stay, moves}
