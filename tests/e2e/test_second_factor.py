"""A second factor over the public protocol, and a passkey made and used by a real browser's own authenticator."""

from time import time
from typing import Any

import httpx
import pyotp
import pytest
from playwright.async_api import expect

from tests.e2e.conftest import Screens
from tests.e2e.talk import Someone, Town

CREATE = """async (options) => (await navigator.credentials.create({
    publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })).toJSON()"""
GET = """async (options) => (await navigator.credentials.get({
    publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) })).toJSON()"""


async def password(town: Town, one: dict[str, Any]) -> httpx.Response:
    return await town.client.post("/v1/sessions", json={"login": one["login"], "password": one["password"]})


async def test_an_app_is_added_and_then_needed(town: Town) -> None:
    one = town.service.of("desk", "xw-2")[0]
    answer = await password(town, one)
    assert answer.status_code == 201, "the demonstration only offers it"
    me = Someone(town, answer.json()["token"], answer.json())
    again = {"login": one["login"], "password": one["password"]}
    wrong = await me.ask("POST", "/v1/factors/app", again | {"password": "not mine"})
    assert (wrong.status_code, wrong.json()["code"]) == (403, "password_wrong")
    asked = (await me.ask("POST", "/v1/factors/app", again)).json()
    app = pyotp.TOTP(asked["secret"])
    refused = await me.ask("POST", "/v1/factors", {"note": asked["note"], "name": "My phone", "code": "000000"})
    assert (refused.status_code, refused.json()["code"]) == (403, "second_wrong")
    added = await me.ask("POST", "/v1/factors", {"note": asked["note"], "name": "My phone", "code": app.now()})
    assert added.status_code == 201 and len(added.json()["recovery"]) == 10
    mine = (await me.ask("GET", "/v1/factors")).json()["factors"]
    assert [(f["kind"], f["name"]) for f in mine] == [("totp", "My phone")]
    needed = await password(town, one)
    assert needed.status_code == 202 and needed.json()["kinds"] == ["totp", "recovery"], needed.text
    paper = added.json()["recovery"][0]
    second = {"note": needed.json()["note"], "recovery": paper}
    signed = await town.client.post("/v1/sessions/second", json=second)
    assert signed.status_code == 201 and signed.json()["role"] == "desk"
    spent = await town.client.post("/v1/sessions/second", json=second)
    assert (spent.status_code, spent.json()["code"]) == (403, "second_wrong")
    gone = await me.ask("POST", "/v1/factors/forgotten", again | {"factor": mine[0]["id"]})
    assert gone.status_code == 204
    assert (await password(town, one)).status_code == 201


@pytest.mark.browser
async def test_a_passkey_of_a_real_browser_signs_in(town: Town, screens: Screens) -> None:
    one = town.service.of("desk", "xw-3")[0]
    me = Someone(town, (await password(town, one)).json()["token"], {})
    again = {"login": one["login"], "password": one["password"]}
    page = await screens.open("/desk", phone=False)
    devtools = await page.context.new_cdp_session(page)
    await devtools.send("WebAuthn.enable")
    await devtools.send("WebAuthn.addVirtualAuthenticator", {"options": {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }})  # fmt: skip
    asked = (await me.ask("POST", "/v1/factors/passkey", again)).json()
    made = await page.evaluate(CREATE, asked["passkey"])
    added = await me.ask("POST", "/v1/factors", {"note": asked["note"], "name": "This laptop", "passkey": made})
    assert added.status_code == 201, added.text
    needed = (await password(town, one)).json()
    assert needed["kinds"] == ["passkey", "recovery"]
    signed = await page.evaluate(GET, needed["passkey"])
    told = await town.client.post("/v1/sessions/second", json={"note": needed["note"], "passkey": signed})
    assert told.status_code == 201, told.text
    again_ = (await password(town, one)).json()
    replayed = await town.client.post("/v1/sessions/second", json={"note": again_["note"], "passkey": signed})
    assert (replayed.status_code, replayed.json()["code"]) == (403, "second_wrong"), "another challenge"


@pytest.mark.browser
async def test_an_app_is_added_in_the_panel_and_its_code_signs_in(town: Town, screens: Screens) -> None:
    one = town.service.of("desk", "xw-1")[0]
    page = await screens.signed_in("/desk", one, phone=False, drawn_maps=False)
    await page.click("[data-account]")
    await expect(page.locator('[data-place="this"]')).to_be_visible()
    await page.click('[data-add="app"]')
    await page.fill("#account-login", one["login"])
    await page.fill("#account-password", one["password"])
    await page.fill("#account-name", "My phone")
    await page.press("#account-password", "Enter")
    secret = (await page.locator("[data-secret]").inner_text()).replace(" ", "")
    app = pyotp.TOTP(secret)
    await page.fill("#account-code", app.at(time() - 30))  # the step before: the current one is for the sign-in
    await page.press("#account-code", "Enter")
    await expect(page.locator("[data-paper] li")).to_have_count(10)
    paper = await page.locator("[data-paper] li").first.inner_text()
    await page.click("[data-paper-kept]")
    await expect(page.locator('[data-factor="totp"]')).to_contain_text("My phone")
    await page.click("header .plain:has-text('Sign out')")
    for code, field in ((app.now(), ""), (paper, "recovery")):
        await page.fill("#login", one["login"])
        await page.fill("#password", one["password"])
        await page.press("#password", "Enter")
        await expect(page.locator("#second-code")).to_be_visible()
        if field:
            await page.click(f'[data-by="{field}"]')
        await page.fill("#second-code", "12")
        await page.press("#second-code", "Enter")
        refused = "second_characters" if field else "second_digits"
        await expect(page.locator(f'[data-refused="{refused}"]')).to_be_visible()
        await page.fill("#second-code", code)
        await page.press("#second-code", "Enter")
        await expect(page.locator("#main[data-pane]")).to_be_visible()
        await page.click("header .plain:has-text('Sign out')")


@pytest.mark.browser
async def test_an_admin_reads_who_came_and_went_and_that_is_entered_too(town: Town, screens: Screens) -> None:
    one = next(one for one in town.service.people if one["role"] == "admin")
    page = await screens.signed_in("/admin", one, phone=False, drawn_maps=False)
    await page.click('[data-tab="audit"]')
    await expect(page.locator('[data-audit="town"] [data-entry="read_audit"]').first).to_be_visible()
    await page.locator('[data-audit="town"] [data-entry="read_audit"] button').first.click()
    await expect(page.locator('[data-audit^="account:"] [data-entry="signed_in"]').first).to_be_visible()
    await page.click("[data-town]")
    await expect(page.locator('[data-audit="town"]')).to_be_visible()
