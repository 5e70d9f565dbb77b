"""What a curve hands back: its points, and whether what must hold at every point held."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Curve:
    """`points`: one flat row of figures for each size. `broken`: sentences, empty when all was correct.

    `missed`: limits of speed that were not reached; they are judged in a full run only.
    """

    name: str
    says: str
    points: list[dict[str, Any]] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)

    def hold(self, true: bool, sentence: str) -> None:
        """Notes the sentence where it is not so."""
        if not true:
            self.broken.append(sentence)

    def reach(self, true: bool, sentence: str) -> None:
        if not true:
            self.missed.append(sentence)


def quantile(values: Sequence[float], share: float) -> float:
    """The value that at least `share` of them do not exceed. Raises: ValueError where there is none."""
    if not values:
        raise ValueError("there is nothing to take a share of")
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, max(0, -int(-share * len(ranked) // 1) - 1))]


def spread_ms(name: str, seconds: Sequence[float]) -> dict[str, float]:
    """`name_p50_ms` and `name_p99_ms` of times in seconds; empty where nothing was timed."""
    if not seconds:
        return {}
    return {f"{name}_p{round(100 * q)}_ms": round(1000 * quantile(seconds, q), 3) for q in (0.5, 0.99)}


def flat(values: Sequence[float], times: float) -> bool:
    """Does the largest stay within so many times the first?"""
    return max(values) <= times * values[0]
