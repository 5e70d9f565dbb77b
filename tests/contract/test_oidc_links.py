"""Who of an identity provider is which account, as an admin says it."""

from collections.abc import AsyncIterator
from uuid import uuid4

import httpx
import pytest

from tests.conftest import Database
from tests.contract.federated import Door, code_of, federated
from tests.contract.test_people import officer


@pytest.fixture
async def door(database: Database, redis_url: str) -> AsyncIterator[Door]:
    async with federated(database, redis_url) as made:
        yield made


async def test_an_admin_links_a_person_and_ends_it_with_what_was_open(door: Door) -> None:
    login, account, _ = await officer(door.house)
    other, _, _ = await officer(door.house)
    boss, name = uuid4(), f"a{uuid4().hex[:8]}"
    await door.house.pool.execute("INSERT INTO accounts VALUES ($1, $2, 'x', 'admin')", boss, name)
    desk = door.browser("admin")
    assert (await door.comes(desk, sub=f"s-{name}", preferred_username=name)).status_code == 201

    async def put(whose: str, version: int, subject: str | None) -> httpx.Response:
        body = {"version": version, "reason": "As asked.", "subject": subject}
        return await desk.ask("PUT", f"/v1/admin/people/{whose}/identity", body)

    linked = await put(login, 1, "subject-7")
    assert linked.status_code == 200, linked.text
    assert linked.json()["person"]["identities"] == [{"issuer": door.forger.url, "subject": "subject-7"}]
    assert code_of(await put(login, 1, "subject-8")) == (409, "stale_version")
    assert code_of(await put(other, 1, "subject-7")) == (409, "identity_taken")
    assert code_of(await put("nobody", 1, "subject-9")) == (404, "not_found")
    assert code_of(await put(login, 2, "with blank")) == (422, "field_invalid")
    phone = door.browser()
    assert (await door.comes(phone, sub="subject-7")).status_code == 201, "no claim is needed"
    unlinked = await put(login, 2, None)
    assert unlinked.status_code == 200 and "identities" not in unlinked.json()["person"]
    assert await phone.code() == "session_ended" and await door.sessions(account) == 0
    assert code_of(await door.comes(phone, sub="subject-7")) == (403, "oidc_not_linked")
    verbs = await door.house.pool.fetch("SELECT verb FROM changes WHERE subject = $1 ORDER BY id", login)
    assert [row["verb"] for row in verbs] == ["linked", "unlinked"]
    assert code_of(await phone.ask("PUT", f"/v1/admin/people/{login}/identity", {})) == (401, "session_ended")
