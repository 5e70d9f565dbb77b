"""What ends a session against what uses it, at the same moment and over two processes (PROMISES S4)."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final
from uuid import UUID

import pytest
from redis.asyncio import Redis

from dispatch.adapters.postgres.people import PostgresPeople
from dispatch.adapters.postgres.pool import connect_pool
from dispatch.adapters.postgres.upkeep import PostgresUpkeep
from dispatch.adapters.redis.sessions import RedisSessions
from dispatch.people.service import SignIn, mac_of
from dispatch.people.tickets import TicketRefusal
from dispatch.people.values import Who
from tests.conftest import Database
from tests.contract.test_people import CHEAP, KEY, ORIGIN, PASSWORD, PEPPER, Clock, House, officer

RACES: Final = 500
TOGETHER: Final = 25


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is asked here is who wins, not how long a busy machine may take: a mark that was not written in time is
    repeated by the sockets' pulse, which does not run here."""
    monkeypatch.setattr("dispatch.adapters.redis.sessions.WAIT_S", 30.0)


@pytest.fixture
async def house(database: Database, redis_url: str) -> AsyncIterator[House]:
    pool = await connect_pool(database.app_url, size=8)
    redis = Redis.from_url(redis_url)
    await redis.flushall()
    people, clock = PostgresPeople(pool), Clock()
    service = SignIn(people, RedisSessions(redis), CHEAP, pepper=PEPPER, ticket_key=KEY, now=clock)
    yield House(service, people, pool, redis, clock)
    await redis.aclose()
    await pool.close()


async def _sign_out(house: House, who: Who) -> None:
    await house.sign_in.sign_out(who)


async def _everywhere(house: House, who: Who) -> None:
    await house.sign_in.end_own(who, None)


async def _by_list(house: House, who: Who) -> None:
    await house.sign_in.end_own(who, who.session)


async def _suspend(house: House, who: Who) -> None:
    await house.pool.execute("UPDATE accounts SET suspended = true WHERE id = $1", who.account)
    await _noticed(house, who.session)


async def _role(house: House, who: Who) -> None:
    await house.pool.execute("UPDATE accounts SET role = 'desk' WHERE id = $1", who.account)
    await _noticed(house, who.session)


async def _noticed(house: House, session: UUID) -> None:
    """As every web process does within half a second (gateway/sockets/pulse.py)."""
    ended = await PostgresUpkeep(house.pool).ended_sessions()
    assert session in ended
    await house.sign_in.mark_ended(ended)


ENDS: Final[tuple[Callable[[House, Who], Awaitable[None]], ...]] = (
    _sign_out, _everywhere, _by_list, _suspend, _role,
)  # fmt: skip


async def race(house: House, end: Callable[[House, Who], Awaitable[None]], dice: random.Random) -> None:
    """One session ends while two processes read it, write it to the cache and use its tickets."""
    here, there = house.sign_in, house.another()
    login, _, _ = await officer(house)
    answer = await here.sign_in(login, PASSWORD, login)
    assert isinstance(answer, tuple)
    token, who = answer
    tickets = [here.issue_ticket(who, ORIGIN) for _ in range(3)]

    async def reading(process: SignIn) -> None:
        for _ in range(4):
            await asyncio.sleep(dice.random() * 0.01)
            await process.who(token)

    async def forgetting() -> None:
        await asyncio.sleep(dice.random() * 0.01)
        await house.redis.delete(b"session:token:" + mac_of(token))

    async def ending() -> None:
        await asyncio.sleep(dice.random() * 0.01)
        await end(house, who)

    await asyncio.gather(
        reading(here), reading(there), reading(there), forgetting(), ending(), there.use_ticket(tickets[0], ORIGIN)
    )
    assert await here.who(token) is None and await there.who(token) is None, end.__name__
    assert await there.use_ticket(tickets[1], ORIGIN) is TicketRefusal.SESSION_ENDED
    await house.redis.delete(b"session:token:" + mac_of(token), b"session:id:" + who.session.bytes)
    assert await there.who(token) is None, "nor from the store, when the cache has forgotten the end"
    assert await here.use_ticket(tickets[2], ORIGIN) is TicketRefusal.SESSION_ENDED


async def test_no_session_outlives_its_end_in_500_races(house: House) -> None:
    dice = random.Random(20261130)
    for first in range(0, RACES, TOGETHER):
        ways = [ENDS[number % len(ENDS)] for number in range(first, first + TOGETHER)]
        await asyncio.gather(*(race(house, end, dice) for end in ways))


async def test_of_two_who_sign_in_at_once_over_one_cookie_each_has_a_session_of_its_own(house: House) -> None:
    login, _, _ = await officer(house)
    answers = await asyncio.gather(*(house.sign_in.sign_in(login, PASSWORD, "a") for _ in range(8)))
    tokens = {answer[0] for answer in answers if isinstance(answer, tuple)}
    sessions = {answer[1].session for answer in answers if isinstance(answer, tuple)}
    assert len(tokens) == len(sessions) == 8
