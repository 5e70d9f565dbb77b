"""People, stations, categories and what was changed, in PostgreSQL. Keeps `dispatch.admin.ports.AdminStore`."""

from typing import Any, Final

import asyncpg
import msgspec

from dispatch.adapters.postgres.pool import fetch
from dispatch.admin.values import Changes, Kept, People, Person, Town
from dispatch.cases.facts import Answer, Fact
from dispatch.limits import CHANGE_CHARS_MAX, DESK_SHIFT_S

TAKEN: Final = {
    "accounts_login_key": "exists",
    "officers_call_sign_key": "call_sign_taken",
    "identities_pkey": "identity_taken",
}
"""Two at the same moment: what the judge of the second one could not see yet, the index says."""

CHANGES: Final = """
SELECT id, at, actor, kind, subject, verb, reason,
    CASE WHEN split_part(c.actor, ':', 2) ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
        THEN (SELECT login FROM accounts a WHERE a.id = split_part(c.actor, ':', 2)::uuid) END AS by,
    CASE WHEN short THEN before END AS before, CASE WHEN short THEN after END AS after, NOT short AS cut
FROM (SELECT *, length(coalesce(before::text, '')) + length(coalesce(after::text, '')) <= $5 AS short FROM changes
    WHERE ($1::text IS NULL OR kind = $1) AND ($2::text IS NULL OR subject = $2) AND ($3::bigint IS NULL OR id < $3)
    ORDER BY id DESC LIMIT $4) c ORDER BY id DESC"""

_encode = msgspec.json.Encoder().encode
_person = msgspec.json.Decoder(Person).decode
_town = msgspec.json.Decoder(Town).decode
_facts = msgspec.json.Decoder(tuple[Fact, ...]).decode
_response = msgspec.json.Decoder(dict[str, Any]).decode
_any = msgspec.json.Decoder().decode


class PostgresAdmin:
    """One for each process, on its pool of the lesser role."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._pool = pool

    async def people(self, role: str | None, station: str | None, text: str | None, after: str, count: int) -> People:
        rows = await fetch(self._pool, "SELECT list_people($1, $2, $3, $4, $5)", role, station, text, after, count + 1)
        return People(people=tuple(_person(row[0]) for row in rows[:count]), more=len(rows) > count)

    async def role_of(self, login: str) -> str | None:
        rows = await fetch(self._pool, "SELECT role FROM accounts WHERE login = $1", login)
        return str(rows[0][0]) if rows else None

    async def put_person(self, draft: dict[str, Any]) -> Answer:
        return await self._asked("SELECT * FROM put_person($1)", draft)

    async def set_suspended(self, draft: dict[str, Any]) -> Answer:
        return await self._asked("SELECT * FROM set_suspended($1)", draft)

    async def reset_password(self, draft: dict[str, Any]) -> Answer:
        return await self._asked("SELECT * FROM reset_password($1)", draft)

    async def put_identity(self, draft: dict[str, Any]) -> Answer:
        return await self._asked("SELECT * FROM put_identity($1)", draft)

    async def town(self) -> Town:
        (row,) = await fetch(self._pool, "SELECT read_town($1)", DESK_SHIFT_S)
        return _town(row[0])

    async def put_station(self, draft: dict[str, Any]) -> Answer:
        return await self._asked("SELECT * FROM put_station($1)", draft)

    async def put_category(self, draft: dict[str, Any]) -> Answer:
        return await self._asked("SELECT * FROM put_category($1)", draft)

    async def changes(self, kind: str | None, subject: str | None, before: int | None, count: int) -> Changes:
        rows = await fetch(self._pool, CHANGES, kind, subject, before, count + 1, CHANGE_CHARS_MAX)
        return Changes(changes=tuple(_kept(row) for row in rows[:count]), more=len(rows) > count)

    async def _asked(self, query: str, draft: dict[str, Any]) -> Answer:
        try:
            (row,) = await fetch(self._pool, query, _encode(draft).decode())
        except asyncpg.UniqueViolationError as error:
            reason = TAKEN.get(error.constraint_name or "")
            if reason is None:
                raise
            return Answer(ok=False, reason=reason, response={})
        return Answer(
            ok=row["ok"],
            reason=row["reason"],
            response=_response(row["response"]) if row["response"] else {},
            facts=_facts(row["facts"] or "[]"),
        )


def _kept(row: Any) -> Kept:
    told = dict(row)
    return Kept(**(told | {side: _any(told[side]) if told[side] else None for side in ("before", "after")}))
