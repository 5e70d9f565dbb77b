"""Second factors that are lost, or somebody else's: forgotten by an admin, of the only admin by the operator."""

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest

from dispatch.adapters.passwords import Argon2Passwords
from dispatch.adapters.postgres.audit import PostgresJournal
from dispatch.admin.values import Changed, PasswordReset
from dispatch.audit.chains import Chain
from scripts.rescue import rescued
from tests.conftest import Database
from tests.contract.small_town import Town, key, small_town
from tests.contract.test_admin_people import BOSS, Office, code, person


@pytest.fixture(scope="module")
async def town(database: Database) -> AsyncIterator[Town]:
    async with small_town(database) as town:
        yield town


@pytest.fixture
def office(town: Town) -> Office:
    return Office(town)


async def factor(office: Office, account: UUID) -> None:
    await office.town.owner.execute(
        "INSERT INTO factors (id, account, kind, name, secret, made_at) VALUES ($1, $2, 'totp', 'App', '\\x01', now())",
        uuid4(), account,
    )  # fmt: skip
    await office.town.owner.execute("INSERT INTO recovery_codes VALUES ($1, $2)", account, uuid4().bytes)


HELD = """SELECT (SELECT count(*) FROM factors WHERE account = $1)
    + (SELECT count(*) FROM recovery_codes WHERE account = $1)"""


async def test_lost_factors_are_forgotten_by_an_admin_with_password_sessions_and_an_entry(office: Office) -> None:
    one = await office.made(f"d-{key()}", role="desk", station="s1")
    open_ = await office.session(one)
    assert open_.account is not None
    await factor(office, open_.account)
    kept = await office.admin.reset_password(BOSS, one.login, PasswordReset(version=1, reason="Forgot it."))
    assert await office.town.owner.fetchval(HELD, open_.account) == 2, "a password alone forgets no factor"
    again = PasswordReset(version=person(kept).version, reason="Phone stolen.", factors=True)
    reset = await office.admin.reset_password(BOSS, one.login, again)
    assert isinstance(reset, Changed) and reset.password
    assert await office.town.owner.fetchval(HELD, open_.account) == 0
    assert await office.people.ended_of([open_.session]) == {open_.session}
    assert (await office.kept(one.login))[0] == ("factors_reset", f"admin:{BOSS.account}", "Phone stolen.")
    chain = Chain(f"account:{open_.account}")
    entries = await PostgresJournal(office.town.pool).entries(chain, None, 10)
    assert ("factors_reset", f"admin:{BOSS.account}") in [(entry.act, entry.actor) for entry in entries]


async def test_nobody_forgets_the_own_factors_by_being_admin(office: Office) -> None:
    one = await office.made(f"a-{key()}", role="admin")
    own = await office.session(one)
    assert own.account is not None
    await factor(office, own.account)
    change = PasswordReset(version=1, reason="A stolen session says so.", factors=True)
    assert code(await office.admin.reset_password(own, one.login, change)) == "own_account"
    assert await office.town.owner.fetchval(HELD, own.account) == 2


async def test_the_only_admin_is_rescued_from_the_database_and_nobody_else_is(
    office: Office, database: Database
) -> None:
    one, desk = (
        await office.made(f"a-{key()}", role="admin"),
        await office.made(f"d-{key()}", role="desk", station="s1"),
    )
    open_ = await office.session(one)
    assert open_.account is not None
    await factor(office, open_.account)
    await office.town.owner.execute("UPDATE accounts SET suspended = true WHERE login = $1", one.login)
    password = await rescued(database.owner_url, one.login, "Lost phone and paper.", "root")
    account = await office.people.account(one.login)
    assert account is not None and password is not None and account.made and not account.suspended
    assert await Argon2Passwords().verify(password, account.password)
    assert await office.town.owner.fetchval(HELD, open_.account) == 0
    assert await office.people.ended_of([open_.session]) == {open_.session}
    assert (await office.kept(one.login))[0] == ("factors_reset", "rescue:root", "Lost phone and paper.")
    assert await rescued(database.owner_url, desk.login, "No.", "root") is None
    assert await rescued(database.owner_url, "nobody-at-all", "No.", "root") is None
