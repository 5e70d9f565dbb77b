"""Sign-in on real stores: what opens, what does not, and what happens while Redis is away."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
from redis.asyncio import Redis

from dispatch import limits
from dispatch.adapters.common import ListedPasswords
from dispatch.adapters.passwords import Argon2Passwords
from dispatch.adapters.postgres.people import PostgresPeople
from dispatch.adapters.postgres.pool import connect_pool
from dispatch.adapters.postgres.upkeep import PostgresUpkeep
from dispatch.adapters.redis.sessions import RedisSessions
from dispatch.cases.ports import StoreAway
from dispatch.clock import StoreClock
from dispatch.people import receipts
from dispatch.people.choosing import Choosing
from dispatch.people.ports import SessionDraft
from dispatch.people.service import SignIn, SignInRefusal, mac_of
from dispatch.people.tickets import TicketRefusal
from dispatch.people.values import Role, Who
from tests.conftest import Database

PEPPER, KEY = b"p" * 32, b"t" * 32
ORIGIN = "http://localhost:8000"
PASSWORD = "correct horse"  # noqa: S105 - of a test's own database
CHEAP = Argon2Passwords(memory_kib=64, passes=1)
CHOOSING = Choosing.among(ListedPasswords())


@dataclass(slots=True)
class Clock:
    """Unix seconds, moved by hand."""

    ahead_s: float = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead_s


@dataclass(slots=True)
class House:
    """One process's sign-in, and the doors behind it."""

    sign_in: SignIn
    people: PostgresPeople
    pool: Any
    redis: Any
    clock: Clock

    def another(self) -> SignIn:
        """As a second process on the same stores would have it."""
        return SignIn(self.people, RedisSessions(self.redis), CHEAP, pepper=PEPPER, ticket_key=KEY, now=self.clock)

    def without_redis(self) -> SignIn:
        gone = RedisSessions(Redis.from_url("redis://127.0.0.1:1"))
        return SignIn(self.people, gone, CHEAP, pepper=PEPPER, ticket_key=KEY, now=self.clock)


@pytest.fixture
async def house(database: Database, redis_url: str) -> AsyncIterator[House]:
    pool = await connect_pool(database.app_url, size=4)
    redis = Redis.from_url(redis_url)
    await redis.flushall()
    people, clock = PostgresPeople(pool), Clock()
    sign_in = SignIn(people, RedisSessions(redis), CHEAP, pepper=PEPPER, ticket_key=KEY, now=clock, choosing=CHOOSING)
    yield House(sign_in, people, pool, redis, clock)
    await redis.aclose()
    await pool.close()


async def officer(house: House, *, suspended: bool = False) -> tuple[str, UUID, UUID]:
    """An officer with an account; login, account, officer."""
    account, person, login = uuid4(), uuid4(), f"o{uuid4().hex[:8]}"
    await house.pool.execute("INSERT INTO stations VALUES ('x1', '一所', 'One') ON CONFLICT DO NOTHING")
    await house.pool.execute(
        "INSERT INTO officers (id, call_sign, surname, station) VALUES ($1, $2, '王', 'x1')", person, login[:16]
    )
    await house.pool.execute(
        "INSERT INTO accounts VALUES ($1, $2, $3, 'officer', 'x1', $4, $5)",
        account, login, CHEAP.hash_now(PASSWORD), person, suspended,
    )  # fmt: skip
    return login, account, person


async def signed(house: House) -> tuple[str, Who]:
    login, _, _ = await officer(house)
    answer = await house.sign_in.sign_in(login, PASSWORD, "192.0.2.1")
    assert isinstance(answer, tuple)
    return answer


async def a_case(house: House, key: str, station: str = "x1") -> tuple[UUID, str]:
    """A case as far as a receipt needs one, and its code."""
    case, code = uuid4(), receipts.code_for(PEPPER, key)
    await house.pool.execute(
        """
        INSERT INTO cases (id, station, category, words, words_salt, lat, lon, receipt_mac, received_at, status,
                           seq, head)
        VALUES ($1, $2, 'theft', 'w', '\\x00', 32, 118, $3, clock_timestamp(), 'at_station', 1, '\\x00')
        """,
        case, station, receipts.mac(PEPPER, code),
    )  # fmt: skip
    return case, code


async def test_a_right_password_opens_a_session_that_every_process_knows(house: House) -> None:
    login, account, person = await officer(house)
    answer = await house.sign_in.sign_in(login, PASSWORD, "192.0.2.1")
    assert isinstance(answer, tuple)
    token, who = answer
    assert (who.role, who.account, who.officer, who.station) == (Role.OFFICER, account, person, "x1")
    assert who.call_sign == login[:16]
    assert abs(who.expires_at_s - time.time() - limits.SESSION_S) < 5
    assert await house.sign_in.who(token) == who
    await house.redis.flushall()
    assert await house.another().who(token) == who
    assert await house.another().who(token) == who, "and from the cache that this filled"


async def test_wrong_login_wrong_password_and_suspended_are_one_answer(house: House) -> None:
    login, _, _ = await officer(house)
    away, _, _ = await officer(house, suspended=True)
    for name, password in ((login, "wrong"), ("nobody", PASSWORD), (away, PASSWORD), ("a\0b", "x"), (login, "")):
        assert await house.sign_in.sign_in(name, password, "192.0.2.1") is SignInRefusal.WRONG


async def test_only_a_mac_of_the_token_is_stored(house: House) -> None:
    token, who = await signed(house)
    stored = await house.pool.fetchrow("SELECT * FROM sessions WHERE id = $1", who.session)
    assert token not in str(dict(stored))
    assert stored["token_mac"] == mac_of(token)
    for key in await house.redis.keys("*"):
        assert token.encode() not in key and token.encode() not in (await house.redis.get(key) or b"")


async def test_a_signed_out_token_opens_nothing_in_any_process_at_once(house: House) -> None:
    token, who = await signed(house)
    ticket = house.sign_in.issue_ticket(who, ORIGIN)
    other = house.another()
    assert await other.who(token) == who
    await house.sign_in.sign_out(who)
    assert await other.who(token) is None
    assert await house.without_redis().who(token) is None
    assert await other.use_ticket(ticket, ORIGIN) is TicketRefusal.SESSION_ENDED
    assert await other.ended_of([who.session]) == {who.session}


async def test_a_reader_that_looked_before_the_sign_out_cannot_revive_the_session(house: House) -> None:
    token, who = await signed(house)
    await house.redis.flushall()
    seen = await house.people.by_token(mac_of(token))  # another process reads the store ...
    await house.sign_in.sign_out(who)  # ... the person signs out ...
    assert seen is not None
    await RedisSessions(house.redis).keep(mac_of(token), seen)  # ... and the reader fills the cache too late
    assert await house.sign_in.who(token) is None


async def test_a_session_ends_at_its_time_even_in_the_cache(house: House) -> None:
    token, who = await signed(house)
    house.clock.ahead_s = limits.SESSION_S - 60
    assert await house.sign_in.who(token) == who
    house.clock.ahead_s = limits.SESSION_S + 1
    assert await house.sign_in.who(token) is None


async def test_a_suspended_account_has_no_live_session(house: House) -> None:
    token, who = await signed(house)
    await house.pool.execute("UPDATE accounts SET suspended = true WHERE id = $1", who.account)
    assert await house.people.by_token(mac_of(token)) is None
    assert await house.people.ended_of([who.session]) == {who.session}


async def test_redis_away_signs_nobody_out_and_costs_little(house: House) -> None:
    token, who = await signed(house)
    lonely = house.without_redis()
    began = time.monotonic()
    assert await lonely.who(token) == who
    again, other = await signed_by(lonely, house)
    assert await lonely.who(again) == other
    ticket = lonely.issue_ticket(who, ORIGIN)
    assert await lonely.use_ticket(ticket, ORIGIN) == who
    assert await lonely.use_ticket(ticket, ORIGIN) is TicketRefusal.USED, "counted in PostgreSQL instead"
    await lonely.sign_out(who)
    assert await lonely.who(token) is None
    assert time.monotonic() - began < 3


async def signed_by(sign_in: SignIn, house: House) -> tuple[str, Who]:
    login, _, _ = await officer(house)
    answer = await sign_in.sign_in(login, PASSWORD, "192.0.2.1")
    assert isinstance(answer, tuple)
    return answer


async def test_a_receipt_code_opens_its_one_case_however_it_is_written(house: House) -> None:
    case, code = await a_case(house, "a" * 22)
    for written in (code, code.lower().replace("-", " ")):
        answer = await house.sign_in.open_receipt(written, "192.0.2.1")
        assert isinstance(answer, tuple)
        token, who = answer
        assert (who.role, who.case, who.station, who.account) == (Role.REPORTER, case, "x1", None)
        assert await house.another().who(token) == who


async def test_a_code_of_no_case_and_a_mistyped_one_open_nothing(house: House) -> None:
    unknown = receipts.code_for(PEPPER, "never" * 5)
    assert await house.sign_in.open_receipt(unknown, "") is SignInRefusal.CODE_UNKNOWN
    wrong = unknown[:-1] + ("0" if unknown[-1] != "0" else "1")
    assert await house.sign_in.open_receipt(wrong, "") is SignInRefusal.CODE_MALFORMED
    assert await house.sign_in.open_receipt("", "") is SignInRefusal.CODE_MALFORMED


async def test_a_reporter_follows_the_case_to_the_station_where_it_stands(house: House) -> None:
    case, code = await a_case(house, "b" * 22)
    answer = await house.sign_in.open_receipt(code, "")
    assert isinstance(answer, tuple)
    await house.pool.execute("UPDATE cases SET station = 'x2' WHERE id = $1", case)
    who = await house.people.by_token(mac_of(answer[0]))
    assert who is not None and who.station == "x2"


async def test_a_ticket_opens_one_socket_once_from_its_own_page(house: House) -> None:
    _, who = await signed(house)
    ticket = house.sign_in.issue_ticket(who, ORIGIN)
    assert await house.sign_in.use_ticket(ticket, "http://evil.example") is TicketRefusal.ORIGIN
    answers = await asyncio.gather(*(house.another().use_ticket(ticket, ORIGIN) for _ in range(20)))
    assert answers.count(who) == 1
    assert answers.count(TicketRefusal.USED) == 19
    late = house.sign_in.issue_ticket(who, ORIGIN)
    house.clock.ahead_s = limits.TICKET_S + 1
    assert await house.sign_in.use_ticket(late, ORIGIN) is TicketRefusal.EXPIRED


async def test_a_ticket_of_one_process_opens_a_socket_of_another_however_wrong_their_clocks_run(house: House) -> None:
    """Hosts 120 s behind and 120 s ahead of the truth, and one that runs 2 % fast (promise A7)."""
    moved_s = [0.0]
    processes = [
        await reckoning(house, lambda: time.monotonic() + moved_s[0] - 120),
        await reckoning(house, lambda: time.monotonic() + moved_s[0] + 120),
        await reckoning(house, lambda: (time.monotonic() + moved_s[0]) * 1.02),
    ]
    token, who = await signed(house)
    for one in processes:
        assert await one.who(token) == who, "nobody is signed out"
        assert abs(one.left_s(who) - limits.SESSION_S) <= 5
        for other in processes:
            assert await other.use_ticket(one.issue_ticket(who, ORIGIN), ORIGIN) == who
    late = [one.issue_ticket(who, ORIGIN) for one in processes]
    moved_s[0] += limits.TICKET_S + 1
    for one in processes:
        for ticket in late:
            assert await one.use_ticket(ticket, ORIGIN) is TicketRefusal.EXPIRED


async def reckoning(house: House, monotonic: Callable[[], float]) -> SignIn:
    """A process with such seconds, which has asked the database for the time once."""
    clock = StoreClock(monotonic)
    await clock.read(lambda: PostgresUpkeep(house.pool).beat(uuid4().hex, "web"))
    return SignIn(house.people, RedisSessions(house.redis), CHEAP, pepper=PEPPER, ticket_key=KEY, now=clock)


async def test_a_guesser_is_stopped_and_a_colleague_behind_the_same_address_is_not(house: House) -> None:
    login, _, _ = await officer(house)
    colleague, _, _ = await officer(house)
    guesses = [house.sign_in.sign_in(login, f"guess {n}", "192.0.2.7") for n in range(30)]
    answers = await asyncio.gather(*guesses)
    wrong = answers.count(SignInRefusal.WRONG)
    assert 1 <= wrong <= 10, "many at once cannot slip under the limit"
    assert answers.count(SignInRefusal.TOO_MANY) == 30 - wrong
    assert await house.sign_in.sign_in(login, PASSWORD, "192.0.2.7") is SignInRefusal.TOO_MANY
    assert await house.another().sign_in(login, PASSWORD, "192.0.2.7") is SignInRefusal.TOO_MANY, "fleet-wide"
    assert not isinstance(await house.sign_in.sign_in(colleague, PASSWORD, "192.0.2.7"), SignInRefusal)
    assert not isinstance(await house.sign_in.sign_in(login, PASSWORD, "192.0.2.8"), SignInRefusal)


async def test_who_signs_in_rightly_is_never_limited(house: House) -> None:
    login, _, _ = await officer(house)
    for _ in range(25):
        assert not isinstance(await house.sign_in.sign_in(login, PASSWORD, "192.0.2.9"), SignInRefusal)


async def test_the_limit_holds_in_memory_while_redis_is_away(house: House) -> None:
    login, _, _ = await officer(house)
    lonely = house.without_redis()
    answers = [await lonely.sign_in(login, "guess", "192.0.2.7") for _ in range(12)]
    assert answers == [SignInRefusal.WRONG] * 10 + [SignInRefusal.TOO_MANY] * 2


async def test_a_store_that_is_away_is_said_to_be_away(house: House) -> None:
    pool = await connect_pool("postgresql://nobody@127.0.0.1:1/none", size=1)
    lost = SignIn(
        PostgresPeople(pool), RedisSessions(house.redis), CHEAP, pepper=PEPPER, ticket_key=KEY, now=house.clock
    )
    with pytest.raises(StoreAway):
        await lost.who("A" * 43)
    with pytest.raises(StoreAway):
        await lost.sign_in("x", "y", "")
    token, who = await signed(house)
    assert await lost.who(token) == who, "what the cache still knows goes on for some seconds"
    await pool.close()


async def test_old_sessions_and_tickets_are_forgotten(house: House) -> None:
    _, who = await signed(house)
    await house.people.use_nonces([b"n" * 16], 0)
    await house.pool.execute(
        "UPDATE sessions SET expires_at = clock_timestamp() - interval '2 days' WHERE id = $1", who.session
    )
    assert await house.people.forget_expired() >= 2
    assert await house.people.forget_expired() == 0


async def test_any_text_for_a_token_is_nobody(house: House) -> None:
    for token in ("", "x", "A" * 43, "é" * 43, "A" * 10_000, "\0" * 43):
        assert await house.sign_in.who(token) is None


async def test_an_unknown_login_takes_as_long_as_a_known_one(house: House) -> None:
    dear = Argon2Passwords(memory_kib=8_192, passes=2)
    stored = dear.hash_now(PASSWORD)
    spent: dict[bool, list[float]] = {True: [], False: []}
    for _ in range(12):  # in turns, and the quickest of each: what else the machine does is in neither
        for known in (True, False):
            began = time.perf_counter()
            assert not await dear.verify("wrong", stored if known else None)
            spent[known].append(time.perf_counter() - began)
    assert 0.5 < min(spent[True]) / min(spent[False]) < 2.0, spent


async def test_an_officer_has_one_live_session_whatever_signs_in(house: House) -> None:
    login, account, _ = await officer(house)
    live = "SELECT count(*) FROM sessions WHERE account = $1 AND revoked_at IS NULL"
    kept = []
    for page in ("officer", "api", "desk", "officer", "api"):
        answer = await house.sign_in.sign_in(login, PASSWORD, "a", page=page)
        assert isinstance(answer, tuple)
        kept.append(answer[0])
        assert await house.pool.fetchval(live, account) == 1
    assert [await house.another().who(token) is not None for token in kept] == [False] * 4 + [True]
    together = (house.sign_in.sign_in(login, PASSWORD, "a", page=page) for page in ("officer", "api") * 4)
    assert sum(isinstance(one, tuple) for one in await asyncio.gather(*together)) == 8
    assert await house.pool.fetchval(live, account) == 1, "of eight at once one is left"


@pytest.mark.parametrize(
    "change",
    ["suspended = true", "password = password || 'x'", "role = 'desk'", "station = 'x2'", "password_made = true"],
)
async def test_who_was_changed_after_the_account_was_read_gets_no_session(house: House, change: str) -> None:
    login, account, _ = await officer(house)
    await house.pool.execute("INSERT INTO stations VALUES ('x2', '二所', 'Two') ON CONFLICT DO NOTHING")
    read = await house.people.account(login)
    assert read is not None
    await house.pool.execute(f"UPDATE accounts SET {change} WHERE id = $1", account)  # noqa: S608 - of this test
    draft = SessionDraft(id=uuid4(), token_mac=uuid4().bytes * 2, lasts_s=60)
    assert await house.people.open_for(read, draft) is None
    assert await house.pool.fetchval("SELECT count(*) FROM sessions WHERE account = $1", account) == 0


async def test_a_suspension_that_is_on_its_way_is_waited_for(house: House) -> None:
    """The other order: the change is made and not yet committed when the session is opened."""
    login, account, _ = await officer(house)
    read = await house.people.account(login)
    assert read is not None
    draft = SessionDraft(id=uuid4(), token_mac=uuid4().bytes * 2, lasts_s=60)
    async with house.pool.acquire() as admin:
        change = admin.transaction()
        await change.start()
        await admin.execute("UPDATE accounts SET suspended = true WHERE id = $1", account)
        opening = asyncio.create_task(house.people.open_for(read, draft))
        waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%session_open%'"
        while not opening.done() and not await house.pool.fetchval(waits):  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0)
        await change.commit()
    assert await opening is None


async def test_who_chooses_another_password_ends_every_session_that_the_old_one_opened(house: House) -> None:
    login, account, _ = await officer(house)
    await house.pool.execute("UPDATE accounts SET role = 'desk', officer = NULL WHERE id = $1", account)
    before = [await house.sign_in.sign_in(login, PASSWORD, "a") for _ in range(2)]
    told = await house.sign_in.sign_in(login, PASSWORD, "a", chosen="apples and pears, 7")
    assert isinstance(told, tuple) and await house.another().who(told[0]) is not None
    for one in before:
        assert isinstance(one, tuple) and await house.another().who(one[0]) is None
    assert await house.sign_in.sign_in(login, PASSWORD, "a") is SignInRefusal.WRONG
    assert isinstance(await house.sign_in.sign_in(login, "apples and pears, 7", "a"), tuple)
    act = "SELECT count(*) FROM audit WHERE chain = 'account:' || $1 AND act = 'password_chosen'"
    assert await house.pool.fetchval(act, str(account)) == 1
