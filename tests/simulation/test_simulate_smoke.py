"""The simulation against the real service: a small town, a window of a few seconds, every promise kept."""

import asyncio
import json
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from dispatch.cases.policy import Mode, Policy
from geo.point import Point
from scripts import answer
from scripts.simulate import main, perform, read_options
from scripts.simulator.compare import compare, markdown
from scripts.simulator.fleet import Fleet
from scripts.simulator.incidents import read_incidents
from scripts.simulator.places import map_of
from scripts.simulator.run import Options
from scripts.simulator.temper import Temper

SEED = 20260
HANGS_S = 420.0  # starting a service may take RELEASE_S + READY_S on a slow machine; it judges nothing
HURRIED = Temper(
    unwanted_share=0.3, unwanted_willing=0.0, signal_lost_every_s=15.0, signal_lost_s=(0.3, 1.5), cut_after_claim=0.1,
    over_http=0.3, answer_lost=0.2, set_out_s=(0.1, 0.2), travel_s=(0.3, 0.6), scene_s=(0.3, 0.6),
    desk_reads_s=(0.1, 0.3), hand_median_s=0.5, pocket_median_s=1.0,
)  # fmt: skip


@pytest.fixture
def incidents(tmp_path: Path) -> Path:
    """Sixty thefts within a kilometre: everybody is near."""
    dice = random.Random(SEED)
    rows = ["occurred_at,offense,beat,lon,lat"]
    for number in range(60):
        place = Point(29.75 + dice.uniform(-0.004, 0.004), -95.36 + dice.uniform(-0.004, 0.004))
        rows.append(f"2010-01-01T{number // 20:02d}:00:00Z,theft,1A{10 + number % 4},{place.lon:.5f},{place.lat:.5f}")
    path = tmp_path / "incidents.csv"
    path.write_text("\n".join(rows) + "\n")
    return path


@pytest.mark.slow
async def test_a_small_town_keeps_every_promise(incidents: Path, tmp_path: Path) -> None:
    print(f"seed {SEED}")
    options = Options(
        incidents, count=40, officers=12, minutes=0.25, seed=SEED, window_ms=5_000, temper=HURRIED, quiet=True
    )
    async with asyncio.timeout(HANGS_S):
        found, code = await perform(options)
    answer.write(tmp_path / "out.json", found)
    assert json.loads((tmp_path / "out.json").read_text()) == found
    assert "error" not in found, found
    assert code == 0, found["broken"]
    assert found["cases"] == 40
    assert found["claimed"] + found["fell_back"] + found["fell_back_at_once"] + found["all_declined"] == 40
    # The race, the fallback, the breaks and the repeats really took place.
    assert found["contested"] > 0
    assert found["max_claimers"] > 1
    assert found["refused"] > 0
    assert found["fell_back"] > 0
    assert found["signals_lost"] > 0
    assert found["resumed"] > 0
    assert found["reports_repeated"] > 0
    assert (found["double_claims"], found["lost"], found["early_fallbacks"], found["late_fallbacks"]) == (0, 0, 0, 0)
    # What the run says of itself: everybody's wait ended within the window, and snatching is never quite even.
    assert 0 < found["wait_ms"]["p50"] <= found["wait_ms"]["p99"] < 7_000
    assert found["officers_compared"] == 12 and 0 < found["fairness"] < 1
    assert found["fallback_share"] == round(found["fell_back"] / 40, 4)
    assert found["phones_rung"] > 1 and found["way_m"]["p90"] < 2_000


@pytest.mark.slow
async def test_two_policies_are_played_by_the_same_people_and_compared(incidents: Path, tmp_path: Path) -> None:
    print(f"seed {SEED}")
    policies = {
        "ring": Policy(rings_m=(6_000,), window_ms=5_000),
        "best": Policy(mode=Mode.BEST_OFFICER, rings_m=(6_000,), turn_ms=1_000, window_ms=5_000),
    }
    base = Options(incidents, count=24, officers=8, minutes=0.2, seed=SEED, temper=HURRIED, quiet=True)

    async def run(policy: Policy, seed: int) -> tuple[dict[str, Any], int]:
        return await perform(replace(base, policy=policy, seed=seed))

    async with asyncio.timeout(HANGS_S):
        found, code = await compare(policies, [SEED], run, tmp_path / "out.json", {"count": 24})
    assert code == 0, [one["found"]["broken"] for one in found["runs"]] + [found.get("error")]
    assert [(one["policy"], one["found"]["cases"]) for one in found["runs"]] == [("ring", 24), ("best", 24)]
    rung = {name: one["mean"] for name, one in found["compared"]["phones_rung"]["policies"].items()}
    assert rung["best"] < rung["ring"], "one after another instead of all at once"
    assert "| phones rung a case |" in markdown(found["compared"])


@pytest.mark.slow
async def test_the_figures_of_the_history_are_what_people_saw(incidents: Path) -> None:
    """The story of figures: a town's day over the public protocol, and then a supervisor asks how it was."""
    print(f"seed {SEED}")
    town = map_of(read_incidents(incidents))
    async with asyncio.timeout(HANGS_S), Fleet(town.town(12, ["theft"], 5_000)) as fleet:
        began = datetime.now(UTC) - timedelta(minutes=1)
        options = Options(
            incidents, count=20, officers=12, minutes=0.2, seed=SEED, url=fleet.urls[0], credentials=fleet.credentials,
            window_ms=5_000, temper=HURRIED, quiet=True,
        )  # fmt: skip
        found, code = await perform(options)
        people = json.loads(fleet.credentials.read_text())["people"]
        one = next(one for one in people if one["role"] == "supervisor")
        async with httpx.AsyncClient(base_url=fleet.urls[1]) as client:
            said = {"login": one["login"], "password": one["password"]}
            token = (await client.post("/v1/sessions", json=said)).json()["token"]
            asked = {"from": began.isoformat(), "to": (began + timedelta(hours=1)).isoformat(), "by": "station"}
            answer = await client.get("/v1/figures", params=asked, headers={"authorization": f"Bearer {token}"})
    assert code == 0, found
    whole = answer.json()["whole"]
    assert (whole["cases"], whole["claimed"], whole["fell_back"], whole["fallback_share"]) == (
        20, found["claimed"], found["fell_back"], round(found["fell_back"] / whole["offered"], 4),
    )  # fmt: skip
    assert whole["received_to_claim_ms"]["p50"] <= found["wait_ms"]["p99"]
    assert whole["declined"] <= found["declines"]
    assert sum(group["cases"] for group in answer.json()["groups"]) == 20


async def test_a_service_whose_window_is_shorter_than_a_minute_is_found_early(incidents: Path, tmp_path: Path) -> None:
    """The judge is not blind; and a running service, its sign-ins and areas from a file will do."""
    print(f"seed {SEED}")
    town = map_of(read_incidents(incidents))
    areas = tmp_path / "areas.geojson"
    features = town.stations["features"] + town.beats["features"]
    areas.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    nobody = Temper(unwanted_share=1.0, unwanted_willing=0.0, declines=0.0)
    async with asyncio.timeout(HANGS_S), Fleet(town.town(4, ["theft"], 2_000)) as fleet:
        options = Options(
            incidents, count=3, officers=4, minutes=0.02, seed=SEED, areas=areas, url=fleet.urls[1],
            credentials=fleet.credentials, temper=nobody, quiet=True,
        )  # fmt: skip
        found, code = await perform(options)
    assert (found["cases"], found["fell_back"], found["early_fallbacks"]) == (3, 3, 3), found
    assert code == 1


def test_a_run_that_cannot_be_made_still_writes_its_report(
    incidents: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out.json"
    argv = ["simulate", "--incidents", str(incidents), "--count", "61", "--officers", "1", "--minutes", "1"]
    monkeypatch.setattr("sys.argv", [*argv, "--seed", "3", "--json", str(out)])
    assert main() == 2
    found = json.loads(out.read_text())
    assert "61 incidents were asked for" in found["error"]
    assert (found["cases"], found["double_claims"], found["seed"]) == (None, None, 3), "what was not looked at is not 0"


@pytest.mark.parametrize(
    "more",
    [
        ["--url", "http://127.0.0.1:1"],
        ["--credentials", "x"],
        ["--count", "0"],
        ["--minutes", "0"],
        ["--seeds", "0"],
        ["--policy", "missing.json"],
        ["--compare", "pyproject.toml"],
        ["--policy", "scripts/policies/one_ring.json", "--compare", "scripts/policies/one_ring.json"],
        ["--policy", "scripts/policies/one_ring.json", "--url", "http://127.0.0.1:1", "--credentials", "x"],
    ],
)
def test_options_that_make_no_sense_are_refused(more: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    argv = ["--incidents", "x", "--count", "1", "--officers", "1", "--minutes", "1", "--seed", "1", "--json", "x"]
    read_options(argv)
    with pytest.raises(SystemExit) as refused:
        read_options([*argv, *more])
    assert refused.value.code == 2
    assert "scripts/simulate" in capsys.readouterr().err
