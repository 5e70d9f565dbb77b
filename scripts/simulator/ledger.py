"""What people were told, when, by the simulator's own clock: nothing is judged here.

Times are seconds of one monotonic clock. A case is known by its id as soon as anybody hears of it, by its receipt
when its citizen does; an offer may well come first.
"""

from dataclasses import dataclass, field
from uuid import UUID


@dataclass(slots=True)
class Sent:
    """A report on its way: one idempotency key. `first` and `last` attempt; `acked` when an answer was read."""

    number: int
    first: float
    last: float
    attempts: int = 1
    acked: float | None = None
    case: UUID | None = None
    receipt: str | None = None
    contradiction: str | None = None


@dataclass(frozen=True, slots=True)
class Read:
    """What the receipt opened at the very end. `why` when it opened nothing."""

    status: str | None
    desk_reason: str | None = None
    why: str | None = None


@dataclass(slots=True)
class CaseLog:
    """Everything heard about one case. `claimed`, `won`: officers by round; `at_desk`: when the desk or the citizen was
    first told. `taken_at`, `way_m`: when the first officer had it, and how far away; `rung`: phones that showed its
    card, each once a round."""

    case: UUID
    seats: int = 1
    offers: list[float] = field(default_factory=list)
    claimed: dict[int, set[str]] = field(default_factory=dict)
    won: dict[int, set[str]] = field(default_factory=dict)
    at_desk: float | None = None
    hinted: float | None = None
    desk_reason: str | None = None
    taken_at: float | None = None
    way_m: float | None = None
    rung: int = 0
    status: str | None = None
    read: Read | None = None


@dataclass(slots=True)
class Ledger:
    """Of one run."""

    sent: dict[int, Sent] = field(default_factory=dict)
    cases: dict[UUID, CaseLog] = field(default_factory=dict)
    on_duty: dict[str, float] = field(default_factory=dict)
    taken_by: dict[str, int] = field(default_factory=dict)
    day_ended: float | None = None
    claims_sent: int = 0
    refused: int = 0
    refusals: dict[str, int] = field(default_factory=dict)
    claim_s: list[float] = field(default_factory=list)
    declines: int = 0
    signals_lost: int = 0
    resumed: int = 0
    snapshots: int = 0
    reports_repeated: int = 0
    strange: dict[str, int] = field(default_factory=dict)

    def of(self, case: UUID) -> CaseLog:
        log = self.cases.get(case)
        if log is None:
            log = self.cases[case] = CaseLog(case)
        return log

    def report_sent(self, number: int, now: float) -> None:
        """The citizen pressed send, for the first time or again with the same key."""
        sent = self.sent.get(number)
        if sent is None:
            self.sent[number] = Sent(number, first=now, last=now)
            return
        sent.last = now
        sent.attempts += 1
        self.reports_repeated += 1

    def report_answered(self, number: int, case: UUID, receipt: str, now: float) -> None:
        """201 or, for the same key again, 200: which must name the same case and the same receipt."""
        sent = self.sent[number]
        if sent.acked is None:
            sent.acked, sent.case, sent.receipt = now, case, receipt
        elif (sent.case, sent.receipt) != (case, receipt):
            sent.contradiction = f"the same key was answered by case {sent.case} and by case {case}"
        self.of(case)

    def offered(self, case: UUID, seats: int, now: float, *, timed: bool) -> None:
        """A card was shown. `timed`: in the first wave, to a phone that had been in touch all the while."""
        log = self.of(case)
        log.seats = seats
        if timed:
            log.offers.append(now)

    def claimed(self, case: UUID, round_: int, officer: str) -> None:
        """A tap was sent (once an officer and round, however often the phone repeats it)."""
        officers = self.of(case).claimed.setdefault(round_, set())
        if officer not in officers:
            officers.add(officer)
            self.claims_sent += 1

    def won(self, case: UUID, round_: int, officer: str) -> None:
        """This officer was told to hold a seat: by the answer to the claim, or by being shown the whole case."""
        self.of(case).won.setdefault(round_, set()).add(officer)

    def rang(self, case: UUID) -> None:
        """A phone showed the card of this round for the first time."""
        self.of(case).rung += 1

    def took(self, case: UUID, officer: str, now: float, way_m: float) -> None:
        """This officer goes there, from so far away; told once a case and officer."""
        self.taken_by[officer] = self.taken_by.get(officer, 0) + 1
        log = self.of(case)
        if log.taken_at is None:
            log.taken_at, log.way_m = now, way_m

    def refusal(self, case: UUID, reason: str, now: float) -> None:
        """This officer was told why not. Being late, or the desk having it, is word of a fallback too."""
        self.refused += 1
        self.refusals[reason] = self.refusals.get(reason, 0) + 1
        if reason in ("late", "at_desk"):
            self.hint(case, now)

    def hint(self, case: UUID, now: float) -> None:
        """An officer heard that the case is at the desk; no reason was given."""
        log = self.of(case)
        log.hinted = now if log.hinted is None else min(log.hinted, now)

    def seen(self, case: UUID, status: str, desk_reason: str | None, now: float) -> None:
        """The citizen or the desk was shown the case."""
        log = self.of(case)
        log.status = status
        if status == "at_station":
            log.desk_reason = desk_reason or log.desk_reason
            log.at_desk = now if log.at_desk is None else min(log.at_desk, now)

    def odd(self, what: str) -> None:
        """Something that should not happen and breaks no promise by itself; counted by name."""
        self.strange[what] = self.strange.get(what, 0) + 1
