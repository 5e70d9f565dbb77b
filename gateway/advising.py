"""Advice to call, as people hear it; and noted in the case where it is given after the report."""

import hashlib
import logging
from uuid import UUID

from dispatch.advice.rules import Verdict, say, shipped
from dispatch.cases.ports import ActDraft, StoreAway, StoreBusy
from dispatch.cases.service import Acting
from dispatch.cases.values import Actor, Event
from gateway.wire.safety import Advice, AdviceAsked

log = logging.getLogger(__name__)


def advice_of(verdict: Verdict, police: str) -> Advice:
    """The verdict as people hear it. `police`: the operator's number."""
    number = shipped().number(verdict.call, police)
    return Advice(emergency=True, call=number, because=verdict.because, say=say(number, verdict.because))


class Advising:
    """Of one process."""

    def __init__(self, acting: Acting, police: str) -> None:
        self._acting, self._police = acting, police

    async def heard(self, case: UUID, said: AdviceAsked) -> Advice | None:
        """What a reporter said later, or None: it sounds like no emergency. The advice stands in the case's history,
        once for the same rules; where the record is away it is given all the same."""
        verdict = shipped().check(said.words, category=said.category, answers=said.answers)
        if verdict is None:
            return None
        made_of = hashlib.sha256("|".join(verdict.rules).encode()).hexdigest()
        draft = ActDraft(
            case=case,
            event=Event.ADVISED,
            actor=Actor.REPORTER,
            actor_id=case,
            scope=f"case:{case}",
            key=f"advice-{made_of[:40]}",
            hash=made_of,
            advice={"call": str(verdict.call), "rules": verdict.rules},
        )
        try:
            await self._acting.act(draft)
        except (StoreAway, StoreBusy) as error:
            log.warning("advice to call was given and could not be noted: %s", error)
        return advice_of(verdict, self._police)
