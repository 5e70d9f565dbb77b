"""What friction knows of a report's source, and what it may ask for. Nothing here can say no."""

from dataclasses import dataclass
from enum import StrEnum


class Subject(StrEnum):
    """What reports are counted by."""

    ADDRESS = "address"  # what a device is on the network: nothing is stored on it (DECISIONS D8, D19)
    BLOCK = "block"
    PLACE = "place"
    NUMBER = "number"
    EVERYONE = "everyone"  # all reports that carry no confirmed number


class Confirm(StrEnum):
    """Why the desk looks at a report before officers are asked."""

    SOURCE = "source"  # many reports from one network
    PLACE = "place"  # many reports of one place
    NUMBER = "number"  # many reports with one confirmed number
    TRUST = "trust"  # earlier reports of this number were hoaxes, and that stands


class Trust(StrEnum):
    """How far a reporter's word went before."""

    UNKNOWN = "unknown"  # no number: nothing is known, and nothing is held against anybody
    CONFIRMED = "confirmed"
    PROVEN = "proven"
    DOUBTED = "doubted"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a report comes from: keyed names of the day, by subject. `named`: it carries a confirmed number."""

    names: tuple[tuple[Subject, bytes], ...]
    named: bool = False
    trust: Trust = Trust.UNKNOWN


@dataclass(frozen=True, slots=True)
class Look:
    """What a report is asked for. `bits`: of each part of a proof of work, 0 for none; `confirm`: the desk first."""

    bits: int = 0
    confirm: Confirm | None = None


CALM = Look()
