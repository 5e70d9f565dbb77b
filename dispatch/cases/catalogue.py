"""What the police have set: categories and their policies, and which station a place belongs to."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from dispatch.cases.eligibility import Border
from dispatch.cases.modes import Plan
from dispatch.cases.policy import Mode
from dispatch.limits import BEST_OFFICER_TURN_MS, OFFER_WINDOW_MS, PRIORITY, RINGS_M
from geo.point import Point


@dataclass(frozen=True, slots=True)
class Category:
    """A kind of case. `rings_m`, `window_ms`: its own policy, or the service's.

    `by_hour`: modes of single hours (0 to 23, of the station's own day) in place of `mode`. `priority`: 1 is the
    highest. `patience_ms`: each wait of the watch over officers on the way; None: the service's own.
    """

    id: str
    name: str
    name_en: str
    seats: int = 1
    rings_m: tuple[int, ...] = RINGS_M
    window_ms: int = OFFER_WINDOW_MS
    open: bool = True
    mode: Mode = Mode.SNATCH
    by_hour: Mapping[int, Mode] = field(default_factory=dict)
    head_start_ms: int = 0
    turn_ms: int = BEST_OFFICER_TURN_MS
    priority: int = PRIORITY
    patience_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Station:
    """A station: its id, its name in both languages, and its policies.

    `head_start_ms`: of its beats' own officers, None for the category's. `utc_offset_s`: its own clock's, as now.
    """

    id: str
    name: str
    name_en: str
    border: Border = Border.NEIGHBOURS
    head_start_ms: int | None = None
    utc_offset_s: int = 0


_KNOWS_NOTHING = Category("", "", "")


@dataclass(slots=True)
class Catalogue:
    """As one process knows it; replaced whole when it changes."""

    categories: Mapping[str, Category] = field(default_factory=dict)
    stations: Mapping[str, Station] = field(default_factory=dict)
    catch_all: str = ""
    locate: Callable[[Point], str | None] = lambda point: None
    beat_of: Callable[[Point], str | None] = lambda point: None
    areas_fingerprint: str | None = None

    def become(self, fresh: "Catalogue") -> None:
        """Takes over everything of `fresh`; whoever holds this catalogue sees it."""
        self.categories, self.stations, self.catch_all = fresh.categories, fresh.stations, fresh.catch_all
        self.locate, self.beat_of, self.areas_fingerprint = fresh.locate, fresh.beat_of, fresh.areas_fingerprint

    def station_at(self, point: Point) -> str:
        """The station whose jurisdiction holds the point; the catch-all desk where none does."""
        return self.locate(point) or self.catch_all

    def plan_of(self, category: str, station: str, received_s: Callable[[], float]) -> Plan:
        """How a case is offered: by the mode of the hour in which it was received, so that no round changes midway.

        `received_s`: Unix seconds by the database's clock; asked only where hours differ. Without head start.
        """
        kind, home = self.categories.get(category, _KNOWS_NOTHING), self.stations.get(station)
        mode = kind.mode
        if kind.by_hour:
            offset_s = home.utc_offset_s if home else 0
            mode = kind.by_hour.get(int((received_s() + offset_s) // 3600 % 24), mode)
        own = home is not None and home.border is Border.OWN
        return Plan(mode, kind.rings_m, kind.turn_ms, own=own)

    def opening_plan(self, category: str, station: str, point: Point, received_s: Callable[[], float]) -> Plan:
        """The same with the head start of the beat that holds the point."""
        plan, home = self.plan_of(category, station, received_s), self.stations.get(station)
        kind = self.categories.get(category, _KNOWS_NOTHING)
        ms = kind.head_start_ms if home is None or home.head_start_ms is None else home.head_start_ms
        return plan if not ms else replace(plan, head_start_ms=ms, beat=self.beat_of(point))
