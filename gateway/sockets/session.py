"""One person's socket: hello first, then acts. Every message is asked of the permission table before anything else."""

import asyncio
import dataclasses
import functools
import logging
import time
from collections.abc import Coroutine
from typing import Any

import msgspec

from dispatch.batching import Overloaded
from dispatch.cases.facts import Answer
from dispatch.cases.ports import StoreAway, StoreBusy
from dispatch.cases.views import Beat, Problem, Welcome
from dispatch.limits import FIX_INTERVAL_S, MESSAGES_PER_S_MAX, REFUSED_MESSAGES_MAX
from dispatch.people.permissions import SELF, Act, allowed
from dispatch.people.values import Role, Who
from dispatch.positions.roster import OnDuty
from gateway.http.problems import Problem as NotUnderstood
from gateway.node import Node
from gateway.refusals import tell
from gateway.sockets.hub import Member, encode
from gateway.sockets.link import Close, Link, text_frame
from gateway.wire.acts import ACTS, claim_draft, scope_of
from gateway.wire.desk_messages import DeskShift
from gateway.wire.messages import (
    VERSION,
    Ask,
    ClaimMessage,
    ClearPanic,
    ClientMessage,
    Duty,
    FixMessage,
    Hello,
    PanicMessage,
)
from gateway.wire.mistakes import TURNS, read_message, said
from gateway.wire.sentences import refused, result, stored
from geo.datum import Datum, to_wgs84
from geo.point import Point

log = logging.getLogger("onbeat.sockets")

NOT_DECIDED = ((StoreBusy, "busy"), (StoreAway, "away"), (Overloaded, "overloaded"))
URGENT_BYTES_MAX = 512  # a call for help is short
SEND_FIXES = frozenset(role for role in Role if allowed(role, Act.FIX, SELF))  # asked 50,000 times a second
IN_FLIGHT_MAX = 16  # acts of one socket waiting for their answers


def _urgent(text: bytes) -> bool:
    """May this be a call for help? None is turned away by a limit of messages."""
    return len(text) <= URGENT_BYTES_MAX and b'"panic"' in text


def _beat_of(officer: OnDuty | None) -> str | None:
    """The beat of an officer on duty as GET /v1/areas names it; records hold it with its kind before it."""
    return officer.beat.removeprefix("beat:") if officer is not None and officer.beat is not None else None


class PersonSession:
    """`gateway.sockets.link.Session` for whoever a ticket named."""

    __slots__ = (
        "_calling",
        "_claims",
        "_node",
        "_opened_at",
        "_refused",
        "_running",
        "_tokens",
        "_tokens_at",
        "link",
        "member",
        "who",
    )

    def __init__(self, node: Node, who: Who) -> None:
        if who.officer is not None:
            who = dataclasses.replace(who, officer=node.roster.known(who.officer))
        self._node, self.who = node, who
        self.link: Link | None = None
        self.member: Member | None = None
        self._running: set[asyncio.Task[None]] | None = None
        self._calling: asyncio.Task[None] | None = None  # for help
        self._refused = 0
        self._claims = 0  # waiting for their answers
        self._tokens, self._tokens_at = float(2 * MESSAGES_PER_S_MAX), time.monotonic()
        self._opened_at = self._tokens_at

    # --- the link's side
    def opened(self, link: Link) -> None:
        self.link = link
        self._node.sessions.add(self)

    def closed(self, code: int) -> None:
        self._node.sessions.discard(self)
        if self.member is not None:
            self._node.hub.leave(self.member)
            self.member = None
        for running in self._running or ():
            running.cancel()

    def received(self, text: bytes) -> None:
        admitted = self._admitted()
        if not admitted and not _urgent(text):
            self._close(Close.POLICY, "too many messages a second")
            return
        try:
            message = read_message(text)
        except NotUnderstood as mistake:
            tell(mistake.code, "a socket", self.who)
            self._problem(mistake.code, said(mistake))
            return
        if isinstance(message, PanicMessage):
            self._panic(message)
        elif not admitted:
            self._close(Close.POLICY, "too many messages a second")
        elif isinstance(message, FixMessage):
            self._fix(message)
        elif isinstance(message, Hello):
            self._hello(message)
        elif self.member is None:
            self._problem("hello_first")
        else:
            self._act(message)

    def _admitted(self) -> bool:
        now = time.monotonic()
        allowance = self._node.messages_per_s_max
        self._tokens = min(2.0 * allowance, self._tokens + (now - self._tokens_at) * allowance) - 1.0
        self._tokens_at = now
        return self._tokens >= 0.0

    # --- hello, beats
    def _hello(self, hello: Hello) -> None:
        if hello.v != VERSION:
            self._close(Close.VERSION, f"this service speaks version {VERSION}")
            return
        if self.member is not None:
            self._problem("hello_twice")
            return
        assert self.link is not None
        node, who = self._node, self.who
        missed = node.resume.missed(who, hello.token, hello.at)
        resumed = not isinstance(missed, str)
        follows = self._follows(hello)
        self.member = Member(who, self.link, follows)
        on_duty = node.roster.by_id.get(who.officer) if who.officer else None
        self._send(
            Welcome(
                v=VERSION,
                resumed=resumed,
                token=node.resume.token(who),
                at=node.resume.at(who),
                role=who.role,
                why=None if resumed else str(missed),
                officer=who.officer,
                call_sign=who.call_sign,
                station=who.station,
                on_duty=on_duty is not None if who.officer else None,
                beat=_beat_of(on_duty),
                fix_interval_s=FIX_INTERVAL_S if who.officer else None,
            )
        )
        if isinstance(missed, str):
            self._send(node.resume.snapshot(who, follows))
        else:
            self.member.sent += len(missed)
            if missed:
                self.link.write(b"".join([told.frame for told in missed]))
        node.hub.join(self.member)
        if who.role is Role.REPORTER and who.case is not None and node.feed.board.followed(who.case) is None:
            self._start(self._closed_case())

    def _follows(self, hello: Hello) -> str | None:
        """The station that a supervisor looks at; None for everybody else, and where there is no such station."""
        may = self.who.role is Role.SUPERVISOR and allowed(self.who.role, Act.READ_DESK)
        return hello.follow if may and hello.follow in self._node.catalogue.stations else None

    async def _closed_case(self) -> None:
        """A reporter comes back to a case that is over: it is not on the board any more."""
        view = await self._node.reporter_view(self.who)
        if view is not None:
            self._send(view)

    def beat(self, now: float) -> None:
        """The heartbeat; also where a socket without hello ends."""
        if self.member is None:
            if now - self._opened_at > self._node.hello_s_max:
                self._close(Close.HELLO_MISSING, "hello was not said in time")
            return
        self._send(Beat(sent=self.member.sent, at=self._node.resume.at(self.who)))

    # --- acts
    def _fix(self, fix: FixMessage) -> None:
        if self.who.role not in SEND_FIXES or self.who.officer is None or self.member is None:
            self._problem("fix_not_yours" if self.member else "hello_first")
            return
        lat, lon = fix.lat, fix.lon
        if fix.datum is not Datum.WGS84:
            point = to_wgs84(Point(lat, lon), fix.datum)
            lat, lon = point.lat, point.lon
        self._node.fix(self.member, self.who.officer, lat, lon, fix.accuracy_m, fix.age_ms / 1000.0)

    def _act(self, message: ClientMessage) -> None:
        if isinstance(message, Ask):
            self._start(self._ask(message))
        elif isinstance(message, ClaimMessage):
            if self._may(Act.CLAIM, message.key):
                self._claim(message)
        elif isinstance(message, Duty):
            if self._may(Act.DUTY, message.key):
                self._start(self._duty(message))
        elif isinstance(message, ClearPanic):
            self._start(self._answer(message.key, self._node.safety.clear_panic(self.who, message)))
        elif isinstance(message, DeskShift):
            if self._may(Act.DESK_SHIFT, message.key):
                self._start(self._answer(message.key, self._on_shift(message)))
        else:
            act, _ = ACTS[type(message)]
            self._start(self._other(message, act))

    def _may(self, act: Act, key: str) -> bool:
        may = allowed(self.who.role, act, SELF)
        if not may:
            tell("not_allowed", f"{act} on a socket", self.who)
            self._send(refused(key, "not_yours"))
        return may

    async def _ask(self, ask: Ask) -> None:
        if self._may(Act.ASK, ask.key):
            await self._answer(ask.key, self._stored(ask.key))

    async def _stored(self, key: str) -> Any:
        return stored(key, await self._node.store.by_key(scope_of(self.who), key))

    def _claim(self, message: ClaimMessage) -> None:
        """Without a task of its own: fifty of these arrive at once."""
        node, officer = self._node, self.who.officer
        assert officer is not None
        if not node.claim_allowed(officer):
            self._send(refused(message.key, "too_fast"))
            return
        early = node.claiming.early(message.case, officer, message.round)
        if early is not None:
            self._tell(message.key, early)
        elif self._claims >= IN_FLIGHT_MAX:
            self._problem("too_many_in_flight", f"At most {IN_FLIGHT_MAX} acts may wait for their answers.")
        else:
            try:
                node.claiming.put(claim_draft(message, self.who), functools.partial(self._claimed, message.key))
            except Overloaded:
                self._send(refused(message.key, "overloaded"))
                return
            self._claims += 1

    def _claimed(self, key: str, outcome: Answer | Exception) -> None:
        self._claims -= 1
        if isinstance(outcome, Answer):
            self._tell(key, outcome)
        else:
            self._send(refused(key, self._because(outcome)))

    def _tell(self, key: str, answer: Answer) -> None:
        if self.link is not None:
            self.link.write_soon(text_frame(self._node.results.encoded(key, answer)))

    def _panic(self, message: PanicMessage) -> None:
        """Whatever else waits, and before hello: one at a time, and the next is the same call."""
        if self._calling is not None and not self._calling.done():
            self._send(refused(message.key, "busy"))
            return
        safety = self._node.safety
        self._calling = safety.keep(self._answer(message.key, safety.panic(self.who, message)))

    async def _duty(self, message: Duty) -> None:
        assert self.who.officer is not None
        await self._answer(message.key, self._on_duty(message))

    async def _on_duty(self, message: Duty) -> Any:
        assert self.who.officer is not None
        told = result(message.key, await self._node.duty(self.who.officer, message))
        beat = _beat_of(self._node.roster.by_id.get(self.who.officer))
        return told if beat is None else msgspec.structs.replace(told, more={"beat": beat})

    async def _on_shift(self, message: DeskShift) -> Any:
        assert self.who.account is not None and self.who.station is not None, "a desk has both"
        return result(message.key, await self._node.desk_shift(self.who.account, self.who.station, message))

    async def _other(self, message: Any, act: Act) -> None:
        await self._answer(message.key, self._acted(message, act))

    async def _acted(self, message: Any, act: Act) -> Any:
        return await self._node.act(self.who, message, act)

    async def _answer(self, key: str, answer: Coroutine[Any, Any, Any]) -> None:
        """Sends what comes of it; an outcome that is not known is said to be so: the client asks by its key."""
        try:
            self._send(await answer)
        except Exception as error:
            self._send(refused(key, self._because(error)))

    @staticmethod
    def _because(error: BaseException) -> str:
        """The reason that a client hears; what nobody foresaw is a mistake of ours and its outcome unknown."""
        reason = next((code for kind, code in NOT_DECIDED if isinstance(error, kind)), None)
        if reason is None:
            log.error("an act failed in a way nobody foresaw", exc_info=error)
        return reason or "away"

    def _start(self, act: Coroutine[Any, Any, None]) -> None:
        running = self._running
        if running is None:
            running = self._running = set()
        if len(running) >= IN_FLIGHT_MAX:
            act.close()
            self._problem("too_many_in_flight")
            return
        task = asyncio.get_running_loop().create_task(act)
        running.add(task)
        task.add_done_callback(running.discard)

    # --- out
    def _send(self, view: object) -> None:
        if self.link is not None:
            self.link.write(text_frame(encode(view)))

    def _problem(self, code: str, say: str | None = None) -> None:
        self._refused += 1
        if self._refused > REFUSED_MESSAGES_MAX:
            self._close(Close.TOO_MANY_REFUSED, "too many messages were not understood")
            return
        self._send(Problem(code=code, say=say or TURNS[code]))

    def _close(self, code: Close, reason: str) -> None:
        if self.link is not None:
            self.link.close(code, reason)
