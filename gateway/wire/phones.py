"""What is said about telephones and names."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from dispatch import limits


class PhoneAsked(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """POST /v1/phones: a code, please. A number without + is one of the first land that is served."""

    number: Annotated[str, Meta(min_length=3, max_length=40, examples=["13800138000", "+86 138 0013 8000"])]
    language: Annotated[str, Meta(pattern="^(en|zh-CN)$")] = "zh-CN"


class CodeSent(Struct, frozen=True, kw_only=True):
    """A message is on its way, unless the number has had those of this hour, which is not told. Confirm with
    `phone`; the code lasts `expires_in_s`."""

    phone: UUID
    expires_in_s: int


class PhoneCode(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """POST /v1/phones/confirmed: the code that came."""

    phone: UUID
    code: Annotated[str, Meta(pattern="^[0-9]{6}$")]


class Confirmed(Struct, frozen=True, kw_only=True):
    """The number is confirmed: a report may name `phone` for `lasts_s`."""

    phone: UUID
    lasts_s: int


class PhonesOffered(Struct, frozen=True, kw_only=True):
    """GET /v1/phones: whether numbers can be confirmed here."""

    offered: bool


class IdentityAsked(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """POST /v1/cases/{case}/identity: why it must be known who reported. Kept for ever."""

    reason: Annotated[str, Meta(min_length=limits.IDENTITY_REASON_CHARS_MIN, max_length=limits.REASON_CHARS_MAX)]
