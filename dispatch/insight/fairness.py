"""How evenly claims fall on those who are on duty. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from dispatch.limits import FAIRNESS_ON_DUTY_S_MIN

US_PER_S: Final = 1_000_000
US_PER_H: Final = 3600 * US_PER_S


@dataclass(frozen=True, slots=True)
class OnDuty:
    """One officer within the time asked for: microseconds on duty, and cases claimed."""

    station: str
    on_us: int
    claims: int


def gini(values: Sequence[float]) -> float | None:
    """The Gini coefficient of values of zero or more: 0 when all are equal, towards 1 when one has everything.

    Half the mean difference between any two, over the mean. Of nobody it is None; where nobody has anything, all are
    equal.
    """
    assert all(value >= 0 for value in values), "what is shared out is never negative"
    ranked, n, whole = sorted(values), len(values), sum(sorted(values))
    if not n:
        return None
    if whole == 0:
        return 0.0
    weighed = sum((2 * rank - n - 1) * value for rank, value in enumerate(ranked, 1))
    return min(1.0, max(0.0, weighed / (n * whole)))


def fairness(officers: Iterable[OnDuty], on_s_min: float = FAIRNESS_ON_DUTY_S_MIN) -> tuple[int, float | None]:
    """How many officers were on duty for `on_s_min` seconds or longer, and the Gini of their claims an hour on duty.

    Who was there for a moment is left out: one claim in one minute would be sixty an hour.
    """
    rates = [o.claims * US_PER_H / o.on_us for o in officers if o.on_us > 0 and o.on_us >= on_s_min * US_PER_S]
    found = gini(rates)
    return len(rates), None if found is None else round(found, 4)
