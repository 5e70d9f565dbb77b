"""The OpenAPI document says what the code does, and nothing on the surface goes unsaid."""

import inspect
import json
import re
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route

from gateway.http.codes import CODES
from gateway.http.pages import room_files
from gateway.operations import OPERATIONS
from gateway.routes import ROUTES
from gateway.wire.messages import Report
from gateway.wire.openapi import Gives, Operation, described, endpoints, openapi, portable

DOCUMENT: dict[str, Any] = json.loads(msgspec.json.encode(openapi(ROUTES, OPERATIONS)))
OPERATIONS_SAID = [one for methods in DOCUMENT["paths"].values() for one in methods.values()]


async def unsaid(request: Request) -> Response:
    return Response()


async def _said(request: Request) -> Response:
    """GET /x: says so. And more. Raises: Problem."""
    return Response()


def test_the_document_is_valid_openapi_3_1() -> None:
    OpenAPIV31SpecValidator(DOCUMENT).validate()


def test_an_address_that_is_said_is_never_taken_for_the_hole_of_another() -> None:
    """DELETE /v1/sessions/second was answered as if `second` were a session: no such method is documented there."""
    for _, path in (one for one in OPERATIONS if "{" not in one[1]):
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
            if (method, path) not in OPERATIONS:
                scope: dict[str, Any] = {"type": "http", "method": method, "path": path, "headers": []}
                assert Match.FULL not in {route.matches(scope)[0] for route in ROUTES}, (method, path)


def test_every_route_has_an_operation_and_every_operation_a_route() -> None:
    assert endpoints(ROUTES).keys() == OPERATIONS.keys()
    assert len(OPERATIONS_SAID) == len(OPERATIONS)


def test_every_handler_says_what_it_does() -> None:
    for (method, path), route in endpoints(ROUTES).items():
        said = OPERATIONS[method, path].says or inspect.getdoc(route.endpoint) or ""
        summary, description = described(said)
        assert len(summary) >= 5 and description, (method, path)


def test_a_route_without_an_operation_fails() -> None:
    with pytest.raises(KeyError):
        openapi([Route("/x", _said)], {})


def test_a_route_without_a_docstring_fails() -> None:
    operation = Operation(id="x", group="x", gives={200: Gives("It.")})
    with pytest.raises(ValueError, match="says nothing"):
        openapi([Route("/x", unsaid)], {("GET", "/x"): operation})
    made = openapi([Route("/x", _said)], {("GET", "/x"): operation})
    assert made["paths"]["/x"]["get"]["summary"] == "Says so"
    assert made["paths"]["/x"]["get"]["description"] == "Says so. And more."


def test_a_hole_in_the_path_without_a_parameter_fails() -> None:
    with pytest.raises(AssertionError, match="/x/"):
        openapi([Route("/x/{y}", _said)], {("GET", "/x/{y}"): Operation(id="x", group="x", gives={200: Gives("It.")})})


def test_ids_are_unique_and_every_answer_says_something() -> None:
    ids = [one["operationId"] for one in OPERATIONS_SAID]
    assert len(set(ids)) == len(ids)
    for one in OPERATIONS_SAID:
        assert any(status.startswith("2") or status == "303" for status in one["responses"]), one["operationId"]
        assert all(answer["description"] for answer in one["responses"].values())


def test_whatever_needs_a_session_says_so_and_tells_its_401() -> None:
    for (method, path), operation in OPERATIONS.items():
        route = endpoints(ROUTES)[method, path]
        source = inspect.getsource(route.endpoint)
        asks = bool(re.search(r"\bawait (signed|who_of|(cases\.)?case_for)\(", source))
        needs = operation.session.security == [{"session": []}, {"page": []}]
        assert asks == needs, f"{method} {path}"
        assert needs == ("session_ended" in operation.problems), f"{method} {path}"


def test_a_code_that_a_handler_raises_is_on_its_operation() -> None:
    """By the source of the handler alone; what lies deeper the bad-input suite holds against the document."""
    seen = 0
    for at, route in endpoints(ROUTES).items():
        raised = set(re.findall(r"(?:Problem|\bat)\(\"(\w+)\"", inspect.getsource(route.endpoint)))
        seen += len(raised)
        assert raised <= set(OPERATIONS[at].problems), at
    assert seen >= 5


def test_problems_are_told_by_status_with_their_codes_and_an_example() -> None:
    answer = DOCUMENT["paths"]["/v1/reports"]["post"]["responses"]["422"]["content"]["application/problem+json"]
    codes = answer["schema"]["allOf"][1]["properties"]["code"]["enum"]
    assert {"words_empty", "coordinates_swapped", "key_reused"} <= set(codes)
    for code in codes:
        example = answer["examples"][code]["value"]
        assert (example["code"], example["status"], example["type"]) == (code, 422, f"/docs#problem-{code}")
    busy = DOCUMENT["paths"]["/v1/reports"]["post"]["responses"]["503"]
    assert "Retry-After" in busy["headers"]


def test_every_code_is_told_somewhere_or_belongs_to_the_socket() -> None:
    told = {code for operation in OPERATIONS.values() for code in operation.problems}
    tickets = {code for code in CODES if code.startswith("ticket_")}
    handshake = {"head_too_large", "bad_handshake", "socket_version", "origin_not_allowed"}
    assert CODES.keys() - told <= tickets | handshake | {"method_not_allowed", "away"}


def test_examples_of_reports_are_reports() -> None:
    body = DOCUMENT["paths"]["/v1/reports"]["post"]["requestBody"]["content"]["application/json"]
    schema = {"$ref": body["schema"]["$ref"], "components": DOCUMENT["components"]}
    assert len(body["examples"]) >= 2
    for example in body["examples"].values():
        msgspec.convert(example["value"], Report)
        Draft202012Validator(schema).validate(example["value"])
    assert not Draft202012Validator(schema).is_valid({"category": "theft", "words": "x", "lat": 91, "lon": 0})


def test_patterns_mean_the_same_outside_python() -> None:
    assert portable({"a": [{"pattern": r"^x\Z"}]}) == {"a": [{"pattern": "^x$"}]}
    assert r"\\Z" not in json.dumps(DOCUMENT)


def test_no_type_is_described_by_nothing() -> None:
    for name, schema in DOCUMENT["components"]["schemas"].items():
        assert schema.get("description") or schema.get("type") == "array" or name == "Seat", name


def test_every_path_of_a_page_stands_in_the_document() -> None:
    """The pages ask for nothing that the document does not know."""
    asked: set[str] = set()
    for file in (path for path in room_files() if path.suffix == ".js"):
        asked |= set(re.findall(r"[\"`](/v1/[\w/]+)", file.read_text()))
    known = [re.sub(r"\{\w+\}", "", path).rstrip("/") for path in DOCUMENT["paths"]] + ["/v1/socket"]
    assert asked
    for path in asked:
        assert any(one.startswith(path.rstrip("/")) for one in known), path
