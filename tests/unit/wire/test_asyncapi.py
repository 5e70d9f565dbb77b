"""The AsyncAPI document says every message, who may say it, who hears it, and how a socket ends."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from jsonschema import Draft7Validator, Draft202012Validator

from dispatch.people.permissions import TABLE, Act
from dispatch.people.values import Role
from gateway.http.codes import CODES
from gateway.sockets.link import Close
from gateway.wire import asyncapi as wire
from gateway.wire.messages import Hello
from gateway.wire.mistakes import TURNS

DOCUMENT: dict[str, Any] = json.loads(msgspec.json.encode(wire.asyncapi()))
MESSAGES = [*wire.client_messages(), *wire.service_messages()]
SCHEMA = json.loads(Path("tests/data/asyncapi/3.0.0.json").read_bytes())


def messages_of(operation: str) -> set[str]:
    return {one["$ref"].rpartition("/")[2] for one in DOCUMENT["operations"][operation]["messages"]}


def resolve(ref: str) -> Any:
    found: Any = DOCUMENT
    for step in ref.removeprefix("#/").split("/"):
        found = found[step]
    return found


def refs(within: Any) -> list[str]:
    if isinstance(within, list):
        return [ref for one in within for ref in refs(one)]
    if isinstance(within, dict):
        own = [within["$ref"]] if isinstance(within.get("$ref"), str) else []
        return own + [ref for one in within.values() for ref in refs(one)]
    return []


def test_the_document_is_valid_asyncapi_3() -> None:
    Draft7Validator(SCHEMA).validate(DOCUMENT)
    broken = {**DOCUMENT, "operations": {"x": {"action": "shout", "channel": {"$ref": "#/channels/socket"}}}}
    assert not Draft7Validator(SCHEMA).is_valid(broken)


def test_every_reference_leads_somewhere() -> None:
    found = refs(DOCUMENT)
    assert len(found) > 100
    for ref in found:
        assert resolve(ref), ref


def test_every_message_is_there_once_and_says_what_it_is() -> None:
    tags = [wire.tag_of(one) for one in MESSAGES]
    assert len(set(tags)) == len(tags)
    assert DOCUMENT["components"]["messages"].keys() == set(tags)
    for one in MESSAGES:
        assert one.__doc__ and one.__doc__ != getattr(one.__mro__[1], "__doc__", None), one.__name__


def test_a_message_without_a_docstring_fails() -> None:
    made = msgspec.defstruct("Mute", [], tag="mute")
    made.__doc__ = None
    with pytest.raises(ValueError, match="Mute says nothing"):
        wire._message(made)


def test_every_client_message_is_asked_of_the_permission_table() -> None:
    assert wire.ASKS.keys() == set(wire.client_messages())
    assert {role for role in Role if (role, Act.CONNECT) in TABLE} == set(wire.ROLES)


def test_roles_may_say_what_the_permission_table_lets_them() -> None:
    assert {"hello", "claim", "fix", "duty", "hand_back"} <= messages_of("officer_says")
    said = {"hello", "withdraw", "ask", "say", "read", "object", "rate", "answer_appointment"}
    assert messages_of("reporter_says") == said
    desks = {"hello", "acknowledge", "assign", "cleared", "ask", "take", "add", "take_back", "reoffer"}
    assert desks | {"clear_panic", "merge", "split", "unmerge"} <= messages_of("desk_says")


def test_every_message_of_the_service_is_heard_by_somebody_and_offers_by_officers_only() -> None:
    heard = {role: messages_of(f"{role}_hears") for role in wire.ROLES}
    assert set().union(*heard.values()) == {wire.tag_of(one) for one in wire.service_messages()}
    assert [role for role in wire.ROLES if "offer" in heard[role]] == [Role.OFFICER]
    assert [role for role in wire.ROLES if "desk_case" in heard[role]] == [Role.DESK]


def test_every_close_code_says_whether_to_come_back() -> None:
    assert wire.CLOSES.keys() == set(Close)
    said = {one["code"]: one for one in DOCUMENT["channels"]["socket"]["x-close-codes"]}
    assert set(said) == {int(code) for code in Close}
    for code, one in said.items():
        assert one["says"].endswith(".")
        if 4000 <= code < 4100:
            assert one["come_back"], one
        if 4400 <= code < 4500:
            assert not one["come_back"], one


def test_every_problem_of_a_socket_has_a_code_and_a_sentence() -> None:
    said = DOCUMENT["channels"]["socket"]["x-problem-codes"]
    assert said.keys() >= TURNS.keys()
    assert not TURNS.keys() & CODES.keys(), "one code, one meaning"
    assert all(sentence.endswith(".") for sentence in said.values())


def test_a_message_of_ours_is_valid_by_its_own_schema() -> None:
    schema = {"$ref": "#/components/schemas/Hello", "components": DOCUMENT["components"]}
    validator = Draft202012Validator(schema)
    validator.validate(json.loads(msgspec.json.encode(Hello(v=1, at={"xw-1": 3}))))
    assert not validator.is_valid({"t": "hello", "v": 1, "at": {"xw-1": -3}})
