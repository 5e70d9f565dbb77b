"""The pages' pure halves, run by Node: reducers, views, offsets, acts, geometry."""

import subprocess
from pathlib import Path

import pytest

from scripts.web_packages import find_node

HERE = Path(__file__).parent
FILES = sorted(path.name for path in HERE.glob("*.test.mjs"))


@pytest.mark.parametrize("name", FILES)
def test_the_pure_half_of_the_pages_holds_in_node(name: str) -> None:
    found = find_node()
    if found is None:
        pytest.skip("no Node: the reducers are then only seen in the browser's tests")
    ran = subprocess.run(
        [found.node, "--test", str(HERE / name)], capture_output=True, text=True, timeout=60, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "# pass 0" not in ran.stdout, "a file without a test proves nothing"


def test_there_is_a_file_of_tests_for_each_page() -> None:
    assert {"admin.test.mjs", "citizen.test.mjs", "officer.test.mjs", "station.test.mjs", "shared.test.mjs"} <= set(
        FILES
    )
