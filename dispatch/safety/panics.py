"""Officers who called for help, as one process knows them: loaded once, then kept by facts, until a desk clears each.

The row in the database is the truth; this is who is told, and whose place is shown to whom.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec

from dispatch.cases.facts import Fact
from dispatch.cases.views import Panic, Place

PANIC: Final = "panic"
PANIC_CLEARED: Final = "panic_cleared"
KINDS: Final = frozenset({PANIC, PANIC_CLEARED})

_1970 = datetime(1970, 1, 1, tzinfo=UTC)


class PanicBody(msgspec.Struct, frozen=True, kw_only=True):
    """The body of both facts, and what a process holds of a live one. `alerted`: officers who were told.

    `lat`, `lon`: where the officer was when it was raised; None: nobody knows.
    """

    panic: UUID
    officer: UUID
    station: str
    call_sign: str
    surname: str
    raised_us: int
    alerted: tuple[UUID, ...]
    case: UUID | None = None
    lat: float | None = None
    lon: float | None = None
    accuracy_m: float | None = None

    @property
    def told(self) -> tuple[UUID, ...]:
        """Officers on whose screens it stands: who raised it, and who was alerted."""
        return (self.officer, *(one for one in self.alerted if one != self.officer))

    def view(self, *, over: bool = False, stream: str = "", offset: int = 0) -> Panic:
        """As people see it."""
        place = None
        if self.lat is not None and self.lon is not None:
            place = Place(self.lat, self.lon, self.accuracy_m or 0.0)
        return Panic(
            stream=stream,
            offset=offset,
            panic=self.panic,
            officer=self.officer,
            call_sign=self.call_sign,
            surname=self.surname,
            station=self.station,
            raised_at=_1970 + timedelta(microseconds=self.raised_us),
            place=place,
            case=self.case,
            over=over,
            told=len(self.told) - 1,
        )


def body_of(fact: Fact) -> PanicBody:
    """What a fact of these kinds tells."""
    found: dict[str, Any] = fact.body
    return msgspec.convert(found, PanicBody, strict=False)


def view_of(fact: Fact) -> tuple[Panic, PanicBody]:
    """The message of a fact, and whom it concerns."""
    body = body_of(fact)
    return body.view(over=fact.kind == PANIC_CLEARED, stream=fact.stream, offset=fact.offset), body


class Panics:
    """Live ones by officer: nobody has two."""

    def __init__(self) -> None:
        self.live: dict[UUID, PanicBody] = {}

    def replace(self, panics: Iterable[PanicBody]) -> None:
        """These and no others."""
        self.live = {one.officer: one for one in panics}

    def apply(self, fact: Fact) -> PanicBody | None:
        """Takes a fact; gives back the panic that it ended."""
        if fact.kind == PANIC:
            body = body_of(fact)
            self.live[body.officer] = body
        elif fact.kind == PANIC_CLEARED:
            body = body_of(fact)
            known = self.live.get(body.officer)
            if known is not None and known.panic == body.panic:
                return self.live.pop(body.officer)
        return None

    def everywhere(self) -> list[PanicBody]:
        """The oldest first."""
        return self._sorted(self.live.values())

    def of_station(self, station: str) -> list[PanicBody]:
        """The oldest first."""
        return self._sorted(one for one in self.live.values() if one.station == station)

    def seen_by(self, officer: UUID) -> list[PanicBody]:
        """Those on the officer's screen, the oldest first."""
        return self._sorted(one for one in self.live.values() if officer in one.told)

    @staticmethod
    def _sorted(found: Iterable[PanicBody]) -> list[PanicBody]:
        return sorted(found, key=lambda one: (one.raised_us, one.panic.int))
