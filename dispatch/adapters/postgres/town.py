"""Areas and categories in PostgreSQL. Keeps `dispatch.town.TownStore`."""

from collections.abc import Sequence
from typing import Any, Final

import asyncpg
import msgspec

from dispatch.adapters.postgres.pool import connection, fetch
from dispatch.town import TownArea, TownCategory

AREAS: Final = """
SELECT a.id, a.kind, a.station, a.name, a.outline,
       CASE a.kind WHEN 'station' THEN s.name_en ELSE coalesce(a.name_en, a.name) END AS name_en
FROM areas a JOIN stations s ON s.id = a.station ORDER BY a.kind DESC, a.id"""

_outline: Final = msgspec.json.Decoder(dict[str, Any])


class PostgresTown:
    """One for each process, on its pool of the lesser role."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._pool = pool

    async def areas(self) -> list[TownArea]:
        return [_area(row) for row in await fetch(self._pool, AREAS)]

    async def categories(self) -> list[TownCategory]:
        rows = await fetch(
            self._pool,
            "SELECT id, name, name_en, seats, priority FROM categories WHERE open ORDER BY shown, id = 'other', id",
        )
        return [TownCategory(**dict(row)) for row in rows]

    async def replace(
        self, kind: str, areas: Sequence[TownArea], *, held: Sequence[TownArea], actor: str, reason: str
    ) -> bool:
        async with connection(self._pool) as one, one.transaction():
            await one.execute("SELECT hold_town()")
            if [_area(row) for row in await one.fetch(AREAS)] != list(held):
                return False
            await self._put(one, kind, areas)
            before, after = _differing([area for area in held if area.kind == kind], areas)
            await one.execute(
                "SELECT tell_town(), note_change($1::text::jsonb, 'areas', $2, 'imported', $3::text::jsonb, "
                "$4::text::jsonb, clock_timestamp())",
                *(_text({"actor": actor, "reason": reason}), kind, _text(before), _text(after)),
            )
        return True

    @staticmethod
    async def _put(held: Any, kind: str, areas: Sequence[TownArea]) -> None:
        # Station 18 and beat 18 are two areas: the kind is part of the stored id.
        ids = [f"{kind}:{area.id}" for area in areas]
        if kind == "station":
            await held.executemany(
                """
                INSERT INTO stations (id, name, name_en) VALUES ($1, $2, $3)
                ON CONFLICT (id) DO UPDATE SET name = excluded.name, name_en = excluded.name_en,
                    version = stations.version + 1
                WHERE (stations.name, stations.name_en) IS DISTINCT FROM (excluded.name, excluded.name_en)
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
            INSERT INTO areas (id, kind, station, name, name_en, outline) VALUES ($1, $2, $3, $4, $5, $6::text::jsonb)
            ON CONFLICT (id) DO UPDATE SET station = excluded.station, name = excluded.name,
                name_en = excluded.name_en, outline = excluded.outline
            """,
            [
                (own, kind, area.station, area.name, _own_english(area), _text(area.outline))
                for own, area in zip(ids, areas, strict=True)
            ],
        )


def _own_english(area: TownArea) -> str | None:
    """Of a beat only, and only where it has one: a station's stands in its own row."""
    return area.name_en if area.kind == "beat" and area.name_en != area.name else None


def _area(row: Any) -> TownArea:
    return TownArea(
        id=row["id"].removeprefix(f"{row['kind']}:"),
        kind=row["kind"],
        station=row["station"],
        name=row["name"],
        name_en=row["name_en"],
        outline=_outline.decode(row["outline"]),
    )


def _differing(
    before: Sequence[TownArea], after: Sequence[TownArea]
) -> tuple[dict[str, TownArea], dict[str, TownArea]]:
    """By id, those that came, went or are not what they were: what it takes to undo the import."""
    was, are = {area.id: area for area in before}, {area.id: area for area in after}
    moved = {own for own in was.keys() | are.keys() if was.get(own) != are.get(own)}
    return {own: was[own] for own in moved & was.keys()}, {own: are[own] for own in moved & are.keys()}


def _text(value: object) -> str:
    return msgspec.json.encode(value).decode()
