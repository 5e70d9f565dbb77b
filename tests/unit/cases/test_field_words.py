"""Every word of ours has its neighbour in the field, and the front page tells the same."""

from pathlib import Path
from typing import Final

from dispatch.cases.field_words import DISPOSITIONS, STATUSES
from dispatch.cases.values import Disposition, Status

FRONT: Final = Path(__file__).resolve().parents[3] / "README.md"


def rows(first: str) -> set[tuple[str, ...]]:
    """Cells of the table whose head begins with `first`."""
    table = FRONT.read_text().partition(f"| {first} |")[2].partition("\n\n")[0]
    return {tuple(c.strip(" `") for c in line.strip("| ").split(" | ")) for line in table.splitlines()[2:]}


def test_every_status_and_disposition_is_mapped() -> None:
    assert STATUSES.keys() == set(Status)
    assert DISPOSITIONS.keys() == set(Disposition)


def test_the_front_page_tells_the_same_words() -> None:
    assert rows("our status") == {(s, w.incident, w.unit or "none", w.spoken) for s, w in STATUSES.items()}
    assert rows("our disposition") == {(d, w.outcome, w.counted or "nothing") for d, w in DISPOSITIONS.items()}
