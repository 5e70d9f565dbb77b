"""An officer: walks a beat, looks at cards, taps, goes there, clears, and sometimes has no signal."""

import asyncio
import contextlib
import random
import secrets
import time
from collections.abc import Coroutine
from typing import Any, Final
from uuid import UUID

import msgspec

from dispatch import limits
from dispatch.cases import views
from dispatch.cases.values import Disposition
from gateway.wire.messages import Arrived, ClaimMessage, Cleared, DeclineMessage, Duty, FixMessage, SetOut
from geo.distance import metres_fast
from geo.point import Point
from scripts.simulator.doors import Person, decoded, passing
from scripts.simulator.http import Unanswered
from scripts.simulator.incidents import number_in
from scripts.simulator.ledger import Ledger
from scripts.simulator.phone import ACT_S, UNDECIDED, Phone
from scripts.simulator.temper import Choice, Temper
from scripts.simulator.walk import Walk

FIRST_WAVE_S: Final = 1.0  # a card that was younger when it was sent belongs to the first wave; later ones joined
FINDINGS: Final = (Disposition.FOUNDED, Disposition.REPORT_TAKEN, Disposition.GONE_ON_ARRIVAL)
_encode = msgspec.json.Encoder().encode


class Officer:
    """One on duty for the whole run: `run` ends by being cancelled."""

    def __init__(
        self, person: Person, login: str, walk: Walk, *, ledger: Ledger, temper: Temper, seed: int, window_s: float
    ) -> None:
        self.login = login
        self.on_duty = asyncio.Event()
        self._ledger, self._temper, self._seed, self._walk = ledger, temper, seed, walk
        self._young_ms = max(0.0, window_s - FIRST_WAVE_S) * 1000
        self._dice = random.Random(f"{seed}:{login}:life")
        self._phone = Phone(person, ledger, self._heard, login)
        self._line = self._phone.line
        self._cards: dict[UUID, tuple[int, asyncio.Task[None]]] = {}
        self._rounds: dict[UUID, int] = {}
        self._committed: set[UUID] = set()
        self._done: set[UUID] = set()
        self._tapping = False
        self._case: UUID | None = None
        self._work: asyncio.Task[None] | None = None
        self._group: asyncio.TaskGroup | None = None

    @property
    def busy(self) -> bool:
        """Whether this officer holds a case just now."""
        return self._case is not None

    async def run(self) -> None:
        """Raises: Turned when the service does not let this officer work."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            group.create_task(self._line.run())
            group.create_task(self._report_for_duty())
            group.create_task(self._send_fixes())
            group.create_task(self._drive_through_tunnels())

    def _begin(self, coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        assert self._group is not None
        return self._group.create_task(coroutine)

    # --- being there ------------------------------------------------------------------------------------------

    async def _report_for_duty(self) -> None:
        while not self.on_duty.is_set():
            key = _key()
            result, _ = await self._phone.act(Duty(on=True, key=key), key)
            if result is not None and result.ok:
                self._ledger.on_duty[self.login] = time.monotonic()
                self.on_duty.set()
                return
            self._ledger.odd(f"duty was refused: {result.reason if result else 'no answer'}")
            await asyncio.sleep(1)

    async def _send_fixes(self) -> None:
        await self._line.ready.wait()
        while True:
            place = self._walk.at(time.monotonic())
            accuracy_m = round(self._dice.uniform(4, 25), 1)
            await self._line.send(FixMessage(lat=place.lat, lon=place.lon, accuracy_m=accuracy_m))
            await asyncio.sleep(limits.FIX_INTERVAL_S * self._dice.uniform(0.9, 1.0))

    async def _drive_through_tunnels(self) -> None:
        await self.on_duty.wait()
        while True:
            await asyncio.sleep(self._dice.expovariate(1 / self._temper.signal_lost_every_s))
            await self._line.lose_signal(self._dice.uniform(*self._temper.signal_lost_s))

    # --- cards ------------------------------------------------------------------------------------------------

    def _heard(self, message: views.Sent, now: float, steady: bool) -> None:
        if isinstance(message, views.Offer):
            self._show(message, now, steady)
        elif isinstance(message, views.Gone):
            self._gone(message, now)
        elif isinstance(message, views.HeldCase):
            self._shown_whole(message)
        elif isinstance(message, views.Snapshot):
            for card in message.offers:
                self._show(card, now, False)
            for held in message.held:
                self._shown_whole(held)

    def _show(self, card: views.Offer, now: float, steady: bool) -> None:
        self._ledger.offered(card.case, card.seats, now, timed=steady and card.remaining_ms > self._young_ms)
        known = self._cards.get(card.case)
        if (known is not None and known[0] == card.round) or card.case in self._done:
            return
        self._rounds[card.case] = card.round
        self._ledger.rang(card.case)
        self._cards[card.case] = (card.round, self._begin(self._consider(card)))

    def _gone(self, gone: views.Gone, now: float) -> None:
        if gone.reason == "at_desk":
            self._ledger.hint(gone.case, now)
        if self._case == gone.case and gone.reason != "closed":  # the answer to clearing it says the same
            self._ledger.odd(f"a held case went: {gone.reason}")
            self._lay_down()
        card = self._cards.get(gone.case)
        if card is not None and gone.case not in self._committed:  # a thumb on its way does not stop
            card[1].cancel()

    async def _consider(self, card: views.Offer) -> None:
        decision = self._temper.decide(self._seed, self.login, number_in(card.words), card.round)
        try:
            if decision.choice is Choice.SILENCE:
                return
            await asyncio.sleep(decision.after_s)
            if self._case is not None or self._tapping:
                return
            self._committed.add(card.case)
            await asyncio.sleep(decision.motor_s)
            if decision.choice is Choice.CLAIM:
                await self._claim(card)
            else:
                self._ledger.declines += 1
                key = _key()
                await self._phone.act(DeclineMessage(case=card.case, round=card.round, key=key), key)
        finally:
            self._committed.discard(card.case)

    async def _claim(self, card: views.Offer) -> None:
        if self._case is not None or self._tapping:
            return
        self._tapping = True
        claim = ClaimMessage(case=card.case, round=card.round, key=_key())
        try:
            if self._dice.random() < self._temper.over_http and self._line.ready.is_set():
                self._ledger.claimed(card.case, card.round, self.login)
                result, took_s = await self._claim_over_http(claim)
            else:
                result, took_s = await self._phone.act(claim, claim.key, first_sent=lambda: self._sent(card))
        finally:
            self._tapping = False
        if took_s is not None:
            self._ledger.claim_s.append(took_s)
        if result is None:
            self._ledger.odd("a claim was never answered")
        elif result.ok:
            self._ledger.won(card.case, card.round, self.login)
            self._take_up(card.case, result.fence or 0, card.place, "claimed")
        else:
            self._ledger.refusal(card.case, result.reason or "none", time.monotonic())

    def _sent(self, card: views.Offer) -> None:
        self._ledger.claimed(card.case, card.round, self.login)
        if self._dice.random() < self._temper.cut_after_claim:
            self._begin(self._line.lose_signal(self._dice.uniform(*self._temper.signal_lost_s) / 4))

    async def _claim_over_http(self, claim: ClaimMessage) -> tuple[views.Result | None, float | None]:
        body, ends, asked = _encode({"round": claim.round, "key": claim.key}), time.monotonic() + ACT_S, 0
        while time.monotonic() < ends:
            asked += 1
            with contextlib.suppress(Unanswered):
                answer = await self._phone.person.ask("POST", f"/v1/cases/{claim.case}/claims", body)
                took_s = answer.at - answer.sent if asked == 1 else None
                if answer.status == 200:
                    return decoded(answer, views.Result), took_s
                code = decoded(answer, _Code).code
                if not passing(answer) and code not in UNDECIDED:
                    return views.Result(key=claim.key, ok=False, reason=code), took_s
            await asyncio.sleep(self._dice.uniform(0.5, 1.5))
        return None, None

    # --- work -------------------------------------------------------------------------------------------------

    def _shown_whole(self, held: views.HeldCase) -> None:
        if held.case in self._done or held.status in ("cleared", "withdrawn"):
            return
        self._ledger.won(held.case, self._rounds.get(held.case, 1), self.login)
        self._take_up(held.case, held.fence, held.place, held.state)

    def _take_up(self, case: UUID, fence: int, place: views.Place, state: str) -> None:
        if self._case == case or case in self._done:
            return
        if self._case is not None:
            self._ledger.odd("an officer was told to hold two cases")
            return
        self._case, now = case, time.monotonic()
        scene = Point(place.lat, place.lon)
        self._ledger.took(case, self.login, now, metres_fast(self._walk.at(now), scene))
        for other, (_, task) in self._cards.items():
            if other not in self._committed:
                task.cancel()
        self._work = self._begin(self._serve(case, fence, scene, state))

    async def _serve(self, case: UUID, fence: int, place: Point, state: str) -> None:
        temper, dice = self._temper, self._dice
        if state == "claimed":
            await asyncio.sleep(dice.uniform(*temper.set_out_s))
            await self._do(SetOut(case=case, fence=fence, key=_key()))
        if state in ("claimed", "en_route"):
            travel_s = dice.uniform(*temper.travel_s)
            self._walk.go(place, time.monotonic(), travel_s)
            await asyncio.sleep(travel_s)
            await self._do(Arrived(case=case, fence=fence, key=_key()))
        await asyncio.sleep(dice.uniform(*temper.scene_s))
        await self._do(Cleared(case=case, fence=fence, key=_key(), disposition=dice.choice(FINDINGS)))
        self._lay_down()

    async def _do(self, message: SetOut | Arrived | Cleared) -> None:
        result, _ = await self._phone.act(message, message.key)
        if result is None or not result.ok:
            self._ledger.odd(f"{type(message).__name__}: {result.reason if result else 'no answer'}")

    def _lay_down(self) -> None:
        if self._case is not None:
            self._done.add(self._case)
            self._cards.pop(self._case, None)
        if self._work is not None and self._work is not asyncio.current_task():
            self._work.cancel()
        self._case, self._work = None, None


class _Code(msgspec.Struct):
    code: str = ""


def _key() -> str:
    return secrets.token_urlsafe(24)
