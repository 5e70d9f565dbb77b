"""Bodies over HTTP that concern somebody's safety: advice to call, and what is known of a place."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from dispatch import limits
from dispatch.advice.rules import Because, Question
from gateway.wire.fields import Answers, Key, Latitude, Longitude
from geo.datum import Datum


class AdviceAsked(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """POST /v1/advice: a draft, or words said later. Nothing of it is kept."""

    category: Annotated[str, Meta(max_length=64)] | None = None
    words: Annotated[str, Meta(max_length=limits.WORDS_CHARS_MAX)] = ""
    answers: Answers = {}


class Advice(Struct, frozen=True, kw_only=True):
    """Whether it sounds like an emergency; then the number to `call`, why, and a sentence by language."""

    emergency: bool
    call: str | None = None
    because: tuple[Because, ...] = ()
    say: dict[str, str] = {}


class Questions(Struct, frozen=True, kw_only=True):
    """GET /v1/advice: what a page may ask before a report is sent, and the police's number."""

    call: str
    questions: tuple[Question, ...]


class HazardBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """POST /v1/hazards: what who goes there must know, why it is written down, and for how many hours."""

    lat: Latitude
    lon: Longitude
    datum: Datum = Datum.WGS84
    words: Annotated[str, Meta(min_length=1, max_length=limits.REASON_CHARS_MAX, pattern=r"\S")]
    reason: Annotated[str, Meta(min_length=1, max_length=limits.REASON_CHARS_MAX)]
    expires_in_h: Annotated[int, Meta(ge=1, le=limits.HAZARD_HOURS_MAX)]
    key: Key


class HazardEnded(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """POST /v1/hazards/ended."""

    hazard: UUID
    reason: Annotated[str, Meta(min_length=1, max_length=limits.REASON_CHARS_MAX)]
    key: Key
