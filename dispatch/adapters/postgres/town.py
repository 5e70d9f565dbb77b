"""Areas and categories in PostgreSQL. Keeps `dispatch.town.TownStore`."""

from collections.abc import Sequence
from typing import Any, Final

import asyncpg
import msgspec

from dispatch.adapters.postgres.pool import connection, fetch
from dispatch.town import TownArea, TownCategory

_outline: Final = msgspec.json.Decoder(dict[str, Any])


class PostgresTown:
    """One for each process, on its pool of the lesser role."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._pool = pool

    async def areas(self) -> list[TownArea]:
        rows = await fetch(
            self._pool,
            """
            SELECT a.id, a.kind, a.station, a.name, a.outline,
                   CASE a.kind WHEN 'station' THEN s.name_en ELSE a.name END AS name_en
            FROM areas a JOIN stations s ON s.id = a.station ORDER BY a.kind DESC, a.id
            """,
        )
        return [
            TownArea(
                id=row["id"].removeprefix(f"{row['kind']}:"),
                kind=row["kind"],
                station=row["station"],
                name=row["name"],
                name_en=row["name_en"],
                outline=_outline.decode(row["outline"]),
            )
            for row in rows
        ]

    async def categories(self) -> list[TownCategory]:
        rows = await fetch(
            self._pool, "SELECT id, name, name_en, seats, priority FROM categories WHERE open ORDER BY id = 'other', id"
        )
        return [TownCategory(**dict(row)) for row in rows]

    async def replace(self, kind: str, areas: Sequence[TownArea]) -> None:
        # Station 18 and beat 18 are two areas: the kind is part of the stored id.
        ids = [f"{kind}:{area.id}" for area in areas]
        async with connection(self._pool) as held, held.transaction():
            if kind == "station":
                await held.executemany(
                    """
                    INSERT INTO stations (id, name, name_en) VALUES ($1, $2, $3)
                    ON CONFLICT (id) DO UPDATE SET name = excluded.name, name_en = excluded.name_en
                    """,
                    [(area.id, area.name, area.name_en) for area in areas],
                )
                await held.executemany(
                    "INSERT INTO streams (stream) VALUES ($1) ON CONFLICT DO NOTHING", [(area.id,) for area in areas]
                )
            await held.execute(
                "UPDATE officers SET beat = NULL WHERE beat IN "
                "(SELECT id FROM areas WHERE kind = $1 AND NOT id = ANY ($2::text[]))",
                kind,
                ids,
            )
            await held.execute("DELETE FROM areas WHERE kind = $1 AND NOT id = ANY ($2::text[])", kind, ids)
            await held.executemany(
                """
                INSERT INTO areas (id, kind, station, name, outline) VALUES ($1, $2, $3, $4, $5::text::jsonb)
                ON CONFLICT (id) DO UPDATE SET station = excluded.station, name = excluded.name,
                    outline = excluded.outline
                """,
                [
                    (own, kind, area.station, area.name, msgspec.json.encode(area.outline).decode())
                    for own, area in zip(ids, areas, strict=True)
                ],
            )
