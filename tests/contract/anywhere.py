"""A town in which anything may happen next: what people do and what misfortune does.

Each step says in words what was wrong with what became of it.
"""

import contextlib
import hashlib
import secrets
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from dispatch.adapters.postgres.catalogue import load_roster
from dispatch.adapters.postgres.people import PostgresPeople
from dispatch.adapters.postgres.store import PostgresCases
from dispatch.adapters.redis.sessions import RedisSessions
from dispatch.cases.facts import Answer, CaseState
from dispatch.cases.ports import ReportDraft, StoreBusy
from dispatch.cases.service import Came
from dispatch.cases.values import HELD, Channel, Status
from dispatch.limits import SHIFT_LAST_MIN
from dispatch.people import receipts
from dispatch.people.service import SignIn
from dispatch.people.values import Role, Who
from dispatch.positions.live import LivePositions
from dispatch.positions.roster import Roster
from dispatch.streams.sweeping import Publisher
from gateway.http.advice import advised, noted, reporter_of
from gateway.http.problems import Problem
from gateway.wire.acts import act_draft
from gateway.wire.messages import Report
from gateway.wire.safety import AdviceAsked
from geo.distance import metres_fast
from geo.point import Point
from tests.conftest import Database
from tests.contract.air import Air
from tests.contract.anywhere_ground import CALLS_MAX, DESKS, FREE, GONE, POLICE, Ground
from tests.contract.screens import desk_, differences, officer_, reporter_, supervisor_
from tests.contract.small_town import LAT, LON, claim, small_town
from tests.contract.test_people import CHEAP, KEY, PEPPER


class Killed(Exception):
    """The process is no more."""


class Doomed:
    """A pool of one connection, for a process that is killed after so many calls of the database. What was asked in a
    transaction that was begun before stays between lock and commit until the connection is gone."""

    def __init__(self, connection: asyncpg.Connection, calls: int) -> None:
        self._connection, self._calls = connection, calls

    def acquire(self, **_: Any) -> "Doomed":
        return self

    async def __aenter__(self) -> "Doomed":
        return self

    async def __aexit__(self, *_: object) -> None:
        return None

    async def fetch(self, query: str, *values: Any) -> list[Any]:
        if self._calls <= 0:
            raise Killed
        self._calls -= 1
        return list(await self._connection.fetch(query, *values))


class Mute:
    """Of a process that was killed before it could tell anybody what it has committed."""

    def committed(self, answers: Iterable[Answer]) -> None:
        list(answers)


class Anywhere(Ground):
    """Steps on the ground of one walk."""

    __slots__ = ()

    # --- what people do
    def _draft(self, near: LivePositions, category: str, station: str, away: bool) -> ReportDraft:
        """Put before whoever is near as far as this process knows, as the gateway does it."""
        lat = LAT + away * 3
        wave = self._reporting(near).wave(category, lat, LON, station)
        return self.town.draft(
            wave.candidates, category=category, lat=lat, station=station, wave=wave.number, ring_m=wave.ring_m,
            last_wave=wave.last, asks=wave.asks, pause_ms=wave.pause_ms, desk_first=wave.desk_first,
        )  # fmt: skip

    async def report(
        self, category: str, away: bool = False, station: str = "s1", near: LivePositions | None = None,
        said: Report | None = None, who: Who | None = None,
    ) -> list[str]:  # fmt: skip
        """A report; what was wrong with what became of it. `near`: of a process that has just started. `said`, `who`:
        entered by a clerk."""
        await self.send_places()
        near = near or self.near
        draft = self._draft(near, category, station, away)
        if said is not None and who is not None:
            draft.words, draft.channel, draft.exercise = said.words, said.channel, said.exercise
            draft.reporter, draft.noted = reporter_of(who, said), noted(said, advised(said, POLICE))
        code = receipts.code_for(self.pepper, draft.key)
        draft.receipt_mac = receipts.mac(self.pepper, code).hex()
        passed_over = await self._free(draft, near)
        answer = await self.reporting.report(draft)
        self.cases.append(draft.id)
        self.codes[draft.id] = code
        if not answer.ok:
            return [f"a report was refused: {answer.reason}"]
        alone = answer.response["status"] == Status.AT_STATION and not draft.desk_first
        return (
            [f"at the desk, with {passed_over} to ask, index trusted: {near.healthy()}"]
            if alone and passed_over
            else []
        )

    async def _free(self, draft: ReportDraft, near: LivePositions) -> list[UUID]:
        """Officers who must not be passed over: whoever stands in the widest ring; all of the station, where nobody
        can know who does."""
        rows = await self.town.owner.fetch(FREE, SHIFT_LAST_MIN)
        widest = self.catalogue.categories[draft.category].rings_m[-1]
        place, found = Point(draft.lat, draft.lon), []
        for officer, station in rows:
            north = self.phones.get(officer)
            close = north is not None and metres_fast(Point(LAT + north, LON), place) <= widest
            if close if near.healthy() else station == draft.station:
                found.append(officer)
        return found

    async def clerk_enters(self, category: str, words: str, channel: Channel, exercise: bool) -> list[str]:
        """By a supervisor. What sounds like an emergency is not taken before the advice was given."""
        who = supervisor_(None)
        said = Report(category=category, words=words, lat=LAT, lon=LON, channel=channel, exercise=exercise)
        try:
            advised(said, POLICE)
        except Problem as problem:
            assert problem.code == "emergency", problem.code
            said = msgspec.structs.replace(said, advised=True)
        return await self.report(category, said=said, who=who)

    async def hear_advice(self, case: UUID, words: str) -> Any:
        return await self.advising.heard(case, AdviceAsked(words=words))

    async def claim(self, case: UUID, officer: UUID, round_: int, key: str) -> Answer:
        draft = claim(case, officer, round_, key)
        draft.hash = hashlib.sha256(f"{case}{round_}".encode()).hexdigest()
        (answer,) = await self.town.store.claim([draft])
        self.here.feed.committed([answer])
        return answer

    async def claim_held_elsewhere(self, case: UUID, officer: UUID, round_: int, key: str) -> Answer:
        """The same while somebody else holds the case's row for longer than the process waits that asks."""
        draft = claim(case, officer, round_, key)
        async with self.town.owner.transaction():
            await self.town.owner.execute("SELECT FROM cases WHERE id = $1 FOR UPDATE", case)
            (answer,) = await PostgresCases(Doomed(self.rival, CALLS_MAX)).claim([draft])
        self.here.feed.committed([answer])
        return answer

    async def act(self, message: Any, who: Who) -> Answer:
        """As the gateway does it, past the table of permissions: the judge alone must hold."""
        state = await self.town.store.case(message.case)
        answer = await self.acting.act(act_draft(message, who, state is not None and state.status in HELD))
        if answer.facts and "made" in answer.response:
            self.cases.append(UUID(answer.response["made"]))
        return answer

    async def asked(self, state: CaseState) -> list[UUID]:
        """Whom the present round asked."""
        entry = self.here.feed.board.cases.get(state.id)
        return sorted(entry.recipients) if entry is not None else []

    async def duty(self, officer: UUID, on: bool, key: str, shift_min: int | None) -> Answer:
        """As the gateway does it: off duty nobody's place is kept."""
        answer = await self.acting.duty(officer, on, key, "dd", shift_min)
        if not on and answer.ok:
            self.near.drop(officer)
            await self.air.here.bus.forget_fix(officer)
        return answer

    async def join(self, officer: UUID) -> None:
        await self.joining.join([Came(officer, Point(LAT, LON), "s1")], self.here.feed.now())

    # --- misfortune
    async def kill_a_sweeper(self, calls: int, *, committed: bool) -> list[str]:
        """A sweeper dies after so many calls of the database: between lock and commit, while another one looks; or
        after its commits, before it could tell anybody. Then the living look. What is wrong afterwards."""
        await self.air.settle()
        dying = await asyncpg.connect(self.app_url)
        if not committed:
            await dying.execute("BEGIN")
        sweeping, watching = self._sweeper(Doomed(dying, calls), Mute())
        with contextlib.suppress(Killed, StoreBusy):
            await sweeping.sweep()
            await watching.turn()
        if not committed:
            sweeping, watching = self._sweeper(Doomed(self.rival, CALLS_MAX), Publisher(self.wire, "rival"))
            with contextlib.suppress(StoreBusy):  # what the dying holds is met again
                await sweeping.sweep()
                await watching.turn()
        pid, before = dying.get_server_pid(), await self.fingerprint()
        dying.terminate()  # as when a process is killed: the socket is gone, nothing was said
        await self.town.owner.execute(GONE.format(pid=pid))
        left = before != await self.fingerprint()
        found = await self.sweep()
        await self.here.mend()
        return [*found, "a sweeper that was killed before its commit left something behind"] if left else found

    async def flush_redis(self, *, cut_off: bool) -> list[str]:
        """Redis forgets everything, and cuts off who listened. What is wrong then, and when places were stored."""
        before, roster = await self.fingerprint(), Roster()
        roster.replace(await load_roster(self.town.pool))
        await self.air.flush(cut_off=cut_off)
        found = ["trusts an index that is empty"] if (await self.air.starting(roster)).healthy() else []
        found += await self.sessions()
        here = [one for one in self.officers if self.near.where(one) is not None]
        await self.air.tell_fixes()
        knows = await self.air.starting(roster)
        lost = [one for one in here if knows.where(one) is None]
        found += [f"the index was not filled again: {lost}"] if lost else []
        found += ["trusts an index that has just begun"] if knows.healthy() else []
        return [*found, "a flush changed the record"] if before != await self.fingerprint() else found

    async def starts(self) -> LivePositions:
        """What a process knows that starts now."""
        roster = Roster()
        roster.replace(await load_roster(self.town.pool))
        return await self.air.starting(roster)

    async def sign_in(self, case: UUID) -> None:
        opened = await self.signing.open_receipt(self.codes[case])
        assert isinstance(opened, tuple), opened
        self.tokens[opened[0]] = case

    async def sign_out(self, token: str) -> None:
        who = await self.signing.who(token)
        if who is not None:
            await self.signing.sign_out(who)
        self.tokens[token] = None

    async def sessions(self) -> list[str]:
        """Sessions that live and do not open, or are over and do."""
        found = []
        for token, case in self.tokens.items():
            who = await self.signing.who(token)
            if (who.case if who else None) != case:
                found.append(f"a session of {case} opens {who}")
        return found

    async def carry(self, kept: Sequence[bool]) -> list[str]:
        """New publications reach the other process through Redis, the last first; some are lost. What it shows
        otherwise then."""
        new = self.wire.posted[self.carried :]
        self.carried = len(self.wire.posted)
        for n, payload in reversed(list(enumerate(new))):
            if n >= len(kept) or kept[n]:
                await self.air.say(payload)
        await self.air.settle()
        await self.elsewhere.mend()
        await self.here.mend()
        viewers = [desk_("s1"), desk_("s2"), supervisor_(None), *(officer_(one) for one in self.officers)]
        found = []
        for who in (*viewers, *(reporter_(case) for case in self.cases)):
            one, other = await self.elsewhere.fresh(who), await self.here.fresh(who)
            if one.shows() != other.shows():
                found.append(f"two processes show {who.role} different things: {differences(one, other)}")
        return found


def who_(role: Role, state: CaseState, officer: UUID, station: str, first: bool = True) -> Who:
    """Somebody in this role: a reporter of this case, this officer, a desk of this station, one of two supervisors."""
    if role is Role.REPORTER:
        return Who(UUID(int=3), role, case=state.id, station=state.station)
    if role is Role.OFFICER:
        return Who(UUID(int=1), role, officer=officer, station="s1")
    if role is Role.DESK:
        return Who(UUID(int=2), role, account=next(a for a, s in DESKS.items() if s == station), station=station)
    return Who(UUID(int=2), role, account=UUID(int=7 if first else 9), station=station)


def key() -> str:
    return secrets.token_hex(12)


@contextlib.asynccontextmanager
async def anywhere(database: Database, redis_url: str) -> AsyncIterator[Anywhere]:
    """A world to walk in, on these stores."""
    rival = await asyncpg.connect(database.app_url, server_settings={"lock_timeout": "30"})  # ms: it has others to do
    async with small_town(database) as town, Air(redis_url).on() as air:
        people, sessions = PostgresPeople(town.pool), RedisSessions(air.redis)
        signing = SignIn(people, sessions, CHEAP, pepper=PEPPER, ticket_key=KEY, now=time.time)
        yield Anywhere(town, database.app_url, air, signing, PEPPER, rival)
    await rival.close()
