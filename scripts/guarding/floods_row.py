"""S6: pumping messages, and floods of reports, over both web processes and through a Redis that is wiped in between.

Premium, foreign and fixed numbers cost nothing; a day's messages end at the operator's number, from however many
networks; hoaxes of one device and of a thousand cost work and reach the desk, not officers; an honest reporter behind
the same address, or anywhere, has a case within a minute.
"""

import asyncio
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from typing import Final, NamedTuple

import msgspec
from redis.asyncio import Redis

from dispatch.abuse.work import WorkAsked, solve
from dispatch.limits import CODES_PER_BLOCK_H, REPORTS_PER_ADDRESS, REPORTS_PER_PLACE_DESK, SMS_PER_DAY
from scripts.chaos_rows.tally import Found, figures, judged, most
from scripts.guarding.ground import Ground, Json, Profile, body_of, code_of, together
from scripts.guarding.people import HERE, new_key
from scripts.simulator.http import Answer

AT_ONCE: Final = 32
HONEST_AT_ONCE: Final = 2
SERVED_S_MAX: Final = 60.0
BETWEEN_PROCESSES: Final = 2  # each process lets the limit through before it has heard of the other
COSTLY: Final = ("+19005550123", "+870773111632", "+861065529988", "+447911123456", "+88216000000000", "+8616900000000")
"""Premium rate, satellite, a fixed line, another land, an international network, and no number at all."""


class Size(NamedTuple):
    """`costly` asks for codes; `pumped` past the day's messages; `hoaxes` of one device and as many of one network
    each; `honest` reporters behind the device's address, and as many elsewhere."""

    costly: int
    pumped: int
    hoaxes: int
    honest: int


SIZES: Final = {
    Profile.SMOKE: Size(60, SMS_PER_DAY + 20, 80, 2),  # more hoaxes than a sound service may put before officers
    Profile.SHORT: Size(3_000, SMS_PER_DAY + 300, 200, 10),
    Profile.LONG: Size(50_000, 2_000, 1_000, 100),
}


async def run(ground: Ground) -> Found:
    """Raises: Unanswered, ValueError."""
    size, began, broken = SIZES[ground.profile], time.monotonic(), list[str]()
    await officers_on_duty(ground)
    costly = await costly_numbers(ground, size.costly)
    if ground.gateway.taken:
        broken.append(f"{ground.gateway.taken} messages went to numbers that cost")
    told = await pumped(ground, size.pumped)
    if ground.gateway.taken > SMS_PER_DAY:
        broken.append(f"{ground.gateway.taken} messages went on a day of {SMS_PER_DAY}")
    if told.keys() - {"", "codes_used_up"}:
        broken.append(f"who asks past the day's messages heard {dict(told)}")
    device = await hoaxes(ground, size.hoaxes, spread=False)
    crowd = await hoaxes(ground, size.hoaxes, spread=True)
    near_s, far_s = await honest(ground, size.honest, broken)
    await forget(ground)
    after = await report(ground, new_key(), ground.address(), 60.0)
    if after.status not in (201, 429):
        broken.append(f"a report without Redis' memory heard {after.status}")
    again = await pumped(ground, 20)
    if again[""]:
        broken.append("a wiped Redis let more messages go")
    free = REPORTS_PER_ADDRESS * BETWEEN_PROCESSES
    asked_of_officers = REPORTS_PER_PLACE_DESK * BETWEEN_PROCESSES + AT_ONCE
    figure = {
        "costly": size.costly, "costly_heard": dict(costly), "pumped": size.pumped, "messages": ground.gateway.taken,
        "device": dict(device), "crowd": dict(crowd), "honest": 2 * size.honest,
        "served_near_s": figures(near_s), "served_far_s": figures(far_s), "seconds": round(time.monotonic() - began, 1),
    }  # fmt: skip
    checks = [
        (device["offered"] > 0, "no officer was asked about anything: that hoaxes reach none says nothing"),
        (device["offered"] + device["at_station"] <= free, f"one device reported {dict(device)} without work"),
        (crowd["offered"] <= asked_of_officers, f"hoaxes of one place reached officers {crowd['offered']} times"),
        (crowd["refused"] + device["refused"] == 0, "a report was refused"),
        (most(max([*near_s, *far_s], default=None), SERVED_S_MAX), "an honest reporter waited for over a minute"),
        (len(near_s) + len(far_s) == 2 * size.honest, "an honest reporter was refused"),
    ]  # fmt: skip
    return judged(size.costly + size.pumped + 2 * size.hoaxes + 2 * size.honest, figure, broken, checks)


async def officers_on_duty(ground: Ground) -> None:
    """Everybody, so that there is somebody whom a hoax could reach. Raises: ValueError."""

    async def one(turn: int) -> None:
        person = ground.service.of("officer")[turn]
        said = {name: person[name] for name in ("login", "password")}
        token = body_of(await ground.ask("POST", "/v1/sessions", said))["token"]
        duty = {"t": "duty", "on": True, "key": new_key()}
        answer = await ground.ask("POST", "/v1/duty", duty, authorization=f"Bearer {token}")
        if answer.status != 200:
            raise ValueError(f"POST /v1/duty: {answer.status} {code_of(answer)}")

    await together(len(ground.service.of("officer")), 2, one)


async def costly_numbers(ground: Ground, count: int) -> Counter[str]:
    heard = Counter[str]()

    async def one(turn: int) -> None:
        said = {"number": COSTLY[turn % len(COSTLY)], "language": "en"}
        heard[code_of(await ground.ask("POST", "/v1/phones", said, door=turn)) or "sent"] += 1

    await together(count, AT_ONCE, one)
    return heard


async def pumped(ground: Ground, count: int) -> Counter[str]:
    """Codes for good numbers, each of its own network; Redis is wiped half way. What was heard, by refusal's code."""
    heard, came = Counter[str](), [ground.address()]

    async def one(turn: int) -> None:
        if turn % (CODES_PER_BLOCK_H // 2) == 0:
            came.append(ground.address())
        if turn == count // 2:
            await forget(ground)
        said = {"number": ground.number(), "language": "en"}
        heard[code_of(await ground.ask("POST", "/v1/phones", said, door=turn, came=came[-1]))] += 1

    await together(count, AT_ONCE, one)
    return heard


async def forget(ground: Ground) -> None:
    """Everything that Redis holds."""
    assert ground.service.redis_url is not None
    redis = Redis.from_url(ground.service.redis_url)
    await redis.flushall()
    await redis.aclose()


async def report(ground: Ground, key: str, came: str, north: float, work: str | None = None, door: int = 0) -> Answer:
    """`north`: so many hundredths of a degree from the middle of the town, for a place of its own."""
    body: Json = {
        "category": "noise", "words": "A dog barks.", "lat": HERE[0] + north % 7 * 0.004,
        "lon": HERE[1] + north // 7 * 0.004, "advised": True,
    }  # fmt: skip
    head = {"onbeat_work": work} if work else {}
    return await ground.ask("POST", "/v1/reports", body, door=door, came=came, idempotency_key=key, **head)


async def hoaxes(ground: Ground, count: int, *, spread: bool) -> Counter[str]:
    """Of one device, or each of a network of its own; nobody does any work. What became of them, by status."""
    heard, device = Counter[str](), "198.51.100.7"

    async def one(turn: int) -> None:
        answer = await report(ground, new_key(), ground.address() if spread else device, 0.0, door=turn)
        asked = code_of(answer)
        what = (
            str(body_of(answer)["status"]) if answer.status == 201 else "work" if asked == "work_asked" else "refused"
        )
        heard[what] += 1

    await together(count, AT_ONCE, one)
    return heard


async def honest(ground: Ground, count: int, broken: list[str]) -> tuple[list[float], list[float]]:
    """Reporters behind the device's address and elsewhere, who do the work that they are asked for; seconds until each
    has a case. Work is done by other processes, two at a time: a phone each."""
    near_s, far_s = list[float](), list[float]()
    loop = asyncio.get_running_loop()
    with ProcessPoolExecutor(HONEST_AT_ONCE) as phones:

        async def one(turn: int) -> None:
            came, kept = ("198.51.100.7", near_s) if turn % 2 else (ground.address(), far_s)
            began, key, north = time.monotonic(), new_key(), 1.0 + turn
            answer = await report(ground, key, came, north, door=turn)
            if code_of(answer) == "work_asked":
                asked = msgspec.convert(body_of(answer)["work"], WorkAsked)
                done = await loop.run_in_executor(phones, solve, asked)
                answer = await report(ground, key, came, north, done, door=turn + 1)
            if answer.status == 201:
                kept.append(time.monotonic() - began)
            else:
                broken.append(f"an honest report heard {answer.status} {code_of(answer)}")

        await together(2 * count, HONEST_AT_ONCE, one)
    return near_s, far_s
