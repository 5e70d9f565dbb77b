"""Where people come in: the addresses of the service, patience, and signing in.

Everybody has an address of their own, sent as X-Forwarded-For: a service that trusts its proxy limits each of them
as it would limit real people, and any other ignores the header.
"""

import asyncio
import random
import time
from dataclasses import dataclass
from typing import Final, TypeVar

import msgspec

from gateway.wire.messages import OpenReceipt, Signed, SignIn, Ticket
from scripts.simulator.http import Answer, Http, Unanswered

PATIENCE_S: Final = 90.0
"""How long a person goes on trying before the run is called a failure."""
PAUSE_FIRST_S: Final = 0.2
PAUSE_MAX_S: Final = 5.0
T = TypeVar("T")


class Turned(Exception):
    """The service said no, in a way that asking again does not change."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        self.status, self.code = status, code
        super().__init__(f"{status} {code}: {detail}")


class _Problem(msgspec.Struct):
    code: str = ""
    detail: str = ""


class Doors:
    """All web processes; whoever finds one closed goes to the next."""

    def __init__(self, urls: tuple[str, ...]) -> None:
        self._doors = [Http(url) for url in urls]
        self.more: tuple[tuple[str, str], ...] = ()  # headers that every request carries

    def door(self, turn: int) -> Http:
        return self._doors[turn % len(self._doors)]

    async def close(self) -> None:
        for door in self._doors:
            await door.close()


@dataclass(slots=True)
class Person:
    """Somebody with an address, at one of the doors, perhaps signed in."""

    doors: Doors
    number: int
    token: str | None = None
    turn: int = -1

    def __post_init__(self) -> None:
        self.turn = self.number

    @property
    def address(self) -> str:
        """In the range for benchmarks of devices (RFC 2544)."""
        return f"198.{18 + (self.number >> 16) % 2}.{(self.number >> 8) % 256}.{self.number % 256}"

    @property
    def door(self) -> Http:
        return self.doors.door(self.turn)

    def move_on(self) -> None:
        """To the next door."""
        self.turn += 1

    async def ask(
        self, method: str, path: str, body: bytes = b"", *, more: tuple[tuple[str, str], ...] = (), deaf: bool = False
    ) -> Answer:
        """One request. Raises: Unanswered."""
        headers = (("X-Forwarded-For", self.address), ("Origin", self.door.base), *self.doors.more, *more)
        if self.token is not None:
            headers += (("Authorization", f"Bearer {self.token}"),)
        return await self.door.ask(method, path, body, headers, deaf=deaf)

    async def insist(
        self, method: str, path: str, body: bytes = b"", *, more: tuple[tuple[str, str], ...] = ()
    ) -> Answer:
        """The answer, after as many attempts as patience allows. Only for what may be asked twice.

        Raises: Turned for a final no; Unanswered when patience ends.
        """
        ends, attempt = time.monotonic() + PATIENCE_S, 0
        while True:
            pause_s = min(PAUSE_FIRST_S * 2**attempt, PAUSE_MAX_S) * random.uniform(0.5, 1.5)
            try:
                answer = await self.ask(method, path, body, more=more)
                if answer.status < 400:
                    return answer
                if not passing(answer):
                    raise turned(answer)
                pause_s = max(pause_s, retry_after_s(answer))
                why = f"{method} {path} was answered {turned(answer)}"
            except Unanswered as error:
                why = str(error)
                self.move_on()
            attempt += 1
            if time.monotonic() + pause_s > ends:
                raise Unanswered(f"{why}; {attempt} attempts in {PATIENCE_S:.0f} s")
            await asyncio.sleep(pause_s)

    async def sign_in(self, login: str, password: str) -> Signed:
        """Raises: Turned, Unanswered."""
        self.token = None
        body = msgspec.json.encode(SignIn(login=login, password=password))
        return self._signed(await self.insist("POST", "/v1/sessions", body))

    async def open_receipt(self, code: str) -> Signed:
        """Raises: Turned, Unanswered."""
        self.token = None
        return self._signed(await self.insist("POST", "/v1/receipts", msgspec.json.encode(OpenReceipt(code=code))))

    async def ticket(self) -> str:
        """Opens one socket, at the door where the person stands now. Raises: Turned, Unanswered."""
        answer = await self.ask("POST", "/v1/tickets")
        if answer.status >= 400:
            raise turned(answer) if not passing(answer) else Unanswered(str(turned(answer)))
        return decoded(answer, Ticket).ticket

    def _signed(self, answer: Answer) -> Signed:
        signed = decoded(answer, Signed)
        self.token = signed.token
        return signed


def decoded(answer: Answer, type_: type[T]) -> T:
    """The body as it was promised. Raises: Turned when it is not."""
    try:
        return msgspec.json.decode(answer.body, type=type_)
    except msgspec.MsgspecError as error:
        raise Turned(answer.status, "not_as_promised", str(error)) from error


def passing(answer: Answer) -> bool:
    """Whether coming back may help: too many, restarting, overloaded, broken."""
    return answer.status == 429 or answer.status >= 500


def turned(answer: Answer) -> Turned:
    try:
        problem = msgspec.json.decode(answer.body, type=_Problem)
    except msgspec.MsgspecError:
        problem = _Problem("no_problem_document", answer.body[:200].decode(errors="replace"))
    return Turned(answer.status, problem.code, problem.detail)


def retry_after_s(answer: Answer) -> float:
    value = answer.headers.get("retry-after", "")
    return min(float(value), 15.0) if value.isascii() and value.isdigit() else 0.0
