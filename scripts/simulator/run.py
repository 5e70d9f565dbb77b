"""One run: a town at work for some minutes, then every receipt read, then the verdict."""

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncIterator, Coroutine, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import msgspec

from dispatch import limits
from dispatch.cases.policy import Policy
from scripts.simulator.citizen import Citizen, read_receipt
from scripts.simulator.desk import Desk
from scripts.simulator.doors import Doors, Person, Turned
from scripts.simulator.figures import figures_of
from scripts.simulator.fleet import Fleet
from scripts.simulator.http import Unanswered
from scripts.simulator.incidents import Planned, plan, read_incidents
from scripts.simulator.ledger import Ledger
from scripts.simulator.officer import Officer
from scripts.simulator.places import Ways, map_of, read_map
from scripts.simulator.show import watching
from scripts.simulator.temper import Temper
from scripts.simulator.verdict import FINAL, judge, percentiles_ms
from scripts.simulator.walk import Walk

SIGN_INS_AT_ONCE: Final = 8
READS_AT_ONCE: Final = 16
ON_DUTY_S_MAX: Final = 180.0
FIXES_S: Final = limits.GENERATION_AGE_S_MIN + 2.0  # before that the service does not trust its positions
WORK_S_MAX: Final = 45.0  # from winning a case to clearing it, with breaks of signal
SETTLE_S_MAX: Final = 60.0  # how long a receipt may still change after the last case should be over
ADDRESSES_OFFICERS: Final = 1
ADDRESSES_CITIZENS: Final = 20_000
FAILURES_NAMED_MAX: Final = 5
CALM: Final = Temper()


class RunError(Exception):
    """The run could not be made as asked; a sentence."""


@dataclass(frozen=True, slots=True)
class Options:
    """As on the command line; a `policy` is for a service of our own only. `window_ms`, `temper`, `quiet`: for tests; a
    window of None is the service's own."""

    incidents: Path
    count: int
    officers: int
    minutes: float
    seed: int
    areas: Path | None = None
    url: str | None = None
    credentials: Path | None = None
    policy: Policy | None = None
    window_ms: int | None = None
    temper: Temper = CALM
    quiet: bool = False

    @property
    def window_s(self) -> float:
        own = self.policy.window_ms if self.policy else self.window_ms
        return (own or limits.OFFER_WINDOW_MS) / 1000


class _SignIn(msgspec.Struct):
    role: str
    login: str
    password: str
    station: str | None = None
    beat: str | None = None


class _Credentials(msgspec.Struct):
    people: list[_SignIn]


def read_people(credentials: Path) -> list[_SignIn]:
    """The sign-ins of a file. Raises: OSError, msgspec.MsgspecError."""
    return msgspec.json.decode(credentials.read_bytes(), type=_Credentials).people


@dataclass(slots=True)
class Run:
    """The state of one run; `finished` gives what is known at any time, also after a failure."""

    options: Options
    ledger: Ledger = field(default_factory=Ledger)
    phase: str = "reading"
    failures: list[str] = field(default_factory=list)
    lag_s: list[float] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)
    fleet: Fleet | None = None
    doors: Doors | None = None

    async def go(self) -> None:
        """The whole run. Raises: RunError, and what stores and children raise, when it cannot be made."""
        options = self.options
        incidents = read_incidents(options.incidents)
        planned = plan(incidents, count=options.count, minutes=options.minutes, seed=options.seed)
        town = read_map(options.areas) if options.areas else map_of(incidents)
        ways = Ways(town, incidents, options.seed)
        categories = sorted({one.category for one in incidents})
        self.phase = "starting"
        async with watching(lambda: self.phase, self.ledger, len(planned), options.quiet):
            if options.url is not None and options.credentials is not None:
                await self._at(Doors((options.url,)), options.credentials, ways, planned)
                return
            async with Fleet(town.town(options.officers, categories, options.window_ms, options.policy)) as fleet:
                self.fleet = fleet
                await self._at(Doors(fleet.urls), fleet.credentials, ways, planned)

    async def _at(self, doors: Doors, credentials: Path, ways: Ways, planned: Sequence[Planned]) -> None:
        self.doors = doors
        people = read_people(credentials)
        desks = [one for one in people if one.role == "desk"]
        officers = [one for one in people if one.role == "officer"][: self.options.officers]
        if len(officers) < self.options.officers:
            raise RunError(f"{credentials} has {len(officers)} officers; {self.options.officers} were asked for")
        known = await self._categories(doors)
        try:
            async with self._on_duty(desks, officers, ways):
                await self._report(planned, known)
            await self._read_receipts()
        finally:
            await doors.close()

    async def _categories(self, doors: Doors) -> frozenset[str]:
        answer = await Person(doors, 0).insist("GET", "/v1/categories")
        found = msgspec.json.decode(answer.body)
        rows = found.get("categories", []) if isinstance(found, dict) else found
        return frozenset(str(row["id"]) for row in rows)

    @contextlib.asynccontextmanager
    async def _on_duty(self, desks: Sequence[_SignIn], officers: Sequence[_SignIn], ways: Ways) -> AsyncIterator[None]:
        """Desks and officers at work while the body lasts."""
        self.phase = "signing in"
        turn, options = asyncio.Semaphore(SIGN_INS_AT_ONCE), self.options
        shared = {"ledger": self.ledger, "temper": options.temper, "seed": options.seed}
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._watch_lag())]
            ready: list[asyncio.Event] = []
            for number, one in enumerate([*desks, *officers], ADDRESSES_OFFICERS):
                assert self.doors is not None
                person = Person(self.doors, number)
                if one.role == "desk":
                    desk = Desk(person, one.login, **shared)  # type: ignore[arg-type]
                    ready.append(desk.ready)
                    work = desk.run()
                else:
                    places = ways.of(one.station or "", one.beat or "")
                    walk = Walk(places, random.Random(f"{options.seed}:{one.login}:walk"), time.monotonic())
                    officer = Officer(person, one.login, walk, window_s=options.window_s, **shared)  # type: ignore[arg-type]
                    ready.append(officer.on_duty)
                    work = officer.run()
                tasks.append(group.create_task(self._counted(self._shift(person, one, turn, work), one.login)))
            try:
                await self._wait_ready(ready)
                yield
            finally:
                for task in tasks:
                    task.cancel()

    async def _shift(
        self, person: Person, one: _SignIn, turn: asyncio.Semaphore, work: Coroutine[Any, Any, None]
    ) -> None:
        try:
            async with turn:
                await person.sign_in(one.login, one.password)
            await work
        finally:
            work.close()

    async def _wait_ready(self, ready: Sequence[asyncio.Event]) -> None:
        ends = time.monotonic() + ON_DUTY_S_MAX
        while missing := sum(not event.is_set() for event in ready):
            if self.failures or time.monotonic() > ends:
                raise RunError(
                    f"{missing} of {len(ready)} people did not come on duty. "
                    + "; ".join(self.failures[:FAILURES_NAMED_MAX])
                )
            await asyncio.sleep(0.1)
        self.phase = "first positions"
        await asyncio.sleep(FIXES_S)

    async def _report(self, planned: Sequence[Planned], known: frozenset[str]) -> None:
        """Everybody reports in time; returns when all cases are over, or should be."""
        self.phase, began = "running", time.monotonic()
        assert self.doors is not None
        options = self.options
        async with asyncio.TaskGroup() as group:
            citizens = []
            for one in planned:
                await asyncio.sleep(began + one.at_s - time.monotonic())
                category = one.incident.category if one.incident.category in known else "other"
                citizen = Citizen(
                    Person(self.doors, ADDRESSES_CITIZENS + one.number), one, category,
                    ledger=self.ledger, temper=options.temper, seed=options.seed,
                )  # fmt: skip
                task = group.create_task(self._counted(citizen.run(), f"report {one.number}"))
                citizens.append(task)
            self.phase = "waiting for the last cases"
            _, open_ = await asyncio.wait(citizens, timeout=options.window_s + WORK_S_MAX)
            for task in open_:
                task.cancel()
        self.ledger.day_ended = time.monotonic()

    async def _read_receipts(self) -> None:
        self.phase = "reading every receipt"
        assert self.doors is not None
        ends = time.monotonic() + SETTLE_S_MAX
        while True:
            turn = asyncio.Semaphore(READS_AT_ONCE)
            async with asyncio.TaskGroup() as group:
                for number, sent in self.ledger.sent.items():
                    if sent.case is None or sent.receipt is None:
                        continue
                    read = self.ledger.cases[sent.case].read
                    if read is None or read.status not in FINAL:
                        group.create_task(self._read_one(number, turn))
            reads = [log.read for log in self.ledger.cases.values() if log.read is not None]
            if all(read.status in FINAL for read in reads) or time.monotonic() > ends:
                return
            await asyncio.sleep(2)

    async def _read_one(self, number: int, turn: asyncio.Semaphore) -> None:
        sent = self.ledger.sent[number]
        assert self.doors is not None and sent.receipt is not None and sent.case is not None
        async with turn:
            person = Person(self.doors, ADDRESSES_CITIZENS + number)
            try:
                self.ledger.of(sent.case).read = await read_receipt(person, sent.receipt, sent.case)
            except Unanswered as error:
                self.failures.append(f"receipt of report {number}: {error}")

    async def _counted(self, work: Coroutine[Any, Any, None], who: str) -> None:
        """People fail one by one: the run goes on and says so at its end."""
        try:
            await work
        except* (Turned, Unanswered) as failure:
            self.failures.append(f"{who}: {_first(failure)}")

    async def _watch_lag(self) -> None:
        while True:
            due = time.monotonic() + 0.05
            await asyncio.sleep(0.05)
            self.lag_s.append(time.monotonic() - due)

    def finished(self, error: str | None = None) -> tuple[dict[str, Any], int]:
        """The report, and the exit code: 0 all promises held, 1 one broke, 2 the run itself failed."""
        verdict, ledger = judge(self.ledger, self.options.window_s), self.ledger
        if error is None and self.failures:
            error = f"{len(self.failures)} people gave up: " + "; ".join(self.failures[:FAILURES_NAMED_MAX])
        found: dict[str, Any] = {
            **verdict.numbers,
            **figures_of(ledger),
            "seed": self.options.seed,
            "officers": self.options.officers,
            "minutes": self.options.minutes,
            "window_s": self.options.window_s,
            "policy": msgspec.to_builtins(self.options.policy),
            "seconds": round(time.monotonic() - self.began, 1),
            "refusals": ledger.refusals,
            "declines": ledger.declines,
            "signals_lost": ledger.signals_lost,
            "resumed": ledger.resumed,
            "snapshots": ledger.snapshots,
            "reports_repeated": ledger.reports_repeated,
            "strange": ledger.strange,
            "loop_lag_ms": percentiles_ms(self.lag_s),
            "broken": list(verdict.broken[:20]),
        }
        if error is not None:
            found["error"] = error
        return found, 1 if verdict.broken else 2 if error is not None else 0


def _first(failure: BaseException) -> BaseException:
    return _first(failure.exceptions[0]) if isinstance(failure, BaseExceptionGroup) else failure
