"""What a row counts, block by block, and what it comes to.

A tally is a plain mapping that survives a file: numbers add up, lists grow, `worst_...` keeps the greatest.
"""

import math
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from scripts.chaos_rows.ground import Ground
from scripts.fleet import Shape

Tally = dict[str, Any]
SENTENCES_MAX = 20  # broken promises that are named; all are counted


class Profile(StrEnum):
    """`short` takes minutes, `gate` the table's sizes."""

    SHORT = "short"
    GATE = "gate"


@dataclass(frozen=True, slots=True)
class Found:
    """What a row came to. `figure` as in the table; `reached` false with a reason."""

    n: int
    figure: Mapping[str, Any]
    reached: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """Rows that are shown by one piece of work.

    `blocks` says how often `run` is called for a profile; one call is one block, which a broken-off run repeats as a
    whole. `run` gives a tally for each of `names`; `judge` reads the sum of all blocks. `leaves_out` names parts of
    a row that are not built yet. `shape` is the fleet that it asks for: blocks of one shape share a fleet.
    `apart_s`: from one block's start to the next, lest officers come over the limit of claims a minute, which stays on.
    `fresh`: its first block wants a fleet on which nothing was left open; a desk is shown a bounded number of cases.
    `lacks` says why it cannot be run on this machine, or nothing.
    """

    names: tuple[str, ...]
    blocks: Mapping[Profile, int]
    run: Callable[[Ground, Profile, int], Awaitable[Mapping[str, Tally]]]
    judge: Mapping[str, Callable[[Tally], Found]]
    leaves_out: Mapping[str, str] = field(default_factory=dict)
    shape: Shape = field(default_factory=Shape)
    apart_s: float = 0.0
    lacks: Callable[[], str] = str
    fresh: bool = False


def merged(one: Tally, other: Mapping[str, Any]) -> Tally:
    """The sum of two tallies."""
    found = dict(one)
    for name, value in other.items():
        if name not in found:
            found[name] = value
        elif name.startswith("worst_"):
            found[name] = max(found[name], value)
        else:
            found[name] = found[name] + value
    return found


def percentile(values: Sequence[float], share: float) -> float | None:
    """By nearest rank; None of nothing."""
    if not values:
        return None
    ranked = sorted(values)
    return ranked[max(0, math.ceil(len(ranked) * share) - 1)]


def figures(values: Sequence[float], digits: int = 3) -> dict[str, float | None]:
    """p50, p99 and the greatest."""
    found = {"p50": percentile(values, 0.5), "p99": percentile(values, 0.99), "max": max(values, default=None)}
    return {name: None if value is None else round(value, digits) for name, value in found.items()}


def judged(n: int, figure: Mapping[str, Any], broken: Sequence[str], checks: Iterable[tuple[bool, str]] = ()) -> Found:
    """Reached when nothing broke and every check holds; the reason names what did not."""
    missed = [sentence for holds, sentence in checks if not holds]
    named = [*broken[:SENTENCES_MAX], *missed]
    if n == 0:
        named.append("nothing was tried")
    return Found(n, {**figure, "failures": len(broken)}, not named, "; ".join(named))


def most(value: float | None, limit: float) -> bool:
    """At most the limit; nothing measured does not hold."""
    return value is not None and value <= limit
