"""A station's desk: sees its queue, acknowledges what arrives there after a moment."""

import asyncio
import random
import secrets
from uuid import UUID

from dispatch.cases import views
from gateway.wire.messages import Acknowledge
from scripts.simulator.doors import Person
from scripts.simulator.ledger import Ledger
from scripts.simulator.phone import Phone
from scripts.simulator.temper import Temper


class Desk:
    """One on duty for the whole run: `run` ends by being cancelled."""

    def __init__(self, person: Person, login: str, *, ledger: Ledger, temper: Temper, seed: int) -> None:
        self._ledger, self._temper = ledger, temper
        self._dice = random.Random(f"{seed}:{login}:desk")
        self._phone = Phone(person, ledger, self._heard, login)
        self._seen: set[UUID] = set()
        self._group: asyncio.TaskGroup | None = None
        self.ready = self._phone.line.ready

    async def run(self) -> None:
        """Raises: Turned when the service does not let this desk work."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            group.create_task(self._phone.line.run())

    def _heard(self, message: views.Sent, now: float, steady: bool) -> None:
        if isinstance(message, views.Snapshot):
            for case in message.cases:
                self._heard(case, now, steady)
        elif isinstance(message, views.DeskCase):
            self._ledger.seen(message.case, message.status, message.desk_reason, now)
            if message.status == "at_station" and not message.acknowledged and message.case not in self._seen:
                self._seen.add(message.case)
                assert self._group is not None
                self._group.create_task(self._acknowledge(message.case))

    async def _acknowledge(self, case: UUID) -> None:
        await asyncio.sleep(self._dice.uniform(*self._temper.desk_reads_s))
        key = secrets.token_urlsafe(24)
        result, _ = await self._phone.act(Acknowledge(case=case, key=key), key)
        if result is None or not result.ok:
            self._ledger.odd(f"Acknowledge: {result.reason if result else 'no answer'}")
