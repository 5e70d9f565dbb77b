"""Bodies in: bounded before they are read whole, typed, and each mistake told by its own code and place."""

import asyncio
import math
import re
import time
from typing import Any, Final, TypeVar

import msgspec
from starlette.requests import ClientDisconnect, Request

from dispatch import limits
from gateway.http.problems import Problem
from gateway.wire.messages import Report

IDEMPOTENCY_KEY: Final = re.compile(r"[A-Za-z0-9_-]{22,64}")

_PLACE: Final = re.compile(r" - at `\$?(?P<path>[^`]*)`$")
_FIELD: Final = re.compile(r"field `(?P<name>[^`]*)`")
_NOT_FINITE: Final = re.compile(rb'"(?:lat|lon)"\s*:\s*[+-]?(?:NaN|Infinity|inf|nan)\b', re.IGNORECASE)
_NOT_FINITE_WORDS: Final = frozenset({"nan", "inf", "infinity"})

T = TypeVar("T")


async def read_raw(request: Request, limit: int, *types: str) -> bytes:
    """The body, at most `limit` bytes. Raises: Problem (415, 413 before the body is read whole, 408; 401 where it was
    slow and the asker's session ended meanwhile); StoreAway."""
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type not in types:
        raise Problem(
            "content_type_unsupported",
            f"The body must be {' or '.join(types)}.",
            headers={"accept-post": ", ".join(types)},
        )
    said = request.headers.get("content-length", "")
    if said.isascii() and said.isdigit() and int(said) > limit:
        raise _too_large(limit)
    parts: list[bytes] = []
    size = 0
    began = time.monotonic()
    try:
        async with asyncio.timeout(limits.BODY_S_MAX):
            async for part in request.stream():
                size += len(part)
                if size > limit:
                    raise _too_large(limit)
                parts.append(part)
    except TimeoutError:
        raise Problem("body_slow") from None
    except ClientDisconnect:
        raise Problem("malformed_request") from None
    still = getattr(request.state, "still", None)
    if still is not None and time.monotonic() - began > limits.BODY_PROMPT_S:
        await still()  # who asks was looked at before the body came; a session may have ended since
    return b"".join(parts)


async def read_body(request: Request, type_: type[T], limit: int = limits.BODY_BYTES_MAX) -> T:
    """The body as `type_`. Raises: Problem, with `errors: [{pointer, detail}]` where a field is wrong."""
    return decode(await read_raw(request, limit, "application/json"), type_)


async def read_report(request: Request) -> Report:
    """The body of a report: its words say something. Raises: Problem."""
    return report_of(await read_raw(request, limits.BODY_BYTES_MAX, "application/json"))


def report_of(raw: bytes) -> Report:
    """A whole body as a report: its words say something. Raises: Problem."""
    report = decode(raw, Report)
    if len(report.words.strip()) < limits.WORDS_CHARS_MIN:
        raise at("words_empty", "/words")
    return report


def idempotency_key(request: Request) -> str:
    """The header Idempotency-Key. Raises: Problem."""
    return key_of(request.headers.get("idempotency-key"))


def key_of(key: str | None) -> str:
    """The same, from what the header says. Raises: Problem."""
    if key is None:
        raise Problem("key_missing")
    if not IDEMPOTENCY_KEY.fullmatch(key):
        raise Problem("key_invalid")
    return key


def decode(raw: bytes, type_: type[T]) -> T:
    """`raw` as `type_`. Raises: Problem."""
    try:
        made = msgspec.json.decode(raw, type=type_)
    except msgspec.ValidationError as error:
        raise _invalid(str(error), raw) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        if _NOT_FINITE.search(raw):
            raise at("coordinate_not_finite", "/lat" if b'"lon"' not in raw else "") from None
        if "out of range" in str(error):
            raise at("field_invalid", "", "A number is too large.") from None
        raise Problem("malformed_json") from None
    _no_nul(made)
    # msgspec asks for the tag where it has a choice; the document asks for it always.
    if getattr(getattr(type_, "__struct_config__", None), "tag", None) is not None and "t" not in _loose(raw):
        raise at("field_missing", "/t", "t: it is missing.")
    return made


def at(code: str, pointer: str, detail: str | None = None) -> Problem:
    """A problem with one place in the body (a JSON pointer; empty: the whole)."""
    found = Problem(code, detail)
    found.more["errors"] = [{"pointer": pointer, "detail": found.detail}]
    return found


def _too_large(limit: int) -> Problem:
    # The connection is of no further use: what is left of the body would have to be read first.
    return Problem("body_too_large", f"The body may hold {limit} bytes.", headers={"connection": "close"})


def _invalid(sentence: str, raw: bytes) -> Problem:
    """Which of our codes msgspec's sentence means."""
    place = _PLACE.search(sentence)
    path = place["path"] if place else ""
    reason = sentence[: place.start()] if place else sentence
    pointer = "".join("/" + part for part in re.findall(r"[^.\[\]]+", path))
    named = _FIELD.search(reason)
    name = named["name"] if named else pointer.rpartition("/")[2]
    if named:
        pointer += f"/{name}"
    return at(_code(reason, name, raw), pointer, _detail(reason, name, raw))


def _code(reason: str, name: str, raw: bytes) -> str:
    coordinate = name in ("lat", "lon")
    if "unknown field" in reason:
        return "field_unknown"
    if name == "t" and "Invalid value" in reason:
        return "message_unknown"
    if "missing required field" in reason:
        return {"lat": "place_missing", "lon": "place_missing", "words": "words_empty"}.get(name, "field_missing")
    if coordinate:
        return _coordinate_code(reason, name, raw)
    if name == "datum":
        return "datum_unknown"
    if name == "words" and "length <=" in reason:
        return "words_too_long"
    return "field_invalid"


def _coordinate_code(reason: str, name: str, raw: bytes) -> str:
    values = _loose(raw)
    value = values.get(name)
    if value is None:
        return "place_missing"
    if isinstance(value, str) and value.strip().lower().lstrip("+-") in _NOT_FINITE_WORDS:
        return "coordinate_not_finite"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "field_invalid"
    if isinstance(value, float) and not math.isfinite(value):  # an integer always is, however long
        return "coordinate_not_finite"
    lat, lon = values.get("lat"), values.get("lon")
    if isinstance(lat, int | float) and isinstance(lon, int | float) and 90 < abs(lat) <= 180 and abs(lon) <= 90:
        return "coordinates_swapped"
    return "latitude_out_of_range" if name == "lat" else "longitude_out_of_range"


def _detail(reason: str, name: str, raw: bytes) -> str | None:
    """msgspec's own words where our code is general."""
    return f"{name or 'The body'}: {reason.replace('`', '')}." if _code(reason, name, raw) == "field_invalid" else None


def _loose(raw: bytes) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _no_nul(made: object) -> None:
    """PostgreSQL keeps no NUL in a text. Raises: Problem."""
    for name in getattr(made, "__struct_fields__", ()):
        value = getattr(made, name)
        if isinstance(value, str) and "\0" in value:
            raise at("character_not_allowed", f"/{name}")
