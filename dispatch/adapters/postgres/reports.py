"""Reports for the judge as columns, and what it answers of each as facts and a state.

The judge returns of a new case only what its caller did not send: the rest of the state is the draft's own.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from asyncpg.pgproto import pgproto

from dispatch.cases.facts import Answer, CaseState, Fact
from dispatch.cases.ports import ReportDraft
from dispatch.cases.values import Event, Status

ASK = (
    "SELECT * FROM report_cases($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, "
    "$20, $21, $22, $23, $24, $25, $26)"
)

_object = msgspec.json.Decoder(dict[str, Any]).decode
_encode = msgspec.json.Encoder().encode


def columns(drafts: Sequence[ReportDraft]) -> list[Any]:
    """The arguments of `ASK`."""
    ends: list[int] = []
    candidates: list[UUID] = []
    for draft in drafts:
        candidates += draft.candidates
        ends.append(len(candidates))
    return [
        [d.id for d in drafts],
        [d.scope for d in drafts],
        [d.key for d in drafts],
        [bytes.fromhex(d.hash) for d in drafts],
        [d.station for d in drafts],
        [d.category for d in drafts],
        [d.words for d in drafts],
        [bytes.fromhex(d.salt) for d in drafts],
        [d.lat for d in drafts],
        [d.lon for d in drafts],
        [d.accuracy_m for d in drafts],
        [d.place_source for d in drafts],
        [d.reporter for d in drafts],
        [bytes.fromhex(d.receipt_mac) for d in drafts],
        [d.exercise for d in drafts],
        [d.channel for d in drafts],
        [_encode(d.noted).decode() if d.noted else "{}" for d in drafts],
        [d.ring_m for d in drafts],
        [d.wave for d in drafts],
        [d.last_wave for d in drafts],
        [d.asks for d in drafts],
        [d.pause_ms for d in drafts],
        [d.desk_first for d in drafts],
        ends,
        candidates,
        len(set(candidates)),
    ]


def answer_of(draft: ReportDraft, row: Any) -> Answer:
    """What became of it: a new case with its two facts, or the stored answer of its key."""
    _, ok, reason, response, event, top, at_us, *_ = row
    if event is None:
        return Answer(ok=ok, reason=reason, response=_object(response) if response else {})
    case = pgproto.UUID(draft.id.bytes)  # hashed once and in C: fifty officers' sets hold it
    state = _state(draft, case, row)
    common = {"stream": draft.station, "case": case, "at_us": at_us}
    received = Fact(
        offset=top - 1, seq=1, kind=Event.RECEIVED, actor=draft.reporter, body=_object(row["body_1"]), **common
    )
    # "received" comes with what became of it in the same commit, and that one carries the state.
    asked: Sequence[Any] = row["recipients"]
    became = Fact(
        offset=top,
        seq=2,
        kind=event,
        actor="service",
        body=_object(row["body_2"]),
        state=state,
        to=tuple(draft.candidates if asked is None else asked) if event == Event.OFFER_OPENED else (),
        **common,
    )
    told = {"case": str(draft.id), "station": draft.station, "status": str(state.status)}
    return Answer(ok=True, reason=None, response=told, facts=(received, became), state=state)


def _state(draft: ReportDraft, case: UUID, row: Any) -> CaseState:
    """As `state_of` in the judge tells a case that has just been made."""
    offered = row["event"] == Event.OFFER_OPENED
    return CaseState(
        id=case,
        station=draft.station,
        category=draft.category,
        words=draft.words,
        lat=draft.lat,
        lon=draft.lon,
        accuracy_m=row["shown_accuracy_m"],
        status=Status.OFFERED if offered else Status.AT_STATION,
        round=1 if offered else 0,
        wave=draft.wave if offered else 0,
        seats=row["seats"],
        fence=0,
        seq=2,
        received_us=row["at_us"],
        remaining_ms=max(0, row["window_ms"] - row["age_ms"]) if offered else None,
        age_ms=row["age_ms"],
        desk_reason=row["why"],
        acknowledged=False,
        alarms=0,
        disposition=None,
        exercise=draft.exercise,
        channel=draft.channel,
        declined=(),
        handed_back=(),
        holders=(),
    )
