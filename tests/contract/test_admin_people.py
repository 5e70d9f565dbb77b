"""People as an admin sets them, on the real record: versions, suspension at once, the last admin, what is kept."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from dispatch.adapters.passwords import Argon2Passwords
from dispatch.adapters.postgres.admin import PostgresAdmin
from dispatch.adapters.postgres.people import PostgresPeople
from dispatch.adapters.postgres.upkeep import PostgresUpkeep
from dispatch.admin.service import Administering
from dispatch.admin.values import Changed, PasswordReset, Person, PersonChange, Refused, Suspension
from dispatch.cases.facts import Answer
from dispatch.people.values import Role, Who
from tests.conftest import Database
from tests.contract.small_town import Town, key, small_town

BOSS = Who(uuid4(), Role.ADMIN, uuid4())
CHIEF = Who(uuid4(), Role.SUPERVISOR, uuid4())


class Heard:
    """Who must hear: keeps what it was told."""

    def __init__(self) -> None:
        self.over: list[UUID] = []
        self.answers: list[Answer] = []

    async def ended(self, sessions: Mapping[UUID, bytes | None]) -> None:
        assert all(sessions.values())
        self.over += sessions

    def committed(self, answers: Iterable[Answer]) -> None:
        self.answers += answers


class Office:
    """An admin's desk over the small town."""

    def __init__(self, town: Town) -> None:
        self.town, self.store, self.heard = town, PostgresAdmin(town.pool), Heard()
        self.passwords = Argon2Passwords(memory_kib=64, passes=1)
        self.admin = Administering(self.store, self.passwords, self.heard, self.heard)
        self.people = PostgresPeople(town.pool)

    async def officer(self, login: str = "", **other: Any) -> Person:
        meant: dict[str, Any] = {
            "role": "officer",
            "station": "s1",
            "call_sign": key()[:8],
            "surname": "王",
            "slots": 1,
        }
        return await self.made(login or f"o-{key()}", **(meant | other))

    async def made(self, login: str, **change: Any) -> Person:
        return person(await self.put(login, version=0, **change))

    async def put(self, login: str, *, who: Who = BOSS, reason: str = "Because.", **change: Any) -> Changed | Refused:
        return await self.admin.put_person(who, login, PersonChange(reason=reason, **change))

    async def again(self, one: Person, **change: Any) -> Changed | Refused:
        """The person as they are but for what is named."""
        fields = ("role", "station", "call_sign", "surname", "beat", "skills", "slots", "version")
        return await self.put(one.login, **({name: getattr(one, name) for name in fields} | change))

    async def suspend(self, one: Person, out: bool = True, who: Who = BOSS) -> Changed | Refused:
        change = Suspension(version=one.version, reason="Phone lost.", suspended=out)
        return await self.admin.suspend(who, one.login, change)

    async def session(self, one: Person) -> Who:
        """Signed in."""
        account = await self.people.account(one.login)
        assert account is not None
        who = Who(uuid4(), account.role, account.id, account.officer, account.station)
        await self.town.owner.execute(
            "INSERT INTO sessions (id, token_mac, account, role, station, officer, expires_at)"
            " VALUES ($1, $2, $3, $4, $5, $6, clock_timestamp() + interval '1 hour')",
            who.session, uuid4().bytes, who.account, who.role, who.station, who.officer,
        )  # fmt: skip
        return who

    async def kept(self, login: str) -> list[tuple[str, str, str]]:
        found = await self.store.changes("person", login, None, 100)
        return [(one.verb, one.actor, one.reason) for one in found.changes]


def person(outcome: Changed | Refused) -> Person:
    assert isinstance(outcome, Changed) and outcome.person is not None, outcome
    return outcome.person


def code(outcome: Changed | Refused) -> str:
    assert isinstance(outcome, Refused), outcome
    return outcome.code


@pytest.fixture(scope="module")
async def town(database: Database) -> AsyncIterator[Town]:
    async with small_town(database) as town:
        beat = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}
        insert = "INSERT INTO areas (id, kind, station, name, outline) VALUES ($1, 'beat', 's1', $1, $2::text::jsonb)"
        await town.owner.execute(insert, "beat:b1", json.dumps(beat))
        yield town


@pytest.fixture
async def office(town: Town) -> AsyncIterator[Office]:
    yield Office(town)
    await town.owner.execute("DELETE FROM sessions")


async def test_a_new_officer_has_all_that_was_set_and_a_password_that_opens(office: Office) -> None:
    ends = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=8)
    outcome = await office.put("officer-7", version=0, role="officer", station="s1", call_sign="0007", surname="李",
                               beat="b1", skills=("dog", "mediator"), slots=2, shift_ends_at=ends)  # fmt: skip
    made = person(outcome)
    assert isinstance(outcome, Changed) and outcome.password is not None
    account = await office.people.account("officer-7")
    assert account is not None and await office.passwords.verify(outcome.password, account.password)
    assert (made.version, made.beat, made.skills, made.slots, made.shift_ends_at) == (
        1,
        "b1",
        ("dog", "mediator"),
        2,
        ends,
    )
    assert account.officer == made.officer and not made.on_duty
    (listed,) = (await office.store.people(None, None, "0007", "", 10)).people
    assert listed == made
    kept = (await office.store.changes("person", "officer-7", None, 10)).changes
    assert [(one.verb, one.actor, one.before) for one in kept] == [("made", f"admin:{BOSS.account}", None)]
    assert kept[0].after["call_sign"] == "0007" and outcome.password not in str(kept)


async def test_a_stale_version_changes_nothing_and_names_itself(office: Office) -> None:
    one = await office.officer()
    other = person(await office.again(one, surname="张"))
    assert code(await office.again(one, surname="赵")) == "stale_version"
    assert code(await office.suspend(one)) == "stale_version"
    reset = await office.admin.reset_password(BOSS, one.login, PasswordReset(version=one.version, reason="Forgot."))
    assert code(reset) == "stale_version"
    (now,) = (await office.store.people(None, None, one.login, "", 2)).people
    assert (now.surname, now.version, other.version) == ("张", 2, 2)
    assert [verb for verb, _, _ in await office.kept(one.login)] == ["changed", "made"]


async def test_of_two_changes_from_one_version_exactly_one_is_made(office: Office) -> None:
    one = await office.officer()
    outcomes = await asyncio.gather(*(office.again(one, surname=name) for name in "钱孙李周"))
    assert sorted(isinstance(outcome, Changed) for outcome in outcomes) == [False, False, False, True]


async def test_two_who_are_made_at_once_by_one_name_are_one(office: Office) -> None:
    calls = [office.put("twin", version=0, role="desk", station="s1") for _ in range(4)]
    outcomes = await asyncio.gather(*calls)
    refused = [code(outcome) for outcome in outcomes if isinstance(outcome, Refused)]
    assert refused == ["exists"] * 3
    signs = [office.put(f"sign-{n}", version=0, role="officer", station="s1", call_sign="SAME", surname="王", slots=1)
             for n in range(3)]  # fmt: skip
    refused = [code(outcome) for outcome in await asyncio.gather(*signs) if isinstance(outcome, Refused)]
    assert refused == ["call_sign_taken"] * 2


@pytest.mark.parametrize(
    ("change", "wanted", "pointer"),
    [
        ({"role": "desk"}, "field_missing", "/station"),
        ({"role": "admin", "station": "s1"}, "field_invalid", "/station"),
        ({"role": "officer", "station": "s1", "surname": "王", "slots": 1}, "field_missing", "/call_sign"),
        ({"role": "desk", "station": "s1", "skills": ("dog",)}, "field_invalid", "/skills"),
        ({"role": "supervisor", "slots": 3}, "field_invalid", "/slots"),
        ({"role": "desk", "station": "nowhere"}, "station_unknown", ""),
    ],
)  # fmt: skip
async def test_parts_that_do_not_fit_are_refused_by_their_place(
    office: Office, change: dict[str, Any], wanted: str, pointer: str
) -> None:
    outcome = await office.put("nobody-new", version=0, **change)
    assert isinstance(outcome, Refused) and (outcome.code, outcome.pointer) == (wanted, pointer)
    assert await office.store.role_of("nobody-new") is None


async def test_what_the_record_knows_better_is_refused(office: Office) -> None:
    one = await office.officer(slots=2)
    assert code(await office.again(one, beat="b9")) == "beat_unknown"
    assert code(await office.again(one, station="s2", beat="b1")) == "beat_unknown", "it is a beat of another station"
    assert code(await office.put(one.login, version=1, role="desk", station="s1")) == "role_fixed"
    assert code(await office.put("Not A Name", version=0, role="admin")) == "name_invalid"
    assert code(await office.put("who", version=3, role="admin")) == "not_found"
    assert one.officer is not None
    assert (await office.town.duty(one.officer, True)).ok
    assert code(await office.again(one, station="s2")) == "on_duty"
    for _ in range(2):
        case = await office.town.report(one.officer)
        assert (await office.town.claim(case, one.officer)).ok
    assert code(await office.again(one, slots=1)) == "slots_held"


async def test_a_suspension_ends_every_session_in_its_own_commit_and_is_told(office: Office) -> None:
    one = await office.officer()
    sessions = {(await office.session(one)).session for _ in range(3)}
    stranger = await office.session(await office.officer())
    assert await office.people.ended_of([*sessions, stranger.session]) == set()
    outcome = await office.suspend(one)
    assert person(outcome).suspended and set(office.heard.over) == sessions
    assert await office.people.ended_of([*sessions, stranger.session]) == sessions
    assert sessions <= set(await PostgresUpkeep(office.town.pool).ended_sessions()), "as a sign-out tells sockets"
    account = await office.people.account(one.login)
    assert account is not None and account.suspended
    back = person(await office.suspend(person(outcome), out=False))
    assert not back.suspended and await office.people.ended_of([*sessions]) == sessions
    assert [verb for verb, _, _ in await office.kept(one.login)] == ["let_in", "suspended", "made"]


async def test_a_suspended_officer_is_off_duty_and_the_case_in_hand_is_named(office: Office) -> None:
    one = await office.officer(slots=2)
    assert one.officer is not None and (await office.town.duty(one.officer, True)).ok
    case = await office.town.report(one.officer)
    assert (await office.town.claim(case, one.officer)).ok
    outcome = await office.suspend(one)
    assert isinstance(outcome, Changed) and outcome.holding == (case,)
    (told,) = [fact for answer in office.heard.answers for fact in answer.facts]
    assert (told.kind, told.officer, told.body["on"]) == ("duty", one.officer, False)
    again = await office.town.report(one.officer)
    assert (await office.town.state(again)).status == "at_station", "a lost phone is asked no more"
    taken = await office.town.desk(case, "officer_taken_back", one.officer)
    assert taken.ok, taken.reason
    assert await office.town.owner.fetchval("SELECT held FROM officers WHERE id = $1", one.officer) == 0


async def test_who_is_on_duty_is_told_of_anew_when_changed(office: Office) -> None:
    one = await office.officer()
    assert one.officer is not None and (await office.town.duty(one.officer, True)).ok
    now = person(await office.again(one, slots=3, beat="b1", surname="林"))
    (fact,) = [fact for answer in office.heard.answers for fact in answer.facts]
    assert fact.body == {"on": True, "call_sign": one.call_sign, "surname": "林", "slots": 3, "beat": "beat:b1"}
    assert now.on_duty and fact.stream == "s1"


async def test_who_comes_to_another_station_signs_in_anew(office: Office) -> None:
    desk = await office.made(f"d-{key()}", role="desk", station="s1")
    open_ = await office.session(desk)
    assert open_.account is not None
    await office.town.store.set_desk_shift(open_.account, "s1", True, key(), "aa")
    assert person(await office.put(desk.login, version=1, role="desk", station="s1")).version == 2
    assert await office.people.ended_of([open_.session]) == set()
    await office.put(desk.login, version=2, role="desk", station="s2")
    assert await office.people.ended_of([open_.session]) == {open_.session}
    officer = await office.officer()
    walked = await office.session(officer)
    await office.again(officer, station="s2")
    assert office.heard.over == [open_.session, walked.session], "the cache hears at once"
    staffed = "SELECT count(*) FROM desk_shifts WHERE account = $1"
    assert await office.town.owner.fetchval(staffed, open_.account) == 0


async def test_the_last_admin_stays(office: Office) -> None:
    await office.town.owner.execute("UPDATE accounts SET suspended = true WHERE role = 'admin'")
    one = await office.made(f"a-{key()}", role="admin")
    assert code(await office.suspend(one)) == "last_admin"
    two = await office.made(f"a-{key()}", role="admin")
    account = await office.people.account(two.login)
    assert account is not None
    own = Who(uuid4(), Role.ADMIN, account.id)
    assert code(await office.suspend(two, who=own)) == "own_account"
    outcomes = await asyncio.gather(office.suspend(one), office.suspend(two))
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Changed", "Refused"]
    left = "SELECT count(*) FROM accounts WHERE role = 'admin' AND NOT suspended"
    assert await office.town.owner.fetchval(left) == 1


async def test_a_supervisor_stops_officers_and_desks_and_lets_nobody_in(office: Office) -> None:
    officer, boss = await office.officer(), await office.made(f"a-{key()}", role="admin")
    chief = await office.made(f"s-{key()}", role="supervisor")
    for one in (boss, chief):
        assert code(await office.suspend(one, who=CHIEF)) == "not_allowed"
    out = person(await office.suspend(officer, who=CHIEF))
    assert code(await office.suspend(out, out=False, who=CHIEF)) == "not_allowed"
    assert (await office.kept(officer.login))[0][:2] == ("suspended", f"supervisor:{CHIEF.account}")


async def test_a_reset_password_opens_once_it_is_told_and_the_old_one_and_its_sessions_end(office: Office) -> None:
    outcome = await office.put(f"d-{key()}", version=0, role="desk", station="s1")
    one, old = person(outcome), outcome.password if isinstance(outcome, Changed) else None
    open_ = await office.session(one)
    reset = await office.admin.reset_password(BOSS, one.login, PasswordReset(version=1, reason="Forgot it."))
    assert isinstance(reset, Changed) and reset.password and old
    account = await office.people.account(one.login)
    assert account is not None
    assert await office.passwords.verify(reset.password, account.password)
    assert not await office.passwords.verify(old, account.password)
    assert office.heard.over == [open_.session]
    assert account.made, "it opens nothing but the choice of one's own"
    assert "argon2" not in str(await office.store.changes("person", one.login, None, 10))


async def test_a_planned_end_of_a_shift_holds_when_the_officer_comes_on_duty(office: Office) -> None:
    ends = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=6)
    one = await office.officer(shift_ends_at=ends)
    assert one.officer is not None and (await office.town.duty(one.officer, True)).ok
    kept = "SELECT shift_ends_at FROM officers WHERE id = $1"
    assert await office.town.owner.fetchval(kept, one.officer) == ends
    await office.town.duty(one.officer, False)
    assert await office.town.owner.fetchval(kept, one.officer) is None


async def test_people_are_read_in_pages_by_role_station_and_text(office: Office) -> None:
    tag = key()[:6]
    for n in range(5):
        await office.officer(f"{tag}-{n}", station="s1" if n % 2 else "s2", call_sign=f"{tag}{n}")
    first = await office.store.people("officer", None, tag, "", 3)
    assert [one.login for one in first.people] == [f"{tag}-{n}" for n in range(3)] and first.more
    rest = await office.store.people("officer", None, tag, first.people[-1].login, 3)
    assert [one.login for one in rest.people] == [f"{tag}-3", f"{tag}-4"] and not rest.more
    assert len((await office.store.people("officer", "s1", tag, "", 10)).people) == 2
    assert (await office.store.people("desk", None, tag, "", 10)).people == ()


async def test_the_towns_chain_holds_the_digest_of_every_change(office: Office) -> None:
    one = await office.officer()
    await office.again(one, surname="何")
    digests = """
        SELECT c.verb, a.actor = c.actor AND a.body ->> 'sha256' = change_digest(c) AS same FROM audit a
        JOIN changes c ON c.id = (a.body ->> 'change')::bigint
        WHERE a.chain = 'town' AND a.act = 'change_person' AND c.subject = $1 ORDER BY c.id
    """
    rows = await office.town.owner.fetch(digests, one.login)
    assert [tuple(row) for row in rows] == [("made", True), ("changed", True)]
    await office.town.owner.execute("UPDATE changes SET reason = 'Another.' WHERE subject = $1", one.login)
    rows = await office.town.owner.fetch(digests, one.login)
    assert [row["same"] for row in rows] == [False, False], "a superuser's edit is seen"


async def test_the_record_of_changes_cannot_be_altered_by_the_services(office: Office) -> None:
    rights = "SELECT has_table_privilege('changes', $1)"
    may = {right: await office.town.pool.fetchval(rights, right) for right in ("SELECT", "INSERT", "UPDATE", "DELETE")}
    assert may == {"SELECT": True, "INSERT": True, "UPDATE": False, "DELETE": False}
