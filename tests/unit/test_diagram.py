"""The state diagram in a README is the table's, not somebody's memory of it."""

from pathlib import Path
from typing import Final

import pytest

from dispatch.cases import diagram
from dispatch.cases.lifecycle import LEGAL
from dispatch.cases.values import Event, Status

ROOT: Final = Path(__file__).resolve().parent.parent.parent
SHOWING: Final = ("dispatch/cases/README.md", "README.md")


@pytest.mark.parametrize("name", SHOWING)
def test_a_readme_shows_the_diagram_that_the_table_draws(name: str) -> None:
    text = (ROOT / name).read_text() if (ROOT / name).exists() else ""
    if name == "README.md" and diagram.BEGIN not in text:
        pytest.skip("the front page has no diagram yet")
    assert diagram.drawn_in(text) == diagram.draw(), f"run: python -m dispatch.cases.diagram {name}"


def test_every_edge_of_the_table_is_drawn_and_no_other() -> None:
    drawn = set()
    for line in diagram.draw().splitlines():
        before, arrow, rest = line.strip().partition(" --> ")
        after, _, events = rest.partition(": ")
        if arrow and "[*]" not in (before, after):
            drawn |= {(Status(before), Event(event), Status(after)) for event in events.split(", ")}
    assert drawn == {(status, event, after) for (status, event), after in LEGAL.items()}


def test_a_changed_table_draws_another_diagram(monkeypatch: pytest.MonkeyPatch) -> None:
    before = diagram.draw()
    monkeypatch.setattr(diagram, "LEGAL", {k: v for k, v in LEGAL.items() if k != (Status.OFFERED, Event.FELL_BACK)})
    assert diagram.draw() != before


def test_redrawing_changes_only_what_is_between_the_markers() -> None:
    text = f"# A\n\n{diagram.BEGIN}\nold\n{diagram.END}\n\nafter\n"
    assert diagram.redrawn(text) == f"# A\n\n{diagram.BEGIN}\n{diagram.draw()}\n{diagram.END}\n\nafter\n"
    assert diagram.redrawn(diagram.redrawn(text)) == diagram.redrawn(text)


@pytest.mark.parametrize("text", ["", diagram.BEGIN, f"{diagram.END}{diagram.BEGIN}", diagram.BEGIN * 2 + diagram.END])
def test_a_text_without_a_place_for_it_is_refused(text: str) -> None:
    with pytest.raises(diagram.MarkersMissing):
        diagram.redrawn(text)
