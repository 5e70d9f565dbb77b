"""Bad input: each mistake has its own code, a sentence and, where there is one, its place."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dispatch import limits
from gateway.http.bodies import decode, idempotency_key, read_report
from gateway.http.codes import CODES
from gateway.http.problems import Problem
from gateway.wire.messages import Report
from tests.unit.http.asking import app_of, client_of

GOOD = {"category": "theft", "words": "两辆自行车", "lat": 32.06, "lon": 118.79}


async def take(request: Request) -> Response:
    idempotency_key(request)
    return Response((await read_report(request)).words)


async def explode(request: Request) -> Response:
    raise RuntimeError("planted")


APP = app_of([Route("/reports", take, methods=["POST"]), Route("/explode", explode)])
JSON = {"content-type": "application/json", "idempotency-key": "k" * 22}


async def post(content: bytes | AsyncIterator[bytes], **headers: str) -> tuple[int, dict[str, object]]:
    async with client_of(APP) as client:
        answer = await client.post("/reports", content=content, headers=JSON | headers)
        if answer.status_code == 200:
            return 200, {}
        assert answer.headers["content-type"] == "application/problem+json"
        said = answer.json()
        assert said["status"] == answer.status_code
        assert said["title"] and str(said["detail"]).endswith(".") and said["type"]
        return answer.status_code, said


def report(**changes: object) -> bytes:
    return json.dumps({name: value for name, value in (GOOD | changes).items() if value != "-"}).encode()


CASES = [
    (report(lat=90.5, lon=118.0), "latitude_out_of_range", "/lat"),
    (report(lat=-91), "latitude_out_of_range", "/lat"),
    (report(lon=180.5), "longitude_out_of_range", "/lon"),
    (report(lat=118.79, lon=32.06), "coordinates_swapped", "/lat"),
    (report(lat=1e308), "latitude_out_of_range", "/lat"),
    (report(lat=10**400), "latitude_out_of_range", "/lat"),
    (report(lat=None), "place_missing", "/lat"),
    (report(lat="-"), "place_missing", "/lat"),
    (report(lon="-"), "place_missing", "/lon"),
    (report(lat="NaN"), "coordinate_not_finite", "/lat"),
    (report(lat=float("nan")), "coordinate_not_finite", ""),
    (report(lon=float("inf")), "coordinate_not_finite", ""),
    (report(lat="north"), "field_invalid", "/lat"),
    (report(lat=True), "field_invalid", "/lat"),
    (report(datum="bd09"), "datum_unknown", "/datum"),
    (report(datum=7), "datum_unknown", "/datum"),
    (report(words=""), "words_empty", "/words"),
    (report(words=" \n\t　"), "words_empty", "/words"),
    (report(words="-"), "words_empty", "/words"),
    (report(words="x" * (limits.WORDS_CHARS_MAX + 1)), "words_too_long", "/words"),
    (report(words="a\0b"), "character_not_allowed", "/words"),
    (report(category="a\0b"), "character_not_allowed", "/category"),
    (report(category="-"), "field_missing", "/category"),
    (report(category=""), "field_invalid", "/category"),
    (report(accuracy_m=-1), "field_invalid", "/accuracy_m"),
    (report(place_source="stars"), "field_invalid", "/place_source"),
    (report(officer="me"), "field_unknown", "/officer"),
    (b"[]", "field_invalid", ""),
    (b"null", "field_invalid", ""),
]


@pytest.mark.parametrize(("body", "code", "pointer"), CASES)
async def test_each_mistake_in_a_field_has_its_own_code_and_place(body: bytes, code: str, pointer: str) -> None:
    status, said = await post(body)
    assert (status, said["code"]) == (422, code), said
    errors = said["errors"]
    assert isinstance(errors, list)
    assert errors[0]["pointer"] == pointer
    assert errors[0]["detail"]


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"lat=1", b'{"words": "a" "b"}', b"\xff\xfe", b"[" * 60_000, b'{"words":"\xc3"}'],
)
async def test_what_is_not_json_is_said_to_be_no_json(body: bytes) -> None:
    status, said = await post(body)
    assert status in (400, 422)
    assert said["code"] in ("malformed_json", "field_invalid")


async def test_a_good_report_passes() -> None:
    assert (await post(report()))[0] == 200
    assert (await post(report(words="x" * limits.WORDS_CHARS_MAX)))[0] == 200


async def test_another_content_type_is_refused_with_what_is_allowed() -> None:
    status, said = await post(report(), **{"content-type": "text/plain"})
    assert (status, said["code"]) == (415, "content_type_unsupported")
    assert "application/json" in str(said["detail"])


async def test_a_type_with_a_charset_is_json_all_the_same() -> None:
    assert (await post(report(), **{"content-type": "Application/JSON; charset=utf-8"}))[0] == 200


async def test_a_body_over_the_limit_is_refused_by_its_length_alone() -> None:
    read = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal read
        for _ in range(1_000):
            read += 1
            yield b"x" * 65_536

    status, said = await post(body(), **{"content-length": str(65_536_000)})
    assert (status, said["code"]) == (413, "body_too_large")
    assert read == 0


async def test_a_body_without_a_length_is_refused_before_it_is_read_whole() -> None:
    read = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal read
        for _ in range(1_000):
            read += 1
            yield b"x" * 65_536

    status, said = await post(body())
    assert (status, said["code"]) == (413, "body_too_large")
    assert read <= 3


@pytest.mark.parametrize("key", ["short", "k" * 65, "k" * 21 + "/", "k" * 22 + " k"])
async def test_a_key_that_is_none_is_refused(key: str) -> None:
    status, said = await post(report(), **{"idempotency-key": key})
    assert (status, said["code"]) == (400, "key_invalid")


async def test_a_missing_key_has_a_code_of_its_own() -> None:
    async with client_of(APP) as client:
        answer = await client.post("/reports", content=report(), headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (400, "key_missing")


async def test_what_the_framework_refuses_is_a_problem_document_too() -> None:
    async with client_of(APP) as client:
        missing, wrong, broken = (
            await client.get("/nowhere"),
            await client.get("/reports"),
            await client.get("/explode"),
        )
    for answer, status, code in (
        (missing, 404, "not_found"), (wrong, 405, "method_not_allowed"), (broken, 500, "internal"),
    ):  # fmt: skip
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert answer.headers["content-type"] == "application/problem+json"
    assert "POST" in wrong.headers["allow"]
    assert "planted" not in broken.text


@given(st.binary(max_size=300) | st.text(max_size=100).map(lambda text: json.dumps({"words": text}).encode()))
def test_any_bytes_are_a_report_or_a_problem(raw: bytes) -> None:
    try:
        decode(raw, Report)
    except Problem as problem:
        assert problem.code in CODES


async def test_a_body_that_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dispatch.limits.BODY_S_MAX", 0.01)
    given_up = asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        yield b"{"
        await given_up.wait()

    status, said = await post(body())
    assert (status, said["code"]) == (408, "body_slow")
