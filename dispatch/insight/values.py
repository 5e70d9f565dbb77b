"""What is asked of the history and what it answers. Plain frozen values; the answer is what goes over the wire.

Durations are whole milliseconds, rounded down from the microseconds of the record.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec

from dispatch.cases.lifecycle import LEGAL
from dispatch.cases.values import CLOSED, Event, Status
from dispatch.limits import FIGURES_CELL_M

CLAIMING: Final = frozenset({Event.CLAIMED, Event.SEAT_FILLED})
"""An officer's own choice: what snatching means."""
COMING: Final = CLAIMING | {Event.ASSIGNED, Event.REASSIGNED, Event.OFFICER_ADDED}
"""An officer has the case, of own choice or sent by the desk."""
ENDING: Final = frozenset(e for (s, e), after in LEGAL.items() if after in CLOSED and s not in CLOSED)
"""The case is over."""
REOPENING: Final = frozenset(e for (s, e), after in LEGAL.items() if s in CLOSED and after not in CLOSED)
"""A case that was over is not any more."""
TO_DESK: Final = frozenset(
    e for (s, e), after in LEGAL.items() if after is Status.AT_STATION and s is not after and s not in CLOSED
) - {Event.FELL_BACK}
"""The desk has it, and not because the window ran out."""
HANDING_BACK: Final = frozenset({Event.HANDED_BACK, Event.HANDED_TO_DESK, Event.SEAT_HANDED_BACK})
"""An officer who had it gives it back."""
GOING_SILENT: Final = frozenset({Event.SILENT, Event.SILENT_TO_DESK})
"""An officer who had it was not heard of any more, and somebody else was asked."""


class By(StrEnum):
    """What the groups of an answer are."""

    STATION = "station"
    CATEGORY = "category"
    HOUR = "hour"


class Entry(NamedTuple):
    """One row of the history, as far as figures look at it. `case`, `seq`: None of facts about no case (duty)."""

    stream: str
    offset: int
    case: UUID | None
    seq: int | None
    kind: str
    officer: UUID | None
    at: datetime
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Question:
    """Cases received from `since` on and before `until`, both aware; officers' duty and claims in the same time.

    `station`: None for all. `zone`: whose hours of the day; None: each station's own. `now`: until when an unanswered
    case has waited; None: the database's time.
    """

    since: datetime
    until: datetime
    by: By = By.STATION
    station: str | None = None
    zone: str | None = None
    now: datetime | None = None
    cell_m: float = FIGURES_CELL_M


class Percentiles(msgspec.Struct, frozen=True):
    """Of `n` durations in ms, by nearest rank: each is one that really was. None where there was none."""

    n: int = 0
    p50: int | None = None
    p90: int | None = None
    p99: int | None = None


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """Of one station, category or hour (`key`), or of everything (`key` empty). Exercises are left out.

    `offered`: cases put before anybody; `claimed`: those that an officer took unasked; `fell_back`: those whose window
    ran out; `fallback_share`: of the offered. `sent_to_desk`: at once, or when all had declined, or by officers.
    `declined`: answers; `unanswered`: officers who had the offer until its window ran out and said nothing (where
    somebody won, the record does not know who else tapped). `handed_back`: by officers; `silent`: officers who had a
    case and were not heard of any more; `reoffered`: cases with a second round; `reopened`: cases that came back after
    they were over.
    `officers`, `fairness`: of stations and of everything only: officers on duty long enough to be compared, and the
    Gini coefficient of their claims per hour on duty, 0 (equal) to 1.
    """

    key: str = ""
    cases: int = 0
    offered: int = 0
    claimed: int = 0
    fell_back: int = 0
    fallback_share: float | None = None
    sent_to_desk: int = 0
    declined: int = 0
    unanswered: int = 0
    handed_back: int = 0
    silent: int = 0
    reoffered: int = 0
    reopened: int = 0
    received_to_offer_ms: Percentiles = Percentiles()
    received_to_claim_ms: Percentiles = Percentiles()
    claim_to_arrival_ms: Percentiles = Percentiles()
    officers: int | None = None
    fairness: float | None = None


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """Where, or for what, people wait: from the report until an officer has the case or it is over.

    `key`: a category; or a place, then with the centre of its cell in degrees.
    """

    key: str
    cases: int
    wait_ms: Percentiles
    lat: float | None = None
    lon: float | None = None


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """What the history says. `groups` in the order of their keys; `places`, `categories`: the longest waits first."""

    since: datetime
    until: datetime
    by: By
    station: str | None
    zone: str | None
    whole: Figures
    groups: tuple[Figures, ...]
    places: tuple[Waiting, ...]
    categories: tuple[Waiting, ...]
