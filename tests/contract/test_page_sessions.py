"""Sessions of our own pages: in a cookie, with a word that only the page knows; and how they end."""

from collections.abc import AsyncIterator
from http.cookiejar import DefaultCookiePolicy
from http.cookies import Morsel, SimpleCookie
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import httpx
import pytest
from redis.asyncio import Redis
from starlette.routing import Route

from dispatch import limits
from dispatch.adapters.postgres.audit import PostgresJournal
from dispatch.adapters.postgres.people import PostgresPeople
from dispatch.adapters.postgres.pool import connect_pool
from dispatch.adapters.redis.sessions import RedisSessions
from dispatch.audit.chains import Chain
from dispatch.people.service import SignIn, mac_of
from gateway.http import sign_in
from tests.conftest import Database
from tests.contract.test_people import CHEAP, CHOOSING, KEY, PASSWORD, PEPPER, Clock, House, a_case, officer
from tests.unit.http.asking import app_of, client_of

ORIGIN = "http://localhost:8000"
FROM_US = {"origin": ORIGIN, "sec-fetch-site": "same-origin"}
ROUTES = [
    Route("/v1/sessions", sign_in.post_session, methods=["POST"]),
    Route("/v1/sessions", sign_in.get_sessions, methods=["GET"]),
    Route("/v1/sessions", sign_in.delete_sessions, methods=["DELETE"]),
    Route("/v1/sessions/current", sign_in.delete_session, methods=["DELETE"]),
    Route("/v1/sessions/proved", sign_in.post_proved, methods=["POST"]),
    Route("/v1/sessions/{session:uuid}", sign_in.delete_one_session, methods=["DELETE"]),
    Route("/v1/receipts", sign_in.post_receipt, methods=["POST"]),
    Route("/v1/password", sign_in.post_password, methods=["POST"]),
    Route("/v1/tickets", sign_in.post_ticket, methods=["POST"]),
    Route("/v1/me", sign_in.get_me, methods=["GET"]),
]
PHONE = (
    "Mozilla/5.0 (Linux; Android 14; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36"
)


class Browser:
    """A page of ours in a browser: sends what a browser would, keeps the cookies that it is given."""

    def __init__(self, client: httpx.AsyncClient, page: str) -> None:
        self.client, self.page = client, page
        self.cookies: dict[str, str] = {}
        self.csrf = ""
        self.told: Morsel[str] | None = None

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        """`headers` with _ for -, an empty one leaves a header out."""
        said = {"x-onbeat-page": self.page, "user-agent": PHONE, **FROM_US}
        if method != "GET":
            said["x-csrf-token"] = self.csrf
        said |= {name.replace("_", "-"): value for name, value in headers.items()}
        said["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        sent = [(name.encode(), value.encode("latin-1")) for name, value in said.items() if value]
        answer = await self.client.request(method, path, json=body, headers=sent)
        for line in answer.headers.get_list("set-cookie"):
            for name, morsel in SimpleCookie(line).items():
                self.told = morsel
                self.cookies[name] = morsel.value
        if answer.is_success and answer.content and answer.json().get("csrf"):
            self.csrf = answer.json()["csrf"]
        return answer

    async def sign_in(self, login: str, **headers: str) -> httpx.Response:
        return await self.ask("POST", "/v1/sessions", {"login": login, "password": PASSWORD}, **headers)

    async def code(self) -> str:
        answer = await self.ask("GET", "/v1/me")
        return "me" if answer.is_success else str(answer.json()["code"])


@pytest.fixture
async def house(database: Database, redis_url: str) -> AsyncIterator[House]:
    pool = await connect_pool(database.app_url, size=4)
    redis = Redis.from_url(redis_url)
    await redis.flushall()
    people, clock = PostgresPeople(pool), Clock()
    service = SignIn(people, RedisSessions(redis), CHEAP, pepper=PEPPER, ticket_key=KEY, now=clock, choosing=CHOOSING)
    yield House(service, people, pool, redis, clock)
    await redis.aclose()
    await pool.close()


@pytest.fixture
async def client(house: House) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(app_of(ROUTES, SimpleNamespace(sign_in=house.sign_in))) as client:
        client.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))  # Browser keeps them
        yield client


async def on_page(house: House, client: httpx.AsyncClient, page: str = "officer") -> tuple[Browser, str]:
    """An officer who signed in on a page; the browser, the login."""
    login, _, _ = await officer(house)
    browser = Browser(client, page)
    answer = await browser.sign_in(login)
    assert answer.status_code == 201, answer.text
    return browser, login


async def test_a_page_gets_a_cookie_that_no_script_reads_and_no_token(house: House, client: httpx.AsyncClient) -> None:
    browser, login = await on_page(house, client)
    morsel = browser.told
    assert morsel is not None and morsel.key == "__Host-onbeat-officer" and len(morsel.value) == 43
    assert (morsel["secure"], morsel["httponly"], morsel["samesite"].lower()) == (True, True, "strict")
    assert (morsel["path"], morsel["domain"]) == ("/", "")
    assert 12 * 3600 - 60 < int(morsel["max-age"]) <= 12 * 3600
    answer = await browser.sign_in(login)
    assert answer.json()["token"] is None and morsel.value not in answer.text
    me = (await browser.ask("GET", "/v1/me")).json()
    assert (me["role"], me["csrf"]) == ("officer", browser.csrf)


@pytest.mark.parametrize("page", ["desk", "admin", "citizen"])
async def test_on_a_shared_machine_the_cookie_goes_with_the_browser(
    house: House, client: httpx.AsyncClient, page: str
) -> None:
    browser, _ = await on_page(house, client, page)
    assert browser.told is not None and browser.told["max-age"] == "" and browser.told["expires"] == ""


async def test_an_api_client_gets_a_token_and_no_cookie(house: House, client: httpx.AsyncClient) -> None:
    login, _, _ = await officer(house)
    answer = await client.post("/v1/sessions", json={"login": login, "password": PASSWORD})
    assert "set-cookie" not in answer.headers
    bearer = {"authorization": f"Bearer {answer.json()['token']}"}
    me = await client.get("/v1/me", headers=bearer)
    assert (me.status_code, me.json()["csrf"]) == (200, None)
    assert (await client.delete("/v1/sessions/current", headers=bearer)).status_code == 204


async def test_each_kind_of_page_has_a_session_of_its_own(house: House, client: httpx.AsyncClient) -> None:
    browser, _ = await on_page(house, client)
    other, _, _ = await officer(house)
    browser.page = "desk"
    assert await browser.code() == "session_missing"
    await browser.sign_in(other)
    desk_csrf = browser.csrf
    assert len(browser.cookies) == 2
    browser.page = "officer"
    assert await browser.code() == "me"
    refused = await browser.ask("DELETE", "/v1/sessions/current", x_csrf_token=desk_csrf)
    assert refused.json()["code"] == "csrf_refused", "the word of one session says nothing for another"


CROSS = [
    {"x_onbeat_page": ""}, {"x_onbeat_page": "station"}, {"x_csrf_token": ""}, {"x_csrf_token": "0" * 32},
    {"x_csrf_token": "\xe9"}, {"sec_fetch_site": "cross-site"}, {"sec_fetch_site": "same-site"},
    {"sec_fetch_site": "none"}, {"origin": "null"}, {"origin": "http://evil.example"},
    {"origin": "http://localhost:8000.evil.example"}, {"origin": "https://localhost:8000"},
    {"origin": "", "sec_fetch_site": ""},
]  # fmt: skip


@pytest.mark.parametrize("wrong", CROSS, ids=str)
async def test_a_cookie_alone_changes_nothing(house: House, client: httpx.AsyncClient, wrong: dict[str, str]) -> None:
    """Every part that another site cannot send is needed: page, word, origin."""
    browser, _ = await on_page(house, client)
    for method, path in (("POST", "/v1/tickets"), ("DELETE", "/v1/sessions/current"), ("DELETE", "/v1/sessions")):
        answer = await browser.ask(method, path, **wrong)
        assert answer.status_code in (401, 403), answer.text
        assert answer.json()["code"] in ("csrf_refused", "session_missing")
    assert await browser.code() == "me", "and the session lives on"


async def test_another_site_reads_nothing_and_signs_nobody_in(house: House, client: httpx.AsyncClient) -> None:
    browser, login = await on_page(house, client)
    assert (await browser.ask("GET", "/v1/me", sec_fetch_site="cross-site")).json()["code"] == "csrf_refused"
    assert (await browser.ask("GET", "/v1/me", origin="http://evil.example")).json()["code"] == "csrf_refused"
    fresh = Browser(client, "officer")
    for wrong in (
        {"origin": "http://evil.example"},
        {"sec_fetch_site": "cross-site"},
        {"origin": "", "sec_fetch_site": ""},
    ):
        answer = await fresh.sign_in(login, **wrong)
        assert (answer.status_code, answer.json()["code"]) == (403, "csrf_refused")
        assert fresh.cookies == {}
    assert (await fresh.sign_in(login, x_onbeat_page="station")).json()["code"] == "page_unknown"


async def test_signing_in_gives_a_new_token_and_ends_the_old_session(house: House, client: httpx.AsyncClient) -> None:
    browser, login = await on_page(house, client)
    before = dict(browser.cookies)
    await browser.sign_in(login)
    assert browser.cookies != before
    assert await browser.code() == "me"
    stale = Browser(client, "officer")
    stale.cookies = before
    assert await stale.code() == "session_ended"


async def test_who_may_be_signed_in_in_many_places_leaves_no_session_behind_in_the_same_page(
    house: House, client: httpx.AsyncClient
) -> None:
    """Of an officer's sessions the newest ends all others anyway; of a desk's it does not."""
    login, account, _ = await officer(house)
    await house.pool.execute("UPDATE accounts SET role = 'desk', officer = NULL WHERE id = $1", account)
    here, elsewhere = Browser(client, "desk"), Browser(client, "desk")
    for browser in (here, elsewhere):
        assert (await browser.sign_in(login)).status_code == 201
    stale = Browser(client, "desk")
    stale.cookies = dict(here.cookies)
    assert (await here.sign_in(login)).status_code == 201
    assert await stale.code() == "session_ended"
    assert (await here.code(), await elsewhere.code()) == ("me", "me")


async def test_a_token_that_somebody_planted_is_never_taken_over(house: House, client: httpx.AsyncClient) -> None:
    login, _, _ = await officer(house)
    browser = Browser(client, "officer")
    browser.cookies = {"__Host-onbeat-officer": "A" * 43}
    assert (await browser.sign_in(login)).status_code == 201
    assert browser.cookies["__Host-onbeat-officer"] != "A" * 43
    planted = Browser(client, "officer")
    planted.cookies = {"__Host-onbeat-officer": "A" * 43}
    assert await planted.code() == "session_ended"


async def test_signing_out_empties_the_cookie_and_ends_the_session(house: House, client: httpx.AsyncClient) -> None:
    browser, _ = await on_page(house, client)
    before = dict(browser.cookies)
    assert (await browser.ask("DELETE", "/v1/sessions/current")).status_code == 204
    assert browser.told is not None and (browser.told.value, browser.told["max-age"]) == ("", "0")
    browser.cookies = before
    assert await browser.code() == "session_ended"


async def test_a_person_sees_where_they_are_signed_in_and_ends_one_or_all(
    house: House, client: httpx.AsyncClient
) -> None:
    login, account, _ = await officer(house)
    await house.pool.execute("UPDATE accounts SET role = 'desk', officer = NULL WHERE id = $1", account)
    here, there = Browser(client, "officer"), Browser(client, "desk")
    await here.sign_in(login)
    await there.sign_in(login, user_agent="Mozilla/5.0 (Windows NT 10.0; rv:133.0) Gecko/20100101 Firefox/133.0")
    stranger, _ = await on_page(house, client)
    listed = (await here.ask("GET", "/v1/sessions")).json()["sessions"]
    assert [(one["page"], one["device"], one["this"]) for one in listed] == [
        ("desk", "Firefox, Windows", False),
        ("officer", "Chrome, Android", True),
    ]
    (foreign,) = (await stranger.ask("GET", "/v1/sessions")).json()["sessions"]
    for wrong in (foreign["id"], str(uuid4())):
        answer = await here.ask("DELETE", f"/v1/sessions/{wrong}")
        assert (answer.status_code, answer.json()["code"]) == (404, "session_unknown")
    assert await stranger.code() == "me"
    assert (await here.ask("DELETE", f"/v1/sessions/{listed[0]['id']}")).status_code == 204
    assert await there.code() == "session_ended" and await here.code() == "me"
    await there.sign_in(login)
    assert (await here.ask("DELETE", "/v1/sessions")).status_code == 204
    assert await there.code() == "session_ended"
    assert here.cookies == {"__Host-onbeat-officer": ""} and await stranger.code() == "me"


async def test_who_holds_an_open_page_alone_signs_its_person_out_there_and_nowhere_else(
    house: House, client: httpx.AsyncClient
) -> None:
    login, account, _ = await officer(house)
    await house.pool.execute("UPDATE accounts SET role = 'desk', officer = NULL WHERE id = $1", account)
    here, there = Browser(client, "admin"), Browser(client, "desk")
    await here.sign_in(login)
    await there.sign_in(login)
    listed = (await here.ask("GET", "/v1/sessions")).json()["sessions"]
    (other,) = [f"/v1/sessions/{one['id']}" for one in listed if not one["this"]]
    later = "UPDATE sessions SET proved_at = proved_at - make_interval(secs => $2) WHERE account = $1"
    await house.pool.execute(later, account, limits.SESSION_PROOF_S)
    for path in (other, "/v1/sessions"):
        answer = await here.ask("DELETE", path)
        assert (answer.status_code, answer.json()["code"]) == (403, "proof_needed")
    again = {"login": login, "password": "another's, or a guess"}
    wrong = await here.ask("POST", "/v1/sessions/proved", again)
    assert (wrong.status_code, wrong.json()["code"]) == (403, "password_wrong")
    assert (await here.ask("DELETE", other)).status_code == 403 and await there.code() == "me"
    assert (await here.ask("POST", "/v1/sessions/proved", again | {"password": PASSWORD})).status_code == 204
    assert (await there.ask("DELETE", "/v1/sessions")).status_code == 403, "the proof is this session's alone"
    assert (await here.ask("DELETE", other)).status_code == 204
    assert await there.code() == "session_ended" and await here.code() == "me"
    await house.pool.execute(later, account, limits.SESSION_PROOF_S)
    assert (await here.ask("DELETE", "/v1/sessions/current")).status_code == 204, "the way out asks nothing"


async def test_who_reads_as_no_person_does_is_slowed_down_and_nobody_else_is(house: House) -> None:
    service = SignIn(house.people, RedisSessions(house.redis), CHEAP, pepper=PEPPER, ticket_key=KEY, now=house.clock,
                     reads_per_min=6)  # fmt: skip
    async with client_of(app_of(ROUTES, SimpleNamespace(sign_in=service))) as client:
        (greedy, login), (neighbour, _) = await on_page(house, client), await on_page(house, client)
        assert [await greedy.code() for _ in range(8)] == [*["me"] * 6, *["too_many_reads"] * 2]
        refused = await greedy.ask("GET", "/v1/sessions")
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "5")
        assert await neighbour.code() == "me"
        await greedy.sign_in(login)
        assert await greedy.code() == "too_many_reads", "it is the person's, not the session's"
        house.clock.ahead_s += 10
        assert [await greedy.code() for _ in range(2)] == ["me", "too_many_reads"], "one in ten seconds"
        assert (await greedy.ask("DELETE", "/v1/sessions/current")).status_code == 204, "the way out stays open"


async def test_nothing_is_kept_of_a_reporters_device(house: House, client: httpx.AsyncClient) -> None:
    login, _, _ = await officer(house)
    assert login
    _, code = await a_case(house, uuid4().hex)
    phones = [Browser(client, "citizen"), Browser(client, "citizen")]
    for phone in phones:
        assert (await phone.ask("POST", "/v1/receipts", {"code": code})).status_code == 200
    listed = (await phones[0].ask("GET", "/v1/sessions")).json()["sessions"]
    assert [(one["page"], one["device"]) for one in listed] == [("citizen", "")] * 2, "two phones hold the same code"
    (other,) = [one["id"] for one in listed if not one["this"]]
    assert (await phones[0].ask("DELETE", f"/v1/sessions/{other}")).status_code == 204
    assert await phones[1].code() == "session_ended"


CHANGES = [
    "UPDATE accounts SET suspended = true WHERE id = $1",
    "UPDATE accounts SET role = 'desk' WHERE id = $1",
    "UPDATE accounts SET password = 'another' WHERE id = $1",
    "UPDATE accounts SET station = NULL WHERE id = $1",
    "UPDATE officers SET station = 'x2' WHERE id = (SELECT officer FROM accounts WHERE id = $1)",
]


@pytest.mark.parametrize("change", CHANGES)
async def test_a_change_of_privilege_ends_every_session_in_the_same_transaction(
    house: House, client: httpx.AsyncClient, change: str
) -> None:
    await house.pool.execute("INSERT INTO stations VALUES ('x2', '二所', 'Two') ON CONFLICT DO NOTHING")
    login, account, _ = await officer(house)
    browser, other = Browser(client, "officer"), (await on_page(house, client))[0]
    await browser.sign_in(login)
    assert await browser.code() == "me"  # and every process remembers it for some seconds
    await house.pool.execute(change, account)
    await house.pool.execute("UPDATE accounts SET suspended = false WHERE id = $1", account)
    await house.redis.flushall()
    assert await browser.code() == "session_ended", "for good: not even when the change is taken back"
    assert await other.code() == "me", "and nobody else's"


async def test_a_change_that_is_none_ends_nothing(house: House, client: httpx.AsyncClient) -> None:
    login, account, _ = await officer(house)
    browser = Browser(client, "officer")
    await browser.sign_in(login)
    await house.pool.execute("UPDATE accounts SET suspended = false, role = 'officer' WHERE id = $1", account)
    await house.pool.execute("UPDATE officers SET surname = '李' WHERE call_sign = $1", login[:6])
    await house.redis.flushall()
    assert await browser.code() == "me"


async def test_a_changed_password_ends_every_session_and_this_page_goes_on_by_a_new_one(
    house: House, client: httpx.AsyncClient
) -> None:
    here, login = await on_page(house, client)
    there = Browser(client, "desk")
    account = await house.pool.fetchval("SELECT id FROM accounts WHERE login = $1", login)
    stolen = mac_of("s" * 43)
    await house.pool.execute(  # of a program: an officer's second sign-in would have ended this page's
        "INSERT INTO sessions (id, token_mac, account, role, expires_at, page) "
        "VALUES ($1, $2, $3, 'officer', now() + interval '1 hour', 'api')", uuid4(), stolen, account,
    )  # fmt: skip
    before, mine = here.told, "apples and pears, 7"
    asked = {"login": login, "password": PASSWORD, "new_password": mine}
    for wrong, status, code in (
        ({"password": "wrong"}, 403, "password_wrong"), ({"login": "another"}, 403, "password_wrong"),
        ({"new_password": "q1w2e3r4t5y6"}, 422, "password_common"), ({"new_password": PASSWORD}, 422, "password_weak"),
        ({"new_password": f"{login}-police"}, 422, "password_of_the_house"),
    ):  # fmt: skip
        answer = await here.ask("POST", "/v1/password", asked | wrong)
        assert (answer.status_code, answer.json()["code"]) == (status, code), wrong
    assert await here.code() == "me", "what was refused ended nothing"
    assert (await here.ask("POST", "/v1/password", asked, x_csrf_token="0" * 32)).json()["code"] == "csrf_refused"
    answer = await here.ask("POST", "/v1/password", asked)
    assert answer.status_code == 200 and answer.json()["token"] is None and here.told != before
    assert await here.code() == "me"
    assert (await client.get("/v1/me", headers={"authorization": "Bearer " + "s" * 43})).status_code == 401
    assert (await there.sign_in(login)).json()["code"] == "sign_in_refused", "the old one opens nothing"
    opened = await there.ask("POST", "/v1/sessions", {"login": login, "password": mine})
    assert opened.status_code == 201
    kept = await PostgresJournal(house.pool).entries(Chain(f"account:{account}"), None, 100)
    assert [one.act for one in kept].count("password_chosen") == 1
