"""What a client may send over a socket: typed, bounded, versioned. What a server sends is `dispatch.cases.views`.

A message is one JSON object, at most `MESSAGE_BYTES_MAX` long, tagged by `t`. Whatever acts carries a `key` that the
client made and stored before sending: the same key asked again gets the same answer.
"""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from dispatch import limits
from dispatch.cases.values import Channel, Disposition
from dispatch.cases.views import SaidLine
from gateway.wire.desk_messages import (
    AddOfficer,
    AnswerAppointment,
    CloseByTelephone,
    DeskShift,
    HandOver,
    Hold,
    OfferAppointment,
    Refer,
    Reoffer,
    SecondOfficer,
    TakeBack,
    TakeCase,
)
from gateway.wire.fields import Answers, Count, Key, Latitude, Longitude, Message, Metres, Reason, Words
from gateway.wire.grouping import Merge, Split, Unmerge
from gateway.wire.watch_messages import AllWell, AskWelfare, Preempt
from geo.datum import Datum

VERSION = 1


class Hello(Message, frozen=True, kw_only=True, tag="hello"):
    """First on every socket. With `token` and `at` of an earlier welcome: continue after those offsets. `follow`: a
    supervisor names the station whose desk's screen comes beside the alarms; another station is another socket."""

    v: int
    token: Annotated[str, Meta(max_length=512)] | None = None
    at: dict[Annotated[str, Meta(max_length=64)], Annotated[int, Meta(ge=0)]] = msgspec.field(default_factory=dict)
    follow: Annotated[str, Meta(min_length=1, max_length=64)] | None = None


class FixMessage(Message, frozen=True, kw_only=True, tag="fix"):
    """Where the officer is. `age_ms`: how old the fix was when sent. Not answered."""

    lat: Latitude
    lon: Longitude
    accuracy_m: Metres = 20.0
    age_ms: Annotated[int, Meta(ge=0, le=3_600_000)] = 0
    datum: Datum = Datum.WGS84


class ClaimMessage(Message, frozen=True, kw_only=True, tag="claim"):
    """Take it. Answered by a result: won with a fence, or why not."""

    case: UUID
    round: Count
    key: Key


class DeclineMessage(Message, frozen=True, kw_only=True, tag="decline"):
    """Not now; not offered again in this round."""

    case: UUID
    round: Count
    key: Key
    reason: Reason | None = None


class SetOut(Message, frozen=True, kw_only=True, tag="set_out"):
    """On the way."""

    case: UUID
    fence: Count
    key: Key


class Arrived(Message, frozen=True, kw_only=True, tag="arrived"):
    """On scene."""

    case: UUID
    fence: Count
    key: Key


class CheckIn(Message, frozen=True, kw_only=True, tag="check_in"):
    """All is well on scene: the answer to a question for a sign of life."""

    case: UUID
    fence: Count
    key: Key


class Cleared(Message, frozen=True, kw_only=True, tag="cleared"):
    """Done, with how it ended. An officer sends `fence`; a desk, for a case it answered itself, does not."""

    case: UUID
    key: Key
    disposition: Disposition
    fence: Count | None = None


class HandBack(Message, frozen=True, kw_only=True, tag="hand_back"):
    """Cannot go after all: offered again to others, or to the desk."""

    case: UUID
    fence: Count
    key: Key
    reason: Reason | None = None


class Transfer(Message, frozen=True, kw_only=True, tag="transfer"):
    """The shift ends: the case goes to the desk, also from the scene; where others are on it, they go on."""

    case: UUID
    fence: Count
    key: Key


class Withdraw(Message, frozen=True, kw_only=True, tag="withdraw"):
    """The reporter takes the report back, at any time before an officer is on scene."""

    case: UUID
    key: Key
    reason: Reason | None = None


class Acknowledge(Message, frozen=True, kw_only=True, tag="acknowledge"):
    """The desk has seen it."""

    case: UUID
    key: Key
    reason: Reason | None = None


class Assign(Message, frozen=True, kw_only=True, tag="assign"):
    """The desk sends an officer: to a case in its queue or, in place of the present holders, to a held one."""

    case: UUID
    officer: UUID
    key: Key
    reason: Reason | None = None


class Met(Message, frozen=True, kw_only=True, tag="met"):
    """The officer says the word that the reporter's phone shows: the right people have met. A few tries only."""

    case: UUID
    fence: Count
    key: Key
    word: Annotated[str, Meta(pattern=r"^[0-9]{4}\Z")]


class Object(Message, frozen=True, kw_only=True, tag="object"):
    """The reporter says that it is not solved, within 14 days after clearing: a supervisor gets the case."""

    case: UUID
    key: Key
    words: Words | None = None


class Rate(Message, frozen=True, kw_only=True, tag="rate"):
    """The reporter says how it was, once, after clearing."""

    case: UUID
    key: Key
    stars: Annotated[int, Meta(ge=1, le=limits.STARS_MAX)]
    words: Words | None = None


class Reclassify(Message, frozen=True, kw_only=True, tag="reclassify"):
    """A supervisor says how a cleared case ended; the reporter's time for an objection begins anew."""

    case: UUID
    key: Key
    disposition: Disposition
    reason: Reason | None = None


class Say(Message, frozen=True, kw_only=True, tag="say"):
    """A line to the others on the case: its reporter, its officers, the desk. An officer sends `fence`."""

    case: UUID
    key: Key
    words: Words
    fence: Count | None = None


class Read(Message, frozen=True, kw_only=True, tag="read"):
    """The case's talk is read up to the entry `upto`. An officer sends `fence`."""

    case: UUID
    key: Key
    upto: Count
    fence: Count | None = None


class Duty(Message, frozen=True, kw_only=True, tag="duty", omit_defaults=True):
    """On or off duty. Off duty with an open case is refused: clear it, hand it back or transfer it first.
    `shift_min`: minutes until the shift ends, where that is known; said again while on duty it moves the end."""

    on: bool
    key: Key
    shift_min: Annotated[int, Meta(ge=1, le=limits.SHIFT_MIN_MAX)] | None = None


class PanicMessage(Message, frozen=True, kw_only=True, tag="panic"):
    """An officer needs help, on or off a case, on or off duty, before hello too. Pressed again it is the same one."""

    key: Key
    lat: Latitude | None = None
    lon: Longitude | None = None
    accuracy_m: Metres = 20.0
    datum: Datum = Datum.WGS84


class ClearPanic(Message, frozen=True, kw_only=True, tag="clear_panic"):
    """A person at the desk has made sure that the officer is safe."""

    panic: UUID
    key: Key
    reason: Annotated[str, Meta(min_length=1, max_length=limits.REASON_CHARS_MAX)]


class Ask(Message, frozen=True, kw_only=True, tag="ask"):
    """What became of the act with this key? won / refused / not_received."""

    key: Key


ClientMessage = (
    Hello | FixMessage | ClaimMessage | DeclineMessage | SetOut | Arrived | Cleared | HandBack | Transfer | Withdraw
    | Acknowledge | Assign | AskWelfare | AllWell | Preempt | Say | Read | Met | Object | Rate | Reclassify | Duty
    | Ask
    | CheckIn | PanicMessage | ClearPanic
    | TakeCase | AddOfficer | TakeBack | Reoffer | SecondOfficer
    | Hold | HandOver | Refer | CloseByTelephone | OfferAppointment | AnswerAppointment | DeskShift
    | Merge | Split | Unmerge
)  # fmt: skip


class Report(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """POST /v1/reports. Header Idempotency-Key: made for this report only, kept until the answer came."""

    category: Annotated[str, Meta(min_length=1, max_length=64)]
    words: Annotated[str, Meta(max_length=limits.WORDS_CHARS_MAX)]
    lat: Latitude
    lon: Longitude
    accuracy_m: Metres | None = None
    datum: Datum = Datum.WGS84
    place_source: Annotated[str, Meta(pattern="^(pin|gps|address)$")] = "pin"
    answers: Answers = {}
    advised: Annotated[bool, Meta(description="The reporter was told to call and goes on all the same.")] = False
    channel: Annotated[Channel, Meta(description="Other than web: entered by a desk, for somebody else.")] = Channel.WEB
    exercise: Annotated[bool, Meta(description="Practice, kept out of figures; by a desk or a supervisor.")] = False
    phone: Annotated[UUID | None, Meta(description="A confirmed number, as POST /v1/phones/confirmed told.")] = None
    name: Annotated[str, Meta(min_length=1, max_length=limits.REPORTER_NAME_CHARS_MAX)] | None = None


class Reported(Struct, frozen=True, kw_only=True):
    """201 (or 200, when the same key came again). The code is shown once; nobody can look it up."""

    case: UUID
    receipt: str
    status: str
    station: str


class ClaimBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """POST /v1/cases/{case}/claims."""

    round: Count
    key: Key


class Entry(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """GET /v1/cases/{case}/entries: one step of a case, as its reporter was told. `at`: UTC."""

    kind: str
    at: datetime
    reason: str | None = None


class TalkPage(Struct, frozen=True, kw_only=True):
    """GET /v1/cases/{case}/talk: lines oldest first. `more`: there are earlier ones."""

    case: UUID
    lines: tuple[SaidLine, ...]
    more: bool


class OpenReceipt(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """POST /v1/receipts: opens the case of a receipt code. The code travels in the body, never in a URL."""

    code: Annotated[str, Meta(min_length=1, max_length=64)]


class SignIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """POST /v1/sessions. `new_password`: the password from now on; needed where somebody else made the old one."""

    login: Annotated[str, Meta(min_length=1, max_length=64)]
    password: Annotated[str, Meta(min_length=1, max_length=256)]
    new_password: Annotated[str, Meta(min_length=12, max_length=256)] | None = None


class PasswordChosen(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """POST /v1/password: one's own login and password once more, and the password from now on."""

    login: Annotated[str, Meta(min_length=1, max_length=64)]
    password: Annotated[str, Meta(min_length=1, max_length=256)]
    new_password: Annotated[str, Meta(min_length=12, max_length=256)]


class Signed(Struct, frozen=True, kw_only=True):
    """A session: `token` goes into Authorization: Bearer.

    A page (X-OnBeat-Page) hears no token, which is in its cookie, but `csrf`: it goes into X-CSRF-Token.
    """

    token: str | None = None
    csrf: str | None = None
    role: str
    expires_in_s: int
    station: str | None = None
    officer: UUID | None = None
    call_sign: str | None = None
    case: UUID | None = None
    recovery: Annotated[list[str] | None, Meta(description="Codes for paper, told this once.")] = None


class Ticket(Struct, frozen=True, kw_only=True):
    """POST /v1/tickets with a session and an Origin: opens one socket within 30 s, once."""

    ticket: str
    expires_in_s: int


def version_of(hello: Hello) -> bool:
    """Is this a version we speak?"""
    return hello.v == VERSION


decoder: msgspec.json.Decoder[ClientMessage] = msgspec.json.Decoder(ClientMessage)
