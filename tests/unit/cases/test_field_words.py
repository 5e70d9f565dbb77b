"""Every word of ours has its neighbour in the field, and the READMEs tell the same."""

from pathlib import Path
from typing import Final

from dispatch.cases.field_words import DISPOSITIONS, STATUSES
from dispatch.cases.values import Disposition, Status

ROOT: Final = Path(__file__).resolve().parents[3]
FRONT: Final = ROOT / "README.md"
CASES: Final = ROOT / "dispatch/cases/README.md"


def rows(page: Path, first: str) -> set[tuple[str, ...]]:
    """Cells of the table whose head begins with `first`."""
    table = page.read_text().partition(f"| {first} |")[2].partition("\n\n")[0]
    return {tuple(c.strip(" `") for c in line.strip("| ").split(" | ")) for line in table.splitlines()[2:]}


def test_every_status_and_disposition_is_mapped() -> None:
    assert STATUSES.keys() == set(Status)
    assert DISPOSITIONS.keys() == set(Disposition)


def test_the_front_page_and_that_of_cases_tell_the_same_words() -> None:
    assert rows(FRONT, "our status") == {(s, w.incident, w.unit or "none", w.spoken) for s, w in STATUSES.items()}
    assert rows(CASES, "our disposition") == {(d, w.outcome, w.counted or "nothing") for d, w in DISPOSITIONS.items()}
