"""The desk's queue on the real database: put off, handed over, referred, agreed with the reporter, fallen through."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from dispatch.cases.desk_views import appointed, quiet_ms
from dispatch.cases.facts import Answer, DeskNote
from dispatch.cases.values import Appointment, Disposition, Status
from tests.conftest import Database
from tests.contract.small_town import Town, key, small_town


@pytest.fixture(scope="module")
async def town(database: Database) -> AsyncIterator[Town]:
    async with small_town(database) as town:
        await town.owner.execute("INSERT INTO stations VALUES ('s3', '三', 'Three', false)")
        await town.owner.execute("INSERT INTO streams VALUES ('s3')")
        yield town


async def fired(town: Town, case: UUID, *stations: str, seconds: float = 3600) -> list[str]:
    """What happens to the case when so much time passes."""
    await town.pass_time(case, seconds)
    answers = [answer for station in stations or ("s1",) for answer in await town.store.fire(station)]
    return [fact.kind for answer in answers for fact in answer.facts if fact.case == case]


async def reporter(town: Town, case: UUID, event: str) -> Answer:
    return await town.act(case, event, actor="reporter", actor_id=case, scope=f"case:{case}")


async def note(town: Town, case: UUID) -> DeskNote:
    found = (await town.state(case)).desk
    assert found is not None
    return found


async def whole_chain(town: Town, case: UUID) -> list[tuple[int, str]]:
    """Sequence numbers and kinds of all entries, whatever streams they stand in."""
    rows = await town.owner.fetch("SELECT seq, kind FROM events WHERE case_id = $1 ORDER BY seq", case)
    return [(row["seq"], row["kind"]) for row in rows]


async def test_a_case_on_hold_is_quiet_until_its_time_and_then_rings_like_a_new_one(town: Town) -> None:
    case = await town.at_desk()
    assert (await town.desk(case, "put_on_hold", hold_min=10, reason="owner is back at six")).ok
    state = await town.state(case)
    assert state.acknowledged and 590_000 < (quiet_ms(state, 0) or 0) <= 600_000
    assert await fired(town, case, seconds=590) == []
    assert await fired(town, case, seconds=11) == ["woken"]
    state = await town.state(case)
    assert (state.acknowledged, state.alarms, state.desk_reason, quiet_ms(state, 0)) == (False, 0, "hold_over", None)
    assert await fired(town, case) == ["alarm_raised"]


@pytest.mark.parametrize("event", ["taken_by_desk", "assigned", "reoffered", "cleared"])
async def test_whatever_is_done_with_a_case_on_hold_ends_the_hold(town: Town, event: str) -> None:
    officer = await town.officer()
    case = await town.at_desk()
    assert (await town.desk(case, "put_on_hold", hold_min=10)).ok
    said: dict[str, Any] = {"candidates": [officer], "disposition": "advice_given" if event == "cleared" else None}
    assert (await town.desk(case, event, officer if event == "assigned" else None, **said)).ok
    assert "woken" not in await fired(town, case)


async def test_a_case_handed_over_stands_in_both_streams_and_rings_at_the_other_desk(town: Town) -> None:
    case = await town.at_desk()
    before = (await town.store.heads()).offsets
    answer = await town.desk(case, "handed_over", to_station="s2", reason="across the river")
    assert [(f.stream, f.kind) for f in answer.facts] == [("s1", "handed_over"), ("s2", "came_over")]
    after = (await town.store.heads()).offsets
    assert {s: after[s] - before[s] for s in ("s1", "s2")} == {"s1": 1, "s2": 1}
    state = await town.state(case)
    assert (state.station, state.desk_reason, state.acknowledged) == ("s2", "handed_over", False)
    assert (await town.desk(case, "taken_by_desk")).reason == "not_yours"
    assert await fired(town, case, "s1") == []
    assert await fired(town, case, "s2") == ["alarm_raised"]
    assert (await town.desk(case, "taken_by_desk", station="s2")).ok
    assert [seq for seq, _ in await whole_chain(town, case)] == [1, 2, 3, 4, 5, 6]


async def test_a_case_is_handed_to_another_station_that_is_there(town: Town) -> None:
    case = await town.at_desk()
    assert (await town.desk(case, "handed_over", to_station="s1", reason="?")).reason == "illegal"
    assert (await town.desk(case, "handed_over", to_station="nowhere", reason="?")).reason == "not_found"
    assert (await town.act(case, "handed_over", actor="officer", to_station="s2")).reason == "not_yours"
    assert [kind for _, kind in await whole_chain(town, case)] == ["received", "sent_to_desk"]


async def test_a_referred_case_says_to_whom_and_its_receipt_still_reads_it(town: Town) -> None:
    case = await town.at_desk()
    said: dict[str, Any] = {
        "disposition": Disposition.REFERRED,
        "referred_to": "the water company",
        "reason": "a burst pipe",
    }
    answer = await town.desk(case, "cleared", **said)
    assert answer.facts[0].body["referred_to"] == "the water company"
    state = await town.state(case)
    assert (state.status, state.disposition) == (Status.CLEARED, Disposition.REFERRED)
    assert (await note(town, case)).referred_to == "the water company"


async def test_a_case_settled_by_telephone_says_so(town: Town) -> None:
    case = await town.at_desk()
    assert (await town.desk(case, "cleared", disposition="advice_given", manner="telephone")).ok
    assert (await note(town, case)).manner == "telephone"


async def test_an_accepted_appointment_is_quiet_until_it_begins(town: Town) -> None:
    case = await town.at_desk()
    assert (await town.desk(case, "appointment_offered", hold_min=60, lasts_min=30)).ok
    agreed = appointed(await town.state(case))
    assert agreed is not None and (agreed.ends - agreed.begins).total_seconds() == 1800
    assert 3590 < (agreed.begins - datetime.now(UTC)).total_seconds() <= 3601
    assert (await reporter(town, case, "appointment_accepted")).ok
    assert (await reporter(town, case, "appointment_declined")).reason == "illegal"
    assert await fired(town, case, seconds=3500) == []
    assert await fired(town, case, seconds=101) == ["woken"]
    kept = (await note(town, case)).appointment
    assert kept is not None and kept.answer is Appointment.ACCEPTED


async def test_a_declined_appointment_rings_at_the_desk_at_once_and_an_unanswered_one_lapses(town: Town) -> None:
    case = await town.at_desk()
    assert (await reporter(town, case, "appointment_accepted")).reason == "illegal"
    assert (await town.desk(case, "appointment_offered", hold_min=60, lasts_min=30)).ok
    assert (await reporter(town, case, "appointment_declined")).ok
    state = await town.state(case)
    assert (state.acknowledged, state.desk_reason) == (False, "appointment_declined")
    assert await fired(town, case, seconds=21) == ["alarm_raised"]
    assert (await town.desk(case, "appointment_offered", hold_min=60, lasts_min=30)).ok
    assert await fired(town, case) == ["woken"]
    lapsed = (await note(town, case)).appointment
    assert lapsed is not None and lapsed.answer is Appointment.LAPSED
    assert (await reporter(town, case, "appointment_accepted")).reason == "illegal"


# --- staffed or not
async def shift(town: Town, station: str, on: bool, account: UUID | None = None) -> UUID:
    """Somebody of this station's desk goes on shift or off."""
    account = account or uuid4()
    await town.owner.execute(
        "INSERT INTO accounts (id, login, password, role, station) VALUES ($1::uuid, $1::uuid::text, '', 'desk', $2) "
        "ON CONFLICT DO NOTHING",
        account, station,
    )  # fmt: skip
    assert (await town.store.set_desk_shift(account, station, on, key(), "00")).ok
    return account


async def falls(town: Town, **to: str | None) -> None:
    for station, other in to.items():
        await town.owner.execute("UPDATE stations SET falls_to = $2 WHERE id = $1", station, other)


@pytest.fixture
async def chain(town: Town) -> AsyncIterator[Town]:
    """s2 falls to s3; s1 takes what nobody takes."""
    await falls(town, s2="s3")
    yield town
    await falls(town, s1=None, s2=None, s3=None)
    await town.owner.execute("DELETE FROM desk_shifts")


async def test_an_unstaffed_stations_case_falls_to_the_next_staffed_one_at_once(chain: Town) -> None:
    await shift(chain, "s3", True)
    case = await chain.report(station="s2")
    assert await fired(chain, case, "s2", seconds=0) == ["handed_over", "came_over"], "without waiting for 20 s"
    state = await chain.state(case)
    assert (state.station, state.desk_reason, state.alarms) == ("s3", "unstaffed", 0)
    assert await fired(chain, case, "s2", "s3", seconds=21) == ["alarm_raised"]


async def test_a_staffed_station_keeps_its_cases_and_a_shift_ends_when_it_is_said_to(chain: Town) -> None:
    mine = await shift(chain, "s2", True)
    kept = await chain.report(station="s2")
    assert await fired(chain, kept, "s2", seconds=0) == []
    assert await fired(chain, kept, "s2", seconds=21) == ["alarm_raised"]
    await shift(chain, "s2", False, mine)
    await shift(chain, "s3", True)
    assert await fired(chain, kept, "s2", seconds=21) == ["handed_over", "came_over"], "nobody is there any more"


async def test_with_nobody_on_shift_anywhere_the_catch_all_has_it_and_a_ring_of_stations_ends(chain: Town) -> None:
    await falls(chain, s3="s2")
    case = await chain.report(station="s2")
    assert await fired(chain, case, "s2", seconds=0) == ["handed_over", "came_over"]
    assert (await chain.state(case)).station == "s1"
    assert await fired(chain, case, "s1", seconds=21) == ["alarm_raised"], "which keeps it"


async def test_an_old_shift_counts_no_more(chain: Town) -> None:
    await shift(chain, "s2", True)
    await chain.owner.execute("UPDATE desk_shifts SET since = since - interval '12 hours'")
    case = await chain.report(station="s2")
    assert "handed_over" in await fired(chain, case, "s2", seconds=0)


async def test_a_window_that_ran_out_at_an_unstaffed_station_falls_through_too(chain: Town) -> None:
    await shift(chain, "s3", True)
    officer = await chain.officer("s2")
    case = await chain.report(officer, station="s2")
    assert await fired(chain, case, "s2") == ["fell_back", "handed_over", "came_over"]
    assert (await chain.state(case)).station == "s3"


async def test_a_shift_said_twice_under_one_key_is_one_shift(chain: Town) -> None:
    account, same = await shift(chain, "s2", True), key()
    heads = (await chain.store.heads()).offsets["s2"]
    for _ in range(2):
        assert (await chain.store.set_desk_shift(account, "s2", False, same, "00")).ok
    assert (await chain.store.set_desk_shift(account, "s2", True, same, "11")).reason == "key_reused"
    assert (await chain.store.heads()).offsets["s2"] == heads + 1
