"""The audit on real PostgreSQL: what is entered, who may change it, what a witness writes, and that edits are found."""

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import msgspec
import pytest

from dispatch.adapters.heads import HeadsFolder, lines_of
from dispatch.adapters.postgres.audit import PostgresAudited, PostgresJournal, PostgresSnapshot
from dispatch.adapters.signing import KEY_FILE, Ed25519Signer, Ed25519Verifier
from dispatch.audit.chains import Chain, read_of
from dispatch.audit.ports import Person
from dispatch.audit.record import Mark, Record, RecordsError, opened, seal
from dispatch.audit.tree import Heads
from dispatch.audit.verifying import Kind, Verdict, Witnessed, verify
from dispatch.audit.witness import Witness
from scripts.audit_drill import Told, edit_and_look, fill, witnessed
from scripts.drill.edits import EDITS
from tests.conftest import Database, MakeDatabase
from tests.contract.small_town import Town, small_town

SIGNER = Ed25519Signer(b"of these tests alone")
EMPTY = Heads().root().hex()
VERIFIER = Ed25519Verifier(SIGNER.pem())


@pytest.fixture(scope="module")
async def town(database: Database) -> AsyncIterator[Town]:
    async with small_town(database) as town:
        yield town


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[HeadsFolder]:
    folder = HeadsFolder(tmp_path, KEY_FILE, SIGNER.pem())
    yield folder
    folder.release()


def witness(town: Town, outside: HeadsFolder) -> Witness:
    return Witness(PostgresJournal(town.pool), outside, SIGNER)


async def judged(database: Database, folder: Path) -> Verdict:
    async with PostgresAudited(database.app_url).snapshot() as snapshot:
        return await verify(snapshot, Witnessed(opened(lines_of(folder), VERIFIER)))


async def worked(town: Town) -> tuple[str, ...]:
    """A case that was claimed, talked about and cleared; its id."""
    officer = await town.officer()
    case = await town.report(officer)
    await town.claim(case, officer)
    for event in ("set_out", "arrived"):
        assert (await town.act(case, event, officer, fence=1)).ok
    return (str(case),)


async def test_what_the_service_does_is_clean_and_goes_on_being_clean(
    town: Town, outside: HeadsFolder, database: Database, tmp_path: Path
) -> None:
    journal = PostgresJournal(town.pool)
    one = witness(town, outside)
    for turn in range(3):
        (case,) = await worked(town)
        await journal.enter(
            Chain(f"read:{case}"), "desk:1", "read_case", {"why": "'|\"\\u0000é".replace("\\u0000", "")}
        )
        record = await one.turn()
        assert record is not None and record.n == turn + 1 and f"case:{case}" in record.chains
    found = await judged(database, tmp_path)
    assert found.problems == [] and found.records == 3 and found.cases >= 3 and found.entries >= 3 * 6


async def test_a_minute_in_which_nothing_happened_has_its_record_too(
    town: Town, outside: HeadsFolder, tmp_path: Path
) -> None:
    one = witness(town, outside)
    await one.turn()
    still = await one.turn()
    assert still is not None and (still.n, still.streams, still.chains) == (2, {}, {})


async def test_a_witness_that_died_is_followed_by_one_that_goes_on(
    town: Town, outside: HeadsFolder, database: Database, tmp_path: Path
) -> None:
    await witness(town, outside).turn()
    other = HeadsFolder(tmp_path, KEY_FILE, SIGNER.pem())
    second = witness(town, other)
    assert await second.turn() is None, "one at a time holds the folder"
    outside.release()
    with (tmp_path / "heads-000001.jsonl").open("ab") as file:
        file.write(b'{"record":"half a line that a death left')
    await worked(town)
    record = await second.turn()
    other.release()
    assert record is not None and record.n == 2
    assert (await judged(database, tmp_path)).problems == []


async def test_the_services_login_can_lengthen_a_chain_and_do_nothing_else_to_it(
    town: Town, database: Database
) -> None:
    (case,) = await worked(town)
    await PostgresJournal(town.pool).enter(Chain(f"read:{case}"), "desk:1", "read_case", {})
    connection = await asyncpg.connect(database.app_url)
    try:
        for table in ("events", "audit", "audit_chains"):
            for statement in (
                f"UPDATE {table} SET seq = seq",  # noqa: S608 - names of this list
                f"DELETE FROM {table}",  # noqa: S608
                f"TRUNCATE {table}",
                f"ALTER TABLE {table} DISABLE TRIGGER ALL",
                f"DROP TABLE {table}",
            ):
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await connection.execute(statement)
        for statement in (
            "INSERT INTO audit VALUES ('town', 1, now(), 'x', 'x', '{}', '')",
            "INSERT INTO audit_chains VALUES ('town', 9, '')",
            "DROP FUNCTION audit_entry(text, text, text, jsonb)",
            "ALTER TABLE sessions DISABLE TRIGGER sessions_audited_in",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
    finally:
        await connection.close()


async def test_coming_and_going_is_entered_and_a_reporters_is_not(town: Town) -> None:
    await town.owner.execute("DELETE FROM sessions")
    account, case = await town.owner.fetchval("SELECT gen_random_uuid()"), await town.report()
    await town.owner.execute(
        "INSERT INTO accounts (id, login, role, station, password) VALUES ($1, $2, 'desk', 's1', 'x')",
        account, f"desk-{account}",
    )  # fmt: skip
    await town.owner.execute(
        "INSERT INTO sessions (id, token_mac, account, role, case_id, expires_at) VALUES "
        "(gen_random_uuid(), 'a', $1, 'desk', NULL, now() + interval '1 h'), "
        "(gen_random_uuid(), 'b', NULL, 'reporter', $2, now() + interval '1 h')",
        account, case,
    )  # fmt: skip
    await town.owner.execute("UPDATE sessions SET revoked_at = now()")
    entries = await PostgresJournal(town.pool).entries(Chain(f"account:{account}"), None, 10)
    assert [entry.act for entry in entries] == ["session_ended", "signed_in"]
    assert await PostgresJournal(town.pool).entries(read_of(case), None, 10) == []


async def test_an_id_of_an_account_or_of_an_officer_is_told_as_the_person_and_a_strangers_is_not(town: Town) -> None:
    account, officer, stranger = [await town.owner.fetchval("SELECT gen_random_uuid()") for _ in range(3)]
    await town.owner.execute(
        "INSERT INTO officers (id, station, call_sign, surname) VALUES ($1, 's1', 'A17', 'Li')", officer
    )
    await town.owner.execute(
        "INSERT INTO accounts (id, login, role, officer, password) VALUES ($1, $2, 'officer', $3, 'x')",
        account, f"officer-{account}", officer,
    )  # fmt: skip
    person, journal = Person(account, f"officer-{account}", "A17"), PostgresJournal(town.pool)
    for named in (account, officer):  # each alone: an entry by an officer names no account
        assert await journal.people([named, stranger]) == {named: person}
    assert await journal.people([account, officer]) == dict.fromkeys((account, officer), person)
    assert await journal.people([]) == {}


async def test_what_was_witnessed_and_then_cut_off_is_missing(
    town: Town, outside: HeadsFolder, database: Database, tmp_path: Path
) -> None:
    (case,) = await worked(town)
    await witness(town, outside).turn()
    undo = town.owner.transaction()
    await undo.start()
    await town.owner.execute("DELETE FROM events WHERE case_id = $1::uuid AND seq = 4", case)
    await town.owner.execute(
        "UPDATE cases c SET seq = 3, head = (SELECT hash FROM events WHERE case_id = c.id AND seq = 3) "
        "WHERE id = $1::uuid",
        case,
    )
    found = await verify(PostgresSnapshot(town.owner), Witnessed(opened(lines_of(tmp_path), VERIFIER)))
    await undo.rollback()
    assert any(p.case == case and p.kind in (Kind.MISSING, Kind.CHANGED) for p in found.problems), found.problems


async def test_every_kind_of_edit_is_found_and_the_untouched_history_has_none(
    make_database: MakeDatabase, tmp_path: Path
) -> None:
    made = await make_database("edits")
    await fill(made.owner_url, 40)
    await witnessed(made.owner_url, tmp_path)
    told = Told(seed=7, edits=2 * len(EDITS))
    await edit_and_look(made.owner_url, tmp_path, told.edits, told.seed, told)
    assert told.found == told.edits, told.missed


def records(folder: Path) -> list[str]:
    return [json.loads(line)["record"] for line in lines_of(folder)]


async def test_records_that_were_touched_are_not_believed(town: Town, outside: HeadsFolder, tmp_path: Path) -> None:
    one = witness(town, outside)
    for _ in range(3):
        await worked(town)
        await one.turn()
    lines = lines_of(tmp_path)
    other = Ed25519Verifier(Ed25519Signer(b"somebody else").pem())
    with pytest.raises(RecordsError, match="not signed by this key"):
        list(opened(lines, other))
    with pytest.raises(RecordsError, match="does not follow"):
        list(opened([lines[0], lines[2]], VERIFIER))
    with pytest.raises(RecordsError, match="not signed"):
        list(opened([lines[0].replace(b"s1", b"s2")], VERIFIER))
    assert len(list(opened(lines, VERIFIER))) == 3


async def test_another_witness_does_not_write_among_the_records_of_the_first(town: Town, outside: HeadsFolder) -> None:
    await witness(town, outside).turn()
    outside.release()
    other = HeadsFolder(outside._folder, KEY_FILE, Ed25519Signer(b"another").pem())
    with pytest.raises(RecordsError, match="begin another folder"):
        await witness(town, other).turn()
    assert len(lines_of(outside._folder)) == 1


NULLED = {
    "an entry's number": "UPDATE events SET seq = NULL WHERE case_id = $1::uuid AND seq = 3",
    "an entry's place": "ALTER TABLE events DROP CONSTRAINT events_pkey CASCADE; "
    "ALTER TABLE events ALTER COLUMN stream_offset DROP NOT NULL; "
    "UPDATE events SET stream_offset = NULL WHERE case_id = '$1' AND seq = 3",
    "an entry's body": "ALTER TABLE events ALTER COLUMN body DROP NOT NULL; "
    "UPDATE events SET body = NULL WHERE case_id = '$1'",
    "a reading's number": "ALTER TABLE audit DROP CONSTRAINT audit_pkey; "
    "ALTER TABLE audit ALTER COLUMN seq DROP NOT NULL; "
    "UPDATE audit SET seq = NULL WHERE chain = 'read:$1'",
    "a reading's hash": "ALTER TABLE audit ALTER COLUMN hash DROP NOT NULL; "
    "UPDATE audit SET hash = NULL WHERE chain = 'read:$1' AND seq = 1",
}


@pytest.mark.parametrize("what", NULLED)
async def test_a_row_that_lost_its_number_is_a_problem_and_no_crash(
    town: Town, outside: HeadsFolder, tmp_path: Path, what: str
) -> None:
    (case,) = await worked(town)
    for _ in range(2):
        await PostgresJournal(town.pool).enter(Chain(f"read:{case}"), "desk:1", "read_case", {})
    await witness(town, outside).turn()
    undo = town.owner.transaction()
    await undo.start()
    for statement in NULLED[what].replace("$1::uuid", f"'{case}'").replace("$1", case).split("; "):
        await town.owner.execute(statement)
    found = await verify(PostgresSnapshot(town.owner), Witnessed(opened(lines_of(tmp_path), VERIFIER)))
    await undo.rollback()
    assert found.problems, what


def test_a_stream_mark_that_is_no_hash_is_told_of_its_record() -> None:
    unsound = Record(n=1, at=1, before="", epoch="e", streams={"s1": Mark(1, "no hex")}, chains={}, root=EMPTY)
    line, _ = seal(unsound, SIGNER)
    with pytest.raises(RecordsError, match="record 1 is not one"):
        list(opened([msgspec.json.encode(line)], VERIFIER))


CHANGED = {
    "its reason": "UPDATE changes SET reason = 'Another.' WHERE id = $1",
    "who did it": "UPDATE changes SET actor = 'admin:another' WHERE id = $1",
    "whom it was about": "UPDATE changes SET subject = 'another' WHERE id = $1",
    "what became of it": "UPDATE changes SET after = '{}' WHERE id = $1",
    "it is gone": "DELETE FROM changes WHERE id = $1",
    "one more": "INSERT INTO changes (at, actor, kind, subject, verb, reason) SELECT at, actor, kind, subject, verb, "
    "reason FROM changes WHERE id = $1",
}


@pytest.mark.parametrize("what", CHANGED)
async def test_changes_are_held_against_the_digests_in_the_chain(
    town: Town, outside: HeadsFolder, tmp_path: Path, what: str
) -> None:
    note = "SELECT note_change($1, 'person', $2, 'suspended', '{\"a\": 1}', '{\"a\": 2}', clock_timestamp())"
    for n in range(2):
        await town.owner.fetch(note, json.dumps({"actor": "admin:1", "reason": "Because."}), f"login-{n}")
    await witness(town, outside).turn()
    latest = await town.owner.fetchval("SELECT max(id) FROM changes")
    undo = town.owner.transaction()
    await undo.start()
    records = Witnessed(opened(lines_of(tmp_path), VERIFIER))
    assert (await verify(PostgresSnapshot(town.owner), records)).problems == []
    await town.owner.execute(CHANGED[what], latest)
    records = Witnessed(opened(lines_of(tmp_path), VERIFIER))
    found = await verify(PostgresSnapshot(town.owner), records)
    await undo.rollback()
    wanted = {"it is gone": Kind.MISSING, "one more": Kind.ADDED}.get(what, Kind.CHANGE)
    assert [problem.kind for problem in found.problems] == [wanted]
