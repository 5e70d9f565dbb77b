"""Cases in the states that the acts need, made over the public protocol alone, a fresh one for each act done."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final

import httpx

from scripts.guarding.people import HERE, Json, Person, Told, new_key
from scripts.guarding.service import Asked

DESK_FIRST: Final = "authz_desk"
URGENT: Final = "authz_urgent"
RACE: Final = "authz_race"
LONG_MS: Final = 600_000


class SceneError(Exception):
    """What a scene needs was refused: the matrix cannot be asked."""


@dataclass(slots=True)
class Scene:
    """A case and what is around it: what `$name` in a row of the matrix means."""

    case: str
    receipt: str
    names: dict[str, Any] = field(default_factory=dict)


class Stage:
    """Builds scenes with the people of the matrix."""

    def __init__(self, service: Asked, client: httpx.AsyncClient, people: dict[str, Person]) -> None:
        self.service, self.client, self.people = service, client, people
        self.stations: tuple[str, str] = ("", "")
        self.scene: Scene | None = None  # what a probe is about
        self._held: list[str] = []

    # --- the town
    async def prepare(self) -> None:
        """Categories of our own, in place of waiting for windows; everybody on duty."""
        admin = self.people["admin"]
        town = (await admin.ask("GET", "/v1/admin/town")).body
        held = {one["id"] for one in town["categories"]}
        common = {"ack_ms": LONG_MS, "window_ms": LONG_MS, "patience_ms": 3_600_000, "reason": "authz-matrix"}
        for name, more in (
            (DESK_FIRST, {"mode": "desk_first", "priority": 3}),
            (URGENT, {"mode": "desk_first", "priority": 1}),
            (RACE, {"mode": "snatch", "rings_m": [6000]}),
        ):
            if name not in held:
                body = {"version": 0, "name": name, "name_en": name, **common, **more}
                await self._need(admin.ask("PUT", f"/v1/admin/categories/{name}", body))
        for name, person in self.people.items():
            if name.startswith("officer"):
                await self._need(person.ask("POST", "/v1/duty", {"t": "duty", "on": True, "key": new_key()}))
        for _ in range(150):
            known = {one["id"] for one in (await admin.ask("GET", "/v1/categories")).body["categories"]}
            if {DESK_FIRST, URGENT, RACE} <= known:
                break
            await asyncio.sleep(0.1)

    async def report(self, category: str = DESK_FIRST) -> Scene:
        body = {"category": category, "words": "A matrix.", "lat": HERE[0], "lon": HERE[1]}
        for _ in range(100):
            key = {"idempotency-key": new_key()}
            answer = await self.client.post("/v1/reports", json=body, headers=key)
            if answer.status_code == 201:
                said = answer.json()
                return Scene(said["case"], said["receipt"])
            if answer.json()["code"] != "category_unknown":
                break
            await asyncio.sleep(0.1)
        raise SceneError(f"report: {answer.text}")

    async def free(self) -> None:
        """Whoever holds a case of an earlier scene lets it go: one case an officer."""
        boss = self.people["supervisor"]
        for case in self._held:
            seen = (await boss.ask("GET", f"/v1/cases/{case}")).body
            for holder in (seen or {}).get("officers") or (seen or {}).get("holders") or ():
                fields = {"officer": holder["officer"], "reason": "next scene"}
                await self.act(boss, "take_back", Scene(case, ""), **fields)
            await self.act(boss, "close_by_telephone", Scene(case, ""), disposition="advice_given")
        self._held.clear()

    async def act(self, who: Person, tag: str, scene: Scene, **fields: Any) -> Told:
        body = {"t": tag, "case": scene.case, "key": new_key(), **fields}
        return await who.ask("POST", f"/v1/cases/{scene.case}/acts", body)

    async def _need(self, answer: Awaitable[Told]) -> Told:
        told = await answer
        if not told.done:
            raise SceneError(f"{told.status} {told.code} {told.body}")
        return told

    async def _do(self, who: str, tag: str, scene: Scene, **fields: Any) -> Told:
        try:
            return await self._need(self.act(self.people[who], tag, scene, **fields))
        except SceneError as error:
            raise SceneError(f"{who} {tag}: {error}") from error

    async def reporter_of(self, scene: Scene) -> Person:
        """Signs the reporter of this scene in."""
        answer = await self.client.post("/v1/receipts", json={"code": scene.receipt})
        if answer.status_code != 200:
            raise SceneError(answer.text)
        return Person("reporter", self.service, self.client, answer.json()["token"], answer.json())

    # --- the scenes
    async def make(self, name: str) -> Scene:
        """A fresh scene. Raises: SceneError."""
        await self.free()
        scene = await SCENES[name](self)
        scene.names |= {
            "case": scene.case,
            "other_station": self.stations[1],
            "officer": self.people["officer"].said["officer"],
            "same": self.people["officer_same"].said["officer"],
        }
        self._held.append(scene.case)
        return scene

    async def queued(self) -> Scene:
        return await self.report()

    async def held(self) -> Scene:
        """First held by `officer_former`, then by `officer`."""
        scene = await self.report()
        former, officer = (self.people[name].said["officer"] for name in ("officer_former", "officer"))
        await self._do("desk", "assign", scene, officer=former)
        await self._do("desk", "take_back", scene, officer=former, reason="the next one")
        await self._do("desk", "assign", scene, officer=officer)
        seen = (await self.people["officer"].ask("GET", f"/v1/cases/{scene.case}")).body
        scene.names["fence"] = seen["fence"]
        return scene

    async def on_scene(self) -> Scene:
        scene = await self.held()
        await self._do("officer", "arrived", scene, fence=scene.names["fence"])
        return scene

    async def cleared(self) -> Scene:
        scene = await self.on_scene()
        await self._do("officer", "cleared", scene, fence=scene.names["fence"], disposition="report_taken")
        return scene

    async def offered(self) -> Scene:
        """Asked are `officer` and `officer_same`; `officer_former` had it and gave it back, so this is round 2."""
        for name in ("officer", "officer_former", "officer_same"):
            await self.people[name].fix()
        await asyncio.sleep(0.4)  # until every process has heard where they are
        scene = await self.report(RACE)
        former = self.people["officer_former"]
        claim = {"round": 1, "key": new_key()}
        won = await self._need(former.ask("POST", f"/v1/cases/{scene.case}/claims", claim))
        await self._do("officer_former", "hand_back", scene, fence=won.body["fence"])
        scene.names["round"] = 2
        return scene

    async def welfare(self) -> Scene:
        scene = await self.held()
        await self._do("desk", "ask_welfare", scene, officer=self.people["officer"].said["officer"])
        return scene

    async def appointment(self) -> Scene:
        scene = await self.report()
        await self._do("desk", "offer_appointment", scene, hold_min=60, lasts_min=30)
        return scene

    async def pair(self) -> Scene:
        scene, second = await self.report(), await self.report()
        scene.names["second"] = second.case
        self._held.append(second.case)
        return scene

    async def merged(self) -> Scene:
        """The case that was merged; `$lead` stands for it."""
        lead, scene = await self.report(), await self.report()
        await self._do("desk", "merge", lead, reports=[scene.case], reason="the same")
        scene.names["lead"] = lead.case
        self._held.append(lead.case)
        return scene

    async def lead(self) -> Scene:
        scene = await self.pair()
        await self._do("desk", "merge", scene, reports=[scene.names["second"]], reason="the same")
        return scene

    async def met(self) -> Scene:
        scene = await self.held()
        reporter = await self.reporter_of(scene)
        seen = (await reporter.ask("GET", f"/v1/cases/{scene.case}")).body
        scene.names["word"] = seen["officers"][0]["word"]
        return scene

    async def urgent(self) -> Scene:
        """A case that needs the officer who is on the way to `$from_case`."""
        left = await self.held()
        scene = await self.report(URGENT)
        scene.names["from_case"] = left.case
        self._held.append(left.case)
        return scene

    async def said(self) -> Scene:
        scene = await self.held()
        told = await self._do("desk", "say", scene, words="Somebody comes.")
        scene.names["upto"] = (told.body or {}).get("seq") or 1
        return scene


SCENES: Final[dict[str, Callable[[Stage], Awaitable[Scene]]]] = {
    "queued": Stage.queued, "held": Stage.held, "on_scene": Stage.on_scene, "cleared": Stage.cleared,
    "offered": Stage.offered, "welfare": Stage.welfare, "appointment": Stage.appointment, "pair": Stage.pair,
    "merged": Stage.merged, "lead": Stage.lead, "met": Stage.met, "urgent": Stage.urgent, "said": Stage.said,
}  # fmt: skip


def filled(said: Any, names: Json) -> Any:
    """`said` with every `$name` put in."""
    if isinstance(said, dict):
        return {name: filled(one, names) for name, one in said.items()}
    if isinstance(said, list):
        return [filled(one, names) for one in said]
    return names[said[1:]] if isinstance(said, str) and said.startswith("$") else said
