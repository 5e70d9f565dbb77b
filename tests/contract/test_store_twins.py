"""The same drawn acts on both stores, every answer, fact and state compared: memory may not drift from PostgreSQL."""

import random
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
import pytest

from dispatch.adapters.memory.rows import StationRow
from dispatch.cases.eligibility import Border
from dispatch.cases.facts import Answer, CaseState, Fact
from dispatch.cases.ports import CaseStore
from dispatch.watch.ports import WatchDraft
from dispatch.watch.progress import Sign
from tests.conftest import Database
from tests.contract.stores import OTHER_HASH, TICK_US, Ground, Town, Twins, a_town, twins

SEEDS = range(12)
STEPS = 80
OFFICERS = (
    "declined",
    "set_out",
    "arrived",
    "cleared",
    "handed_back",
    "transferred",
    "said",
    "read",
    "second_asked",
    "met",
    "welfare_answered",
)
USUAL = {"withdrawn": "reporter", "acknowledged": "desk", "assigned": "desk", "reassigned": "desk",
         "taken_by_desk": "desk", "officer_added": "desk", "officer_taken_back": "desk",
         "reoffered": "supervisor", "put_on_hold": "desk", "handed_over": "desk", "appointment_offered": "supervisor",
         "appointment_accepted": "reporter", "appointment_declined": "reporter",
         "objected": "reporter", "rated": "reporter", "reclassified": "supervisor",
         "welfare_asked": "desk"}  # fmt: skip
ACTS = (*OFFICERS, *USUAL)


class Script:
    """What is asked next, drawn from the seed and from what the first store answered."""

    def __init__(self, town: Town, seed: int) -> None:
        self.town, self.dice = town, random.Random(f"script {seed}")
        self.cases: list[UUID] = []
        self.states: dict[UUID, CaseState] = {}
        self.asked: list[Any] = []

    def some(self, most: int = 5) -> list[UUID]:
        ids = [o.id for o in self.town.officers]
        return self.dice.sample(ids, self.dice.randint(0, most))

    def draft(self) -> tuple[str, Any]:
        """A call and what it is given."""
        dice, town = self.dice, self.town
        if self.asked and dice.random() < 0.1:
            call, given = dice.choice(self.asked)
            again = [_changed(one, dice.random() < 0.2) for one in given]
            return call, again
        if not self.cases or dice.random() < 0.15:
            drafts = [self._report() for _ in range(dice.randint(1, 3))]
            self.cases += [d.id for d in drafts]
            return self._kept("report", drafts)
        case = dice.choice(self.cases[-3:]) if dice.random() < 0.7 else dice.choice(self.cases)
        state = self.states.get(case)
        roll = dice.random()
        if roll < 0.3:
            round_ = state.round if state and dice.random() < 0.8 else dice.randint(0, 3)
            return self._kept("claim", [town.claim(case, o, round_) for o in self.some(3)])
        if roll < 0.4:
            return self._kept("act", [self._group(case, state)])
        if roll < 0.8:
            return self._kept("act", [self._act(case, state)])
        if roll < 0.86:
            return "widen", [self._wide(case, state) for _ in range(dice.randint(1, 2))]
        if roll < 0.91:
            return "duty", [
                (dice.choice(town.officers).id, dice.random() < 0.7, town.key(), "00", dice.choice((None, 30)))
            ]
        if roll < 0.95:
            return self._watched(case, state)
        if roll < 0.97:
            return self._kept("pull", [self._pull(case)])
        if roll < 0.98:
            return "advance", [dice.choice((4.0, 16.0, 21.0, 61.0, 10 * 86_400.0))]
        return "fire", list(town.stations)

    def _kept(self, call: str, drafts: Sequence[Any]) -> tuple[str, Sequence[Any]]:
        self.asked.append((call, drafts))
        return call, drafts

    def _report(self) -> Any:
        kind = self.dice.choice(("one", "one", "two", "fast", "dog", "urgent"))
        station, last = self.dice.choice(self.town.stations), self.dice.random() < 0.6
        category = f"{self.town.stations[0]}-{kind}"
        return self.town.report(
            *self.some(),
            category=category,
            station=station,
            last_wave=last,
            wave=self.dice.choice((0, 1, 1)),
            desk_first=self.dice.random() < 0.1,
            **self._turn(),
        )

    def _turn(self) -> dict[str, Any]:
        """A turn of one, a head start, or neither."""
        return self.dice.choice(({}, {}, {"asks": 1, "pause_ms": 3_000}, {"pause_ms": 7_000}))

    def _act(self, case: UUID, state: CaseState | None) -> Any:
        dice, event = self.dice, self.dice.choice(ACTS)
        actor = (
            USUAL.get(event, "officer")
            if dice.random() < 0.9
            else dice.choice(("officer", "desk", "reporter", "supervisor"))
        )
        holders = state.holders if state else ()
        if actor != "officer":
            said = self._said(event, state)
            station = state.station if state and dice.random() < 0.9 else self.town.stations[0]
            who = {"desk": self.town.desk, "supervisor": UUID(int=dice.randint(1, 2))}.get(actor, self.town.uuid())
            if event in ("cleared", "reclassified"):
                said["disposition"] = dice.choice(("founded", "hoax"))
            return self.town.act(case, event, actor, who, station=station, **said, **self._line(event))
        holder = dice.choice(holders) if holders and dice.random() < 0.9 else None
        officer = holder.officer if holder else dice.choice(self.town.officers).id
        fence = holder.fence if holder and dice.random() < 0.9 else dice.choice((None, 1, 2))
        return self.town.act(
            case, event, actor, officer, fence=fence, round=state.round if state else 1, candidates=self.some(),
            disposition="founded" if event == "cleared" else None, reason=dice.choice((None, "busy")),
            last_wave=dice.random() < 0.7, wave=dice.choice((0, 1)), **self._turn(), **self._line(event),
        )  # fmt: skip

    def _group(self, case: UUID, state: CaseState | None) -> Any:
        """Merged, split or unmerged, mostly with cases that are there."""
        dice, town, event = self.dice, self.town, self.dice.choice(("absorbed", "absorbed", "split", "unmerged"))
        merged = [s for s in self.states.values() if s.status == "merged"]
        if event == "unmerged" and merged and dice.random() < 0.8:
            state = dice.choice(merged)
        leads = [s for s in self.states.values() if s.group and s.group.reports]
        if event == "split" and leads and dice.random() < 0.8:
            state = dice.choice(leads)
        others = dice.sample(self.cases, min(len(self.cases), dice.randint(1, 2)))
        if event == "split" and state and state.group and dice.random() < 0.8:
            others = [one.case for one in state.group.reports if dice.random() < 0.5]
        made, actor = town.uuid(), dice.choice(("desk", "desk", "supervisor"))
        self.cases += [made] if event == "split" else []
        station = state.station if state and dice.random() < 0.9 else town.stations[0]
        who = {"desk": town.desk, "supervisor": UUID(int=1)}[actor]
        return town.act(
            state.id if state else case, event, actor, who, station=station, others=others, made=made,
            words="第二件", salt="00ff", reason="one incident",
        )  # fmt: skip

    def _line(self, event: str) -> dict[str, Any]:
        """What is said, or up to where it was read."""
        if event == "read":
            return {"upto": self.dice.choice((0, 4, 9, 2**31 - 1))}
        if event == "met":
            return {"word": self.dice.choice(("right", "wrong"))}
        told: dict[str, Any] = {"stars": self.dice.randint(1, 5)} if event == "rated" else {}
        if event == "said" or (event in ("objected", "rated") and self.dice.random() < 0.5):
            told |= {"words": self.dice.choice(("在南门", "a", "两个人")), "salt": "00ff"}
        return told

    def _said(self, event: str, state: CaseState | None) -> dict[str, Any]:
        """What an act of the desk carries: the officer that it is about, or those who may be asked."""
        holders = state.holders if state else ()
        if event == "officer_taken_back" and holders:
            return {"officer": self.dice.choice(holders).officer, "reason": "needed elsewhere"}
        if event in ("put_on_hold", "appointment_offered"):
            return {"hold_min": self.dice.choice((1, 2)), "lasts_min": 30}
        if event == "handed_over":
            return {"to_station": self.dice.choice((*self.town.stations, "nowhere")), "reason": "theirs"}
        if event == "cleared" and self.dice.random() < 0.5:
            return {"disposition": "referred", "referred_to": "the water company", "manner": "telephone"}
        if event == "reoffered":
            return {"candidates": self.some(), "last_wave": self.dice.random() < 0.7}
        sends = event.endswith("signed") or event.startswith("officer_") or event == "welfare_asked"
        return {"officer": self.dice.choice(self.town.officers).id} if sends else {}

    def _watched(self, case: UUID, state: CaseState | None) -> tuple[str, Any]:
        """A step over a seat, now and then after the pause that makes it due."""
        dice = self.dice
        state = dice.choice([s for s in self.states.values() if s.holders] or [state])
        holder = dice.choice(state.holders) if state and state.holders else None
        case = state.id if state else case
        what, why = dice.choice(("raise", "raise", "ease", "due", "due", "due")), dice.choice((*Sign,))
        draft = WatchDraft(
            case=case, officer=holder.officer if holder else self.town.officers[0].id,
            fence=holder.fence if holder else 1, what=what, why=why, candidates=self.some(),
            last_wave=dice.random() < 0.7,
        )  # fmt: skip
        return "watch", [dice.choice((0.0, 121.0)) if what == "due" else 0.0, draft]

    def _pull(self, case: UUID) -> Any:
        """From a case that is held, mostly, to another."""
        held = [s for s in self.states.values() if s.holders] or list(self.states.values())
        state = self.dice.choice(held) if held else None
        officer = state.holders[0].officer if state and state.holders else self.town.officers[0].id
        return self.town.act(
            case, "preempted", "desk", self.town.uuid(), officer=officer, from_case=state.id if state else None,
            candidates=self.some(),
        )  # fmt: skip

    def _wide(self, case: UUID, state: CaseState | None) -> Any:
        dice = self.dice
        return self.town.wide(
            case, *self.some(), event=dice.choice(("offer_widened", "offer_joined")), wave=dice.randint(2, 3),
            round=state.round if state else 1, last_wave=dice.random() < 0.5, **self._turn(),
        )  # fmt: skip

    def learn(self, answers: Sequence[Answer]) -> None:
        for answer in answers:
            for state in (*(fact.state for fact in answer.facts), answer.state):
                if state is not None:
                    self.states[state.id] = state


def _changed(draft: Any, other: bool) -> Any:
    return msgspec.structs.replace(draft, hash=OTHER_HASH) if other else draft


async def perform(ground: Ground, call: str, given: Sequence[Any]) -> list[Answer]:
    store = ground.store
    if call == "report":
        return await store.report(given)
    if call == "claim":
        return await store.claim(given)
    if call == "widen":
        return await store.widen(given)
    if call == "act":
        return [await store.act(await worded(store, draft)) for draft in given]
    if call == "duty":
        return [await store.set_duty(*one) for one in given]
    if call == "pull":
        return [answer for draft in given for answer in await store.pull(draft)]
    if call == "watch":
        await ground.advance(given[0])
        return await ground.watch.watch(given[1])
    if call == "fire":
        return [answer for station in given for answer in await store.fire(station)]
    await ground.advance(given[0])
    return []


async def worded(store: CaseStore, draft: Any) -> Any:
    """With the word of this store's own, where the right one is said: each store makes its words by itself."""
    state = await store.case(draft.case) if draft.word == "right" else None
    words = [h.word for h in state.holders if h.officer == draft.officer] if state else []
    return msgspec.structs.replace(draft, word=words[0]) if words else draft


# --- what is compared: everything, times too, but each store's own words
def plain_state(state: CaseState | None) -> Any:
    if state is None:
        return None
    return msgspec.structs.replace(state, holders=tuple(msgspec.structs.replace(h, word="") for h in state.holders))


def plain_fact(fact: Fact) -> Any:
    body = {**fact.body, "released": sorted(fact.body.get("released", ()))}
    return msgspec.structs.replace(fact, body=body, state=plain_state(fact.state))


def plain(answer: Answer) -> Any:
    facts = tuple(map(plain_fact, answer.facts))
    return msgspec.structs.replace(answer, state=plain_state(answer.state), facts=facts)


def differing(one: Answer, other: Answer) -> dict[str, Any]:
    """The fields that two answers differ in."""
    here, there = msgspec.to_builtins(plain(one)), msgspec.to_builtins(plain(other))
    return {name: (here[name], there[name]) for name in here if here[name] != there[name]}


async def everything(store: CaseStore, town: Town, cases: Sequence[UUID]) -> Any:
    """All that can be read of a town."""
    mine = set(town.stations)
    streams = [await store.read_stream(stream, 0, 10_000) for stream in town.stations]
    return {
        "facts": [(plain_fact(f), set(f.to), set(f.asked)) for facts in streams for f in facts],
        "open": {s.id: (plain_state(s), r) for s, r in await store.open_cases() if s.station in mine},
        "talks": {t.case: t for t in await store.talks(cases)},
        "waves": {d.case: d for d in await store.due_waves() if d.station in mine},
        "due": sorted(s for s in await store.due_stations() if s in mine),
        "heads": {s: o for s, o in (await store.heads()).offsets.items() if s in mine},
    }


@pytest.mark.parametrize("seed", SEEDS)
async def test_both_stores_answer_alike(seed: int, database: Database) -> None:
    async with twins(database) as both:
        await compare(seed, both)


async def compare(seed: int, both: Twins) -> None:
    grounds: list[Ground] = [both.memory, both.postgres]
    towns = [await a_town(ground, seed, prefix=f"w{seed}s", abroad=3) for ground in grounds]
    for town in towns:
        await town.ground.rule(StationRow(town.stations[1], (Border.OWN, Border.NEIGHBOURS)[seed % 2]))
        await town.ground.rule(StationRow(town.stations[0], hand_backs_max=(None, 1, 3)[seed % 3]))
        await town.ground.shift(town.officers[0].id, 15.5)
        await town.ground.shift(town.officers[3].id, 14.0)
    script = Script(towns[0], seed)
    done = 0
    for step in range(STEPS):
        await both.tick(TICK_US)
        call, given = script.draft()
        memory, postgres = [await perform(ground, call, given) for ground in grounds]
        for one, other in zip(memory, postgres, strict=True):
            assert plain(one) == plain(other), f"seed {seed}, step {step}: {call}: {differing(one, other)}"
        script.learn(memory)
        done += sum(a.ok for a in memory)
    here, there = [
        await everything(ground.store, town, script.cases) for ground, town in zip(grounds, towns, strict=True)
    ]
    for mine, theirs in zip(here.pop("facts"), there.pop("facts"), strict=True):
        assert mine == theirs, f"seed {seed}"
    assert here == there, f"seed {seed}"
    for case in script.cases:
        mine, theirs = [[h[:3] for h in await ground.store.history(case)] for ground in grounds]
        assert mine == theirs, f"seed {seed}"
        mine, theirs = [[await g.store.talk(case, b, 3) for b in (None, 9)] for g in grounds]
        assert mine == theirs, f"seed {seed}"
    assert done > STEPS / 8, "the script does something"
