"""The use cases of a case: report, claim, act, duty, and who joins an open offer. Asks the judge, tells the feed."""

import asyncio
import functools
import hashlib
import logging
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

import msgspec

from dispatch.batching import Batch, Overloaded
from dispatch.cases.board import OPENING
from dispatch.cases.catalogue import Catalogue
from dispatch.cases.facts import Answer, CaseState
from dispatch.cases.modes import HEAD_START, opening_wave
from dispatch.cases.policy import Mode
from dispatch.cases.ports import ActDraft, CaseStore, ClaimDraft, Nearby, ReportDraft, StoreAway, StoreBusy, WideDraft
from dispatch.cases.rings import Wave
from dispatch.cases.values import Event, Refusal
from dispatch.limits import BATCH_QUEUE_MAX, CLAIM_LEADERS, REPORT_CALL_S, REPORT_WAIT_S_MAX
from dispatch.lull import Lull
from dispatch.pace import Pace
from dispatch.streams.feed import Feed
from geo.distance import metres_fast
from geo.point import Point

log = logging.getLogger(__name__)

JOIN_CASES_MAX = 64  # offers widened in one call: each holds its case until the commit
JOIN_MS_MIN = 1_000  # a card that opens for less than a second helps nobody


class Reporting:
    """Reports become offered cases, many in one commit."""

    def __init__(
        self,
        store: CaseStore,
        feed: Feed,
        near: Nearby,
        catalogue: Catalogue,
        clock: Callable[[], float],
        lull: Lull | None = None,
    ) -> None:
        """`clock`: Unix seconds as the database says them; asked where a category's mode changes with the hour.

        `lull`: shared with the claims of the same process.
        """
        self._store, self._feed, self._near, self.catalogue = store, feed, near, catalogue
        self._clock = clock
        self._batch: Batch[Callable[[], ReportDraft], Answer] = Batch(
            self._flush, pace=Pace(REPORT_CALL_S, REPORT_WAIT_S_MAX), lull=lull
        )

    def wave(self, category: str, lat: float, lon: float, station: str) -> Wave:
        """Whom a new case is put before. Raises: StoreAway, where the hour matters and is not known yet."""
        plan = self.catalogue.opening_plan(category, station, Point(lat, lon), self._clock)
        return opening_wave(self._near, plan, lat, lon, station)

    def wave_again(self, state: CaseState, except_for: frozenset[UUID], *, by_desk: bool = False) -> Wave:
        """Whom a further round of a case is put before, in the mode of the hour in which it was received.

        `by_desk`: the desk wants it offered; then what is the desk's first is snatched.
        """
        place = Point(state.lat, state.lon)
        plan = self.catalogue.opening_plan(state.category, state.station, place, functools.partial(_received_s, state))
        if by_desk and plan.mode is Mode.DESK_FIRST:
            plan = replace(plan, mode=Mode.SNATCH)
        return opening_wave(self._near, plan, state.lat, state.lon, state.station, except_for=except_for)

    async def report(self, draft: ReportDraft) -> Answer:
        """The case of this key. `ok` false: key_reused or busy. Raises: StoreAway (ask again), Overloaded."""
        return await self.put(lambda: draft)

    def put(self, make: Callable[[], ReportDraft]) -> "asyncio.Future[Answer]":
        """The same to come, of a draft that is made when the judge is asked. Raises: Overloaded; later what `make` did.

        The officers nearby are those of that moment, and drafts that are made one after another cost half of what
        each costs between other work.
        """
        return self._batch.put(make)

    async def _flush(self, makes: Sequence[Callable[[], ReportDraft]]) -> Sequence[Answer | Exception]:
        made = [_made(make) for make in makes]
        drafts = [one for one in made if not isinstance(one, Exception)]
        answers = await self._store.report(drafts) if drafts else ()
        self._feed.committed(answers)
        each = iter(answers)
        return [one if isinstance(one, Exception) else next(each) for one in made]


def _made(make: Callable[[], ReportDraft]) -> ReportDraft | Exception:
    """A draft, or why there is none: it spoils no other's."""
    try:
        return make()
    except Exception as error:
        return error


def claim_hash(draft: ClaimDraft) -> str:
    """What a claim asks, in hex. Made for those that come before the judge only: most of a race never do."""
    return hashlib.sha256(b"claim" + draft.case.bytes + draft.round.to_bytes(8, "big")).hexdigest()


Told = Callable[[Answer | Exception], None]
"""Hears what became of a claim, once: the answer, or why there is none (StoreAway, StoreBusy, Overloaded)."""


class _Race:
    """Claims of one case in this process: a few before the judge, the rest waiting for their answer."""

    __slots__ = ("judging", "waiting")

    def __init__(self) -> None:
        self.judging = 0
        self.waiting: deque[tuple[ClaimDraft, Told]] = deque()


class Claiming:
    """Claims that arrive together are judged together; who is certainly too late hears it at once."""

    def __init__(self, store: CaseStore, feed: Feed, lull: Lull | None = None) -> None:
        self._store, self._feed = store, feed
        self._batch: Batch[ClaimDraft, Answer] = Batch(self._flush, lanes=4, lull=lull)
        self._races: defaultdict[UUID, _Race] = defaultdict(_Race)
        self._waiting = 0
        self._last_early = Answer(ok=False, reason=None, response={})

    async def claim(self, draft: ClaimDraft) -> Answer:
        """Won or refused, by the judge or by what is already certain. Raises: StoreAway, Overloaded."""
        early = self.early(draft.case, draft.officer, draft.round)
        if early is not None:
            return early
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self.put(draft, functools.partial(_pass_on, future))
        return await future

    def early(self, case: UUID, officer: UUID, round_: int) -> Answer | None:
        """A refusal that the judge would only repeat."""
        refusal = self._feed.board.refuses(case, officer, round_)
        if refusal is None:
            return None
        state, last = self._feed.board.cases[case].state, self._last_early
        if last.state is not state or last.reason != refusal:  # of a race's losers each hears the same
            self._last_early = last = Answer(ok=False, reason=refusal, response={}, state=state)
        return last

    def put(self, draft: ClaimDraft, told: Told) -> None:
        """As `claim`, for callers that have asked `early` and need neither task nor future. Raises: Overloaded."""
        race = self._races[draft.case]
        if race.judging < CLAIM_LEADERS:
            self._judge(race, draft, told)
            return
        if self._waiting >= BATCH_QUEUE_MAX:
            raise Overloaded
        race.waiting.append((draft, told))
        self._waiting += 1

    def _judge(self, race: _Race, draft: ClaimDraft, told: Told) -> None:
        draft.hash = draft.hash or claim_hash(draft)
        try:
            answer = self._batch.put(draft)
        except Overloaded:
            if not race.waiting and race.judging == 0:
                self._races.pop(draft.case, None)
            raise
        race.judging += 1
        answer.add_done_callback(functools.partial(self._judged, race, draft.case, told))

    def _judged(self, race: _Race, case: UUID, told: Told, answer: "asyncio.Future[Answer]") -> None:
        """After an answer: those who waited are refused if it is certain now; else the next goes to the judge."""
        race.judging -= 1
        outcome = _outcome(answer)
        told(outcome)
        failed = outcome if isinstance(outcome, Exception) else None
        if isinstance(outcome, Answer) and outcome.reason == Refusal.BUSY:
            failed = StoreBusy("the case is held elsewhere")
        while failed is not None and race.waiting:  # nothing of theirs was begun: each may ask again with its key
            self._waiting -= 1
            race.waiting.popleft()[1](failed)
        while race.waiting and race.judging < CLAIM_LEADERS:
            draft, told = race.waiting.popleft()
            self._waiting -= 1
            early = self.early(draft.case, draft.officer, draft.round)
            if early is not None:
                told(early)
                continue
            try:
                self._judge(race, draft, told)
            except Overloaded as error:
                told(error)
        if not race.waiting and race.judging == 0:
            self._races.pop(case, None)

    async def _flush(self, drafts: Sequence[ClaimDraft]) -> Sequence[Answer]:
        answers = await self._store.claim(drafts)
        self._feed.committed(answers)
        return [self._told_who(draft, answer) for draft, answer in zip(drafts, answers, strict=True)]

    def _told_who(self, draft: ClaimDraft, answer: Answer) -> Answer:
        """A refusal that knows who was first, where this process does."""
        entry = self._feed.board.cases.get(draft.case) if answer.state is None else None
        return answer if entry is None else msgspec.structs.replace(answer, state=entry.state)


def _outcome(judged: "asyncio.Future[Answer]") -> Answer | Exception:
    """A call that was cut off has an outcome that nobody knows."""
    if judged.cancelled():
        return StoreAway("the call was cut off")
    error = judged.exception()
    if error is None:
        return judged.result()
    return error if isinstance(error, Exception) else StoreAway(str(error))


def _pass_on(future: "asyncio.Future[Answer]", outcome: Answer | Exception) -> None:
    if future.done():  # the caller may have gone
        return
    if isinstance(outcome, Exception):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)


class Acting:
    """Every other act on a case, and duty."""

    def __init__(self, store: CaseStore, feed: Feed, reporting: Reporting) -> None:
        self._store, self._feed, self._reporting = store, feed, reporting

    async def act(self, draft: ActDraft) -> Answer:
        """What the judge says. A new round carries those who may be asked. Raises: StoreAway, StoreBusy."""
        pulls = draft.event == Event.PREEMPTED
        if pulls or draft.event in OPENING:
            entry = self._feed.board.cases.get(draft.from_case if pulls and draft.from_case else draft.case)
            if entry is not None:
                holders = (h.officer for h in entry.state.holders)
                never = frozenset((*entry.state.handed_back, *holders))
                wave = self._reporting.wave_again(entry.state, never, by_desk=draft.actor != "officer")
                draft.candidates = [o for o in wave.candidates if o != draft.officer]
                draft.wave, draft.ring_m, draft.last_wave = wave.number, wave.ring_m, wave.last
                draft.asks, draft.pause_ms = wave.asks, wave.pause_ms
        if pulls:
            answers = await self._store.pull(draft)
            self._feed.committed(reversed(answers))  # first the officer is free, then on the other case
            return answers[0]
        answer = await self._store.act(draft)
        self._feed.committed([answer])
        return answer

    async def duty(self, officer: UUID, on: bool, key: str, hash_: str, shift_min: int | None = None) -> Answer:
        """On or off duty; off with an open case is refused."""
        answer = await self._store.set_duty(officer, on, key, hash_, shift_min)
        self._feed.committed([answer])
        return answer

    async def desk_shift(self, account: UUID, station: str, on: bool, key: str, hash_: str) -> Answer:
        """Somebody of a desk goes on shift or off."""
        answer = await self._store.set_desk_shift(account, station, on, key, hash_)
        self._feed.committed([answer])
        return answer


@dataclass(frozen=True, slots=True)
class Came:
    """An officer who has just come near somewhere, on duty, or free again. `station`: the officer's own."""

    officer: UUID
    place: Point
    station: str


def _received_s(state: CaseState) -> float:
    return state.received_us / 1e6


class Joining:
    """An officer who comes on duty or into the ring while a window is open gets the offer too."""

    def __init__(self, store: CaseStore, feed: Feed, catalogue: Catalogue) -> None:
        self._store, self._feed, self.catalogue = store, feed, catalogue

    def offers_for(self, came: Came, now: float) -> list[WideDraft]:
        """Open offers whose present ring now holds the officer and which have room for one more.

        A head start and a turn are not joined: their next wave is seconds away.
        """
        drafts = []
        for entry in self._feed.board.open_around(came.place.lat, came.place.lon):
            state = entry.state
            if came.officer in entry.recipients or came.officer in (*state.declined, *state.handed_back):
                continue
            category = self.catalogue.categories.get(state.category)
            if category is None or entry.remaining_ms(now) < JOIN_MS_MIN:
                continue
            plan = self.catalogue.plan_of(state.category, state.station, functools.partial(_received_s, state))
            over = plan.own and came.station != state.station
            if over or state.wave == HEAD_START or plan.mode is Mode.BEST_OFFICER:
                continue
            ring_m = category.rings_m[min(state.wave, len(category.rings_m)) - 1]
            if metres_fast(came.place, Point(state.lat, state.lon)) <= ring_m:
                drafts.append(
                    WideDraft(
                        case=state.id,
                        event="offer_joined",
                        round=state.round,
                        wave=state.wave,
                        ring=state.wave,
                        ring_m=ring_m,
                        last_wave=True,
                        candidates=[came.officer],
                    )
                )
        return drafts

    async def join(self, came: Sequence[Came], now: float) -> None:
        """Puts open offers before them. Raises: StoreAway, StoreBusy."""
        drafts = [draft for one in came for draft in self.offers_for(one, now)]
        for first in range(0, len(drafts), JOIN_CASES_MAX):
            self._feed.committed(await self._store.widen(drafts[first : first + JOIN_CASES_MAX]))
