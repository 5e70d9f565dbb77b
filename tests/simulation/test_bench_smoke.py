"""The growth curves at tiny sizes: all correct, no scan, a result whatever happens. No limits of time."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from scripts import bench
from scripts.growth.figures import Curve, quantile
from scripts.growth.ground import Ground, GrowthError
from scripts.growth.picture import draw_svg
from scripts.stores import ROOT

SECONDS_MAX = 170.0  # an end for a run that hangs: quiet, it takes about 30 s


@pytest.mark.slow
async def test_every_curve_is_drawn_and_correct_at_a_tiny_size(tmp_path: Path) -> None:
    out, svg = tmp_path / "out.json", tmp_path / "out.svg"
    words = ("--quick", "--json", str(out), "--svg", str(svg))
    running = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "scripts.bench", *words, cwd=ROOT, stdout=asyncio.subprocess.DEVNULL
    )
    code = await asyncio.wait_for(running.wait(), SECONDS_MAX)
    curves = json.loads(out.read_text())["curves"]
    assert set(curves) == set(bench.CURVES)
    wrong = {name: told.get("error") or told["broken"] for name, told in curves.items()}
    assert not any(wrong.values()), wrong
    assert code == 0
    assert all(told["points"] and told["postgres"] and told["redis"] for told in curves.values())
    (officers,), (cases,) = curves["officers"]["points"], curves["open_cases"]["points"]
    assert officers["offer_p50_ms"] > 0 and cases["open_cases"] > 2_000
    assert svg.read_text().startswith("<svg")


def test_a_run_that_cannot_be_made_still_writes_its_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fails(ground: Ground, quick: bool) -> Curve:
        raise GrowthError("the ground gave way")

    async def nothing(ground: Ground) -> dict[str, Any]:
        return {}

    async def begins(ground: Ground) -> Ground:
        return ground

    monkeypatch.setitem(bench.CURVES, "near", fails)
    monkeypatch.setattr(bench, "about", nothing)
    monkeypatch.setattr(Ground, "__aenter__", begins)
    out = tmp_path / "out.json"
    out.write_text('{"curves":{"webs":{"points":[1]}}}')
    assert bench.main(["--curves", "near", "--json", str(out)]) == 2
    curves = json.loads(out.read_text())["curves"]
    assert curves["near"]["error"] == "GrowthError: the ground gave way"
    assert curves["webs"] == {"points": [1]}, "an earlier run's curve is kept"


@pytest.mark.parametrize(
    ("told", "quick", "code"),
    [
        ({"broken": [], "missed": []}, False, 0),
        ({"broken": [], "missed": ["slow"]}, False, 1),
        ({"broken": [], "missed": ["slow"]}, True, 0),
        ({"broken": ["wrong"], "missed": []}, True, 1),
        ({"error": "gone"}, True, 2),
    ],
)
def test_slowness_counts_in_a_full_run_only_and_a_mistake_always(told: dict[str, Any], quick: bool, code: int) -> None:
    assert bench.code_of({"curves": {"near": told}}, ["near"], quick) == code


def test_a_strange_curve_is_refused_with_those_that_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        bench.read_options(["--curves", "near,far"])
    assert "no such curve: far" in capsys.readouterr().err


def test_a_quantile_is_a_value_that_was_seen() -> None:
    assert [quantile([3.0, 1.0, 2.0, 4.0], share) for share in (0.0, 0.25, 0.5, 0.51, 0.99, 1.0)] == [1, 1, 2, 3, 4, 4]
    with pytest.raises(ValueError, match="nothing"):
        quantile([], 0.5)


def test_the_picture_shows_a_line_for_each_figure_and_skips_curves_that_were_not_drawn() -> None:
    points = [{"sockets": 10**n, "offer_p99_ms": 2.0 * n, "kib_an_officer": 9.0} for n in (3, 4)]
    drawn = draw_svg({"sockets": {"points": points}, "near": {"error": "gone"}})
    assert drawn.count('<path class="a"') == drawn.count('<path class="b"') == 2  # the line and its key
    assert "KiB an officer" in drawn and "GEOSEARCH" not in drawn
