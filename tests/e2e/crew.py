"""A crew of one station and the cases around it: what stories tell, a line a step."""

import asyncio
from typing import Any, Final

from tests.e2e.talk import Json, Someone, Town, new_key

PATIENT_S: Final = 20.0  # for one step of a sweeper on a machine that has other work


class Told:
    """A case and everybody around it. `no`: the refusal that an act must hear; without it the act must be done."""

    def __init__(self, crew: "Crew", made: Json) -> None:
        self.crew, self.town, self.id, self.receipt = crew, crew.town, str(made["case"]), str(made["receipt"])

    async def acts(self, who: Someone, tag: str, no: str | None = None, **fields: Any) -> Json:
        body = {"t": tag, "case": self.id, "key": new_key(), **fields}
        answer = await who.ask("POST", f"/v1/cases/{self.id}/acts", body)
        told: Json = answer.json()
        assert (None if answer.status_code == 200 else told.get("code")) == no, (tag, told)
        return told

    async def desk(self, tag: str, no: str | None = None, **fields: Any) -> Json:
        return await self.acts(await self.town.someone("desk"), tag, no, **fields)

    async def reporter(self, tag: str, no: str | None = None, **fields: Any) -> Json:
        return await self.acts(await self.town.reporter(self.receipt), tag, no, **fields)

    async def officer(self, number: int, tag: str, no: str | None = None, **fields: Any) -> Json:
        """With the fence of the officer's seat, the last one where it is lost."""
        fence = await self.town.owner.fetchval(
            "SELECT fence FROM assignments WHERE case_id = $1 AND officer_id = $2 ORDER BY fence DESC LIMIT 1",
            self.id, self.crew.ids[number],
        )  # fmt: skip
        return await self.acts(self.crew.officers[number], tag, no, **({"fence": fence or 1} | fields))

    async def claim(self, number: int, no: str | None = None, round_: int | None = None) -> None:
        """In the present round, unless told otherwise."""
        now = await self.town.owner.fetchval("SELECT round FROM cases WHERE id = $1", self.id)
        body = {"round": now if round_ is None else round_, "key": new_key()}
        told = (await self.crew.officers[number].ask("POST", f"/v1/cases/{self.id}/claims", body)).json()
        assert told.get("reason") == no, told

    async def decline(self, number: int, no: str | None = None) -> None:
        await self.acts(self.crew.officers[number], "decline", no, round=1)

    async def sends(self, number: int, tag: str = "assign", no: str | None = None) -> None:
        """What the desk does with one officer."""
        more = {"reason": "needed elsewhere"} if tag == "take_back" else {}
        await self.desk(tag, no, officer=self.crew.ids[number], **more)

    async def status(self) -> str:
        return str(await self.town.owner.fetchval("SELECT status FROM cases WHERE id = $1", self.id))

    async def becomes(self, status: str, event: str | None = None) -> None:
        """What a sweeper makes of it, with such an entry."""
        told: list[str] = []
        for _ in range(int(PATIENT_S / 0.05)):
            told = await self.town.owner.fetchval("SELECT array_agg(kind) FROM events WHERE case_id = $1", self.id)
            if await self.status() == status and event in (None, *told):
                return
            await asyncio.sleep(0.05)
        raise AssertionError((status, event, told))

    async def due(self, kind: str, step: str | None = None) -> None:
        """Deadlines of one kind come due now; of the watch only where it stands at this step, if one is named."""
        if kind == "welfare":
            await self.town.owner.execute(
                "UPDATE assignments SET watch_due = clock_timestamp() WHERE case_id = $1 AND watch_due IS NOT NULL "
                "AND watch = coalesce($2, watch)",
                self.id, step,
            )  # fmt: skip
        moved = await self.town.owner.execute(
            "UPDATE deadlines SET due_at = clock_timestamp() WHERE case_id = $1 AND kind = $2", self.id, kind
        )
        assert moved != "UPDATE 0", kind

    async def falls_back(self) -> None:
        await self.town.let_time_pass(self.id)
        await self.due("window")
        await self.becomes("at_station")

    async def word(self) -> str:
        reporter = await self.town.reporter(self.receipt)
        return str((await reporter.ask("GET", f"/v1/cases/{self.id}")).json()["officers"][0]["word"])


class Crew:
    """Five officers of one station who stand close to the place, and their phones."""

    def __init__(self, town: Town, officers: list[Someone]) -> None:
        """`quiet`: whose phone sends nothing."""
        self.town, self.officers, self.quiet = town, officers, set[int]()
        self.ids = [one.said["officer"] for one in officers]

    async def duty(self, on: bool, *numbers: int) -> None:
        for number in numbers:
            body = {"t": "duty", "on": on, "key": new_key()}
            assert (await self.officers[number].ask("POST", "/v1/duty", body)).status_code == 200

    async def case(self, category: str = "s-desk", **more: Any) -> Told:
        return Told(self, await self.town.report(category=category, **more))

    async def stage(self, status: str, holder: int = 0) -> Told:
        """A case in this status, held by one officer where it is held."""
        case = await self.case("s-desk" if status == "at_station" else "s-plain")
        if status in ("claimed", "en_route", "on_scene"):
            await case.claim(holder)
        if status in ("en_route", "on_scene"):
            await case.officer(holder, "set_out")
        if status == "on_scene":
            await case.officer(holder, "arrived")
        assert await case.status() == status
        return case

    async def pair(self) -> Told:
        """A case on the first two officers' seats."""
        case = await self.case("s-pair")
        for number in (0, 1):
            await case.claim(number)
        return case
