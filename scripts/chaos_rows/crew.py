"""People for chaos: officers with phones and desks with screens, in touch all the time, over the public protocol.

They do what a row tells them and nothing by themselves, except to send fixes, to reconnect, and to sign in again
where the service sent them away (which is counted: nobody should be).
"""

import asyncio
import contextlib
import random
import secrets
import time
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from dispatch.cases import views
from gateway.wire.fields import Message
from gateway.wire.messages import Duty, FixMessage
from geo.point import Point
from scripts.chaos_rows import places
from scripts.simulator.doors import Doors, Person, Turned
from scripts.simulator.http import Answer, Unanswered
from scripts.simulator.ledger import Ledger
from scripts.simulator.line import Line

ATTEMPT_S: Final = 2.5
"""After so long without an answer a phone asks by its key, or sends again with the same key."""
FIX_S: Final = 6.0
SIGN_INS_AT_ONCE: Final = 8
READY_S: Final = 120.0
SPREAD: Final = 0.004  # degrees round the middle of a station: within 500 m

Watcher = Callable[["Phone", views.Sent, float], None]


async def attempt(person: Person, method: str, path: str, body: bytes = b"", **more: str) -> Answer:
    """One request, given up after ATTEMPT_S; then the next is sent to another door. Raises: Unanswered."""
    headers = tuple((name.replace("_", "-"), value) for name, value in more.items())
    try:
        async with asyncio.timeout(ATTEMPT_S):
            return await person.ask(method, path, body, more=headers)
    except TimeoutError as error:
        person.move_on()
        raise Unanswered(f"{method} {path}: no answer in {ATTEMPT_S} s") from error
    except Unanswered:
        person.move_on()
        raise


@dataclass(slots=True)
class Phone:
    """One person's line. `officer` and `station` as the sign-in said; `shown`: offers by case as they came."""

    login: str
    password: str
    person: Person
    watchers: "list[Watcher]"
    station: str = ""
    officer: UUID | None = None
    place: Point = field(default_factory=lambda: Point(0.0, 0.0))
    shown: dict[UUID, tuple[views.Offer, float]] = field(default_factory=dict)
    held: dict[UUID, tuple[views.HeldCase, float]] = field(default_factory=dict)
    gone: dict[UUID, tuple[views.Gone, float]] = field(default_factory=dict)
    listed: dict[UUID, views.DeskCase] = field(default_factory=dict)  # a desk's: the latest of each case
    sent_away: int = 0
    doubts: str = ""  # why the last act had to be sent again, a word each time
    line: Line = field(init=False)
    _expected: dict[str, deque["asyncio.Future[views.Result]"]] = field(default_factory=lambda: defaultdict(deque))

    def __post_init__(self) -> None:
        self.line = Line(self.person, Ledger(), self._heard, self.login)

    async def run(self) -> None:
        """Stays in touch until cancelled."""
        while True:
            with contextlib.suppress(Unanswered):
                try:
                    if self.person.token is None:
                        signed = await self.person.sign_in(self.login, self.password)
                        self.officer, self.station = signed.officer, signed.station or ""
                    await self.line.run()
                except Turned:
                    self.sent_away += 1
                    self.person.token = None
            await asyncio.sleep(0.5)

    def expect(self, key: str) -> "asyncio.Future[views.Result]":
        """The next result with this key. Who does not wait for it must cancel it, or it takes a later one's answer."""
        answer: asyncio.Future[views.Result] = asyncio.get_running_loop().create_future()
        self._expected[key].append(answer)
        return answer

    async def send(self, message: Message) -> bool:
        """Whether it went out; a line that takes no bytes for ATTEMPT_S is no line."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(ATTEMPT_S):
                return await self.line.send(message)
        return False

    async def act(self, message: Message, key: str, limit_s: float = 30.0) -> views.Result | None:
        """The answer, however often the message must be sent; None when none came in time."""
        ends = time.monotonic() + limit_s
        self.doubts = ""
        while time.monotonic() < ends:
            answer = self.expect(key)
            if not await self.send(message):
                answer.cancel()
                self.doubts += " unsent"
                await asyncio.sleep(0.2)
                continue
            try:
                result = await asyncio.wait_for(answer, ATTEMPT_S)
            except TimeoutError:
                self.doubts += " unanswered"
                continue
            if result.reason not in ("busy", "away", "overloaded", "too_fast"):
                return result
            self.doubts += f" {result.reason}"
            await asyncio.sleep(0.3)
        return None

    async def fix(self) -> None:
        """Says where it is."""
        await self.send(FixMessage(lat=self.place.lat, lon=self.place.lon, accuracy_m=10.0))

    def forget(self) -> None:
        """What was shown in an earlier row."""
        self.shown.clear()
        self.held.clear()
        self.gone.clear()

    def _heard(self, message: views.Sent, now: float, steady: bool) -> None:
        if isinstance(message, views.Result):
            waiting = self._expected.get(message.key)
            while waiting:
                answer = waiting.popleft()
                if not answer.done():
                    answer.set_result(message)
                    break
            if not waiting:
                self._expected.pop(message.key, None)
        elif isinstance(message, views.Offer):
            self._offer(message, now)
        elif isinstance(message, views.HeldCase):
            self.held.setdefault(message.case, (message, now))
        elif isinstance(message, views.Gone):
            self.gone[message.case] = (message, now)
        elif isinstance(message, views.DeskCase):
            self.listed[message.case] = message
        elif isinstance(message, views.Snapshot):
            for offer in message.offers:
                self._offer(offer, now)
            for held in message.held:
                self.held.setdefault(held.case, (held, now))
        for watcher in list(self.watchers):
            watcher(self, message, now)

    def _offer(self, offer: views.Offer, now: float) -> None:
        known = self.shown.get(offer.case)
        if known is None or known[0].round < offer.round:
            self.shown[offer.case] = (offer, now)


class Crew:
    """Officers by station, desks by station; `watchers` hear everything that anybody hears."""

    def __init__(self, doors: Doors, seed: int) -> None:
        self.doors, self._dice = doors, random.Random(f"{seed}:crew")
        self.watchers: list[Watcher] = []
        self.officers: dict[str, list[Phone]] = defaultdict(list)
        self.desks: dict[str, Phone] = {}

    @property
    def all_officers(self) -> list[Phone]:
        return [phone for phones in self.officers.values() for phone in phones]

    def of(self, officer: UUID) -> Phone:
        return next(p for p in self.all_officers if p.officer == officer)

    @contextlib.asynccontextmanager
    async def on_duty(self, people: Sequence[tuple[str, str, str, str]]) -> AsyncIterator[None]:
        """All at work while the body lasts. `people`: (role, login, password, station). Raises: TimeoutError."""
        turn = asyncio.Semaphore(SIGN_INS_AT_ONCE)
        async with asyncio.TaskGroup() as group:
            tasks = []
            for number, (role, login, password, station) in enumerate(people):
                phone = Phone(login, password, Person(self.doors, number + 1), self.watchers, station)
                if role == "desk":
                    self.desks[station] = phone
                else:
                    centre = places.middle(int(station.removeprefix("s")))
                    near = [self._dice.uniform(-SPREAD, SPREAD) for _ in range(2)]
                    phone.place = Point(centre.lat + near[0], centre.lon + near[1])
                    self.officers[station].append(phone)
                tasks.append(group.create_task(self._shift(phone, turn, role)))
            try:
                async with asyncio.timeout(READY_S):
                    for phone in [*self.desks.values(), *self.all_officers]:
                        await phone.line.ready.wait()
                    await asyncio.gather(*(self._come(phone) for phone in self.all_officers))
                yield
            finally:
                for task in tasks:
                    task.cancel()

    async def until_in_touch(self, timeout_s: float = 60.0) -> None:
        """Everybody's line is open. Raises: TimeoutError."""
        async with asyncio.timeout(timeout_s):
            for phone in [*self.desks.values(), *self.all_officers]:
                await phone.line.ready.wait()

    @contextlib.contextmanager
    def watched(self, watcher: Watcher) -> Iterator[None]:
        """`watcher` hears everything while the body lasts."""
        self.watchers.append(watcher)
        try:
            yield
        finally:
            self.watchers.remove(watcher)

    async def _shift(self, phone: Phone, turn: asyncio.Semaphore, role: str) -> None:
        async with turn:
            signed = await phone.person.sign_in(phone.login, phone.password)
            phone.officer = signed.officer
        if role == "desk":
            await phone.run()
            return
        async with asyncio.TaskGroup() as group:
            group.create_task(phone.run())
            group.create_task(self._send_fixes(phone))

    async def _come(self, phone: Phone) -> None:
        key = secrets.token_urlsafe(24)
        result = await phone.act(Duty(on=True, key=key), key)
        if result is None or not result.ok:
            raise TimeoutError(f"{phone.login} did not come on duty: {result}")
        await phone.fix()  # before that it had no duty and no position

    async def _send_fixes(self, phone: Phone) -> None:
        await phone.line.ready.wait()
        await asyncio.sleep(self._dice.uniform(0, 0.5))
        while True:
            await phone.fix()
            await asyncio.sleep(FIX_S * self._dice.uniform(0.8, 1.0))
