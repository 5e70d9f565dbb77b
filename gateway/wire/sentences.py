"""Every refusal as a sentence for people. Codes are stable; sentences may be improved; pages have their own words."""

from typing import Any, Final

import msgspec

from dispatch.cases.facts import Answer, CaseState
from dispatch.cases.values import Refusal
from dispatch.cases.views import Result

SENTENCES: dict[str, str] = {
    Refusal.TAKEN: "Another officer was first.",
    Refusal.LATE: "The time was up. The station has it.",
    Refusal.AT_DESK: "The time was up. The station has it.",
    Refusal.WITHDRAWN: "The reporter took the report back.",
    Refusal.CLOSED: "The case is closed.",
    Refusal.NOT_OFFERED: "This case was not offered to you.",
    Refusal.STALE_ROUND: "This offer is no longer the present one.",
    Refusal.STALE_FENCE: "The case is no longer yours.",
    Refusal.OFF_DUTY: "The officer is off duty.",
    Refusal.NO_SLOT: "The officer already holds as many cases as allowed.",
    Refusal.DECLINED: "You declined this offer.",
    Refusal.HANDED_BACK: "You handed this case back.",
    Refusal.ALREADY_HELD: "The officer already holds this case.",
    Refusal.ILLEGAL: "The case's status does not allow this.",
    Refusal.NOT_YOURS: "This is not yours to do.",
    Refusal.NOT_FOUND: "There is no such case or officer.",
    Refusal.BUSY: "Nothing was decided. Ask again with the same key.",
    Refusal.HOLDS_CASE: "You hold an open case: clear it, hand it back or transfer it first.",
    Refusal.NOT_ASKED: "Nobody asks you for a sign of life now.",
    Refusal.PANIC_OVER: "Somebody at a desk has ended this call for help before.",
    Refusal.ON_SCENE: "The officer is on scene and stays there.",
    Refusal.NOT_HIGHER: "That case is no more urgent than the one the officer has.",
    Refusal.CHECK_OPEN: "The officer has been asked already.",
    Refusal.KEY_REUSED: "This key was used before with another content.",
    Refusal.TOO_OFTEN: "Too many lines in a minute. Wait a little.",
    Refusal.WRONG_WORD: "That is not the word. Ask for it again.",
    Refusal.WORD_SPENT: "Too many wrong words. Call the station.",
    Refusal.SUPERVISOR_ONLY: "A supervisor decides this.",
    Refusal.ANOTHER_SUPERVISOR: "The objection is against you: another supervisor decides.",
    Refusal.OVERDUE: "The days for an objection are over. Make a new report.",
    Refusal.RATED_BEFORE: "It was rated already.",
    Refusal.TALK_FULL: "This case holds as many lines as it may.",
    Refusal.SEATS_FULL: "The case has as many officers as one case may have.",
    Refusal.NOT_HOLDER: "The officer does not hold this case.",
    Refusal.ROUNDS_SPENT: "The case was offered as often as it may be. Send somebody.",
    Refusal.NOBODY_NEAR: "Nobody near can be asked.",
    Refusal.OTHER_STATION: "The officer is of another station, which lends none.",
    Refusal.ALREADY_ASKED: "Another officer is wanted already.",
    Refusal.MERGED: "The case was joined with another one of the same incident, which goes on.",
    Refusal.CIRCLE: "A case cannot be joined with itself, nor with one that was joined with it.",
    Refusal.JOINED: "Others reported the same: the case goes on for them.",
    Refusal.REPORTS_FULL: "The case holds as many reports as it may.",
    "not_allowed": "This is not for your role.",
    "character_not_allowed": "A text holds the character NUL, which cannot be kept.",
    "not_received": "No act with this key has arrived.",
    "away": "The service could not reach its records. Ask again with the same key.",
    "overloaded": "Too much is waiting. Ask again in a second with the same key.",
    "too_fast": "Too many claims in a minute. Wait a little.",
}


def say(reason: str | None, state: CaseState | None = None) -> str | None:
    """The sentence of a refusal; names the winner where there is one."""
    if reason is None:
        return None
    if reason == Refusal.TAKEN and state is not None and state.holders:
        return f"Officer {state.holders[0].call_sign} was first."
    return SENTENCES.get(reason, reason)


def result(key: str, answer: Answer) -> Result:
    """The judge's answer, as a client hears it."""
    case = answer.response.get("case") or (answer.state.id if answer.state else None)
    return Result(
        key=key,
        ok=answer.ok,
        case=case,
        reason=None if answer.ok else answer.reason,
        say=None if answer.ok else say(answer.reason, answer.state),
        fence=answer.response.get("fence") if answer.ok else None,
        status=answer.response.get("status"),
        more=_more(answer.response),
    )


class Results:
    """Results as they are sent. Those of one answer differ in their key alone: forty-nine losers hear one sentence."""

    def __init__(self) -> None:
        self._last: Answer | None = None
        self._tail = b""

    def encoded(self, key: str, answer: Answer) -> bytes:
        """The message `result(key, answer)`, as `msgspec` would write it."""
        if answer is not self._last:
            self._last, self._tail = answer, _encode(result("", answer))[len(_HEAD) :]
        # A key that was read from a message is letters, digits, - and _: nothing of it needs a backslash.
        return _HEAD + key.encode() + self._tail


_encode = msgspec.json.Encoder().encode
_HEAD: Final = b'{"t":"result","key":"'


def _more(response: dict[str, Any]) -> dict[str, Any] | None:
    """What only some acts answer."""
    return {"made": response["made"]} if "made" in response else None


def refused(key: str, reason: str) -> Result:
    return Result(key=key, ok=False, reason=reason, say=say(reason))


def stored(key: str, response: dict[str, object] | None) -> Result:
    """The answer that was stored under a key; not_received where there is none."""
    if response is None:
        return refused(key, "not_received")
    ok = bool(response.get("won", response.get("ok")))
    reason = response.get("reason")
    return Result(
        key=key,
        ok=ok,
        case=response.get("case"),  # type: ignore[arg-type]
        reason=None if ok else str(reason),
        say=None if ok else say(str(reason)),
        fence=response.get("fence"),  # type: ignore[arg-type]
        status=response.get("status"),  # type: ignore[arg-type]
        more=_more(response),
    )
