"""An offer reaches a locked phone: processes of every role, two pushers, a push service that opens what it gets, and a
real Chromium that shows it."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any, Final

import pytest
from playwright.async_api import CDPSession, Page, expect

from scripts.stores import free_port
from tests.e2e.conftest import Screens
from tests.e2e.talk import LAT, LON, Someone, Town, new_key
from tests.unit.push.service import Phone, Pushed, PushService

PORT: Final = free_port()
MORE_ENV: Final = {"ONBEAT_PUSH_ORIGINS": f"http://127.0.0.1:{PORT}"}
MORE_ROLES: Final = (("pusher-1", "gateway.pusher"), ("pusher-2", "gateway.pusher"))
WORDS: Final = "A man in a red coat, 138 0000 0000, took my bag at 5 Hunan Road."


@pytest.fixture(scope="module")
async def push() -> AsyncIterator[PushService]:
    async with PushService(PORT) as service:
        yield service


async def agree(someone: Someone, phone: Phone) -> str:
    """The phone will be rung; the subscription's name."""
    answer = await someone.ask("POST", "/v1/push/subscriptions", phone.as_browsers_write())
    assert answer.status_code == 201, answer.text
    return str(answer.json()["subscription"])


async def duty(someone: Someone, on: bool) -> None:
    answer = await someone.ask("POST", "/v1/duty", {"t": "duty", "on": on, "key": new_key()})
    assert answer.status_code == 200, answer.text


async def rung(push: PushService, phone: Phone, kind: str, case: str) -> Pushed:
    """The push of this kind about this case to this phone, once it came."""
    async with asyncio.timeout(20):
        count = 0
        while True:
            found = [one for one in push.pushed if one.path.endswith(phone.name) and one.told["case"] == case]
            found = [one for one in found if one.told["kind"] == kind]
            if found:
                assert len(found) == 1, "nobody is rung twice"
                return found[0]
            count = len(push.pushed) + 1
            await push.until(count)


async def test_an_offer_reaches_a_phone_whose_page_is_closed_and_so_does_its_end(town: Town, push: PushService) -> None:
    officer, other = await town.someone("officer", 0), await town.someone("officer", 1)
    phone = push.phone()
    await duty(officer, True)
    await duty(other, True)
    key = (await officer.ask("GET", "/v1/push/key")).json()["key"]
    subscription = await agree(officer, phone)
    case = (await town.report(words=WORDS))["case"]

    one = await rung(push, phone, "offer", case)
    assert one.told.pop("ends_in_ms") <= 60_000
    assert one.told == {"kind": "offer", "case": case, "category": "theft"}, "no words, no place, no names"
    assert 0 < int(one.headers["ttl"]) <= 60 and one.headers["urgency"] == "high"
    assert one.headers["topic"] == case.replace("-", "")
    assert one.key == key and one.claims["aud"] == push.url and one.claims["sub"].startswith("mailto:")

    won = await other.ask("POST", f"/v1/cases/{case}/claims", {"round": 1, "key": new_key()})
    assert won.json()["ok"], won.text
    over = await rung(push, phone, "gone", case)
    assert over.told == {"kind": "gone", "case": case, "ends_in_ms": over.told["ends_in_ms"]}
    offers = [p for p in push.pushed if p.told["case"] == case and p.told["kind"] == "offer"]
    assert len(offers) == 1, "two pushers, one ring"
    assert (await officer.ask("DELETE", f"/v1/push/subscriptions/{subscription}")).status_code == 204


async def test_who_signed_out_or_turned_it_off_is_not_rung_and_a_dead_phone_is_forgotten(
    town: Town, push: PushService
) -> None:
    gone, off, listening, dead = (push.phone() for _ in range(4))
    people = [await town.someone("officer", n) for n in (2, 3, 4, 5)]
    for someone, phone in zip(people, (gone, off, listening, dead), strict=True):
        await duty(someone, True)
        subscription = await agree(someone, phone)
        if phone is off:
            await someone.ask("DELETE", f"/v1/push/subscriptions/{subscription}")
    push.gone.add(f"/push/{dead.name}")
    assert (await people[0].ask("DELETE", "/v1/sessions/current")).status_code == 204
    case = (await town.report())["case"]
    await rung(push, listening, "offer", case)
    for _ in range(200):
        left = await town.owner.fetch("SELECT endpoint FROM push_subscriptions")
        if dead.endpoint not in {row[0] for row in left}:
            break
        await asyncio.sleep(0.05)
    else:
        raise AssertionError("410 did not end it")
    assert not [one for one in push.pushed if one.path.rpartition("/")[2] in (gone.name, off.name)]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"endpoint": "https://169.254.169.254/latest"}, "push_endpoint_refused"),
        ({"endpoint": "http://127.0.0.1:6379/"}, "push_endpoint_refused"),
        ({"endpoint": "https://evil.example/fcm.googleapis.com"}, "push_endpoint_refused"),
        ({"endpoint": "https://fcm.googleapis.com/" + "x" * 2_000}, "field_invalid"),
        ({"endpoint": 4}, "field_invalid"),
        ({"keys": {"p256dh": "B" + "A" * 86, "auth": "A" * 22}}, "push_key_invalid"),
        ({"keys": {"p256dh": "short", "auth": "A" * 22}}, "field_invalid"),
        ({"keys": {"p256dh": "A" * 87}}, "field_missing"),
        ({"more": 1}, "field_unknown"),
    ],
)
async def test_what_is_no_phone_of_a_known_push_service_is_refused(
    town: Town, push: PushService, change: dict[str, Any], code: str
) -> None:
    officer = await town.someone("officer", 0)
    body = push.phone().as_browsers_write() | change
    answer = await officer.ask("POST", "/v1/push/subscriptions", body)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


async def test_ringing_is_for_officers(town: Town, push: PushService) -> None:
    desk = await town.someone("desk")
    answer = await desk.ask("POST", "/v1/push/subscriptions", push.phone().as_browsers_write())
    assert answer.json()["code"] == "not_allowed"
    assert (await town.client.get("/v1/push/key")).json()["code"] == "session_missing"


# --- in a browser
SUBSCRIBED = """(subscription) => {
  const there = { ...subscription, toJSON: () => subscription, options: {}, unsubscribe: async () => true };
  window.there = null;
  PushManager.prototype.subscribe = async (options) => {
    window.asked = options;
    return (window.there = there);
  };
  PushManager.prototype.getSubscription = async () => window.there;
}"""
"""A Chromium under test reaches no push service: that one step of it is played, with the keys of a phone here."""
HEARS = """() => {
  window.heard = new Promise((done) =>
    navigator.serviceWorker.addEventListener("message", ({ data }) => data.t === "pushed" && done(data.t)));
}"""
SHOWN = """async () => (await (await navigator.serviceWorker.ready).getNotifications())
  .map(({ title, body, tag, lang }) => ({ title, body, tag, lang }))"""


async def worker_of(page: Page) -> tuple[CDPSession, str]:
    """DevTools of the page, and the name of its worker's registration."""
    found: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def told(event: dict[str, Any]) -> None:
        for one in event["registrations"]:
            if not found.done() and not one["isDeleted"]:
                found.set_result(one["registrationId"])

    tools = await page.context.new_cdp_session(page)
    tools.on("ServiceWorker.workerRegistrationUpdated", told)
    await tools.send("ServiceWorker.enable")
    async with asyncio.timeout(10):
        return tools, await found


async def deliver(page: Page, told: dict[str, Any]) -> None:
    """As if the push service had brought it."""
    tools, registration = await worker_of(page)
    origin = page.url.split("/", 3)
    body = {"origin": "/".join(origin[:3]), "registrationId": registration, "data": json.dumps(told)}
    await tools.send("ServiceWorker.deliverPushMessage", body)
    await tools.detach()


async def shown(page: Page, count: int) -> list[dict[str, str]]:
    """What stands on the lock screen, once it is so much."""
    for _ in range(200):
        found: list[dict[str, str]] = await page.evaluate(SHOWN)
        if len(found) == count:
            return found
        await asyncio.sleep(0.05)
    raise AssertionError(f"not {count}: {found}")


@pytest.mark.browser
async def test_a_locked_phone_shows_the_offer_in_its_officers_language_and_then_that_it_is_over(
    town: Town, screens: Screens, push: PushService
) -> None:
    person, phone = town.service.of("officer", "xw-1")[6], push.phone()
    page = await screens.officer(person, LAT, LON, lang="zh-CN", drawn_maps=False)
    await page.click('[data-sheet="settings"]')
    await page.evaluate(SUBSCRIBED, phone.as_browsers_write())
    switch = page.locator('[data-ring="off"] [role="switch"]')
    await switch.click()
    await expect(page.locator('[data-ring="on"]')).to_contain_text("即使页面关闭")
    assert (await page.evaluate("window.asked.userVisibleOnly")) is True

    await page.goto(f"{town.service.url}/")  # nobody looks at the officer's page any more
    made = await town.report(words=WORDS)
    one = await rung(push, phone, "offer", made["case"])
    await deliver(page, one.told)
    (told,) = await shown(page, 1)
    assert told["title"] == "附近案件：盗窃" and told["lang"] == "zh-CN" and told["tag"] == f"offer:{made['case']}"
    assert "秒" in told["body"] and not any(word in json.dumps(told) for word in ("138", "Hunan", "red coat"))

    await deliver(page, {"kind": "gone", "case": made["case"]})
    for _ in range(100):
        (told,) = await shown(page, 1)
        if told["title"] != "附近案件：盗窃":
            break
        await asyncio.sleep(0.05)
    assert told["title"] == "案件已不可接"
    assert screens.complaints == []


@pytest.mark.browser
async def test_a_page_that_is_looked_at_rings_by_itself_and_a_refusal_is_told(town: Town, screens: Screens) -> None:
    page = await screens.officer(town.service.of("officer", "xw-1")[7], LAT, LON, drawn_maps=False)
    await page.click('[data-sheet="settings"]')
    await expect(page.locator('[data-ring="off"]')).to_be_visible()
    await page.evaluate(HEARS)
    await deliver(page, {"kind": "offer", "case": "x", "category": "theft", "ends_in_ms": 50_000})
    async with asyncio.timeout(15):
        assert await page.evaluate("window.heard") == "pushed"
    assert await page.evaluate(SHOWN) == []
    await page.evaluate("Notification.requestPermission = async () => 'default'")
    await page.locator('[data-ring="off"] [role="switch"]').click()
    await expect(page.locator('[data-ring="off"]')).to_contain_text("only while this page is open")


@pytest.mark.browser
async def test_a_phone_whose_browser_forbids_it_is_told_what_to_do(town: Town, screens: Screens) -> None:
    page = await screens.open("/officer")
    await page.add_init_script("Object.defineProperty(Notification, 'permission', { get: () => 'denied' })")
    person = town.service.of("officer", "xw-1")[7]
    await page.reload()
    await page.fill("#login", person["login"])
    await page.fill("#password", person["password"])
    await page.press("#password", "Enter")
    await page.click('[data-sheet="settings"]')
    await expect(page.locator('[data-ring="denied"]')).to_contain_text("Allow notifications")
    await expect(page.locator('[data-ring] [role="switch"]')).to_have_count(0)
