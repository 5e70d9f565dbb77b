"""The part of `gateway.operations` about setting the town up."""

from typing import Any, Final

from dispatch import limits
from dispatch.admin.values import (
    CategoryChange,
    Changed,
    Changes,
    IdentityChange,
    PasswordReset,
    People,
    PersonChange,
    StationChange,
    Suspension,
    Town,
)
from gateway.http.admin import KINDS, QUERY_CHARS_MAX, ROLES
from gateway.wire.openapi import Gives, Operation, Operations, Parameter, Session

TEXT: Final[dict[str, Any]] = {"type": "string", "maxLength": QUERY_CHARS_MAX}


def maybe(name: str, says: str, schema: dict[str, Any]) -> Parameter:
    return Parameter(name, "query", says, schema, required=False)


def up_to(most: int) -> dict[str, Any]:
    return {"type": "integer", "minimum": 1, "maximum": most}


LOGIN: Final = Parameter("login", "path", "The person's login.", TEXT)
STATION: Final = Parameter("station", "path", "The station's id.", TEXT)
CATEGORY: Final = Parameter("category", "path", "The category's id.", TEXT)
PEOPLE: Final = (
    maybe("role", "Only these.", {"enum": [*ROLES]}),
    maybe("station", "Only those of a station.", TEXT),
    maybe("q", "A text in login, call sign or surname.", TEXT),
    maybe("after", "The last login of the page before.", TEXT),
    maybe("count", "How many at most.", up_to(limits.PEOPLE_PAGE)),
)
CHANGES: Final = (
    maybe("kind", "Only of these.", {"enum": [*KINDS]}),
    maybe("subject", "Only of one login, station, category or kind of areas.", TEXT),
    maybe("before", "The last id of the page before.", {"type": "integer", "minimum": 1}),
    maybe("count", "How many at most.", up_to(limits.CHANGES_PAGE)),
)


def admin_operations(who: tuple[str, ...], body: tuple[str, ...]) -> Operations:
    """`who`, `body`: the codes of every route that asks for a session, or takes a body."""
    changing = (*body, "name_invalid", "not_found", "stale_version", *who)
    putting = ("exists", *changing)

    def act(own: str, takes: type, says: str, at: Parameter, *problems: str, new: bool = True) -> Operation:
        gives = {200: Gives(says, Changed)} | ({201: Gives("Made.", Changed)} if new else {})
        codes = (*problems, *(putting if new else changing))
        return Operation(
            id=own, group="administration", session=Session.NEEDED, takes=takes, parameters=(at,), gives=gives,
            problems=codes,
        )  # fmt: skip

    def read(own: str, says: str, type_: type, *parameters: Parameter) -> Operation:
        return Operation(
            id=own, group="administration", session=Session.NEEDED, parameters=parameters,
            gives={200: Gives(says, type_)}, problems=(*(("field_invalid",) if parameters else ()), *who),
        )  # fmt: skip

    return {
        ("GET", "/v1/admin/people"): read("people", "By login.", People, *PEOPLE),
        ("PUT", "/v1/admin/people/{login}"): act(
            "put_person", PersonChange, "Changed.", LOGIN,
            "role_fixed", "station_unknown", "beat_unknown", "on_duty", "slots_held", "call_sign_taken",
        ),
        ("POST", "/v1/admin/people/{login}/suspended"): act(
            "suspend", Suspension, "Done; `holding`: cases that the desk must take back.", LOGIN,
            "own_account", "last_admin", new=False,
        ),
        ("POST", "/v1/admin/people/{login}/password"): act(
            "reset_password", PasswordReset, "The new password, once.", LOGIN, "own_account", new=False
        ),
        ("PUT", "/v1/admin/people/{login}/identity"): act(
            "put_identity", IdentityChange, "Linked, or no longer.", LOGIN, "oidc_off", "identity_taken", new=False
        ),
        ("GET", "/v1/admin/town"): read("town", "As it is set.", Town),
        ("PUT", "/v1/admin/stations/{station}"): act(
            "put_station", StationChange, "Changed.", STATION,
            "catch_all_needed", "station_unknown", "falls_in_a_circle", "zone_unknown",
        ),
        ("PUT", "/v1/admin/categories/{category}"): act(
            "put_category", CategoryChange, "Changed.", CATEGORY, "category_needed", "policy_invalid"
        ),
        ("GET", "/v1/admin/changes"): read("changes", "The latest first.", Changes, *CHANGES),
    }  # fmt: skip
