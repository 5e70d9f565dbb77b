"""Codes to telephones on real PostgreSQL: how many, how often tried, and who may open the vault."""

import asyncio
import hmac
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from dispatch import limits
from dispatch.adapters.numbers import PhoneNumbers
from dispatch.adapters.postgres.audit import PostgresJournal
from dispatch.adapters.postgres.phones import PostgresPhones
from dispatch.adapters.sealing import AesSealer
from dispatch.audit.chains import read_of
from dispatch.people.carrying import Carrying
from dispatch.people.phones import PhoneRefusal, Phones, block_of
from tests.conftest import Database
from tests.contract.small_town import Town, small_town

NUMBER = "13800138000"
STANDING = "SELECT count(*) FROM pg_locks WHERE NOT granted"


@dataclass
class Mailbox:
    """A telephone of the test: what it got."""

    got: list[tuple[str, str]] = field(default_factory=list)
    works: bool = True
    waited: list[float] = field(default_factory=list)
    tried: int = 0
    time: float = 0.0

    async def wait(self, seconds: float) -> None:
        self.waited.append(seconds)

    async def later(self, seconds: float) -> None:
        self.time += seconds

    async def send(self, number: str, text: str, id_: UUID) -> bool:
        self.tried += 1
        if self.works:
            self.got.append((number, text))
        return self.works

    @property
    def code(self) -> str:
        return next(
            word.strip("，,.") for word in self.got[-1][1].replace("，", " ").split() if word.strip(".").isdigit()
        )


@pytest.fixture(scope="module")
async def town(database: Database) -> AsyncIterator[Town]:
    async with small_town(database) as town:
        yield town


@pytest.fixture
async def box(town: Town) -> AsyncIterator[Mailbox]:
    await town.owner.execute("TRUNCATE phone_codes, sms_days")
    yield Mailbox()


class Awaited(Phones):
    """Tells after the messages have arrived, which nobody else waits for."""

    async def ask(self, text: str, language: str, address: str) -> UUID | PhoneRefusal:
        told = await super().ask(text, language, address)
        assert self._carrying is not None
        await self._carrying.settled(10.0)
        return told


def phones(town: Town, box: Mailbox, per_day: int = 1_000) -> Phones:
    carrying = Carrying(box, now=lambda: box.time, pause=box.later)
    return Awaited(
        PostgresPhones(town.pool), PhoneNumbers(("CN",)), carrying, AesSealer(b"k" * 32), per_day=per_day,
        now=lambda: 1e9, pause=box.wait,
    )  # fmt: skip


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06}"


async def test_a_number_is_confirmed_by_the_code_that_came_and_hears_so_again(town: Town, box: Mailbox) -> None:
    service = phones(town, box)
    asked = await service.ask(NUMBER, "en", "10.0.0.1")
    assert isinstance(asked, UUID) and box.got[0][0] == "+8613800138000"
    assert not await service.confirmed(asked)
    assert await service.confirm(asked, wrong(box.code)) is PhoneRefusal.WRONG
    assert await service.confirm(asked, box.code) is None
    assert await service.confirm(asked, box.code) is None, "the answer got lost: sent again it is the same"
    assert await service.confirm(asked, wrong(box.code)) is PhoneRefusal.OVER
    assert await service.confirmed(asked)
    assert await service.confirm(uuid4(), "000000") is PhoneRefusal.OVER


@pytest.mark.parametrize(
    ("number", "why"),
    [("12", PhoneRefusal.INVALID), ("no number", PhoneRefusal.INVALID), ("+86 10 6552 9988", PhoneRefusal.NOT_SERVED),
     ("+44 7911 123456", PhoneRefusal.NOT_SERVED), ("+1 900 555 0123", PhoneRefusal.NOT_SERVED),
     ("+870 773 111 632", PhoneRefusal.NOT_SERVED), ("138001380001380013800", PhoneRefusal.INVALID)],
)  # fmt: skip
async def test_what_is_no_mobile_of_this_country_gets_no_message(
    town: Town, box: Mailbox, number: str, why: PhoneRefusal
) -> None:
    assert await phones(town, box).ask(number, "en", "10.0.0.1") in (why, PhoneRefusal.INVALID)
    assert box.got == []


async def test_two_hundred_tries_at_once_are_counted_as_two_hundred(town: Town, box: Mailbox) -> None:
    service = phones(town, box)
    asked = await service.ask(NUMBER, "en", "10.0.0.1")
    assert isinstance(asked, UUID)
    guesses = [wrong(box.code)] * 150 + [box.code] * 50
    async with town.owner.transaction():  # until more tries than are allowed stand before the same row
        await town.owner.execute("SELECT FROM phone_codes WHERE id = $1 FOR UPDATE", asked)
        tried = [asyncio.create_task(service.confirm(asked, guess)) for guess in guesses]
        async with asyncio.timeout(5):
            while await town.owner.fetchval(STANDING) <= limits.CODE_TRIES_MAX:  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0.001)
    told = await asyncio.gather(*tried)
    looked_at = [one for one in told if one in (PhoneRefusal.WRONG, None)]
    tries = await town.owner.fetchval("SELECT tries FROM phone_codes WHERE id = $1", asked)
    assert tries <= limits.CODE_TRIES_MAX
    assert told.count(PhoneRefusal.WRONG) <= limits.CODE_TRIES_MAX, (len(looked_at), told)


async def test_a_number_is_tried_ten_times_an_hour_whatever_codes_are_asked_for(town: Town, box: Mailbox) -> None:
    service, told, asked = phones(town, box), [], await phones(town, box).ask("13700137000", "en", "10.0.0.1")
    for _ in range(limits.CODES_PER_NUMBER_H):
        asked = await service.ask(NUMBER, "en", "10.0.0.1")
        assert isinstance(asked, UUID)
        told += [await service.confirm(asked, wrong(box.code)) for _ in range(limits.CODE_TRIES_MAX)]
    assert set(told) == {PhoneRefusal.WRONG} and isinstance(asked, UUID)
    await town.owner.execute("UPDATE phone_codes SET tries = 2")
    assert await service.confirm(asked, box.code) is PhoneRefusal.WRONG, "a right one after ten tries"
    await town.owner.execute("UPDATE phone_codes SET asked_at = asked_at - interval '1 hour'")
    assert isinstance(later := await service.ask(NUMBER, "en", "10.0.0.1"), UUID), "a delay, not a lock"
    assert await service.confirm(later, box.code) is None


async def test_messages_end_at_each_bound_however_many_ask_at_once(town: Town, box: Mailbox) -> None:
    service = phones(town, box, per_day=70)
    told = await asyncio.gather(*(service.ask(NUMBER, "en", f"10.{n}.0.1") for n in range(20)))
    assert all(isinstance(one, UUID) for one in told) and len(box.got) == limits.CODES_PER_NUMBER_H
    block = await asyncio.gather(*(service.ask(f"139{n:08}", "en", f"10.99.9.{n}") for n in range(80)))
    assert sum(isinstance(one, UUID) for one in block) == limits.CODES_PER_BLOCK_H
    rest = await asyncio.gather(*(service.ask(f"137{n:08}", "en", f"10.{n}.1.1") for n in range(20)))
    assert sum(isinstance(one, UUID) for one in rest) == 5 and PhoneRefusal.USED_UP in rest
    assert len(box.got) == 70


async def test_a_code_is_over_after_ten_minutes_and_a_confirmation_after_a_day(town: Town, box: Mailbox) -> None:
    service = phones(town, box)
    late, kept = await service.ask(NUMBER, "en", "10.0.0.1"), await service.ask("13900139000", "en", "10.0.0.1")
    assert isinstance(late, UUID) and isinstance(kept, UUID)
    assert await service.confirm(kept, box.code) is None
    await town.owner.execute("UPDATE phone_codes SET expires_at = clock_timestamp() WHERE id = $1", late)
    assert await service.confirm(late, "000000") is PhoneRefusal.OVER
    await town.owner.execute("UPDATE phone_codes SET confirmed_at = confirmed_at - interval '1 day'")
    assert not await service.confirmed(kept)


async def test_the_vault_opens_for_a_reason_and_says_who_opened_it(
    town: Town, box: Mailbox, database: Database
) -> None:
    service, case = phones(town, box), await town.report()
    asked = await service.ask(NUMBER, "zh-CN", "10.0.0.1")
    assert isinstance(asked, UUID) and await service.confirm(asked, box.code) is None
    for _ in range(2):
        await service.keep(case, asked, "王小明")
    found = await service.identity(case, "desk:7", "To call them back.")
    assert (found.number, found.name) == ("+8613800138000", "王小明")
    (entry,) = await PostgresJournal(town.pool).entries(read_of(case), None, 10)
    assert (entry.act, entry.actor) == ("open_identity", "desk:7") and "call them back" in entry.body
    nobody = await service.identity(await town.report(), "desk:7", "To call them back.")
    assert (nobody.number, nobody.name) == (None, None)
    other = await town.report()
    await service.keep(other, asked, None)
    numbers = await town.owner.fetch("SELECT number FROM vault.reporters")
    assert len({row[0] for row in numbers}) == len(numbers), "no two cases can be told to be one person's"
    stored = await town.owner.fetchrow("SELECT number, name FROM vault.reporters WHERE case_id = $1", case)
    assert NUMBER.encode() not in stored[0] and "王小明".encode() not in stored[1]
    connection = await asyncpg.connect(database.app_url)
    try:
        for statement in ("SELECT * FROM vault.reporters", "DELETE FROM vault.reporters", "DROP SCHEMA vault CASCADE"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
    finally:
        await connection.close()


async def test_a_messenger_that_is_away_changes_no_answer_and_its_message_counts(town: Town, box: Mailbox) -> None:
    box.works = False
    assert isinstance(await phones(town, box).ask(NUMBER, "en", "10.0.0.1"), UUID)
    assert await town.owner.fetchval("SELECT sum(sent) FROM sms_days") == 1
    assert box.got == [] and box.tried == limits.SMS_CARRIED_S / limits.SMS_PAUSE_S, "tried for a minute"


async def test_no_answer_waits_for_the_messenger(town: Town, box: Mailbox) -> None:
    let_go = asyncio.Event()

    class Stuck(Mailbox):
        async def send(self, number: str, text: str, id_: UUID) -> bool:
            await let_go.wait()
            return await super().send(number, text, id_)

    stuck = Stuck()
    carrying = Carrying(stuck)
    service = Phones(
        PostgresPhones(town.pool), PhoneNumbers(("CN",)), carrying, AesSealer(b"k" * 32), per_day=100,
        now=lambda: 1e9, pause=box.wait,
    )  # fmt: skip
    async with asyncio.timeout(20):
        for n in range(limits.CODES_PER_NUMBER_H + 1):
            assert isinstance(await service.ask(NUMBER, "en", f"10.{n}.0.1"), UUID)
    assert stuck.got == [], "and nothing has arrived"
    let_go.set()
    await service.close()
    assert len(stuck.got) == limits.CODES_PER_NUMBER_H


async def test_more_messages_than_may_wait_are_dropped_and_what_waits_too_long_is_not_sent(
    box: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dispatch.people.carrying.SMS_WAITING_MAX", 3)
    carrying = Carrying(box, now=lambda: box.time, pause=box.later)
    for n in range(5):
        carrying.put(f"+861390000000{n}", "a", uuid4())
    await carrying.settled(10.0)
    assert len(box.got) == 3
    box.works = False
    carrying.put("+8613900000009", "a", uuid4())
    await carrying.settled(10.0)
    assert box.time == limits.SMS_CARRIED_S and len(box.got) == 3
    await carrying.close()


async def test_thousands_of_silent_codes_make_no_try_dearer(town: Town, box: Mailbox) -> None:
    service = phones(town, box)
    asked = [await service.ask(NUMBER, "en", f"10.{n}.0.1") for n in range(limits.CODES_PER_NUMBER_H + 1)]
    await town.owner.execute(
        "INSERT INTO phone_codes (id, number_mac, block_mac, sealed, code_mac, asked_at, expires_at, silent)"
        " SELECT gen_random_uuid(), number_mac, block_mac, sealed, code_mac, asked_at, expires_at, true"
        " FROM phone_codes, generate_series(1, 3000) WHERE id = $1", asked[-1],
    )  # fmt: skip
    locked = "SELECT count(*) FROM phone_codes WHERE xmax <> 0"
    before = await town.owner.fetchval(locked)
    mac = await town.owner.fetchval("SELECT code_mac FROM phone_codes WHERE id = $1", asked[0])
    assert await PostgresPhones(town.pool).tried(UUID(str(asked[0])), mac) is None
    assert await town.owner.fetchval(locked) - before <= limits.CODES_PER_NUMBER_H


async def test_without_a_key_no_number_is_asked_for(town: Town) -> None:
    nothing: Any = None
    service = Phones(PostgresPhones(town.pool), PhoneNumbers(("CN",)), nothing, nothing, per_day=9, now=lambda: 0.0)
    assert not service.offered
    assert await service.ask(NUMBER, "en", "10.0.0.1") is PhoneRefusal.NOT_OFFERED


def test_a_block_is_what_one_household_changes_at_will() -> None:
    assert block_of("10.1.2.3") == block_of("10.1.2.200") != block_of("10.1.3.3")
    assert block_of("2001:db8:0:1::1") == block_of("2001:db8:0:ff::2") != block_of("2001:db8:1::1")
    assert block_of("") == "unknown"
    assert block_of("::ffff:10.1.2.3") == block_of("10.1.2.3")


async def test_whether_a_number_asked_for_codes_is_told_by_no_answer_and_no_time(town: Town, box: Mailbox) -> None:
    service, limit = phones(town, box), limits.CODES_PER_NUMBER_H
    asked = [await service.ask(NUMBER, "en", f"10.{n}.0.1") for n in range(limit)]
    known = await service.ask(NUMBER, "en", "10.99.0.1")  # somebody from elsewhere looks
    fresh = await service.ask("13900139000", "en", "10.99.0.1")
    assert isinstance(known, UUID) and isinstance(fresh, UUID) and known not in asked
    assert [number for number, _ in box.got] == ["+8613800138000"] * limit + ["+8613900139000"]
    assert len(box.waited) == limit + 2, "each is answered at its time and no sooner"
    for id_ in (known, fresh):
        told = [await service.confirm(id_, wrong(box.code)) for _ in range(limits.CODE_TRIES_MAX + 1)]
        assert told == [PhoneRefusal.WRONG] * limits.CODE_TRIES_MAX + [PhoneRefusal.OVER]
    await town.owner.execute("UPDATE phone_codes SET tries = 0")
    mac = await town.owner.fetchval("SELECT code_mac FROM phone_codes WHERE id = $1", known)
    assert await PostgresPhones(town.pool).tried(known, mac) == PhoneRefusal.WRONG, "no guess opens a silent one"


async def test_silent_codes_neither_spend_the_day_nor_keep_the_owner_out(town: Town, box: Mailbox) -> None:
    service = phones(town, box)
    for n in range(3 * limits.CODES_PER_NUMBER_H):
        asked = await service.ask(NUMBER, "en", f"10.{n}.0.1")
        assert isinstance(asked, UUID)
        await service.confirm(asked, wrong(box.code))
    assert await town.owner.fetchval("SELECT sum(sent) FROM sms_days") == limits.CODES_PER_NUMBER_H
    await town.owner.execute("UPDATE phone_codes SET asked_at = asked_at - interval '1 hour' WHERE NOT silent")
    mine = await service.ask(NUMBER, "en", "10.0.0.1")
    assert isinstance(mine, UUID) and await service.confirm(mine, box.code) is None


async def test_blocks_are_counted_under_a_key_that_is_drawn_for_the_day_and_deleted_after_it(
    town: Town, box: Mailbox
) -> None:
    service, macs = phones(town, box), "SELECT DISTINCT block_mac FROM phone_codes"
    await town.owner.execute("TRUNCATE day_keys")
    for number in ("13800138000", "13900139000"):
        await service.ask(number, "en", "10.0.0.1")
    (first,) = [row[0] for row in await town.owner.fetch(macs)]
    key = await town.owner.fetchval("SELECT key FROM day_keys")
    assert first == hmac.digest(key, block_of("10.0.0.1").encode(), "sha256")
    await town.owner.execute("UPDATE day_keys SET day = day - 1; TRUNCATE phone_codes")
    await service.ask(NUMBER, "en", "10.0.0.1")
    assert await town.owner.fetchval("SELECT count(*) FROM day_keys WHERE key = $1", key) == 0
    assert [row[0] for row in await town.owner.fetch(macs)] != [first], "pseudonyms of two days cannot be joined"
    await town.owner.execute("UPDATE day_keys SET day = day - 1")
    await town.owner.execute("SELECT prune_codes(90000, 10)")
    assert await town.owner.fetchval("SELECT count(*) FROM day_keys") == 0, "though nobody asked"
    kept = "SELECT relpersistence FROM pg_class WHERE relname = 'day_keys'"
    assert await town.owner.fetchval(kept) == b"u", "and no write-ahead log holds it"


async def test_a_vault_without_its_key_does_not_say_nobody(town: Town, box: Mailbox) -> None:
    service, case = phones(town, box), await town.report()
    asked = await service.ask(NUMBER, "en", "10.0.0.1")
    assert isinstance(asked, UUID) and await service.confirm(asked, box.code) is None
    await service.keep(case, asked, "王小明")
    store, numbers = PostgresPhones(town.pool), PhoneNumbers(("CN",))
    closed = Phones(store, numbers, None, None, per_day=0, now=lambda: 1e9)
    with pytest.raises(ValueError, match="no key"):
        await closed.identity(case, "desk:7", "To call them back.")
    mute = Phones(store, numbers, None, AesSealer(b"k" * 32), per_day=0, now=lambda: 1e9)
    assert not mute.offered
    assert (await mute.identity(case, "desk:7", "To call them back.")).name == "王小明"


async def test_a_sealed_name_opens_in_its_own_row_and_field_alone(town: Town, box: Mailbox) -> None:
    service, cases = phones(town, box), [await town.report(), await town.report()]
    for case, number in zip(cases, ("13800138000", "13900139000"), strict=True):
        asked = await service.ask(number, "en", "10.0.0.1")
        assert isinstance(asked, UUID) and await service.confirm(asked, box.code) is None
        await service.keep(case, asked, f"Name of {number}")
    move = "UPDATE vault.reporters SET {0} = (SELECT {1} FROM vault.reporters WHERE case_id = $2) WHERE case_id = $1"
    held = await town.owner.fetchrow("SELECT number, name FROM vault.reporters WHERE case_id = $1", cases[0])
    assert held is not None
    for into, taken, whose in (("name", "name", 1), ("number", "number", 1), ("name", "number", 0)):
        await town.owner.execute(move.format(into, taken), cases[0], cases[whose])
        with pytest.raises(ValueError, match="sealed"):
            await service.identity(cases[0], "desk:7", "To call them back.")
        back = "UPDATE vault.reporters SET number = $2, name = $3 WHERE case_id = $1"
        await town.owner.execute(back, cases[0], held["number"], held["name"])
    assert (await service.identity(cases[0], "desk:7", "To call them back.")).name == "Name of 13800138000"
