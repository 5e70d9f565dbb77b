"""S5: guessing the code of a telephone. Many guesses at one number from everywhere, one guess at each of many numbers,
two hundred at once at the last try, codes used twice and codes of another request. The gateway is ours, so that we know
what was right; whoever guesses does not.
"""

import asyncio
import time
from dataclasses import dataclass, field
from random import Random
from typing import Final, NamedTuple

from dispatch.limits import CODE_TRIES_MAX, CODES_PER_NUMBER_H, TRIES_PER_NUMBER_H
from scripts.chaos_rows.tally import Found, judged
from scripts.guarding.ground import Ground, Profile, body_of, code_of, together
from scripts.guarding.telling import AUC_MAX, auc

AT_ONCE: Final = 48
TIMED_AT_ONCE: Final = 2  # what is timed waits for nobody else: five milliseconds were not seen among 48
RACING: Final = 200


class Size(NamedTuple):
    """`guesses` at one number; `numbers` with one guess each, `pairs` of them with a second one that is timed;
    `races` of RACING."""

    guesses: int
    numbers: int
    pairs: int
    races: int


SIZES: Final = {
    Profile.SMOKE: Size(100, 40, 10, 1),
    Profile.SHORT: Size(5_000, 500, 400, 5),
    Profile.LONG: Size(100_000, 10_000, 2_500, 50),
}
HITS_EXPECTED_MAX: Final = 1
"""One guess at each of ten thousand numbers hits one in a hundred runs; two hits mean that a guess is worth more."""


@dataclass(slots=True)
class Seen:
    """What was counted. `broken`: sentences."""

    guesses: int = 0
    asked: int = 0
    hits_one: int = 0
    hits_many: int = 0
    tries_most: int = 0
    near_s: list[float] = field(default_factory=list)
    far_s: list[float] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)


def drawn(dice: Random) -> str:
    return f"{dice.randrange(10**6):06}"


async def asked(ground: Ground, number: str, came: str, door: int = 0) -> str:
    """A code is on its way; what it is confirmed under."""
    answer = await ground.ask("POST", "/v1/phones", {"number": number, "language": "en"}, door=door, came=came)
    if answer.status != 202:
        raise ValueError(f"POST /v1/phones: {answer.status} {code_of(answer)}")
    return str(body_of(answer)["phone"])


async def tried(ground: Ground, phone: str, code: str, came: str, door: int = 0) -> tuple[str, float]:
    """The refusal's code, or nothing where it was right; and the seconds it took."""
    answer = await ground.ask("POST", "/v1/phones/confirmed", {"phone": phone, "code": code}, door=door, came=came)
    return "" if answer.status == 200 else code_of(answer) or str(answer.status), answer.at - answer.sent


async def run(ground: Ground) -> Found:
    """Raises: Unanswered, TimeoutError, ValueError."""
    size, seen, dice = SIZES[ground.profile], Seen(), ground.dice("S5")
    began = time.monotonic()
    await at_one_number(ground, size, seen, dice)
    await at_many_numbers(ground, size, seen, dice)
    for number in range(size.races):
        await race(ground, seen, dice, with_right=number % 2 == 0)
    await twice_and_elsewhere(ground, seen, dice)
    told = auc(seen.near_s, seen.far_s)
    figure = {
        "guesses_at_one": seen.guesses, "codes_asked_for_it": seen.asked, "opened": seen.hits_one,
        "numbers_with_one_guess": size.numbers, "opened_by_it": seen.hits_many, "races": size.races,
        "looked_at_most": seen.tries_most, "timing_pairs": len(seen.near_s), "auc": round(told, 4),
        "seconds": round(time.monotonic() - began, 1),
    }  # fmt: skip
    checks = [(told <= AUC_MAX, f"a code that is nearly right is told by its time: {told:.3f}")] if ground.timed else []
    return judged(seen.guesses + size.numbers + size.races * RACING, figure, seen.broken, checks)


async def at_one_number(ground: Ground, size: Size, seen: Seen, dice: Random) -> None:
    """Ten tries an hour, whoever asks from wherever for however many codes; a delay and no lock."""
    number, ids = ground.number(), list[str]()

    async def guesses(turn: int, count: int) -> None:
        came = ground.address()
        ids.append(phone := await asked(ground, number, came, turn))
        seen.asked += 1
        for guess in range(count):
            told, _ = await tried(ground, phone, drawn(dice), came, turn + guess)
            seen.guesses += 1
            seen.hits_one += told == ""
            if told not in ("", "code_wrong"):
                seen.broken.append(f"a guess within the five heard {told}: others have tried")

    each = TRIES_PER_NUMBER_H // CODES_PER_NUMBER_H
    for turn in range(CODES_PER_NUMBER_H):  # these were sent, and between them the hour's tries are used up
        await guesses(turn, each)
    left = size.guesses - seen.guesses

    async def rest(turn: int) -> None:
        await guesses(turn, CODE_TRIES_MAX)

    await together(left // CODE_TRIES_MAX, AT_ONCE, rest)
    sent = ground.gateway.got.get(number, [])
    if len(sent) != CODES_PER_NUMBER_H:
        seen.broken.append(f"{len(sent)} messages went to one telephone in an hour")
    if seen.hits_one:
        seen.broken.append(f"{seen.hits_one} guesses opened a number that allows {TRIES_PER_NUMBER_H} tries an hour")
    for phone, code in sent:
        told, _ = await tried(ground, phone, code, ground.address())
        if told != "code_wrong":
            seen.broken.append(f"the right code heard {told or 'that it is right'} after ten tries within the hour")
    await ground.owner.execute(
        "UPDATE phone_codes SET asked_at = asked_at - interval '1 hour' WHERE number_mac ="
        " (SELECT number_mac FROM phone_codes WHERE id = $1::uuid)", ids[0],
    )  # fmt: skip
    came = ground.address()
    phone = await asked(ground, number, came)
    if (await tried(ground, phone, await ground.gateway.code(number, phone), came))[0] != "":
        seen.broken.append("whose number it is was still kept out an hour later")


async def at_many_numbers(ground: Ground, size: Size, seen: Seen, dice: Random) -> None:
    """One guess at each; of some two more, to hold the times of a nearly right one against a wholly wrong one."""
    kept: list[tuple[str, str, str]] = []

    async def one(turn: int) -> None:
        number, came = ground.number(), ground.address()
        phone = await asked(ground, number, came, turn)
        told, _ = await tried(ground, phone, drawn(dice), came, turn)
        seen.hits_many += told == ""
        if told == "" or turn >= size.pairs:
            return
        kept.append((phone, await ground.gateway.code(number, phone), came))

    async def timed(turn: int) -> None:
        phone, right, came = kept[turn]
        near = right[:5] + str((int(right[5]) + 1 + dice.randrange(9)) % 10)
        far = "".join(str((int(digit) + 1 + dice.randrange(9)) % 10) for digit in right)
        for guess, times in dice.sample([(near, seen.near_s), (far, seen.far_s)], 2):
            told, took_s = await tried(ground, phone, guess, came, turn)
            times.append(took_s)
            if told != "code_wrong":
                seen.broken.append(f"a wrong code heard {told or 'that it is right'}")
        if turn % 20 == 0 and (await tried(ground, phone, right, came, turn))[0] != "":
            seen.broken.append("the right code was refused after three wrong ones")

    await together(size.pairs, AT_ONCE, one)
    await together(len(kept), TIMED_AT_ONCE, timed)  # before their codes are over
    await together(size.numbers - size.pairs, AT_ONCE, lambda turn: one(size.pairs + turn))
    if seen.hits_many > HITS_EXPECTED_MAX:
        seen.broken.append(f"{seen.hits_many} of {size.numbers} single guesses were right")


async def race(ground: Ground, seen: Seen, dice: Random, *, with_right: bool) -> None:
    """Two hundred at once over both doors, from two hundred networks, where one try is left."""
    number, came = ground.number(), ground.address()
    phone = await asked(ground, number, came)
    right = await ground.gateway.code(number, phone)
    wrong = [f"{(int(right) + 1 + n) % 10**6:06}" for n in range(RACING + CODE_TRIES_MAX)]
    for guess in wrong[: CODE_TRIES_MAX - 1]:
        await tried(ground, phone, guess, came)
    guesses = wrong[CODE_TRIES_MAX:]
    if with_right:
        guesses[dice.randrange(RACING)] = right
    told = await asyncio.gather(*(tried(ground, phone, one, ground.address(), n) for n, one in enumerate(guesses)))
    looked_at = CODE_TRIES_MAX - 1 + len({guesses[n] for n, (one, _) in enumerate(told) if one in ("", "code_wrong")})
    seen.tries_most = max(seen.tries_most, looked_at)
    if looked_at > CODE_TRIES_MAX:
        seen.broken.append(f"{looked_at} tries at one code were looked at")
    opened = any(one == "" for one, _ in told)
    if not opened and (await tried(ground, phone, right, came))[0] != "code_over":
        seen.broken.append("a code that was used up was looked at once more")


async def twice_and_elsewhere(ground: Ground, seen: Seen, dice: Random) -> None:
    """A right code is of use for what it was sent for, and hears the same when its answer was lost."""
    mine, other, came = ground.number(), ground.number(), ground.address()
    phone, stranger = await asked(ground, mine, came), await asked(ground, other, came)
    right = await ground.gateway.code(mine, phone)
    if right == await ground.gateway.code(other, stranger):
        return  # one in a million: nothing can be told then
    told = [
        (await tried(ground, where, code, came))[0]
        for where, code in ((stranger, right), (phone, right), (phone, right), (phone, drawn(dice)))
    ]
    if told[:3] != ["code_wrong", "", ""] or told[3] not in ("code_over", ""):
        seen.broken.append(f"a code elsewhere, right, again, and another after it heard {told}")
