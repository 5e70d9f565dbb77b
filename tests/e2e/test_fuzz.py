"""A short run of `scripts/fuzz`, each role once; the long one (1,000 examples an operation) is the verb itself."""

from pathlib import Path
from typing import Final

import pytest

from gateway.operations import OPERATIONS
from scripts.fuzzing.blocks import Block, run_block, shallow
from scripts.fuzzing.callers import ROLES, words_of
from scripts.guarding.service import Asked
from tests.e2e.conftest import Service

SEED: Final = 20_261_130
EVERY_BOUND: Final = "officer"
"""Whose block asks every bound of every field as well: some 4,000 cases in 20 s. The others only draw."""


@pytest.mark.slow
@pytest.mark.parametrize("role", ROLES)
async def test_nothing_that_is_drawn_breaks_the_service_or_its_document(
    service: Service, role: str, tmp_path: Path
) -> None:
    asked = Asked(service.url, service.people, service.owner_url)
    block = Block(role, 0 if role == EVERY_BOUND else 1, 2, SEED)
    print(f"seed {SEED}")
    told = await run_block(asked, block, await words_of(asked, role), "", tmp_path)
    assert told["failing"] == [] and told["errors"] == [], told["said"]
    assert told["operations"] == len(OPERATIONS) - 1, "all but the document itself, which is read before"
    assert told["cases"] >= (3_000 if role == EVERY_BOUND else len(OPERATIONS))
    assert shallow(told["answers"], role != "none") == []
