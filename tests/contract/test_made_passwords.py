"""A password that somebody else made is good for the choice of one's own, and for three days."""

from collections.abc import AsyncIterator, Callable

import pytest
from redis.asyncio import Redis

from dispatch import limits
from dispatch.adapters.postgres.people import PostgresPeople
from dispatch.adapters.postgres.pool import connect_pool
from dispatch.adapters.redis.sessions import RedisSessions
from dispatch.people.service import SignIn, SignInRefusal
from tests.conftest import Database
from tests.contract.test_people import CHEAP, CHOOSING, KEY, PASSWORD, PEPPER, Clock, House, officer


@pytest.fixture
async def house(database: Database, redis_url: str) -> AsyncIterator[House]:
    pool = await connect_pool(database.app_url, size=2)
    redis = Redis.from_url(redis_url)
    people, clock = PostgresPeople(pool), Clock()
    sign_in = SignIn(people, RedisSessions(redis), CHEAP, pepper=PEPPER, ticket_key=KEY, now=clock, choosing=CHOOSING)
    yield House(sign_in, people, pool, redis, clock)
    await redis.aclose()
    await pool.close()


async def test_a_made_password_is_good_for_three_days_and_a_chosen_one_for_ever(house: House) -> None:
    login, account, _ = await officer(house)
    set_back = "UPDATE accounts SET password_made = $2, password_at = now() - make_interval(hours => $3) WHERE id = $1"
    for made, hours, heard in (
        (True, limits.MADE_H - 1, SignInRefusal.MADE), (True, limits.MADE_H + 1, SignInRefusal.LAPSED),
    ):  # fmt: skip
        await house.pool.execute(set_back, account, made, hours)
        assert await house.sign_in.sign_in(login, PASSWORD, "a") is heard
    mine = "apples and pears, 7"
    assert await house.sign_in.sign_in(login, PASSWORD, "a", chosen=mine) is SignInRefusal.LAPSED
    assert await house.sign_in.sign_in(login, "wrong", "a") is SignInRefusal.WRONG, "told to who knows it"
    await house.pool.execute(set_back, account, False, 10 * limits.MADE_H)
    assert isinstance(await house.sign_in.sign_in(login, PASSWORD, "a"), tuple)
    again = CHEAP.hash_now(PASSWORD)
    await house.pool.execute("UPDATE accounts SET password = $2, password_made = true WHERE id = $1", account, again)
    assert await house.sign_in.sign_in(login, PASSWORD, "a") is SignInRefusal.MADE, "a new one counts anew"


async def test_a_wrong_password_is_told_to_the_log_without_what_was_typed(
    house: House, refusals: Callable[[], list[str]]
) -> None:
    login, account, _ = await officer(house)
    for name, word in ((login, "typed-wrong-1"), ("nobody-of-here", "typed-wrong-2")):
        assert await house.sign_in.sign_in(name, word, "192.0.2.77") is SignInRefusal.WRONG
    await house.pool.execute("UPDATE accounts SET suspended = true WHERE id = $1", account)
    assert await house.sign_in.sign_in(login, PASSWORD, "192.0.2.77") is SignInRefusal.WRONG
    assert refusals() == [
        f"sign_in_refused: wrong password, by officer:{account}", "sign_in_refused: unknown login, by nobody",
        f"sign_in_refused: suspended, by officer:{account}",
    ]  # fmt: skip
