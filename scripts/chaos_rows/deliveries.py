"""B1: a connected officer gets every offer and its outcome, in the stream's sequence, once."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from dispatch.cases import views
from scripts.chaos_rows.crew import Phone
from scripts.chaos_rows.flow import Takers, flow, lost_or_doubled, outcomes, settled
from scripts.chaos_rows.ground import Ground
from scripts.chaos_rows.tally import Found, Profile, Row, Tally, figures, judged, most

OFFERS: Final = 500
PER_S: Final = 20.0
SHARE: Final = 0.01
P50_S_MAX: Final = 0.1
P99_S_MAX: Final = 1.0
DRAIN_S: Final = 2.0

ASKED = """
SELECT w.case_id, unnest(w.recipients) AS officer, e.stream_offset, extract(epoch FROM e.at)::float8 AS at_s
FROM waves w JOIN events e ON e.case_id = w.case_id AND e.seq = w.seq JOIN cases c ON c.id = w.case_id
WHERE c.words LIKE $1 || '%'"""

Log = list[tuple[views.View, float]]


async def run(ground: Ground, profile: Profile, block: int) -> Mapping[str, Tally]:
    words, logs, tally = f"B1 {block} ", defaultdict[UUID, Log](list), dict[str, Any]()

    def heard(phone: Phone, message: views.Sent, now: float) -> None:
        if phone.officer is not None and isinstance(message, views.Offer | views.Gone | views.HeldCase):
            logs[phone.officer].append((message, now))

    takers = Takers(ground, words, SHARE)
    with ground.crew.watched(heard):
        async with takers.at_work():
            reports = await flow(ground, words, count=OFFERS, per_s=PER_S, seed=block)
            broken = await settled(ground, words)
        await asyncio.sleep(DRAIN_S)
    broken += await lost_or_doubled(ground, words, reports)
    broken += (await outcomes(ground, words, takers)).broken
    asked = await ground.rows(ASKED, words)
    found = compare([tuple(row) for row in asked], logs, ground.clock_s)
    await ground.desk_clears(words)
    tally |= {"offers": OFFERS, **found}
    tally["broken"] = broken + tally["broken"]
    return {"B1": tally}


def compare(asked: list[tuple[Any, ...]], logs: Mapping[UUID, Log], clock_s: float) -> Tally:
    """Each officer's log beside whom the record says was asked: (case, officer, offset, Unix seconds of commit)."""
    broken, late_s, wanted = list[str](), list[float](), defaultdict[UUID, dict[tuple[UUID, int], float]](dict)
    cases = {case for case, *_ in asked}
    for case, officer, offset, at_s in asked:
        wanted[officer][case, offset] = at_s
    deliveries = 0
    for officer in set(wanted) | set(logs):
        log = [(view, now) for view, now in logs.get(officer, []) if view.case in cases]  # type: ignore[attr-defined]
        deliveries += len(log)
        told = defaultdict[tuple[UUID, int], int](int)
        for view, now in log:
            if isinstance(view, views.Offer):
                told[view.case, view.offset] += 1
                if (view.case, view.offset) in wanted[officer]:
                    late_s.append(round(now + clock_s - wanted[officer][view.case, view.offset], 4))
                else:
                    broken.append(f"officer {officer} was offered {view.case} and was not asked")
        broken += [f"officer {officer} was never offered {case}" for case, at in wanted[officer] if not told[case, at]]
        broken += [f"officer {officer} was offered {case} {n} times" for (case, _), n in told.items() if n > 1]
        broken += _outcomes(officer, log)
    return {"deliveries": deliveries, "late_s": late_s, "broken": broken}


def _outcomes(officer: UUID, log: Log) -> list[str]:
    """Every card ends, after it came; offsets of a stream only rise."""
    broken, heads, cards = list[str](), dict[str, int](), dict[UUID, bool]()
    for view, _ in log:
        if view.stream and view.offset <= heads.get(view.stream, -1):
            broken.append(f"officer {officer} heard {view.offset} of {view.stream} after {heads[view.stream]}")
        heads[view.stream] = view.offset
        case: UUID = view.case  # type: ignore[attr-defined]
        if isinstance(view, views.Offer):
            cards[case] = False
        elif case in cards:
            cards[case] = True
        else:
            broken.append(f"officer {officer} heard of the end of {case} and never of its offer")
    return broken + [
        f"officer {officer} never heard what became of {case}" for case, ended in cards.items() if not ended
    ]


def judge(tally: Tally) -> Found:
    late = figures(tally["late_s"])
    return judged(
        tally["deliveries"],
        {"offers": tally["offers"], "from_commit_s": late},
        tally["broken"],
        (
            (most(late["p50"], P50_S_MAX), f"p50 was {late['p50']} s, above {P50_S_MAX} s"),
            (most(late["p99"], P99_S_MAX), f"p99 was {late['p99']} s, above {P99_S_MAX} s"),
        ),
    )


ROW = Row(("B1",), {Profile.SHORT: 1, Profile.GATE: 20}, run, {"B1": judge}, {"B1": "250 officers on 3 nodes, not 500"})
