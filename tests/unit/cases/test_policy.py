"""A policy's file: what it may leave out, and every way in which it is refused with a sentence."""

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from dispatch.cases.policy import Mode, Policy, PolicyError, read_policy
from dispatch.limits import BEST_OFFICER_TURN_MS, OFFER_WINDOW_MS, RINGS_M, WAVE_INTERVAL_MS

MIGRATION = Path(__file__).parents[3] / "dispatch/adapters/postgres/migrations/0012_modes.sql"


def test_an_empty_policy_is_the_services_own() -> None:
    assert read_policy("{}") == Policy()
    assert Policy().columns() == {
        "mode": "snatch", "rings_m": list(RINGS_M), "wave_ms": WAVE_INTERVAL_MS, "head_start_ms": 0,
        "turn_ms": BEST_OFFICER_TURN_MS, "window_ms": OFFER_WINDOW_MS,
    }  # fmt: skip


def test_a_whole_policy_is_read_as_it_stands() -> None:
    policy = read_policy(
        b'{"mode": "best_officer", "rings_m": [800, 2000], "wave_ms": 5000, "head_start_s": 2.5, "turn_ms": 4000, '
        b'"window_ms": 30000}'
    )
    assert (policy.mode, policy.rings_m, policy.head_start_ms) == (Mode.BEST_OFFICER, (800, 2000), 2500)
    assert (policy.wave_ms, policy.turn_ms, policy.window_ms) == (5000, 4000, 30000)


@pytest.mark.parametrize(
    ("said", "names"),
    [
        ({"mode": "lottery"}, "mode"),
        ({"rings": [1]}, "rings"),
        ({"rings_m": []}, "rings_m"),
        ({"rings_m": [3000, 1500]}, "rings_m"),
        ({"rings_m": [1500, 1500]}, "rings_m"),
        ({"rings_m": [0, 10]}, "rings_m"),
        ({"rings_m": list(range(1, 10))}, "rings_m"),
        ({"rings_m": ["far"]}, "rings_m"),
        ({"wave_ms": 49}, "wave_ms"),
        ({"turn_ms": 0}, "turn_ms"),
        ({"window_ms": 99}, "window_ms"),
        ({"window_ms": 600_001}, "window_ms"),
        ({"head_start_s": -1}, "head_start_s"),
        ({"head_start_s": 31}, "head_start_s"),
        ({"head_start_s": 10, "window_ms": 10_000}, "head_start_s"),
    ],
)
def test_what_is_no_policy_is_refused_by_name(said: dict[str, Any], names: str) -> None:
    with pytest.raises(PolicyError, match=names):
        read_policy(msgspec.json.encode(said))


@pytest.mark.parametrize("text", ["", "[]", "null", "{", b"\xff"])
def test_what_is_no_object_is_refused(text: str | bytes) -> None:
    with pytest.raises(PolicyError):
        read_policy(text)


def test_the_database_knows_the_same_modes() -> None:
    lists = re.findall(r"mode IN \(([^)]+)\)", MIGRATION.read_text())
    assert len(lists) == 2
    for words in lists:
        assert set(re.findall(r"'(\w+)'", words)) == set(Mode)
