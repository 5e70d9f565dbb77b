"""Phones that may be rung, in PostgreSQL. Keeps `dispatch.push.ports.PushStore`."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID, uuid4

import asyncpg

from dispatch.adapters.postgres.pool import fetch
from dispatch.limits import PRUNE_ROWS_MAX, PUSH_CLAIM_S, PUSH_KEPT_S, PUSH_SUBSCRIPTIONS_MAX
from dispatch.people.values import Who
from dispatch.push.values import Subscription, Taken, Wanted

KEEP: Final = """
WITH kept AS (
    INSERT INTO push_subscriptions (id, session, account, officer, endpoint, p256dh, auth, at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, clock_timestamp())
    ON CONFLICT (endpoint) DO UPDATE SET session = excluded.session, account = excluded.account,
        officer = excluded.officer, p256dh = excluded.p256dh, auth = excluded.auth, at = excluded.at
    RETURNING id
), gone AS (
    DELETE FROM push_subscriptions WHERE id IN (
        SELECT s.id FROM push_subscriptions s WHERE s.account = $3 AND s.endpoint <> $5
        ORDER BY s.at DESC OFFSET $8)
) SELECT id FROM kept"""
DROP: Final = "DELETE FROM push_subscriptions WHERE id = $1 AND ($2::uuid IS NULL OR account = $2)"
RINGABLE: Final = "SELECT DISTINCT officer FROM push_subscriptions WHERE officer IS NOT NULL"
TAKE: Final = """
WITH wanted AS (
    SELECT DISTINCT q.case_id, q.round, q.officer, s.id AS subscription, s.endpoint, s.p256dh, s.auth
    FROM unnest($1::uuid[], $2::integer[], $3::uuid[]) q (case_id, round, officer),
    LATERAL (SELECT * FROM push_subscriptions p WHERE p.officer = q.officer OFFSET 0) s,
    LATERAL (SELECT * FROM sessions k WHERE k.id = s.session OFFSET 0) e,
    LATERAL (SELECT * FROM accounts k WHERE k.id = s.account OFFSET 0) a,
    LATERAL (SELECT * FROM officers k WHERE k.id = s.officer OFFSET 0) o
    WHERE e.revoked_at IS NULL AND e.expires_at > clock_timestamp() AND NOT a.suspended AND o.on_duty
), taken AS (
    INSERT INTO push_rings AS r (case_id, round, subscription, claimed_at)
    SELECT w.case_id, w.round, w.subscription, clock_timestamp() FROM wanted w ORDER BY 1, 2, 3
    ON CONFLICT (case_id, round, subscription) DO UPDATE SET claimed_at = excluded.claimed_at
    WHERE r.sent_at IS NULL AND r.claimed_at < excluded.claimed_at - make_interval(secs => $4)
    RETURNING r.case_id, r.round, r.subscription
) SELECT w.* FROM wanted w JOIN taken USING (case_id, round, subscription)"""
SENT: Final = """
UPDATE push_rings r SET sent_at = clock_timestamp()
FROM unnest($1::uuid[], $2::integer[], $3::uuid[]) q (case_id, round, subscription)
WHERE r.case_id = q.case_id AND r.round = q.round AND r.subscription = q.subscription AND r.case_id = ANY ($1)"""
PRUNE: Final = """
WITH old AS (
    DELETE FROM push_rings WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM push_rings
        WHERE claimed_at < (SELECT clock_timestamp() - make_interval(secs => $1)) ORDER BY claimed_at LIMIT $2))
    RETURNING 1
), over AS (
    DELETE FROM push_subscriptions WHERE id = ANY (ARRAY(
        SELECT s.id FROM push_subscriptions s, LATERAL (SELECT * FROM sessions k WHERE k.id = s.session OFFSET 0) e
        WHERE e.revoked_at IS NOT NULL OR e.expires_at < (SELECT clock_timestamp()) LIMIT $2)) RETURNING 1
) SELECT (SELECT count(*) FROM old) + (SELECT count(*) FROM over)"""


class PostgresPush:
    """On a pool of the lesser role."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._pool = pool

    async def keep(self, who: Who, endpoint: str, p256dh: bytes, auth: bytes) -> UUID:
        values = (uuid4(), who.session, who.account, who.officer, endpoint, p256dh, auth, PUSH_SUBSCRIPTIONS_MAX - 1)
        (row,) = await fetch(self._pool, KEEP, *values)
        kept: UUID = row["id"]
        return kept

    async def drop(self, subscription: UUID, account: UUID | None = None) -> None:
        await fetch(self._pool, DROP, subscription, account)

    async def ringable(self) -> frozenset[UUID]:
        return frozenset(row["officer"] for row in await fetch(self._pool, RINGABLE))

    async def take(self, wanted: Sequence[Wanted]) -> list[Taken]:
        columns = [list(column) for column in zip(*wanted, strict=True)]
        rows = await fetch(self._pool, TAKE, *columns, float(PUSH_CLAIM_S))
        return [
            Taken(
                Wanted(row["case_id"], row["round"], row["officer"]),
                Subscription(row["subscription"], row["endpoint"], row["p256dh"], row["auth"]),
            )
            for row in rows
        ]

    async def sent(self, rung: Sequence[Taken]) -> None:
        columns = zip(*((t.wanted.case, t.wanted.round, t.subscription.id) for t in rung), strict=True)
        await fetch(self._pool, SENT, *map(list, columns))

    async def prune(self) -> int:
        (row,) = await fetch(self._pool, PRUNE, float(PUSH_KEPT_S), PRUNE_ROWS_MAX)
        return int(row[0])
