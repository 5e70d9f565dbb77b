"""How a case came in stands in its record: channel, clerk, exercise, and the advice that was given before."""

from collections.abc import AsyncIterator

import pytest

from dispatch.cases.values import Channel
from tests.conftest import Database
from tests.contract.small_town import DESK, Town, small_town


@pytest.fixture(scope="module")
async def town(database: Database) -> AsyncIterator[Town]:
    async with small_town(database) as town:
        yield town


async def test_a_clerks_entry_names_channel_and_clerk_in_the_first_entry(town: Town) -> None:
    case = await town.report(channel="telephone", noted={"channel": "telephone"}, reporter=f"desk:{DESK}")
    assert (await town.state(case)).channel == Channel.TELEPHONE
    first = (await town.store.history(case))[0]
    assert (first.kind, first.actor, first.body["channel"]) == ("received", f"desk:{DESK}", "telephone")


async def test_a_reporters_own_phone_is_the_web_and_says_nothing_more(town: Town) -> None:
    case = await town.report()
    assert (await town.state(case)).channel == Channel.WEB
    first = (await town.store.history(case))[0]
    assert first.actor == "anonymous" and first.body.keys() == {"category", "lat", "lon", "seats", "words"}


async def test_advice_that_was_given_at_intake_is_under_the_chain(town: Town) -> None:
    advice = {"call": "police", "rules": ["weapon"]}
    case = await town.report(noted={"advice": advice})
    assert (await town.store.history(case))[0].body["advice"] == advice
    hash_, again = await town.owner.fetchrow(
        "SELECT hash, entry_hash('', case_id, seq, kind, actor, officer, (extract(epoch FROM at) * 1000000)::bigint, "
        "body) FROM events WHERE case_id = $1 AND seq = 1",
        case,
    )
    assert hash_ == again
    await town.owner.execute("UPDATE events SET body = body - 'advice' WHERE case_id = $1 AND seq = 1", case)
    assert await town.owner.fetchval(
        "SELECT hash <> entry_hash('', case_id, seq, kind, actor, officer, (extract(epoch FROM at) * 1000000)::bigint, "
        "body) FROM events WHERE case_id = $1 AND seq = 1",
        case,
    )


async def test_an_exercise_is_marked(town: Town) -> None:
    assert (await town.state(await town.report(exercise=True))).exercise
