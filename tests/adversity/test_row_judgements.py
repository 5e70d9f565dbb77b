"""What judges the rows of the desk's silence, of deploys, storms, buses and tracked ways is judged itself."""

import socket
import struct
from typing import Any
from uuid import UUID, uuid4

import pytest

from dispatch.cases import views
from gateway.wire.messages import Acknowledge
from geo.point import Point
from scripts.chaos_rows import bus_away, deploys, hostile, opened, overload, silent, slow, storms, tracking, unanswered
from scripts.chaos_rows.crew import Phone
from scripts.chaos_rows.viewer import Viewer
from scripts.simulator.doors import Doors, Person
from scripts.simulator.http import Answer

CASE, OFFICER = uuid4(), uuid4()


def _fallen(way: str, **more: Any) -> dict[str, Any]:
    number = unanswered.WAYS.index(way)
    return {"id": CASE, "station": f"s{number}", "answered": False, "fell_at": 100.0, "rang_at": None} | more


def test_a_desk_that_is_silent_and_an_alarm_that_rings() -> None:
    good = unanswered.counted([_fallen("asleep", rang_at=120.1)], {CASE: 120.2})
    assert good["broken"] == [] and unanswered.judge(good).reached
    answered = unanswered.counted([_fallen("answers", answered=True)], {})
    assert answered["broken"] == []


@pytest.mark.parametrize(
    ("row", "heard", "sentence"),
    [
        (_fallen("asleep"), {}, "waits in silence (asleep)"),
        (_fallen("offline", rang_at=120.1), {}, "reached no supervisor"),
        (_fallen("answers", answered=True, rang_at=120.1), {}, "a supervisor was alarmed"),
        (_fallen("answers", answered=True), {CASE: 120.2}, "a supervisor was alarmed"),
        (_fallen("answers"), {}, "does not count as seen"),
    ],
)
def test_silence_and_a_false_alarm_are_each_named(row: dict[str, Any], heard: dict[UUID, float], sentence: str) -> None:
    assert any(sentence in one for one in unanswered.counted([row], heard)["broken"])


@pytest.mark.parametrize(("rang_at", "heard_at"), [(117.0, 117.1), (120.1, 122.5)])
def test_an_alarm_that_is_early_or_heard_late_is_not_reached(rang_at: float, heard_at: float) -> None:
    tally = unanswered.counted([_fallen("asleep", rang_at=rang_at)], {CASE: heard_at})
    assert tally["broken"] == [] and not unanswered.judge(tally).reached


def test_an_offer_that_a_deploy_swallowed_is_named_and_one_that_was_over_is_not() -> None:
    asked = [(CASE, OFFICER, 5, 100.0)]
    assert len(deploys.never_shown(asked, {CASE: 160.0}, {})) == 1
    assert deploys.never_shown(asked, {CASE: 102.0}, {}) == []
    assert deploys.never_shown(asked, {CASE: 160.0}, {OFFICER: {CASE: 101.0}}) == []
    tally = {"deploys": 3, "offers": 9, "outages_s": [0.4], "worst_alone_s": 0.2, "broken": []}
    assert deploys.judge(tally).reached
    assert not deploys.judge(tally | {"outages_s": [3.1]}).reached
    assert not deploys.judge(tally | {"worst_alone_s": 2.1}).reached


def test_a_storm_that_keeps_somebody_out_or_a_timer_late_is_not_reached() -> None:
    tally = {
        "sockets": 3, "storms": 1, "cases": 3, "back_s": [1.0, 2.0, 3.0], "unanswered": 0, "late_s": [0.1],
        "worst_busy": 4, "broken": [],
    }  # fmt: skip
    assert storms.judge(tally).reached
    assert not storms.judge(tally | {"back_s": [1.0, 31.0]}).reached
    assert not storms.judge(tally | {"late_s": [2.1]}).reached
    assert not storms.judge(tally | {"unanswered": 1}).reached


def test_a_bus_that_stays_silent_after_a_heal_is_seen() -> None:
    assert bus_away.flows([100.0], [90.0, 101.0], [90.1, 101.5]) == [0.5]
    assert bus_away.flows([100.0], [90.0, 101.0], [90.1]) == [20.0], "nothing came any more"
    assert bus_away.flows([100.0], [90.0], [90.1]) == [], "nothing was offered any more"
    asked = [(CASE, OFFICER, 5, 100.0)]
    assert bus_away.lasting(asked, {CASE: 101.0}) == [] and bus_away.lasting(asked, {CASE: 104.0}) == asked
    tally = {"faults": 1, "kinds": ["reset"], "deliveries": 9, "late_s": [0.1], "flows_s": [0.5], "broken": []}
    assert bus_away.judge(tally).reached
    assert not bus_away.judge(tally | {"flows_s": [10.5]}).reached
    assert not bus_away.judge(tally | {"late_s": [1.2]}).reached


def test_a_slow_reader_that_is_kept_or_felt_by_a_neighbour_is_not_reached() -> None:
    tally = {
        "readers": 50, "closed_s": [9.1], "deliveries": 9, "alone_s": [0.05], "late_s": [0.06], "worst_grown_mib": 4.0,
        "broken": [],
    }  # fmt: skip
    assert slow.judge(tally).reached
    assert slow.judge(tally | {"late_s": [0.25]}).reached, "a doubling that nobody can feel"
    assert not slow.judge(tally | {"late_s": [0.35]}).reached
    assert not slow.judge(tally | {"alone_s": [0.9], "late_s": [1.1]}).reached
    assert not slow.judge(tally | {"closed_s": [10.5]}).reached
    assert not slow.judge(tally | {"worst_grown_mib": 21.0}).reached


async def test_a_reader_is_closed_when_its_connection_is_and_not_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slow, "LOOK_S", 0.02)
    monkeypatch.setattr(slow, "GIVEN_UP_S", 0.2)
    viewer = Viewer(Person(Doors(("http://127.0.0.1:1",)), 1))
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as held:
        there = server.accept()[0]
        there.sendall(b"offers")
        assert await slow.until_closed(viewer, held, 1) is None
        there.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        there.close()
        closed = await slow.until_closed(viewer, held, 0)
        assert closed is not None and closed < 0.2


def _answer(status: int, body: bytes, **headers: str) -> Answer:
    return Answer(status, {name.replace("_", "-"): value for name, value in headers.items()}, body, 0.0, 1.0)


def test_a_refusal_without_a_time_to_come_back_and_a_refused_case_are_each_named() -> None:
    flood, made = overload.Flood(), uuid4()
    told = f'{{"case":"{made}","receipt":"r","status":"at_station","station":"other"}}'.encode()
    overload.note(flood, "a", _answer(201, told), 0.5)
    overload.note(flood, "b", _answer(503, b'{"code":"overloaded"}', retry_after="1"), 0.5)
    assert overload.compare(flood, [(made, "a")]) == []
    assert len(overload.compare(flood, [])) == 1, "accepted and lost"
    assert len(overload.compare(flood, [(made, "a"), (uuid4(), "b")])) == 1, "refused and made"
    overload.note(flood, "c", _answer(503, b'{"code":"store_away"}'), 0.5)
    overload.note(flood, "d", _answer(500, b"oops", retry_after="1"), 0.5)
    assert len(overload.compare(flood, [(made, "a")])) == 2


@pytest.mark.parametrize(
    "bad",
    [
        {"times": [8.0]}, {"goodput_s": [70.0]}, {"told": []}, {"unanswered": 1}, {"never": 1}, {"refused_s": [1.1]},
        {"accepted_s": [3.1]}, {"late_s": [1.1]}, {"back_s": [5.5]}, {"broken": ["lost"]},
    ],
)  # fmt: skip
def test_a_flood_that_was_felt_is_not_reached(bad: dict[str, Any]) -> None:
    tally = {
        "reports": 6_000, "capacity_s": [100.0], "goodput_s": [90.0], "times": [10.0], "told": ["503 overloaded"],
        "accepted_s": [1.2], "refused_s": [0.01], "unanswered": 0, "beside": 30, "never": 0, "late_s": [0.3],
        "back_s": [0.4], "broken": [],
    }  # fmt: skip
    assert overload.judge(tally).reached
    assert not overload.judge(tally | bad).reached


def test_a_position_after_the_end_is_named_and_its_age_is_that_of_the_last_fix_from_there() -> None:
    phone = Phone("o", "x", Person(Doors(("http://127.0.0.1:1",)), 1), [])
    way = tracking.Way(CASE, phone, 1, "A1", [(Point(31.0, 117.0), 10.0), (Point(31.001, 117.0), 11.0)], 20.0)
    place = views.Place(31.0, 117.0, 20.0)
    moved = views.Moved(call_sign="A1", place=place)
    assert tracking.ages(way, [(moved, 15.5)]) == [5.5]
    assert tracking.ages(way, [(views.Moved(call_sign="A1", place=views.Place(31.0, 117.0, 200.0)), 15.5)]) == []
    assert tracking.after_the_end(way, [(moved, 20.9)]) == []
    assert len(tracking.after_the_end(way, [(moved, 21.1)])) == 1
    assert tracking.after_the_end(way, [(views.Moved(call_sign="B2", place=place), 25.0)]) == [], "the next one comes"
    tally = {"ways": 1, "ends": ["arrived"], "reporter_s": [6.0], "desk_s": [1.0], "broken": []}
    assert tracking.judge(tally).reached
    assert not tracking.judge(tally | {"reporter_s": [8.5]}).reached
    assert not tracking.judge(tally | {"desk_s": []}).reached, "nothing was seen"


class _Line:
    """Takes no message the first time."""

    def __init__(self, phone: Phone) -> None:
        self.phone, self.sent = phone, 0

    async def send(self, message: Any) -> bool:
        self.sent += 1
        if self.sent == 1:
            return False
        self.phone._heard(views.Result(key=message.key, ok=True, case=CASE), 0.0, True)
        return True


async def test_an_answer_is_not_given_to_an_attempt_that_was_never_sent() -> None:
    """It once was: a phone that could not send at first did not hear the answers that came later."""
    phone = Phone("o", "x", Person(Doors(("http://127.0.0.1:1",)), 1), [])
    phone.line = _Line(phone)  # type: ignore[assignment]
    told = await phone.act(Acknowledge(case=CASE, key="k" * 32), "k" * 32)
    assert told is not None and told.ok and phone.doubts == " unsent"


def test_a_hang_a_wrong_code_and_an_end_of_ours_are_each_named_and_a_farewell_is_not() -> None:
    assert hostile.wrong("x", (1002, True), 1002) is None and hostile.wrong("x", (None, True), None) is None
    assert hostile.wrong("x", (1009, True), 1002) and hostile.wrong("x", (None, False), None)
    assert hostile.wrong("x", (4982, True), None) is None and hostile.wrong("x", (1006, True), None)


def test_an_offer_unknown_for_long_and_too_few_lost_messages_are_not_reached() -> None:
    tally = {"dropped": 70, "dropped_elsewhere": 40, "offers": 9, "deliveries": 90, "late_s": [0.5], "broken": []}
    assert silent.judge(tally).reached
    assert not silent.judge(tally | {"late_s": [6.1]}).reached
    assert not silent.judge(tally | {"dropped": 3}).reached
    assert not silent.judge(tally | {"broken": ["never offered"]}).reached


def test_whatever_is_left_of_sockets_is_named_and_growth_is_not_reached() -> None:
    before = {"sessions": 85.0, "tasks": 40.0, "files": 120.0, "rss_mib": 90.0}
    assert opened.too_much(before, before | {"tasks": 44.0, "files": 126.0, "rss_mib": 120.0}) == []
    assert opened.too_much(before, before | {"sessions": 86.0}) == ["sessions: 85 before, 86 after"]
    assert len(opened.too_much(before, before | {"tasks": 60.0, "files": 140.0})) == 2
    tally = {"sockets": 8, "ways": list(opened.WAYS), "took_s": 1.0, "worst_grown": 0.01, "left": [], "broken": []}
    assert opened.judge(tally).reached
    assert not opened.judge(tally | {"left": ["sessions: 85 before, 86 after"]}).reached
    assert not opened.judge(tally | {"worst_grown": 0.06}).reached
    assert not opened.judge(tally | {"ways": ["reset"]}).reached
