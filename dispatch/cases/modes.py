"""What a mode does: who comes into a wave, and when the next one opens. Pure.

A mode changes nothing else: the window, the claims and the desk's part are the same in each of them. A head start and a
turn are waves; the judge is told how many to ask and how long to wait.
"""

from dataclasses import dataclass, replace
from uuid import UUID

from dispatch.cases.policy import Mode
from dispatch.cases.ports import Nearby
from dispatch.cases.rings import DESK_ALONE, Wave, first_wave
from dispatch.limits import BEST_OFFICER_TURN_MS, OFFER_RECIPIENTS_MAX, RINGS_M

HEAD_START = 0  # the number of the wave before the first ring


@dataclass(frozen=True, slots=True)
class Plan:
    """How one case is offered, as its category and station say for the hour in which it was received.

    `own`: to its own station's officers only. `beat`: the one its place lies in, known where it has a head start.
    """

    mode: Mode = Mode.SNATCH
    rings_m: tuple[int, ...] = RINGS_M
    turn_ms: int = BEST_OFFICER_TURN_MS
    head_start_ms: int = 0
    own: bool = False
    beat: str | None = None


def opening_wave(
    near: Nearby, plan: Plan, lat: float, lon: float, station: str, *, except_for: frozenset[UUID] = frozenset()
) -> Wave:
    """Whom a round begins with: nobody (the desk), the beat's own officers, or the first wave of the mode."""
    if plan.mode is Mode.DESK_FIRST:
        return DESK_ALONE
    if plan.head_start_ms and plan.beat is not None and near.healthy():
        widest = plan.rings_m[-1]
        theirs = near.of_beat(plan.beat, lat, lon, widest, OFFER_RECIPIENTS_MAX)
        first = [o for o in theirs if o not in except_for]
        if first:
            return Wave(first, HEAD_START, widest, False, pause_ms=plan.head_start_ms)
    return next_wave(near, plan, lat, lon, station, 1, except_for=except_for)


def next_wave(
    near: Nearby,
    plan: Plan,
    lat: float,
    lon: float,
    station: str,
    number: int,
    *,
    except_for: frozenset[UUID] = frozenset(),
) -> Wave:
    """Whom wave `number` asks; 1 is the first after any head start.

    In `best_officer` a wave is one officer's turn: nearest by travel time, which grows with the distance alone
    (geo.distance), then those whose position is not known. While the index of positions is not to be trusted nobody is
    known to be nearest: then the whole station is asked at once, as in every mode.
    A round that somebody opened at the desk in spite of `desk_first` is snatched.
    """
    rings = plan.rings_m
    only = station if plan.own else None
    if plan.mode is Mode.BEST_OFFICER and near.healthy():
        wave = first_wave(near, lat, lon, station, rings, start=len(rings), except_for=except_for, only_of=only)
        return replace(wave, number=number, last=not wave.candidates, asks=1, pause_ms=plan.turn_ms)
    start = min(number, len(rings))
    return first_wave(near, lat, lon, station, rings, start=start, except_for=except_for, only_of=only)
