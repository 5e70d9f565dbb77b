"""What messages and bodies are made of: fields that several have, each with its bounds."""

from typing import Annotated

from msgspec import Meta, Struct

from dispatch import limits
from dispatch.advice.rules import Reply

Key = Annotated[
    str,
    Meta(
        min_length=limits.KEY_CHARS_MIN,
        max_length=limits.KEY_CHARS_MAX,
        pattern=r"^[A-Za-z0-9_-]+\Z",
        description="Made by the client for this one act, 16 to 64 of A-Z a-z 0-9 _ -; a UUID will do.",
    ),
]
Latitude = Annotated[float, Meta(ge=-90, le=90, description="degrees north")]
Longitude = Annotated[float, Meta(ge=-180, le=180, description="degrees east")]
Metres = Annotated[float, Meta(ge=0, le=1_000_000)]
Count = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Words = Annotated[str, Meta(min_length=1, max_length=limits.TALK_CHARS_MAX, pattern=r"\S")]
Reason = Annotated[str, Meta(max_length=limits.REASON_CHARS_MAX)]
Answers = Annotated[
    dict[Annotated[str, Meta(max_length=64)], Reply],
    Meta(max_length=limits.ANSWERS_MAX, description="By the id of a question of GET /v1/advice."),
]
GivenReason = Annotated[
    str, Meta(min_length=1, max_length=limits.REASON_CHARS_MAX, description="Why; kept in the history.")
]


class Message(Struct, frozen=True, kw_only=True, tag_field="t", forbid_unknown_fields=True):
    """Any message from a client."""
