"""After every story of this folder: was the whole table walked, and was every refusal heard?"""

from typing import Final

import pytest

from dispatch.cases.lifecycle import LEGAL
from dispatch.cases.values import Event, Refusal, Status
from tests.e2e.walked import WALKED

STORIES: Final = frozenset({"test_desk", "test_modes", "test_safety", "test_stories", "test_to_the_end", "test_watch"})


def test_the_stories_walk_every_edge_and_hear_every_refusal(request: pytest.FixtureRequest) -> None:
    if not WALKED.files >= STORIES or request.config.option.keyword or request.session.testsfailed:
        pytest.skip(f"only with all stories: {', '.join(sorted(STORIES))}, each without a failure")
    assert not WALKED.strange
    walked = WALKED.edges | WALKED.refusals
    missing = {*LEGAL, *Refusal} - walked
    print(f"walked {len(WALKED.edges)} edges of {len(LEGAL)}, heard {len(WALKED.refusals)} refusals of {len(Refusal)}")
    assert not sorted(map(named, missing)), "walked by no story"


def named(step: tuple[Status, Event] | Refusal) -> str:
    return step.value if isinstance(step, Refusal) else f"{step[0].value} + {step[1].value}"
