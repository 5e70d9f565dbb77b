"""Real incidents on a shorter clock.

A file of incidents is a CSV with the columns `occurred_at, offense, beat, lon, lat`: UTC to the hour, WGS-84
degrees. A replay takes consecutive incidents, so that nights, days and bursts stay what they were, and maps their
span onto the minutes of the run. The seconds within the hour, which the file does not know, come from the seed.
"""

import csv
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from geo.point import Point

COLUMNS = ("occurred_at", "offense", "beat", "lon", "lat")


class IncidentsError(ValueError):
    """A file that cannot be replayed; the message names the line."""


@dataclass(frozen=True, slots=True)
class Incident:
    """What happened where. `hour` is aware UTC; `offense` and `beat` are the file's own words."""

    hour: datetime
    offense: str
    beat: str
    place: Point

    @property
    def category(self) -> str:
        """The offense as an id: small letters, digits, underscores."""
        return "".join(c if c.isalnum() else "_" for c in self.offense.lower())


@dataclass(frozen=True, slots=True)
class Planned:
    """An incident of the run. `number` counts from 1; `at_s` is seconds after the start of the run."""

    number: int
    at_s: float
    incident: Incident

    @property
    def words(self) -> str:
        """What the citizen writes. It carries the number, so that people's choices depend on the seed alone."""
        return f"{self.incident.offense.capitalize()} in beat {self.incident.beat}; simulated report {self.number}"


def number_in(words: str) -> int:
    """The number of the planned incident that these words belong to; 0 when they are not ours."""
    digits = words.rpartition("simulated report ")[2]
    return int(digits) if digits.isascii() and digits.isdigit() else 0


def read_incidents(path: Path) -> list[Incident]:
    """The incidents of a file, earliest first. Raises: IncidentsError; OSError when it cannot be read."""
    found: list[Incident] = []
    with path.open(newline="", encoding="utf-8") as file:
        rows = csv.DictReader(file)
        missing = [name for name in COLUMNS if name not in (rows.fieldnames or ())]
        if missing:
            raise IncidentsError(f"{path} has no column {', '.join(missing)}; it needs {', '.join(COLUMNS)}")
        for row in rows:
            try:
                hour = datetime.fromisoformat(row["occurred_at"])
                place = Point(lat=float(row["lat"]), lon=float(row["lon"]))
            except (TypeError, ValueError) as error:
                raise IncidentsError(f"{path}, line {rows.line_num}: {error}") from None
            if hour.tzinfo is None:
                raise IncidentsError(f"{path}, line {rows.line_num}: occurred_at names no time zone")
            found.append(Incident(hour.astimezone(UTC), row["offense"], row["beat"], place))
    if not found:
        raise IncidentsError(f"{path} holds no incident")
    return sorted(found, key=lambda one: one.hour)


def plan(incidents: Sequence[Incident], *, count: int, minutes: float, seed: int) -> list[Planned]:
    """`count` consecutive incidents, from a place that the seed chooses, spread over `minutes`.

    `at_s` lies in [0, 60 * minutes) and keeps the proportions of the real times.
    Raises: IncidentsError when there are fewer incidents than asked for, or nothing is asked.
    """
    if not 1 <= count <= len(incidents):
        raise IncidentsError(f"{count} incidents were asked for and the file holds {len(incidents)}")
    if not (minutes > 0 and math.isfinite(minutes)):
        raise IncidentsError(f"a run lasts a positive number of minutes, not {minutes}")
    dice = random.Random(f"{seed}:arrivals")
    first = dice.randrange(len(incidents) - count + 1)
    chosen = incidents[first : first + count]
    timed = sorted(
        ((one.hour.timestamp() + dice.random() * 3600.0, nr) for nr, one in enumerate(chosen)),
        key=lambda pair: pair[0],
    )
    begin = chosen[0].hour.timestamp()
    scale = minutes * 60.0 / (chosen[-1].hour.timestamp() + 3600.0 - begin)
    return [Planned(number, (when - begin) * scale, chosen[nr]) for number, (when, nr) in enumerate(timed, start=1)]
