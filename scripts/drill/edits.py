"""What somebody with every right in the database may do to its history, one edit each; all of them must be found.

An edit is SQL that a superuser runs inside a transaction, rolled back after the verifier has looked. It may use the
very functions that make true hashes: whoever owns the database has them.
"""

import random
from collections.abc import Awaitable, Callable
from typing import Any, Final

Edit = Callable[[Any, random.Random], Awaitable[None]]

EDITS: Final[dict[str, Edit]] = {}

REHASH: Final = """
DO $$ DECLARE e record; v_head bytea := ''; BEGIN
    FOR e IN SELECT * FROM events WHERE case_id = current_setting('drill.case')::uuid ORDER BY seq LOOP
        v_head := entry_hash(v_head, e.case_id, e.seq, e.kind, e.actor, e.officer,
            (extract(epoch FROM e.at) * 1000000)::bigint, e.body);
        UPDATE events SET hash = v_head WHERE case_id = e.case_id AND seq = e.seq;
        UPDATE cases SET seq = e.seq, head = v_head WHERE id = e.case_id;
    END LOOP;
END $$"""


def edit(name: str) -> Callable[[Edit], Edit]:
    def keep(one: Edit) -> Edit:
        EDITS[name] = one
        return one

    return keep


async def _case(connection: Any, dice: random.Random) -> tuple[str, int]:
    """Any case, and how many entries it has."""
    cases = await connection.fetch("SELECT id::text, seq FROM cases ORDER BY id")
    row = dice.choice(cases)
    return row[0], row[1]


async def _set(connection: Any, dice: random.Random, statement: str) -> None:
    """One entry of a case; `statement` takes the case and the number."""
    case, entries = await _case(connection, dice)
    await connection.execute(statement, case, dice.randint(1, entries))


async def _rewritten(connection: Any, case: str) -> None:
    """The whole chain made true again, and its row with it."""
    await connection.execute("SELECT set_config('drill.case', $1, true)", case)
    await connection.execute(REHASH)


@edit("a body is changed")
async def _body(connection: Any, dice: random.Random) -> None:
    await _set(
        connection, dice, "UPDATE events SET body = body || '{\"changed\": 1}' WHERE case_id = $1::uuid AND seq = $2"
    )


@edit("an actor is changed")
async def _actor(connection: Any, dice: random.Random) -> None:
    await _set(connection, dice, "UPDATE events SET actor = 'somebody' WHERE case_id = $1::uuid AND seq = $2")


@edit("a kind is changed")
async def _kind(connection: Any, dice: random.Random) -> None:
    await _set(connection, dice, "UPDATE events SET kind = kind || '_' WHERE case_id = $1::uuid AND seq = $2")


@edit("an officer is changed")
async def _officer(connection: Any, dice: random.Random) -> None:
    await _set(connection, dice, "UPDATE events SET officer = gen_random_uuid() WHERE case_id = $1::uuid AND seq = $2")


@edit("a time is changed by a microsecond")
async def _time(connection: Any, dice: random.Random) -> None:
    await _set(
        connection, dice, "UPDATE events SET at = at + interval '1 microsecond' WHERE case_id = $1::uuid AND seq = $2"
    )


@edit("a hash is changed")
async def _hash(connection: Any, dice: random.Random) -> None:
    await _set(connection, dice, "UPDATE events SET hash = sha256(hash) WHERE case_id = $1::uuid AND seq = $2")


@edit("an entry is deleted")
async def _deleted(connection: Any, dice: random.Random) -> None:
    case, entries = await _case(connection, dice)
    await connection.execute("DELETE FROM events WHERE case_id = $1::uuid AND seq = $2", case, dice.randint(1, entries))


@edit("two entries are exchanged")
async def _exchanged(connection: Any, dice: random.Random) -> None:
    case, entries = await _case(connection, dice)
    one, other = dice.sample(range(1, entries + 1), 2)
    await connection.execute(
        "UPDATE events SET seq = -seq WHERE case_id = $1::uuid AND seq IN ($2, $3)", case, one, other
    )
    await connection.execute(
        "UPDATE events SET seq = CASE WHEN seq = -$2::integer THEN $3 ELSE $2 END WHERE case_id = $1::uuid AND seq < 0",
        case, one, other,
    )  # fmt: skip


@edit("a chain is rewritten whole with true hashes")
async def _whole(connection: Any, dice: random.Random) -> None:
    case, entries = await _case(connection, dice)
    at = dice.randint(1, entries)
    await connection.execute("UPDATE events SET actor = 'forged' WHERE case_id = $1::uuid AND seq = $2", case, at)
    await _rewritten(connection, case)


@edit("an entry is left out and the chain made true again")
async def _closed_up(connection: Any, dice: random.Random) -> None:
    case, entries = await _case(connection, dice)
    gone = dice.randint(1, entries - 1)
    await connection.execute("DELETE FROM events WHERE case_id = $1::uuid AND seq = $2", case, gone)
    await connection.execute("UPDATE events SET seq = -(seq - 1) WHERE case_id = $1::uuid AND seq > $2", case, gone)
    await connection.execute("UPDATE events SET seq = -seq WHERE case_id = $1::uuid AND seq < 0", case)
    await _rewritten(connection, case)


@edit("an entry is put in and the chain made true again")
async def _put_in(connection: Any, dice: random.Random) -> None:
    case, entries = await _case(connection, dice)
    before = dice.randint(1, entries)
    await connection.execute("UPDATE events SET seq = -(seq + 1) WHERE case_id = $1::uuid AND seq >= $2", case, before)
    await connection.execute("UPDATE events SET seq = -seq WHERE case_id = $1::uuid AND seq < 0", case)
    await connection.execute(
        "INSERT INTO events (stream, stream_offset, case_id, seq, kind, actor, at, body, hash) "
        "SELECT 'forged', coalesce(max(stream_offset), 0) + 1, $1::uuid, $2::integer, 'advised', 'service', now(), "
        "'{}', '' FROM events WHERE stream = 'forged'",
        case, before,
    )  # fmt: skip
    await _rewritten(connection, case)


@edit("the tail of a chain is cut and its row with it")
async def _tail(connection: Any, dice: random.Random) -> None:
    case, entries = await _case(connection, dice)
    left = dice.randint(1, entries - 1)
    await connection.execute("DELETE FROM events WHERE case_id = $1::uuid AND seq > $2", case, left)
    await _rewritten(connection, case)


@edit("a case disappears")
async def _case_gone(connection: Any, dice: random.Random) -> None:
    case, _ = await _case(connection, dice)
    await connection.execute("DELETE FROM events WHERE case_id = $1::uuid", case)
    await connection.execute("DELETE FROM cases WHERE id = $1::uuid", case)


@edit("an older copy of everything is put back")
async def _older(connection: Any, dice: random.Random) -> None:
    streams = await connection.fetch("SELECT stream, next_offset FROM streams WHERE next_offset > 1")
    for row in streams:
        top = dice.randint(row[1] // 2, row[1] - 1)
        await connection.execute("DELETE FROM events WHERE stream = $1 AND stream_offset > $2", row[0], top)
        await connection.execute("UPDATE streams SET next_offset = $2 WHERE stream = $1", row[0], top)
    await connection.execute("DELETE FROM cases c WHERE NOT EXISTS (SELECT FROM events e WHERE e.case_id = c.id)")
    await connection.execute(
        "UPDATE cases c SET seq = e.seq, head = e.hash "
        "FROM (SELECT DISTINCT ON (case_id) case_id, seq, hash FROM events "
        "WHERE case_id IS NOT NULL ORDER BY case_id, seq DESC) e WHERE e.case_id = c.id"
    )


@edit("the words of a report are changed")
async def _words(connection: Any, dice: random.Random) -> None:
    case, _ = await _case(connection, dice)
    await connection.execute("UPDATE cases SET words = words || '!' WHERE id = $1::uuid", case)


@edit("a row says that its chain ends elsewhere")
async def _row(connection: Any, dice: random.Random) -> None:
    case, _ = await _case(connection, dice)
    await connection.execute("UPDATE cases SET seq = seq - 1 WHERE id = $1::uuid", case)


@edit("entries of a stream change places")
async def _places(connection: Any, dice: random.Random) -> None:
    stream, top = await _stream(connection, dice)
    one = dice.randint(1, top - 1)
    for old, new in ((one, -1), (one + 1, one), (-1, one + 1)):
        await connection.execute(
            "UPDATE events SET stream_offset = $3 WHERE stream = $1 AND stream_offset = $2", stream, old, new
        )


@edit("an entry of no case is changed")
async def _caseless(connection: Any, dice: random.Random) -> None:
    rows = await connection.fetch("SELECT stream, stream_offset FROM events WHERE case_id IS NULL ORDER BY 1, 2")
    row = dice.choice(rows)
    await connection.execute(
        "UPDATE events SET body = '{\"changed\": 1}' WHERE stream = $1 AND stream_offset = $2", row[0], row[1]
    )


@edit("a reading is changed")
async def _reading(connection: Any, dice: random.Random) -> None:
    chain = await _audited(connection, dice)
    await connection.execute("UPDATE audit SET actor = 'nobody' WHERE chain = $1 AND seq = 1", chain)


@edit("a reading disappears with its chain")
async def _unread(connection: Any, dice: random.Random) -> None:
    chain = await _audited(connection, dice)
    await connection.execute("DELETE FROM audit WHERE chain = $1", chain)
    await connection.execute("DELETE FROM audit_chains WHERE chain = $1", chain)


@edit("a reading's chain is made anew with another reader")
async def _another(connection: Any, dice: random.Random) -> None:
    chain = await _audited(connection, dice)
    await _unchained(connection, chain)
    await connection.execute("SELECT audit_entry($1, 'desk:other', 'read_case', '{}')", chain)


async def _unchained(connection: Any, chain: str) -> None:
    await connection.execute("DELETE FROM audit WHERE chain = $1", chain)
    await connection.execute("DELETE FROM audit_chains WHERE chain = $1", chain)


async def _stream(connection: Any, dice: random.Random) -> tuple[str, int]:
    rows = await connection.fetch("SELECT stream, next_offset FROM streams WHERE next_offset > 2 ORDER BY 1")
    row = dice.choice(rows)
    return row[0], row[1]


async def _audited(connection: Any, dice: random.Random) -> str:
    rows = await connection.fetch("SELECT chain FROM audit_chains ORDER BY chain")
    return str(dice.choice(rows)[0])
