"""Second factors on real PostgreSQL: an app's codes, codes from paper, notes that serve once. Passkeys: tests/e2e."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID, uuid4

import pyotp
import pytest
from redis.asyncio import Redis

from dispatch import limits
from dispatch.adapters.common import ListedPasswords
from dispatch.adapters.passkeys import TotpApps, WebAuthnPasskeys
from dispatch.adapters.passwords import Argon2Passwords
from dispatch.adapters.postgres.audit import PostgresJournal
from dispatch.adapters.postgres.factors import PostgresFactors
from dispatch.adapters.postgres.people import PostgresPeople
from dispatch.adapters.redis.sessions import RedisSessions
from dispatch.adapters.sealing import AesSealer
from dispatch.audit.chains import Chain
from dispatch.people.choosing import Choosing
from dispatch.people.factors import RECOVERY_CODES, Answer, Asked, FactorRefusal, Factors
from dispatch.people.service import SignIn, SignInRefusal
from tests.conftest import Database
from tests.contract.small_town import Town, small_town

PASSWORD = "correct horse battery staple"  # noqa: S105 - of these tests
START = 1_790_000_000.0


@dataclass
class Clock:
    """Seconds that a test moves."""

    at: float = START

    def __call__(self) -> float:
        return self.at


@dataclass
class Door:
    """Sign-in as a process has it, with a clock and one account."""

    service: SignIn
    clock: Clock
    account: UUID
    login: str
    town: Town
    redis: Redis

    async def password(self) -> Asked:
        asked = await self.service.sign_in(self.login, PASSWORD)
        assert isinstance(asked, Asked), asked
        return asked

    async def first(self) -> tuple[str, list[str]]:
        """The first sign-in where a factor is required: the app's secret, and the codes for paper."""
        asked = await self.password()
        assert asked.enrol and asked.secret and asked.uri and "otpauth://totp/" in asked.uri
        told = await self.service.second(asked.note, Answer(code=self.code(asked.secret)))
        assert isinstance(told, tuple), told
        return asked.secret, told[2]

    def code(self, secret: str) -> str:
        return pyotp.TOTP(secret).at(int(self.clock.at))


@pytest.fixture(scope="module")
async def town(database: Database) -> AsyncIterator[Town]:
    async with small_town(database) as town:
        yield town


@pytest.fixture
async def door(town: Town, redis_url: str) -> AsyncIterator[Door]:
    clock, account, passwords = Clock(), uuid4(), Argon2Passwords(memory_kib=1_024, passes=1)
    login = f"desk-{account}"
    await town.owner.execute(
        "INSERT INTO accounts (id, login, role, station, password) VALUES ($1, $2, 'desk', 's1', $3)",
        account, login, passwords.hash_now(PASSWORD),
    )  # fmt: skip
    redis = Redis.from_url(redis_url)
    service = SignIn(
        PostgresPeople(town.pool), RedisSessions(redis), passwords, pepper=b"p" * 32, ticket_key=account.bytes * 2,
        now=clock, choosing=Choosing.among(ListedPasswords()),
        factors=lambda attempts: Factors(
            PostgresFactors(town.pool), AesSealer(b"f" * 32), TotpApps(), WebAuthnPasskeys({"http://localhost:1"}),
            attempts, required=True, now=clock,
        ),
    )  # fmt: skip
    yield Door(service, clock, account, login, town, redis)
    await redis.aclose()


async def test_the_first_sign_in_adds_an_app_and_tells_codes_for_paper_once(door: Door) -> None:
    secret, paper = await door.first()
    assert len(paper) == len(set(paper)) == RECOVERY_CODES
    door.clock.at += 60
    asked = await door.password()
    assert not asked.enrol and asked.secret is None and asked.kinds == ["totp", "recovery"]
    told = await door.service.second(asked.note, Answer(code=door.code(secret)))
    assert isinstance(told, tuple) and told[1].account == door.account and told[2] == []
    stored = await door.town.owner.fetchval("SELECT secret FROM factors WHERE account = $1", door.account)
    assert secret.encode() not in stored
    acts = [e.act for e in await PostgresJournal(door.town.pool).entries(Chain(f"account:{door.account}"), None, 10)]
    assert "factor_added" in acts


async def test_a_code_serves_once_even_where_it_is_sent_many_times_at_once(door: Door) -> None:
    secret, _ = await door.first()
    asked = [await door.password() for _ in range(4)]
    again = await door.service.second(asked[0].note, Answer(code=door.code(secret)))
    assert again is FactorRefusal.WRONG, "the code of the enrolment itself"
    door.clock.at += 30
    told = await asyncio.gather(*(door.service.second(one.note, Answer(code=door.code(secret))) for one in asked[1:]))
    assert sum(isinstance(one, tuple) for one in told) == 1, told


async def test_a_note_serves_once_and_for_five_minutes_and_cannot_be_made_up(door: Door) -> None:
    secret, _ = await door.first()
    door.clock.at += 30
    asked = await door.password()
    assert isinstance(await door.service.second(asked.note, Answer(code=door.code(secret))), tuple)
    door.clock.at += 30
    assert await door.service.second(asked.note, Answer(code=door.code(secret))) is FactorRefusal.OVER
    late = await door.password()
    door.clock.at += limits.SECOND_S
    assert await door.service.second(late.note, Answer(code=door.code(secret))) is FactorRefusal.OVER
    forged = late.note[:-2] + ("00" if late.note[-2:] != "00" else "11")
    for wrong in (forged, "00", late.note[:40]):
        assert await door.service.second(wrong, Answer(code="000000")) is FactorRefusal.OVER


async def test_a_code_from_paper_serves_once(door: Door) -> None:
    _, paper = await door.first()
    for code, right in ((paper[0].lower().replace("-", " "), True), (paper[0], False), ("0000-0000-0000", False)):
        asked = await door.password()
        told = await door.service.second(asked.note, Answer(recovery=code))
        assert isinstance(told, tuple) == right, (code, told)


async def test_guessing_ends_after_ten_tries_and_goes_on_five_minutes_later(door: Door) -> None:
    secret, _ = await door.first()
    told = []
    for _ in range(12):
        asked = await door.password()
        told.append(await door.service.second(asked.note, Answer(code="000000")))
    assert told.count(FactorRefusal.WRONG) == 10 and told[-1] is FactorRefusal.TOO_MANY
    door.clock.at += 600
    await door.redis.flushall()  # its counts go by their own clock
    asked = await door.password()
    assert isinstance(await door.service.second(asked.note, Answer(code=door.code(secret))), tuple)


async def test_one_that_is_forgotten_opens_nothing_and_the_next_sign_in_adds_another(door: Door) -> None:
    await door.first()
    assert door.service.factors is not None
    (one,) = await door.service.factors.mine(door.account)
    assert await door.service.factors.forget(uuid4(), one.id, "desk:x") is FactorRefusal.NOT_FOUND
    assert await PostgresFactors(door.town.pool).forget(door.account, one.id, "desk:x", keep_one=False) is None
    assert (await door.password()).enrol
    assert await door.town.owner.fetchval("SELECT count(*) FROM recovery_codes WHERE account = $1", door.account) == 0


async def test_an_account_has_ten_factors_at_most(door: Door) -> None:
    await door.first()
    assert door.service.factors is not None
    for _ in range(limits.FACTORS_MAX - 1):
        asked = door.service.factors.add_app(door.account, door.login)
        told = await door.service.factors.keep(
            door.account, "desk:x", asked.note, Answer(code=door.code(asked.secret or "")), "Another"
        )
        assert told == []
    asked = door.service.factors.add_app(door.account, door.login)
    told = await door.service.factors.keep(
        door.account, "desk:x", asked.note, Answer(code=door.code(asked.secret or "")), "One too many"
    )
    assert told is FactorRefusal.FULL


async def test_who_was_suspended_between_password_and_factor_stays_out(door: Door) -> None:
    secret, _ = await door.first()
    door.clock.at += 30
    asked = await door.password()
    await door.town.owner.execute("UPDATE accounts SET suspended = true WHERE id = $1", door.account)
    told = await door.service.second(asked.note, Answer(code=door.code(secret)))
    assert not isinstance(told, tuple)


def test_an_apps_code_is_valid_one_step_around_now() -> None:
    apps, now = TotpApps(), time.time()
    secret = apps.secret()
    for shift, right in ((0, True), (-30, True), (30, True), (-60, False), (60, False)):
        step = apps.step(secret, pyotp.TOTP(secret).at(int(now) + shift), now)
        assert (step is not None) == right and (step is None or step == (int(now) + shift) // 30)


async def test_a_note_of_enrolment_is_worth_nothing_once_somebody_has_enrolled(door: Door) -> None:
    """Who has the password alone may not come in beside the owner, nor twice by one note."""
    early = await door.password()
    await door.first()
    stolen = await door.service.second(early.note, Answer(code=door.code(early.secret or "")))
    assert stolen is FactorRefusal.OVER
    assert door.service.factors is not None and len(await door.service.factors.mine(door.account)) == 1


async def test_a_note_for_a_factor_of_ones_own_opens_no_session_and_adds_one_factor(door: Door) -> None:
    await door.first()
    assert door.service.factors is not None
    asked = door.service.factors.add_app(door.account, door.login)
    code = Answer(code=door.code(asked.secret or ""))
    assert await door.service.second(asked.note, code) is FactorRefusal.OVER
    assert await door.service.factors.keep(door.account, "desk:x", asked.note, code, "Spare") == []
    again = await door.service.factors.keep(door.account, "desk:x", asked.note, code, "Spare")
    assert isinstance(again, FactorRefusal)
    assert len(await door.service.factors.mine(door.account)) == 2


async def test_a_password_that_changed_between_password_and_factor_ends_the_note(door: Door) -> None:
    secret, _ = await door.first()
    door.clock.at += 30
    asked = await door.password()
    another = Argon2Passwords(memory_kib=1_024, passes=1).hash_now(PASSWORD)
    await door.town.owner.execute("UPDATE accounts SET password = $2 WHERE id = $1", door.account, another)
    assert await door.service.second(asked.note, Answer(code=door.code(secret))) is SignInRefusal.WRONG


async def test_a_refused_factor_is_entered_with_its_kind_and_only_so_many_an_hour(door: Door) -> None:
    await door.first()
    asked = await door.password()
    for answer in (Answer(code="000000"), Answer(recovery="0000-0000-0000"), Answer(passkey={"id": "x"})):
        assert await door.service.second(asked.note, answer) is FactorRefusal.WRONG
    assert sorted(await refusals(door)) == [(kind, "second_wrong") for kind in ("passkey", "recovery", "totp")]
    for _ in range(2 * limits.SECOND_REFUSED_H):
        assert isinstance(await door.service.second(asked.note, Answer(code="000000")), FactorRefusal)
    entered = await refusals(door)
    assert len(entered) == limits.SECOND_REFUSED_H and ("totp", "too_many_attempts") in entered


async def refusals(door: Door) -> list[tuple[str, str]]:
    chain = Chain(f"account:{door.account}")
    entries = await PostgresJournal(door.town.pool).entries(chain, None, 100)
    assert all(e.actor == f"account:{door.account}" for e in entries if e.act == "second_refused")
    found = [json.loads(e.body) for e in entries if e.act == "second_refused"]
    return [(one["kind"], one["why"]) for one in found]


async def test_the_last_factor_stays_while_one_is_required(door: Door) -> None:
    await door.first()
    assert door.service.factors is not None
    (one,) = await door.service.factors.mine(door.account)
    assert await door.service.factors.forget(door.account, one.id, "desk:x") is FactorRefusal.LAST
    asked = door.service.factors.add_app(door.account, door.login)
    code = Answer(code=door.code(asked.secret or ""))
    assert await door.service.factors.keep(door.account, "desk:x", asked.note, code, "Spare") == []
    both = [factor.id for factor in await door.service.factors.mine(door.account)]
    told = await asyncio.gather(*(door.service.factors.forget(door.account, id_, "desk:x") for id_ in both))
    assert sorted(map(str, told)) == ["None", "factor_last"], "two at once do not leave none"


async def test_a_made_password_opens_nothing_but_the_choice_of_ones_own_after_the_factor(door: Door) -> None:
    secret, _ = await door.first()
    door.clock.at += 30
    await door.town.owner.execute("UPDATE accounts SET password_made = true WHERE id = $1", door.account)
    assert await door.service.sign_in(door.login, PASSWORD) is SignInRefusal.MADE
    assert await door.service.sign_in(door.login, "wrong") is SignInRefusal.WRONG
    for weak in (PASSWORD, "short", "a" * 40, door.login, "ab" + door.login):
        assert await door.service.sign_in(door.login, PASSWORD, chosen=weak) is SignInRefusal.WEAK, weak
    assert await door.service.sign_in(door.login, PASSWORD, chosen="Q1w2e3r4t5y6") is SignInRefusal.COMMON
    assert await door.service.sign_in(door.login, PASSWORD, chosen="OnBeat-Police-26") is SignInRefusal.OF_THE_HOUSE
    mine = "apples and pears, 7"
    asked = await door.service.sign_in(door.login, PASSWORD, chosen=mine)
    assert isinstance(asked, Asked) and "argon2" not in asked.note
    assert isinstance(await door.service.sign_in(door.login, mine), SignInRefusal), "not before the factor"
    told = await door.service.second(asked.note, Answer(code=door.code(secret)))
    assert isinstance(told, tuple)
    assert await door.service.sign_in(door.login, PASSWORD) is SignInRefusal.WRONG
    assert isinstance(await door.service.sign_in(door.login, mine), Asked)
