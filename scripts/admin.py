"""Sets the town up over HTTP, as the page does: people, stations, areas, categories, policies; and what was changed.

Signs in as the admin of the credentials' file (or --login with --password-file), does one thing, signs out. OUT of
--json is always whole: {"ok", "did", "answer", "problem"}, the last one the service's problem document or a sentence
of ours.

Exit codes: 0 done, 1 the service refused, 2 it could not be asked.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
from rich.console import Console
from rich.table import Table

from scripts import answer
from scripts.stores import ROOT

WAIT_S: Final = 120.0  # a province's outlines take a core for a while
STATION_OWN: Final = ("id", "areas", "beats", "desks", "staffed", "officers", "on_duty")
PERSON_OWN: Final = ("login", "suspended", "officer", "on_duty", "held", "sessions")
COLUMNS: Final = {
    "people": "login role station call_sign surname beat skills slots suspended on_duty version",
    "stations": "id name_en catch_all cross_border lends falls_to head_start_ms officers staffed version",
    "categories": "id name_en open priority seats skill check_in_s version",
    "policies": "id mode hours window_ms rings_m wave_ms head_start_ms turn_ms ack_ms version",
    "changes": "id at by kind subject verb reason",
}
TEXTS: Final = frozenset(
    {"call_sign", "surname", "station", "beat", "name", "name_en", "skill", "falls_to", "time_zone", "role"}
)
"""Fields that are texts even where they look like numbers."""
DOORS: Final[dict[str, tuple[str, dict[str, bool]]]] = {
    "suspend": ("suspended", {"suspended": True}),
    "let-in": ("suspended", {"suspended": False}),
    "reset": ("password", {}),
    "reset-factors": ("password", {"factors": True}),
}
POLICY: Final = ("mode", "rings_m", "wave_ms", "turn_ms", "window_ms")


class Refused(Exception):
    """The service said no: its problem document."""

    def __init__(self, problem: dict[str, Any]) -> None:
        super().__init__(str(problem.get("detail") or problem))
        self.problem = problem


@dataclass(slots=True)
class Office:
    """A signed-in client."""

    client: httpx.AsyncClient

    async def ask(self, method: str, path: str, **more: Any) -> Any:
        """The answer's body. Raises: Refused; httpx.HTTPError."""
        answer = await self.client.request(method, path, **more)
        said = answer.json() if answer.content else None
        if answer.is_error:
            raise Refused(said if isinstance(said, dict) else {"detail": f"HTTP {answer.status_code}"})
        return said

    async def people(self, **asked: str | None) -> list[dict[str, Any]]:
        """All pages."""
        found: list[dict[str, Any]] = []
        more = True
        while more:
            after = found[-1]["login"] if found else ""
            params = {name: value for name, value in (asked | {"after": after}).items() if value}
            page = await self.ask("GET", "/v1/admin/people", params=params)
            found += page["people"]
            more = page["more"]
        return found

    async def person(self, login: str) -> dict[str, Any]:
        """Raises: Refused."""
        return _named(await self.people(q=login), "login", login)

    async def row(self, kind: str, own: str) -> dict[str, Any]:
        """A station or a category as it stands. Raises: Refused."""
        return _named((await self.ask("GET", "/v1/admin/town"))[kind], "id", own)


def _named(rows: list[dict[str, Any]], key: str, own: str) -> dict[str, Any]:
    found = next((row for row in rows if row[key] == own), None)
    if found is None:
        raise Refused({"code": "not_found", "detail": f"There is no {own}."})
    return found


def read_options(argv: list[str] | None = None) -> argparse.Namespace:
    """What was asked; exits with a sentence when it makes no sense."""
    parser = answer.Words(
        prog="scripts/admin", description="Sets the town up: people, stations, areas, categories, policies."
    )
    parser.add_argument("--url", default="http://localhost:8000", help="the service (http://localhost:8000)")
    parser.add_argument("--credentials", type=Path, default=ROOT / ".local" / "credentials.json", metavar="FILE",
                        help="a file of sign-ins with one of role admin (.local/credentials.json)")  # fmt: skip
    parser.add_argument("--login", help="sign in as this one, with --password-file")
    parser.add_argument("--password-file", type=Path, metavar="FILE")
    parser.add_argument("--json", type=Path, metavar="OUT", help="where the whole answer goes, also of a refusal")
    things = parser.add_subparsers(dest="thing", required=True, metavar="THING")
    because = answer.Words(add_help=False)
    because.add_argument("--reason", required=True, help="why; kept with the change")
    setting = answer.Words(add_help=False, parents=[because])
    setting.add_argument("own", metavar="ID")
    setting.add_argument(
        "fields", nargs="*", metavar="FIELD=VALUE", help="as the service calls them; a value is JSON or a text"
    )

    people = things.add_parser("people").add_subparsers(dest="verb", required=True, metavar="VERB")
    listing = people.add_parser("list")
    for name in ("role", "station", "q"):
        listing.add_argument(f"--{name}")
    for verb, says in (("add", "a new one; the password is told once"), ("set", "change what is named")):
        people.add_parser(verb, parents=[setting], help=says)
    for verb, says in (
        ("suspend", "out, at once"),
        ("let-in", "again"),
        ("reset", "another password, told once"),
        ("reset-factors", "another password, and the second factors are forgotten: lost, or somebody else's"),
    ):
        people.add_parser(verb, parents=[because], help=says).add_argument("own", metavar="LOGIN")
    for thing in ("stations", "categories"):
        verbs = things.add_parser(thing).add_subparsers(dest="verb", required=True, metavar="VERB")
        verbs.add_parser("list")
        verbs.add_parser("add", parents=[setting])
        verbs.add_parser("set", parents=[setting])
    policies = things.add_parser("policies").add_subparsers(dest="verb", required=True, metavar="VERB")
    policies.add_parser("list")
    policies.add_parser("set", parents=[setting])
    using = policies.add_parser("use", parents=[because], help="a file as scripts/policies/ has them")
    using.add_argument("own", metavar="CATEGORY")
    using.add_argument("file", type=Path)
    areas = things.add_parser("areas").add_subparsers(dest="verb", required=True, metavar="VERB")
    bringing = areas.add_parser("import", parents=[because])
    bringing.add_argument("file", type=Path)
    bringing.add_argument("--kind", required=True, choices=["station", "beat"])
    bringing.add_argument("--check", action="store_true", help="say what would be, change nothing")
    changes = things.add_parser("changes")
    changes.set_defaults(verb="list")
    for name in ("kind", "subject"):
        changes.add_argument(f"--{name}")
    return parser.parse_args(argv)


def fields_of(words: list[str]) -> dict[str, Any]:
    """FIELD=VALUE, the value as JSON where it is one. Raises: ValueError with a sentence."""
    found: dict[str, Any] = {}
    for word in words:
        name, sign, text = word.partition("=")
        if not sign or not name.isidentifier():
            raise ValueError(f"{word} is not FIELD=VALUE.")
        try:
            value = json.loads(text)
        except ValueError:
            value = text
        found[name] = text if name in TEXTS and value is not None else value
    return found


def policy_fields(text: str) -> dict[str, Any]:
    """Of a category's row, what a policy's file says. Raises: ValueError."""
    policy = json.loads(text)
    if not isinstance(policy, dict):
        raise ValueError("This is not a policy: an object is.")
    return {name: policy.get(name) for name in POLICY} | {
        "mode": policy.get("mode", "snatch"),
        "head_start_ms": round(policy["head_start_s"] * 1000) if policy.get("head_start_s") else None,
    }


async def perform(office: Office, asked: argparse.Namespace) -> Any:
    """One thing. Raises: Refused, ValueError, OSError, httpx.HTTPError."""
    if asked.verb == "list":
        return await _listed(office, asked)
    reason = {"reason": asked.reason}
    if asked.thing == "areas":
        params = {"kind": asked.kind} | ({"check": "1"} if asked.check else reason)
        content = asked.file.read_bytes()
        return await office.ask("POST", "/v1/areas", params=params, content=content,
                                headers={"content-type": "application/geo+json"})  # fmt: skip
    if asked.thing == "people" and asked.verb in DOORS:
        version = (await office.person(asked.own))["version"]
        door, more = DOORS[asked.verb]
        return await office.ask(
            "POST", f"/v1/admin/people/{asked.own}/{door}", json=reason | {"version": version} | more
        )
    kind = "categories" if asked.thing == "policies" else asked.thing
    wanted = policy_fields(asked.file.read_text()) if asked.verb == "use" else fields_of(asked.fields)
    was: dict[str, Any] = {"version": 0}
    if asked.verb != "add":
        row = await (office.person(asked.own) if kind == "people" else office.row(kind, asked.own))
        own = {"people": PERSON_OWN, "stations": STATION_OWN, "categories": ("id", "able")}[kind]
        was = {name: value for name, value in row.items() if name not in own}
    return await office.ask("PUT", f"/v1/admin/{kind}/{asked.own}", json=was | wanted | reason)


async def _listed(office: Office, asked: argparse.Namespace) -> Any:
    if asked.thing == "people":
        return await office.people(role=asked.role, station=asked.station, q=asked.q)
    if asked.thing == "changes":
        params = {name: value for name in ("kind", "subject") if (value := getattr(asked, name))}
        return (await office.ask("GET", "/v1/admin/changes", params=params))["changes"]
    return (await office.ask("GET", "/v1/admin/town"))["categories" if asked.thing == "policies" else asked.thing]


def sign_in_of(asked: argparse.Namespace) -> dict[str, str]:
    """Login and password. Raises: ValueError, OSError."""
    if asked.login:
        if asked.password_file is None:
            raise ValueError("Say --password-file FILE with --login: a password in the arguments is read by everybody.")
        return {"login": asked.login, "password": asked.password_file.read_text().strip()}
    people = json.loads(asked.credentials.read_text())["people"]
    one = next((one for one in people if one["role"] == "admin"), None)
    if one is None:
        raise ValueError(f"{asked.credentials} has no admin.")
    return {"login": one["login"], "password": one["password"]}


async def work(asked: argparse.Namespace) -> Any:
    """Signs in, does it, signs out. Raises: Refused, ValueError, OSError, httpx.HTTPError."""
    async with httpx.AsyncClient(base_url=asked.url, timeout=WAIT_S, trust_env=False) as client:
        office = Office(client)
        signed = await office.ask("POST", "/v1/sessions", json=sign_in_of(asked))
        client.headers["authorization"] = f"Bearer {signed['token']}"
        try:
            return await perform(office, asked)
        finally:
            await client.delete("/v1/sessions/current")


def show(asked: argparse.Namespace, answer: Any, say: Callable[[Any], None]) -> None:
    """For a person at a terminal."""
    if isinstance(answer, list):
        table = Table(title=asked.thing)
        names = COLUMNS[asked.thing].split()
        for name in names:
            table.add_column(name.replace("_", " "), no_wrap=name in ("login", "id", "subject"), overflow="fold")
        for row in answer:
            table.add_row(*("" if row.get(name) is None else str(row[name]) for name in names))
        say(table)
        return
    if answer.get("password"):
        print(f"The password, told this once: {answer['password']}")
    if answer.get("holding"):
        print(f"Still holds {len(answer['holding'])} case(s): the desk must take them back or send somebody else.")
    kept = {name: value for name, value in answer.items() if name not in ("password", "after")}
    print(json.dumps(kept, ensure_ascii=False, indent=2))


def main(argv: list[str] | None = None) -> int:
    asked = read_options(argv)
    told: dict[str, Any] = {"ok": False, "did": f"{asked.thing} {asked.verb}", "answer": None, "problem": None}
    code = 0
    try:
        told["answer"] = asyncio.run(work(asked))
        told["ok"] = True
    except Refused as refused:
        told["problem"], code = refused.problem, 1
    except (ValueError, KeyError, OSError, httpx.HTTPError) as error:
        told["problem"], code = {"detail": str(error) or type(error).__name__}, 2
    if asked.json is not None:
        answer.write(asked.json, told)
    if told["ok"]:
        show(asked, told["answer"], Console().print)
    else:
        print(f"scripts/admin: {told['problem'].get('detail')}", file=sys.stderr)
        for one in told["problem"].get("errors", ())[:20]:
            print(f"  {one.get('feature') or one.get('pointer')}: {one['detail']}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
