"""What a phone says that wants to be rung while its page is closed: a PushSubscription as browsers write it down."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct, field

from dispatch.limits import PUSH_ENDPOINT_CHARS_MAX


class PushKey(Struct, frozen=True, kw_only=True):
    """GET /v1/push/key. `key`: what the browser wants as applicationServerKey, in base64url."""

    key: str


class PushKeys(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The phone's own keys, in base64url without padding: what is sent is sealed for them alone."""

    p256dh: Annotated[str, Meta(pattern="^[A-Za-z0-9_-]{87}$")]
    auth: Annotated[str, Meta(pattern="^[A-Za-z0-9_-]{22}$")]


class PushSubscription(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """PushSubscription.toJSON(). `expirationTime` is taken and not believed: what is dead is found out by ringing."""

    endpoint: Annotated[str, Meta(min_length=12, max_length=PUSH_ENDPOINT_CHARS_MAX)]
    keys: PushKeys
    expiration_time: int | float | None = field(default=None, name="expirationTime")


class PushKept(Struct, frozen=True, kw_only=True):
    """`subscription`: what DELETE names."""

    subscription: UUID
