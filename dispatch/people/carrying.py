"""Messages on their way to telephones: handed over at once, carried behind the answer.

Whoever asks for a code is answered without waiting for the gateway, whether a message goes or not: its speed, its
errors and its absence tell nothing of a number. So nobody hears that a message could not be carried; they ask for
another. What is on its way stands in memory alone, with the code in it: a process that dies takes it along.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Protocol
from uuid import UUID

from dispatch.limits import SMS_AT_ONCE_MAX, SMS_CARRIED_S, SMS_END_S, SMS_PAUSE_S, SMS_WAITING_MAX

log = logging.getLogger(__name__)


class Messenger(Protocol):
    """Carries a short text to a telephone."""

    async def send(self, number: str, text: str, id_: UUID) -> bool:
        """Handed over? False: it could not be, within a bounded time. The same `id_` is never delivered twice."""


class Carrying:
    """One for each process. `now`: monotonic seconds."""

    def __init__(
        self,
        messenger: Messenger,
        *,
        now: Callable[[], float] = time.monotonic,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._messenger, self._now, self._pause = messenger, now, pause
        self._lanes = asyncio.Semaphore(SMS_AT_ONCE_MAX)
        self._going: set[asyncio.Task[None]] = set()

    def put(self, number: str, text: str, id_: UUID) -> None:
        """On its way, tried for SMS_CARRIED_S. Beyond SMS_WAITING_MAX it is dropped: it would come too late."""
        if len(self._going) >= SMS_WAITING_MAX:
            log.warning("a message was dropped: %d are on their way already", len(self._going))
            return
        task = asyncio.get_running_loop().create_task(self._carry(number, text, id_))
        self._going.add(task)
        task.add_done_callback(self._over)

    async def settled(self, within_s: float) -> None:
        """Until nothing is on its way, for so long at most."""
        if self._going:
            await asyncio.wait(self._going, timeout=within_s)

    async def close(self) -> None:
        """What is on its way has SMS_END_S to arrive; the rest is given up."""
        await self.settled(SMS_END_S)
        for task in self._going:
            task.cancel()

    async def _carry(self, number: str, text: str, id_: UUID) -> None:
        until = self._now() + SMS_CARRIED_S
        async with self._lanes:
            while self._now() < until:
                if await self._messenger.send(number, text, id_):
                    return
                await self._pause(SMS_PAUSE_S)
        log.warning("a message was given up: the gateway did not take it over in time")

    def _over(self, task: "asyncio.Task[None]") -> None:
        self._going.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("a message was lost", exc_info=task.exception())
