"""What a confirmed number reported before, in the vault of real PostgreSQL: who may read it, for how long, and when it
counts."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import asyncpg
import pytest

from dispatch import limits
from dispatch.abuse.histories import Histories
from dispatch.abuse.values import Trust
from dispatch.adapters.postgres.histories import PostgresHistories
from dispatch.adapters.postgres.upkeep import PostgresUpkeep
from dispatch.adapters.sealing import AesSealer
from tests.conftest import Database
from tests.contract.small_town import Town, small_town
from tests.contract.test_phones import Mailbox, phones

KEY = b"k" * 32
CLEARED = "UPDATE cases SET status = 'cleared', disposition = $2 WHERE id = $1"


@pytest.fixture(scope="module")
async def town(database: Database) -> AsyncIterator[Town]:
    async with small_town(database) as town:
        yield town


@pytest.fixture
async def box(town: Town) -> AsyncIterator[Mailbox]:
    await town.owner.execute("TRUNCATE phone_codes, sms_days, vault.histories, vault.reporters")
    yield Mailbox()


def histories(town: Town, key: bytes = KEY) -> Histories:
    return Histories(PostgresHistories(town.pool), AesSealer(key))


async def confirmed(town: Town, box: Mailbox, number: str = "13800138000") -> UUID:
    service = phones(town, box)
    phone = await service.ask(number, "en", f"10.{secrets.randbelow(256)}.0.1")
    assert isinstance(phone, UUID) and await service.confirm(phone, box.code) is None
    return phone


async def reported(town: Town, phone: UUID, ended: str | None) -> UUID:
    case = await town.report()
    await histories(town).remember(phone, case)
    if ended is not None:
        await town.owner.execute(CLEARED, case, ended)
    return case


async def sealed_of(town: Town, phone: UUID) -> bytes:
    known = await histories(town).known(phone)
    assert known is not None
    query = "SELECT sealed FROM vault.histories WHERE number_key = $1"
    return bytes(await town.owner.fetchval(query, bytes.fromhex(known.name)))


async def trust(town: Town, phone: UUID) -> Trust:
    known = await histories(town).known(phone)
    assert known is not None
    return known.trust


async def test_how_a_numbers_earlier_reports_ended_is_known_whatever_confirmation_it_comes_with(
    town: Town, box: Mailbox
) -> None:
    first = await confirmed(town, box)
    assert await trust(town, first) is Trust.CONFIRMED
    cases = [await reported(town, first, "hoax") for _ in range(2)]
    again, stranger = await confirmed(town, box), await confirmed(town, box, "13900139000")
    assert await trust(town, again) is Trust.DOUBTED
    assert await trust(town, stranger) is Trust.CONFIRMED
    here, there = await histories(town).known(first), await histories(town).known(again)
    other = await histories(town).known(stranger)
    assert here and there and other and here.name == there.name != other.name
    await town.owner.execute(CLEARED, cases[0], "founded")
    assert await trust(town, again) is Trust.CONFIRMED, "a hoax that was none after all counts from then on"
    await town.owner.execute("UPDATE cases SET status = 'at_station' WHERE id = $1", cases[1])
    await reported(town, again, "report_taken")
    assert await trust(town, again) is Trust.PROVEN, "an objection opened it again"
    assert await histories(town).known(uuid4()) is None


async def test_exercises_and_what_is_older_than_half_a_year_do_not_count(town: Town, box: Mailbox) -> None:
    phone = await confirmed(town, box)
    old, practice = [await reported(town, phone, "hoax") for _ in range(2)], await reported(town, phone, "hoax")
    await town.owner.execute("UPDATE cases SET exercise = true WHERE id = $1", practice)
    assert await trust(town, phone) is Trust.DOUBTED
    days = "UPDATE cases SET received_at = received_at - make_interval(days => $2) WHERE id = $1"
    await town.owner.execute(days, old[0], limits.TRUST_DAYS)
    assert await trust(town, phone) is Trust.CONFIRMED


async def test_a_history_goes_half_a_year_after_the_number_last_reported(town: Town, box: Mailbox) -> None:
    upkeep = PostgresUpkeep(town.pool)
    await reported(town, await confirmed(town, box), None)
    await town.owner.execute("UPDATE vault.histories SET last_on = last_on - $1::integer", limits.TRUST_DAYS)
    await upkeep.prune()
    assert await town.owner.fetchval("SELECT count(*) FROM vault.histories") == 1
    await town.owner.execute("UPDATE vault.histories SET last_on = last_on - 1")
    await upkeep.prune()
    assert await town.owner.fetchval("SELECT count(*) FROM vault.histories") == 0


async def test_whoever_has_the_table_without_the_key_learns_neither_number_nor_cases(
    town: Town, box: Mailbox, database: Database
) -> None:
    phone = await confirmed(town, box)
    sizes = set()
    for _ in range(3):
        case = await reported(town, phone, None)
        await histories(town).remember(phone, case)
        (row,) = await town.owner.fetch("SELECT number_key, sealed, h::text FROM vault.histories h")
        sizes.add(len(row["sealed"]))
        for told in (case.bytes, case.hex.encode(), str(case).encode(), b"13800138000"):
            assert told not in row["sealed"] + row["number_key"] + row[2].encode()
    assert len(sizes) == 1, "how many there were is not told by its length"
    for _ in range(limits.TRUST_CASES_MAX):
        await reported(town, phone, "founded")
    assert len(await town.owner.fetchval("SELECT sealed FROM vault.histories")) in sizes
    other = await confirmed(town, box, "13900139000")
    await reported(town, other, None)
    assert await trust(town, phone) is Trust.PROVEN
    mine = await sealed_of(town, phone)
    await town.owner.execute("UPDATE vault.histories SET sealed = $1 WHERE sealed <> $1", mine)
    assert await trust(town, other) is Trust.CONFIRMED, "it opens in its own row alone"
    assert await histories(town, b"x" * 32).known(uuid4()) is None
    assert await Histories(PostgresHistories(town.pool), None).known(phone) is None
    connection = await asyncpg.connect(database.app_url)
    try:
        for statement in ("SELECT * FROM vault.histories", "DELETE FROM vault.histories"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
    finally:
        await connection.close()


async def test_two_reports_of_one_number_at_once_are_both_remembered(town: Town, box: Mailbox) -> None:
    phone = await confirmed(town, box)
    cases = [await town.report() for _ in range(3)]
    await asyncio.gather(*(histories(town).remember(phone, case) for case in cases))
    for case in cases:
        await town.owner.execute(CLEARED, case, "hoax")
    known = await histories(town).known(phone)
    assert known is not None and known.trust is Trust.DOUBTED
    _, kept = await histories(town)._read(bytes.fromhex(known.name))
    assert set(kept) == set(cases)
