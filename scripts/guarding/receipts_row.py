"""S7: receipt codes cannot be found. How they are drawn, guesses at the live service, whether a code that is nearly one
takes another time than one that is far from any, and whether a code that was told stands anywhere.

A right code opens its case, which no service can hide; what is compared is all that a guesser sees before that.
"""

import secrets
import time
from collections import Counter
from typing import Final, NamedTuple

import numpy as np
from redis.asyncio import Redis

from dispatch.people.receipts import ALPHABET, GROUP_CHARS, SECRET_BITS, SECRET_CHARS, code_for, valid_check
from scripts.chaos_rows.tally import Found, judged
from scripts.guarding.ground import Ground, Json, Profile, body_of, code_of, together
from scripts.guarding.people import HERE, new_key
from scripts.guarding.telling import AUC_MAX, P_MIN, auc, even, mann_whitney_p

AT_ONCE: Final = 24
TIMED_AT_ONCE: Final = 2
BITS_MIN: Final = 112
A_GUESSER: Final = 50  # tries from one address: what is asked for is refused at sixty a minute
EVEN_P_MIN: Final = 1e-5  # of each of 23 places: a fair draw fails one run in four thousand


class Size(NamedTuple):
    """`drawn` codes, `guesses`, `pairs` that are timed, `told` codes that are looked for."""

    drawn: int
    guesses: int
    pairs: int
    told: int


SIZES: Final = {
    Profile.SMOKE: Size(20_000, 200, 30, 3),
    Profile.SHORT: Size(200_000, 5_000, 1_000, 20),
    Profile.LONG: Size(1_000_000, 200_000, 10_000, 200),
}


def far() -> str:
    """A code with a right check character that nobody was told."""
    return code_for(secrets.token_bytes(32), "guess")


def near(code: str) -> str:
    """A code that differs from this one in its last secret character, and in the check that goes with it; written
    as codes are, for whoever writes it otherwise has it read in another time."""
    bare = code.replace("-", "")
    while True:
        other = bare[: SECRET_CHARS - 1] + secrets.choice(ALPHABET)
        found = next(other + check for check in ALPHABET if valid_check(other + check))
        if found != bare:
            return "-".join(found[at : at + GROUP_CHARS] for at in range(0, len(found), GROUP_CHARS))


def generated(count: int) -> Json:
    """How codes are drawn: each once, each sign evenly at each place."""
    pepper, codes = secrets.token_bytes(32), set[str]()
    signs = np.zeros((count, SECRET_CHARS), dtype=np.uint8)
    for number in range(count):
        bare = code_for(pepper, str(number)).replace("-", "")
        codes.add(bare)
        signs[number] = np.frombuffer(bare[:SECRET_CHARS].encode(), dtype=np.uint8)
    places = [Counter(signs[:, place].tolist()) for place in range(SECRET_CHARS)]
    least = min(even([one[ord(sign)] for sign in ALPHABET]) for one in places)
    return {"drawn": count, "twice": count - len(codes), "bits": SECRET_BITS, "chi_square_p_least": least}


async def told_codes(ground: Ground, count: int) -> list[str]:
    """Reports that were made, each from a network and a place of its own."""
    found: list[str] = []
    for n in range(count):
        body = {
            "category": "noise", "words": "A dog barks.", "lat": HERE[0] + n % 20 * 0.001,
            "lon": HERE[1] + n // 20 * 0.001, "advised": True,
        }  # fmt: skip
        answer = await ground.ask("POST", "/v1/reports", body, idempotency_key=new_key())
        if answer.status != 201:
            raise ValueError(f"POST /v1/reports: {answer.status} {code_of(answer)}")
        found.append(str(body_of(answer)["receipt"]))
    return found


async def run(ground: Ground) -> Found:
    """Raises: Unanswered, ValueError."""
    size, began = SIZES[ground.profile], time.monotonic()
    drawn, broken = generated(size.drawn), list[str]()
    codes = await told_codes(ground, size.told)
    opened = await ground.ask("POST", "/v1/receipts", {"code": codes[0]})
    if opened.status != 200:
        broken.append("a right code opens nothing: a run of guesses would say nothing")
    looks, hits, came = Counter[tuple[int, str, int]](), 0, [ground.address()]

    async def guess(turn: int) -> None:
        nonlocal hits
        if turn % A_GUESSER == 0:
            came.append(ground.address())
        answer = await ground.ask("POST", "/v1/receipts", {"code": far()}, door=turn, came=came[-1])
        hits += answer.status == 200
        looks[answer.status, code_of(answer), len(answer.body)] += 1

    await together(size.guesses, AT_ONCE, guess)
    times: tuple[list[float], list[float]] = ([], [])
    dice = ground.dice("S7")

    async def pair(turn: int) -> None:
        for kind in dice.sample([0, 1], 2):
            said = near(codes[turn % len(codes)]) if kind else far()
            answer = await ground.ask("POST", "/v1/receipts", {"code": said}, door=turn)
            times[kind].append(answer.at - answer.sent)
            looks[answer.status, code_of(answer), len(answer.body)] += 1

    await together(size.pairs, TIMED_AT_ONCE, pair)
    kept = await kept_anywhere(ground, codes)
    told, p = auc(*times), mann_whitney_p(*times)
    figure = drawn | {
        "guesses": size.guesses, "hits": hits, "answers": len(looks), "pairs": size.pairs, "auc": round(told, 4),
        "mann_whitney_p": round(p, 4), "codes_looked_for": len(codes), "kept": len(kept),
        "seconds": round(time.monotonic() - began, 1),
    }  # fmt: skip
    broken += kept
    broken += [f"{hits} guesses were right"] if hits else []
    checks = [
        (drawn["twice"] == 0, "a code was drawn twice"), (SECRET_BITS >= BITS_MIN, "too few bits"),
        (drawn["chi_square_p_least"] >= EVEN_P_MIN, "signs are not drawn evenly"),
        (len(looks) == 1, f"not every wrong code hears the same: {sorted(looks)}"),
    ]  # fmt: skip
    if ground.timed:
        checks.append(
            (told <= AUC_MAX and p > P_MIN, f"a nearly right code is told by its time: {told:.3f}, p {p:.4f}")
        )
    return judged(size.guesses + 2 * size.pairs, figure, broken, checks)


async def kept_anywhere(ground: Ground, codes: list[str]) -> list[str]:
    """Where a code that was told stands in the database, in Redis or in a log, however it is written."""
    forms = {form for code in codes for bare in (code.replace("-", ""),) for form in (code, bare, bare.lower())}
    patterns = [f"%{form}%" for form in forms]
    tables = await ground.owner.fetch(
        "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname IN ('public', 'vault')"
    )
    found = []
    for (table,) in tables:
        query = f"SELECT EXISTS (SELECT FROM {table} t WHERE t::text LIKE ANY ($1))"  # noqa: S608  # nosec B608: a name of ours, quoted
        if await ground.owner.fetchval(query, patterns):
            found.append(f"a code stands in {table}")
    assert ground.service.redis_url is not None
    redis = Redis.from_url(ground.service.redis_url)
    async for key in redis.scan_iter(count=1_000):
        dumped = (await redis.dump(key)) or b""
        if any(form.encode() in key + dumped for form in forms):
            found.append("a code stands in Redis")
    await redis.aclose()
    for log in (ground.folder / "log").glob("*.log"):
        text = log.read_text(errors="replace")
        found += [f"a code stands in {log.name}" for form in forms if form in text]
    return found
