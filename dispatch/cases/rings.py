"""Whom to ask first, and how far to go: the rings of a wave. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from dispatch.cases.ports import Nearby
from dispatch.limits import OFFER_RECIPIENTS_MAX, STATION_RECIPIENTS_MAX


@dataclass(frozen=True, slots=True)
class Wave:
    """Candidates nearest first; `number` counts rings (or turns) from 1; `last`: nobody is left for another wave.

    `asks`: how many of them are asked, None for all. `pause_ms`: until the next wave, None for the category's own.
    `desk_first`: nobody is asked, because a person at the desk decides.
    """

    candidates: Sequence[UUID]
    number: int
    ring_m: int | None
    last: bool
    asks: int | None = None
    pause_ms: int | None = None
    desk_first: bool = False


DESK_ALONE: Final = Wave((), 1, None, True, desk_first=True)


def first_wave(
    near: Nearby,
    lat: float,
    lon: float,
    station: str,
    rings_m: Sequence[int],
    *,
    start: int = 1,
    except_for: frozenset[UUID] = frozenset(),
    only_of: str | None = None,
) -> Wave:
    """The first ring from `start` on that holds anybody, up to the widest.

    Without a trustworthy index the whole station.
    With the widest ring also those on duty whose position is not known, while there is room.
    An empty wave: nobody is near. `only_of`: officers of this station alone are looked at.
    """
    assert rings_m and start >= 1, "there is at least one ring"
    if not near.healthy():
        everyone = [o for o in near.on_duty(station, STATION_RECIPIENTS_MAX) if o not in except_for]
        return Wave(everyone, len(rings_m), None, True)
    for number in range(start, len(rings_m) + 1):
        ring = rings_m[number - 1]
        last = number == len(rings_m)
        found = [o for o in near.nearest(lat, lon, ring, OFFER_RECIPIENTS_MAX, only_of) if o not in except_for]
        room = OFFER_RECIPIENTS_MAX - len(found)
        if last and room > 0:
            known = except_for.union(found)
            blind = near.unlocated(station, room + len(known))
            found = [*found, *(o for o in blind if o not in known)][:OFFER_RECIPIENTS_MAX]
        if found or last:
            return Wave(found, number, ring, last)
    return Wave((), len(rings_m), None, True)
