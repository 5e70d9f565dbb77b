"""What a desk, or a supervisor, says of a case; what officer and reporter say to the desk about it."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta

from dispatch import limits
from dispatch.cases.values import Disposition
from gateway.wire.fields import Count, GivenReason, Key, Message, Reason


class TakeCase(Message, frozen=True, kw_only=True, tag="take"):
    """The desk person, or the supervisor, answers for the case by name; acknowledges it too."""

    case: UUID
    key: Key
    reason: Reason | None = None


class AddOfficer(Message, frozen=True, kw_only=True, tag="add"):
    """One more officer for a held case, on a free seat or on one more."""

    case: UUID
    officer: UUID
    key: Key
    reason: Reason | None = None


class TakeBack(Message, frozen=True, kw_only=True, tag="take_back"):
    """The desk takes an officer off a held case. Without the last one the case stands in its queue again."""

    case: UUID
    officer: UUID
    key: Key
    reason: GivenReason


class Reoffer(Message, frozen=True, kw_only=True, tag="reoffer"):
    """A new round for a case in the desk's queue, with those who are near now."""

    case: UUID
    key: Key
    reason: Reason | None = None


class SecondOfficer(Message, frozen=True, kw_only=True, tag="second_officer"):
    """The officer wants another one there. The desk sees a free seat at once and adds somebody."""

    case: UUID
    fence: Count
    key: Key
    reason: Reason | None = None


class Hold(Message, frozen=True, kw_only=True, tag="hold"):
    """Quiet in the desk's queue for so many minutes; then it needs acknowledging again."""

    case: UUID
    hold_min: Annotated[int, Meta(ge=1, le=limits.HOLD_MIN_MAX)]
    key: Key
    reason: Reason | None = None


class HandOver(Message, frozen=True, kw_only=True, tag="hand_over"):
    """To another station's desk, which has its own time to acknowledge."""

    case: UUID
    to_station: Annotated[str, Meta(min_length=1, max_length=64)]
    key: Key
    reason: GivenReason


class Refer(Message, frozen=True, kw_only=True, tag="refer"):
    """It is another body's business: closed as referred, with that body's name. The receipt stays valid for reading."""

    case: UUID
    referred_to: Annotated[str, Meta(min_length=1, max_length=limits.BODY_CHARS_MAX)]
    key: Key
    reason: GivenReason


class CloseByTelephone(Message, frozen=True, kw_only=True, tag="close_by_telephone"):
    """Settled by telephone; closed with how it ended."""

    case: UUID
    disposition: Disposition
    key: Key
    reason: Reason | None = None


class OfferAppointment(Message, frozen=True, kw_only=True, tag="offer_appointment"):
    """A time for the reporter, who accepts or declines: in so many minutes from now, so many minutes long."""

    case: UUID
    hold_min: Annotated[int, Meta(ge=1, le=limits.APPOINTMENT_AHEAD_MIN_MAX)]
    lasts_min: Annotated[int, Meta(ge=5, le=limits.APPOINTMENT_LASTS_MIN_MAX)]
    key: Key
    reason: Reason | None = None


class AnswerAppointment(Message, frozen=True, kw_only=True, tag="answer_appointment"):
    """The reporter accepts the time that was offered, or declines it."""

    case: UUID
    accept: bool
    key: Key


class DeskShift(Message, frozen=True, kw_only=True, tag="desk_shift"):
    """On or off shift at the desk. A station that falls to another is staffed while somebody is."""

    on: bool
    key: Key
