"""A citizen: reports once, sends again with the same key until an answer came, and follows by the receipt."""

import asyncio
import contextlib
import random
import secrets
import time
from typing import Final
from uuid import UUID

import msgspec

from dispatch.cases import views
from gateway.wire.messages import Report, Reported
from scripts.simulator.doors import PATIENCE_S, Person, Turned, decoded, passing, retry_after_s, turned
from scripts.simulator.http import Answer, Unanswered
from scripts.simulator.incidents import Planned
from scripts.simulator.ledger import Ledger, Read
from scripts.simulator.line import Line
from scripts.simulator.temper import Temper
from scripts.simulator.verdict import FINAL

PAUSE_S: Final = (0.3, 1.2)


class Citizen:
    """One report and what became of it."""

    def __init__(
        self, person: Person, planned: Planned, category: str, *, ledger: Ledger, temper: Temper, seed: int
    ) -> None:
        self._person, self._planned, self._category = person, planned, category
        self._ledger = ledger
        self._dice = random.Random(f"{seed}:citizen:{planned.number}")
        self._deaf_once = self._dice.random() < temper.answer_lost
        self._ended = asyncio.Event()

    async def run(self) -> None:
        """Returns when the case is over or at the desk. Raises: Turned, Unanswered: the report was not taken."""
        receipt = await self._report()
        await self._person.open_receipt(receipt)
        line = Line(self._person, self._ledger, self._heard, f"the citizen of report {self._planned.number}")
        following = asyncio.create_task(line.run())
        ended = asyncio.create_task(self._ended.wait())
        try:
            await asyncio.wait((following, ended), return_when=asyncio.FIRST_COMPLETED)
            if following.done():
                following.result()
        finally:
            for task in (following, ended):
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task

    async def _report(self) -> str:
        number, place = self._planned.number, self._planned.incident.place
        body = msgspec.json.encode(
            # Incidents are named by their offence: some sound like an emergency, and all are past.
            Report(category=self._category, words=self._planned.words, lat=place.lat, lon=place.lon, advised=True)
        )
        key = (("Idempotency-Key", secrets.token_urlsafe(24)),)
        ends = time.monotonic() + PATIENCE_S
        while True:
            self._ledger.report_sent(number, time.monotonic())
            pause_s = self._dice.uniform(*PAUSE_S)
            try:
                deaf, self._deaf_once = self._deaf_once, False
                answer = await self._person.ask("POST", "/v1/reports", body, more=key, deaf=deaf)
                if answer.status < 400:
                    return self._accepted(number, answer)
                if not passing(answer):
                    raise turned(answer)
                why = str(turned(answer))
                pause_s = max(pause_s, retry_after_s(answer))
            except Unanswered as error:
                why = str(error)
                self._person.move_on()
            if time.monotonic() + pause_s > ends:
                raise Unanswered(f"report {number} was never answered: {why}")
            await asyncio.sleep(pause_s)

    def _accepted(self, number: int, answer: Answer) -> str:
        reported = decoded(answer, Reported)
        self._ledger.report_answered(number, reported.case, reported.receipt, answer.at)
        return reported.receipt

    def _heard(self, message: views.Sent, now: float, steady: bool) -> None:
        if isinstance(message, views.Snapshot):
            for case in message.cases:
                self._heard(case, now, steady)
        elif isinstance(message, views.ReporterCase):
            self._ledger.seen(message.case, message.status, message.desk_reason, now)
            if message.status in FINAL:
                self._ended.set()


async def read_receipt(person: Person, code: str, case: UUID) -> Read:
    """What a receipt opens, now: it must be `case`. Raises: Unanswered when the service does not answer at all."""
    try:
        signed = await person.open_receipt(code)
        if signed.case != case:
            return Read(None, why=f"its receipt opened case {signed.case}")
        answer = await person.insist("GET", f"/v1/cases/{signed.case}")
        shown = decoded(answer, views.ReporterCase)
    except Turned as error:
        return Read(None, why=f"its receipt was answered {error}")
    return Read(shown.status, shown.desk_reason)
