"""What an admin sees and sets: people, stations, categories with their policies, and what was changed. Plain values.

A change carries the version that it was made from (0: there is none yet) and a reason; both are kept with it.
"""

from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from dispatch import limits
from dispatch.cases.eligibility import Border
from dispatch.cases.policy import PAUSE_MS, RING_M_MAX, WINDOW_MS, Mode

Post = Literal["officer", "desk", "supervisor", "admin"]
"""What a person with a login may be."""

STATIONED: Final = frozenset({"officer", "desk"})
"""They belong to one station."""

Version = Annotated[int, Meta(ge=0, le=2**31 - 1, description="The one that was read; 0 makes a new one.")]
Why = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=limits.REASON_CHARS_MAX,
        pattern=r"\S",
        description="Why; kept with who, when and what.",
    ),
]
Name = Annotated[str, Meta(min_length=1, max_length=limits.NAME_CHARS_MAX, pattern=r"\S")]
Id = Annotated[str, Meta(min_length=1, max_length=64)]
Skill = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}\Z", description="Small letters, digits, _ and -.")]
HeadStart = Annotated[int, Meta(ge=0, le=limits.HEAD_START_MS_MAX)]
Pause = Annotated[int, Meta(ge=PAUSE_MS[0], le=PAUSE_MS[1])]
Window = Annotated[int, Meta(ge=WINDOW_MS[0], le=WINDOW_MS[1])]
Hour = Annotated[int, Meta(ge=0, le=23)]


class Change(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What every change carries."""

    version: Version
    reason: Why


class PersonChange(Change, frozen=True, kw_only=True):
    """A person as they are to be. `station`: of officers and desks. The rest is an officer's: `surname` is what a
    reporter
    is told, `beat` one of the station's or null, `slots` how many cases at once, `shift_ends_at` when the present or
    the next shift ends. The role of a login never changes."""

    role: Post
    station: Id | None = None
    call_sign: Annotated[str, Meta(min_length=1, max_length=limits.CALL_SIGN_CHARS_MAX, pattern=r"\S")] | None = None
    surname: Annotated[str, Meta(min_length=1, max_length=4, pattern=r"\S")] | None = None
    beat: Id | None = None
    skills: Annotated[tuple[Skill, ...], Meta(max_length=limits.SKILLS_MAX)] = ()
    slots: Annotated[int, Meta(ge=1, le=limits.SLOTS_MAX)] | None = None
    shift_ends_at: Annotated[datetime, Meta(tz=True)] | None = None


class Suspension(Change, frozen=True, kw_only=True):
    """Out, at once, or in again."""

    suspended: bool


class PasswordReset(Change, frozen=True, kw_only=True):
    """A new password, good for choosing one's own; the old one and what it opened end. `factors`: second factors and
    codes on paper are forgotten too (lost, or somebody else's): the next sign-in begins anew."""

    factors: bool = False


class IdentityChange(Change, frozen=True, kw_only=True):
    """Who this person is at the identity provider: its subject for them, or null for nobody. Their sessions end."""

    subject: Annotated[str, Meta(min_length=1, max_length=limits.SUBJECT_CHARS_MAX, pattern=r"^[!-~]+\Z")] | None = None


class StationChange(Change, frozen=True, kw_only=True):
    """A station and its policies as they are to be.

    `catch_all`: takes the places that lie in no area; exactly one does. `cross_border`: whom its cases may be offered
    to. `lends`: other desks may send its officers. `falls_to`: who takes its cases while nobody is on shift.
    `head_start_ms`: what a beat's own officers have before others, null for the category's. `hand_backs_max`: null
    for the service's own.
    """

    name: Name
    name_en: Name
    catch_all: bool = False
    cross_border: Border = Border.NEIGHBOURS
    lends: bool = False
    falls_to: Id | None = None
    head_start_ms: HeadStart | None = None
    hand_backs_max: Annotated[int, Meta(ge=limits.HAND_BACKS[0], le=limits.HAND_BACKS[1])] | None = None
    time_zone: Annotated[str, Meta(min_length=1, max_length=64)] = "Asia/Shanghai"


class CategoryChange(Change, frozen=True, kw_only=True):
    """A category and its policy as they are to be; null: the service's own (`defaults` of GET /v1/admin/town).

    `open`: may be reported. `priority`: 1 is the highest. `seats`: officers that it needs. `skill`: what they must
    have. `mode`, `hours`: how it is put before officers, and hours of the station's day with another way. `rings_m`:
    widening. `wave_ms`: from ring to ring. `turn_ms`: one officer's, where they are asked one by one. `ack_ms`: until
    the desk must have looked. `check_in_s`: how often an officer on scene is asked for a sign of life, null for
    never.
    """

    name: Name
    name_en: Name
    open: bool = True
    priority: Annotated[int, Meta(ge=1, le=5)] = limits.PRIORITY
    seats: Annotated[int, Meta(ge=1, le=limits.SEATS_MAX)] = 1
    skill: Skill | None = None
    check_in_s: Annotated[int, Meta(ge=limits.CHECK_IN_S[0], le=limits.CHECK_IN_S[1])] | None = None
    ack_ms: Window | None = None
    patience_ms: Annotated[int, Meta(ge=limits.PATIENCE_MS[0], le=limits.PATIENCE_MS[1])] | None = None
    mode: Mode = Mode.SNATCH
    hours: dict[Hour, Mode] = {}
    window_ms: Window | None = None
    wave_ms: Pause | None = None
    rings_m: (
        Annotated[
            tuple[Annotated[int, Meta(ge=1, le=RING_M_MAX)], ...], Meta(min_length=1, max_length=limits.RINGS_MAX)
        ]
        | None
    ) = None
    head_start_ms: HeadStart | None = None
    turn_ms: Pause | None = None


class Identity(Struct, frozen=True, kw_only=True):
    """Who somebody is at an identity provider."""

    issuer: str
    subject: str


class Person(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Somebody with a login, as an admin sees them. `sessions`: how many are open."""

    login: str
    role: str
    version: int
    suspended: bool
    station: str | None = None
    officer: UUID | None = None
    call_sign: str | None = None
    surname: str | None = None
    beat: str | None = None
    skills: tuple[str, ...] = ()
    slots: int | None = None
    on_duty: bool = False
    held: int = 0
    shift_ends_at: datetime | None = None
    sessions: int = 0
    identities: tuple[Identity, ...] = ()


class People(Struct, frozen=True, kw_only=True):
    """People in the order of their logins. `more`: ask again with `after` set to the last login."""

    people: tuple[Person, ...]
    more: bool


class BeatNamed(Struct, frozen=True):
    """A beat by id and name. `name_en`: its own name where it has no English one."""

    id: str
    name: str
    name_en: str


class StationSet(Struct, frozen=True, kw_only=True):
    """A station as it is set, and how it stands: `desks` who may sign in, `staffed` those on shift now."""

    id: str
    version: int
    name: str
    name_en: str
    catch_all: bool
    cross_border: Border
    lends: bool
    falls_to: str | None
    head_start_ms: int | None
    hand_backs_max: int | None
    time_zone: str
    areas: int = 0
    beats: tuple[BeatNamed, ...] = ()
    desks: int = 0
    staffed: int = 0
    officers: int = 0
    on_duty: int = 0


class CategorySet(Struct, frozen=True, kw_only=True):
    """A category as it is set. `able`: officers who have its skill, null where it asks for none."""

    id: str
    version: int
    name: str
    name_en: str
    open: bool
    priority: int
    seats: int
    skill: str | None
    check_in_s: int | None
    ack_ms: int | None
    patience_ms: int | None
    mode: Mode
    hours: dict[int, Mode]
    window_ms: int | None
    wave_ms: int | None
    rings_m: tuple[int, ...] | None
    head_start_ms: int | None
    turn_ms: int | None
    able: int | None = None


class Defaults(Struct, frozen=True, kw_only=True):
    """What holds where a category or a station says nothing of its own."""

    window_ms: int = limits.OFFER_WINDOW_MS
    wave_ms: int = limits.WAVE_INTERVAL_MS
    rings_m: tuple[int, ...] = limits.RINGS_M
    turn_ms: int = limits.BEST_OFFICER_TURN_MS
    ack_ms: int = limits.DESK_ACK_MS
    head_start_ms: int = 0
    hand_backs_max: int = limits.HAND_BACKS_MAX
    patience_ms: int = limits.WATCH_NUDGE_MS


class Town(Struct, frozen=True, kw_only=True):
    """GET /v1/admin/town. `version` rises with every change of it; `skills`: all that anybody has or asks for."""

    version: int
    stations: tuple[StationSet, ...]
    categories: tuple[CategorySet, ...]
    skills: tuple[str, ...] = ()
    defaults: Defaults = Defaults()


class Changed(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What stands now. `password`: told this once, of a new person or after a reset. `holding`: cases of a suspended
    officer, which the desk must take back."""

    person: Person | None = None
    station: StationSet | None = None
    category: CategorySet | None = None
    password: str | None = None
    holding: tuple[UUID, ...] = ()


class Kept(Struct, frozen=True, kw_only=True):
    """A change on record. `by`: the login behind `actor`. `cut`: before and after are too long to be told here; the
    record
    has them whole."""

    id: int
    at: datetime
    actor: str
    kind: str
    subject: str
    verb: str
    reason: str
    by: str | None = None
    before: Any = None
    after: Any = None
    cut: bool = False


class Changes(Struct, frozen=True, kw_only=True):
    """The latest first. `more`: ask again with `before` set to the last id."""

    changes: tuple[Kept, ...]
    more: bool


class Refused(msgspec.Struct, frozen=True):
    """Nothing was changed: a stable code, where in the body, and a sentence where the code's own is too general."""

    code: str
    pointer: str = ""
    detail: str | None = None
