"""What is wrong with a message from a socket: the same codes as over HTTP, and those that only a socket knows.

The socket lives on after each of them; after `REFUSED_MESSAGES_MAX` it is closed for good.
"""

from typing import Any, Final, cast

from gateway.http.bodies import decode
from gateway.http.problems import Problem
from gateway.wire.messages import ClientMessage, decoder

# Codes of the one table that reading a message can give.
READING: Final = (
    "malformed_json", "message_unknown", "field_missing", "field_unknown", "field_invalid", "character_not_allowed",
    "place_missing", "latitude_out_of_range", "longitude_out_of_range", "coordinates_swapped", "datum_unknown",
    "coordinate_not_finite", "words_empty", "words_too_long",
)  # fmt: skip

# Codes of a conversation, with their sentences.
TURNS: Final[dict[str, str]] = {
    "hello_first": "The first message is hello.",
    "hello_twice": "Hello was said before.",
    "fix_not_yours": "Only an officer sends positions.",
    "too_many_in_flight": "Too many acts wait for their answers. Wait for some of them.",
}

_NUL: Final = b"\\u0000"


def read_message(text: bytes) -> ClientMessage:
    """The message. Raises: Problem, whose code is one of READING; `said` makes its sentence."""
    try:
        message = decoder.decode(text)
    except (ValueError, RecursionError):  # msgspec's errors are values' errors
        return _explained(text)
    # PostgreSQL keeps no NUL in a text; looked for in detail only where one may be.
    return message if _NUL not in text else _explained(text)


def said(problem: Problem) -> str:
    """The problem's sentence, and where in the message."""
    places = [place["pointer"] for place in problem.more.get("errors", ()) if place["pointer"]]
    return f"{problem.detail} (at {places[0]})" if places else problem.detail


def _explained(text: bytes) -> ClientMessage:
    return cast(ClientMessage, decode(text, cast(Any, ClientMessage)))
