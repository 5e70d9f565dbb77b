"""Policies side by side: which differences say something, and which runs are made again."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from dispatch.cases.policy import Mode, Policy, read_policy
from scripts.simulator.compare import MEASURES, compare, compared, markdown

WAIT = "wait_p50_s"


def run(wait_ms: float | None, **more: Any) -> dict[str, Any]:
    return {"wait_ms": {"p50": wait_ms}, "broken": [], **more}


def runs(**waits_ms: Sequence[float]) -> dict[str, list[dict[str, Any]]]:
    return {name: [run(one) for one in those] for name, those in waits_ms.items()}


def test_a_difference_larger_than_the_seeds_spread_is_said() -> None:
    (pair,) = compared(runs(a=[1_000, 1_200, 1_100], b=[2_000, 2_100, 2_050]))[WAIT]["differences"]
    assert pair["of"] == ["a", "b"] and pair["larger"]
    assert (pair["by"], pair["spread"]) == (pytest.approx(0.95), pytest.approx(0.2))


def test_a_difference_within_the_seeds_spread_is_said_not_to_be_one() -> None:
    summary = compared(runs(a=[1_000, 3_000], b=[2_000, 3_500]))
    (pair,) = summary[WAIT]["differences"]
    assert not pair["larger"]
    assert "| no |" in markdown(summary).splitlines()[2]


def test_one_seed_says_nothing_of_any_difference() -> None:
    (pair,) = compared(runs(a=[1_000], b=[9_000]))[WAIT]["differences"]
    assert (pair["spread"], pair["larger"]) == (0, False)
    assert markdown(compared(runs(a=[1_000], b=[9_000]))).splitlines()[2].endswith("| one seed cannot say |")


def test_the_table_has_a_row_a_measure_with_mean_least_and_greatest() -> None:
    told = markdown(compared(runs(a=[1_000, 1_400], b=[5_000, 5_400], c=[9_000, 9_100]))).splitlines()
    assert len(told) == 2 + len(MEASURES)
    assert told[0] == "| | `a` | `b` | `c` | differs by more than seeds do |"
    assert told[2].endswith("| 1.2 (1.0 to 1.4) | 5.2 (5.0 to 5.4) | 9.1 (9.0 to 9.1) | every pair |")
    assert told[3].endswith("| - | - | - | no |")


def test_what_a_run_could_not_measure_is_left_out() -> None:
    found = compared({"a": [run(None), run(1_000)]})[WAIT]
    assert found["policies"]["a"]["values"] == [1.0]


class Town:
    """Runs that only count themselves. `fails`: at which one it cannot be made."""

    def __init__(self, fails: int = 0) -> None:
        self.made: list[tuple[Mode, int]] = []
        self.fails = fails

    async def __call__(self, policy: Policy, seed: int) -> tuple[dict[str, Any], int]:
        self.made.append((policy.mode, seed))
        if len(self.made) == self.fails:
            return run(None, error="no stores"), 2
        return run(1_000.0 * seed), 1 if seed == 7 else 0


POLICIES = {"one": Policy(), "best": Policy(mode=Mode.BEST_OFFICER)}
S, B = Mode.SNATCH, Mode.BEST_OFFICER


async def test_runs_alternate_and_those_that_stand_are_not_made_again(tmp_path: Path) -> None:
    out, first, second = tmp_path / "out.json", Town(fails=3), Town()
    found, code = await compare(POLICIES, [1, 2], first, out, {"count": 5})
    assert (first.made, code, found["error"]) == ([(S, 1), (B, 1), (S, 2)], 2, "no stores")
    found, code = await compare(POLICIES, [1, 2], second, out, {"count": 5})
    assert (second.made, code) == ([(S, 2), (B, 2)], 0)
    assert json.loads(out.read_text()) == json.loads(json.dumps(found))
    assert found["compared"][WAIT]["policies"]["one"]["values"] == [1.0, 2.0]


async def test_other_words_make_every_run_anew_and_a_broken_promise_is_the_exit_code(tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    await compare(POLICIES, [1], Town(), out, {"count": 5})
    again = Town()
    _, code = await compare(POLICIES, [1, 7], again, out, {"count": 6})
    assert (len(again.made), code) == (4, 1)


@pytest.mark.parametrize("path", sorted(Path("scripts/policies").glob("*.json")), ids=lambda path: path.stem)
def test_every_policy_that_comes_along_can_be_read_and_keeps_the_minute(path: Path) -> None:
    assert read_policy(path.read_bytes()).window_ms == 60_000


def test_the_three_policies_differ() -> None:
    found = {path.stem: read_policy(path.read_bytes()) for path in Path("scripts/policies").glob("*.json")}
    assert set(found) == {"one_ring", "three_rings", "best_officer"}
    assert found["best_officer"].mode is Mode.BEST_OFFICER
    assert found["three_rings"].head_start_ms > 0 and len(found["three_rings"].rings_m) == 3
    assert len({policy.rings_m[-1] for policy in found.values()}) == 1, "all of them reach equally far"
