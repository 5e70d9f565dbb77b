"""Bad input over HTTP to a live service: each mistake has its own code and a sentence, and what was accepted stays.

The answers are held against the document that the service itself serves: a code that it does not tell is a mistake.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any, Final
from urllib.parse import urlsplit

import asyncpg
import httpx
import pytest

from dispatch import limits
from tests.e2e.conftest import Service
from tests.e2e.talk import LAT, LON, Town, new_key, told

UNKNOWN: Final = "00000000-0000-4000-8000-000000000000"
KEY: Final = "k" * 24
GOOD: Final = {"category": "theft", "words": "一辆自行车不见了。", "lat": LAT, "lon": LON}
JSON: Final = "application/json"
GEOJSON: Final = "application/geo+json"


@pytest.fixture(scope="module")
async def town(service: Service) -> AsyncIterator[Town]:
    """Three cases in three states that nothing below may change: at the desk, taken back, held by an officer."""
    owner = await asyncpg.connect(service.owner_url)
    async with httpx.AsyncClient(base_url=service.url, trust_env=False, timeout=15) as client:
        town = Town(service, client, owner)
        at_desk = await town.report(words="Nobody is on duty yet.")
        gone = await town.report(words="Found again.")
        reporter = await town.reporter(gone["receipt"])
        taken_back = {"t": "withdraw", "case": gone["case"], "key": new_key()}
        answer = await reporter.ask("POST", f"/v1/cases/{gone['case']}/acts", taken_back)
        assert answer.status_code == 200, answer.text
        officer = await town.someone("officer")
        await officer.ask("POST", "/v1/duty", {"t": "duty", "on": True, "key": new_key()})
        async with officer.line() as line:
            await line.say({"t": "fix", "lat": LAT, "lon": LON})
            held = await town.report(words="Somebody is at the bicycles.")
            offer = await line.hear("offer", case=held["case"])
            won = await line.act("claim", case=held["case"], round=offer["round"])
            assert won["ok"], won
        for made in (at_desk, gone, held):
            await town.keep(made)
        assert [said["status"] for _, said in town.kept] == ["at_station", "withdrawn", "claimed"]
        yield town
    await owner.close()


@pytest.fixture(autouse=True)
async def nothing_accepted_is_lost(town: Town) -> AsyncIterator[None]:
    """After every mistake each receipt still opens its case, unchanged."""
    yield
    for reporter, said in town.kept:
        assert await told(reporter, said["case"]) == said


@pytest.fixture(scope="module")
async def document(town: Town) -> dict[str, Any]:
    return dict((await town.client.get("/openapi.json")).json())


def report(**changes: object) -> bytes:
    return json.dumps({name: value for name, value in (GOOD | changes).items() if value != "-"}).encode()


def act(tag: str, **fields: object) -> bytes:
    return json.dumps({"t": tag, "case": "HELD", "key": "RANDOM", **fields}).encode()


REPORTS: Final = "POST /v1/reports"
ACTS: Final = "POST /v1/cases/{case}/acts"
CLAIMS: Final = "POST /v1/cases/{case}/claims"
AREAS: Final = "POST /v1/areas?kind=station"
POINT: Final = (
    b'{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"id":"a","name":"Crooked"},'
    b'"geometry":{"type":"Point","coordinates":[1,2]}}]}'
)

# name: (route, who, body, further headers, status, code). HELD and RANDOM in a body are put in when it is sent.
CASES: Final[dict[str, tuple[str, str, bytes, dict[str, str], int, str]]] = {
    "latitude over 90": (REPORTS, "", report(lat=90.01, lon=100), {}, 422, "latitude_out_of_range"),
    "latitude under -90": (REPORTS, "", report(lat=-90.01, lon=100), {}, 422, "latitude_out_of_range"),
    "longitude over 180": (REPORTS, "", report(lon=180.01), {}, 422, "longitude_out_of_range"),
    "latitude and longitude swapped": (REPORTS, "", report(lat=LON, lon=LAT), {}, 422, "coordinates_swapped"),
    "latitude NaN": (REPORTS, "", report(lat=float("nan")), {}, 422, "coordinate_not_finite"),
    "longitude Infinity": (REPORTS, "", report(lon=float("inf")), {}, 422, "coordinate_not_finite"),
    "latitude the word NaN": (REPORTS, "", report(lat="NaN"), {}, 422, "coordinate_not_finite"),
    "latitude a word": (REPORTS, "", report(lat="north"), {}, 422, "field_invalid"),
    "latitude missing": (REPORTS, "", report(lat="-"), {}, 422, "place_missing"),
    "longitude null": (REPORTS, "", report(lon=None), {}, 422, "place_missing"),
    "latitude of 400 digits": (REPORTS, "", b'{"lat":' + b"9" * 400 + b"}", {}, 422, "latitude_out_of_range"),
    "datum unknown": (REPORTS, "", report(datum="bd09"), {}, 422, "datum_unknown"),
    "category unknown": (REPORTS, "", report(category="murder"), {}, 422, "category_unknown"),
    "category missing": (REPORTS, "", report(category="-"), {}, 422, "field_missing"),
    "category a list": (REPORTS, "", report(category=["theft"]), {}, 422, "field_invalid"),
    "words empty": (REPORTS, "", report(words=""), {}, 422, "words_empty"),
    "words of blanks": (REPORTS, "", report(words=" \n　\t"), {}, 422, "words_empty"),
    "words missing": (REPORTS, "", report(words="-"), {}, 422, "words_empty"),
    "words over the limit": (REPORTS, "", report(words="长" * 2_001), {}, 422, "words_too_long"),
    "words with NUL": (REPORTS, "", report(words="a\0b"), {}, 422, "character_not_allowed"),
    "a field that is not known": (REPORTS, "", report(officer="me"), {}, 422, "field_unknown"),
    "accuracy under zero": (REPORTS, "", report(accuracy_m=-1), {}, 422, "field_invalid"),
    "JSON cut off": (REPORTS, "", report()[:-1], {}, 400, "malformed_json"),
    "no body at all": (REPORTS, "", b"", {}, 400, "malformed_json"),
    "half a surrogate": (REPORTS, "", b'{"words":"\\ud800"}', {}, 400, "malformed_json"),
    "not UTF-8": (REPORTS, "", b'{"words":"\xff\xfe"}', {}, 400, "malformed_json"),
    "an array": (REPORTS, "", b"[]", {}, 422, "field_invalid"),
    "nested 60,000 deep": (REPORTS, "", b'{"words":' + b"[" * 60_000, {}, 422, "field_invalid"),
    "a form": (REPORTS, "", b"lat=1", {"content-type": "application/x-www-form-urlencoded"}, 415,
               "content_type_unsupported"),
    "JSON said to be text": (REPORTS, "", report(), {"content-type": "text/plain"}, 415, "content_type_unsupported"),
    "body over the limit": (REPORTS, "", b" " * (limits.BODY_BYTES_MAX + 1), {}, 413, "body_too_large"),
    "key missing": (REPORTS, "", report(), {"idempotency-key": "-"}, 400, "key_missing"),
    "key too short": (REPORTS, "", report(), {"idempotency-key": "k" * 21}, 400, "key_invalid"),
    "key with a blank": (REPORTS, "", report(), {"idempotency-key": "k" * 21 + " k"}, 400, "key_invalid"),
    "receipt mistyped": ("POST /v1/receipts", "", b'{"code":"ABCD"}', {}, 422, "receipt_malformed"),
    "receipt of nobody": ("POST /v1/receipts", "", b'{"code":"0000-0000-0000-0000-0000-0000"}', {}, 404,
                          "receipt_unknown"),
    "password wrong": ("POST /v1/sessions", "", b'{"login":"admin","password":"x"}', {}, 401, "sign_in_refused"),
    "login with NUL": ("POST /v1/sessions", "", b'{"login":"a\\u0000","password":"x"}', {}, 422,
                       "character_not_allowed"),
    "no session": ("GET /v1/me", "", b"", {}, 401, "session_missing"),
    "a session that never was": ("GET /v1/me", "", b"", {"authorization": "Bearer " + "A" * 43}, 401,
                                 "session_ended"),
    "a ticket for another page": ("POST /v1/tickets", "officer", b"", {"origin": "https://evil.example"}, 403,
                                  "origin_not_allowed"),
    "a case that is not": (f"GET /v1/cases/{UNKNOWN}", "desk", b"", {}, 404, "not_found"),
    "a case that is no id": ("GET /v1/cases/x%00y", "desk", b"", {}, 404, "not_found"),
    "the desk of nowhere": ("GET /v1/desk?station=%00", "supervisor", b"", {}, 404, "not_found"),
    "claim of a reporter": (CLAIMS, "reporter", b'{"round":1,"key":"RANDOM"}', {}, 403, "not_allowed"),
    "claim without round": (CLAIMS, "officer", b'{"key":"RANDOM"}', {}, 422, "field_missing"),
    "claim of round -1": (CLAIMS, "officer", b'{"round":-1,"key":"RANDOM"}', {}, 422, "field_invalid"),
    "claim with a newline in its key": (CLAIMS, "officer", b'{"round":1,"key":"kkkkkkkkkkkkkkkkkkkkkk\\n"}', {}, 422,
                                        "field_invalid"),
    "claim of a case that is no id": ("POST /v1/cases/x/claims", "officer", b'{"round":1,"key":"RANDOM"}', {}, 404,
                                      "not_found"),
    "act unknown": (ACTS, "officer", act("explode"), {}, 422, "message_unknown"),
    "act of another case": (ACTS, "officer", act("arrived", case=UNKNOWN, fence=1), {}, 422, "case_differs"),
    "act with an old fence": (ACTS, "officer", act("arrived", fence=0), {}, 409, "stale_fence"),
    "act without fence": (ACTS, "officer", act("arrived"), {}, 422, "field_missing"),
    "act of another role": (ACTS, "desk", act("arrived", fence=1), {}, 403, "not_allowed"),
    "act of a reporter on a stranger's case": (ACTS, "reporter", act("withdraw"), {}, 403, "not_yours"),
    "decline of what is held": (ACTS, "officer", act("decline", round=1), {}, 409, "illegal"),
    "reason with NUL": (ACTS, "officer", act("hand_back", fence=1, reason="a\0b"), {}, 422, "character_not_allowed"),
    "disposition unknown": (ACTS, "officer", act("cleared", fence=1, disposition="bored"), {}, 422, "field_invalid"),
    "the desk sends nobody": (ACTS, "desk", act("assign", officer=UNKNOWN), {}, 404, "not_found"),
    "off duty with an open case": ("POST /v1/duty", "officer", b'{"t":"duty","on":false,"key":"RANDOM"}', {}, 409,
                                   "holds_case"),
    "duty of a desk": ("POST /v1/duty", "desk", b'{"t":"duty","on":true,"key":"RANDOM"}', {}, 403, "not_allowed"),
    "areas: no JSON": (AREAS, "admin", b"{", {"content-type": GEOJSON}, 422, "geojson_invalid"),
    "areas: JSON but no GeoJSON": (AREAS, "admin", b'{"a":1}', {"content-type": GEOJSON}, 422, "geojson_invalid"),
    "areas: a point": (AREAS, "admin", POINT, {"content-type": GEOJSON}, 422, "areas_refused"),
    "areas: nothing": (AREAS, "admin", b'{"type":"FeatureCollection","features":[]}', {"content-type": GEOJSON}, 422,
                       "areas_refused"),
    "areas: of a kind that is none": ("POST /v1/areas?kind=street", "admin", b"{}", {"content-type": GEOJSON}, 422,
                                      "kind_unknown"),
    "areas: from a desk": (AREAS, "desk", POINT, {"content-type": GEOJSON}, 403, "not_allowed"),
    "areas: as text": (AREAS, "admin", POINT, {"content-type": "text/csv"}, 415, "content_type_unsupported"),
}  # fmt: skip


async def head_of(town: Town, who: str) -> dict[str, str]:
    if who == "reporter":
        return town.kept[0][0].head
    return (await town.someone(who)).head if who else {}


def is_told(document: dict[str, Any], method: str, path: str, status: int, code: str) -> bool:
    """Whether the document names this code for this operation and status."""
    steps = urlsplit(path).path.split("/")
    for template, methods in document["paths"].items():
        parts = template.split("/")
        fits = len(parts) == len(steps) and all(p.startswith("{") or p == s for p, s in zip(parts, steps, strict=True))
        if fits and method.lower() in methods:
            answer = methods[method.lower()]["responses"].get(str(status), {"content": {}})
            schema = answer["content"].get("application/problem+json", {}).get("schema")
            return bool(schema) and code in schema["allOf"][1]["properties"]["code"]["enum"]
    return False


@pytest.mark.parametrize("name", CASES)
async def test_each_mistake_has_its_own_code_and_a_sentence(town: Town, document: dict[str, Any], name: str) -> None:
    route, who, body, more, status, code = CASES[name]
    held = town.kept[2][1]["case"]
    method, _, path = route.replace("{case}", held).partition(" ")
    content = body.replace(b"HELD", held.encode()).replace(b"RANDOM", new_key().encode())
    headers = {"content-type": JSON, "idempotency-key": new_key()} | await head_of(town, who) | more
    sent = {name: value for name, value in headers.items() if value != "-"}
    answer = await town.client.request(method, path, content=content, headers=sent)
    assert (answer.status_code, answer.json().get("code")) == (status, code), answer.text
    said = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert said["status"] == status and said["title"] and said["detail"].endswith(".")
    assert said["type"] == f"/docs#problem-{code}"
    assert is_told(document, method, path, status, code), f"{route} does not tell {status} {code}"


async def test_every_problem_links_to_its_place_on_the_page(town: Town) -> None:
    page = (await town.client.get("/docs")).text
    for *_, code in CASES.values():
        assert f'id="problem-{code}"' in page


async def test_a_key_with_another_body_is_refused_and_the_first_report_stands(town: Town) -> None:
    headers = {"idempotency-key": new_key()}
    first = await town.client.post("/v1/reports", json=GOOD, headers=headers)
    other = await town.client.post("/v1/reports", json=GOOD | {"words": "Another."}, headers=headers)
    again = await town.client.post("/v1/reports", json=GOOD, headers=headers)
    assert [one.status_code for one in (first, other, again)] == [201, 422, 200]
    assert other.json()["code"] == "key_reused"
    assert again.json() == first.json()


async def test_asking_for_a_key_that_is_none_is_not_received(town: Town) -> None:
    officer = await town.someone("officer")
    for key in ("%00", "x" * 3000, "%F0%9F%9A%B2", "a%2Fb"):
        answer = await officer.ask("GET", f"/v1/claims/{key}")
        assert answer.status_code in (200, 404), (key, answer.text)
        assert answer.json().get("reason", "not_received") == "not_received"


@pytest.mark.parametrize(
    ("path", "method", "status", "code"),
    [("/v1/nowhere", "GET", 404, "not_found"), ("/v1/reports", "PUT", 405, "method_not_allowed")],
)
async def test_an_address_or_a_method_that_is_none_is_a_problem_too(
    town: Town, path: str, method: str, status: int, code: str
) -> None:
    answer = await town.client.request(method, path)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(b"Content-Length: 1000000000\r\n\r\n{", id="said to be large"),
        pytest.param(b"Transfer-Encoding: chunked\r\n\r\n" + b"8000\r\n" + b" " * 0x8000 + b"\r\n" + b"8000\r\n"
                     + b" " * 0x8000 + b"\r\n" + b"1\r\n \r\n", id="without an end"),
    ],
)  # fmt: skip
async def test_a_body_over_the_limit_is_refused_before_it_is_read_whole(town: Town, sent: bytes) -> None:
    parts = urlsplit(town.service.url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    head = f"POST /v1/reports HTTP/1.1\r\nHost: {parts.netloc}\r\nIdempotency-Key: {KEY}\r\n"
    writer.write(head.encode() + b"Content-Type: application/json\r\n" + sent)
    async with asyncio.timeout(5):
        answer = await reader.readuntil(b"}")
        assert answer.startswith(b"HTTP/1.1 413 ")
        assert b'"code":"body_too_large"' in answer
        await reader.read()  # the connection ends: nobody reads the rest
    writer.close()
