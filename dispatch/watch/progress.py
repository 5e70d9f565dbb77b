"""Does an officer on the way come nearer? Pure: a stream of (time, distance to the place) in, a sign or none out.

Times are monotonic seconds of the process that looks, distances metres. One look never decides: every sign needs
several fixes and minutes. A phone that sends nothing in the background is normal: `NO_POSITION` says that nobody knows.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from dispatch.limits import (
    FIX_AGE_S_MAX,
    FIX_APART_S,
    WATCH_AWAY_M,
    WATCH_AWAY_S,
    WATCH_DARK_S,
    WATCH_FIXES_MIN,
    WATCH_NEAR_M,
    WATCH_PROGRESS_M,
    WATCH_STALL_S,
)


class Sign(StrEnum):
    """What is noticed; the words of the history, which accuse nobody."""

    NO_PROGRESS = "no_progress"  # several fixes, none of them nearer
    OTHER_DIRECTION = "other_direction"  # several fixes, and clearly further away than before
    NO_POSITION = "no_position"  # nothing heard of the phone, which may be quite normal


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds until each sign."""

    stall_s: float = WATCH_STALL_S
    away_s: float = WATCH_AWAY_S
    dark_s: float = WATCH_DARK_S


def patience_of(patience_ms: int | None) -> Patience:
    """A category's own patience, one number for all signs, or the service's."""
    return Patience() if patience_ms is None else Patience(*[patience_ms / 1000.0] * 3)


@dataclass(slots=True)
class Way:
    """One officer's way to one case, from the first look on.

    Progress is to be WATCH_PROGRESS_M nearer than at the last progress, or, after a detour, than at its furthest
    point. Smaller steps are noise: a phone that lies still wanders by its accuracy.
    """

    began_at: float
    progressed_at: float = field(init=False)
    fix_at: float | None = None
    metres: float = 0.0
    fixes: int = 0  # since the last progress
    moved_on: bool = False  # progress since `raised` was last called
    _noticed_fix_at: float | None = None  # the fix that was known when `raised` was last called
    _nearest_m: float = 0.0
    _furthest_m: float = 0.0

    def __post_init__(self) -> None:
        self.progressed_at = self.began_at

    def saw(self, at: float, metres: float) -> None:
        """A fix: when, and how far from the place. An older or known one changes nothing."""
        if self.fix_at is not None and at - self.fix_at < FIX_APART_S:
            return
        first = self.fix_at is None
        gap = self.fix_at is not None and at - self.fix_at > FIX_AGE_S_MAX
        self.fix_at, self.metres, self.fixes = at, metres, self.fixes + 1
        self._furthest_m = max(self._furthest_m, metres)
        nearer = not first and (self._nearest_m - metres >= WATCH_PROGRESS_M or self._turned())
        self.moved_on = self.moved_on or nearer
        if first or gap or nearer:  # after a gap nobody knows what was between
            self.progressed_at, self.fixes = at, 0
            self._nearest_m = self._furthest_m = metres

    def _turned(self) -> bool:
        """Back from a detour that was one."""
        back = self._furthest_m - self.metres >= WATCH_PROGRESS_M
        return back and self._furthest_m - self._nearest_m >= WATCH_AWAY_M

    def sign(self, now: float, patience: Patience) -> Sign | None:
        """What is to be noticed at `now`, or nothing."""
        if now - (self.began_at if self.fix_at is None else max(self.began_at, self.fix_at)) >= patience.dark_s:
            return Sign.NO_POSITION
        if self.fix_at is None or now - self.fix_at > FIX_AGE_S_MAX or self.metres <= WATCH_NEAR_M:
            return None
        if self.fixes < WATCH_FIXES_MIN:
            return None
        still_s = self.fix_at - self.progressed_at
        if still_s >= patience.away_s and self.metres - self._nearest_m >= WATCH_AWAY_M:
            return Sign.OTHER_DIRECTION
        return Sign.NO_PROGRESS if still_s >= patience.stall_s else None

    def raised(self) -> None:
        """Something was noticed and said: from here on only new progress counts, and only a new fix."""
        self.moved_on, self._noticed_fix_at = False, self.fix_at

    def eased(self, now: float, why: str) -> bool:
        """Has what was noticed gone by itself? Nearer again, or, where only the position was missing, one came."""
        if self.moved_on:
            return True
        if self.fix_at is None or now - self.fix_at > FIX_AGE_S_MAX:
            return False
        return self.fix_at != self._noticed_fix_at if why == Sign.NO_POSITION else self.metres <= WATCH_NEAR_M
