"""The tests can fail: each planted bug of `tests/mutants/` is applied to a copy of the tree, and its tests must go red.

A patch's head names the bug and the tests that must kill it. An error while a test is set up kills nothing: every named
test must have run and failed. And all of them must be green on the copy as it is.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

import pytest

from tests.mutants.planting import PATCHES, Copy, Mutant, copies, read

MUTANTS: Final = [read(patch) for patch in PATCHES]
KILLERS: Final = sorted({killer for mutant in MUTANTS for killer in mutant.killers})
SIDE_BY_SIDE: Final = 2
GREEN: Final = "the tree as it is"
REQUIRED: Final = frozenset(
    {
        "no_status_check", "clock_before_the_lock", "now_for_clock_timestamp", "skip_locked_in_the_claim",
        "cursor_by_greatest_offset", "no_fence", "publish_before_commit", "resume_without_epoch",
        "no_unique_seat_and_no_status_check", "round_not_checked", "window_closed_on_both_sides", "idempotency_dropped",
        "exact_place_in_the_offer",
    }
)  # fmt: skip

Reports = dict[str, tuple[int, str]]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
async def planted(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[list[Copy]]:
    """As many as run side by side."""
    async with copies(SIDE_BY_SIDE, tmp_path_factory.mktemp("planted"), KILLERS) as made:
        yield made


@pytest.fixture(scope="module")
async def reports(planted: list[Copy], request: pytest.FixtureRequest) -> Reports:
    """Exit code and report of what is asked for: the tree as it is, by halves, then every mutant; two at a time."""
    items = (item for item in request.session.items if isinstance(item, pytest.Function))
    asked = [item for item in items if item.module is request.module]
    waiting: list[tuple[str, tuple[str, ...], Mutant | None]] = []
    if any(item.function is test_the_killers_are_green_without_a_bug for item in asked):
        waiting += [(f"{GREEN} {half}", part, None) for half, part in enumerate(halves(KILLERS))]
    for item in asked:
        if item.function is test_a_planted_bug_is_killed_by_each_test_that_it_names:
            mutant = item.callspec.params["mutant"]
            assert isinstance(mutant, Mutant)
            waiting.append((mutant.name, mutant.killers, mutant))
    found: Reports = {}

    def work(copy: Copy) -> None:
        while waiting:
            name, killers, mutant = waiting.pop(0)
            found[name] = tried(copy, killers, mutant)

    await asyncio.gather(*(asyncio.to_thread(work, copy) for copy in planted))
    return found


def tried(copy: Copy, killers: tuple[str, ...], mutant: Mutant | None) -> tuple[int, str]:
    """Exit code and report of the killers, -1 for a patch that no longer fits."""
    if mutant is None:
        return copy.run(*killers)
    try:
        with copy.mutated(mutant):
            code, report = copy.run(*killers, migrated=not mutant.migrates)
            if "\nERROR " in report:  # a store too busy to answer says nothing of the bug
                code, report = copy.run(*killers, migrated=not mutant.migrates)
            return code, report
    except AssertionError as stale:
        return -1, str(stale)


def halves(tests: list[str]) -> list[tuple[str, ...]]:
    """Whole files, in turn."""
    files = sorted({test.partition("::")[0] for test in tests})
    return [tuple(test for test in tests if test.partition("::")[0] in files[half::2]) for half in range(2)]


def test_every_bug_that_must_be_planted_is() -> None:
    assert {mutant.name for mutant in MUTANTS} >= REQUIRED


def test_the_killers_are_green_without_a_bug(reports: Reports) -> None:
    green = {name: report for name, report in reports.items() if name.startswith(GREEN)}
    assert len(green) == 2
    for code, report in green.values():
        assert code == 0, report[-4000:]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_planted_bug_is_killed_by_each_test_that_it_names(reports: Reports, mutant: Mutant) -> None:
    code, report = reports[mutant.name]
    alive = [killer for killer in mutant.killers if f"FAILED {killer}" not in report]
    assert code == 1 and not alive, f"{mutant.bug} It survives {alive}:\n{report[-3000:]}"
