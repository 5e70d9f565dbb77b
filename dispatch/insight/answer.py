"""From what was counted to what is said: the same for counts of the database and of the fold. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from dispatch.insight.fairness import OnDuty, fairness
from dispatch.insight.values import Answered, By, Figures, Percentiles, Question, Waiting
from dispatch.limits import FIGURES_PLACE_CASES_MIN, FIGURES_WAITING_MAX
from geo.distance import snap
from geo.point import Point

PERCENTILES: Final = (0.5, 0.9, 0.99)
US_PER_MS: Final = 1_000

Ranked = tuple[int, Sequence[int] | None]
"""How many durations there were, and those at `PERCENTILES` in microseconds; None of none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """Cases counted together. `kind`: whole, group, category or place. `lat`, `lon`: the least degrees among them,
    which for a place lie in its cell."""

    kind: str
    key: str
    lat: float | None
    lon: float | None
    cases: int
    offered: int
    claimed: int
    fell_back: int
    sent_to_desk: int
    declined: int
    unanswered: int
    handed_back: int
    silent: int
    reoffered: int
    reopened: int
    offer: Ranked
    claim: Ranked
    arrival: Ranked
    wait: Ranked


def answer(question: Question, measured: Sequence[Measures], officers: Sequence[OnDuty]) -> Answered:
    """What is told of it. Raises: StopIteration where nothing was measured of the whole."""
    whole = next(m for m in measured if m.kind == "whole")
    groups = [_figures(m, _of(m, officers, question)) for m in measured if m.kind == "group"]
    return Answered(
        since=question.since,
        until=question.until,
        by=question.by,
        station=question.station,
        zone=question.zone,
        whole=_figures(whole, officers),
        groups=tuple(sorted(groups, key=lambda figures: figures.key)),
        places=_longest([_place(m, question.cell_m) for m in measured if m.kind == "place"], FIGURES_PLACE_CASES_MIN),
        categories=_longest([_waiting(m) for m in measured if m.kind == "category"], 1),
    )


def _of(measures: Measures, officers: Sequence[OnDuty], question: Question) -> list[OnDuty] | None:
    """The officers of a station; nobody is on duty for a category or for an hour alone."""
    return [o for o in officers if o.station == measures.key] if question.by is By.STATION else None


def _figures(m: Measures, officers: Sequence[OnDuty] | None) -> Figures:
    compared, even = (None, None) if officers is None else fairness(officers)
    return Figures(
        key=m.key,
        cases=m.cases,
        offered=m.offered,
        claimed=m.claimed,
        fell_back=m.fell_back,
        fallback_share=round(m.fell_back / m.offered, 4) if m.offered else None,
        sent_to_desk=m.sent_to_desk,
        declined=m.declined,
        unanswered=m.unanswered,
        handed_back=m.handed_back,
        silent=m.silent,
        reoffered=m.reoffered,
        reopened=m.reopened,
        received_to_offer_ms=_percentiles(m.offer),
        received_to_claim_ms=_percentiles(m.claim),
        claim_to_arrival_ms=_percentiles(m.arrival),
        officers=compared,
        fairness=even,
    )


def _percentiles(ranked: Ranked) -> Percentiles:
    n, found = ranked
    return Percentiles(n, *(us // US_PER_MS for us in found)) if found else Percentiles()


def _waiting(m: Measures) -> Waiting:
    return Waiting(key=m.key, cases=m.cases, wait_ms=_percentiles(m.wait))


def _place(m: Measures, cell_m: float) -> Waiting:
    assert m.lat is not None and m.lon is not None, "a place has one"
    centre = snap(Point(m.lat, m.lon), cell_m)
    lat, lon = round(centre.lat, 5), round(centre.lon, 5)
    return Waiting(key=f"{lat:.5f},{lon:.5f}", cases=m.cases, wait_ms=_percentiles(m.wait), lat=lat, lon=lon)


def _longest(waiting: Sequence[Waiting], cases_min: int) -> tuple[Waiting, ...]:
    """The longest waits first, by p90: what one in ten waits at least."""
    held = [w for w in waiting if w.cases >= cases_min]
    held.sort(key=lambda w: (-(w.wait_ms.p90 or 0), -w.cases, w.key))
    return tuple(held[:FIGURES_WAITING_MAX])
