"""`dispatch.cases.ports.CaseStore` and `dispatch.streams.relaying.Cursors` in memory, for simulations and tests.

Every call is atomic and immediate, and answers as PostgreSQL's functions do (tests/contract holds both to it). What is
missing beside them: the hash chain, receipts, sessions, and everything that a crash could take.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from dispatch.adapters.memory import check_ins, deadlines, desk, judging, talking
from dispatch.adapters.memory.rows import Kept, Records, utc
from dispatch.cases import duplicates
from dispatch.cases.facts import Answer, CaseState, Fact, TalkState
from dispatch.cases.ports import (
    FIRED,
    ActDraft,
    ClaimDraft,
    DueWave,
    Heads,
    HistoryEntry,
    Likely,
    ReportDraft,
    WideDraft,
)
from dispatch.cases.values import CLOSED, Event
from dispatch.limits import TALK_KEPT_LINES
from dispatch.positions.roster import OnDuty

ENDING = frozenset({Event.CLAIMED, Event.FELL_BACK, Event.SENT_TO_DESK, Event.WITHDRAWN, Event.MERGED})


class MemoryCases:
    """A store on a database that it shares with others."""

    def __init__(self, records: Records) -> None:
        self.records = records

    async def report(self, drafts: Sequence[ReportDraft]) -> list[Answer]:
        us = self.records.now_us()
        order = sorted(range(len(drafts)), key=lambda i: (drafts[i].scope, drafts[i].key))
        answers = {i: judging.report_one(self.records, drafts[i], us) for i in order}
        return [answers[i] for i in range(len(drafts))]

    async def claim(self, drafts: Sequence[ClaimDraft]) -> list[Answer]:
        us = self.records.now_us()
        return [judging.claim_one(self.records, draft, us) for draft in drafts]

    async def act(self, draft: ActDraft) -> Answer:
        return judging.act(self.records, draft, self.records.now_us())

    async def pull(self, draft: ActDraft) -> list[Answer]:
        return judging.pull(self.records, draft, self.records.now_us())

    async def widen(self, drafts: Sequence[WideDraft]) -> list[Answer]:
        return deadlines.widen(self.records, drafts, self.records.now_us())

    async def set_duty(self, officer: UUID, on: bool, key: str, hash_: str, shift_min: int | None = None) -> Answer:
        db, place = self.records, (f"officer:{officer}", key)
        kept = db.kept.get(place)
        if kept is not None:
            return judging.again(kept, hash_, bool(kept.response["ok"]), kept.response["reason"])
        changed = self._change_duty(officer, on, shift_min)
        response = {"ok": changed.ok, "reason": changed.reason}
        db.kept[place] = Kept(hash_, response)
        return msgspec.structs.replace(changed, response=response)

    def _change_duty(self, officer: UUID, on: bool, shift_min: int | None) -> Answer:
        db = self.records
        row = db.officers.get(officer)
        if row is None or (not on and row.held > 0):
            return Answer(ok=False, reason="holds_case" if row else "not_found", response={})
        ends_us = db.now_us() + shift_min * 60_000_000 if on and shift_min is not None else None
        if row.on_duty == on:
            row.shift_ends_us = row.shift_ends_us if ends_us is None else ends_us
            return Answer(ok=True, reason=None, response={})
        planned = row.shift_ends_us
        if on and ends_us is None and planned is not None and planned > db.now_us():
            ends_us = planned
        row.on_duty, row.shift_ends_us = on, ends_us
        stream = db.events[row.station]
        fact = Fact(
            stream=row.station,
            offset=len(stream) + 1,
            kind="duty",
            actor=f"officer:{officer}",
            at_us=db.now_us(),
            body={"on": on, "call_sign": row.call_sign, "surname": row.surname, "slots": row.slots, "beat": row.beat},
            officer=officer,
        )
        stream.append(fact)
        return Answer(ok=True, reason=None, response={}, facts=(fact,))

    async def set_desk_shift(self, account: UUID, station: str, on: bool, key: str, hash_: str) -> Answer:
        db, place = self.records, (f"account:{account}", key)
        kept = db.kept.get(place)
        if kept is not None:
            return judging.again(kept, hash_, True, None)
        response: dict[str, Any] = {"ok": True}
        db.kept[place] = Kept(hash_, response)
        fact = desk.set_shift(db, account, station, on)
        return Answer(ok=True, reason=None, response=response, facts=(fact,))

    async def due_stations(self) -> list[str]:
        return deadlines.due_stations(self.records, self.records.now_us())

    async def fire(self, station: str, *kinds: str) -> list[Answer]:
        us = self.records.now_us()
        firing = {"window": deadlines.fire_window, "ack": deadlines.fire_ack, "check_in": check_ins.fire}
        return [answer for kind in kinds or FIRED for answer in firing[kind](self.records, station, us)]

    async def due_waves(self) -> list[DueWave]:
        return deadlines.due_waves(self.records, self.records.now_us())

    async def by_key(self, scope: str, key: str) -> dict[str, Any] | None:
        kept = self.records.kept.get((scope, key))
        return dict(kept.response) if kept else None

    async def heads(self) -> Heads:
        return Heads(self.records.epoch, {stream: len(facts) for stream, facts in self.records.events.items()})

    async def read_stream(self, stream: str, after: int, count: int) -> list[Fact]:
        return [self._read(fact) for fact in self.records.events.get(stream, [])[after : after + count]]

    def _read(self, fact: Fact) -> Fact:
        """With its case's state now, whom its wave asked, and whose offer it ended."""
        if fact.case is None or fact.seq is None:
            return fact
        row = self.records.cases[fact.case]
        asked: tuple[UUID, ...] = ()
        if fact.kind in ENDING:
            before = [w.round for w in row.waves if w.seq < fact.seq]
            asked = tuple(row.asked(max(before), fact.seq)) if before else ()
        to = next((w.recipients for w in row.waves if w.seq == fact.seq), ())
        return msgspec.structs.replace(fact, state=self.records.state_of(row), to=to, asked=asked)

    async def open_cases(self) -> list[tuple[CaseState, frozenset[UUID]]]:
        rows = sorted(self.records.cases.values(), key=lambda row: row.received_us)
        is_open = (row for row in rows if row.core.status not in CLOSED)
        return [(self.records.state_of(row), frozenset(row.asked(row.core.round))) for row in is_open]

    async def case(self, case: UUID) -> CaseState | None:
        row = self.records.cases.get(case)
        return self.records.state_of(row) if row else None

    async def talks(self, cases: Sequence[UUID]) -> list[TalkState]:
        rows = [self.records.cases[case] for case in cases if case in self.records.cases]
        return [talking.talk_of(row, None, TALK_KEPT_LINES, row.marks) for row in rows if row.lines]

    async def talk(self, case: UUID, before: int | None, count: int) -> TalkState:
        row = self.records.cases.get(case)
        return talking.talk_of(row, before, count) if row else TalkState(case=case, lines=())

    async def history(self, case: UUID) -> list[HistoryEntry]:
        row = self.records.cases.get(case)
        facts = row.facts if row else []
        signs = {o.id: o.call_sign for o in self.records.officers.values()}
        return [
            HistoryEntry(f.seq or 0, f.kind, f.actor, utc(f.at_us), signs.get(f.officer) if f.officer else None, f.body)
            for f in facts
        ]

    async def duplicates(self, case: UUID) -> list[Likely]:
        row = self.records.cases.get(case)
        everybody = map(self.records.state_of, self.records.cases.values())
        return duplicates.likely(self.records.state_of(row), everybody) if row else []

    async def roster(self) -> list[OnDuty]:
        """Officers on duty."""
        rows = self.records.officers.values()
        return [OnDuty(o.id, o.station, o.call_sign, o.surname, o.slots, o.beat) for o in rows if o.on_duty]

    async def free_roster(self) -> list[OnDuty]:
        """Officers on duty with a slot left, `slots` being those left."""
        rows = (o for o in self.records.officers.values() if o.on_duty and o.held < o.slots)
        return [OnDuty(o.id, o.station, o.call_sign, o.surname, o.slots - o.held, o.beat) for o in rows]


class MemoryCursors:
    """Where the relays stand."""

    def __init__(self, records: Records) -> None:
        self._records = records

    async def load(self) -> dict[str, int]:
        return dict(self._records.cursors)

    async def save(self, cursors: Mapping[str, int]) -> None:
        kept = self._records.cursors
        for stream, offset in cursors.items():
            kept[stream] = max(offset, kept.get(stream, 0))
