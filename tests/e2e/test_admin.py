"""The admin's page by keyboard alone, and the verb, on a live town: what is set holds within a second, also for
others."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect
from websockets.exceptions import ConnectionClosed

from tests.e2e.conftest import ROOT, Screens, Service
from tests.e2e.talk import LAT, LON, Someone, Town, new_key

BEATS = ROOT / "tests" / "data" / "xuanwu_beats.geojson"


def admin_of(service: Service) -> dict[str, Any]:
    return next(one for one in service.people if one["role"] == "admin")


async def keys(page: Page, *said: str) -> None:
    """Presses and types: a word in angle brackets is a key."""
    for one in said:
        if one.startswith("<"):
            await page.keyboard.press(one[1:-1])
        else:
            await page.keyboard.insert_text(one)


async def tab_to(page: Page, selector: str, *, back: bool = False) -> None:
    """Goes on by Tab until the focus stands there; a person without a mouse has no other way."""
    for _ in range(160):
        if await page.evaluate("(wanted) => document.activeElement?.matches(wanted) ?? false", selector):
            return
        await page.keyboard.press("Shift+Tab" if back else "Tab")
    raise AssertionError(f"{selector} cannot be reached by keyboard")


async def signed_in(screens: Screens, service: Service, *, phone: bool = False) -> Page:
    page = await screens.open("/admin", phone=phone)
    one = admin_of(service)
    await tab_to(page, "#login")
    await keys(page, one["login"], "<Tab>", one["password"], "<Enter>")
    await page.wait_for_selector("[data-tab]")
    return page


@pytest.mark.browser
async def test_on_a_phone_the_chosen_tab_is_in_sight(service: Service, screens: Screens) -> None:
    page = await signed_in(screens, service, phone=True)
    tabs: list[str] = await page.eval_on_selector_all("[data-tab]", "(all) => all.map((one) => one.dataset.tab)")
    for tab in (*reversed(tabs), tabs[-1]):
        await page.eval_on_selector(f"[data-tab={tab}]", "(one) => one.click()")
        where = await page.eval_on_selector(".tabs [aria-current]", "(one) => one.getBoundingClientRect().toJSON()")
        assert where["left"] >= 0 and where["right"] <= await page.evaluate("innerWidth"), (tab, where)


@pytest.mark.browser
async def test_by_keyboard_alone_an_officer_is_made_works_and_is_stopped(town: Town, screens: Screens) -> None:
    page = await signed_in(screens, town.service)
    await tab_to(page, '[data-do="new-person"]')
    await keys(page, "<Enter>")
    await expect(page.locator("#form-title")).to_be_focused()
    await tab_to(page, '[data-do="save"]')
    await keys(page, "<Enter>")  # nothing was filled in: every field is named, and the first one is a key away
    await expect(page.locator("#summary a").first).to_be_focused()
    await keys(page, "<Enter>")
    await expect(page.locator("#f-login")).to_be_focused()
    await keys(page, "officer-0999")
    for field, text in (("station", "X"), ("call_sign", "0999"), ("surname", "钱"), ("reason", "New here.")):
        await tab_to(page, f"#f-{field}")
        await (page.keyboard.press(text) if field == "station" else page.keyboard.insert_text(text))
        await expect(page.locator(f"#f-{field}")).to_have_value("xw-1" if field == "station" else text)
    await expect(page.locator("#summary")).to_have_count(0)  # the last mistake is mended; no focus goes along
    await expect(page.locator("#f-reason")).to_be_focused()
    await keys(page, "<Enter>")
    password = await page.locator("#password-once").inner_text()

    said = {"login": "officer-0999", "password": password}
    assert (await town.client.post("/v1/sessions", json=said)).json()["code"] == "password_made"
    signed = await town.client.post("/v1/sessions", json=said | {"new_password": "apples and pears, 7"})
    said["password"] = "apples and pears, 7"  # noqa: S105 - of this test
    assert signed.status_code == 201, signed.text
    officer = Someone(town, signed.json()["token"], signed.json())
    async with officer.line() as line:
        await tab_to(page, '[data-do="noted"]', back=True)
        await keys(page, "<Enter>")
        await expect(page.locator("#password-once")).to_have_count(0)
        await tab_to(page, ".access details:last-of-type summary")
        await keys(page, "<Enter>")
        await tab_to(page, "#f-out")
        await keys(page, "Phone lost.", "<Enter>")
        began = time.monotonic()
        with pytest.raises(ConnectionClosed):
            while True:
                await line.socket.recv()
        assert time.monotonic() - began < 5
    await expect(page.locator(".said .good")).to_contain_text("Suspended")
    assert (await town.client.post("/v1/sessions", json=said)).json()["code"] == "sign_in_refused"
    assert screens.complaints == []


@pytest.mark.browser
async def test_a_window_that_is_set_on_the_page_is_the_judges_with_the_next_report(
    town: Town, screens: Screens
) -> None:
    page = await signed_in(screens, town.service)
    await tab_to(page, '[data-tab="policies"]')
    await keys(page, "<Enter>")
    await tab_to(page, '[data-row="theft"] button')
    await keys(page, "<Enter>")
    await tab_to(page, "#f-window_ms")
    await keys(page, "45")
    await tab_to(page, "#f-reason")
    await keys(page, "Quiet nights.", "<Enter>")
    await expect(page.locator(".said .good")).to_be_visible()
    await expect(page.locator('[data-row="theft"]')).to_contain_text("45 s")
    officer = await town.someone("officer")
    await officer.ask("POST", "/v1/duty", {"t": "duty", "on": True, "key": new_key()})
    async with officer.line() as line:
        await line.say({"t": "fix", "lat": LAT, "lon": LON})
        made = await town.report(category="theft")
        offer = await line.hear("offer", case=made["case"])
        assert 40_000 < offer["remaining_ms"] <= 45_000
    await tab_to(page, '[data-tab="changes"]', back=True)
    await keys(page, "<Enter>")
    await expect(page.locator(".changes")).to_contain_text("Quiet nights.")
    assert screens.complaints == []


@pytest.mark.browser
async def test_a_map_is_looked_at_before_it_is_taken_over(town: Town, screens: Screens, tmp_path: Path) -> None:
    page = await signed_in(screens, town.service)
    before = (await town.client.get("/v1/areas")).headers["etag"]
    beats = json.loads(BEATS.read_bytes())
    dropped = beats["features"].pop()["properties"]["id"]
    (tmp_path / "beats.geojson").write_text(json.dumps(beats))
    await page.click('[data-tab="areas"]')
    await page.locator('input[value="beat"]').check(force=True)
    await page.set_input_files("#geojson", str(tmp_path / "beats.geojson"))
    await expect(page.locator("#report")).to_be_visible(timeout=15_000)  # the service reads and checks every outline
    await expect(page.locator("#report")).to_be_focused()
    await expect(page.locator(f'[data-area="{dropped}"]')).to_be_visible()
    await expect(page.locator(".maps figure")).to_have_count(2)
    assert (await town.client.get("/v1/areas")).headers["etag"] == before, "only looked at"
    await tab_to(page, "#f-import")
    await keys(page, "Two beats joined.", "<Enter>")
    await expect(page.locator(".say.good")).to_contain_text("19")
    beats_now = [
        f for f in (await town.client.get("/v1/areas")).json()["features"] if f["properties"]["kind"] == "beat"
    ]
    assert len(beats_now) == 19 and screens.complaints == []


async def test_the_verb_does_what_the_page_does_and_its_answer_is_whole_also_when_refused(
    town: Town, tmp_path: Path
) -> None:
    (tmp_path / "credentials.json").write_text(json.dumps({"people": town.service.people}))

    def verb(*words: str) -> tuple[int, dict[str, Any]]:
        command = [sys.executable, "-m", "scripts.admin", "--url", town.service.url, "--credentials",
                   str(tmp_path / "credentials.json"), "--json", str(tmp_path / "out.json"), *words]  # fmt: skip
        ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
        return ran.returncode, json.loads((tmp_path / "out.json").read_text())

    code, said = verb("policies", "use", "noise", "scripts/policies/best_officer.json", "--reason", "Trial.")
    assert (code, said["ok"], said["answer"]["category"]["mode"]) == (0, True, "best_officer")
    code, said = verb("people", "suspend", "admin", "--reason", "Trial.")
    assert (code, said["ok"], said["answer"], said["problem"]["code"]) == (1, False, None, "own_account")
    code, said = verb("stations", "set", "xw-2", "lends=true", "falls_to=xw-1", "--reason", "Trial.")
    assert code == 0 and said["answer"]["station"]["falls_to"] == "xw-1", said
    code, said = verb("stations", "set", "xw-1", "falls_to=xw-2", "--reason", "Trial.")
    assert (code, said["problem"]["code"]) == (1, "falls_in_a_circle")
    code, said = verb("people", "list", "--role", "supervisor")
    assert [one["login"] for one in said["answer"]] == ["supervisor"]
    code, said = verb("--url", "http://localhost:1", "changes")
    assert code == 2 and said["problem"]["detail"]
