"""A process that cannot hear the others must not tell anybody less than the judge has already told somebody."""

import os
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from gateway.wire.messages import Duty
from scripts.chaos_rows.ground import Ground, open_ground
from scripts.faults.toxics import Down
from scripts.fleet import Shape
from scripts.simulator.doors import Person

SEED = 20_102
ROUNDS = 5

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
async def ground() -> AsyncIterator[Ground]:
    folder = Path(tempfile.mkdtemp(prefix="onbeat-behind-"))
    os.chmod(folder, 0o711)  # noqa: PTH101, S103 - the database works as another user inside
    shape = Shape(webs=2, sweepers=1, relays=1)
    try:
        async with open_ground(folder, SEED, folder, stations=1, officers=3, shape=shape) as ready:
            yield ready
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def test_an_officer_who_comes_on_duty_where_he_stood_before_is_asked_at_once(ground: Ground) -> None:
    officer, other = ground.crew.officers["s0"][1:3]
    for on in (False, True):
        duty = Duty(on=on, key=secrets.token_urlsafe(24))
        told = await officer.act(duty, duty.key)
        assert told is not None and told.ok
        if not on:
            accepted = await ground.report("real", "joined", ground.place(0, ground.dice("joined")))
            assert await ground.until_shown(accepted.case, [other])
    await officer.fix()
    assert await ground.until_shown(accepted.case, [officer], 3.0), "the next wave would ask in 15 s only"


async def test_a_read_elsewhere_is_never_older_than_an_answer_and_the_winner_may_act_there_at_once(
    ground: Ground,
) -> None:
    print(f"seed {SEED}")
    deaf = ground.fleet.webs[1]
    assert deaf.redis is not None
    deaf.redis.add(Down())  # from now on it learns from the database's heads alone, twice a second
    winner, desk = ground.crew.officers["s0"][0], ground.crew.desks["s0"]
    dice = ground.dice("behind")
    for number in range(ROUNDS):
        accepted = await ground.report("real", f"behind {number}", ground.place(0, dice))
        assert await ground.until_shown(accepted.case, [winner])
        here, there = _at(ground, winner.person, 0), _at(ground, winner.person, 1)
        body = msgspec.json.encode({"round": 1, "key": secrets.token_urlsafe(24)})
        won = msgspec.json.decode((await here.ask("POST", f"/v1/cases/{accepted.case}/claims", body)).body)
        assert won["ok"], won
        seen = await _at(ground, desk.person, 1).ask("GET", f"/v1/cases/{accepted.case}")
        assert msgspec.json.decode(seen.body)["status"] == "claimed", "the other process had not heard yet"
        for act in ("arrived", "cleared"):
            message = {"t": act, "case": accepted.case, "fence": won["fence"], "key": secrets.token_urlsafe(24)}
            if act == "cleared":
                message["disposition"] = "founded"
            told = await there.ask("POST", f"/v1/cases/{accepted.case}/acts", msgspec.json.encode(message))
            assert told.status == 200, told.body


def _at(ground: Ground, person: Person, web: int) -> Person:
    """The same person at a certain process."""
    moved = Person(ground.doors, person.number, person.token)
    moved.turn = web
    return moved
