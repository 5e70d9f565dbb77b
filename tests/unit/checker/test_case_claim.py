"""Good and bad histories of one case, made by hand."""

import json
from pathlib import Path

import pytest

from dispatch.cases.values import Refusal
from scripts.checker.__main__ import main
from scripts.checker.case_claim import CaseClaim
from scripts.checker.history import HistoryError, Operation
from scripts.checker.wgl import Answer, check
from tests.unit.checker.stories import by_key, claim, fall_back, op, read


def answer(*history: Operation, seats: int = 1) -> Answer:
    return check(CaseClaim(seats), history, budget=20_000).answer


def test_one_winner_and_forty_nine_told_taken_is_linearizable() -> None:
    losers = [claim(0, 9, f"o{n}", "taken") for n in range(49)]
    assert answer(*losers, claim(0, 9, "winner")) == "linearizable"


def test_two_winners_among_fifty_are_found_within_a_small_budget() -> None:
    losers = [claim(0, 9, f"o{n}", "taken") for n in range(48)]
    assert answer(*losers, claim(0, 9, "a"), claim(0, 9, "b")) == "not"


def test_two_seats_take_two_winners_and_not_three() -> None:
    winners = [claim(0, 9, name) for name in "abc"]
    assert answer(*winners[:2], claim(0, 9, "z", "taken"), seats=2) == "linearizable"
    assert answer(*winners, seats=2) == "not"


def test_nobody_can_be_told_taken_while_the_case_is_free() -> None:
    assert answer(claim(0, 1, "a", "taken"), claim(2, 3, "b")) == "not"
    assert answer(claim(0, 9, "a", "taken"), claim(0, 9, "b", "taken")) == "not"


def test_an_unknown_claim_explains_why_all_others_were_told_taken() -> None:
    others = [claim(1, 2, f"o{n}", "taken") for n in range(20)]
    assert answer(claim(0, None, "x"), *others) == "linearizable"
    assert answer(claim(3, None, "x"), *others) == "not"


def test_twenty_unknown_claims_still_leave_room_for_one_winner_only() -> None:
    unknown = [claim(0, None, f"o{n}", key=f"k{n}") for n in range(20)]
    seen = read(1, 2, {"status": "claimed", "officers": ["o7"]})
    assert answer(*unknown, seen) == "linearizable"
    assert answer(*unknown, seen, read(3, 4, {"status": "claimed", "officers": ["o8"]})) == "not"
    assert answer(*unknown, seen, fall_back(3, 4)) == "not"


def test_a_case_is_claimed_or_at_the_station_but_never_both() -> None:
    assert answer(claim(0, 5, "a"), fall_back(0, 5)) == "not"
    assert answer(fall_back(0, 1), claim(2, 3, "a", "late")) == "linearizable"
    assert answer(fall_back(0, 1), claim(2, 3, "a")) == "not"


def test_a_case_falls_back_once() -> None:
    assert answer(fall_back(0, 1), fall_back(2, 3)) == "not"


def test_an_unseen_fallback_explains_a_read_at_the_station() -> None:
    assert answer(fall_back(0, None), read(1, 2, "offered"), read(3, 4, "AT_STATION")) == "linearizable"
    assert answer(read(3, 4, "at_station")) == "not"
    assert answer(fall_back(0, None), read(1, 2, "desk"), read(3, 4, "offered")) == "not"


def test_nobody_wins_after_somebody_was_late() -> None:
    assert answer(claim(0, 1, "a", "late"), claim(2, 3, "b")) == "not"
    assert answer(claim(0, 3, "a", "late"), claim(2, 3, "b")) == "linearizable"


def test_the_winner_is_never_told_lost() -> None:
    assert answer(claim(0, 1, "a"), claim(2, 3, "a", "taken")) == "not"
    assert answer(claim(0, 1, "a"), claim(2, 3, "a", "late")) == "not"


def test_the_same_officer_with_the_same_key_hears_the_same_again() -> None:
    won = claim(0, 1, "a", key="k")
    assert answer(won, claim(2, 3, "a", key="k")) == "linearizable"
    assert answer(won, claim(2, 3, "a", "off_duty", key="k")) == "not"
    lost = claim(2, 3, "b", "taken", key="k")
    assert answer(won, lost, claim(4, 5, "b", "taken", key="k")) == "linearizable"
    assert answer(won, lost, claim(4, 5, "b", "late", key="k")) == "not"


def test_busy_is_no_answer_and_may_be_followed_by_another() -> None:
    assert answer(claim(0, 1, "a", "busy", key="k"), claim(2, 3, "a", key="k")) == "linearizable"


def test_an_unknown_claim_is_resolved_by_its_key() -> None:
    unknown = claim(0, None, "a", key="k")
    assert answer(unknown, by_key(1, 2, "a", "k", "won")) == "linearizable"
    assert answer(unknown, by_key(1, 2, "a", "k", "not_received"), claim(3, 4, "b")) == "linearizable"
    assert answer(unknown, by_key(1, 2, "a", "k", "won"), claim(3, 4, "b")) == "not"


def test_a_key_is_not_forgotten() -> None:
    assert answer(claim(0, 1, "a", key="k"), by_key(2, 3, "a", "k", "not_received")) == "not"
    seen = read(1, 2, {"status": "claimed", "officers": ["a"]})
    assert answer(claim(0, None, "a", key="k"), seen, by_key(3, 4, "a", "k", "not_received")) == "not"
    refused = claim(3, 4, "b", "off_duty", key="j")
    assert answer(refused, by_key(5, 6, "b", "j", "not_received")) == "not"


def test_a_seat_that_was_read_by_key_as_lost_cannot_be_held() -> None:
    seen = read(1, 2, {"status": "claimed", "officers": ["a"]})
    lost = by_key(3, 4, "a", "k", {"reason": "off_duty"})
    assert answer(claim(0, None, "a", key="k"), seen, lost) == "not"


@pytest.mark.parametrize(
    "strange",
    [
        claim(0, 1, "a", "because"),
        op(0, 1, "claim", {"officer": 7}),
        op(0, 1, "claim_by_key", "a", "won"),
        read(0, 1, "somewhere"),
        read(0, 1, {"status": "claimed", "officers": "a"}),
        op(0, 1, "steal"),
    ],
)
def test_what_a_case_cannot_say_is_refused_with_a_sentence(strange: Operation) -> None:
    with pytest.raises(HistoryError):
        answer(strange)


def line(process: str, f: str, kind: str, at: float, value: object = None, case_id: str = "c1") -> str:
    fields = {"process": process, "f": f, "case_id": case_id, "type": kind, "t_mono": at, "value": value}
    return json.dumps(fields) + "\n"


def test_json_lines_are_judged_case_by_case(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "history.jsonl"
    good = line("p", "claim", "invoke", 1.0, "a") + line("q", "claim", "invoke", 1.1, "b")
    good += line("q", "claim", "fail", 1.3, {"reason": "taken"}) + line("p", "claim", "ok", 1.2)
    other = line("p", "claim", "invoke", 1.0, "b", "c2") + line("p", "claim", "ok", 1.5, "won", "c2")
    path.write_text(good + other)
    assert main(["--model", "case-claim", str(path)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "linearizable"
    path.write_text(good + other + line("r", "read", "invoke", 9, None, "c2"))
    assert main(["--model", "case-claim", str(path)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "linearizable"
    path.write_text(good + other + line("r", "read", "invoke", 9) + line("r", "read", "ok", 9.1, "offered"))
    assert main(["--model", "case-claim", str(path)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "not"


def test_json_lines_that_lack_a_time_are_unreadable(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    for bad in ('{"process": 1, "f": "read", "type": "invoke"}', "[]", "{", line("p", "read", "maybe", 1)):
        path.write_text(bad)
        assert main(["--model", "case-claim", str(path)]) == 2


def test_every_refusal_of_the_service_that_a_claim_may_hear_is_known() -> None:
    acts_only = {"stale_fence", "illegal", "not_yours", "holds_case", "key_reused"}
    acts_only |= {"too_often", "talk_full", "wrong_word", "word_spent", "supervisor_only", "another_supervisor"}
    acts_only |= {"overdue", "rated_before"}
    acts_only |= {"panic_over", "not_asked", "on_scene", "not_higher", "check_open"}
    acts_only |= {"seats_full", "not_holder", "rounds_spent", "nobody_near", "other_station", "already_asked"}
    acts_only |= {"circle", "joined", "reports_full"}
    for word in set(Refusal) - {Refusal(one) for one in acts_only}:
        assert answer(claim(0, 9, "a", str(word), key="k"), claim(0, 9, "a"), fall_back(0, None)) in set(Answer)


def test_an_early_refusal_need_not_be_remembered_by_its_key() -> None:
    won, early = claim(0, 1, "a"), claim(2, 3, "b", "taken", key="k")
    assert answer(won, early, by_key(4, 5, "b", "k", "not_received")) == "linearizable"
    assert answer(won, early, claim(4, 5, "b", "no_slot", key="k")) == "linearizable"
    assert answer(claim(0, 3, "a", "taken", key="k"), claim(4, 5, "a", key="k")) == "not"


def test_at_the_desk_and_closed_are_true_only_where_they_can_be() -> None:
    assert answer(claim(0, 1, "a", "at_desk")) == "not"
    assert answer(fall_back(0, None), claim(0, 1, "a", "at_desk")) == "linearizable"
    assert answer(fall_back(0, None), claim(0, 1, "a"), claim(2, 3, "b", "at_desk")) == "not"
    assert answer(claim(0, 1, "a", "closed")) == "not"
    assert answer(claim(0, 1, "a"), claim(2, 3, "b", "closed")) == "linearizable"


def test_already_held_is_said_to_a_holder_only() -> None:
    assert answer(claim(0, 1, "a", key="k"), claim(2, 3, "a", "already_held", key="j")) == "linearizable"
    assert answer(claim(0, 1, "b", key="k"), claim(2, 3, "a", "already_held", key="j")) == "not"


def test_a_case_that_lacks_a_second_officer_falls_back() -> None:
    assert answer(claim(0, 1, "a"), fall_back(2, 3), claim(4, 5, "b", "at_desk"), seats=2) == "linearizable"
    assert answer(claim(0, 1, "a"), fall_back(2, 3), claim(4, 5, "b"), seats=2) == "not"
