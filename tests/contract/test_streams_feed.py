"""How facts reach a process: none before its commit, none skipped at a start, every gap filled or declared (B4)."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from types import SimpleNamespace
from typing import Any, Final, cast
from uuid import UUID, uuid4

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dispatch.cases.catalogue import Catalogue
from dispatch.cases.facts import Answer, CaseState
from dispatch.cases.ports import Heads
from dispatch.cases.service import Acting, Claiming, Reporting
from dispatch.people.values import Who
from gateway.sockets import resume as resume_module
from gateway.sockets.session import PersonSession
from tests.conftest import Database
from tests.contract.screens import Phone, Process, Wire, desk_, differences, officer_, reporter_
from tests.contract.small_town import Town, act, claim, small_town

FAIL_AT_COMMIT: Final = """
CREATE FUNCTION fail_at_commit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.officer_id = '%s' THEN RAISE EXCEPTION 'at commit'; END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER fail_at_commit AFTER INSERT OR UPDATE ON assignments DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW EXECUTE FUNCTION fail_at_commit();
"""


@pytest.fixture(scope="module")
async def town(database: Database) -> AsyncIterator[Town]:
    async with small_town(database) as town:
        yield town


async def started(town: Town, wire: Wire | None = None, store: Any = None) -> Process:
    process = Process(store or town.store, wire or Wire(), uuid4().hex)
    await process.feed.start()
    return process


def services(process: Process) -> tuple[Claiming, Acting]:
    reporting = Reporting(process.store, process.feed, cast(Any, None), Catalogue(), lambda: 0.0)
    return Claiming(process.store, process.feed), Acting(process.store, process.feed, reporting)


# --- nothing before its commit
async def test_a_commit_that_fails_at_its_very_end_has_told_nobody(town: Town) -> None:
    officer = await town.officer()
    case = await town.report(officer)
    wire = Wire()
    process = await started(town, wire)
    claiming, acting = services(process)
    await town.owner.execute(FAIL_AT_COMMIT % officer)
    try:
        with pytest.raises(asyncpg.PostgresError, match="at commit"):
            await claiming.claim(claim(case, officer))
    finally:
        await town.owner.execute("DROP FUNCTION fail_at_commit CASCADE")
    assert (wire.posted, process.told) == ([], [])
    assert (await town.state(case)).holders == ()
    assert (await claiming.claim(claim(case, officer))).ok
    assert (await acting.act(act(case, "set_out", officer, fence=1))).ok
    assert len(wire.posted) == 2


# --- a start between facts
class Interrupted:
    """The store, with something that happens at a moment of a process's start."""

    def __init__(self, town: Town, moment: str, happen: Callable[[], Awaitable[None]]) -> None:
        self._store, self._left, self._happen = town.store, MOMENTS.index(moment), happen
        self._read = False  # position or snapshot, whichever comes first

    async def _moment(self) -> None:
        if self._left == 0:
            await self._happen()
        self._left -= 1

    async def heads(self) -> Heads:
        await self._moment()
        heads = await self._store.heads()
        if self._left == 0 and self._read:
            await self._moment()
        self._read = True
        return heads

    async def open_cases(self) -> list[tuple[CaseState, frozenset[UUID]]]:
        await self._moment()
        found = await self._store.open_cases()
        if self._left == 0 and self._read:
            await self._moment()
        self._read = True
        return found

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


MOMENTS: Final = ("before the position", "between position and snapshot", "after the snapshot")
ACTS: Final = ("claim", "withdraw", "decline", "report", "claim and hand back", "withdraw and report")


async def happened(town: Town, what: str, case: UUID, one: UUID, two: UUID) -> list[Answer]:
    answers: list[Answer] = []
    for part in what.split(" and "):
        if part == "claim":
            answers.append(await town.claim(case, one))
        elif part == "withdraw":
            answers.append(await town.withdraw(case))
        elif part == "decline":
            answers.append(await town.act(case, "declined", one, round=1))
        elif part == "hand back":
            fence = await town.fence(case, one)
            answers.append(await town.act(case, "handed_back", one, fence=fence, candidates=[two]))
        else:
            answers += await town.store.report([town.draft([one, two])])
    return answers


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
@given(moment=st.sampled_from(MOMENTS), what=st.sampled_from(ACTS), heard=st.booleans(), twice=st.booleans())
async def test_what_happens_while_a_process_starts_is_neither_lost_nor_doubled(
    town: Town, moment: str, what: str, heard: bool, twice: bool
) -> None:
    one, two = await town.officers(2)
    case = await town.report(one, two)
    wire = Wire()
    teller = await started(town, wire)

    async def happen() -> None:
        teller.feed.committed(await happened(town, what, case, one, two))
        for _ in range(heard + (heard and twice)):
            wire.carry(process)

    process = Process(cast(Any, Interrupted(town, moment, happen)), wire, uuid4().hex)
    await process.feed.start()
    await process.mend()
    for who in (officer_(one), officer_(two), desk_(), reporter_(case)):
        assert not differences(await process.fresh(who), await (await started(town)).fresh(who))
        assert not differences(await process.fresh(who), await teller.fresh(who))
    offsets = [fact.offset for fact in process.told if fact.stream == "s1"]
    assert offsets == sorted(set(offsets))
    await town.owner.execute("UPDATE cases SET status = 'withdrawn' WHERE status <> 'withdrawn'")


# --- gaps
async def test_a_publication_that_was_lost_is_read_from_the_database_in_order(town: Town) -> None:
    officer, wire = await town.officer(), Wire()
    own, other = await started(town, wire), await started(town, wire)
    screen = other.screen(officer_(officer))
    case = uuid4()
    own.feed.committed(await town.store.report([town.draft([officer], id=case)]))
    own.feed.committed([await town.claim(case, officer)])
    wire.carry(other, [1])
    assert other.told == [] and screen.catch_up().got == [], "what follows a hole waits"
    other.ahead_s += 0.06
    await other.feed.mend()
    assert [f.kind for f in other.told] == ["received", "offer_opened", "claimed"]
    assert not differences(screen.catch_up(), await own.fresh(officer_(officer)))


async def test_a_stream_that_grew_in_silence_is_noticed_by_its_head(town: Town) -> None:
    deaf = await started(town)
    case = await town.at_desk()
    await deaf.mend()
    assert case in deaf.feed.board.cases


async def test_a_run_of_the_feed_hears_what_nobody_published(town: Town) -> None:
    process = await started(town)
    heard = asyncio.Event()
    process.feed.listeners.append(lambda fact: heard.set())
    running = asyncio.create_task(process.feed.run())
    case = await town.at_desk()
    async with asyncio.timeout(5):
        await heard.wait()
    running.cancel()
    assert case in process.feed.board.cases


# --- resume
async def a_day(town: Town) -> tuple[Process, Who, str, dict[str, int]]:
    """A process that knows a few facts, an officer's token, and where the officer was in the middle of them."""
    officer = await town.officer()
    process = await started(town)
    who = officer_(officer)
    process.feed.committed(await town.store.report([town.draft([officer])]))
    at = process.resume.at(who)
    for _ in range(3):
        process.feed.committed(await town.store.report([town.draft([officer])]))
    return process, who, process.resume.token(who), at


async def why(process: Process, who: Who, token: str | None, at: dict[str, int]) -> tuple[str, dict[str, Any], int]:
    """What hello hears: why no resume, the snapshot that follows, and how many messages in all."""
    node = SimpleNamespace(
        feed=process.feed, resume=process.resume, hub=process.hub, roster=process.roster, sessions=set(),
        messages_per_s_max=50,
    )  # fmt: skip
    session, phone = PersonSession(cast(Any, node), who), Phone()
    session.opened(phone)
    session.received(json.dumps({"t": "hello", "v": 1, "token": token, "at": at}).encode())
    welcome, *rest = map(json.loads, phone.take())
    session.closed(1000)
    return welcome.get("why") or "resumed", rest[0] if rest else {}, len(rest)


async def test_an_honest_token_hears_only_what_was_missed(town: Town) -> None:
    process, who, token, at = await a_day(town)
    said, first, count = await why(process, who, token, at)
    assert (said, first["t"], count) == ("resumed", "offer", 3)
    assert (await why(process, who, token, process.resume.at(who)))[::2] == ("resumed", 0)


async def test_whatever_cannot_be_proved_is_declared_and_a_snapshot_follows(town: Town) -> None:
    process, who, token, at = await a_day(town)
    head = at["s1"]
    forged = token[:-1] + ("0" if token[-1] != "0" else "1")
    other = officer_(await town.officer())
    claims: dict[str, tuple[str | None, dict[str, int]]] = {
        "new": (None, {}),
        "token": (forged, at),
        "future": (token, at | {"s1": head + 1_000}),
        "trimmed": (token, {"s1": 0, "s2": at["s2"]}),
    }
    for expected, (shown, offsets) in claims.items():
        said, first, count = await why(process, who, shown, offsets)
        assert (said, first["t"], len(first["offers"]), count) == (expected, "snapshot", 4, 1)
    assert (await why(process, who, process.resume.token(other), at))[0] == "token"
    assert (await why(process, desk_(), token, at))[0] == "token"
    assert (await why(process, who, token, at | {"elsewhere": 3}))[0] == "future"
    assert (await why(process, who, "nonsense", at))[0] == "epoch"


async def test_after_a_restore_old_offsets_mean_nothing(town: Town) -> None:
    """Same offsets, another history behind them: only the epoch tells."""
    process, who, token, at = await a_day(town)
    before = process.feed.epoch
    again: list[bool] = []
    process.feed.on_new_epoch = lambda: again.append(True)
    await town.owner.execute("UPDATE meta SET epoch = gen_random_uuid()")
    await process.feed.poll()
    assert process.feed.epoch != before and again == [True]
    now = process.resume.at(who)
    said, first, count = await why(process, who, token, now)
    assert (said, first["t"], count) == ("epoch", "snapshot", 1)
    assert (await why(process, who, process.resume.token(who), now))[0] == "resumed"
    assert at["s1"] < now["s1"]


async def test_more_missed_than_a_resume_may_carry_is_a_snapshot(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    process, who, token, at = await a_day(town)
    monkeypatch.setattr(resume_module, "RESUME_FACTS_MAX", 5)
    assert (await why(process, who, token, at))[0] == "too_many"


async def test_a_resume_from_every_offset_tells_nobody_elses_facts(town: Town) -> None:
    process, _, _, at = await a_day(town)
    stranger = officer_(await town.officer())
    for back in range(4):
        offsets = at | {"s1": at["s1"] + back}
        assert (await why(process, stranger, process.resume.token(stranger), offsets))[::2] == ("resumed", 0)
