"""The talk on a case before the real judge: who may speak and hear, how much, and that words can be erased."""

import hashlib
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from dispatch import limits
from dispatch.cases.facts import Answer
from dispatch.cases.views import ReadTo, Said, Talk
from dispatch.talk.threads import READ
from tests.conftest import Database
from tests.contract.screens import Process, Wire, desk_, officer_, reporter_
from tests.contract.small_town import Town, small_town


@pytest.fixture(scope="module")
async def town(database: Database) -> AsyncIterator[Town]:
    async with small_town(database) as town:
        yield town


async def say(town: Town, case: UUID, officer: UUID | None = None, **other: Any) -> Answer:
    """A line of the reporter's, or of an officer's."""
    meant: dict[str, Any] = {"words": "在南门等", "salt": "00ff"} | other
    if officer is None:
        meant = {"actor": "reporter", "actor_id": case, "scope": f"case:{case}"} | meant
    return await town.act(case, "said", officer, **meant)


async def held(town: Town) -> tuple[UUID, UUID, int]:
    """A case on an officer's seat."""
    officer = await town.officer()
    case = await town.report(officer)
    won = await town.claim(case, officer)
    return case, officer, int(won.response["fence"])


async def test_a_line_is_an_entry_whose_words_are_not_in_the_history(town: Town) -> None:
    case, officer, fence = await held(town)
    answer = await say(town, case, officer, fence=fence)
    assert answer.ok and [fact.kind for fact in answer.facts] == ["said"]
    assert answer.facts[0].body == {"words": hashlib.sha256(b"\x00\xff" + "在南门等".encode()).hexdigest()}
    assert answer.facts[0].talk is not None
    (line,) = answer.facts[0].talk.lines
    assert (line.words, line.by, line.officer, line.seq) == ("在南门等", "officer", officer, answer.facts[0].seq)
    (read,) = [f for f in await town.store.read_stream("s1", answer.facts[0].offset - 1, 1) if f.case == case]
    assert read.talk is not None and read.talk.lines == (line,), "read from the record it carries the same"
    assert (await town.store.talk(case, None, 50)).lines == (line,)
    everything = await town.owner.fetch("SELECT body::text FROM events WHERE case_id = $1", case)
    assert not [row for row in everything if "南门" in row[0]]


async def test_erased_words_are_gone_and_the_chain_stands(town: Town) -> None:
    case, officer, fence = await held(town)
    await say(town, case, officer, fence=fence)
    before = await town.owner.fetch("SELECT seq, hash FROM events WHERE case_id = $1 ORDER BY seq", case)
    await town.pool.execute("UPDATE talk_lines SET words = '', salt = '' WHERE case_id = $1", case)
    assert [line.words for line in (await town.store.talk(case, None, 50)).lines] == [""]
    after = await town.owner.fetch("SELECT seq, hash FROM events WHERE case_id = $1 ORDER BY seq", case)
    assert before == after


@pytest.mark.parametrize("event", ["said", READ])
async def test_only_who_is_on_the_case_speaks_and_reads(town: Town, event: str) -> None:
    case, officer, fence = await held(town)
    line: dict[str, Any] = {"words": "x", "salt": "00", "upto": 99}
    stranger = await town.officer()
    for who, its, reason in (
        (officer, fence - 1, "stale_fence"), (officer, None, "stale_fence"), (stranger, fence, "stale_fence"),
    ):  # fmt: skip
        assert (await town.act(case, event, who, fence=its, **line)).reason == reason
    assert (await town.desk(case, event, station="s2", **line)).reason == "not_yours"
    assert (await town.act(case, event, actor="service", actor_id=case, **line)).reason == "not_yours"
    assert (await town.desk(case, event, **line)).ok
    assert (await town.act(case, event, officer, fence=fence, **line)).ok
    assert (await town.desk(case, "reassigned", stranger)).ok
    assert (await town.act(case, event, officer, fence=fence, **line)).reason == "stale_fence"
    assert (await town.withdraw(case)).ok
    assert (await town.desk(case, event, **line)).reason == "closed"
    assert (await say(town, case)).reason == "closed"


async def test_the_same_line_again_is_said_once(town: Town) -> None:
    case = await town.at_desk()
    first, again = [await say(town, case, key="k" * 16) for _ in range(2)]
    assert first.ok and again.ok and again.facts == () and again.response == first.response
    other = await say(town, case, key="k" * 16, hash="ee")
    assert other.reason == "key_reused"
    assert len((await town.store.talk(case, None, 50)).lines) == 1


async def test_twenty_lines_a_minute_are_heard_and_the_next_is_too_often(town: Town) -> None:
    case = await town.at_desk()
    answers = [await say(town, case) for _ in range(limits.TALK_PER_MIN_MAX + 1)]
    assert [a.ok for a in answers] == [True] * limits.TALK_PER_MIN_MAX + [False]
    assert answers[-1].reason == "too_often" and answers[-1].facts == ()
    assert (await town.desk(case, "said", words="x", salt="00")).ok, "somebody else may"
    await town.owner.execute("UPDATE talk_lines SET at = at - interval '1 minute' WHERE case_id = $1", case)
    assert (await say(town, case)).ok


async def test_a_talk_holds_so_many_lines_and_no_more(town: Town) -> None:
    case = await town.at_desk()
    await town.owner.execute(
        "INSERT INTO talk_lines SELECT $1, 100 + n, 'desk:x', NULL, clock_timestamp() - interval '1 day', 'x', '' "
        "FROM generate_series(1, $2) n", case, limits.TALK_LINES_MAX,
    )  # fmt: skip
    assert (await say(town, case)).reason == "talk_full"


async def test_a_line_longer_than_may_be_is_never_stored(town: Town) -> None:
    case = await town.at_desk()
    assert (await say(town, case, words="长" * limits.TALK_CHARS_MAX)).ok
    with pytest.raises(asyncpg.CheckViolationError):
        await say(town, case, words="长" * (limits.TALK_CHARS_MAX + 1))


async def test_a_mark_goes_forward_only_and_never_beyond_what_was_said(town: Town) -> None:
    case = await town.at_desk()

    async def read(upto: int) -> list[int]:
        answer = await town.desk(case, READ, upto=upto)
        assert answer.ok
        return [fact.body["upto"] for fact in answer.facts]

    assert await read(99) == [], "nothing was said"
    first, second = [(await say(town, case)).facts[0].seq or 0 for _ in range(2)]
    assert await read(first) == [first]
    assert await read(2**31 - 1) == [second]
    assert await read(first) == [] and await read(second) == []
    assert READ not in await town.kinds(case), "it is no entry of the history"
    (talk,) = await town.store.talks([case])
    assert list(talk.marks.values()) == [second]


async def test_pages_of_a_talk_join_without_gap_or_double(town: Town) -> None:
    case = await town.at_desk()
    said = [(await say(town, case, words=f"{n}")).facts[0].seq for n in range(7)]
    found: list[int] = []
    before, more = None, True
    while more:
        page = await town.store.talk(case, before, 3)
        found, before, more = [line.seq for line in page.lines] + found, page.lines[0].seq, page.more
    assert found == said
    await town.withdraw(case)
    assert len((await town.store.talk(case, None, 50)).lines) == 7, "it can be read when the case is over"


async def test_who_joins_later_hears_the_whole_thread_and_who_left_hears_nothing_more(town: Town) -> None:
    a, b = await town.officers(2)
    case = await town.report(a, b)
    own = Process(town.store, Wire(), "own")
    await own.feed.start()
    first, second, desk = own.screen(officer_(a)), own.screen(officer_(b)), own.screen(desk_())
    reporter, other = own.screen(reporter_(case)), own.screen(desk_("s2"))

    async def done(answer: Answer) -> Answer:
        assert answer.ok, answer.reason
        own.feed.committed([answer])
        return answer

    await done(await say(town, case, words="before"))
    await done(await town.claim(case, a))
    await done(await say(town, case, a, words="mine", fence=await town.fence(case, a)))
    await done(await town.act(case, "handed_back", a, fence=await town.fence(case, a), candidates=[b]))
    await done(await say(town, case, words="between"))
    await done(await town.claim(case, b, 2))
    await done(await town.desk(case, "said", words="after", salt="00"))
    for screen in (first, second, desk, reporter, other):
        screen.catch_up()
    heard = {name: [v.line.words for v in s.got if isinstance(v, Said)] for name, s in
             (("a", first), ("b", second), ("desk", desk), ("reporter", reporter))}  # fmt: skip
    everything = ["before", "mine", "between", "after"]
    assert heard == {"a": ["mine"], "b": ["after"], "desk": everything, "reporter": everything}
    joined = [[line.words for line in v.lines] for v in second.got if isinstance(v, Talk)]
    assert joined == [["before", "mine", "between"]]
    assert [line.words for line in second.talks[case].lines] == everything
    assert first.talks == {} and other.got == []


async def test_where_one_has_read_is_told_to_the_own_screens_only(town: Town) -> None:
    a, b = await town.officers(2)
    case = await town.report(a, b, category="pair")
    own = Process(town.store, Wire(), "own")
    await own.feed.start()
    for officer in (a, b):
        own.feed.committed([await town.claim(case, officer)])
    screens = [own.screen(who) for who in (officer_(a), officer_(a), officer_(b), desk_(), reporter_(case))]
    own.feed.committed([await say(town, case)])
    own.feed.committed([await town.act(case, READ, a, fence=await town.fence(case, a), upto=99)])
    told = [[type(v) for v in screen.catch_up().got].count(ReadTo) for screen in screens]
    assert told == [1, 1, 0, 0, 0]
    assert [screen.talks[case].unread for screen in screens] == [0, 0, 1, 1, 0]
