"""A message of any kind, filled by the names and the types of its fields: an act that is added later is drawn too."""

from collections.abc import Mapping
from random import Random
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import inspect

WORDS: Final = ("", "At the south gate?", "在南门等")


def any_message(dice: Random, kind: type, known: Mapping[str, Any]) -> Any:
    """`known`: values by a field's name; any other that may be left out sometimes is.

    Raises: msgspec.ValidationError where what was drawn is no such message; it never leaves a phone.
    """
    found: dict[str, Any] = {"t": kind.__struct_config__.tag}  # type: ignore[attr-defined] # every message has it
    for one in msgspec.structs.fields(kind):
        if one.name in known:
            found[one.encode_name] = known[one.name]
        elif one.required or dice.random() < 0.5:
            found[one.encode_name] = _value(dice, inspect.type_info(one.type), one.name)
    return msgspec.convert(msgspec.to_builtins(found), kind)


def _value(dice: Random, kind: inspect.Type, name: str) -> Any:
    """What a field of this type may hold. Raises: AssertionError for a type that nobody has thought of yet."""
    if isinstance(kind, inspect.Metadata):
        return _value(dice, kind.type, name)
    if isinstance(kind, inspect.UnionType):
        return _value(dice, dice.choice(kind.types), name)
    if isinstance(kind, inspect.NoneType):
        return None
    if isinstance(kind, inspect.BoolType):
        return dice.random() < 0.5
    if isinstance(kind, inspect.IntType):
        least = kind.ge if kind.ge is not None else 0
        return dice.randint(least, least + 30 if kind.le is None else min(kind.le, least + 30))
    if isinstance(kind, inspect.FloatType):
        return dice.uniform(kind.ge or 0.0, kind.le or 1.0)
    if isinstance(kind, inspect.EnumType):
        return dice.choice(list(kind.cls))
    if isinstance(kind, inspect.LiteralType):
        return dice.choice(kind.values)
    if isinstance(kind, inspect.UUIDType):
        return UUID(int=dice.randrange(4))
    if isinstance(kind, inspect.VarTupleType):
        least = kind.min_length or 0
        return [_value(dice, kind.item_type, name) for _ in range(dice.randint(least, least + 2))]
    assert isinstance(kind, inspect.StrType), f"{name}: say in tests/contract/any_message.py what a {kind} may hold"
    return dice.choice(WORDS)
