"""Coming back: exactly what was missed, or a declared snapshot. All from this process's memory, in one turn of the
loop, so that no fact falls between what is told here and what is told live.

The token binds epoch, role and person; the offsets stand beside it in the clear, because one prepared frame serves all
recipients of an offer. A client that lies about its offsets only changes what of its own it is told again.
"""

import hashlib
import hmac
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import msgspec

from dispatch.cases.audience import Delivery, deliveries, desk_snapshot, followed, officer_snapshot
from dispatch.cases.desk_views import alarms_for
from dispatch.cases.facts import Fact
from dispatch.cases.views import OfficerDuty, Panic, Snapshot, View
from dispatch.limits import RESUME_BYTES_MAX, RESUME_FACTS_MAX
from dispatch.people.values import Role, Who
from dispatch.positions.roster import Roster
from dispatch.safety.panics import Panics
from dispatch.streams.feed import Feed
from dispatch.streams.memory import StreamMemory
from dispatch.talk.audience import talks
from gateway.sockets.hub import concerns, encode
from gateway.sockets.link import text_frame

RENDERED_S = 0.25  # a countdown may be so much too long
RENDERED_MAX = 4_096


@dataclass(frozen=True, slots=True)
class Told:
    """A message and its prepared frame."""

    view: View
    frame: bytes


class _Rendered:
    """The messages of one fact at one moment."""

    __slots__ = ("_of", "_told", "at")

    def __init__(self, at: float, sent: list[Delivery]) -> None:
        self.at = at
        self._told = [(delivery, Told(delivery.view, text_frame(encode(delivery.view)))) for delivery in sent]
        self._of = [(frozenset(delivery.officers), told) for delivery, told in self._told]

    def for_(self, who: Who) -> list[Told]:
        if who.role is Role.OFFICER:
            return [told for officers, told in self._of if who.officer in officers]
        return [told for delivery, told in self._told if concerns(delivery, who)]


class _Index:
    """Which of a stream's latest facts concern an officer: asked by everybody at once after an outage."""

    __slots__ = ("_known", "_of", "_upto")

    def __init__(self, memory: StreamMemory) -> None:
        self._of: defaultdict[UUID, list[int]] = defaultdict(list)
        self._upto, self._known = memory.start, 0

    def of(self, memory: StreamMemory, officer: UUID) -> Sequence[int]:
        """Offsets in ascending order; complete for the latest RESUME_FACTS_MAX facts that are held."""
        if self._known > 2 * RESUME_FACTS_MAX or self._upto > memory.head:
            self._of.clear()
            self._known, self._upto = 0, 0
        for offset in range(max(self._upto, memory.start, memory.head - RESUME_FACTS_MAX) + 1, memory.head + 1):
            for one in {one for delivery in deliveries(memory.at(offset)) for one in delivery.officers}:
                self._of[one].append(offset)
            self._known += 1
        self._upto = memory.head
        return self._of.get(officer, ())


def _when(fact: Fact) -> int:
    return fact.at_us


class Resume:
    """Answers hello."""

    def __init__(self, feed: Feed, roster: Roster, key: bytes, panics: Panics | None = None) -> None:
        self._feed, self._roster = feed, roster
        self.panics = panics if panics is not None else Panics()
        self._known: dict[tuple[str, int], _Rendered] = {}
        self._index: dict[str, _Index] = {}
        self._key = hashlib.sha256(b"resume|" + key).digest()

    def forget(self) -> None:
        """Another history has begun: what was rendered and indexed belongs to the old one."""
        self._known.clear()
        self._index.clear()

    def token(self, who: Who) -> str:
        """Proves at the next hello: the same epoch, role and person."""
        subject = f"{self._feed.epoch}|{who.role}|{who.name}".encode()
        proof = hmac.digest(self._key, subject, "sha256").hex()[:32]
        return f"{self._feed.epoch}.{proof}"

    def at(self, who: Who) -> dict[str, int]:
        """Up to where this person has been told everything now."""
        if who.role is Role.REPORTER:
            entry = self._feed.board.cases.get(who.case) if who.case else None
            return {f"case:{who.case}": entry.state.seq if entry else 0}
        streams = self._feed.streams
        if who.role is Role.DESK:
            return {who.station: streams[who.station].head} if who.station in streams else {}
        return {stream: memory.head for stream, memory in streams.items()}

    def missed(self, who: Who, token: str | None, at: dict[str, int]) -> "list[Told] | str":
        """What was missed, in order, or why it cannot be told exactly: new, token, epoch, trimmed, future, too_many."""
        if token is None:
            return "new"
        if not hmac.compare_digest(token.encode(), self.token(who).encode()):
            return "token" if token.startswith(f"{self._feed.epoch}.") else "epoch"
        if who.role is Role.REPORTER:
            return "one_case"  # a single case: its state is shorter than its history
        if who.role is Role.SUPERVISOR:
            return "alarms"  # what rings now is shorter than what rang
        if set(at) - set(self._feed.streams):
            return "future"
        facts: list[Fact] = []
        for stream in self.at(who):
            memory, seen = self._feed.streams[stream], at.get(stream, 0)
            lost = memory.provable(seen)
            if lost is not None:
                return lost
            if memory.head - seen > RESUME_FACTS_MAX:
                return "too_many"
            if who.officer is None:
                facts += [memory.at(offset) for offset in range(seen + 1, memory.head + 1)]
            elif memory.head > seen:
                concerned = self._index.setdefault(stream, _Index(memory)).of(memory, who.officer)
                facts += [memory.at(offset) for offset in concerned if offset > seen]
        facts.sort(key=_when)  # across streams; within one the order stays (sort is stable)
        now = self._feed.now()
        told = [one for fact in facts for one in self._rendered(fact, now).for_(who)]
        return told if sum([len(one.frame) for one in told]) <= RESUME_BYTES_MAX else "too_many"

    def _rendered(self, fact: Fact, now: float) -> "_Rendered":
        """The fact's messages, made once for everybody who comes back within the same moment."""
        place = (fact.stream, fact.offset)
        known = self._known.get(place)
        if known is None or now - known.at > RENDERED_S:
            if len(self._known) >= RENDERED_MAX:
                self._known.clear()
            known = self._known[place] = _Rendered(now, deliveries(fact, self._elapsed_ms(fact)))
        return known

    def _elapsed_ms(self, fact: Fact) -> int:
        """How old the fact's state is, by the case's own age as it is known now."""
        entry = self._feed.board.cases.get(fact.case) if fact.case else None
        if entry is None or fact.state is None:
            return 0
        return max(0, entry.age_ms(self._feed.now()) - fact.state.age_ms)

    def snapshot(self, who: Who, follows: str | None = None) -> Snapshot:
        """Everything this person may see now, and who calls for help near them. `follows`: with what the desk of this
        station sees, for a supervisor."""
        own = msgspec.structs.replace(self._snapshot(who), panics=self._panics(who))
        if follows is None:
            return own
        desk = self._desk(follows, who, own.at)
        return msgspec.structs.replace(
            desk, alarms=own.alarms, panics=own.panics, left_out=desk.left_out + own.left_out
        )

    def _panics(self, who: Who) -> tuple[Panic, ...]:
        if who.role is Role.OFFICER and who.officer is not None:
            return tuple(one.view() for one in self.panics.seen_by(who.officer))
        if who.role is Role.SUPERVISOR and who.station is None:
            return tuple(one.view() for one in self.panics.everywhere())
        if who.role is Role.REPORTER or who.station is None:
            return ()
        return tuple(one.view() for one in self.panics.of_station(who.station))

    def _snapshot(self, who: Who) -> Snapshot:
        """Everything this person may see now. A reporter whose case is closed: see `Node.closed_case`."""
        now, board = self._feed.now(), self._feed.board
        if who.role is Role.OFFICER and who.officer is not None:
            offers, held, left_out = officer_snapshot(board, who.officer, now)
            said = talks(board, [h.case for h in held], who.name)
            return Snapshot(at=self.at(who), offers=offers, held=held, talks=said, left_out=left_out)
        if who.role is Role.REPORTER:
            return self._reporters(who, now)
        if who.role is Role.SUPERVISOR:
            ringing, left_out = alarms_for(board, who.station, now)
            return Snapshot(at=self.at(who), alarms=ringing, left_out=left_out)
        assert who.station is not None
        return self._desk(who.station, who, self.at(who))

    def _desk(self, station: str, who: Who, at: dict[str, int]) -> Snapshot:
        officers = tuple(
            OfficerDuty(officer=o.officer, call_sign=o.call_sign, surname=o.surname, on=True)
            for o in self._roster.of_station(station)
        )
        queue, left_out = desk_snapshot(self._feed.board, station, self._feed.now())
        said = talks(self._feed.board, [c.case for c in queue], who.name)
        return Snapshot(at=at, cases=queue, officers=officers, talks=said, left_out=left_out)

    def _reporters(self, who: Who, now: float) -> Snapshot:
        """The own case while it is open, else the open one that stands for it."""
        board = self._feed.board
        entry = board.followed(who.case) if who.case else None
        if entry is None or who.case is None:
            return Snapshot(at=self.at(who))
        view = followed(who.case, entry.state, int((now - entry.heard_at) * 1000))
        return Snapshot(at=self.at(who), cases=(view,), talks=talks(board, [who.case], who.name))
