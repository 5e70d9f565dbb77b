"""What each route takes, gives and refuses, beside `gateway.routes`: the source of OpenAPI with the docstrings.

A route without a row here, or a row without a route, fails a test.
"""

import dataclasses
from typing import Any, Final

from dispatch import limits
from dispatch.abuse.work import ANSWER
from dispatch.cases.handover import HandOver
from dispatch.cases.ports import HistoryEntry
from dispatch.cases.values import Refusal
from dispatch.cases.views import DeskCase, HeldCase, ReporterCase, Result, Snapshot
from dispatch.insight.values import Answered, By
from dispatch.people.factors import Asked
from dispatch.safety.hazards import Hazard, PlaceKnown
from dispatch.town import TownCategory
from gateway.admin_operations import admin_operations
from gateway.http.areas import GEOJSON, Imported
from gateway.http.audit import AuditPage
from gateway.http.bodies import IDEMPOTENCY_KEY
from gateway.http.duplicates import Duplicate
from gateway.http.sign_in import Me, SessionsOfMine
from gateway.openid_operations import openid_operations
from gateway.people_operations import people_operations
from gateway.wire.acts import ActMessage
from gateway.wire.factors import PasswordAgain
from gateway.wire.messages import (
    ClaimBody,
    ClearPanic,
    Duty,
    Entry,
    OpenReceipt,
    PanicMessage,
    Report,
    Reported,
    Signed,
    SignIn,
    TalkPage,
    Ticket,
)
from gateway.wire.openapi import JSON, Gives, Operation, Operations, Parameter, Session
from gateway.wire.openid import SignedOut
from gateway.wire.push import PushKept, PushKey, PushSubscription
from gateway.wire.safety import Advice, AdviceAsked, HazardBody, HazardEnded, Questions

# --- codes that come together
FAILS: Final = ("internal", "store_away", "busy")
WHO: Final = ("session_missing", "session_ended", "not_allowed", "csrf_refused", *FAILS)
BODY: Final = (
    "content_type_unsupported", "body_too_large", "body_slow", "malformed_request", "malformed_json",
    "field_missing", "field_unknown", "field_invalid", "character_not_allowed",
)  # fmt: skip
PLACE: Final = (
    "place_missing", "latitude_out_of_range", "longitude_out_of_range", "coordinates_swapped",
    "coordinate_not_finite", "datum_unknown",
)  # fmt: skip
PAGES: Final = ("page_unknown", "csrf_refused")  # of a new session for a page's cookie
KEYS: Final = ("key_missing", "key_invalid", "key_reused")
WORDS: Final = ("words_empty", "words_too_long", "category_unknown")

# --- addresses and heads
CASE: Final = Parameter("case", "path", "The case's id.", {"type": "string", "format": "uuid"})
SESSION: Final = Parameter("session", "path", "As GET /v1/sessions names it.", {"type": "string", "format": "uuid"})
KEY: Final = Parameter("key", "path", "The key that the act carried.", {"type": "string"})
IDEMPOTENCY: Final = Parameter(
    "Idempotency-Key",
    "header",
    "Made by the client for this one report and stored before sending; the same key and body get the same answer.",
    {"type": "string", "pattern": f"^{IDEMPOTENCY_KEY.pattern}$"},
)
WORK_DONE: Final = Parameter(
    "Onbeat-Work",
    "header",
    "Where `work_asked` was answered: its challenge, a space, and a number for each part, with commas between "
    "(dispatch/abuse/work.py).",
    {"type": "string", "pattern": f"^{ANSWER.pattern}$"},
    required=False,
)
ORIGIN: Final = Parameter("Origin", "header", "A page of this service; browsers send it.", {"type": "string"})
KIND: Final = Parameter("kind", "query", "What the features are.", {"enum": ["station", "beat"]})
CHECK: Final = Parameter("check", "query", "1: say what would be, change nothing.", {"enum": ["1"]}, required=False)
REASON: Final = Parameter(
    "reason", "query", "Why; kept with the change.", {"type": "string", "maxLength": limits.REASON_CHARS_MAX},
    required=False,
)  # fmt: skip
MATCH: Final = Parameter("If-Match", "header", "The ETag of GET /v1/areas.", {"type": "string"}, required=False)
FROM: Final = Parameter("from", "query", "Cases received from then on.", {"type": "string", "format": "date-time"})
TO: Final = Parameter("to", "query", "... and before then.", {"type": "string", "format": "date-time"})
BY: Final = Parameter("by", "query", "What the groups are.", {"enum": [*By]}, required=False)
ZONE: Final = Parameter(
    "zone", "query", "Whose hours of the day; each station's own without it.", {"type": "string"}, required=False
)
STATION: Final = Parameter("station", "query", "Which station; for a supervisor.", {"type": "string"}, required=False)
BEFORE: Final = Parameter(
    "before", "query", "The entry before which to read; left out: the latest lines.",
    {"type": "integer", "minimum": 0}, required=False,
)  # fmt: skip
CHAIN: Final = Parameter(
    "chain", "query", "A supervisor: read:CASE, station:STATION, station:*. An admin: account:ACCOUNT, town.",
    {"type": "string", "maxLength": 80},
)  # fmt: skip
PAGE_BEFORE: Final = Parameter(
    "before", "query", "The entry before which to read; left out: the latest.",
    {"type": "integer", "minimum": 1}, required=False,
)  # fmt: skip
LINES: Final = Parameter(
    "lines", "query", "How many at most; left out: as many as may be.",
    {"type": "integer", "minimum": 1, "maximum": limits.TALK_KEPT_LINES}, required=False,
)  # fmt: skip
SUBSCRIPTION: Final = Parameter(
    "subscription", "path", "As it was told when it was made.", {"type": "string", "format": "uuid"}
)
TAG: Final = Parameter("If-None-Match", "header", "The ETag that is held.", {"type": "string"}, required=False)

SIGNED_OUT: Final = {
    204: Gives("Signed out."),
    200: Gives("Signed out here; the identity provider asks whether there too.", SignedOut),
}

# --- bodies that are not types of ours
FEATURES: Final[dict[str, Any]] = {
    "type": "object",
    "description": f"A FeatureCollection (RFC 7946) of at most {limits.AREAS_BODY_BYTES_MAX} bytes.",
    "required": ["type", "features"],
    "properties": {"type": {"const": "FeatureCollection"}, "features": {"type": "array", "items": {"type": "object"}}},
}
TEXT: Final[dict[str, Any]] = {"type": "string"}
ANYTHING: Final[dict[str, Any]] = {"type": "object"}
READY: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {"ready": {"type": "boolean"}, "missing": {"type": "array", "items": {"type": "string"}}},
}
HTML: Final = "text/html; charset=utf-8"
SAME: Final = Gives("What is held is what there is.")

EXAMPLES: Final[dict[str, object]] = {
    "bicycle": {"category": "bicycle", "words": "两辆自行车在南门被撬。", "lat": 32.0603, "lon": 118.7969},
    "from_a_chinese_map": {
        "category": "noise",
        "words": "Drilling since five in the morning.",
        "lat": 32.0583,
        "lon": 118.8022,
        "accuracy_m": 35,
        "datum": "gcj02",
        "place_source": "gps",
    },
}


def page(own: str, says: str) -> Operation:
    return Operation(id=own, group="pages", says=says, gives={200: Gives("The page.", TEXT, HTML), 304: SAME})


_OPERATIONS: Final[Operations] = {
    # --- reporting
    ("POST", "/v1/reports"): Operation(
        id="report", group="reports", takes=Report, examples=EXAMPLES, session=Session.OPTIONAL,
        parameters=(IDEMPOTENCY, WORK_DONE),
        gives={201: Gives("Committed.", Reported), 200: Gives("The same key came before: its answer.", Reported)},
        problems=(
            *BODY, *KEYS, *WORDS, *PLACE, "emergency", "phone_not_confirmed", "work_asked", "work_invalid",
            "session_missing", "not_allowed", "overloaded", *FAILS,
        ),
    ),
    ("GET", "/v1/advice"): Operation(
        id="questions", group="reports", session=Session.OPTIONAL, gives={200: Gives("What may be asked.", Questions)},
        problems=FAILS,
    ),
    ("POST", "/v1/advice"): Operation(
        id="advice", group="reports", takes=AdviceAsked, session=Session.OPTIONAL,
        gives={200: Gives("Call, or go on.", Advice)}, problems=(*BODY, "words_too_long", *FAILS),
    ),
    ("GET", "/outbox"): Operation(
        id="outbox", group="pages", says="The demonstration's telephones.",
        gives={200: Gives("The page.", TEXT, HTML), 304: SAME}, problems=("not_found",),
    ),
    ("POST", "/v1/receipts"): Operation(
        id="open_receipt", group="reports", takes=OpenReceipt, session=Session.OPTIONAL,
        gives={200: Gives("A session for the one case.", Signed)},
        problems=(*BODY, *PAGES, "receipt_malformed", "receipt_unknown", "too_many_attempts", *FAILS),
    ),
    ("GET", "/v1/categories"): Operation(
        id="categories", group="reports", session=Session.OPTIONAL, parameters=(TAG,),
        gives={200: Gives("Those that are open.", dict[str, list[TownCategory]]), 304: SAME}, problems=FAILS,
    ),
    # --- sign-in
    ("POST", "/v1/sessions"): Operation(
        id="sign_in", group="sign-in", takes=SignIn, session=Session.OPTIONAL,
        gives={201: Gives("Signed in.", Signed), 202: Gives("A second factor is needed.", Asked)},
        problems=(
            *BODY, *PAGES, "sign_in_refused", "too_many_attempts", "password_made", "password_lapsed", "password_weak",
            "password_common", "password_of_the_house", *FAILS,
        ),
    ),
    ("GET", "/v1/sessions"): Operation(
        id="sessions", group="sign-in", session=Session.NEEDED, gives={200: Gives("Yours.", SessionsOfMine)},
        problems=WHO,
    ),
    ("DELETE", "/v1/sessions"): Operation(
        id="sign_out_everywhere", group="sign-in", session=Session.NEEDED, gives=SIGNED_OUT,
        problems=("proof_needed", *WHO),
    ),
    ("DELETE", "/v1/sessions/{session:uuid}"): Operation(
        id="sign_out_there", group="sign-in", session=Session.NEEDED, parameters=(SESSION,),
        gives={204: Gives("Signed out there."), 200: SIGNED_OUT[200]},
        problems=("session_unknown", "not_found", "proof_needed", *WHO),
    ),
    ("DELETE", "/v1/sessions/current"): Operation(
        id="sign_out", group="sign-in", session=Session.NEEDED, gives=SIGNED_OUT, problems=WHO,
    ),
    ("POST", "/v1/sessions/proved"): Operation(
        id="prove", group="sign-in", session=Session.NEEDED, takes=PasswordAgain,
        gives={204: Gives("This session may end the others now.")}, problems=(*BODY, "password_wrong", *WHO),
    ),
    ("POST", "/v1/tickets"): Operation(
        id="ticket", group="sign-in", session=Session.NEEDED, parameters=(ORIGIN,),
        gives={201: Gives("For a socket: subprotocol ticket.TICKET.", Ticket)}, problems=("origin_not_allowed", *WHO),
    ),
    ("GET", "/v1/me"): Operation(
        id="me", group="sign-in", session=Session.NEEDED, gives={200: Gives("You.", Me)}, problems=WHO,
    ),
    # --- cases
    ("GET", "/v1/cases/{case}"): Operation(
        id="case", group="cases", session=Session.NEEDED, parameters=(CASE,),
        gives={200: Gives("As the reporter, the holder or the desk sees it.", ReporterCase | HeldCase | DeskCase)},
        problems=("not_found", *WHO),
    ),
    ("GET", "/v1/cases/{case}/history"): Operation(
        id="history", group="cases", session=Session.NEEDED, parameters=(CASE,),
        gives={200: Gives("Arrays of seq, kind, actor, at, call_sign, body; oldest first.", list[HistoryEntry])},
        problems=("not_found", *WHO),
    ),
    ("GET", "/v1/cases/{case}/entries"): Operation(
        id="entries", group="cases", session=Session.NEEDED, parameters=(CASE,),
        gives={200: Gives("Oldest first.", list[Entry])}, problems=("not_found", *WHO),
    ),
    ("GET", "/v1/cases/{case}/talk"): Operation(
        id="talk", group="cases", session=Session.NEEDED, parameters=(CASE, BEFORE, LINES),
        gives={200: Gives("Oldest first; `more`: ask for those before the first.", TalkPage)},
        problems=("field_invalid", "not_found", *WHO),
    ),
    ("GET", "/v1/cases/{case}/duplicates"): Operation(
        id="duplicates", group="cases", session=Session.NEEDED, parameters=(CASE,),
        gives={200: Gives("At most ten.", list[Duplicate])}, problems=("not_found", *WHO),
    ),
    ("POST", "/v1/cases/{case}/claims"): Operation(
        id="claim", group="cases", session=Session.NEEDED, parameters=(CASE,), takes=ClaimBody,
        gives={200: Gives("Won, with a fence, or refused, with the reason.", Result)},
        problems=(*BODY, "not_found", "too_fast", "overloaded", *WHO),
    ),
    ("POST", "/v1/cases/{case}/acts"): Operation(
        id="act", group="cases", session=Session.NEEDED, parameters=(CASE,), takes=ActMessage,
        gives={200: Gives("Done.", Result)},
        problems=(
            *BODY, "message_unknown", "case_differs", "words_empty", "words_too_long",
            *(str(one) for one in Refusal), *WHO,
        ),
    ),
    ("GET", "/v1/claims/{key}"): Operation(
        id="ask", group="cases", session=Session.NEEDED, parameters=(KEY,),
        gives={200: Gives("won, refused, or reason not_received.", Result)}, problems=WHO,
    ),
    # --- at work
    ("POST", "/v1/duty"): Operation(
        id="duty", group="at work", session=Session.NEEDED, takes=Duty, gives={200: Gives("Done.", Result)},
        problems=(*BODY, "message_unknown", "holds_case", "key_reused", "not_found", *WHO),
    ),
    ("GET", "/v1/cases/{case}/place"): Operation(
        id="place", group="safety", session=Session.NEEDED, parameters=(CASE,),
        gives={200: Gives("What is known.", PlaceKnown)}, problems=("not_found", *WHO),
    ),
    ("GET", "/v1/hazards"): Operation(
        id="hazards", group="safety", session=Session.NEEDED, parameters=(STATION,),
        gives={200: Gives("The latest first.", list[Hazard])}, problems=("not_found", *WHO),
    ),
    ("POST", "/v1/hazards"): Operation(
        id="write_hazard", group="safety", session=Session.NEEDED, takes=HazardBody,
        gives={200: Gives("Kept; `more.hazard` names it.", Result)},
        problems=(*BODY, *PLACE, "words_empty", "words_too_long", "key_reused", *WHO),
    ),
    ("POST", "/v1/hazards/ended"): Operation(
        id="end_hazard", group="safety", session=Session.NEEDED, takes=HazardEnded,
        gives={200: Gives("Ended.", Result)}, problems=(*BODY, "key_reused", "not_found", "not_yours", "closed", *WHO),
    ),
    ("POST", "/v1/panics"): Operation(
        id="panic", group="safety", session=Session.NEEDED, takes=PanicMessage,
        gives={200: Gives("Told to the desk and to the officers nearest; `more.panic` names it.", Result)},
        problems=(*BODY, *PLACE, "message_unknown", "key_reused", "not_found", *WHO),
    ),
    ("POST", "/v1/panics/cleared"): Operation(
        id="clear_panic", group="safety", session=Session.NEEDED, takes=ClearPanic,
        gives={200: Gives("Over.", Result)},
        problems=(*BODY, "message_unknown", "key_reused", "not_found", "not_yours", "panic_over", *WHO),
    ),
    ("GET", "/v1/desk"): Operation(
        id="desk", group="at work", session=Session.NEEDED, parameters=(STATION,),
        gives={200: Gives("As on the socket.", Snapshot)}, problems=("not_found", *WHO),
    ),
    ("GET", "/v1/desk/handover"): Operation(
        id="handover", group="at work", session=Session.NEEDED, parameters=(STATION,),
        gives={200: Gives("Open cases, oldest first, and who is on duty.", HandOver)}, problems=("not_found", *WHO),
    ),
    ("GET", "/v1/figures"): Operation(
        id="figures", group="at work", session=Session.NEEDED, parameters=(FROM, TO, BY, STATION, ZONE),
        gives={200: Gives("The whole, its groups, and where people wait longest.", Answered)},
        problems=("question_invalid", *WHO),
    ),
    ("GET", "/v1/audit"): Operation(
        id="audit", group="service", session=Session.NEEDED, parameters=(CHAIN, PAGE_BEFORE),
        gives={200: Gives("The latest first.", AuditPage)}, problems=("field_invalid", *WHO),
    ),
    ("GET", "/v1/areas"): Operation(
        id="areas", group="areas", session=Session.OPTIONAL, parameters=(TAG,),
        gives={200: Gives("Stations, then beats.", FEATURES, GEOJSON), 304: SAME}, problems=FAILS,
    ),
    ("POST", "/v1/areas"): Operation(
        id="import_areas", group="areas", session=Session.NEEDED, parameters=(KIND, CHECK, REASON, MATCH),
        takes=FEATURES, media=(GEOJSON, JSON), gives={200: Gives("Taken over, or looked at.", Imported)},
        problems=(
            "kind_unknown", "stale_version", "field_invalid", "geojson_invalid", "areas_refused",
            "content_type_unsupported", "body_too_large", "body_slow", "malformed_request", *WHO,
        ),
    ),
    **admin_operations(WHO, BODY),
    **people_operations(WHO, BODY, FAILS, CASE),
    **openid_operations(FAILS),
    # --- ringing a locked phone
    ("GET", "/v1/push/key"): Operation(
        id="push_key", group="push", session=Session.NEEDED, gives={200: Gives("The public key.", PushKey)},
        problems=("push_off", *WHO),
    ),
    ("POST", "/v1/push/subscriptions"): Operation(
        id="subscribe", group="push", session=Session.NEEDED, takes=PushSubscription,
        gives={201: Gives("Will be rung.", PushKept)},
        problems=(*BODY, "push_off", "push_endpoint_refused", "push_key_invalid", *WHO),
    ),
    ("DELETE", "/v1/push/subscriptions/{subscription}"): Operation(
        id="unsubscribe", group="push", session=Session.NEEDED, parameters=(SUBSCRIPTION,),
        gives={204: Gives("Not rung.")}, problems=("not_found", *WHO),
    ),
    # --- of the service itself
    ("GET", "/healthz"): Operation(
        id="healthz", group="service", gives={200: Gives("It answers: ok, pause_ms.", ANYTHING)},
    ),
    ("GET", "/readyz"): Operation(
        id="readyz", group="service",
        gives={200: Gives("Ready.", READY), 503: Gives("Not yet: what is missing.", READY)},
    ),
    ("GET", "/openapi.json"): Operation(
        id="openapi", group="service", gives={200: Gives("It.", ANYTHING), 304: SAME},
    ),
    ("GET", "/asyncapi.json"): Operation(
        id="asyncapi", group="service", gives={200: Gives("It.", ANYTHING), 304: SAME},
    ),
    ("GET", "/docs"): Operation(
        id="docs", group="service", gives={200: Gives("The page.", TEXT, HTML), 304: SAME},
    ),
    ("GET", "/"): page("citizen_page", "The citizen's page: report, follow."),
    ("GET", "/officer"): page("officer_page", "The officer's page: be offered, take, work."),
    ("GET", "/desk"): page("desk_page", "The desk's page: the station's queue and its officers."),
    ("GET", "/patterns"): Operation(
        id="patterns_page", group="pages", says="The pattern sheet; in the demonstration only.",
        gives={200: Gives("The page.", TEXT, HTML), 304: SAME}, problems=("not_found",),
    ),
    ("GET", "/admin"): page("admin_page", "The admin's page: people, stations, areas, categories, policies."),
    ("GET", "/sw.js"): Operation(
        id="service_worker", group="pages", says="The pages' service worker: opens them without a line, rings.",
        gives={200: Gives("The script.", TEXT, "text/javascript; charset=utf-8"), 304: SAME},
    ),
    ("GET", "/static/{path:path}"): Operation(
        id="static", group="pages", says="Scripts, styles and words of the pages.",
        parameters=(Parameter("path", "path", "The file's path in the pages' room."),),
        gives={200: Gives("The file.", TEXT, "*/*"), 304: SAME}, problems=("not_found",),
    ),
}  # fmt: skip


def _read(method: str, one: Operation) -> Operation:
    """Whatever is read by somebody who is signed in is limited, in one place (`gateway.http.bearer.who_of`)."""
    limited = method == "GET" and one.session is Session.NEEDED
    return dataclasses.replace(one, problems=(*one.problems, "too_many_reads")) if limited else one


OPERATIONS: Final[Operations] = {at: _read(at[0], one) for at, one in _OPERATIONS.items()}
