"""Who may be asked to take a case: one rule for every mode, wave and round. Pure.

The SQL function `eligible` judges by the same, in the same order; a contract test compares the two.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from dispatch.limits import SHIFT_LAST_MIN

SHIFT_LAST: Final = timedelta(minutes=SHIFT_LAST_MIN)


class Border(StrEnum):
    """Whom a station's cases may be offered to. Who was offered a case may claim it, whatever the station."""

    OWN = "own"  # its own officers only
    NEIGHBOURS = "neighbours"  # also those of other stations who are near


class Ineligible(StrEnum):
    """Why an officer is not asked. Stored and sent nowhere: a word for tests and for people who ask why."""

    EXCEPTED = "excepted"  # asked before in this round, or gave the case back
    OFF_DUTY = "off_duty"
    NO_SLOT = "no_slot"
    UNSKILLED = "unskilled"
    OVER_THE_BORDER = "over_the_border"
    SHIFT_ENDS = "shift_ends"


@dataclass(frozen=True, slots=True)
class Candidate:
    """The part of an officer that is looked at. `shift_ends_at`: aware UTC, None where the end is not known."""

    id: UUID
    station: str
    on_duty: bool
    held: int
    slots: int
    skills: frozenset[str] = frozenset()
    shift_ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a case asks for. `never`: who was asked in this round, has declined, or handed the case back."""

    station: str
    border: Border = Border.NEIGHBOURS
    skill: str | None = None
    never: frozenset[UUID] = frozenset()


def why_not(officer: Candidate, wanted: Wanted, now: datetime) -> Ineligible | None:
    """Why this officer is not asked at `now` (the database's time); None: may be asked.

    Of the last SHIFT_LAST_MIN minutes of a shift the first moment counts already.
    """
    ends = officer.shift_ends_at
    answers: tuple[tuple[bool, Ineligible], ...] = (
        (officer.id in wanted.never, Ineligible.EXCEPTED),
        (not officer.on_duty, Ineligible.OFF_DUTY),
        (officer.held >= officer.slots, Ineligible.NO_SLOT),
        (wanted.skill is not None and wanted.skill not in officer.skills, Ineligible.UNSKILLED),
        (wanted.border is Border.OWN and officer.station != wanted.station, Ineligible.OVER_THE_BORDER),
        (ends is not None and ends <= now + SHIFT_LAST, Ineligible.SHIFT_ENDS),
    )
    return next((reason for holds, reason in answers if holds), None)


def eligible(officers: Iterable[Candidate], wanted: Wanted, now: datetime, most: int) -> Sequence[UUID]:
    """Those who may be asked, in the order given, at most so many."""
    may = [officer.id for officer in officers if why_not(officer, wanted, now) is None]
    return may[:most]
