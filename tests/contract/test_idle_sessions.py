"""A session that nobody uses is over after an hour; an open socket is use, and so is being on duty."""

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID, uuid4

import pytest
from redis.asyncio import Redis

from dispatch import limits
from dispatch.adapters.postgres.people import PostgresPeople
from dispatch.adapters.postgres.pool import connect_pool
from dispatch.adapters.postgres.upkeep import PostgresUpkeep
from dispatch.adapters.redis.sessions import RedisSessions
from dispatch.people.service import SignIn
from dispatch.people.tickets import TicketRefusal
from dispatch.people.values import Who
from gateway.node import Node
from gateway.sockets import pulse
from tests.conftest import Database
from tests.contract.test_people import CHEAP, KEY, ORIGIN, PASSWORD, PEPPER, Clock, House, a_case, officer, signed

IDLE, SEEN = limits.SESSION_IDLE_S, limits.SESSION_SEEN_S


@pytest.fixture
async def house(database: Database, redis_url: str) -> AsyncIterator[House]:
    pool = await connect_pool(database.app_url, size=4)
    redis = Redis.from_url(redis_url)
    people, clock = PostgresPeople(pool), Clock()
    sign_in = SignIn(people, RedisSessions(redis), CHEAP, pepper=PEPPER, ticket_key=KEY, now=clock)
    yield House(sign_in, people, pool, redis, clock)
    await redis.aclose()
    await pool.close()


async def left(house: House, session: UUID, seconds: float) -> None:
    """Nobody has used it for so long; what processes remember of it for five seconds is forgotten."""
    await house.pool.execute(
        "UPDATE sessions SET seen_at = clock_timestamp() - make_interval(secs => $2) WHERE id = $1", session, seconds
    )
    await house.redis.flushall()


async def unused_s(house: House, session: UUID) -> float:
    found = await house.pool.fetchval(
        "SELECT extract(epoch FROM clock_timestamp() - seen_at)::float8 FROM sessions WHERE id = $1", session
    )
    return float(found)


async def test_a_session_is_over_after_an_hour_without_use(house: House) -> None:
    token, who = await signed(house)
    await left(house, who.session, IDLE - 60)
    assert await house.sign_in.who(token) == who
    assert await unused_s(house, who.session) < 60, "and that was use"
    ticket = house.sign_in.issue_ticket(who, ORIGIN)
    await left(house, who.session, IDLE + 60)
    assert await house.sign_in.who(token) is None
    assert await house.sign_in.use_ticket(ticket, ORIGIN) is TicketRefusal.SESSION_ENDED
    assert await house.sign_in.sessions_of(who) == []
    assert await house.people.ended_of([who.session]) == {who.session}
    assert await unused_s(house, who.session) > IDLE, "to ask with it does not bring it back"


async def test_a_ticket_is_use(house: House) -> None:
    _, who = await signed(house)
    await left(house, who.session, IDLE - 60)
    used = await house.sign_in.use_ticket(house.sign_in.issue_ticket(who, ORIGIN), ORIGIN)
    assert isinstance(used, Who) and await unused_s(house, who.session) < 60


async def test_use_is_written_every_few_minutes_and_not_at_every_request(house: House) -> None:
    token, who = await signed(house)
    await left(house, who.session, SEEN - 60)
    assert await house.sign_in.who(token) == who
    assert await unused_s(house, who.session) >= SEEN - 60


async def test_an_officer_on_duty_is_at_work_with_the_phone_in_a_pocket(house: House) -> None:
    login, _, person = await officer(house)
    told = await house.sign_in.sign_in(login, PASSWORD, "192.0.2.1")
    assert isinstance(told, tuple)
    token, who = told
    on_duty = "UPDATE officers SET on_duty = $2, duty_since = now() WHERE id = $1"
    await house.pool.execute(on_duty, person, True)
    await left(house, who.session, 5 * IDLE)
    assert await house.sign_in.who(token) == who
    await house.pool.execute(on_duty, person, False)
    await left(house, who.session, IDLE + 1)
    assert await house.sign_in.who(token) is None


async def test_a_reporter_may_look_again_the_next_morning(house: House) -> None:
    _, code = await a_case(house, uuid4().hex)
    told = await house.sign_in.open_receipt(code)
    assert isinstance(told, tuple)
    await left(house, told[1].session, 20 * IDLE)
    assert await house.sign_in.who(told[0]) == told[1]


async def test_an_open_socket_is_use_and_brings_no_ended_session_back(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    (_, open_), (_, over) = await signed(house), await signed(house)
    await house.sign_in.sign_out(over)
    for one in (open_, over):
        await left(house, one.session, IDLE - 60)
    monkeypatch.setattr(pulse, "SEEN_S", 0.01)
    sockets: Any = [SimpleNamespace(who=one) for one in (open_, over)]
    node = SimpleNamespace(sessions=sockets, upkeep=PostgresUpkeep(house.pool))
    beating = asyncio.create_task(pulse.Pulse(cast(Node, node))._uses())
    try:
        async with asyncio.timeout(20):
            while await unused_s(house, open_.session) > 60:  # noqa: ASYNC110 - written by the pulse
                await asyncio.sleep(0.02)
    finally:
        beating.cancel()
    assert await unused_s(house, over.session) >= IDLE - 60
    assert await house.people.ended_of([open_.session, over.session]) == {over.session}
