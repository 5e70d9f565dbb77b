"""Claims for the judge as columns, and what it answers of each as an answer with its fact and the case's state."""

from collections.abc import Sequence
from typing import Any

import msgspec

from dispatch.cases.facts import Answer, CaseState, Fact
from dispatch.cases.ports import ClaimDraft

ASK = "SELECT * FROM claim_cases($1, $2, $3, $4, $5)"

_object = msgspec.json.Decoder(dict[str, Any]).decode
_state = msgspec.json.Decoder(CaseState).decode


def columns(drafts: Sequence[ClaimDraft]) -> list[Any]:
    """The arguments of `ASK`, in the order of arrival."""
    return [
        [d.case for d in drafts],
        [d.officer for d in drafts],
        [d.round for d in drafts],
        [d.key for d in drafts],
        [bytes.fromhex(d.hash) for d in drafts],
    ]


def answer_of(draft: ClaimDraft, row: Any) -> Answer:
    """What became of it: a seat with its fact, a refusal, or the stored answer of its key."""
    _, ok, reason, response, event, stream, offset, seq, at_us, seat, fence, state = row
    case = str(draft.case)
    if event is None:
        if response is not None:
            return Answer(ok=ok, reason=reason, response=_object(response))
        told = {"won": False, "case": case, "reason": reason, "round": draft.round}
        return Answer(ok=ok, reason=reason, response={} if reason == "key_reused" else told)
    fact = Fact(
        stream=stream,
        offset=offset,
        case=draft.case,
        seq=seq,
        kind=event,
        actor=f"officer:{draft.officer}",
        officer=draft.officer,
        at_us=at_us,
        body={"seat": seat, "fence": fence, "round": draft.round},
        state=(now := _state(state)),
    )
    told = {"won": True, "case": case, "fence": fence, "round": draft.round}
    return Answer(ok=True, reason=None, response=told, facts=(fact,), state=now)
