"""A phone that acts: a key is made before an act is first sent, and sent again as it is until an answer came."""

import asyncio
import time
from collections.abc import Callable
from typing import Final

from dispatch.cases import views
from gateway.wire.fields import Message
from scripts.simulator.doors import Person
from scripts.simulator.ledger import Ledger
from scripts.simulator.line import Heard, Line

ASK_AGAIN_S: Final = 4.0
ACT_S: Final = 90.0  # an act that is not answered within this time is given up
OFFLINE_S: Final = 0.25  # how often a phone without a connection looks again
BUSY_S: Final = 0.5
UNDECIDED: Final = frozenset({"busy", "away", "overloaded", "too_fast"})


class Phone:
    """A line, and answers brought back to whoever asked. `heard` gets everything but results."""

    def __init__(self, person: Person, ledger: Ledger, heard: Heard, name: str) -> None:
        self.person = person
        self.line = Line(person, ledger, self._take, name)
        self._heard = heard
        self._waiting: dict[str, asyncio.Future[views.Result]] = {}

    async def act(
        self, message: Message, key: str, *, first_sent: Callable[[], None] | None = None, limit_s: float = ACT_S
    ) -> tuple[views.Result | None, float | None]:
        """The answer, None when none came in `limit_s`; and the seconds it took, when one sending was enough."""
        answer = self._waiting[key] = asyncio.get_running_loop().create_future()
        ends, sendings, began = time.monotonic() + limit_s, 0, 0.0
        try:
            while time.monotonic() < ends:
                began = time.monotonic()
                if not await self.line.send(message):
                    await asyncio.sleep(OFFLINE_S)
                    continue
                sendings += 1
                if sendings == 1 and first_sent is not None:
                    first_sent()
                try:
                    result = await asyncio.wait_for(asyncio.shield(answer), ASK_AGAIN_S)
                except TimeoutError:
                    continue
                if result.reason not in UNDECIDED:
                    return result, time.monotonic() - began if sendings == 1 else None
                answer = self._waiting[key] = asyncio.get_running_loop().create_future()
                await asyncio.sleep(BUSY_S)
            return None, None
        finally:
            del self._waiting[key]

    def _take(self, message: views.Sent, now: float, steady: bool) -> None:
        if not isinstance(message, views.Result):
            self._heard(message, now, steady)
            return
        waiting = self._waiting.get(message.key)
        if waiting is not None and not waiting.done():
            waiting.set_result(message)
