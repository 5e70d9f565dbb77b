"""What the police have set: categories and their policies, and which station a place belongs to."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from dispatch.limits import OFFER_WINDOW_MS, RINGS_M
from geo.point import Point


@dataclass(frozen=True, slots=True)
class Category:
    """A kind of case. `rings_m`, `window_ms`: its own policy, or the service's."""

    id: str
    name: str
    name_en: str
    seats: int = 1
    rings_m: tuple[int, ...] = RINGS_M
    window_ms: int = OFFER_WINDOW_MS
    open: bool = True


@dataclass(frozen=True, slots=True)
class Station:
    """A station: its id, and its name in both languages."""

    id: str
    name: str
    name_en: str


@dataclass(slots=True)
class Catalogue:
    """As one process knows it; replaced whole when it changes."""

    categories: Mapping[str, Category] = field(default_factory=dict)
    stations: Mapping[str, Station] = field(default_factory=dict)
    catch_all: str = ""
    locate: Callable[[Point], str | None] = lambda point: None
    areas_fingerprint: int = 0

    def become(self, fresh: "Catalogue") -> None:
        """Takes over everything of `fresh`; whoever holds this catalogue sees it."""
        self.categories, self.stations, self.catch_all = fresh.categories, fresh.stations, fresh.catch_all
        self.locate, self.areas_fingerprint = fresh.locate, fresh.areas_fingerprint

    def station_at(self, point: Point) -> str:
        """The station whose jurisdiction holds the point; the catch-all desk where none does."""
        return self.locate(point) or self.catch_all
