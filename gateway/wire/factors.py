"""What is said about second factors."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta, Struct

Note = Annotated[str, Meta(min_length=1, max_length=4_096, pattern="^[0-9a-f]+$")]
Code = Annotated[str, Meta(pattern="^[0-9]{6}$")]
Recovery = Annotated[str, Meta(min_length=12, max_length=20)]
Credential = Annotated[dict[str, Any], Meta(description="As the browser gave it (PublicKeyCredential.toJSON).")]
Login = Annotated[str, Meta(min_length=1, max_length=128)]
Secret = Annotated[str, Meta(min_length=1, max_length=1_024)]


class Second(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """POST /v1/sessions/second: the note that came with 202, and one of the three."""

    note: Note
    code: Code | None = None
    passkey: Credential | None = None
    recovery: Recovery | None = None


class PasswordAgain(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One's own login and password, asked again before a factor is added."""

    login: Login
    password: Secret


class FactorMade(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """POST /v1/factors: the note that came with the options, a name for it, and what the app or the browser said."""

    note: Note
    name: Annotated[str, Meta(min_length=1, max_length=40)]
    code: Code | None = None
    passkey: Credential | None = None


class FactorForgotten(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """POST /v1/factors/forgotten."""

    factor: UUID
    login: Login
    password: Secret


class FactorOfMine(Struct, frozen=True, kw_only=True):
    """`used_at`: null while it was never used."""

    id: UUID
    kind: str
    name: str
    made_at: datetime
    used_at: datetime | None


class FactorsOfMine(Struct, frozen=True, kw_only=True):
    """GET /v1/factors: the oldest first."""

    factors: list[FactorOfMine]


class FactorAdded(Struct, frozen=True, kw_only=True):
    """Added. `recovery`: codes for paper, told this once, where it is the first."""

    recovery: list[str]
