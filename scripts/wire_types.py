"""The wire's own types for the pages: `gateway/web/shared/wire.d.ts`, made from the OpenAPI and AsyncAPI documents.

The file is not committed: tests make it anew before the type checker runs, so it is never older than the code.
`python -m scripts.wire_types` makes it for an editor. A property with a default is optional, because the service
leaves out what is as usual. `Heard` is the union of what a socket says, `Act` of what may be said to it.
"""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from gateway.operations import OPERATIONS
from gateway.routes import ROUTES
from gateway.wire.asyncapi import asyncapi
from gateway.wire.openapi import endpoints, openapi
from scripts.web_packages import WEB

MADE: Final = WEB / "shared" / "wire.d.ts"
Schema = Mapping[str, Any]
PLAIN: Final = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}


def types() -> str:
    """The whole file."""
    found = endpoints(ROUTES)
    operations = {one: OPERATIONS[one] for one in OPERATIONS if one in found}
    http, live = openapi([route for at, route in found.items() if at in operations], operations), asyncapi()
    schemas: dict[str, Schema] = {**http["components"]["schemas"], **live["components"]["schemas"]}
    lines = ["// Made by scripts/wire_types.py from the wire's own documents. Not committed.", ""]
    for name in sorted(schemas):
        told = str(schemas[name].get("description", "")).replace("*/", "* /")
        lines += [f"/** {told} */"] if told else []
        lines += [f"export type {_name(name)} = {written(schemas[name])};", ""]
    for union, action in (("Act", "receive"), ("Heard", "send")):
        lines += [f"export type {union} = {' | '.join(_said(live, action))};", ""]
    return "\n".join(lines)


def _said(live: Schema, action: str) -> list[str]:
    """Names of the types of all messages of operations with this action, once each."""
    messages = live["components"]["messages"]
    told = [
        one["$ref"].rpartition("/")[2]
        for operation in live["operations"].values()
        for one in (operation["messages"] if operation["action"] == action else [])
    ]
    replies = [
        one["$ref"].rpartition("/")[2]
        for operation in live["operations"].values()
        for one in (operation.get("reply", {}).get("messages", []) if action == "send" else [])
    ]
    return sorted({_name(messages[one]["payload"]["$ref"].rpartition("/")[2]) for one in (*told, *replies)})


def _name(name: str) -> str:
    """A name that TypeScript takes: of two with the same name the documents give the path, which is kept."""
    return name.replace(".", "_")


def written(schema: Schema | bool) -> str:
    """One schema as a type. What is not known here is `unknown`, never `any`."""
    if isinstance(schema, bool) or not schema:
        return "unknown"
    if "$ref" in schema:
        return _name(str(schema["$ref"]).rpartition("/")[2])
    for either in ("anyOf", "oneOf"):
        if either in schema:
            return " | ".join(dict.fromkeys(written(one) for one in schema[either]))
    if "const" in schema:
        return _literal(schema["const"])
    if "enum" in schema:
        return " | ".join(_literal(one) for one in schema["enum"])
    kind = schema.get("type")
    if isinstance(kind, list):
        return " | ".join(PLAIN.get(one, "unknown") for one in kind)
    if kind == "array":
        return _array(schema)
    if kind == "object":
        return _object(schema)
    return PLAIN.get(str(kind), "unknown")


def _array(schema: Schema) -> str:
    if "prefixItems" in schema:
        return f"[{', '.join(written(one) for one in schema['prefixItems'])}]"
    return f"Array<{written(schema.get('items', True))}>"


def _object(schema: Schema) -> str:
    properties: Schema = schema.get("properties", {})
    if not properties:
        return f"Record<string, {written(schema.get('additionalProperties', True))}>"
    required = set(schema.get("required", ()))
    pairs = (f"{name}{'' if name in required else '?'}: {written(one)}" for name, one in properties.items())
    return f"{{ {'; '.join(pairs)} }}"


def _literal(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else str(value)


def make(path: Path = MADE) -> None:
    """Writes the file where it would change."""
    text = types()
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


if __name__ == "__main__":
    make()
    sys.exit(0)
