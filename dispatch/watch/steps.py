"""What follows when an officer on the way is noticed: a nudge, the desk's alarm, a welfare check, a new round. Pure.

The step stands on the seat's row, its time in a deadline: any process goes on after another's death. SQL's twin is
judge/watch.sql. Whoever answers, sets out, arrives or comes nearer ends it. Once somebody has been on scene nobody is
taken off the case.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from dispatch.cases.values import Event, Status
from dispatch.limits import WATCH_ALARM_MS, WATCH_NUDGE_MS, WELFARE_MS


class Step(StrEnum):
    """How far it has come with one officer on one case."""

    NUDGED = "nudged"  # the officer was asked to look
    ALARMED = "alarmed"  # the desk was told
    ASKED = "asked"  # a welfare check is open: one tap answers it
    MISSED = "missed"  # the check ran out where nobody is taken off


BY_DESK: Final = "desk"
"""Why a check was opened, when a person at the desk did it."""
ON_THE_WAY: Final = frozenset({Status.CLAIMED, Status.EN_ROUTE})


@dataclass(frozen=True, slots=True)
class Next:
    """What happens when a step's time is up. `step`: the one after it, None when the seat ends."""

    event: Event
    step: Step | None


AFTER: Final[dict[Step, Next]] = {
    Step.NUDGED: Next(Event.WATCH_ALARMED, Step.ALARMED),
    Step.ALARMED: Next(Event.WELFARE_ASKED, Step.ASKED),
    Step.ASKED: Next(Event.SILENT, None),
}


def still_comes(status: Status, there: bool) -> bool:
    """Is an officer of the case on the way, also to others who are on scene already? `there`: has arrived."""
    return status in ON_THE_WAY or (status is Status.ON_SCENE and not there)


def due(status: Status, step: Step, there: bool) -> Next | None:
    """What follows now; None: not while the case is elsewhere, look again later. `there`: the officer has arrived.

    An open check that runs out where nobody else is to be asked at once (somebody is on scene, or has been; at the
    desk; while others are asked) is told to the desk and takes nobody off.
    """
    if step is Step.ASKED and status not in ON_THE_WAY:
        return Next(Event.WELFARE_MISSED, Step.MISSED)
    return AFTER[step] if still_comes(status, there) and step in AFTER else None


def pause_ms(step: Step | None, patience_ms: int | None) -> int | None:
    """How long a step waits; None: for ever. A category's own patience is one number for all."""
    own = {Step.NUDGED: WATCH_NUDGE_MS, Step.ALARMED: WATCH_ALARM_MS, Step.ASKED: WELFARE_MS}
    if step not in own:
        return None
    return patience_ms if patience_ms is not None else own[step]
