"""Who is on duty, as one process knows it: loaded once, then kept by duty facts."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from dispatch.cases.audience import DUTY
from dispatch.cases.facts import Fact
from dispatch.limits import SLOTS_DEFAULT


@dataclass(frozen=True, slots=True)
class OnDuty:
    """An officer on duty, named as others may know one."""

    officer: UUID
    station: str
    call_sign: str
    surname: str
    slots: int = SLOTS_DEFAULT
    beat: str | None = None


class Roster:
    """Officers on duty by id and by station."""

    def __init__(self) -> None:
        self.by_id: dict[UUID, OnDuty] = {}
        self._by_station: defaultdict[str, dict[UUID, None]] = defaultdict(dict)
        self._by_beat: defaultdict[str, dict[UUID, None]] = defaultdict(dict)

    def known(self, officer: UUID) -> UUID:
        """The same id as everything of this process holds it, where the officer is on duty. What is one object is found
        by looking; an equal one, of the other class that the driver of the database has, seven times slower."""
        own = self.by_id.get(officer)
        return officer if own is None else own.officer

    def load(self, officers: Iterable[OnDuty]) -> None:
        for officer in officers:
            self._put(officer)

    def replace(self, officers: Iterable[OnDuty]) -> None:
        """These and nobody else."""
        self.by_id.clear()
        self._by_station.clear()
        self._by_beat.clear()
        self.load(officers)

    def apply(self, fact: Fact) -> bool:
        """Takes a duty fact; True when somebody has just come on duty."""
        if fact.kind != DUTY or fact.officer is None:
            return False
        if not fact.body["on"]:
            self._drop(fact.officer)
            return False
        came = fact.officer not in self.by_id
        told = fact.body
        self._put(
            OnDuty(fact.officer, fact.stream, told["call_sign"], told["surname"], told["slots"], told.get("beat"))
        )
        return came

    def of_station(self, station: str) -> list[OnDuty]:
        return [self.by_id[o] for o in self._by_station.get(station, ())]

    def of_beat(self, beat: str) -> list[OnDuty]:
        return [self.by_id[o] for o in self._by_beat.get(beat, ())]

    def _put(self, officer: OnDuty) -> None:
        self._drop(officer.officer)
        self.by_id[officer.officer] = officer
        self._by_station[officer.station][officer.officer] = None
        if officer.beat is not None:
            self._by_beat[officer.beat][officer.officer] = None

    def _drop(self, officer: UUID) -> None:
        known = self.by_id.pop(officer, None)
        if known is not None:
            self._by_station[known.station].pop(officer, None)
            if known.beat is not None:
                self._by_beat[known.beat].pop(officer, None)
