"""Friction at the border: where a report came from, what it is asked for, and that it is counted once."""

import asyncio
from typing import Final, NamedTuple

import msgspec

from dispatch.abuse.friction import Friction
from dispatch.abuse.histories import Known
from dispatch.abuse.values import CALM, Look, Source
from dispatch.abuse.work import ANSWER
from dispatch.cases.facts import Answer
from gateway.http.advice import ANONYMOUS
from gateway.http.naming import NAMED
from gateway.http.problems import Problem
from geo.point import Point

WORK: Final = "onbeat-work"
CITIZENS: Final = frozenset({ANONYMOUS, NAMED})  # who works here is asked for nothing


class Came(NamedTuple):
    """How a report came. `address`: never logged nor kept; `work`: what the header said; `known`: what is known of a
    confirmed number, None without one."""

    address: str
    work: str | None = None
    known: Known | None = None


class Met(NamedTuple):
    """A report that may go on. `look`: what was found; `source`: what it counts for, None where nothing is counted."""

    look: Look = CALM
    friction: Friction | None = None
    source: Source | None = None

    @property
    def noted(self) -> dict[str, str]:
        """For the first entry of the history: why the desk confirms it. Never from where it came."""
        return {"confirm": str(self.look.confirm)} if self.look.confirm else {}

    def counted(self, coming: "asyncio.Future[Answer]") -> "asyncio.Future[Answer]":
        """Counted from now on, so that many at once cannot slip under a limit; given back when no case came of it."""
        if self.friction is not None and self.source is not None:
            self.friction.took(self.source)
            coming.add_done_callback(self._done)
        return coming

    def _done(self, answer: "asyncio.Future[Answer]") -> None:
        assert self.friction is not None and self.source is not None
        made = not answer.cancelled() and answer.exception() is None and answer.result().ok
        if not made or answer.result().reason == "again":
            self.friction.took(self.source, -1)


FRIENDS: Final = Met()


def meet(friction: Friction, key: str, came: Came, point: Point) -> Met:
    """What this report is asked for. Raises: Problem `work_asked` with the question; the same report with the same key
    and the answer goes on."""
    if came.work is not None and not ANSWER.fullmatch(came.work):
        raise Problem("work_invalid")
    if not friction.on:
        return FRIENDS
    known = came.known
    source = friction.source(
        came.address, point.lat, point.lon, known.name if known else None, known.trust if known else None
    )
    look = friction.look(source)
    if look.bits and not friction.done(key, came.work):
        raise Problem("work_asked", work=msgspec.to_builtins(friction.ask(key, look.bits)))
    return Met(look, friction, source)
