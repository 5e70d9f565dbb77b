"""Officers' safety as both borders ask for it: a call for help, and its end by a person at a desk."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from dispatch.cases.facts import Answer
from dispatch.cases.values import Actor
from dispatch.cases.views import Result
from dispatch.limits import PANIC_FIX_AGE_S_MAX
from dispatch.people.permissions import SELF, Act, allowed
from dispatch.people.values import Role, Who
from dispatch.positions.live import LivePositions
from dispatch.safety.panics import Panics
from dispatch.safety.ports import ClearDraft, SafetyStore
from dispatch.safety.service import Helping
from dispatch.streams.feed import Feed
from gateway.wire.acts import hash_of, scope_of
from gateway.wire.messages import ClearPanic, PanicMessage
from gateway.wire.sentences import refused, say
from geo.datum import to_wgs84
from geo.point import Point


class Safety:
    """Of one process. Every method raises: StoreAway, StoreBusy."""

    def __init__(self, store: SafetyStore, feed: Feed, positions: LivePositions, panics: Panics) -> None:
        self._store, self._positions, self._panics = store, positions, panics
        self._helping = Helping(store, feed, positions)
        self._running: set[asyncio.Task[None]] = set()

    def keep(self, call: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        """Runs a call for help to its end, whatever becomes of the socket that it came by."""
        task = asyncio.get_running_loop().create_task(call)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    async def load(self) -> None:
        """Who calls for help now."""
        self._panics.replace(await self._store.live_panics())

    async def panic(self, who: Who, message: PanicMessage) -> Result:
        """Where the phone says, else where it was last seen. The same key may come with another place: it is the same
        call, and nobody's place is worth a refusal here."""
        if not allowed(who.role, Act.PANIC, SELF) or who.officer is None or who.station is None:
            return refused(message.key, "not_allowed")
        place, accuracy_m = None, message.accuracy_m
        if message.lat is not None and message.lon is not None:
            place = to_wgs84(Point(message.lat, message.lon), message.datum)
        else:
            seen = self._positions.last_seen(who.officer, PANIC_FIX_AGE_S_MAX)
            place, accuracy_m = seen or (None, 0.0)
        hash_ = hash_of(["panic", str(who.officer)])
        return _told(
            message.key,
            await self._helping.call(who.officer, who.station, place, accuracy_m, message.key, hash_),
        )

    async def clear_panic(self, who: Who, message: ClearPanic) -> Result:
        """By the desk of the officer's station, or any supervisor."""
        if not allowed(who.role, Act.CLEAR_PANIC):
            return refused(message.key, "not_allowed")
        assert who.account is not None
        draft = ClearDraft(
            panic=message.panic,
            actor=Actor.DESK if who.role is Role.DESK else str(who.role),
            actor_id=who.account,
            station=who.station if who.role is Role.DESK else None,
            reason=message.reason,
            scope=scope_of(who),
            key=message.key,
            hash=hash_of(message),
        )
        return _told(message.key, await self._helping.clear(draft))


def _told(key: str, answer: Answer) -> Result:
    panic = answer.response.get("panic")
    return Result(
        key=key,
        ok=answer.ok,
        reason=None if answer.ok else answer.reason,
        say=None if answer.ok else say(answer.reason),
        more={"panic": panic} if panic else None,
    )
