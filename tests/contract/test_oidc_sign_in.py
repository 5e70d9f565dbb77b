"""Signing in by an identity provider over our own routes, on real stores; the provider says what a test wants."""

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import parse_qsl, urlsplit
from uuid import uuid4

import pyotp
import pytest

from dispatch import limits
from dispatch.adapters.sealing import AesSealer
from dispatch.people.factors import Answer
from gateway.http import openid
from tests.conftest import Database
from tests.contract.federated import FOREIGN, Door, code_of, federated
from tests.contract.forging import CLIENT
from tests.contract.test_page_sessions import Browser
from tests.contract.test_people import PASSWORD, officer


@pytest.fixture
async def door(database: Database, redis_url: str) -> AsyncIterator[Door]:
    async with federated(database, redis_url) as made:
        yield made


async def test_a_first_sign_in_links_the_login_that_the_claim_names_and_the_next_asks_the_subject_alone(
    door: Door,
) -> None:
    login, account, person = await officer(door.house)
    browser = door.browser()
    answer = await door.comes(browser, sub=f"s-{login}", preferred_username=login)
    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert (told["role"], told["officer"], told["token"]) == ("officer", str(person), None)
    assert await browser.code() == "me"
    assert await door.acts(account) == [("identity_linked", None), ("signed_in", "oidc")]
    assert browser.cookies["__Host-onbeat-oidc-officer"] == "", "the errand is done"
    renamed = await door.comes(door.browser(), sub=f"s-{login}", preferred_username="somebody-else")
    assert renamed.status_code == 201 and renamed.json()["officer"] == str(person)


async def test_an_account_is_never_made_and_an_unknown_person_is_told_so(door: Door) -> None:
    accounts = await door.house.pool.fetchval("SELECT count(*) FROM accounts")
    for claims in (
        {"preferred_username": "nobody-here"},
        {},
        {"preferred_username": ""},
        {"preferred_username": "a\0b"},
    ):
        answer = await door.comes(door.browser(), sub=uuid4().hex, **claims)
        assert code_of(answer) == (403, "oidc_not_linked")
    assert await door.house.pool.fetchval("SELECT count(*) FROM accounts") == accounts


async def test_a_second_subject_with_the_same_name_is_somebody_else(door: Door) -> None:
    login, account, _ = await officer(door.house)
    assert (await door.comes(door.browser(), sub=f"1-{login}", preferred_username=login)).status_code == 201
    answer = await door.comes(door.browser(), sub=f"2-{login}", preferred_username=login)
    assert code_of(answer) == (403, "oidc_not_linked")
    assert await door.sessions(account) == 1


async def test_a_suspended_account_is_refused_linked_or_not(door: Door) -> None:
    login, account, _ = await officer(door.house)
    await door.comes(door.browser(), sub=f"s-{login}", preferred_username=login)
    await door.house.pool.execute("UPDATE accounts SET suspended = true WHERE id = $1", account)
    answer = await door.comes(door.browser(), sub=f"s-{login}", preferred_username=login)
    assert code_of(answer) == (403, "oidc_suspended")
    other, unlinked, _ = await officer(door.house, suspended=True)
    assert code_of(await door.comes(door.browser(), sub=f"s-{other}", preferred_username=other)) == (
        403, "oidc_suspended",
    )  # fmt: skip
    assert await door.sessions(account) == await door.sessions(unlinked) == 0
    assert not await door.house.pool.fetchval("SELECT count(*) FROM identities WHERE account = $1", unlinked)


async def test_a_page_of_other_roles_opens_no_session_and_links_nobody(door: Door) -> None:
    login, account, _ = await officer(door.house)
    for page in ("desk", "admin"):
        answer = await door.comes(door.browser(page), sub=f"s-{login}", preferred_username=login)
        assert code_of(answer) == (403, "oidc_wrong_page")
    assert await door.acts(account) == []


async def test_what_the_token_says_of_roles_is_not_read(door: Door) -> None:
    login, _, _ = await officer(door.house)
    more = {"role": "admin", "roles": ["admin"], "groups": ["admins"], "station": "x9"}
    answer = await door.comes(door.browser(), sub=f"s-{login}", preferred_username=login, **more)
    assert (answer.json()["role"], answer.json()["station"]) == ("officer", "x1")


async def test_an_answer_to_what_this_browser_did_not_ask_opens_nothing_and_asks_nobody(door: Door) -> None:
    mine, other = door.browser(), door.browser()
    said, theirs = await door.leave(mine), await door.leave(other)
    asked = len(door.forger.asked)
    for state in (theirs["state"], said["state"][:-1], said["state"] + "x", "officer.", "officer"):
        answer = await door.back(mine, state=state, code="code", iss=door.forger.url)
        if state == "officer":
            assert code_of(answer) == (409, "oidc_over")
        assert code_of(await mine.ask("POST", "/v1/oidc/session")) == (409, "oidc_over"), state
    assert len(door.forger.asked) == asked
    await door.back(mine, state=said["state"], code="code", iss=door.forger.url)
    assert (await mine.ask("POST", "/v1/oidc/session")).json()["code"] != "oidc_over", "what was under way still is"


@pytest.mark.parametrize("path", ["/v1/sessions/current", "/v1/sessions"])
async def test_who_came_from_the_provider_is_led_there_to_sign_out_too_and_back_to_the_page(
    door: Door, path: str
) -> None:
    login, _, _ = await officer(door.house)
    door.forger.document = {"end_session_endpoint": f"{door.forger.url}/out?realm=x"}
    browser = door.browser()
    await door.comes(browser, sub=f"s-{login}", preferred_username=login)
    answer = await browser.ask("DELETE", path)
    assert answer.status_code == 200
    to = urlsplit(answer.json()["to"])
    assert f"{to.scheme}://{to.netloc}{to.path}" == f"{door.forger.url}/out"
    assert dict(parse_qsl(to.query)) == {
        "realm": "x", "client_id": CLIENT, "post_logout_redirect_uri": "http://localhost:8000/officer",
    }  # fmt: skip
    assert browser.cookies["__Host-onbeat-officer"] == "" and await browser.code() == "session_missing"


@pytest.mark.parametrize("at", [None, "http://id.example/out", "javascript:alert(1)", 7])
async def test_where_the_provider_names_no_safe_place_to_sign_out_nobody_goes(door: Door, at: object) -> None:
    login, _, _ = await officer(door.house)
    door.forger.document = {"end_session_endpoint": at}
    browser = door.browser()
    assert (await door.comes(browser, sub=f"s-{login}", preferred_username=login)).status_code == 201
    assert (await browser.ask("DELETE", "/v1/sessions/current")).status_code == 204


async def test_who_came_by_a_password_or_is_a_program_is_led_nowhere(door: Door) -> None:
    login, _, _ = await officer(door.house)
    door.forger.document = {"end_session_endpoint": f"{door.forger.url}/out"}
    by_password = door.browser()
    assert (await by_password.sign_in(login)).status_code == 201
    assert (await by_password.ask("DELETE", "/v1/sessions/current")).status_code == 204
    program = await door.client.post("/v1/sessions", json={"login": login, "password": PASSWORD})
    bearer = {"authorization": f"Bearer {program.json()['token']}"}
    assert (await door.client.delete("/v1/sessions/current", headers=bearer)).status_code == 204


async def test_a_provider_that_is_away_keeps_nobody_signed_in_here(door: Door) -> None:
    login, _, _ = await officer(door.house)
    browser = door.browser()
    await door.comes(browser, sub=f"s-{login}", preferred_username=login)
    before = dict(browser.cookies)
    door.house.clock.ahead_s += limits.OIDC_KEPT_S
    door.forger.document = {"issuer": "another"}
    assert (await browser.ask("DELETE", "/v1/sessions/current")).status_code == 204
    browser.cookies = before
    assert await browser.code() == "session_ended"


async def test_an_errand_serves_once_even_where_it_is_sent_many_times_at_once(door: Door) -> None:
    login, account, _ = await officer(door.house)
    await door.comes(door.browser(), sub=f"s-{login}", preferred_username=login)
    before = await door.sessions(account)
    browser = door.browser("officer")
    said = await door.leave(browser)
    await door.back(browser, state=said["state"], code="code", iss=door.forger.url)
    twins = [Browser(door.client, "officer") for _ in range(12)]
    for twin in twins:
        twin.cookies = dict(browser.cookies)
    answers = await asyncio.gather(*(twin.ask("POST", "/v1/oidc/session") for twin in twins))
    assert sorted(one.status_code for one in answers) == [201, *[409] * 11]
    assert await door.sessions(account) == before, "one more, and the officer's other phone ended"


async def test_an_errand_is_over_after_ten_minutes_and_belongs_to_its_page(door: Door) -> None:
    browser = door.browser()
    said = await door.leave(browser)
    await door.back(browser, state=said["state"], code="code", iss=door.forger.url)
    moved = door.browser("desk")
    moved.cookies = {"__Host-onbeat-oidc-desk": browser.cookies["__Host-onbeat-oidc-officer"]}
    assert code_of(await moved.ask("POST", "/v1/oidc/session")) == (409, "oidc_over")
    door.house.clock.ahead_s = limits.OIDC_ERRAND_S
    assert code_of(await browser.ask("POST", "/v1/oidc/session")) == (409, "oidc_over")


async def test_an_errand_that_is_not_ours_is_none(door: Door) -> None:
    browser = door.browser()
    for note in ("x", "a" * 400, AesSealer(b"another").seal("{}", "errand").hex(), "\u00e9"):
        browser.cookies = {"__Host-onbeat-oidc-officer": note}
        assert code_of(await browser.ask("POST", "/v1/oidc/session")) == (409, "oidc_over")


async def test_a_provider_that_says_no_is_told_plainly(door: Door) -> None:
    browser = door.browser()
    for more in (
        {"error": "access_denied"},
        {"error": "access_denied", "code": "code"},
        {"code": ""},
        {"code": "c" * 2_001},
    ):
        said = await door.leave(browser)
        asked = door.forger.count("/token")
        await door.back(browser, state=said["state"], iss=door.forger.url, **more)
        assert code_of(await browser.ask("POST", "/v1/oidc/session")) == (403, "oidc_refused")
        assert door.forger.count("/token") == asked


async def test_a_provider_that_is_away_is_told_plainly_at_both_ends(door: Door) -> None:
    browser = door.browser()
    said = await door.leave(browser)
    door.forger.answer = (503, {})
    await door.back(browser, state=said["state"], code="code", iss=door.forger.url)
    answer = await browser.ask("POST", "/v1/oidc/session")
    assert code_of(answer) == (503, "oidc_away") and answer.headers["retry-after"] == "5"
    door.house.clock.ahead_s = limits.OIDC_KEPT_S
    door.forger.document = {"issuer": "https://another.example"}
    assert code_of(await browser.ask("POST", "/v1/oidc")) == (503, "oidc_away")


async def test_another_issuers_answer_proves_nothing(door: Door) -> None:
    browser = door.browser()
    said = await door.leave(browser)
    await door.back(browser, state=said["state"], code="code", iss="https://another.example")
    assert code_of(await browser.ask("POST", "/v1/oidc/session")) == (403, "oidc_invalid")


async def test_our_own_second_factor_is_asked_unless_the_provider_saw_one(door: Door) -> None:
    login, account, _ = await officer(door.house)
    found = door.house.sign_in.factors
    assert found is not None
    asked = found.add_app(account, login)
    app = pyotp.TOTP(asked.secret or "")
    made = await found.keep(account, "x", asked.note, Answer(code=app.at(int(door.house.clock()))), "Phone")
    assert isinstance(made, list)
    browser = door.browser()
    answer = await door.comes(browser, sub=f"s-{login}", preferred_username=login, amr=["pwd"])
    assert answer.status_code == 202 and answer.json()["kinds"] == ["totp", "recovery"]
    assert await door.sessions(account) == 0 and "__Host-onbeat-officer" not in browser.cookies
    second = await browser.ask("POST", "/v1/sessions/second", {"note": answer.json()["note"], "recovery": made[0]})
    assert second.status_code == 201, second.text
    assert (await door.acts(account))[-1] == ("signed_in", "oidc")
    strong = await door.comes(door.browser(), sub=f"s-{login}", preferred_username=login, amr=["pwd", "mfa"])
    assert strong.status_code == 201


async def test_a_link_that_ends_meanwhile_opens_nothing_and_a_made_password_is_no_hindrance(door: Door) -> None:
    login, account, _ = await officer(door.house)
    await door.house.pool.execute("UPDATE accounts SET password_made = true WHERE id = $1", account)
    found = door.house.sign_in.factors
    assert found is not None
    asked = found.add_app(account, login)
    app = pyotp.TOTP(asked.secret or "")
    made = await found.keep(account, "x", asked.note, Answer(code=app.at(int(door.house.clock()))), "Phone")
    assert isinstance(made, list)
    for paper, unlinked in ((made[0], False), (made[1], True)):
        browser = door.browser()
        note = (await door.comes(browser, sub=f"s-{login}", preferred_username=login)).json()["note"]
        if unlinked:
            await door.house.pool.execute("DELETE FROM identities WHERE account = $1", account)
        told = await browser.ask("POST", "/v1/sessions/second", {"note": note, "recovery": paper})
        assert told.status_code == (401 if unlinked else 201), told.text
    assert await door.sessions(account) == 1


async def test_a_new_session_ends_the_one_that_the_page_had(door: Door) -> None:
    login, account, _ = await officer(door.house)
    browser = door.browser()
    await door.comes(browser, sub=f"s-{login}", preferred_username=login)
    before = browser.cookies["__Host-onbeat-officer"]
    await door.comes(browser, sub=f"s-{login}", preferred_username=login)
    assert browser.cookies["__Host-onbeat-officer"] != before
    assert await door.house.sign_in.who(before) is None and await door.sessions(account) == 1


async def test_the_errands_cookie_is_out_of_reach_and_comes_back_once_from_a_foreign_site(door: Door) -> None:
    browser = door.browser("desk")
    said = await door.leave(browser)
    lax = browser.told
    assert lax is not None and lax.key == "__Host-onbeat-oidc-desk" and said["state"] not in lax.value
    assert (lax["secure"], lax["httponly"], lax["samesite"].lower(), lax["path"]) == (True, True, "lax", "/")
    assert (int(lax["max-age"]), lax["domain"]) == (limits.OIDC_ERRAND_S, "")
    answer = await door.back(browser, state=said["state"], code="code", iss=door.forger.url)
    strict = browser.told
    assert strict is not lax and strict is not None and strict["samesite"].lower() == "strict"
    assert len(answer.headers.get_list("set-cookie")) == 1, "no session is given to a foreign site's visitor"
    assert not answer.content and answer.headers["cache-control"] == "no-store"


async def test_the_callback_leads_to_a_page_of_ours_whatever_it_is_sent(door: Door) -> None:
    browser = door.browser()
    for state in ("desk.//evil.example", "desk.\r\nlocation: https://evil.example", "desk.x@evil.example"):
        answer = await door.back(browser, state=state, code="code", redirect_uri="https://evil.example")
        assert (answer.status_code, answer.headers["location"]) == (303, "/desk#oidc")
    for state in ("", "evil", "citizen.x", "//evil.example", "desk", "https://evil.example/desk."):
        assert code_of(await door.back(browser, state=state, code="code")) == (409, "oidc_over")


async def test_only_our_own_staff_pages_begin_and_finish(door: Door) -> None:
    for path in ("/v1/oidc", "/v1/oidc/session"):
        assert code_of(await door.browser("citizen").ask("POST", path)) == (403, "oidc_wrong_page")
        assert code_of(await door.browser("kitchen").ask("POST", path)) == (400, "page_unknown")
        assert code_of(await door.browser().ask("POST", path, x_onbeat_page="")) == (400, "page_unknown")
        for site in (
            {"sec_fetch_site": "cross-site"},
            {"origin": "https://evil.example"},
            FOREIGN | {"x_onbeat_page": "desk"},
        ):
            assert code_of(await door.browser().ask("POST", path, **site)) == (403, "csrf_refused")
    assert code_of(await door.browser().ask("POST", "/v1/oidc", origin="")) == (403, "csrf_refused")


async def test_a_service_without_a_provider_says_so(door: Door) -> None:
    assert (await door.client.get("/v1/oidc")).json() == {"name": "City ID"}
    door.house.sign_in.federation = None
    assert (await door.client.get("/v1/oidc")).json() == {"name": None}
    for method, path in (("POST", "/v1/oidc"), ("GET", openid.CALLBACK), ("POST", "/v1/oidc/session")):
        assert code_of(await door.browser().ask(method, path)) == (404, "oidc_off")


async def test_of_a_provider_that_is_slow_only_so_many_are_waited_for(door: Door) -> None:
    full, over = asyncio.Event(), asyncio.Event()

    async def silent(writer: asyncio.StreamWriter) -> None:
        if door.forger.count("/token") == limits.OIDC_AT_ONCE_MAX:
            full.set()
        await over.wait()

    browsers = [door.browser() for _ in range(limits.OIDC_AT_ONCE_MAX + 1)]
    for browser in browsers:
        said = await door.leave(browser)
        await door.back(browser, state=said["state"], code="code", iss=door.forger.url)
    door.forger.writing["/token"] = silent
    *first, last = browsers
    waiting = [asyncio.create_task(one.ask("POST", "/v1/oidc/session")) for one in first]
    await asyncio.wait_for(full.wait(), 20)
    assert code_of(await last.ask("POST", "/v1/oidc/session")) == (503, "busy")
    over.set()
    assert {code_of(answer)[1] for answer in await asyncio.gather(*waiting)} == {"oidc_away"}


async def test_returns_that_fail_are_counted_for_an_address(door: Door) -> None:
    browser, codes = door.browser(), []
    for _ in range(62):
        codes.append((await browser.ask("POST", "/v1/oidc/session")).json()["code"])
    assert codes[0] == "oidc_over" and codes[-1] == "too_many_attempts"
