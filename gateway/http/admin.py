"""Setting the town up: people, stations, categories and their policies, and what was changed by whom."""

from typing import Final, cast

from starlette.requests import Request
from starlette.responses import Response

from dispatch.admin.service import Administering
from dispatch.admin.values import (
    CategoryChange,
    Changed,
    IdentityChange,
    PasswordReset,
    PersonChange,
    Refused,
    StationChange,
    Suspension,
)
from dispatch.limits import CHANGES_PAGE, PEOPLE_PAGE
from dispatch.people.permissions import Act
from gateway.http.answers import answered
from gateway.http.bearer import sign_in_of, signed
from gateway.http.bodies import at, read_body
from gateway.http.cases import number_of
from gateway.http.problems import Problem

QUERY_CHARS_MAX: Final = 80
ROLES: Final = ("officer", "desk", "supervisor", "admin")
KINDS: Final = ("person", "station", "category", "areas")


def admin_of(request: Request) -> Administering:
    return cast(Administering, request.app.state.services.admin)


async def get_people(request: Request) -> Response:
    """GET /v1/admin/people: who has a login, by role, station or a text in login, call sign or surname."""
    await signed(request, Act.READ_PEOPLE)
    role, station = _one_of(request, "role", ROLES), _text(request, "station")
    count = number_of(request, "count", 1, PEOPLE_PAGE) or PEOPLE_PAGE
    after = _text(request, "after") or ""
    return answered(await admin_of(request).store.people(role, station, _text(request, "q"), after, count))


async def put_person(request: Request) -> Response:
    """PUT /v1/admin/people/{login}: makes a person (version 0) or changes one; a new one's password is told this
    once."""
    who = await signed(request, Act.CHANGE_PEOPLE)
    body = await read_body(request, PersonChange)
    return _told(await admin_of(request).put_person(who, _name(request, "login"), body), body.version)


async def post_suspended(request: Request) -> Response:
    """POST /v1/admin/people/{login}/suspended: ends a person's sessions at once and lets them in no more, or again. A
    supervisor stops officers and desks."""
    who = await signed(request, Act.SUSPEND)
    body = await read_body(request, Suspension)
    return _told(await admin_of(request).suspend(who, _name(request, "login"), body))


async def post_password(request: Request) -> Response:
    """POST /v1/admin/people/{login}/password: another password, told this once; who was signed in is out."""
    who = await signed(request, Act.CHANGE_PEOPLE)
    body = await read_body(request, PasswordReset)
    return _told(await admin_of(request).reset_password(who, _name(request, "login"), body))


async def put_identity(request: Request) -> Response:
    """PUT /v1/admin/people/{login}/identity: who a person is at the identity provider, or nobody; who was signed in is
    out."""
    who = await signed(request, Act.CHANGE_PEOPLE)
    federation = sign_in_of(request).federation
    if federation is None:
        raise Problem("oidc_off")
    body = await read_body(request, IdentityChange)
    return _told(await admin_of(request).put_identity(who, _name(request, "login"), body, federation.issuer))


async def get_town(request: Request) -> Response:
    """GET /v1/admin/town: stations and categories as they are set, with the service's own numbers beside them."""
    await signed(request, Act.READ_TOWN)
    return answered(await admin_of(request).store.town())


async def put_station(request: Request) -> Response:
    """PUT /v1/admin/stations/{station}: makes a station (version 0) or changes its name and policies."""
    who = await signed(request, Act.CHANGE_TOWN)
    body = await read_body(request, StationChange)
    return _told(await admin_of(request).put_station(who, _name(request, "station"), body), body.version)


async def put_category(request: Request) -> Response:
    """PUT /v1/admin/categories/{category}: makes a category (version 0) or changes it and its policy. The next report
    goes by it; a round that is open keeps its window."""
    who = await signed(request, Act.CHANGE_TOWN)
    body = await read_body(request, CategoryChange)
    return _told(await admin_of(request).put_category(who, _name(request, "category"), body), body.version)


async def get_changes(request: Request) -> Response:
    """GET /v1/admin/changes: who changed what, when and why, the latest first."""
    await signed(request, Act.READ_CHANGES)
    kind, subject = _one_of(request, "kind", KINDS), _text(request, "subject")
    before = number_of(request, "before", 1, 2**62)
    count = number_of(request, "count", 1, CHANGES_PAGE) or CHANGES_PAGE
    return answered(await admin_of(request).store.changes(kind, subject, before, count))


def _told(outcome: Changed | Refused, version: int = 1) -> Response:
    """201 for what is new. Raises: Problem."""
    if isinstance(outcome, Refused):
        if outcome.pointer or outcome.code.endswith("_unknown"):
            raise at(outcome.code, outcome.pointer, outcome.detail)
        raise Problem(outcome.code, outcome.detail)
    return answered(outcome, 201 if version == 0 else 200)


def _name(request: Request, part: str) -> str:
    name: str = request.path_params[part]
    if "\0" in name or len(name) > QUERY_CHARS_MAX:
        raise Problem("name_invalid")
    return name


def _text(request: Request, name: str) -> str | None:
    """A parameter of the address; empty is as if it were not there. Raises: Problem."""
    said = request.query_params.get(name, "").strip()
    if len(said) > QUERY_CHARS_MAX or "\0" in said:
        raise at("field_invalid", "", f"{name} may hold {QUERY_CHARS_MAX} characters, none of them NUL.")
    return said or None


def _one_of(request: Request, name: str, words: tuple[str, ...]) -> str | None:
    """One of `words`, or None where it is left out. Raises: Problem, also where it is empty."""
    said = request.query_params.get(name)
    if said is not None and said not in words:
        raise at("field_invalid", "", f"{name} may be {', '.join(words)}.")
    return said
