"""A client's message as the judge takes it. The same for HTTP and for sockets."""

import hashlib
import hmac
import secrets

import msgspec
from uuid_utils.compat import uuid7

from dispatch.cases.ports import ActDraft, ClaimDraft
from dispatch.cases.values import Actor, Disposition, Event
from dispatch.people.permissions import Act
from dispatch.people.values import Role, Who
from dispatch.talk.threads import READ
from gateway.wire.desk_messages import (
    AddOfficer,
    AnswerAppointment,
    CloseByTelephone,
    HandOver,
    Hold,
    OfferAppointment,
    Refer,
    Reoffer,
    SecondOfficer,
    TakeBack,
    TakeCase,
)
from gateway.wire.grouping import Merge, Split, Unmerge
from gateway.wire.messages import (
    Acknowledge,
    Arrived,
    Assign,
    CheckIn,
    ClaimMessage,
    Cleared,
    DeclineMessage,
    HandBack,
    Met,
    Object,
    Rate,
    Read,
    Reclassify,
    Say,
    SetOut,
    Transfer,
    Withdraw,
)
from gateway.wire.watch_messages import AllWell, AskWelfare, Preempt

ActMessage = (
    DeclineMessage | SetOut | Arrived | Cleared | HandBack | Transfer | Withdraw | Acknowledge | Assign | Say | Read
    | CheckIn | TakeCase | AddOfficer | TakeBack | Reoffer | SecondOfficer | AskWelfare | AllWell | Preempt
    | Met | Object | Rate | Reclassify | Merge | Split | Unmerge
    | Hold | HandOver | Refer | CloseByTelephone | OfferAppointment | AnswerAppointment
)  # fmt: skip
SENDS = (Assign, AddOfficer, TakeBack, AskWelfare, Preempt)
"""Messages of the desk that name an officer."""

ACTS: dict[type, tuple[Act, str]] = {
    DeclineMessage: (Act.DECLINE, Event.DECLINED),
    SetOut: (Act.SET_OUT, Event.SET_OUT),
    Arrived: (Act.ARRIVED, Event.ARRIVED),
    CheckIn: (Act.CHECK_IN, Event.CHECKED_IN),
    Cleared: (Act.CLEARED, Event.CLEARED),
    HandBack: (Act.HAND_BACK, Event.HANDED_BACK),
    Transfer: (Act.TRANSFER, Event.TRANSFERRED),
    AskWelfare: (Act.ASK_WELFARE, Event.WELFARE_ASKED),
    AllWell: (Act.ALL_WELL, Event.WELFARE_ANSWERED),
    Preempt: (Act.PREEMPT, Event.PREEMPTED),
    Withdraw: (Act.WITHDRAW, Event.WITHDRAWN),
    Acknowledge: (Act.ACKNOWLEDGE, Event.ACKNOWLEDGED),
    Assign: (Act.ASSIGN, Event.ASSIGNED),
    Merge: (Act.MERGE, Event.ABSORBED),
    Split: (Act.SPLIT, Event.SPLIT),
    Unmerge: (Act.UNMERGE, Event.UNMERGED),
    Say: (Act.SAY, Event.SAID),
    Met: (Act.MET, Event.MET),
    Object: (Act.OBJECT, Event.OBJECTED),
    Rate: (Act.RATE, Event.RATED),
    Reclassify: (Act.RECLASSIFY, Event.RECLASSIFIED),
    Read: (Act.READ, READ),  # no entry of the history
    TakeCase: (Act.TAKE, Event.TAKEN_BY_DESK),
    AddOfficer: (Act.ADD, Event.OFFICER_ADDED),
    TakeBack: (Act.TAKE_BACK, Event.OFFICER_TAKEN_BACK),
    Reoffer: (Act.REOFFER, Event.REOFFERED),
    SecondOfficer: (Act.SECOND_OFFICER, Event.SECOND_ASKED),
    Hold: (Act.HOLD, Event.PUT_ON_HOLD),
    HandOver: (Act.HAND_OVER, Event.HANDED_OVER),
    Refer: (Act.REFER, Event.CLEARED),
    CloseByTelephone: (Act.CLOSE_BY_TELEPHONE, Event.CLEARED),
    OfferAppointment: (Act.OFFER_APPOINTMENT, Event.APPOINTMENT_OFFERED),
    AnswerAppointment: (Act.ANSWER_APPOINTMENT, Event.APPOINTMENT_ACCEPTED),
}
ACTORS = {
    Role.REPORTER: Actor.REPORTER,
    Role.OFFICER: Actor.OFFICER,
    Role.DESK: Actor.DESK,
    Role.SUPERVISOR: Actor.SUPERVISOR,
}

_canonical = msgspec.json.Encoder(order="deterministic").encode


def hash_of(content: object) -> str:
    """Hex SHA-256 of what was asked: the same key with another content is refused."""
    return hashlib.sha256(_canonical(content)).hexdigest()


def keyed_hash_of(pepper: bytes, content: object) -> str:
    """As `hash_of` for what names somebody: HMAC-SHA-256, for a hash alone is found by trying names and numbers."""
    return hmac.digest(pepper, b"request|" + _canonical(content), "sha256").hex()


def claim_draft(message: ClaimMessage, who: Who) -> ClaimDraft:
    """An officer's claim."""
    assert who.officer is not None
    return ClaimDraft(case=message.case, officer=who.officer, round=message.round, key=message.key)


def act_draft(message: ActMessage, who: Who, held: bool) -> ActDraft:
    """Any other act. `held`: the case is on somebody's seat, so that the desk's assignment replaces the holder."""
    _, event = ACTS[type(message)]
    if event == Event.ASSIGNED and held:
        event = Event.REASSIGNED
    if isinstance(message, AnswerAppointment) and not message.accept:
        event = Event.APPOINTMENT_DECLINED
    return ActDraft(
        case=message.case,
        event=event,
        actor=ACTORS[who.role],
        actor_id=who.officer or who.account or who.session,
        scope=scope_of(who),
        key=message.key,
        hash=hash_of(message),
        officer=message.officer if isinstance(message, SENDS) else who.officer,
        station=who.station,
        fence=getattr(message, "fence", None),
        round=getattr(message, "round", None),
        disposition=Disposition.REFERRED if isinstance(message, Refer) else getattr(message, "disposition", None),
        reason=getattr(message, "reason", None),
        from_case=getattr(message, "from_case", None),
        words=getattr(message, "words", None),
        salt=secrets.token_hex(16) if isinstance(message, Say | Object | Rate | Split) else "",
        word=getattr(message, "word", None),
        stars=getattr(message, "stars", None),
        upto=getattr(message, "upto", None),
        to_station=getattr(message, "to_station", None),
        hold_min=getattr(message, "hold_min", None),
        lasts_min=getattr(message, "lasts_min", None),
        referred_to=getattr(message, "referred_to", None),
        manner="telephone" if isinstance(message, CloseByTelephone) else None,
        others=getattr(message, "reports", ()),
        made=uuid7() if isinstance(message, Split) else None,
    )


def scope_of(who: Who) -> str:
    """Whose keys these are: an officer's, an account's, or one case's reporter's. Stable over sessions."""
    if who.officer is not None:
        return f"officer:{who.officer}"
    return f"case:{who.case}" if who.case is not None else f"account:{who.account}"
