"""Who may be rung, on the real record: once a round, while session, account and duty say so, whoever asks."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest

from dispatch.adapters.postgres.push import PostgresPush
from dispatch.limits import PUSH_CLAIM_S, PUSH_KEPT_S, PUSH_SUBSCRIPTIONS_MAX
from dispatch.people.values import Role, Who
from dispatch.push.values import Wanted
from tests.conftest import Database
from tests.contract.small_town import Town, small_town

P256DH, AUTH = b"\x04" + bytes(64), bytes(16)


@pytest.fixture(scope="module")
async def town(database: Database) -> AsyncIterator[Town]:
    async with small_town(database) as town:
        yield town


@dataclass(slots=True)
class Phone:
    """An officer's phone that agreed to be rung."""

    who: Who
    subscription: UUID

    def wanted(self, case: UUID, round_: int = 1) -> Wanted:
        assert self.who.officer is not None
        return Wanted(case, round_, self.who.officer)


async def signed_in(town: Town, officer: UUID, account: UUID | None = None) -> Who:
    session = uuid4()
    if account is None:
        account = uuid4()
        await town.owner.execute(
            "INSERT INTO accounts (id, login, password, role, station, officer) "
            "VALUES ($1, $2, 'x', 'officer', 's1', $3)",
            account, account.hex, officer,
        )  # fmt: skip
    await town.owner.execute(
        """INSERT INTO sessions (id, token_mac, account, role, station, officer, expires_at)
        VALUES ($1, $2, $3, 'officer', 's1', $4, clock_timestamp() + interval '1 hour')""",
        session, secrets.token_bytes(32), account, officer,
    )  # fmt: skip
    return Who(session, Role.OFFICER, account, officer, "s1")


async def phone(town: Town) -> Phone:
    who = await signed_in(town, await town.officer())
    return Phone(who, await PostgresPush(town.pool).keep(who, f"https://push.example/{uuid4()}", P256DH, AUTH))


async def test_one_phone_is_rung_once_a_round_by_whichever_process_asks_first(town: Town) -> None:
    store, one, case = PostgresPush(town.pool), await phone(town), uuid4()
    many = await asyncio.gather(*(store.take([one.wanted(case)]) for _ in range(8)))
    (taken,) = [found for answer in many for found in answer]
    assert taken.wanted == one.wanted(case)
    assert (taken.subscription.id, taken.subscription.p256dh, taken.subscription.auth) == (
        one.subscription, P256DH, AUTH,
    )  # fmt: skip
    assert len(await store.take([one.wanted(case, 2)])) == 1, "another round is another offer"


async def test_what_was_claimed_and_not_sent_is_another_processes_to_ring_and_what_was_sent_nobodys(town: Town) -> None:
    store, one, case = PostgresPush(town.pool), await phone(town), uuid4()
    age = "UPDATE push_rings SET claimed_at = claimed_at - make_interval(secs => $2) WHERE case_id = $1"
    await store.take([one.wanted(case)])
    assert await store.take([one.wanted(case)]) == []
    await town.owner.execute(age, case, PUSH_CLAIM_S + 1.0)
    again = await store.take([one.wanted(case)])
    assert len(again) == 1
    await store.sent(again)
    await town.owner.execute(age, case, PUSH_CLAIM_S + 1.0)
    assert await store.take([one.wanted(case)]) == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE sessions SET revoked_at = clock_timestamp() WHERE id = $1",
        "UPDATE sessions SET expires_at = clock_timestamp() WHERE id = $1",
        "UPDATE accounts SET suspended = true WHERE id = (SELECT account FROM sessions WHERE id = $1)",
        "UPDATE officers SET on_duty = false WHERE id = (SELECT officer FROM sessions WHERE id = $1)",
        "DELETE FROM sessions WHERE id = $1",
    ],
    ids=["signed out", "expired", "suspended", "off duty", "forgotten"],
)
async def test_ringing_ends_with_session_account_and_duty(town: Town, statement: str) -> None:
    store, one = PostgresPush(town.pool), await phone(town)
    assert len(await store.take([one.wanted(uuid4())])) == 1
    await town.owner.execute(statement, one.who.session)
    assert await store.take([one.wanted(uuid4())]) == []


async def test_the_same_phone_again_is_the_same_one_and_moves_with_its_session(town: Town) -> None:
    store, endpoint = PostgresPush(town.pool), f"https://push.example/{uuid4()}"
    first = await signed_in(town, await town.officer())
    other = await signed_in(town, await town.officer())
    one = await store.keep(first, endpoint, P256DH, AUTH)
    assert await store.keep(first, endpoint, P256DH, AUTH) == one
    assert await store.keep(other, endpoint, P256DH, AUTH) == one
    case = uuid4()
    assert first.officer is not None and other.officer is not None
    rung = await store.take([Wanted(case, 1, first.officer), Wanted(case, 1, other.officer)])
    assert [taken.wanted.officer for taken in rung] == [other.officer]


async def test_of_too_many_phones_of_one_account_the_oldest_goes(town: Town) -> None:
    store, officer = PostgresPush(town.pool), await town.officer()
    who = await signed_in(town, officer)
    kept = [
        await store.keep(who, f"https://push.example/{uuid4()}", P256DH, AUTH)
        for _ in range(PUSH_SUBSCRIPTIONS_MAX + 2)
    ]
    rung = {taken.subscription.id for taken in await store.take([Wanted(uuid4(), 1, officer)])}
    assert rung == set(kept[2:])


async def test_only_the_own_phone_is_dropped_by_a_person_and_any_by_the_service(town: Town) -> None:
    store, mine, theirs = PostgresPush(town.pool), await phone(town), await phone(town)
    await store.drop(theirs.subscription, mine.who.account)
    assert theirs.who.officer in await store.ringable()
    await store.drop(mine.subscription, mine.who.account)
    await store.drop(theirs.subscription)
    assert not {mine.who.officer, theirs.who.officer} & await store.ringable()


async def test_old_rings_and_phones_of_ended_sessions_are_forgotten(town: Town) -> None:
    store, one, ended, case = PostgresPush(town.pool), await phone(town), await phone(town), uuid4()
    await store.take([one.wanted(case), ended.wanted(case)])
    await town.owner.execute(
        "UPDATE push_rings SET claimed_at = claimed_at - make_interval(secs => $2) WHERE case_id = $1",
        case, PUSH_KEPT_S + 1.0,
    )  # fmt: skip
    await town.owner.execute("UPDATE sessions SET revoked_at = clock_timestamp() WHERE id = $1", ended.who.session)
    assert await store.prune() >= 3
    assert await town.owner.fetchval("SELECT count(*) FROM push_rings WHERE case_id = $1", case) == 0
    left = await store.ringable()
    assert one.who.officer in left and ended.who.officer not in left
