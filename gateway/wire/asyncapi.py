"""AsyncAPI 3, made from the messages, the permission table and the close codes. Pure: values in, a document out."""

import inspect
from collections.abc import Iterable
from typing import Any, Final, get_args

import msgspec

from dispatch import limits
from dispatch.cases import views
from dispatch.people.permissions import TABLE, Act
from dispatch.people.values import Role
from gateway.http.codes import CODES
from gateway.sockets.link import Close
from gateway.wire.acts import ACTS
from gateway.wire.desk_messages import DeskShift
from gateway.wire.messages import (
    VERSION,
    Ask,
    ClaimMessage,
    ClearPanic,
    ClientMessage,
    Duty,
    FixMessage,
    Hello,
    PanicMessage,
)
from gateway.wire.mistakes import READING, TURNS
from gateway.wire.openapi import TITLE, Json, portable

CHANNEL: Final = "/v1/socket"
REF: Final = "#/components/schemas/{name}"
ROLES: Final = (Role.REPORTER, Role.OFFICER, Role.DESK, Role.SUPERVISOR)

ASKS: Final[dict[type, Act]] = {
    Hello: Act.CONNECT,
    FixMessage: Act.FIX,
    ClaimMessage: Act.CLAIM,
    Duty: Act.DUTY,
    DeskShift: Act.DESK_SHIFT,
    Ask: Act.ASK,
    PanicMessage: Act.PANIC,
    ClearPanic: Act.CLEAR_PANIC,
    **{message: act for message, (act, _) in ACTS.items()},
}
"""What the permission table is asked for each message."""

_ALL: Final = (views.Welcome, views.Snapshot, views.Past, views.Beat, views.Result, views.Problem)
_TALK: Final = (views.Said, views.ReadTo, views.Talk)
_HELP: Final = (views.Panic, views.Moves)
HEARS: Final[dict[Role, tuple[type, ...]]] = {
    Role.REPORTER: (*_ALL, views.ReporterCase, views.Moves, *_TALK),
    Role.OFFICER: (*_ALL, views.Offer, views.Gone, views.HeldCase, *_TALK, *_HELP),
    Role.DESK: (*_ALL, views.DeskCase, views.Gone, views.OfficerDuty, *_TALK, *_HELP),
    Role.SUPERVISOR: (*_ALL, views.Alarm, views.Panic),
}
ANSWERS: Final = (views.Welcome, views.Result, views.Problem)

CLOSES: Final[dict[Close, str]] = {
    Close.NORMAL: "Either side is done.",
    Close.GOING_AWAY: "The page was left.",
    Close.PROTOCOL_ERROR: "A frame broke RFC 6455.",
    Close.UNSUPPORTED: "A binary frame came: only text is spoken.",
    Close.INVALID_TEXT: "A text was not UTF-8.",
    Close.POLICY: f"More than {limits.MESSAGES_PER_S_MAX} messages a second, sustained.",
    Close.TOO_BIG: f"A message was larger than {limits.MESSAGE_BYTES_MAX} bytes.",
    Close.INTERNAL: "A mistake on our side: come back and resume.",
    Close.RESTART: "The service restarts: come back after a random delay and resume.",
    Close.SLOW: f"More than {limits.OUTBOX_BYTES_MAX} bytes were unsent: come back and resume.",
    Close.STALLED: f"Nothing was taken for {limits.STALLED_S_MAX:.0f} s: come back and resume.",
    Close.SILENT: f"Nothing was heard for {limits.SILENT_S_MAX:.0f} s: come back and resume.",
    Close.LOST_PLACE: "Continuity cannot be proved any more: come back; a snapshot will follow.",
    Close.HELLO_MISSING: f"No hello within {limits.HELLO_S_MAX:.0f} s.",
    Close.VERSION: f"Only version {VERSION} is spoken: load the page anew.",
    Close.REVOKED: "The session has ended: sign in again.",
    Close.TOO_MANY_REFUSED: f"More than {limits.REFUSED_MESSAGES_MAX} messages were not understood.",
    Close.REPLACED: "The same person opened another socket.",
}
COME_BACK: Final = frozenset(
    {Close.GOING_AWAY, Close.INTERNAL, Close.RESTART, Close.SLOW, Close.STALLED, Close.SILENT, Close.LOST_PLACE}
)


def client_messages() -> tuple[type, ...]:
    """All that a client may send."""
    return get_args(ClientMessage)


def service_messages() -> tuple[type, ...]:
    """All that the service may send."""
    return get_args(views.Sent)


def tag_of(message: type) -> str:
    """The word that stands in `t`."""
    return str(message.__struct_config__.tag)  # type: ignore[attr-defined]


def says(role: Role) -> tuple[type, ...]:
    """What the permission table lets this role send."""
    return tuple(one for one in client_messages() if (role, ASKS[one]) in TABLE)


def socket_problems() -> dict[str, str]:
    """Every code that a `problem` on a socket can carry, with its sentence."""
    return {code: CODES[code][2] for code in READING} | TURNS


def asyncapi() -> Json:
    """The document. Operations are the service's: it receives what a role says and sends what a role hears."""
    types = [*client_messages(), *service_messages()]
    _, schemas = portable(msgspec.json.schema_components(types, ref_template=REF))
    schemas[views.Problem.__name__]["properties"]["code"] = {"type": "string", "enum": sorted(socket_problems())}
    operations: Json = {}
    for role in ROLES:
        receive = _operation("receive", says(role), f"What {_a(role)} may say.")
        receive["reply"] = {"channel": _channel(), "messages": _listed(ANSWERS)}
        operations[f"{role}_says"] = receive
        operations[f"{role}_hears"] = _operation("send", HEARS[role], f"What {_a(role)} hears.")
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": f"{TITLE}, live",
            "version": f"{VERSION}",
            "description": (
                "One JSON object a message, tagged by `t`. hello comes first and is answered by welcome; then either "
                "exactly what was missed or a snapshot, then live. Keep the greatest offset of each stream and say it "
                "in the next hello. Whatever acts carries a `key` and is answered by a result with the same key."
            ),
        },
        "servers": {
            "service": {
                "host": "{host}",
                "protocol": "wss",
                "description": "The same host as the HTTP interface; ws where that is http.",
                "variables": {"host": {"default": "localhost:8000"}},
            }
        },
        "defaultContentType": "application/json",
        "channels": {"socket": _socket(types)},
        "operations": operations,
        "components": {
            "schemas": _undiscriminated(schemas),
            "messages": {tag_of(one): _message(one) for one in types},
        },
    }


def _socket(types: list[type]) -> Json:
    return {
        "address": CHANNEL,
        "title": "The live socket",
        "description": (
            "Opened with a one-use ticket of POST /v1/tickets, named as a subprotocol, and the exact Origin of it. "
            f"hello is due within {limits.HELLO_S_MAX:.0f} s; a message may hold {limits.MESSAGE_BYTES_MAX} bytes. "
            "One that is not understood is answered by a problem and the socket lives on. A refused handshake is a "
            "problem document."
        ),
        "messages": {tag_of(one): {"$ref": f"#/components/messages/{tag_of(one)}"} for one in types},
        "bindings": {
            "ws": {
                "method": "GET",
                "headers": {
                    "type": "object",
                    "required": ["Origin", "Sec-WebSocket-Protocol"],
                    "properties": {
                        "Origin": {"type": "string"},
                        "Sec-WebSocket-Protocol": {
                            "type": "string",
                            "description": "onbeat.1, ticket.TICKET, of POST /v1/tickets, used once.",
                        },
                    },
                },
                "bindingVersion": "0.1.0",
            }
        },
        "x-close-codes": [
            {"code": int(code), "name": code.name.lower(), "says": said, "come_back": code in COME_BACK}
            for code, said in CLOSES.items()
        ],
        "x-problem-codes": socket_problems(),
    }


def _message(one: type) -> Json:
    description = " ".join((inspect.cleandoc(one.__doc__ or "")).split())
    if not description:
        raise ValueError(f"message {one.__name__} says nothing of itself")
    return {
        "name": tag_of(one),
        "title": one.__name__,
        "summary": description.partition(". ")[0].rstrip("."),
        "description": description,
        "payload": {"$ref": REF.format(name=one.__name__)},
    }


def _operation(action: str, messages: Iterable[type], summary: str) -> Json:
    return {"action": action, "channel": _channel(), "summary": summary, "messages": _listed(messages)}


def _channel() -> Json:
    return {"$ref": "#/channels/socket"}


def _listed(messages: Iterable[type]) -> list[Json]:
    return [{"$ref": f"#/channels/socket/messages/{tag_of(one)}"} for one in messages]


def _undiscriminated(schema: Any) -> Any:
    """As AsyncAPI has it: a discriminator is the name of the property, without OpenAPI's mapping."""
    if isinstance(schema, list):
        return [_undiscriminated(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: _undiscriminated(one) for name, one in schema.items()}
    found = schema.get("discriminator")
    if isinstance(found, dict) and "propertyName" in found:
        made["discriminator"] = found["propertyName"]
    return made


def _a(role: Role) -> str:
    return f"an {role}" if role[0] in "aeiou" else f"a {role}"
