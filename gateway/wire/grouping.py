"""A desk joins the reports of one incident, and takes it back."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta

from dispatch import limits
from gateway.wire.fields import GivenReason, Key, Message


class Merge(Message, frozen=True, kw_only=True, tag="merge"):
    """One incident: this case stands for those in `reports` from now on, and for whatever they stood for. They are
    closed to acts, their officers are free, their reporters follow this case. Nobody of theirs may be on scene."""

    case: UUID
    reports: Annotated[tuple[UUID, ...], Meta(min_length=1, max_length=limits.REPORTS_MAX)]
    key: Key
    reason: GivenReason


class Split(Message, frozen=True, kw_only=True, tag="split"):
    """Two incidents: a new case at the desk (in the result as `more.made`), about `words`; of those that were merged
    into this one, `reports` follow the new one."""

    case: UUID
    words: Annotated[str, Meta(min_length=1, max_length=limits.WORDS_CHARS_MAX, pattern=r"\S")]
    reports: Annotated[tuple[UUID, ...], Meta(max_length=limits.REPORTS_MAX)] = ()
    key: Key
    reason: GivenReason


class Unmerge(Message, frozen=True, kw_only=True, tag="unmerge"):
    """It was another incident after all: the case is back in its station's queue, as old as it is."""

    case: UUID
    key: Key
    reason: GivenReason
