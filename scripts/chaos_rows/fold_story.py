"""Two viewers of one person beside each other: what one folded, and what a fresh snapshot shows the other (B3)."""

import asyncio
import contextlib
import secrets
from random import Random
from typing import Any, Final
from uuid import UUID

import msgspec

from dispatch.cases import views
from gateway.wire.messages import ClaimMessage
from scripts.chaos_rows import places
from scripts.chaos_rows.crew import Phone
from scripts.chaos_rows.ground import Accepted, Ground
from scripts.chaos_rows.viewer import Viewer
from scripts.simulator.doors import Person

SETTLE_S: Final = 0.35
SHOWN_S: Final = 5.0
LOOKS: Final = 4
ENDED: Final = ("cleared", "withdrawn", "merged")

State = dict[str, Any]


def folded(viewer: Viewer) -> State:
    """What a screen shows after all it was told. Times and offsets are left out: they pass by themselves."""
    offers, held, cases, officers = dict[UUID, Any](), dict[UUID, Any](), dict[UUID, Any](), set[str]()
    talks = dict[UUID, tuple[Any, ...]]()
    for one in viewer.heard:
        message = one.message
        if isinstance(message, views.Snapshot):
            offers = {o.case: _offer(o) for o in message.offers}
            held = {h.case: _held(h) for h in message.held}
            cases = {c.case: _case(c) for c in message.cases}
            officers = {o.call_sign for o in message.officers}
            talks = {t.case: t.lines for t in message.talks}
        elif isinstance(message, views.Offer):
            offers[message.case] = _offer(message)
        elif isinstance(message, views.Gone):
            offers.pop(message.case, None)
            held.pop(message.case, None)
            cases.pop(message.case, None)
            talks.pop(message.case, None)
        elif isinstance(message, views.HeldCase):
            offers.pop(message.case, None)
            held[message.case] = _held(message)
        elif isinstance(message, views.DeskCase | views.ReporterCase):
            cases[message.case] = _case(message)
        elif isinstance(message, views.Talk):
            talks[message.case] = message.lines
        elif isinstance(message, views.Said):
            talks[message.case] = (*talks.get(message.case, ()), message.line)
        elif isinstance(message, views.OfficerDuty):
            (officers.add if message.on else officers.discard)(message.call_sign)
    over = [case for case, shown in cases.items() if shown["status"] in ENDED]
    for case in over:
        del cases[case]  # a fresh desk does not list what is over
        talks.pop(case, None)
    return {"offers": offers, "held": held, "cases": cases, "officers": officers, "talks": talks}


def _offer(offer: views.Offer) -> Any:
    return offer.round, offer.category, offer.words, offer.place, offer.seats


def _held(held: views.HeldCase) -> Any:
    return held.fence, held.state, held.status, held.place, held.others


def _case(case: views.DeskCase | views.ReporterCase) -> State:
    passing = {"stream", "offset", "received_ago_ms", "remaining_ms", "object_ms", "quiet_ms", "last"}
    return {name: getattr(case, name) for name in case.__struct_fields__ if name not in passing}


class Story:
    """One station's people, led through the events; compares after every step."""

    def __init__(self, ground: Ground, words: str, dice: Random, number: int = 0) -> None:
        self.ground, self.words, self.number = ground, words, number
        station = places.station(number)
        self.desk = ground.crew.desks[station]
        self.holder, self.rival, self.third = dice.sample(ground.crew.officers[station], 3)
        self.dice, self.broken, self.compared = dice, list[str](), set[tuple[str, str]]()
        self.seen: set[str] = set()
        self._viewers: dict[str, Viewer] = {}

    def _person(self, phone: Phone) -> Person:
        return Person(self.ground.doors, phone.person.number, phone.person.token)

    async def begin(self, category: str, name: str, nowhere: bool = False) -> Accepted:
        """A case, with a viewer of each role; the officers' and desk's snapshots are older than the case."""
        for role, phone in (("holder", self.holder), ("rival", self.rival), ("desk", self.desk)):
            viewer = self._viewers[role] = Viewer(self._person(phone))
            await viewer.open()
        place = places.NOWHERE if nowhere else self.ground.place(self.number, self.dice)
        accepted = await self.ground.report(category, f"{self.words}{name}", place)
        reporter = self.ground.reporter()
        await reporter.open_receipt(accepted.receipt)
        self._viewers["reporter"] = Viewer(reporter)
        await self._viewers["reporter"].open()
        if not nowhere:
            await self.ground.until_shown(accepted.case, [self.holder, self.rival])
        return accepted

    async def compare(self, step: str, case: UUID) -> None:
        """Every role's fold beside a fresh snapshot."""
        await asyncio.gather(*(viewer.listen(SETTLE_S) for viewer in self._viewers.values()))
        rows = await self.ground.rows("SELECT kind FROM events WHERE case_id = $1", case)
        kinds = {str(row["kind"]) for row in rows} | ({"duty"} if step == "duty" else set())
        for role, viewer in self._viewers.items():
            differ = await self._difference(viewer)
            if differ:
                self.broken.append(f"{role} after {step}: {differ}")
            self.compared |= {(kind, role) for kind in kinds}
        self.seen |= kinds

    async def _difference(self, viewer: Viewer) -> str:
        """What differs in the end; a timer may fire between two looks, so there are some."""
        differ = ""
        for _ in range(LOOKS):
            fresh = Viewer(Person(self.ground.doors, viewer.person.number, viewer.person.token))
            await fresh.open()
            await asyncio.gather(viewer.listen(0.1), fresh.listen(0.1))
            await fresh.close()
            one, other = folded(viewer), folded(fresh)
            if one == other:
                return ""
            differ = _difference(one, other, [name for name in one if one[name] != other[name]])
        return differ

    async def end(self) -> None:
        for viewer in self._viewers.values():
            await viewer.close()
        self._viewers.clear()


def _difference(one: State, other: State, names: list[str]) -> str:
    found = []
    for name in names:
        if isinstance(one[name], set):
            found.append(f"{name} {sorted(one[name] ^ other[name])}")
        else:
            keys = {k for k in {*one[name], *other[name]} if one[name].get(k) != other[name].get(k)}
            found += [f"{name} {k}: folded {one[name].get(k)}, fresh {other[name].get(k)}" for k in keys]
    return "; ".join(found)[:600]


def key() -> str:
    return secrets.token_urlsafe(24)


async def won(story: Story, phone: Phone, case: UUID, round_: int = 1) -> int:
    """The fence, 0 where it was refused; the card of this round or a later one is waited for."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(SHOWN_S):
            while case not in phone.shown or phone.shown[case][0].round < round_:  # noqa: ASYNC110 - told by a socket
                await asyncio.sleep(0.02)
    if case not in phone.shown:
        story.broken.append(f"{phone.login} was never shown {case}")
        return 0
    result = await phone.act(claim := ClaimMessage(case=case, round=phone.shown[case][0].round, key=key()), claim.key)
    if result is None or not result.ok:
        story.broken.append(f"a claim was refused: {result}")
        return 0
    return result.fence or 0


async def do(story: Story, phone: Phone, message: Any, case: UUID, step: str) -> None:
    """Said and granted; then everybody compares."""
    result = await phone.act(message, message.key)
    if result is None or not result.ok:
        story.broken.append(f"{step} was refused: {result.reason if result else 'no answer'}")
    await story.compare(step, case)


async def by_reporter(story: Story, accepted: Accepted, message: Any, step: str, path: str = "") -> None:
    """Over HTTP, with the receipt."""
    reporter = story.ground.reporter()
    await reporter.open_receipt(accepted.receipt)
    answer = await reporter.ask("POST", path or f"/v1/cases/{accepted.case}/acts", msgspec.json.encode(message))
    if answer.status != 200:
        story.broken.append(f"{step} was answered {answer.status}")
    await story.compare(step, accepted.case)
