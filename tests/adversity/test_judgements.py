"""What judges the chaos runs is judged itself: each kind of broken promise must be seen, and OUT be whole."""

import asyncio
import contextlib
import gc
import json
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest

from dispatch.cases import views
from scripts import chaos
from scripts.answer import ROWS as ALL
from scripts.chaos import Blocks, Chaos, Options
from scripts.chaos_rows import a1, claims, edge, kills
from scripts.chaos_rows.deliveries import Log, compare
from scripts.chaos_rows.ground import Ground
from scripts.chaos_rows.record import Record
from scripts.chaos_rows.resume import judge_phone
from scripts.chaos_rows.table import ROWS
from scripts.chaos_rows.tally import Found, Profile, Row, Tally, judged, merged
from scripts.chaos_rows.viewer import Heard
from scripts.checker.history import Kind
from scripts.fleet import Shape
from scripts.simulator.http import Answer

OFFICER, CASE = uuid4(), uuid4()
PLACE = views.Place(31.0, 117.0, 70.0)


def _offer(offset: int, case: UUID = CASE) -> views.Offer:
    return views.Offer(
        stream="s0", offset=offset, case=case, round=1, category="real", words="w", place=PLACE, remaining_ms=9
    )


def _gone(offset: int) -> views.Gone:
    return views.Gone(stream="s0", offset=offset, case=CASE, reason="taken")


def test_two_winners_of_one_case_break_a_history_and_a_doubt_does_not() -> None:
    record = Record()
    for who in "ab":
        record.call(who, "claim", CASE, {"officer": who, "key": who}).done(Kind.OK, "won")
    assert len(record.broken()) == 1
    calm = Record()
    calm.call("a", "claim", CASE, {"officer": "a", "key": "a"}).done(Kind.INFO)
    calm.call("b", "claim", CASE, {"officer": "b", "key": "b"}).done(Kind.FAIL, {"reason": "taken"})
    assert calm.broken() == []


def test_a_history_is_written_as_the_checker_reads_it(tmp_path: Path) -> None:
    record = Record()
    record.call("a", "claim", CASE, {"officer": "a", "key": "k"}).done(Kind.OK, "won")
    record.call("b", "claim", CASE, {"officer": "b", "key": "j"})
    record.close()
    record.write(tmp_path / "history.jsonl")
    lines = [json.loads(line) for line in (tmp_path / "history.jsonl").read_text().splitlines()]
    assert [line["type"] for line in lines] == ["invoke", "ok", "invoke"]
    assert {"process", "f", "case_id", "t_mono", "value"} <= set(lines[0])


def test_an_early_a_missing_and_a_double_fallback_are_each_named() -> None:
    rows: list[Any] = [
        {"id": uuid4(), "late_s": late, "at_s": 1.0, "desk_reason": None, "fell": fell}
        for late, fell in ((-0.001, 1), (None, 0), (0.1, 2), (0.1, 1))
    ]
    found = edge.timer_tally(rows, {row["id"]: 1.5 for row in rows}, 0.0)
    assert len(found["broken"]) == 3
    assert edge.judge_timer(found).reached is False


@pytest.mark.parametrize(
    ("log", "sentence"),
    [
        ([], "was never offered"),
        ([(_offer(5), 1.0), (_offer(5), 1.1), (_gone(6), 1.2)], "was offered"),
        ([(_offer(5), 1.0)], "never heard what became of"),
        ([(_offer(5), 1.0), (_gone(6), 1.1), (_offer(4), 1.2), (_gone(7), 1.3)], "heard 4 of s0 after 6"),
        ([(_gone(6), 1.0)], "never of its offer"),
    ],
)
def test_a_phone_that_missed_or_was_told_twice_is_named(log: Log, sentence: str) -> None:
    found = compare([(CASE, OFFICER, 5, 1.0)], {OFFICER: log}, 0.0)
    assert any(sentence in one for one in found["broken"]), found["broken"]


def test_an_offer_to_somebody_who_was_not_asked_is_named() -> None:
    stranger = uuid4()
    log: Log = [(_offer(5), 1.0), (_gone(6), 1.1)]
    assert compare([(CASE, OFFICER, 5, 1.0)], {OFFICER: log}, 0.0)["broken"] == []
    found = compare([(CASE, OFFICER, 5, 1.0)], {OFFICER: log, stranger: log}, 0.0)
    assert found["broken"] == [f"officer {stranger} was offered {CASE} and was not asked"]


def test_a_silent_gap_after_a_return_is_named_and_a_declared_one_is_not() -> None:
    back = views.Welcome(v=1, resumed=True, token="t", at={}, role="officer")  # noqa: S106 - no secret
    asked, ended = [(CASE, 5, 10.0)], {CASE: 70.0}
    silent = [Heard(back, 9.0, 1), Heard(back, 11.0, 2)]
    assert len(judge_phone("o", "s0", asked, ended, silent, [])) == 1
    beats = [Heard(views.Beat(sent=1, at={"s0": 5}), when, 2) for when in (30.0, 80.0)]
    assert len(judge_phone("o", "s0", asked, ended, [*silent, beats[0]], [])) == 1
    assert judge_phone("o", "s0", asked, ended, [*silent, beats[1]], []) == [], "over before the phone could hear"
    shown = views.Snapshot(at={"s0": 5}, offers=(_offer(0),))
    assert judge_phone("o", "s0", asked, ended, [*silent, Heard(shown, 11.0, 2)], []) == []
    empty = views.Snapshot(at={"s0": 5})
    assert len(judge_phone("o", "s0", asked, ended, [*silent, Heard(empty, 11.0, 2)], [])) == 1


def test_figures_above_the_table_are_not_reached() -> None:
    good = {"claims": 50, "cases": 1, "unresolved": 0, "ms": [20.0] * 50, "shown": 50, "why": [], "broken": []}
    assert a1.judge(good).reached
    assert not a1.judge({**good, "ms": [20.0] * 40 + [200.0] * 10}).reached
    assert not a1.judge({**good, "broken": ["two won"]}).reached
    assert not judged(0, {}, []).reached, "nothing tried is nothing shown"
    crash = {"accepted": 9, "crashes": 1, "repeated": 1, "late_s": [0.2], "unanswered": 0, "broken": []}
    assert kills.judge_databases({**crash, "back_s": [0.5], "overdue_s": [0.2]}).reached
    assert not kills.judge_databases({**crash, "back_s": [5.5], "overdue_s": [0.2]}).reached
    assert not kills.judge_databases({**crash, "back_s": [0.5], "overdue_s": [5.1]}).reached


def test_blocks_add_up_and_survive_the_file(tmp_path: Path) -> None:
    assert merged({"n": 1, "s": [1], "worst_s": 2}, {"n": 2, "s": [3], "worst_s": 1}) == {
        "n": 3,
        "s": [1, 3],
        "worst_s": 2,
    }
    blocks = Blocks(tmp_path / "b", 7, Profile.GATE)
    row = ROWS[0]
    blocks.put(row, 0, {row.names[0]: {"n": 1}})
    again = Blocks(tmp_path / "b", 7, Profile.GATE)
    again.load()
    assert again.has(row, 0) and not again.has(row, 1)
    other = Blocks(tmp_path / "b", 8, Profile.GATE)
    other.load()
    assert not other.has(row, 0), "another seed is another run"


def test_blocks_of_another_size_do_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    row = ROWS[0]
    Blocks(tmp_path / "b", 7, Profile.GATE).put(row, 0, {row.names[0]: {"n": 1}})
    cut = replace(row, blocks={Profile.SHORT: 1, Profile.GATE: row.blocks[Profile.GATE] + 1})
    monkeypatch.setattr(chaos, "ROWS", (cut,))
    later = Blocks(tmp_path / "b", 7, Profile.GATE)
    later.load()
    assert not later.has(cut, 0)


def test_runs_side_by_side_add_up_to_one(tmp_path: Path) -> None:
    for name, row in (("a", ROWS[0]), ("b", ROWS[2])):
        blocks = Blocks(tmp_path / name, 7, Profile.GATE)
        for number in range(row.blocks[Profile.GATE]):
            blocks.put(row, number, {one: {"claims": 1, "won": 1} for one in row.names})
    words = ["--merge", str(tmp_path / "a"), str(tmp_path / "b"), "--json", str(tmp_path / "out.json")]
    both = Chaos(chaos.read_options(words))
    assert both.blocks.sum(ROWS[0], "A1") == {
        "claims": ROWS[0].blocks[Profile.GATE],
        "won": ROWS[0].blocks[Profile.GATE],
    }
    assert both.blocks.has(ROWS[2], 0) and not both.blocks.has(ROWS[1], 0)
    assert (both.options.profile, both.options.seed) == (Profile.GATE, 7)


def test_blocks_of_another_seed_are_not_merged(tmp_path: Path) -> None:
    for seed in (7, 8):
        Blocks(tmp_path / f"{seed}", seed, Profile.GATE).save()
    with pytest.raises(SystemExit):
        chaos.read_options(["--merge", str(tmp_path / "7"), str(tmp_path / "8"), "--json", str(tmp_path / "out")])


@contextlib.asynccontextmanager
async def no_ground(opened: list[Shape], shape: Shape) -> AsyncIterator[None]:
    opened.append(shape)
    yield


async def test_blocks_share_a_fleet_until_it_is_used_up_or_hurt_or_another_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Shape] = []
    rows = [
        Row((name,), {Profile.SHORT: 1, Profile.GATE: 3}, never, {name: lambda _: Found(1, {}, True)}, {}, shape)
        for name, shape in (("A1", Shape()), ("A3", Shape()), ("A9", Shape(webs=1)))
    ]
    now, played = [0.0], list[str]()

    async def block(self: Chaos, ground: Ground, row: Row, number: int) -> bool:
        played.append(f"{row.names[0]}.{number} on {len(opened)}")
        now[0] += 101.0
        return (row.names[0], number) != ("A3", 1)

    monkeypatch.setattr(chaos, "ROWS", tuple(rows))
    monkeypatch.setattr(chaos, "open_ground", lambda *_, shape: no_ground(opened, shape))
    monkeypatch.setattr(chaos, "time", SimpleNamespace(monotonic=lambda: now[0]))
    monkeypatch.setattr(Chaos, "_block", block)
    await Chaos(Options(Profile.GATE, 3, tmp_path / "out.json"), say=lambda line: None).run()
    assert " ".join(played) == (
        "A1.0 on 1 A1.1 on 1 A1.2 on 1 A3.0 on 2 A3.1 on 2 A3.2 on 3 A9.0 on 4 A9.1 on 4 A9.2 on 4"
    )
    assert opened == [Shape(), Shape(), Shape(), Shape(webs=1)]


async def never(ground: Ground, profile: Profile, block: int) -> Mapping[str, Tally]:
    raise AssertionError("replaced")


def test_a_claim_that_came_too_fast_decided_nothing() -> None:
    problem = b'{"type":"about:blank","status":429,"title":"Too fast","code":"too_fast","detail":"Wait a little."}'
    told = claims._result(Answer(429, {}, problem, 0.0, 0.0), "k")
    assert told is not None and (told.ok, told.reason) == (False, "too_fast") and told.reason in claims.UNDECIDED


def test_out_holds_every_row_before_anything_ran(tmp_path: Path) -> None:
    options = Options(Profile.SHORT, 3, tmp_path / "out.json")
    run = Chaos(options)
    run.write()
    answers = json.loads(options.out.read_text())
    assert [answer["row"] for answer in answers] == list(ALL)
    assert all(answer["reached"] is None and answer["reason"] for answer in answers)
    assert run.code == 2, "nothing ran"


async def test_a_row_that_cannot_be_finished_is_not_reached_and_the_others_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(ground: Ground, profile: Profile, block: int) -> Mapping[str, Tally]:
        raise OSError("no more")

    def whole(tally: Tally) -> Found:
        return Found(1, {}, True)

    row = Row(("A1",), {Profile.SHORT: 1, Profile.GATE: 1}, fails, {"A1": whole})
    monkeypatch.setattr(chaos, "ROWS", (row,))
    run = Chaos(Options(Profile.SHORT, 3, tmp_path / "out.json", frozenset({"A1"})), say=lambda line: None)
    assert not await run._block(None, row, 0)  # type: ignore[arg-type] # it fails before it looks at the ground
    (answer,) = [one for one in run.answers() if one["row"] == "A1"]
    assert answer["reached"] is False and "no more" in answer["reason"]
    assert run.code == 1


async def test_the_drivers_own_pauses_are_told_beside_a_figure_and_nothing_is_collected_in_a_block(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Quiet(SimpleNamespace):
        async def heal(self) -> None: ...

    async def deaf(ground: Ground, profile: Profile, block: int) -> Mapping[str, Tally]:
        assert not gc.isenabled()
        await asyncio.sleep(0.02)
        time.sleep(0.2)  # noqa: ASYNC251 - what is to be noticed
        await asyncio.sleep(0.02)
        return {"A1": {"n": 1}}

    row = Row(("A1",), {Profile.SHORT: 1, Profile.GATE: 1}, deaf, {"A1": lambda _: Found(1, {"x": 2}, True)})
    monkeypatch.setattr(chaos, "ROWS", (row,))
    run = Chaos(Options(Profile.SHORT, 3, tmp_path / "out.json", frozenset({"A1"})), say=lambda line: None)
    assert await run._block(Quiet(notes=[]), row, 0) and gc.isenabled()  # type: ignore[arg-type]
    (answer,) = [one for one in run.answers() if one["row"] == "A1"]
    assert answer["reached"] and answer["figure"]["x"] == 2
    assert 0.15 < answer["figure"]["driver_deaf_s"] < 5.0
