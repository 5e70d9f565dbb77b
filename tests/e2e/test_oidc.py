"""Signing in by a real identity provider (npm `oidc-provider`), over its own pages and ours."""

import asyncio
import json
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx
import pyotp
import pytest
from playwright.async_api import Page, expect

from scripts.web_packages import WEB, Parts, find_node, installed
from tests.contract.test_page_sessions import Browser
from tests.e2e.conftest import Screens
from tests.e2e.talk import Someone, Town

NAME: Final = "City ID"
CLIENT: Final = {"client": "onbeat", "secret": "s%cret+of/the=tests:1234"}
MORE_ENV: Final = {
    "OIDC_CLIENT_ID": CLIENT["client"], "OIDC_CLIENT_SECRET": CLIENT["secret"], "OIDC_NAME": NAME,
    "OIDC_LOGIN_CLAIM": "preferred_username", "OIDC_STRONG_AMR": "hwk",
}  # fmt: skip
"""With the issuer once it listens."""
CALLBACK: Final = "/v1/oidc/callback"
FOREIGN: Final = {"x_onbeat_page": "", "origin": "", "sec_fetch_site": "cross-site", "x_csrf_token": ""}
START_S: Final = 60.0


@pytest.fixture(scope="module", autouse=True)
async def running() -> AsyncIterator[Process]:
    """The provider, before the service that is told its address."""
    node = find_node()
    if node is None or not installed(Parts.ALL):
        pytest.skip("the provider is not installed: python -m scripts.web_packages")
    script = Path(__file__).with_name("provider.mjs")
    child = await asyncio.create_subprocess_exec(
        str(node.node),
        str(script),
        str(WEB / "package.json"),
        stdin=PIPE,
        stdout=PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    MORE_ENV["OIDC_ISSUER"] = await _line(child)
    yield child
    if child.returncode is None:
        child.kill()
    await child.wait()


async def _line(child: Process) -> str:
    assert child.stdout is not None
    return (await asyncio.wait_for(child.stdout.readline(), START_S)).decode().strip()


@dataclass
class City:
    """The service and the provider, and who goes between them."""

    town: Town
    client: httpx.AsyncClient
    child: Process

    @property
    def issuer(self) -> str:
        return MORE_ENV["OIDC_ISSUER"]

    def browser(self, page: str = "desk") -> Browser:
        return Here(self.client, page, self.town.service.url)

    async def leave(self, browser: Browser) -> str:
        answer = await browser.ask("POST", "/v1/oidc")
        assert answer.status_code == 200, answer.text
        return str(answer.json()["to"])

    async def there(self, to: str, name: str | None) -> dict[str, str]:
        """What the provider sends back of somebody who signs in there by a name; None says no."""
        async with httpx.AsyncClient(trust_env=False, timeout=20) as visitor:
            form = await visitor.get(to, follow_redirects=True)
            assert "City ID" in form.text, form.text[:500]
            answer = await visitor.post(str(form.url), data={"login": name} if name else {"no": "1"})
            for _ in range(5):
                where = urljoin(str(answer.url), answer.headers.get("location", ""))
                assert answer.is_redirect, (answer.status_code, answer.text[:500])
                if where.startswith(self.town.service.url + CALLBACK):
                    return {key: one for key, (one,) in parse_qs(urlsplit(where).query).items()}
                answer = await visitor.get(where)
        raise AssertionError(f"never came back: {where}")

    async def back(self, browser: Browser, said: dict[str, str]) -> httpx.Response:
        query = str(httpx.QueryParams(said))
        answer = await browser.ask("GET", f"{CALLBACK}?{query}", None, **FOREIGN)
        assert (answer.status_code, answer.headers["location"]) == (303, f"/{browser.page}#oidc")
        return await browser.ask("POST", "/v1/oidc/session")

    async def comes(self, browser: Browser, name: str | None) -> httpx.Response:
        return await self.back(browser, await self.there(await self.leave(browser), name))

    def login(self, role: str, at: int) -> str:
        return str([one for one in self.town.service.people if one["role"] == role][at]["login"])


class Here(Browser):
    """One that comes from the service's own address."""

    def __init__(self, client: httpx.AsyncClient, page: str, url: str) -> None:
        super().__init__(client, page)
        self.url = url

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        return await super().ask(method, path, body, **{"origin": self.url, **headers})


@pytest.fixture(scope="module")
async def city(running: Process, town: Town) -> AsyncIterator[City]:
    assert running.stdin is not None
    ours = {"back": [town.service.url + CALLBACK], "out": [f"{town.service.url}/desk"]}
    running.stdin.write(json.dumps(CLIENT | ours).encode() + b"\n")
    assert await _line(running) == "ready"
    async with httpx.AsyncClient(base_url=town.service.url, trust_env=False, timeout=20) as client:
        client.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))  # the browser keeps them
        yield City(town, client, running)


def code_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json().get("code", "")


async def test_who_works_here_comes_in_by_the_provider_and_is_who_our_records_say(city: City) -> None:
    login = city.login("desk", 0)
    browser = city.browser()
    answer = await city.comes(browser, login)
    assert answer.status_code == 201, answer.text
    assert answer.json()["role"] == "desk" and answer.json()["token"] is None
    assert (await browser.ask("GET", "/v1/me")).json()["role"] == "desk"
    account = await city.town.owner.fetchval("SELECT id FROM accounts WHERE login = $1", login)
    entries = await city.town.owner.fetch(
        "SELECT act, body FROM audit WHERE chain = $1 ORDER BY seq", f"account:{account}"
    )
    assert [row["act"] for row in entries][-2:] == ["identity_linked", "signed_in"]
    assert json.loads(entries[-1]["body"])["method"] == "oidc"
    linked = await city.town.owner.fetchrow("SELECT issuer, subject FROM identities WHERE account = $1", account)
    assert tuple(linked) == (city.issuer, f"id-of-{login}")


async def test_a_code_serves_once_and_only_who_began(city: City) -> None:
    """Replayed, and put into another browser's sign-in: the provider knows both by itself, the second by PKCE alone."""
    browser, login = city.browser(), city.login("desk", 1)
    said = await city.there(await city.leave(browser), login)
    assert (await city.back(browser, said)).status_code == 201
    assert code_of(await city.back(browser, said)) == (409, "oidc_over"), "the errand is done"
    mine = await city.there(await city.leave(browser), login)
    assert code_of(await city.back(browser, mine | {"code": said["code"]})) == (403, "oidc_invalid")
    theirs = await city.there(await city.leave(city.browser()), login)
    mine = await city.there(await city.leave(browser), login)
    assert code_of(await city.back(browser, mine | {"code": theirs["code"]})) == (403, "oidc_invalid")


async def test_a_changed_state_or_issuer_opens_nothing(city: City) -> None:
    browser, login = city.browser(), city.login("desk", 1)
    said = await city.there(await city.leave(browser), login)
    assert said["iss"] == city.issuer
    assert code_of(await city.back(browser, said | {"state": said["state"][:-4] + "AAAA"})) == (409, "oidc_over")
    assert code_of(await city.back(browser, said | {"iss": "https://another.example"})) == (403, "oidc_invalid")
    bare = await city.there(await city.leave(browser), login)
    del bare["iss"]
    assert code_of(await city.back(browser, bare)) == (403, "oidc_invalid")


async def test_a_no_there_a_stranger_and_a_wrong_page_are_told_apart(city: City) -> None:
    browser = city.browser()
    assert code_of(await city.comes(browser, None)) == (403, "oidc_refused")
    assert code_of(await city.comes(browser, "nobody-here")) == (403, "oidc_not_linked")
    assert code_of(await city.comes(browser, city.login("officer", 0))) == (403, "oidc_wrong_page")
    assert (await city.comes(city.browser("officer"), city.login("officer", 0))).status_code == 201


async def test_a_suspended_person_stays_out(city: City) -> None:
    login = city.login("officer", 1)
    assert (await city.comes(city.browser("officer"), login)).status_code == 201
    await city.town.owner.execute("UPDATE accounts SET suspended = true WHERE login = $1", login)
    assert code_of(await city.comes(city.browser("officer"), login)) == (403, "oidc_suspended")


async def test_our_second_factor_is_asked_unless_a_key_was_shown_there(city: City) -> None:
    one = next(one for one in city.town.service.people if one["login"] == city.login("desk", 2))
    again = {"login": one["login"], "password": one["password"]}
    me = Someone(city.town, (await city.town.client.post("/v1/sessions", json=again)).json()["token"], {})
    asked = (await me.ask("POST", "/v1/factors/app", again)).json()
    made = {"note": asked["note"], "name": "Phone", "code": pyotp.TOTP(asked["secret"]).now()}
    paper = (await me.ask("POST", "/v1/factors", made)).json()["recovery"][0]
    browser = city.browser()
    needed = await city.comes(browser, one["login"])
    assert needed.status_code == 202 and needed.json()["kinds"] == ["totp", "recovery"]
    signed = await browser.ask("POST", "/v1/sessions/second", {"note": needed.json()["note"], "recovery": paper})
    assert signed.status_code == 201, signed.text
    assert code_of(await city.comes(browser, f"{one['login']}+strong")) == (403, "oidc_not_linked"), "another subject"
    account = await city.town.owner.fetchval("SELECT id FROM accounts WHERE login = $1", one["login"])
    await city.town.owner.execute(
        "UPDATE identities SET subject = $1 WHERE account = $2", f"id-of-{one['login']}+strong", account
    )
    assert (await city.comes(browser, f"{one['login']}+strong")).status_code == 201


async def name_there(page: Page, name: str) -> None:
    """On the provider's own page."""
    await expect(page.get_by_role("heading", name=NAME)).to_be_visible()
    await page.keyboard.type(name)
    await page.keyboard.press("Enter")


@pytest.mark.browser
async def test_a_person_goes_there_and_comes_back_with_the_keyboard_alone(city: City, screens: Screens) -> None:
    page = await screens.open("/desk", phone=False, drawn_maps=False, lang="zh-CN")
    await page.get_by_role("button", name=f"用 {NAME} 登录").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name=NAME)).to_be_visible()
    await page.get_by_role("button", name="No").click()
    await expect(page.get_by_role("alert")).to_contain_text("选择了拒绝")
    assert page.url == f"{city.town.service.url}/desk", "nothing of the way stays in the address"
    await page.get_by_role("button", name=f"用 {NAME} 登录").focus()
    await page.keyboard.press("Enter")
    await name_there(page, city.login("desk", 0))
    await expect(page.locator("#main[data-pane]")).to_be_visible()
    assert page.url == f"{city.town.service.url}/desk"
    held = {one["name"]: one for one in await page.context.cookies(city.town.service.url)}
    assert held["__Host-onbeat-desk"]["sameSite"] == "Strict" and held["__Host-onbeat-desk"]["httpOnly"]
    assert "__Host-onbeat-oidc-desk" not in held
    await page.reload()
    await expect(page.locator("#main[data-pane]")).to_be_visible()
    told = [one for one in screens.complaints if "403" not in one]  # the browser's own line about the refusal
    assert not told, told
    await page.get_by_role("button", name="退出", exact=True).first.click()
    await page.locator("button[name=logout][value=yes]").click()  # the provider's own page asks whether there too
    await expect(page.locator("#login")).to_be_visible()
    assert page.url.startswith(f"{city.town.service.url}/desk")
    await page.click("[data-provider]")
    await expect(page.get_by_role("heading", name=NAME)).to_be_visible()  # it asks who: nobody is in there now


@pytest.mark.browser
async def test_a_stranger_and_our_own_second_step_are_said_on_the_page(city: City, screens: Screens) -> None:
    page = await screens.open("/desk", phone=False, drawn_maps=False)
    await page.click("[data-provider]")
    await name_there(page, "nobody-here")
    await expect(page.get_by_role("alert")).to_contain_text("belongs to none here")
    await page.context.clear_cookies()  # so that the provider asks again who it is
    await page.click("[data-provider]")
    login = city.login("desk", 2)
    await city.town.owner.execute(
        "UPDATE identities SET subject = $1 WHERE account = (SELECT id FROM accounts WHERE login = $2)",
        f"id-of-{login}", login,
    )  # fmt: skip
    await name_there(page, login)
    await expect(page.locator("#second-code")).to_be_visible()
    assert page.url == f"{city.town.service.url}/desk"


async def test_at_last_the_provider_is_away_and_nothing_of_it_all_was_logged(city: City) -> None:
    browser = city.browser()
    said = await city.there(await city.leave(browser), city.login("desk", 0))
    city.child.kill()
    await city.child.wait()
    began = time.monotonic()
    assert code_of(await city.back(browser, said)) == (503, "oidc_away")
    assert time.monotonic() - began < 30
    log = (city.town.service.folder / "web.log").read_text()
    assert "the identity provider is away" in log
    for secret in (CLIENT["secret"], said["code"], said["state"]):
        assert secret not in log
