"""Accounts, sessions, receipts and used tickets in PostgreSQL. Keeps `dispatch.people.ports.PeopleStore`."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import asyncpg
import msgspec

from dispatch import limits
from dispatch.adapters.postgres.pool import fetch
from dispatch.people.ports import API, Account, Opened, OpenSession, SessionDraft
from dispatch.people.values import Role, Who

# A live session: not expired, not revoked, not left alone (who is on duty is at work), its account not suspended. A
# reporter's station is where the case is now.
_USED: Final = f"s.seen_at > clock_timestamp() - interval '{limits.SESSION_IDLE_S} seconds'"
_LIVE: Final = f"""
    SELECT s.id, s.role, s.account, s.officer, s.case_id, coalesce(c.station, s.station) AS station, o.call_sign,
           extract(epoch FROM s.expires_at)::float8 AS expires_at_s,
           s.account IS NOT NULL
               AND s.seen_at < clock_timestamp() - interval '{limits.SESSION_SEEN_S} seconds' AS unsaid
    FROM (SELECT * FROM sessions WHERE %s OFFSET 0) s  -- by its key, and from it to the others by theirs
    LEFT JOIN LATERAL (SELECT k.suspended FROM accounts k WHERE k.id = s.account OFFSET 0) a ON true
    LEFT JOIN LATERAL (SELECT k.call_sign, k.on_duty FROM officers k WHERE k.id = s.officer OFFSET 0) o ON true
    LEFT JOIN LATERAL (SELECT k.station FROM cases k WHERE k.id = s.case_id OFFSET 0) c ON true
    WHERE s.expires_at > clock_timestamp() AND s.revoked_at IS NULL AND a.suspended IS NOT TRUE
      AND (s.account IS NULL OR o.on_duty IS TRUE OR {_USED})
"""  # noqa: S608 # nosec B608 - constants of ours
# The same, and that it is used: whoever holds a row now ends it, or says the same.
_LIVE_AND_USED: Final = f"""
    WITH live AS MATERIALIZED ({_LIVE}), used AS (
        UPDATE sessions SET seen_at = clock_timestamp() WHERE id = ANY (ARRAY(
            SELECT id FROM sessions WHERE id = ANY (ARRAY(SELECT id FROM live WHERE unsaid)) FOR UPDATE SKIP LOCKED))
    ) SELECT * FROM live
"""  # noqa: S608 # nosec B608 - constants of ours
_BY_TOKEN: Final = _LIVE_AND_USED % "token_mac = $1"
_BY_SESSIONS: Final = _LIVE_AND_USED % "id = ANY ($1::uuid[])"
# The live sessions of one person: by account, or by case for a reporter, who has none.
_OWN: Final = """
    SELECT id, page, device, opened_at, extract(epoch FROM expires_at)::float8 AS expires_at_s
    FROM (
        SELECT * FROM sessions WHERE account = $1::uuid AND revoked_at IS NULL
        UNION ALL SELECT * FROM (SELECT * FROM sessions WHERE case_id = $2::uuid AND revoked_at IS NULL OFFSET 0) k
        WHERE $1::uuid IS NULL AND account IS NULL
    ) s
    WHERE expires_at > clock_timestamp()
"""
_SHOWN: Final = f" AND (account IS NULL OR {_USED}) "


_encode = msgspec.json.Encoder().encode


class PostgresPeople:
    """One for each process, on its pool of the lesser role."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._pool = pool

    async def account(self, login: str) -> Account | None:
        if "\0" in login:
            return None
        row = await self._row(
            """
            SELECT a.id, a.role, a.password, a.station, a.officer, a.suspended, a.password_made, o.call_sign,
                a.password_at < clock_timestamp() - make_interval(hours => $2) AS old
            FROM accounts a LEFT JOIN officers o ON o.id = a.officer WHERE a.login = $1
            """,
            login,
            limits.MADE_H,
        )
        if row is None:
            return None
        return Account(
            id=row["id"],
            role=Role(row["role"]),
            password=row["password"],
            station=row["station"],
            officer=row["officer"],
            call_sign=row["call_sign"],
            suspended=row["suspended"],
            made=row["password_made"],
            lapsed=row["password_made"] and row["old"],
        )

    async def open(self, who: Who, token_mac: bytes, lasts_s: int, page: str = API) -> float:
        expires_at_s: float = await self._value(
            """
            INSERT INTO sessions (id, token_mac, role, station, case_id, expires_at, page)
            VALUES ($1, $2, $3, $4, $5, clock_timestamp() + make_interval(secs => $6), $7)
            RETURNING extract(epoch FROM expires_at)::float8
            """,
            who.session,
            token_mac,
            str(who.role),
            who.station,
            who.case,
            float(lasts_s),
            page,
        )
        return expires_at_s

    async def open_for(self, account: Account, draft: SessionDraft) -> Opened | None:
        who = {"session": draft.id, "account": account.id, "role": account.role, "station": account.station,
               "officer": account.officer, "identity": draft.identity}  # fmt: skip
        told = await self._value(
            "SELECT session_open($1, $2, $3, $4, $5, $6, $7)::text", _encode(who).decode(), account.seen,
            draft.token_mac, draft.lasts_s, draft.page, draft.device, draft.renewed,
        )  # fmt: skip
        if told is None:
            return None
        said = msgspec.json.decode(told)
        return Opened(said["until"], {UUID(id_): bytes.fromhex(mac) for id_, mac in said["ended"]})

    async def sessions_of(self, who: Who, limit: int) -> list[OpenSession]:
        rows = await fetch(
            self._pool, _OWN + _SHOWN + "ORDER BY opened_at DESC, id LIMIT $3", who.account, who.case, limit
        )
        return [
            OpenSession(
                id=row["id"],
                page=row["page"],
                device=row["device"],
                opened_at=row["opened_at"],
                expires_at_s=row["expires_at_s"],
            )
            for row in rows
        ]

    async def revoke_own(self, who: Who, session: UUID | None) -> dict[UUID, bytes]:
        rows = await fetch(
            self._pool,
            f"""
            UPDATE sessions SET revoked_at = clock_timestamp()
            WHERE id = ANY (ARRAY(SELECT id FROM ({_OWN}) own WHERE $3::uuid IS NULL OR id = $3))
                AND num_nulls(revoked_at) = 1  -- in words that no index of all that are live answers to
            RETURNING id, token_mac
            """,  # noqa: S608 # nosec B608 - a constant of this module
            who.account,
            who.case,
            session,
        )
        return {row["id"]: row["token_mac"] for row in rows}

    async def by_token(self, token_mac: bytes) -> Who | None:
        return _who(await self._row(_BY_TOKEN, token_mac))

    async def by_sessions(self, sessions: Sequence[UUID]) -> dict[UUID, Who]:
        rows = await fetch(self._pool, _BY_SESSIONS, list(sessions))
        return {who.session: who for who in map(_who, rows) if who is not None}

    async def revoke(self, session: UUID) -> bytes | None:
        token_mac: bytes | None = await self._value(
            """
            UPDATE sessions SET revoked_at = coalesce(revoked_at, clock_timestamp()) WHERE id = $1
            RETURNING token_mac
            """,
            session,
        )
        return token_mac

    async def proved(self, session: UUID, within_s: int) -> bool:
        return bool(
            await self._value(
                "SELECT proved_at > clock_timestamp() - make_interval(secs => $2) FROM sessions WHERE id = $1",
                session,
                float(within_s),
            )
        )

    async def prove(self, session: UUID) -> None:
        await fetch(self._pool, "UPDATE sessions SET proved_at = clock_timestamp() WHERE id = $1", session)

    async def by_provider(self, session: UUID) -> bool:
        return bool(await self._value("SELECT method = 'oidc' FROM sessions WHERE id = $1", session))

    async def ended_of(self, sessions: Sequence[UUID]) -> set[UUID]:
        # The live ones are read and the rest taken as ended: a session whose row was deleted is over as well.
        rows = await fetch(self._pool, _LIVE % "id = ANY ($1::uuid[])", list(sessions))
        return set(sessions) - {row["id"] for row in rows}

    async def case_of_receipt(self, receipt_mac: bytes) -> tuple[UUID, str] | None:
        row = await self._row("SELECT id, station FROM cases WHERE receipt_mac = $1", receipt_mac)
        return (row["id"], row["station"]) if row else None

    async def use_nonces(self, nonces: Sequence[bytes], lasts_s: int) -> set[bytes]:
        rows = await fetch(
            self._pool,
            """
            INSERT INTO tickets_used (nonce, expires_at)
            SELECT n, clock_timestamp() + make_interval(secs => $2) FROM unnest($1::bytea[]) n ORDER BY n
            ON CONFLICT DO NOTHING RETURNING nonce
            """,
            list(nonces),
            float(lasts_s),
        )
        return {row["nonce"] for row in rows}

    async def forget_expired(self) -> int:
        """Deletes what ended a day ago, at most 5,000 rows of a kind at a time; how many. For a sweeper."""
        count: int = await self._value(
            """
            WITH gone AS (
                DELETE FROM sessions WHERE id = ANY (ARRAY(
                    SELECT id FROM sessions
                    WHERE expires_at < (SELECT clock_timestamp() - interval '1 day') LIMIT 5000))
                RETURNING 1
            ), used AS (
                DELETE FROM tickets_used WHERE nonce = ANY (ARRAY(
                    SELECT nonce FROM tickets_used WHERE expires_at < (SELECT clock_timestamp()) LIMIT 5000))
                RETURNING 1
            ) SELECT (SELECT count(*) FROM gone) + (SELECT count(*) FROM used)
            """
        )
        return count

    async def _row(self, statement: str, *values: object) -> Any:
        rows = await fetch(self._pool, statement, *values)
        return rows[0] if rows else None

    async def _value(self, statement: str, *values: object) -> Any:
        row = await self._row(statement, *values)
        return row[0] if row else None


def _who(row: Any) -> Who | None:
    if row is None:
        return None
    return Who(
        session=row["id"],
        role=Role(row["role"]),
        account=row["account"],
        officer=row["officer"],
        station=row["station"],
        case=row["case_id"],
        call_sign=row["call_sign"],
        expires_at_s=row["expires_at_s"],
    )
