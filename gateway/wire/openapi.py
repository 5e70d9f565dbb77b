"""OpenAPI 3.1, made from the routes, the docstrings of their handlers, the types on the wire and the table of codes.

Pure: values in, one JSON-ready document out. Nothing is written by hand that the code already says.
"""

import inspect
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from http import HTTPStatus
from typing import Any, Final

import msgspec
from starlette.routing import BaseRoute, Route

from dispatch.abuse.work import WorkAsked
from gateway.http.codes import CODES, RETRY_AFTER_S
from gateway.http.problems import MEDIA_TYPE
from gateway.wire.messages import VERSION
from gateway.wire.safety import Advice

Json = dict[str, Any]
REF: Final = "#/components/schemas/{name}"
TITLE: Final = "OnBeat"
JSON: Final = "application/json"

_PREFIX: Final = re.compile(r"^[A-Z]+ /[^:]*: ")
_RAISES: Final = re.compile(r"\s*Raises:.*", re.DOTALL)
_SENTENCE: Final = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")
_HOLE: Final = re.compile(r"\{(\w+)(?::\w+)?\}")


class Session(Enum):
    """Whether a route asks who is there."""

    NONE = "none"
    OPTIONAL = "optional"
    NEEDED = "needed"

    @property
    def security(self) -> list[Json]:
        """As the document says it: any one of the list suffices, an empty one is none."""
        either: list[Json] = [{"session": []}, {"page": []}]
        return {"none": [], "optional": [{}, *either], "needed": either}[self.value]


@dataclass(frozen=True, slots=True)
class Gives:
    """One kind of success. `type`: what msgspec encodes, a JSON Schema as it is, or None for no body."""

    says: str
    type: Any = None
    media: str = JSON


@dataclass(frozen=True, slots=True)
class Parameter:
    """Anything in the address or the head of a request. `place`: path, query or header."""

    name: str
    place: str
    says: str
    schema: Mapping[str, Any] = field(default_factory=lambda: {"type": "string"})
    required: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What the document says of a route beside the docstring of its handler.

    `problems`: every code of `CODES` that may be answered. `says`: in place of the docstring, for handlers that serve
    several routes.
    """

    id: str
    group: str
    gives: Mapping[int, Gives]
    takes: Any = None
    media: tuple[str, ...] = (JSON,)
    session: Session = Session.NONE
    parameters: tuple[Parameter, ...] = ()
    problems: tuple[str, ...] = ()
    examples: Mapping[str, object] = field(default_factory=dict)
    says: str = ""


Operations = Mapping[tuple[str, str], Operation]


class Fault(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where in the body. `pointer`: a JSON pointer (RFC 6901), empty for the whole. `feature`: of a GeoJSON."""

    pointer: str
    detail: str
    feature: str = ""
    code: str = ""


class ProblemDocument(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Every error (RFC 9457). `code` is stable, `detail` a sentence for people, `type` a link to its description."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[Fault] = []
    key: str | None = None
    case: str | None = None
    advice: Advice | None = None
    work: WorkAsked | None = None


def endpoints(routes: Iterable[BaseRoute]) -> dict[tuple[str, str], Route]:
    """(method, path) of every route; HEAD comes with GET and is not listed."""
    return {
        (method, route.path): route
        for route in routes
        if isinstance(route, Route)
        for method in sorted((route.methods or set()) - {"HEAD"})
    }


def openapi(routes: Iterable[BaseRoute], operations: Operations) -> Json:
    """The document. Raises: KeyError for a route without an operation, ValueError for one without a docstring."""
    found = endpoints(routes)
    types: list[Any] = [ProblemDocument, Fault]
    for one in operations.values():
        types += [t for t in (one.takes, *(g.type for g in one.gives.values())) if _is_type(t) and t not in types]
    schemas, components = portable(msgspec.json.schema_components(types, ref_template=REF))
    refs = list(zip(types, schemas, strict=True))
    components["ProblemDocument"]["properties"]["code"] = {"type": "string", "enum": sorted(CODES)}
    paths: dict[str, Json] = {}
    for method_path, route in found.items():
        operation = operations[method_path]
        method, path = method_path
        said = operation.says or inspect.getdoc(route.endpoint) or ""
        paths.setdefault(_HOLE.sub(r"{\1}", path), {})[method.lower()] = _operation(operation, path, said, refs)
    return {
        "openapi": "3.1.0",
        "jsonSchemaDialect": "https://spec.openapis.org/oas/3.1/dialect/base",
        "info": {
            "title": TITLE,
            "version": f"{VERSION}",
            "description": (
                "Dispatch for police work that is not an emergency. Errors are problem documents (RFC 9457) with a "
                "stable code; whatever acts carries a key that the client made, and asking again with the same key "
                "gives the same answer. Live messages: see /asyncapi.json."
            ),
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": group} for group in dict.fromkeys(one.group for one in operations.values())],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "session": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "The token of POST /v1/sessions or POST /v1/receipts.",
                },
                "page": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": "__Host-onbeat-officer",
                    "description": (
                        "For our own pages: a cookie for each kind of page, which X-OnBeat-Page names (citizen, "
                        "officer, desk or admin). Whatever changes something carries X-CSRF-Token too."
                    ),
                },
            },
        },
    }


def portable(schema: Any) -> Any:
    """A schema whose patterns mean the same outside Python: `$` is the very end in JSON Schema, and there is no \\Z."""
    if isinstance(schema, list | tuple):
        return [portable(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: portable(one) for name, one in schema.items()}
    if isinstance(made.get("pattern"), str):
        made["pattern"] = made["pattern"].replace(r"\Z", "$")
    return made


def described(docstring: str) -> tuple[str, str]:
    """Summary and description from a handler's docstring: without its address and without what it raises.

    Raises: ValueError when nothing is left.
    """
    text = " ".join(_RAISES.sub("", _PREFIX.sub("", docstring)).split())
    if not text:
        raise ValueError(f"a handler says nothing of itself: {docstring!r}")
    text = text[0].upper() + text[1:]
    return _SENTENCE.split(text)[0].rstrip("."), text


def example(code: str) -> Json:
    """A problem document as it is answered for this code."""
    status, title, sentence = CODES[code]
    return {
        "type": f"/docs#problem-{code}",
        "title": title,
        "status": status,
        "detail": sentence,
        "code": code,
    }


def _operation(operation: Operation, path: str, said: str, refs: list[tuple[Any, Json]]) -> Json:
    summary, description = described(said)
    made: Json = {
        "operationId": operation.id,
        "tags": [operation.group],
        "summary": summary,
        "description": description,
        "security": operation.session.security,
        "parameters": [_parameter(one) for one in operation.parameters],
        "responses": {},
    }
    assert {p.name for p in operation.parameters if p.place == "path"} == set(_HOLE.findall(path)), path
    if operation.takes is not None:
        body: Json = {"schema": _schema(operation.takes, refs)}
        if operation.examples:
            body["examples"] = {name: {"value": value} for name, value in operation.examples.items()}
        made["requestBody"] = {"required": True, "content": dict.fromkeys(operation.media, body)}
    for status, gives in operation.gives.items():
        answer: Json = {"description": gives.says}
        if gives.type is not None:
            answer["content"] = {gives.media: {"schema": _schema(gives.type, refs)}}
        made["responses"][str(status)] = answer
    made["responses"] |= _problems(operation.problems)
    return made


def _parameter(one: Parameter) -> Json:
    return {
        "name": one.name,
        "in": one.place,
        "required": one.required,
        "description": one.says,
        "schema": dict(one.schema),
    }


def _problems(codes: Iterable[str]) -> Json:
    by_status: dict[int, list[str]] = {}
    for code in dict.fromkeys(codes):
        by_status.setdefault(CODES[code][0], []).append(code)
    return {str(status): _problem(status, by_status[status]) for status in sorted(by_status)}


def _problem(status: int, codes: list[str]) -> Json:
    said: Json = {
        "description": f"{HTTPStatus(status).phrase}: {', '.join(codes)}",
        "content": {
            MEDIA_TYPE: {
                "schema": {
                    "allOf": [
                        {"$ref": REF.format(name="ProblemDocument")},
                        {"type": "object", "properties": {"code": {"enum": codes}}},
                    ]
                },
                "examples": {code: {"value": example(code)} for code in codes},
            }
        },
    }
    headers: Json = {}
    if any(code in RETRY_AFTER_S for code in codes):
        headers["Retry-After"] = {"description": "Seconds to wait.", "schema": {"type": "integer"}}
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = {"description": "Bearer", "schema": {"const": "Bearer"}}
    if headers:
        said["headers"] = headers
    return said


def _is_type(one: Any) -> bool:
    return one is not None and not isinstance(one, Mapping)


def _schema(wanted: Any, refs: list[tuple[Any, Json]]) -> Json:
    """The reference of a type, by equality: unions of types are equal but not the same."""
    if isinstance(wanted, Mapping):
        return dict(wanted)
    return next(schema for type_, schema in refs if type_ == wanted)
