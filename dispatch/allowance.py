"""How often somebody may do something: a burst, then evenly."""

from collections.abc import Hashable


class Allowance:
    """`burst` at once for each, then `per_s` a second, evenly: who was too fast waits a moment, never until the whole
    burst is forgotten. What is not allowed costs nothing.

    Times are monotonic seconds. Whoever has their whole burst again is forgotten.
    """

    def __init__(self, burst: float, per_s: float) -> None:
        self.burst, self.per_s = burst, per_s
        self._left: dict[Hashable, tuple[float, float]] = {}

    def allowed(self, who: Hashable, now: float) -> bool:
        """Once more for this one."""
        left, at = self._left.get(who, (self.burst, now))
        left = min(self.burst, left + max(0.0, now - at) * self.per_s)
        if left < 1.0:
            self._left[who] = (left, max(at, now))
            return False
        self._left[who] = (left - 1.0, max(at, now))
        return True

    def forget(self, now: float) -> None:
        """Drops whoever is as good as new, so that it holds those of the last while only."""
        whole_s = self.burst / self.per_s
        self._left = {who: (left, at) for who, (left, at) in self._left.items() if now - at < whole_s}

    def __len__(self) -> int:
        return len(self._left)
