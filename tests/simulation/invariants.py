"""What must hold, judged apart from the code that is judged: a second bookkeeping over facts and told answers.

`Law` looks after every commit; `Law.settled` looks at the end, when the network has healed and people rest.
"""

import asyncio
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec

from dispatch.adapters.memory.rows import Records
from dispatch.adapters.memory.steps import ACK
from dispatch.cases.facts import Answer, CaseState, Fact
from dispatch.cases.values import CLOSED, Event, Status
from dispatch.limits import ALARMS_MAX
from tests.simulation.virtual_time import VirtualLoop

if TYPE_CHECKING:
    from tests.simulation.world import Node, World

GRANTS = frozenset({Event.CLAIMED, Event.SEAT_FILLED, Event.ASSIGNED, Event.REASSIGNED})
ROUNDS = frozenset({Event.OFFER_OPENED, Event.HANDED_BACK})
ENDS = frozenset({Event.CLEARED, Event.WITHDRAWN})


class Broken(AssertionError):
    """A promise does not hold."""


@dataclass(slots=True)
class Book:
    """One case, folded from its facts alone."""

    seats: int
    seq: int = 0
    round: int = 0
    fence: int = 0
    deadline_us: int = 0
    opened: bool = False
    closed: bool = False
    holders: dict[int, tuple[UUID, int]] = field(default_factory=dict)
    winners: set[tuple[int, int]] = field(default_factory=set)


class Law:
    """Watches one run. Raises: Broken, at the commit that broke a promise; and ends `verdict` with it, because those
    who are interrupted by it may be anybody."""

    def __init__(self, records: Records, loop: VirtualLoop) -> None:
        self.records, self.loop = records, loop
        self.over = False
        self.verdict: asyncio.Future[None] = loop.create_future()
        self.books: dict[UUID, Book] = {}
        self.held: defaultdict[UUID, int] = defaultdict(int)
        self.grants: dict[tuple[UUID, int], UUID] = {}
        self.reports: defaultdict[str, set[str]] = defaultdict(set)
        self.answers: defaultdict[tuple[str, str], list[tuple[bool, str | None]]] = defaultdict(list)
        self.facts = 0
        self._seen: defaultdict[str, int] = defaultdict(int)
        self._heard: dict[tuple[str, str], int] = {}

    def hold(self, holds: bool, promise: str, *about: object) -> None:
        if not holds:
            said = ", ".join(map(str, about))
            broken = Broken(f"seed {self.loop.seed}, {self.loop.time():.3f} s: {promise}: {said}")
            self.failed(broken)
            raise broken

    def failed(self, error: BaseException | None) -> None:
        """The run is over."""
        if error is not None and not self.verdict.done():
            self.verdict.set_exception(error)

    def passed(self, play: "asyncio.Task[Any]") -> None:
        """The play came to its end, by itself or by an error."""
        if not play.cancelled() and play.exception() is not None:
            self.failed(play.exception())
        elif not self.verdict.done():
            self.verdict.set_result(None)

    # --- at every commit
    def look(self) -> None:
        """Reads what was committed since the last look."""
        for stream, facts in self.records.events.items():
            while self._seen[stream] < len(facts):
                fact = facts[self._seen[stream]]
                self._seen[stream] += 1
                self.hold(fact.offset == self._seen[stream], "offsets have no gap", fact)
                self.facts += 1
                self.loop.record("fact", stream, fact.offset, str(fact.kind), str(fact.case), str(fact.officer))
                if fact.case is not None:
                    self._enter(fact.case, fact)

    def _enter(self, case: UUID, fact: Fact) -> None:
        if fact.kind == Event.RECEIVED:
            self.hold(case not in self.books, "a case is received once", fact)
            self.books[case] = Book(fact.body["seats"])
        book = self.books[case]
        book.seq += 1
        self.hold(fact.seq == book.seq, "a case's entries have no gap", fact)
        self.hold(not book.closed, "nothing happens to a closed case", fact)
        if fact.actor.startswith("officer:") and fact.kind in (Event.SET_OUT, Event.ARRIVED, *ENDS):
            self.hold(self._holds(book, fact.officer), "who acts holds a seat", fact)
        if fact.kind in GRANTS:
            self._granted(case, book, fact)
        elif fact.kind in (Event.HANDED_BACK, Event.HANDED_TO_DESK, Event.SEAT_HANDED_BACK):
            self.hold(self._holds(book, fact.officer), "who hands back holds a seat", fact)
            seats = {(book.round, seat) for seat, (holder, _) in book.holders.items() if holder == fact.officer}
            self._release(book, fact.officer)
            if fact.kind == Event.SEAT_HANDED_BACK:
                book.winners -= seats  # the round goes on: another may win it
        elif fact.kind in ENDS:
            self._release(book)
            book.closed = True
        elif fact.kind in (Event.FELL_BACK, Event.SENT_TO_DESK):
            early = fact.kind == Event.FELL_BACK and fact.at_us < book.deadline_us
            self.hold(not early, "no fall-back before the deadline", fact, book)
            self.hold(book.opened or book.round == 0, "only an open offer falls back", fact, book)
            book.opened = False
        if fact.kind in ROUNDS:
            book.round, book.deadline_us, book.opened = book.round + 1, fact.body["deadline_us"], True
            self.hold(fact.body["round"] == book.round, "rounds count up", fact, book)

    def _granted(self, case: UUID, book: Book, fact: Fact) -> None:
        assert fact.officer is not None
        seat, fence = fact.body["seat"], fact.body["fence"]
        if fact.kind == Event.REASSIGNED:
            self._release(book)
        if fact.kind in (Event.CLAIMED, Event.SEAT_FILLED):
            self.hold(book.opened, "a claim wins an open offer", fact, book)
            self.hold(fact.at_us < book.deadline_us, "a claim at the deadline is late", fact, book)
            asked = self.records.cases[case].asked(book.round)
            self.hold(fact.officer in asked, "who wins was asked in this round", fact)
            self.hold((book.round, seat) not in book.winners, "one winner a seat and round", fact, book)
            book.winners.add((book.round, seat))
        self.hold(fact.body["round"] == book.round, "a grant is of the present round", fact, book)
        self.hold(seat not in book.holders and 1 <= seat <= book.seats, "a seat holds one officer", fact, book)
        self.hold(not self._holds(book, fact.officer), "an officer has one seat of a case", fact, book)
        self.hold(fence > book.fence, "each grant has a higher fence", fact, book)
        book.fence = fence
        book.holders[seat] = fact.officer, fence
        self.grants[case, fence] = fact.officer
        self.held[fact.officer] += 1
        slots = self.records.officers[fact.officer].slots
        self.hold(self.held[fact.officer] <= slots, "an officer has no more cases than slots", fact)
        if len(book.holders) == book.seats or fact.kind == Event.ASSIGNED:
            book.opened = False

    def _holds(self, book: Book, officer: UUID | None) -> bool:
        return any(holder == officer for holder, _ in book.holders.values())

    def _release(self, book: Book, officer: UUID | None = None) -> None:
        for seat, (holder, _) in list(book.holders.items()):
            if officer in (None, holder):
                del book.holders[seat]
                self.held[holder] -= 1

    # --- at every fact that a process passes on
    def heard(self, life: str, fact: Fact) -> None:
        """In order, without holes, once. `life`: of a process, with the epoch it knows."""
        at = (life, fact.stream)
        last = self._heard.get(at)
        self.hold(last is None or fact.offset == last + 1, "a process passes facts on without a hole", life, fact)
        self._heard[at] = fact.offset

    # --- at every answer that a person hears
    def told_report(self, key: str, answer: Answer) -> None:
        self.hold(answer.ok, "a report is taken", key, answer.reason)
        self.reports[key].add(answer.response["case"])
        self.hold(len(self.reports[key]) == 1, "a key is one case", key, self.reports[key])
        self.hold(UUID(answer.response["case"]) in self.books, "an acknowledged report is kept", key)

    def told_claim(self, officer: UUID, key: str, case: UUID, round_: int, answer: Answer) -> None:
        self._told(f"officer:{officer}", key, answer)
        if answer.ok:
            fence = answer.response["fence"]
            self.hold(answer.response["round"] == round_, "won is of the round that was claimed", key, answer.response)
            self.hold(self.grants.get((case, fence)) == officer, "told won, and the seat was granted", key, fence)

    def told_act(self, scope: str, key: str, answer: Answer) -> None:
        self._told(scope, key, answer)

    def _told(self, scope: str, key: str, answer: Answer) -> None:
        said = self.answers[scope, key]
        said.append((answer.ok, answer.reason))
        self.loop.record("told", key, answer.ok, answer.reason)
        self.hold(len({ok for ok, _ in said}) == 1, "never won and lost for one key", scope, key, said)
        kept = self.records.kept.get((scope, key))
        won = kept is not None and bool(kept.response.get("won", kept.response.get("ok")))
        self.hold(answer.ok == won, "what is told is what is kept", scope, key, said, kept)

    # --- at the end
    def settled(self, world: "World") -> None:
        """After the heal, when nothing is under way any more."""
        self.look()
        records = self.records
        keys = [key for scope, key in records.kept if scope == "report"]
        self.hold(len(keys) == len(records.cases) == len(self.books), "one case a key", len(keys), len(records.cases))
        for case, row in records.cases.items():
            book = self.books[case]
            status = row.core.status
            self.hold(status not in (Status.RECEIVED, Status.OFFERED), "nobody waits without end", case, status)
            seated = {s.seat: (s.officer, s.fence) for s in row.seated}
            self.hold(seated == book.holders, "the holders are those of the history", case, seated, book)
            self.hold((status in CLOSED) == book.closed, "closed is closed", case, status)
            if status is Status.AT_STATION and not row.core.acknowledged and row.alarms < ALARMS_MAX:
                self.hold((ACK, case) in records.timers, "a case at the desk is never silent", case)
        for node in world.nodes:
            self.hold(node.ready, "every process is back", node.name)
            if node.role == "web":
                self._knows(node)
        heads = {stream: len(facts) for stream, facts in records.events.items()}
        self.hold(records.cursors == heads, "the relays have passed everything on", records.cursors, heads)

    def _knows(self, node: "Node") -> None:
        """A process knows exactly what the database holds."""
        records, board = self.records, node.feed.board
        for stream, facts in records.events.items():
            self.hold(node.feed.streams[stream].head == len(facts), "a stream is known to its end", node.name, stream)
        rows = {case: row for case, row in records.cases.items() if row.core.status not in CLOSED}
        self.hold(board.cases.keys() == rows.keys(), "the board holds the open cases", node.name)
        for case, row in rows.items():
            entry = board.cases[case]
            kept, known = _timeless(records.state_of(row)), _timeless(entry.state)
            self.hold(kept == known, "the board shows the case as it is", node.name, kept, known)
            asked = set(row.asked(row.core.round))
            self.hold(entry.recipients == asked, "the board knows who is asked", node.name, case, asked)
        held = {o: {c for c, row in rows.items() if any(s.officer == o for s in row.seated)} for o in records.officers}
        holding = {o: set(board.held.get(o, ())) for o in records.officers}
        self.hold(held == holding, "the board knows who holds what", node.name, held, holding)
        on_duty = {o for o, row in records.officers.items() if row.on_duty}
        self.hold(node.roster.by_id.keys() == on_duty, "the roster is who is on duty", node.name)
        for phone in node.members.values():
            self._shows(phone)

    def _shows(self, phone: Any) -> None:
        """A phone shows what its officer holds, and no offer that is over."""
        rows = self.records.cases.items()
        held = {case: s.fence for case, row in rows for s in row.seated if s.officer == phone.id}
        self.hold(phone.held == held, "a phone shows what its officer holds", phone.id, phone.held, held)
        self.hold(not phone.offers, "a phone shows no offer that is over", phone.id, phone.offers)


def _timeless(state: CaseState) -> CaseState:
    return msgspec.structs.replace(state, remaining_ms=None, age_ms=0)
