"""Figures by the functions of `judge/figures.sql`. Keeps `dispatch.insight.ports.FigureStore`."""

import asyncio
from typing import Any, Final

import asyncpg
import msgspec

from dispatch.adapters.postgres.pool import connection
from dispatch.cases.ports import StoreBusy
from dispatch.insight.answer import Measures, answer
from dispatch.insight.fairness import OnDuty
from dispatch.insight.ports import QuestionError
from dispatch.insight.values import (
    CLAIMING,
    COMING,
    ENDING,
    GOING_SILENT,
    HANDING_BACK,
    REOPENING,
    TO_DESK,
    Answered,
    Question,
)
from dispatch.limits import FIGURES_S_MAX

COUNTED: Final = (
    "kind", "key", "lat", "lon", "cases", "offered", "claimed", "fell_back", "sent_to_desk", "declined", "unanswered",
    "handed_back", "silent", "reoffered", "reopened",
)  # fmt: skip
KINDS: Final = {
    "claiming": CLAIMING, "coming": COMING, "ending": ENDING, "reopening": REOPENING, "to_desk": TO_DESK,
    "handing_back": HANDING_BACK, "going_silent": GOING_SILENT,
}  # fmt: skip
_KINDS: Final = msgspec.json.encode({name: sorted(kinds) for name, kinds in KINDS.items()}).decode()


class PostgresFigures:
    """One for each process. A question takes one connection at a time: the others are for those who wait for help."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._pool = pool
        self._asking = asyncio.Lock()

    async def figures(self, question: Question) -> Answered:
        if self._asking.locked():
            raise StoreBusy("figures are being read already")
        async with self._asking, connection(self._pool) as one:
            return await read_figures(one, question)


async def read_figures(one: Any, question: Question) -> Answered:
    """The answer, on a connection of the caller's. Raises as the port says, in the driver's words but for the zone."""
    time_s = FIGURES_S_MAX + 1.0
    async with one.transaction(isolation="repeatable_read", readonly=True):  # both questions see the same history
        await one.execute(f"SET LOCAL statement_timeout = {int(FIGURES_S_MAX * 1000)}")
        # A rare and wide question: planned for its own time, not by the rule for the many narrow ones.
        await one.execute("SET LOCAL plan_cache_mode = force_custom_plan")
        try:
            now = await one.fetchval(
                "SELECT clock_timestamp() FROM timezone($1, $2)", question.zone or "UTC", question.since
            )
        except asyncpg.DataError as error:
            raise QuestionError(f"The time zone {question.zone!r} is not known.") from error
        now, asked = question.now or now, (question.since, question.until, question.station)
        rows = await one.fetch(
            "SELECT * FROM figures($1, $2, $3, $4, $5, $6::text::jsonb, $7, $8)",
            *asked, question.zone, question.cell_m, _KINDS, now, question.by.value, timeout=time_s,
        )  # fmt: skip
        people = await one.fetch(
            "SELECT * FROM officer_figures($1, $2, $3, $4, $5)", *asked, sorted(CLAIMING), now, timeout=time_s
        )
    officers = [OnDuty(row["station"], row["on_us"], row["claims"]) for row in people]
    return answer(question, [_measures(row) for row in rows], officers)


def _measures(row: Any) -> Measures:
    return Measures(
        **{name: row[name] for name in COUNTED},
        offer=(row["offered"], row["offer_us"]),
        claim=(row["claimed"], row["claim_us"]),
        arrival=(row["arrivals"], row["arrival_us"]),
        wait=(row["cases"], row["wait_us"]),
    )
