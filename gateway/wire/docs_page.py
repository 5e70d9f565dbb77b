"""The page to read: rendered from the generated documents, escaped throughout, without script or inline style."""

from collections.abc import Iterable
from html import escape
from typing import Any, Final

from gateway.http.codes import CODES
from gateway.wire.openapi import Json

_HEAD: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>OnBeat · Interface</title>
<link rel="icon" href="/static/shared/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/static/shared/tokens.css">
<link rel="stylesheet" href="/static/docs/page.css">
</head>
<body>
"""
_CONTENTS: Final = (("http", "HTTP"), ("live", "Live"), ("types", "Types"), ("problems", "Errors"), ("closes", "Ends"))


def docs_page(http: Json, live: Json) -> str:
    """The whole page, from an OpenAPI and an AsyncAPI document of this service."""
    links = "".join(f'<a href="#{own}">{name}</a>' for own, name in _CONTENTS)
    socket = live["channels"]["socket"]
    types = http["components"]["schemas"] | live["components"]["schemas"]
    parts = [
        f"<header><h1>OnBeat · Interface</h1><nav aria-label=\"Parts\">{links}</nav></header><main>",
        f"<p>{escape(http['info']['description'])}</p>",
        '<p><a href="/openapi.json">openapi.json</a> · <a href="/asyncapi.json">asyncapi.json</a></p>',
        '<section id="http"><h2>HTTP</h2>', *_operations(http), "</section>",
        '<section id="live"><h2>Live</h2>',
        f"<p><code>{escape(socket['address'])}</code> {escape(socket['description'])}</p>",
        f"<p>{escape(live['info']['description'])}</p>",
        *_messages(live), "</section>",
        '<section id="types"><h2>Types</h2>', *_types(types), "</section>",
        '<section id="problems"><h2>Errors</h2>', *_problems(socket["x-problem-codes"]), "</section>",
        '<section id="closes"><h2>How a socket ends</h2>', *_closes(socket["x-close-codes"]), "</section>",
    ]  # fmt: skip
    return _HEAD + "\n".join(parts) + "</main>\n</body>\n</html>\n"


def _operations(http: Json) -> Iterable[str]:
    for tag in http["tags"]:
        yield f"<h3>{escape(tag['name'])}</h3>"
        for path, methods in http["paths"].items():
            for method, one in methods.items():
                if tag["name"] in one["tags"]:
                    yield from _operation(method.upper(), path, one)


def _operation(method: str, path: str, one: Json) -> Iterable[str]:
    who = {0: "Nobody asks who you are.", 1: "Needs a session."}.get(len(one["security"]), "A session is not needed.")
    yield f'<article id="op-{escape(one["operationId"])}"><h4><code>{method} {escape(path)}</code></h4>'
    yield f'<p>{escape(one["description"])}</p><p class="quiet">{who}</p><dl>'
    for parameter in one["parameters"]:
        need = "" if parameter["required"] else ", optional"
        yield _row(f"{parameter['name']} ({parameter['in']}{need})", escape(parameter["description"]))
    if "requestBody" in one:
        content = one["requestBody"]["content"]
        schema = next(iter(content.values()))["schema"]
        yield _row("body", f'{_name(schema)} <span class="quiet">as {escape(" or ".join(content))}</span>')
    for status, answer in one["responses"].items():
        schema = next(iter(answer.get("content", {"": {}}).values())).get("schema", {})
        codes = schema["allOf"][1]["properties"]["code"]["enum"] if "allOf" in schema else None
        if codes:
            yield _row(status, " ".join(_problem_link(code) for code in codes))
        else:
            yield _row(status, f"{escape(answer['description'])} {_name(schema)}")
    yield "</dl></article>"


def _messages(live: Json) -> Iterable[str]:
    spoken: dict[str, list[str]] = {}
    for own, operation in live["operations"].items():
        for message in operation["messages"]:
            spoken.setdefault(message["$ref"].rpartition("/")[2], []).append(own.replace("_", " "))
    for tag, message in live["components"]["messages"].items():
        schema = live["components"]["schemas"][message["title"]]
        yield f'<article id="message-{escape(tag)}"><h4><code>{escape(tag)}</code></h4>'
        yield f"<p>{escape(message['description'])}</p>"
        yield f'<p class="quiet">{escape(", ".join(spoken.get(tag, [])))}</p>'
        yield from _fields(schema, live["components"]["schemas"])
        yield "</article>"


def _types(schemas: Json) -> Iterable[str]:
    for name, schema in schemas.items():
        yield f'<article id="type-{escape(name)}"><h4>{escape(name)}</h4>'
        yield f"<p>{escape(' '.join(schema.get('description', '').split()))}</p>"
        if "enum" in schema:
            yield f"<p>{' '.join(f'<code>{escape(str(one))}</code>' for one in schema['enum'])}</p>"
        yield from _fields(schema, schemas)
        yield "</article>"


def _fields(schema: Json, linked: Json) -> Iterable[str]:
    if "properties" in schema:
        needed = schema.get("required", ())
        yield "<dl>"
        for name, one in schema["properties"].items():
            optional = "" if name in needed else ' <span class="quiet">optional</span>'
            yield _row(name, _name(one) + optional + _limits(one))
        yield "</dl>"


def _limits(one: Json) -> str:
    words = {"minimum": "from", "maximum": "to", "minLength": "at least", "maxLength": "at most", "pattern": "like"}
    inner = next((o for o in one.get("anyOf", ()) if o.get("type") != "null"), one)
    said = [f"{word} {inner[name]}" for name, word in words.items() if name in inner]
    return f' <span class="quiet">{escape(", ".join(said))}</span>' if said else ""


def _name(schema: Json) -> str:
    """A schema in a few words, linked where it is a type of ours."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f'<a href="#type-{escape(name)}">{escape(name)}</a>'
    if "anyOf" in schema:
        return " or ".join(_name(one) for one in schema["anyOf"])
    if "enum" in schema or "const" in schema:
        words: Any = schema.get("enum", [schema.get("const")])
        return " ".join(f"<code>{escape(str(one))}</code>" for one in words)
    if "prefixItems" in schema:
        return f"[{', '.join(_name(one) for one in schema['prefixItems'])}]"
    if schema.get("type") == "array" and isinstance(schema.get("items"), dict):
        return f"list of {_name(schema['items'])}"
    return escape(" ".join(filter(None, (schema.get("type", ""), schema.get("format", "")))))


def _table(*heads: str) -> str:
    columns = "".join(f'<th scope="col">{head}</th>' for head in heads)
    return f"<table><thead><tr>{columns}</tr></thead><tbody>"


def _problems(of_sockets: dict[str, str]) -> Iterable[str]:
    yield "<p>Over HTTP a problem document (RFC 9457); on a socket a <code>problem</code> message.</p>"
    yield _table("code", "status", "means")
    rows = {code: (str(status), f"{title}. {sentence}") for code, (status, title, sentence) in CODES.items()}
    rows |= {code: ("socket", sentence) for code, sentence in of_sockets.items() if code not in CODES}
    for code, (status, says) in rows.items():
        yield f'<tr id="problem-{code}"><th scope="row"><code>{_breakable(code)}</code></th><td>{status}</td>'
        yield f"<td>{escape(says)}</td></tr>"
    yield "</tbody></table>"


def _closes(closes: list[Json]) -> Iterable[str]:
    yield "<p>1000 to 1999 are RFC 6455's; 4000 to 4099: come back and resume; 4400 to 4499: not as you are.</p>"
    yield _table("code", "come back", "means")
    for one in closes:
        yield f'<tr id="close-{one["code"]}"><th scope="row">{one["code"]} <code>{_breakable(one["name"])}</code></th>'
        yield f"<td>{'yes' if one['come_back'] else 'no'}</td><td>{escape(one['says'])}</td></tr>"
    yield "</tbody></table>"


def _problem_link(code: str) -> str:
    return f'<a href="#problem-{code}"><code>{code}</code></a>'


def _breakable(word: str) -> str:
    """A long word that a narrow screen may break where its parts meet."""
    return escape(word).replace("_", "_<wbr>")


def _row(name: str, content: str) -> str:
    return f"<dt>{escape(name)}</dt><dd>{content}</dd>"
