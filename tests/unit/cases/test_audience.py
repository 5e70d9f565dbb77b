"""Who is told what of a fact, and what nobody is told."""

import itertools
from typing import Any, Final
from uuid import UUID

import msgspec
import pytest

from dispatch.cases.audience import Delivery, deliveries, following, reporter_case
from dispatch.cases.facts import ReportOf
from dispatch.cases.values import Event, Status
from dispatch.cases.views import DeskCase, Gone, HeldCase, Offer, ReporterCase
from geo.distance import metres_fast
from geo.point import Point
from tests.unit.cases.states import CASE, ONE, THREE, TWO, fact, holder, state

NEAR: Final = [(32.05127 + i * 1e-5, 118.80134 + j * 1e-5) for i, j in itertools.product(range(-3, 4), repeat=2)]
ASKED: Final = {"to": (ONE, TWO)}


def told(kind: str, **other: Any) -> list[Delivery]:
    return deliveries(fact(5, kind, of=state(**other.pop("state", {})), **other))


def to(sent: list[Delivery], officer: UUID) -> list[object]:
    return [d.view for d in sent if officer in d.officers]


@pytest.mark.parametrize("place", NEAR)
def test_an_offer_never_shows_the_exact_place(place: tuple[float, float]) -> None:
    (card,) = to(told("offer_opened", state={"lat": place[0], "lon": place[1]}, **ASKED), ONE)
    assert isinstance(card, Offer)
    assert (card.place.lat, card.place.lon) != place
    assert metres_fast(Point(card.place.lat, card.place.lon), Point(*place)) <= card.place.within_m
    assert str(place[0]) not in msgspec.json.encode(card).decode()


def test_all_places_of_a_cell_are_shown_as_one() -> None:
    shown = set()
    for lat, lon in NEAR:
        (card,) = to(told("offer_opened", state={"lat": lat, "lon": lon}, **ASKED), ONE)
        assert isinstance(card, Offer)
        shown.add((card.place.lat, card.place.lon))
    assert len(shown) == 1


def test_the_winner_sees_the_exact_place_and_the_loser_is_told_who_won() -> None:
    sent = told("claimed", state={"status": Status.CLAIMED, "holders": (holder(ONE),)}, asked=(ONE, TWO))
    (mine,), (theirs,) = to(sent, ONE), to(sent, TWO)
    assert isinstance(mine, HeldCase) and (mine.place.lat, mine.place.lon, mine.fence) == (32.05127, 118.80134, 1)
    assert isinstance(theirs, Gone) and (theirs.reason, theirs.by and theirs.by.call_sign) == ("taken", "0401")


def test_nobody_but_asked_holders_desk_and_reporter_is_told() -> None:
    for kind in Event:
        sent = told(kind, state={"status": Status.CLAIMED, "holders": (holder(ONE),)}, asked=(TWO,), officer=ONE)
        assert not to(sent, THREE)
        assert {d.station for d in sent} <= {None, "s1"} and {d.case for d in sent} <= {None, CASE}


def test_a_reporter_is_never_told_who_said_no_or_who_was_asked() -> None:
    for kind in ("declined", "offer_joined", "offer_widened", "alarm_raised"):
        assert not [d for d in told(kind, officer=ONE, **ASKED) if d.case is not None]


def test_a_reporter_sees_officers_by_call_sign_and_first_character_only() -> None:
    sent = told("claimed", state={"status": Status.CLAIMED, "holders": (holder(ONE),)})
    (view,) = [d.view for d in sent if isinstance(d.view, ReporterCase)]
    text = msgspec.json.encode(view).decode()
    assert str(ONE) not in text and "fence" not in text and text.count('"lat"') == 1, "the own place, nobody else's"
    assert [(o.call_sign, o.surname) for o in view.officers] == [("0401", "李")]


def test_a_reporter_is_told_the_own_place_only_while_somebody_is_on_the_way() -> None:
    for status in Status:
        view = reporter_case(state(status=status, holders=(holder(ONE),)), 0)
        shown = (view.place.lat, view.place.lon) if view.place else None
        assert shown == ((32.05127, 118.80134) if status in ("claimed", "en_route") else None), status


def test_whose_report_was_joined_to_anothers_never_learns_the_others_place() -> None:
    lead = state(status=Status.EN_ROUTE, holders=(holder(ONE),))
    own = ReportOf(case=THREE, received_us=lead.received_us)
    assert reporter_case(lead, 0).place is not None
    assert following(own, lead, 0).place is None


def test_no_view_carries_what_only_the_record_may_hold() -> None:
    for kind in Event:
        for delivery in told(kind, **ASKED):
            text = msgspec.json.encode(delivery.view).decode()
            assert not any(word in text for word in ("receipt", "salt", "reporter", "actor"))


def test_the_desk_is_told_of_every_fact() -> None:
    for kind in set(Event) - {Event.RECEIVED}:
        assert [d for d in told(kind) if isinstance(d.view, DeskCase) and d.station == "s1"], kind


def test_countdowns_are_shortened_by_what_has_passed() -> None:
    for passed, left in ((0, 60_000), (59_999, 1), (70_000, 0)):
        sent = deliveries(fact(5, of=state(), to=(ONE,)), passed)
        assert {getattr(d.view, "remaining_ms", left) for d in sent} == {left}


def test_an_offer_that_is_over_by_now_is_put_before_nobody() -> None:
    """Read late from the database, an old entry comes with the case's state of today."""
    assert not to(told("offer_opened", state={"status": Status.CLAIMED}, **ASKED), ONE)
