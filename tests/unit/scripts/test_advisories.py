"""What is said of advisories: a registry that is silent is not a clean bill."""

from pathlib import Path
from typing import Any

from scripts.advisories import ask, sentence
from scripts.test import checks

KNOWN = {"name": "a", "version": "1", "vulns": [{"id": "PYSEC-1"}]}
CLEAN = {"name": "b", "version": "1", "vulns": []}
SKIPPED = {"name": "c", "skip_reason": "not found"}


def test_a_known_vulnerability_is_named_and_counted() -> None:
    said, bad = sentence({"dependencies": [KNOWN, CLEAN, SKIPPED]})
    assert bad == 1 and "1 of 2" in said and "a 1: PYSEC-1" in said and "1 more are not known" in said


def test_who_could_not_be_asked_is_said_and_not_taken_for_clean() -> None:
    silent: list[dict[str, Any] | None] = [None, {"dependencies": []}, {"dependencies": [SKIPPED]}]
    for nothing in silent:
        said, bad = sentence(nothing)
        assert bad == 0 and "nothing is known" in said and " 0 of" not in said


def test_a_registry_that_does_not_answer_in_time_is_no_answer(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.lock"
    lock.write_text("msgspec==0.0.1\n")
    assert ask(lock, ask_s=0.01) is None


def test_both_are_checks_of_a_whole_run_and_a_quick_one_asks_no_registry() -> None:
    whole, quick = ([name for name, _ in checks(fast=fast, words=())] for fast in (False, True))
    assert {"ruff", "bandit", "pip-audit"} <= set(whole) and "bandit" in quick and "pip-audit" not in quick
