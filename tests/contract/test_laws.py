"""The laws of the walks can be broken: each by hand, in a record that keeps them all, and each is named."""

from collections.abc import AsyncIterator
from typing import Final

import pytest

from tests.conftest import Database
from tests.contract.anywhere_ground import TOWN
from tests.contract.laws import LAWS
from tests.contract.small_town import Town, small_town

BREACHES: Final = {  # the law, and what breaks it; $1 a held case, $2 one on scene, $3 one at the desk, $4 one offered
    "more officers than seats": "UPDATE cases SET seats = 0 WHERE id = $1",
    "held 0 is not what": "UPDATE officers SET held = 0 WHERE id = (SELECT claimed_by FROM cases WHERE id = $1)",
    "holds a case off duty": "UPDATE officers SET on_duty = false WHERE held > 0",
    "a cleared case has an active seat": "UPDATE cases SET status = 'cleared' WHERE id = $1",
    "a claimed case without an officer": "UPDATE assignments SET active = false WHERE case_id = $1",
    "a round was won twice": "UPDATE events SET kind = 'claimed', body = '{\"round\": 1}' WHERE case_id = $1",
    "a withdrawn case has a timer": "UPDATE cases SET status = 'withdrawn' WHERE id = $3",
    "an offer without its window": "DELETE FROM deadlines WHERE case_id = $4",
    "nobody is reminded of a case": "DELETE FROM deadlines WHERE case_id = $3",
    "what was put off wakes nobody": (
        "WITH gone AS (DELETE FROM deadlines WHERE case_id = $3) "
        "UPDATE cases SET desk = '{\"until_us\": 1}', acknowledged_at = received_at WHERE id = $3"
    ),
    "nobody asks on scene": "DELETE FROM deadlines WHERE case_id = $2",
    "who is on scene is watched": "UPDATE assignments SET watch = 'nudged' WHERE case_id = $2",
    "a check of an officer has no end": "UPDATE assignments SET watch_due = clock_timestamp() WHERE case_id = $1",
    "an alarm rang twice": "UPDATE events SET kind = 'alarm_raised', body = '{\"nr\": 1}' WHERE case_id = $1",
    "fell back more often": "UPDATE events SET kind = 'fell_back' WHERE case_id = $3",
    "a report follows nobody": "UPDATE cases SET status = 'merged' WHERE id = $1",
    "a case stands for one": "UPDATE cases SET reports = ARRAY[$4::uuid] WHERE id = $1",
    "practice and real in one": "UPDATE cases SET merged_into = $4, exercise = true WHERE id = $1",
    "a gap in the offsets of": "UPDATE streams SET next_offset = next_offset + 1 WHERE stream = 's1'",
    "a gap in a history": "UPDATE cases SET seq = seq + 1 WHERE id = $1",
    "its age was not kept": "UPDATE cases SET received_at = received_at + interval '1 s' WHERE id = $1",
    "asked twice in one round": (
        "INSERT INTO waves SELECT case_id, seq + 1, round, 2, recipients FROM waves WHERE case_id = $4"
    ),
    "asked again after handed_back": (
        "UPDATE events e SET kind = 'handed_back', officer = (SELECT recipients[1] FROM waves WHERE case_id = $4) "
        "WHERE case_id = $4 AND seq = 1"
    ),
    "pulled to what is no worse": (
        "UPDATE events SET kind = 'preempted', body = jsonb_build_object('for', $4::uuid) "
        "WHERE case_id = $1 AND seq = 2"
    ),
    "sent to something worse with an open check": (
        "UPDATE events SET kind = CASE seq WHEN 1 THEN 'welfare_asked' ELSE 'preempted' END, body = '{\"for\": null}', "
        "officer = (SELECT claimed_by FROM cases WHERE id = $1) WHERE case_id = $1 AND seq IN (1, 2)"
    ),
    "a hoax that no supervisor": "UPDATE cases SET disposition = 'hoax' WHERE id = $1",
    "rated twice": "UPDATE events SET kind = 'rated' WHERE case_id = $1",
    "advised twice": "UPDATE events SET kind = 'advised' WHERE case_id = $1",
    "an officer ended a call for help": (
        "UPDATE events SET kind = 'panic_cleared', actor = 'officer:1' WHERE case_id = $1 AND seq = 2"
    ),
    "a call for help ended without a reason": (
        "INSERT INTO panics SELECT $1, id, 's1', NULL, NULL, NULL, NULL, clock_timestamp(), '{}', clock_timestamp() "
        "FROM officers LIMIT 1"
    ),
}


@pytest.fixture(scope="module")
async def town(database: Database) -> AsyncIterator[Town]:
    async with small_town(database) as town:
        for statement in TOWN:
            await town.owner.execute(statement)
        yield town


@pytest.mark.parametrize("law", BREACHES)
async def test_a_breach_is_named_and_nothing_else_was_broken_before(town: Town, law: str) -> None:
    one, two, three = await town.officers(3)
    held, there, offered = [await town.report(who, category="scene") for who in (one, two, three)]
    at_desk = await town.at_desk()
    for case, officer in ((held, one), (there, two)):
        assert (await town.claim(case, officer)).ok
    assert (await town.act(there, "arrived", two, fence=await town.fence(there, two))).ok
    assert await town.owner.fetch(LAWS) == []
    breach = town.owner.transaction()
    await breach.start()
    try:
        await town.owner.execute(_filled(BREACHES[law], (held, there, at_desk, offered)))
        assert [row[0] for row in await town.owner.fetch(LAWS) if law in row[0]], f"nobody says: {law}"
    finally:
        await breach.rollback()


def _filled(statement: str, every: tuple[object, ...]) -> str:
    """A driver wants every parameter used; these are ids of our own."""
    for n, case in enumerate(every):
        statement = statement.replace(f"${n + 1}", f"'{case}'")
    return statement
