"""S8: who works here and whose number is known stays hidden. Sign-in by a login that there is and one that there is
not; a code for a number that has had its codes and for one that never had any, while the gateway is slower than
anybody's patience. Statuses, bodies and times of pairs are compared; a password is reset by an admin alone.
"""

import json
import time
from collections import Counter
from typing import Final, NamedTuple
from uuid import uuid4

from dispatch.limits import CODES_PER_NUMBER_H
from scripts.chaos_rows.tally import Found, judged
from scripts.guarding.codes_row import asked
from scripts.guarding.ground import Ground, Profile, code_of, together
from scripts.guarding.telling import AUC_MAX, auc
from scripts.simulator.http import Answer

SIGN_INS_AT_ONCE: Final = 4
CODES_AT_ONCE: Final = 32
SLOW_S: Final = 2.5
KNOWN: Final = 200
"""Logins and numbers that are known, so that no limit of one of them is met."""


class Size(NamedTuple):
    """Pairs of each."""

    sign_ins: int
    codes: int
    known: int


SIZES: Final = {
    Profile.SMOKE: Size(12, 12, 4),
    Profile.SHORT: Size(400, 400, 40),
    Profile.LONG: Size(5_000, 5_000, KNOWN),
}
Look = tuple[int, str, int, tuple[str, ...]]
Times = tuple[list[float], list[float]]


def look(answer: Answer) -> Look:
    """What can be seen of an answer beside its time: status, code, length, names of headers and of fields."""
    fields = sorted(json.loads(answer.body)) if answer.body else []
    return answer.status, code_of(answer), len(answer.body), (*sorted(answer.headers), "|", *fields)


async def run(ground: Ground) -> Found:
    """Raises: Unanswered, ValueError."""
    size, began = SIZES[ground.profile], time.monotonic()
    looks: tuple[Counter[Look], Counter[Look]] = (Counter(), Counter())
    sign_ins = await by_sign_in(ground, size, looks)
    codes = await by_codes(ground, size, looks)
    by_login, by_number = auc(*sign_ins), auc(*codes)
    figure = {
        "sign_in_pairs": size.sign_ins, "sign_in_auc": round(by_login, 4), "code_pairs": size.codes,
        "code_auc": round(by_number, 4), "gateway_slow_s": SLOW_S, "kinds_of_answers": len(looks[0]),
        "seconds": round(time.monotonic() - began, 1),
    }  # fmt: skip
    checks = [(set(looks[0]) == set(looks[1]), f"bodies differ: {sorted(set(looks[0]) ^ set(looks[1]))}")]
    if ground.timed:
        checks += [
            (by_login <= AUC_MAX, f"a login that there is is told by its time: {by_login:.3f}"),
            (by_number <= AUC_MAX, f"a number that has had its codes is told by its time: {by_number:.3f}"),
        ]
    return judged(2 * (size.sign_ins + size.codes), figure, [], checks)


async def by_sign_in(ground: Ground, size: Size, looks: tuple[Counter[Look], Counter[Look]]) -> Times:
    """The times of a login that there is, and of one that there is not; the password is wrong."""
    real = [f"guarded-{n:04}" for n in range(size.known)]
    # Copies of somebody who is there: what a sign-in costs is their password's hash.
    await ground.owner.execute(
        "INSERT INTO accounts (id, login, role, station, password) SELECT gen_random_uuid(), name, a.role, a.station,"
        " a.password FROM accounts a, unnest($1::text[]) name WHERE a.login = $2", real,
        ground.service.of("desk")[0]["login"],
    )  # fmt: skip
    invented = [f"nobody!-{n:04}" for n in range(size.known)]
    times: Times = ([], [])
    dice = ground.dice("S8")

    async def pair(turn: int) -> None:
        for kind in dice.sample([0, 1], 2):
            login = (real, invented)[kind][turn % size.known]
            said = {"login": login, "password": "wrong, whoever it is"}
            answer = await ground.ask("POST", "/v1/sessions", said, door=turn)
            times[kind].append(answer.at - answer.sent)
            looks[kind][look(answer)] += 1

    await together(size.sign_ins, SIGN_INS_AT_ONCE, pair)
    return times


async def by_codes(ground: Ground, size: Size, looks: tuple[Counter[Look], Counter[Look]]) -> Times:
    """The times of a number that has had its codes, so that no message goes, and of one that gets one."""
    known = [ground.number() for _ in range(size.known)]

    async def spent(turn: int) -> None:
        await asked(ground, known[turn % size.known], ground.address(), turn)

    await together(size.known * CODES_PER_NUMBER_H, CODES_AT_ONCE, spent)
    ground.gateway.slow_s = SLOW_S
    times: Times = ([], [])
    dice = ground.dice("S8 codes")

    async def pair(turn: int) -> None:
        for kind in dice.sample([0, 1], 2):
            number = ground.number() if kind else known[turn % size.known]
            answer = await ground.ask("POST", "/v1/phones", {"number": number, "language": "en"}, door=turn)
            times[kind].append(answer.at - answer.sent)
            looks[kind][look(answer)] += 1

    try:
        await together(size.codes, CODES_AT_ONCE, pair)
        unknown = await ground.ask("POST", "/v1/phones/confirmed", {"phone": str(uuid4()), "code": "000000"})
        if code_of(unknown) != "code_over":
            raise ValueError(f"a confirmation of nothing heard {unknown.status} {code_of(unknown)}")
    finally:
        ground.gateway.slow_s = 0.0
    return times
