"""What the core needs from outside, as promises. Adapters keep them; a contract suite runs against each."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple, Protocol
from uuid import UUID

import msgspec

from dispatch.cases.facts import Answer, CaseState, Fact, TalkState


class StoreAway(Exception):
    """The database did not answer in time or at all. What was asked may or may not have happened: ask again with
    the same key."""


class StoreBusy(Exception):
    """Somebody held a needed row for longer than we wait. Nothing happened: ask again with the same key."""


class ReportDraft(msgspec.Struct, kw_only=True):
    """A report as the judge takes it. Bytes as hex. `candidates`: nearest first. `noted`: what the first entry of the
    history says beside place and category; never a person's words.
    `asks`, `pause_ms`, `desk_first` as in a `Wave`."""

    id: UUID
    scope: str
    key: str
    hash: str
    station: str
    category: str
    words: str
    salt: str
    lat: float
    lon: float
    accuracy_m: float | None
    place_source: str
    reporter: str
    receipt_mac: str
    exercise: bool
    candidates: Sequence[UUID]
    ring_m: int | None
    wave: int
    last_wave: bool
    asks: int | None = None
    pause_ms: int | None = None
    desk_first: bool = False
    channel: str = "web"
    noted: dict[str, Any] = {}


class ClaimDraft(msgspec.Struct, kw_only=True):
    """A claim as the judge takes it. `hash` empty: made when it is judged."""

    case: UUID
    officer: UUID
    round: int
    key: str
    hash: str = ""


class ActDraft(msgspec.Struct, kw_only=True):
    """Any other act on a case. `officer`: the acting one, or the one the desk sends. `from_case`: the one that a
    pulled officer leaves; `candidates` and wave are then of that case. `words`, `salt` (hex): of a line
    of the talk, or of the case that a split makes; `upto`: the entry up to which somebody has read it; `word`: at the
    door; `stars`: of a rating. `others`: cases that a merge or a split names; `made`: the id of a split's new case."""

    case: UUID
    event: str
    actor: str
    actor_id: UUID
    scope: str
    key: str
    hash: str
    officer: UUID | None = None
    station: str | None = None
    fence: int | None = None
    round: int | None = None
    disposition: str | None = None
    reason: str | None = None
    words: str | None = None
    salt: str = ""
    upto: int | None = None
    advice: dict[str, Any] | None = None
    word: str | None = None
    stars: int | None = None
    others: Sequence[UUID] = ()
    made: UUID | None = None
    candidates: Sequence[UUID] = ()
    ring_m: int | None = None
    wave: int = 1
    last_wave: bool = True
    asks: int | None = None
    pause_ms: int | None = None
    from_case: UUID | None = None
    to_station: str | None = None
    hold_min: int | None = None
    lasts_min: int | None = None
    referred_to: str | None = None
    manner: str | None = None


class WideDraft(msgspec.Struct, kw_only=True):
    """More officers for an open offer. `event`: offer_widened or offer_joined. `wave`: the one that was due;
    `ring`: the number of the ring that is asked, further out where nearer ones are empty."""

    case: UUID
    event: str
    round: int
    wave: int
    ring: int
    ring_m: int | None
    last_wave: bool
    candidates: Sequence[UUID]
    asks: int | None = None
    pause_ms: int | None = None


class DueWave(NamedTuple):
    case: UUID
    station: str
    category: str
    round: int
    wave: int
    lat: float
    lon: float
    received_us: int
    asked: frozenset[UUID]


class Likely(NamedTuple):
    """An open case that may be the same incident as another one: dispatch.cases.duplicates.likeness."""

    likeness: float
    metres: float
    state: CaseState


class Heads(NamedTuple):
    epoch: str
    offsets: dict[str, int]


class HistoryEntry(NamedTuple):
    """One entry of a case. `actor`: who did it, by kind and id; `call_sign`: of the officer whom it concerns."""

    seq: int
    kind: str
    actor: str
    at: datetime
    call_sign: str | None
    body: dict[str, Any]


FIRED: Final = ("window", "ack", "check_in")
"""Kinds of deadline that a store fires, each in a transaction of its own."""


class CaseStore(Protocol):
    """The judge and the record. Every method that changes something is one server-side call and one commit; when it
    returns, the change is durable. Raises StoreAway, StoreBusy."""

    async def report(self, drafts: Sequence[ReportDraft]) -> list[Answer]: ...

    async def claim(self, drafts: Sequence[ClaimDraft]) -> list[Answer]:
        """Judges in the order given; at most `seats` active winners a case, ever."""

    async def act(self, draft: ActDraft) -> Answer: ...

    async def pull(self, draft: ActDraft) -> list[Answer]:
        """An officer leaves one case for another, in one commit: the answers of the wanted case and of the left."""

    async def widen(self, drafts: Sequence[WideDraft]) -> list[Answer]:
        """Answers only for those that asked somebody anew."""

    async def set_duty(self, officer: UUID, on: bool, key: str, hash_: str, shift_min: int | None = None) -> Answer:
        """Off duty with an open case is refused. The same key hears the same answer. `shift_min`: minutes until the
        shift ends, where that is known."""

    async def set_desk_shift(self, account: UUID, station: str, on: bool, key: str, hash_: str) -> Answer:
        """Somebody of a desk goes on shift or off. The same key hears the same answer."""

    async def due_stations(self) -> list[str]: ...

    async def fire(self, station: str, *kinds: str) -> list[Answer]:
        """Fires what is due there, of these kinds of deadline (of FIRED), or of all. Firing twice, or by several, is
        harmless."""

    async def due_waves(self) -> list[DueWave]: ...

    async def by_key(self, scope: str, key: str) -> dict[str, Any] | None:
        """The stored answer to an act, or None: not received."""

    async def heads(self) -> Heads:
        """Epoch and the last offset of every stream."""

    async def read_stream(self, stream: str, after: int, count: int) -> list[Fact]: ...

    async def open_cases(self) -> list[tuple[CaseState, frozenset[UUID]]]:
        """Every open case with the recipients of its present round."""

    async def case(self, case: UUID) -> CaseState | None: ...

    async def talks(self, cases: Sequence[UUID]) -> list[TalkState]:
        """The latest lines and the marks of those of these cases on which something was said."""

    async def talk(self, case: UUID, before: int | None, count: int) -> TalkState:
        """At most `count` lines before an entry (None: the latest), oldest first, also of a closed case."""

    async def history(self, case: UUID) -> list[HistoryEntry]: ...

    async def duplicates(self, case: UUID) -> list[Likely]:
        """At most DUPLICATES_SHOWN_MAX open cases of the same category near a case in place and time, and practice only
        with practice; the likeliest first, then the older one."""


class Bus(Protocol):
    """Carries envelopes between processes. May lose, double and reorder; never invents."""

    def post(self, payload: bytes) -> None:
        """Hands a publication over. Never waits, never fails: what is lost the relay publishes again."""


class Nearby(Protocol):
    """Who is near, as far as this process knows."""

    def healthy(self) -> bool:
        """False while the index is missing or younger than GENERATION_AGE_S_MIN: then ask the whole station."""

    def nearest(self, lat: float, lon: float, radius_m: float, count: int, only_of: str | None = None) -> list[UUID]:
        """Officers on duty with a fresh and good fix, nearest first; of one station alone where it is named."""

    def of_beat(self, beat: str, lat: float, lon: float, radius_m: float, count: int) -> list[UUID]:
        """The same of one beat's own officers."""

    def unlocated(self, station: str, count: int) -> list[UUID]:
        """Officers of a station on duty without such a fix."""

    def on_duty(self, station: str, count: int) -> list[UUID]:
        """All officers of a station on duty."""
