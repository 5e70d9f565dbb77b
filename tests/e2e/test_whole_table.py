"""After every story of this folder: was the whole table walked, and was every refusal heard?"""

from typing import Final

import pytest

from dispatch.cases.lifecycle import LEGAL
from dispatch.cases.values import Event, Refusal, Status
from tests.e2e.walked import WALKED

STORIES: Final = frozenset({"test_desk", "test_modes", "test_safety", "test_stories", "test_to_the_end", "test_watch"})
NOT_WALKED_YET: Final[dict[tuple[Status, Event] | Refusal, str]] = {
    Refusal.BUSY: "nothing was decided: needs a row that is held for a second; tests of the store and chaos rows do",
    Refusal.TALK_FULL: "1,000 lines at 20 a minute; the contract of the talk writes them into the table",
}
"""With the reason of each. What was walked may not stand here."""
BY_CHANCE: Final = frozenset({Refusal.BUSY})
"""Of these: what a slow machine may walk by itself, so that no story can promise it either way."""


def test_the_stories_walk_every_edge_and_hear_every_refusal(request: pytest.FixtureRequest) -> None:
    if not WALKED.files >= STORIES or request.config.option.keyword or request.session.testsfailed:
        pytest.skip(f"only with all stories: {', '.join(sorted(STORIES))}, each without a failure")
    assert not WALKED.strange
    walked = WALKED.edges | WALKED.refusals
    missing = {*LEGAL, *Refusal} - walked
    print(f"walked {len(WALKED.edges)} edges of {len(LEGAL)}, heard {len(WALKED.refusals)} refusals of {len(Refusal)}")
    print("not walked:", *sorted(map(named, missing)), sep="\n  ")
    assert not sorted(map(named, missing - NOT_WALKED_YET.keys())), "walked by no story, and no reason is given"
    assert not sorted(map(named, (walked & NOT_WALKED_YET.keys()) - BY_CHANCE)), (
        "walked by now: take it out of NOT_WALKED_YET"
    )


def named(step: tuple[Status, Event] | Refusal) -> str:
    return step.value if isinstance(step, Refusal) else f"{step[0].value} + {step[1].value}"
