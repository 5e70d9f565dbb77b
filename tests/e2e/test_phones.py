"""Reporting by name over the public protocol: a code to the telephone, a report with it, a desk that calls back."""

from typing import Any
from uuid import uuid4

import msgspec
import pytest
from playwright.async_api import expect

from gateway.wire.acts import hash_of
from gateway.wire.messages import Report
from tests.e2e.conftest import Screens
from tests.e2e.talk import LAT, LON, Town, codes_to, new_key, next_code

NUMBER = "138 0013 8000"
DRAFT: dict[str, Any] = {"category": "theft", "words": "A bicycle is gone.", "lat": LAT, "lon": LON}


async def confirmed(town: Town, number: str) -> str:
    assert (await town.client.get("/v1/phones")).json() == {"offered": True}
    whole = f"+86{number.replace(' ', '')}"
    before = len(await codes_to(town.client, whole))
    asked = await town.client.post("/v1/phones", json={"number": number, "language": "en"})
    assert asked.status_code == 202, asked.text
    phone = str(asked.json()["phone"])
    code = await next_code(town.client, whole, before)
    refused = await town.client.post(
        "/v1/phones/confirmed", json={"phone": phone, "code": f"{(int(code) + 1) % 10**6:06}"}
    )
    assert (refused.status_code, refused.json()["code"]) == (422, "code_wrong")
    told = await town.client.post("/v1/phones/confirmed", json={"phone": phone, "code": code})
    assert told.status_code == 200, told.text
    return phone


async def test_a_named_report_and_the_desk_that_calls_back(town: Town) -> None:
    phone = await confirmed(town, NUMBER)
    head, body = {"idempotency-key": new_key()}, DRAFT | {"phone": phone, "name": "王小明"}
    made = await town.client.post("/v1/reports", json=body, headers=head)
    assert made.status_code == 201, made.text
    assert (await town.client.post("/v1/reports", json=body, headers=head)).status_code == 200
    case = made.json()["case"]
    desk = await town.someone("desk")
    assert "王小明" not in (await desk.ask("GET", f"/v1/cases/{case}")).text
    assert "王小明" not in (await desk.ask("GET", f"/v1/cases/{case}/history")).text
    short = await desk.ask("POST", f"/v1/cases/{case}/identity", {"reason": "why"})
    assert short.status_code == 422
    found = await desk.ask("POST", f"/v1/cases/{case}/identity", {"reason": "To call the reporter back."})
    assert found.json() == {"number": "+8613800138000", "name": "王小明"}
    supervisor = await town.someone("supervisor")
    audit = (await supervisor.ask("GET", f"/v1/audit?chain=read:{case}")).json()["entries"]
    (opened,) = [entry for entry in audit if entry["act"] == "open_identity"]
    assert opened["body"] == {"reason": "To call the reporter back.", "held": True}, "one act, one entry"
    for role in ("officer", "admin"):
        refused = await (await town.someone(role)).ask(
            "POST", f"/v1/cases/{case}/identity", {"reason": "Out of mere curiosity."}
        )
        assert refused.status_code == 404, refused.text


async def test_an_exact_retry_hears_the_first_answer_though_the_confirmation_is_over(town: Town) -> None:
    phone = await confirmed(town, "138 0013 8002")
    head, body = {"idempotency-key": new_key()}, DRAFT | {"phone": phone, "name": "王小明"}
    made = await town.client.post("/v1/reports", json=body, headers=head)
    assert made.status_code == 201, made.text
    stored = await town.owner.fetchval("SELECT request_hash FROM idempotency WHERE key = $1", head["idempotency-key"])
    assert stored is not None and stored.hex() != hash_of(msgspec.convert(body, Report)), "no name is found by trying"
    await town.owner.execute(
        "UPDATE phone_codes SET confirmed_at = confirmed_at - interval '1 day' WHERE id = $1::uuid", phone
    )
    again = await town.client.post("/v1/reports", json=body, headers=head)
    assert (again.status_code, again.json()["receipt"]) == (200, made.json()["receipt"])
    other = await town.client.post("/v1/reports", json=body | {"name": "李大明"}, headers=head)
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")
    new = await town.client.post("/v1/reports", json=body, headers={"idempotency-key": new_key()})
    assert (new.status_code, new.json()["code"]) == (409, "phone_not_confirmed")


async def test_a_number_that_was_not_confirmed_reports_nothing(town: Town) -> None:
    for wrong in ({"phone": str(uuid4())}, {"name": "Nobody"}):
        refused = await town.client.post("/v1/reports", json=DRAFT | wrong, headers={"idempotency-key": new_key()})
        assert (refused.status_code, refused.json()["code"]) == (409, "phone_not_confirmed"), refused.text
    anonymous = await town.report()
    found = await (await town.someone("desk")).ask(
        "POST", f"/v1/cases/{anonymous['case']}/identity", {"reason": "To call the reporter back."}
    )
    assert found.json() == {"number": None, "name": None}


@pytest.mark.browser
async def test_the_desks_card_opens_who_reported_for_a_reason_and_a_supervisor_sees_that(
    town: Town, screens: Screens
) -> None:
    phone = await confirmed(town, "138 0013 8001")
    body = DRAFT | {"phone": phone, "name": "王小明", "words": "Somebody waits at the gate."}
    made = await town.client.post("/v1/reports", json=body, headers={"idempotency-key": new_key()})
    case = made.json()["case"]
    station = await town.owner.fetchval("SELECT station FROM cases WHERE id = $1::uuid", case)
    page = await screens.signed_in("/desk", town.service.of("desk", station)[0], phone=False, drawn_maps=False)
    await page.click(f'button[data-case="{case}"]')
    await expect(page.locator("dl.facts")).to_contain_text("Number confirmed")
    await page.click("[data-identity]")
    await page.fill("#identity-reason", "why")
    await page.press("#identity-reason", "Enter")
    await expect(page.locator('[data-refused="reason_short"]')).to_be_visible()
    await page.fill("#identity-reason", "To ask which gate it is.")
    await page.press("#identity-reason", "Enter")
    await expect(page.locator("[data-found]")).to_contain_text("+8613800138001")
    await expect(page.locator("[data-found]")).to_contain_text("王小明")
    await page.click("[data-identity]")
    await expect(page.locator("[data-found]")).to_have_count(0)
    boss = next(one for one in town.service.people if one["role"] == "supervisor")
    look = await screens.signed_in("/desk", boss, phone=False, drawn_maps=False)
    await look.click(f'[data-station="{station}"] button')
    await look.click(f'button[data-case="{case}"]')
    await look.click("[data-readers]")
    await expect(look.locator('[data-entry="open_identity"]').first).to_contain_text("To ask which gate it is.")
