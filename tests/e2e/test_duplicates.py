"""Two people report one incident: suggested, merged, followed by both codes, and parted again; over the wire."""

from collections.abc import AsyncIterator

import asyncpg
import httpx
import pytest

from tests.e2e.conftest import Service
from tests.e2e.talk import LAT, LON, Json, Someone, Town, new_key


@pytest.fixture(scope="module")
async def town(service: Service) -> AsyncIterator[Town]:
    owner = await asyncpg.connect(service.owner_url)
    await owner.execute("UPDATE categories SET mode = 'desk_first' WHERE id = 'theft'")
    async with httpx.AsyncClient(base_url=service.url, trust_env=False, timeout=15) as client:
        town = Town(service, client, owner)
        while (await town.report(lat=LAT + 0.01))["status"] != "at_station":  # until the change of mode is known
            pass
        yield town
    await owner.close()


async def act(who: Someone, case: str, tag: str, **fields: object) -> Json:
    body = {"t": tag, "case": case, "key": new_key(), **fields}
    answer = await who.ask("POST", f"/v1/cases/{case}/acts", body)
    return dict(answer.json())


async def seen(who: Someone, case: str) -> Json:
    answer = await who.ask("GET", f"/v1/cases/{case}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_one_incident_two_reports_both_codes_follow_and_each_is_told(town: Town) -> None:
    desk, officer = await town.someone("desk"), await town.someone("officer")
    first, second = await town.report(), await town.report(lat=LAT + 0.0005, words="Somebody takes a bicycle.")
    one, two = first["case"], second["case"]
    far = await town.report(lat=LAT + 0.003)
    suggested = (await desk.ask("GET", f"/v1/cases/{two}/duplicates")).json()
    assert [case["case"] for case in suggested] == [one] and far["case"] not in str(suggested)
    assert (suggested[0]["metres"], suggested[0]["earlier"], suggested[0]["words"]) == (55, True, "A bicycle is gone.")
    reporters = [await town.reporter(made["receipt"]) for made in (first, second)]
    assert (await reporters[0].ask("GET", f"/v1/cases/{one}/duplicates")).status_code == 404
    assert (await act(reporters[0], one, "merge", reports=[two], reason="mine"))["code"] == "not_allowed"
    async with reporters[0].line() as mine, reporters[1].line() as theirs, desk.line() as screen:
        assert (await act(desk, one, "merge", reports=[two], reason="the same bicycle"))["ok"]
        assert (await mine.hear("case", reports=2))["status"] == "at_station"
        assert (await theirs.hear("case", merged=True))["case"] == two
        assert (await screen.hear("desk_case", case=two, status="merged"))["merged_into"] == one
        await town.owner.execute("UPDATE officers SET on_duty = true WHERE id = $1", officer.said["officer"])
        assert (await screen.act("assign", case=one, officer=officer.said["officer"]))["ok"]
        coming = await theirs.hear("case", status="claimed")
        assert coming["officers"][0]["call_sign"] == officer.said["call_sign"] and "word" not in coming["officers"][0]
        assert (await theirs.act("withdraw", case=two))["reason"] == "merged"
        assert (await mine.act("withdraw", case=one))["reason"] == "joined"
        assert (await theirs.act("say", case=two, words="Hello?"))["reason"] == "merged"
    again = await town.reporter(second["receipt"])
    shown = await seen(again, two)
    assert (shown["case"], shown["status"], shown["merged"], shown["reports"]) == (two, "claimed", True, 2)
    entries = [entry["kind"] for entry in (await again.ask("GET", f"/v1/cases/{two}/entries")).json()]
    assert entries[-2:] == ["merged", "assigned"]
    async with again.line() as back:
        (case,) = back.snapshot["cases"]
        assert (case["case"], case["status"], case["merged"]) == (two, "claimed", True)
        assert (await act(desk, two, "unmerge", reason="another bicycle"))["ok"]
        parted = await back.hear("case", status="at_station")
        assert (parted["desk_reason"], parted.get("merged", False)) == ("unmerged", False)
    history = (await desk.ask("GET", f"/v1/cases/{two}/history")).json()
    assert [entry[1] for entry in history[-2:]] == ["merged", "unmerged"]
    assert (await act(reporters[1], two, "withdraw"))["ok"]
    assert (await seen(reporters[0], one))["status"] == "claimed"


async def test_a_split_makes_a_case_of_its_own(town: Town) -> None:
    desk = await town.someone("desk")
    lead, second = [(await town.report(lat=LAT - 0.01, lon=LON + n / 10_000))["case"] for n in range(2)]
    assert (await act(desk, lead, "merge", reports=[second], reason="the same"))["ok"]
    done = await act(desk, lead, "split", words="A second bicycle.", reports=[second], reason="two thieves")
    assert done["ok"], done
    made = await seen(desk, done["more"]["made"])
    assert (made["status"], made["desk_reason"], made["words"]) == ("at_station", "split", "A second bicycle.")
    assert made["reports"] == [second] and (await seen(desk, lead)).get("reports", []) == []
