"""The audit over the public protocol: what was looked at is told to who may ask, and a live town's history is clean."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

from tests.e2e.conftest import Service
from tests.e2e.talk import Someone, Town


async def chain(who: Someone, name: str, **more: Any) -> list[dict[str, Any]]:
    answer = await who.ask("GET", f"/v1/audit?chain={name}" + "".join(f"&{k}={v}" for k, v in more.items()))
    assert answer.status_code == 200, answer.text
    return list(answer.json()["entries"])


async def test_every_look_at_a_case_is_kept_with_who_looked(town: Town) -> None:
    made = await town.report()
    desk, supervisor = await town.someone("desk"), await town.someone("supervisor")
    reporter = await town.reporter(made["receipt"])
    for who, path in ((desk, ""), (reporter, ""), (desk, "/history"), (supervisor, "/talk")):
        assert (await who.ask("GET", f"/v1/cases/{made['case']}{path}")).status_code == 200
    entries = await chain(supervisor, f"read:{made['case']}")
    assert [(e["seq"], e["act"], e["actor"].partition(":")[0]) for e in entries] == [
        (3, "read_talk", "supervisor"), (2, "read_history", "desk"), (1, "read_case", "desk"),
    ]  # fmt: skip
    assert [e["seq"] for e in await chain(supervisor, f"read:{made['case']}", before=3)] == [2, 1]


async def test_who_an_entry_names_is_told_by_login_and_an_officer_by_call_sign(town: Town) -> None:
    admin, officer = await town.someone("admin"), await town.someone("officer")
    account = await town.owner.fetchval("SELECT id FROM accounts WHERE officer = $1::uuid", officer.said["officer"])
    own = (await admin.ask("GET", "/v1/audit?chain=town")).json()["people"]
    assert {"admin"} <= {one["login"] for one in own}
    told = (await admin.ask("GET", f"/v1/audit?chain=account:{account}")).json()
    assert told["entries"][0]["act"] == "signed_in"
    assert {one["account"] for one in told["people"]} == {str(account)}
    assert {one["call_sign"] for one in told["people"]} == {officer.said["call_sign"]}


async def test_who_may_not_see_a_case_leaves_no_entry(town: Town) -> None:
    made = await town.report()
    officer = await town.someone("officer")
    assert (await officer.ask("GET", f"/v1/cases/{made['case']}")).status_code == 404
    assert await chain(await town.someone("supervisor"), f"read:{made['case']}") == []


async def test_a_queue_that_was_opened_is_kept_and_so_is_reading_the_audit(town: Town) -> None:
    desk, supervisor, admin = [await town.someone(role) for role in ("desk", "supervisor", "admin")]
    async with desk.line():
        pass
    assert (await desk.ask("GET", "/v1/desk")).status_code == 200
    acts = [entry["act"] for entry in await chain(supervisor, f"station:{desk.said['station']}")]
    assert acts[0] == "read_desk" and "hello" in acts
    assert (await chain(admin, "town"))[1]["body"] == {"chain": f"station:{desk.said['station']}"}


async def test_each_reads_only_the_chains_of_their_work(town: Town) -> None:
    case = uuid4()
    for role, name in (("supervisor", "town"), ("supervisor", f"account:{case}"), ("admin", f"read:{case}"),
                       ("admin", "station:xw-1"), ("supervisor", ""), ("supervisor", "read:1")):  # fmt: skip
        refused = await (await town.someone(role)).ask("GET", f"/v1/audit?chain={name}")
        assert (refused.status_code, refused.json()["code"]) == (422, "field_invalid"), (role, name)
    for role in ("desk", "officer"):
        refused = await (await town.someone(role)).ask("GET", f"/v1/audit?chain=read:{case}")
        assert (refused.status_code, refused.json()["code"]) == (403, "not_allowed"), role


async def test_the_verifier_finds_a_live_town_clean_and_says_what_it_cannot_read(
    town: Town, service: Service, tmp_path: Path
) -> None:
    heads = service.folder / "heads"
    for folder, code in ((heads, 0), (tmp_path, 2), (tmp_path / "none", 2)):
        out = tmp_path / "out.json"
        told = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "scripts.audit_verify", "--heads", str(folder), "--database", service.owner_url,
            "--json", str(out), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        said = await told.communicate()
        assert told.returncode == code, said
        found = json.loads(out.read_text())
        assert (found["problems"] == []) == (code == 0) and ("reason" in found) == (code == 2)
