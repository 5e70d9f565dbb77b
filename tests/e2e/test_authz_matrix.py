"""The whole matrix of who may do what, on a live service, as `scripts/authz-matrix` asks it (S1, S2)."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Final

import pytest

from scripts.authz_matrix import MATRIX
from scripts.guarding.asking import Asking, Outcome, staged
from scripts.guarding.matrix import DONE, PEOPLE, WITHOUT, Matrix, read_matrix
from scripts.guarding.scenes import Stage
from scripts.guarding.service import Asked
from tests.e2e.conftest import Service

WHOLE: Final = read_matrix(MATRIX)


@pytest.fixture(scope="module")
async def stage(service: Service) -> AsyncIterator[Stage]:
    async with staged(Asked(service.url, service.people, service.owner_url)) as stage:
        yield stage


@pytest.mark.slow
async def test_the_whole_matrix_is_as_written(stage: Stage) -> None:
    outcome = Outcome()
    await Asking(WHOLE, stage, outcome).run()
    assert outcome.cells >= 2_000 and outcome.errors == []
    assert outcome.deviations == []
    assert outcome.unlisted == [], "every route and every message has a row"


@pytest.mark.slow
async def test_a_cell_that_is_answered_otherwise_is_found(stage: Stage) -> None:
    """The matrix can fail: in both directions, and by a field that nobody listed."""
    (row,) = [row for row in WHOLE.routes if row.what == "GET /v1/hazards"]
    wrong = replace(row, answers=row.answers | {"officer": DONE, "desk": 403})
    outcome = Outcome()
    await Asking(Matrix([], [], [wrong], [], {"GET /v1/hazards": []}), stage, outcome)._route(wrong)
    found = {(one["person"], one["expected"]) for one in outcome.deviations}
    assert {("officer", DONE), ("desk", 403)} <= found


def test_every_person_has_an_answer_in_every_row_and_no_stranger_is_let_in() -> None:
    rows = [*WHOLE.acts, *WHOLE.reads, *WHOLE.routes, *WHOLE.messages]
    assert len(WHOLE.acts) * 2 * len(PEOPLE) + (len(rows) - len(WHOLE.acts)) * len(PEOPLE) >= 1_000
    for row in rows:
        assert row.answers.keys() == set(PEOPLE)
    for row in (*WHOLE.acts, *WHOLE.reads):
        assert all(row.answers[one] == 401 for one in WITHOUT)
        assert {one for one in PEOPLE if row.answers[one] == DONE} <= {
            "reporter", "officer", "officer_same", "desk", "supervisor",
        }, row.what  # fmt: skip
