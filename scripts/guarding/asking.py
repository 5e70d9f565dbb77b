"""Asks every cell of the matrix of a live service and keeps what was answered otherwise."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, Final

import asyncpg
import httpx
from websockets.exceptions import ConnectionClosed

from scripts.guarding.fields import unlisted_fields
from scripts.guarding.matrix import DONE, PEOPLE, WITHOUT, Matrix, Row, Way
from scripts.guarding.people import HERE, Json, Person, Told, new_key
from scripts.guarding.probes import PROBES, Probe, case_of, plain, unchanged_of
from scripts.guarding.scenes import Scene, SceneError, Stage, filled
from scripts.guarding.service import Asked

UNSAFE: Final = ("POST", "PUT", "DELETE", "PATCH")


@dataclass(slots=True)
class Outcome:
    """What became of a whole run. `deviations`: cell, expected, heard."""

    cells: int = 0
    by_kind: Counter[str] = field(default_factory=Counter)
    deviations: list[Json] = field(default_factory=list)
    unlisted: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def differs(self, cell: str, person: str, wanted: object, heard: object) -> None:
        self.deviations.append({"cell": cell, "person": person, "expected": wanted, "heard": heard})

    def told(self) -> Json:
        """The report. Of no cell at all it can be said neither that it deviates nor that it does not."""
        asked = self.cells > 0
        return {
            "cells": self.cells,
            "deviations": len(self.deviations) if asked else None,
            "unlisted": len(self.unlisted) if asked else None,
            "by_kind": dict(self.by_kind),
            "deviating": self.deviations,
            "not_listed": self.unlisted,
            "errors": self.errors,
        }


class Asking:
    """One run."""

    def __init__(self, matrix: Matrix, stage: Stage, outcome: Outcome, part: tuple[int, int] = (0, 1)) -> None:
        self.matrix, self.stage, self.outcome = matrix, stage, outcome
        self._part = part

    def _mine(self, rows: list[Row]) -> list[Row]:
        first, step = self._part
        return rows[first::step]

    async def run(self) -> None:
        await self._listed()
        for kind, rows, ask in (
            ("route", self.matrix.routes, self._route),
            ("read", self.matrix.reads, self._read),
            ("act", self.matrix.acts, self._act_by_http),
            ("act on a socket", self.matrix.acts, self._act_by_socket),
            ("message", self.matrix.messages, self._message),
        ):
            for row in self._mine(rows):
                before = self.outcome.cells
                try:
                    await ask(row)
                except (SceneError, KeyError, TypeError, TimeoutError, httpx.HTTPError, ConnectionClosed) as error:
                    self.outcome.errors.append(f"{kind} {row.what} {row.scene}: {type(error).__name__} {error}")
                self.outcome.by_kind[kind] += self.outcome.cells - before

    async def _listed(self) -> None:
        """Routes and messages as the service itself lists them."""
        client = self.stage.client
        paths = (await client.get("/openapi.json")).json()["paths"]
        routes = {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}
        live = (await client.get("/asyncapi.json")).json()
        said = {
            message["$ref"].rpartition("/")[2]
            for name, operation in live["operations"].items()
            if name.endswith("_says")
            for message in operation["messages"]
        }
        self.outcome.unlisted += sorted(routes - self.matrix.listed_routes())
        self.outcome.unlisted += sorted(said - self.matrix.listed_messages())

    # --- one cell
    def _heard(self, what: str, person: str, wanted: int, told: Told) -> None:
        self.outcome.cells += 1
        if (told.done and wanted != DONE) or (not told.done and told.status != wanted):
            self.outcome.differs(what, person, wanted, f"{told.status} {told.code}".strip())

    async def _steady(self, what: str, person: str, before: Any, after: Any) -> None:
        if before != after:
            self.outcome.differs(f"{what}: refused, and yet something changed", person, before, after)

    # --- kinds of cells
    async def _route(self, row: Row) -> None:
        method, address = row.what.split(" ")[:2]
        ask = PROBES.get(row.what, plain(address))
        self.stage.scene = await self.stage.make(row.scene) if row.scene else None
        for name in row.refused_first:
            person, wanted = self.stage.people[name], row.answers[name]
            if wanted == DONE and row.scene:
                self.stage.scene = await self.stage.make(row.scene)
            probe: Probe = await ask(self.stage, person)
            before = await self._state(method, wanted)
            told = await (probe.who or person).ask(method, probe.path, probe.body, **probe.head)
            self._heard(row.what, name, wanted, told)
            await self._steady(row.what, name, before, await self._state(method, wanted))
            self._fields(row.what, name, told)
            if row.what.startswith("DELETE /v1/sessions") and probe.who not in (None, person):
                # everywhere is here too; and of an officer, who has one session, the other one ended this one
                await _sign_in_again(self.stage, person)

    async def _state(self, method: str, wanted: int) -> Any:
        if method not in UNSAFE or wanted == DONE:
            return None
        scene = self.stage.scene
        return [await unchanged_of(self.stage), await case_of(self.stage, scene) if scene else None]

    async def _read(self, row: Row) -> None:
        scene = await self.stage.make(row.scene)
        for name in PEOPLE:
            person = await self._as(name, scene)
            told = await person.ask("GET", row.what.replace("{case}", scene.case))
            self._heard(f"GET {row.what} {row.scene}", name, row.answers[name], told)
            self._fields(f"GET {row.what}", name, told)

    async def _act_by_http(self, row: Row) -> None:
        await self._act(row, Way.HTTP)

    async def _act_by_socket(self, row: Row) -> None:
        await self._act(row, Way.SOCKET)

    async def _act(self, row: Row, way: Way) -> None:
        scene, fresh = await self.stage.make(row.scene), True
        for name in row.refused_first:
            wanted = row.answers[name]
            if wanted == DONE and not fresh:
                scene = await self.stage.make(row.scene)
            person = await self._as(name, scene)
            before = await case_of(self.stage, scene) if wanted != DONE else None
            told = await self._said(row, way, person, scene)
            if way is Way.SOCKET and name == "admin":
                wanted = 403  # no socket at all
            self._heard(f"{way} {row.what}", name, wanted, told)
            if before is not None:
                await self._steady(f"{way} {row.what}", name, before, await case_of(self.stage, scene))
            fresh = wanted != DONE
            if person is not self.stage.people[name]:
                await person.close()

    async def _said(self, row: Row, way: Way, person: Person, scene: Scene) -> Told:
        says = filled(row.says, scene.names)
        if not person.name.startswith("officer") and row.tag in ("say", "read"):
            says.pop("fence", None)
        body = {"t": row.tag, "case": scene.case, "key": new_key(), **says}
        if way is Way.SOCKET:
            return await person.say(body)
        return await person.ask("POST", f"/v1/cases/{scene.case}/acts", body)

    async def _message(self, row: Row) -> None:
        scene = await self.stage.make("offered") if row.what == "claim" else None
        fresh = True
        for name in row.refused_first:
            wanted, person = row.answers[name], self.stage.people[name]
            if scene is not None and wanted == DONE and not fresh:
                scene = await self.stage.make("offered")
            body = await self._message_body(row.what, scene, person)
            before = await self._state("POST", wanted)
            if row.what == "hello":
                await person.close()
                told = await person.say({"t": "ask", "key": new_key()})
            else:
                told = await person.say(body)
            self._heard(f"{Way.SOCKET} {row.what}", name, wanted, told)
            await self._steady(f"{Way.SOCKET} {row.what}", name, before, await self._state("POST", wanted))
            fresh = wanted != DONE

    async def _message_body(self, tag: str, scene: Scene | None, person: Person) -> Json:
        body: Json = {"t": tag, "key": new_key()}
        if tag == "fix":  # who is near may be asked across the border: the other station's officer stands far away
            lat, lon = (HERE[0] + 1, HERE[1]) if person.name == "officer_other" else HERE
            return {"t": "fix", "lat": lat, "lon": lon}
        if tag in ("duty", "desk_shift"):
            body["on"] = True
        if tag == "claim" and scene is not None:
            body |= {"case": scene.case, "round": scene.names["round"]}
        if tag == "clear_panic":
            body = (await PROBES["POST /v1/panics/cleared"](self.stage, self.stage.people["desk"])).body
        return body

    async def _as(self, name: str, scene: Scene) -> Person:
        """The person; the reporter is the one of this very case."""
        return await self.stage.reporter_of(scene) if name == "reporter" else self.stage.people[name]

    def _fields(self, what: str, name: str, told: Told) -> None:
        """Every field of an answer must be on the list of what this role may see there."""
        if told.done and name not in WITHOUT:
            for one in unlisted_fields(self.matrix.fields, what, name, told.body):
                self.outcome.differs(f"{what}: a field that is not on the list", name, "on the list", one)


async def _sign_in_again(stage: Stage, person: Person) -> None:
    await person.close()
    if person.name.startswith("reporter"):
        answer = await stage.client.post("/v1/receipts", json={"code": person.said["receipt"]})
    else:
        login = {name: person.said[name] for name in ("login", "password")}
        answer = await stage.client.post("/v1/sessions", json=login)
    person.token = answer.json()["token"]


@contextlib.asynccontextmanager
async def staged(service: Asked) -> AsyncIterator[Stage]:
    """The people signed in, and the town made ready. Raises: SceneError."""
    async with httpx.AsyncClient(base_url=service.url, trust_env=False, timeout=20) as client:
        people = {"none": Person("none", service, client)}
        stage = Stage(service, client, people)
        stage.stations = stations = await _stations(service, client)
        officers, others = (service.of("officer", one) for one in stations)
        logins = dict(zip(("officer", "officer_former", "officer_same", "suspended"), officers, strict=False))
        logins |= dict(zip(("officer_other", "expired"), others, strict=False))
        logins |= {"desk": service.of("desk", stations[0])[0], "desk_other": service.of("desk", stations[1])[0]}
        logins |= {"supervisor": service.of("supervisor")[0], "admin": service.of("admin")[0]}
        for name, login in logins.items():
            said = {"login": login["login"], "password": login["password"]}
            answer = await client.post("/v1/sessions", json=said)
            if answer.status_code != 201:
                raise SceneError(f"{name} cannot sign in: {answer.text}")
            people[name] = Person(name, service, client, answer.json()["token"], {**answer.json(), **said})
        await stage.prepare()
        for name in ("reporter", "reporter_other"):
            scene = await stage.report()
            one = await stage.reporter_of(scene)
            people[name] = Person(name, service, client, one.token, {**one.said, "receipt": scene.receipt})
        await _put_out(stage)
        try:
            yield stage
        finally:
            await stage.free()
            for person in people.values():
                await person.close()
            await _let_in(stage)


async def _stations(service: Asked, client: httpx.AsyncClient) -> tuple[str, str]:
    """The one whose ground we stand on, and another with officers."""
    category = (await client.get("/v1/categories")).json()["categories"][0]["id"]
    body = {"category": category, "words": "Where is it?", "lat": HERE[0], "lon": HERE[1], "advised": True}
    answer = await client.post("/v1/reports", json=body, headers={"idempotency-key": new_key()})
    if answer.status_code != 201:
        raise SceneError(answer.text)
    made = answer.json()
    token = (await client.post("/v1/receipts", json={"code": made["receipt"]})).json()["token"]
    back = {"t": "withdraw", "case": made["case"], "key": new_key()}  # so that no window of it ends between two looks
    head = {"authorization": f"Bearer {token}"}
    await client.post(f"/v1/cases/{made['case']}/acts", json=back, headers=head)
    own = str(made["station"])
    other = next(one["station"] for one in service.of("officer") if one["station"] != own)
    return own, str(other)


async def _put_out(stage: Stage) -> None:
    """One is suspended while signed in; of another the session comes to its end."""
    admin, out = stage.people["admin"], stage.people["suspended"]
    row = (await admin.ask("GET", f"/v1/admin/people?q={out.said['login']}")).body["people"][0]
    body = {"version": row["version"], "reason": "authz-matrix", "suspended": True}
    told = await admin.ask("POST", f"/v1/admin/people/{out.said['login']}/suspended", body)
    if not told.done:
        raise SceneError(f"suspend: {told.body}")
    expired = stage.people["expired"]
    if stage.service.owner_url:
        owner = await asyncpg.connect(stage.service.owner_url)
        await owner.execute(
            "UPDATE sessions SET expires_at = clock_timestamp() WHERE account = "
            "(SELECT id FROM accounts WHERE login = $1)", expired.said["login"],
        )  # fmt: skip
        await owner.close()
    else:  # nobody can move the clock of a service that is not ours: signed out is the nearest
        await expired.ask("DELETE", "/v1/sessions/current")
    await asyncio.sleep(1.0)  # what the cache remembers of a session is told to be over within a second


async def _let_in(stage: Stage) -> None:
    admin, login = stage.people["admin"], stage.people["suspended"].said["login"]
    row = (await admin.ask("GET", f"/v1/admin/people?q={login}")).body["people"][0]
    if row["suspended"]:
        body = {"version": row["version"], "reason": "authz-matrix is over", "suspended": False}
        await admin.ask("POST", f"/v1/admin/people/{login}/suspended", body)
