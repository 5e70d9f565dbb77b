"""Cases reported at a fixed rate, watched to their end: who was offered what, and when.

Open loop: a case is due when it is due, and its latency runs from that moment, so a service that falls behind cannot
hide it. An offer counts once an officer's socket has it; with `claims` the first one asked takes the case, arrives
and clears it, so that officers stay free.
"""

import asyncio
import itertools
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from geo.point import Point
from scripts.growth.ground import Town
from scripts.growth.phones import Crew, Phone
from scripts.growth.places import nearest
from scripts.growth.processes import spent_between

SETTLE_S: Final = 15.0
REST_S: Final = 4.0  # what an idle service costs is measured so long, and taken off: the kernel counts in 10 ms
UNDECIDED: Final = ("busy", "away", "overloaded")
AGAIN_S: Final = 0.1
WORDS: Final = "Loud quarrel between neighbours on the second floor, nobody hurt, the caller waits at the gate."


@dataclass(slots=True)
class Watched:
    """One case: when it was due, whom it should reach, whom it reached."""

    due: float
    expected: frozenset[int]
    reported_s: float | None = None
    offered: dict[int, float] = field(default_factory=dict)
    claimed_at: float | None = None
    claim_s: float | None = None
    cleared: bool = False


@dataclass(slots=True)
class Driven:
    """What came of it. `cpu_s`: by role, with what an idle service costs taken off."""

    cases: list[Watched]
    seconds: float
    cpu_s: dict[str, float]

    @property
    def offers(self) -> list[float]:
        return [at - case.due for case in self.cases for at in case.offered.values()]

    @property
    def missing(self) -> int:
        return sum(len(case.expected - case.offered.keys()) for case in self.cases)

    @property
    def strangers(self) -> int:
        """Offers to somebody whom brute force does not put among the nearest."""
        return sum(len(case.offered.keys() - case.expected) for case in self.cases)


class Drive:
    """Reports through the web processes in turn, and listens on every phone of `crew`."""

    def __init__(self, town: Town, *, quick: bool = False) -> None:
        self.town = town
        self.crew = Crew(town.ports, self.heard)
        self.claims = False
        self.rest_s = 0.1 if quick else REST_S
        self._watched: dict[int, Watched] = {}
        self._ref_of: dict[str, int] = {}
        self._said: dict[str, dict[str, object]] = {}  # by key
        self._refs = itertools.count(1)

    # --- what the phones hear
    def heard(self, phone: Phone, text: bytes, now: float) -> None:
        kind = text[6:10]
        if kind == b"offe":
            start = text.index(b'"words":"ref ') + 13
            ref = int(text[start : text.index(b" ", start)])
            case = self._watched.get(ref)
            if case is not None:
                case.offered.setdefault(phone.number, now)
                if self.claims and case.claimed_at is None:
                    self._claim(phone, ref, json.loads(text), now)
        elif kind == b"resu":
            self._result(phone, json.loads(text), now)

    def _claim(self, phone: Phone, ref: int, offer: dict[str, object], now: float) -> None:
        self._watched[ref].claimed_at = now
        key = f"claim-{offer['case']}"
        self._ref_of[key] = ref
        self._say(phone, {"t": "claim", "case": offer["case"], "round": offer["round"], "key": key})

    def _say(self, phone: Phone, message: dict[str, object]) -> None:
        self._said[str(message["key"])] = message
        phone.say(message)

    def _result(self, phone: Phone, result: dict[str, object], now: float) -> None:
        act, _, case_id = str(result["key"]).partition("-")
        case = self._watched.get(self._ref_of.get(f"claim-{case_id}", 0))
        if case is None:
            return
        if not result["ok"]:
            if result.get("reason") in UNDECIDED:  # as any client: the same again, until the run is over
                asyncio.get_running_loop().call_later(AGAIN_S, phone.say, self._said[str(result["key"])])
            return
        said = {"case": case_id, "fence": result.get("fence")}
        if act == "claim" and case.claimed_at is not None:
            case.claim_s = now - case.claimed_at
            self._say(phone, {"t": "arrived", "key": f"arrived-{case_id}", **said})
        elif act == "arrived":
            self._say(phone, {"t": "cleared", "key": f"cleared-{case_id}", "disposition": "founded", **said})
        elif act == "cleared":
            case.cleared = True

    # --- what is done
    async def run(self, places: Sequence[Point], *, rate: float, claims: bool = False) -> Driven:
        """A case at each place, so many a second. Raises: GrowthError when a process is gone."""
        self.claims = claims
        self._watched.clear()
        self._ref_of.clear()
        self._said.clear()
        stand = list(self.crew.places.items())
        expected = [frozenset(nearest(place, stand)) for place in places]
        rested = self.town.cpu()
        await asyncio.sleep(self.rest_s)
        before = self.town.cpu()
        idle = spent_between(rested, before)
        began = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for number, (place, whom) in enumerate(zip(places, expected, strict=True)):
                case = Watched(began + number / rate, whom)
                ref = next(self._refs)
                self._watched[ref] = case
                await asyncio.sleep(max(0.0, case.due - time.monotonic()))
                group.create_task(self._report(case, ref, place, number))
        await self._settle()
        seconds = time.monotonic() - began
        spent = spent_between(before, self.town.cpu())
        net = {name: spent[name] - idle.get(name, 0.0) * seconds / self.rest_s for name in spent}
        return Driven(list(self._watched.values()), seconds, net)

    async def post(self, places: Sequence[Point], expected: Sequence[frozenset[int]]) -> list[Watched]:
        """A case at each place at once, not waited for on any phone; what they hear later counts."""
        cases = []
        async with asyncio.TaskGroup() as group:
            for number, (place, whom) in enumerate(zip(places, expected, strict=True)):
                case, ref = Watched(time.monotonic(), whom), next(self._refs)
                self._watched[ref] = case
                cases.append(case)
                group.create_task(self._report(case, ref, place, number))
        return cases

    async def _report(self, case: Watched, ref: int, place: Point, number: int) -> None:
        body = {"category": "bench", "words": f"ref {ref} {WORDS}", "lat": place.lat, "lon": place.lon}
        http = self.town.http[number % len(self.town.http)]
        key = f"growth-{ref:012d}-{int(case.due * 1e6)}"
        answer = await http.ask("POST", "/v1/reports", json.dumps(body).encode(), (("Idempotency-Key", key),))
        if answer.status == 201:
            case.reported_s = answer.at - case.due

    async def _settle(self) -> None:
        """Until everybody has heard, and with claims until all is cleared; at most SETTLE_S."""
        ends = time.monotonic() + SETTLE_S
        while time.monotonic() < ends:
            waiting = any(
                case.expected - case.offered.keys() or (self.claims and case.expected and not case.cleared)
                for case in self._watched.values()
            )
            if not waiting:
                return
            await asyncio.sleep(0.01)
