"""What sounds like an emergency, in both languages; and which files of rules are refused."""

import json
import random
from typing import Any, Final

import msgspec
import pytest

from dispatch.advice.rules import (
    RULES,
    Call,
    Reply,
    Rule,
    RuleFile,
    Rules,
    RulesError,
    _plain,
    read_rules,
    say,
    shipped,
)

SOUNDS: Final = {
    "他拿着刀在楼下。": "weapon",
    "有人持 刀威胁": "weapon",
    "He HAS  A KNIFE, come": "weapon",
    "Ｗｉｔｈ ａ ｇｕｎ": "weapon",
    "隔壁正在打人": "violence",
    "A woman is being attacked": "violence",
    "Someone is in the house": "intruder",
    "有人要跳楼": "self_harm",
    "she is going to jump": "self_harm",
    "老人倒地，没有呼吸": "life",
    "man not breathing": "life",
    "楼下着火了": "fire",
    "There is a smell of gas": "fire",
    "孩子被抱走了": "child_taken",
}
ORDINARY: Final = (
    "一辆自行车不见了。", "楼上半夜装修，太吵了", "没有人受伤，只是擦碰", "商场跳楼价大甩卖是骗人的",
    "A bicycle is gone.", "Drilling since five in the morning.", "Nobody was hurt, only a scratch.",
    "Two unarmed men argued.", "My begun work is gone", "We met by a stroke of luck", "",
)  # fmt: skip


@pytest.mark.parametrize(("words", "rule"), SOUNDS.items())
def test_words_that_sound_like_an_emergency_are_heard_in_both_languages(words: str, rule: str) -> None:
    verdict = shipped().check(words)
    assert verdict is not None and rule in verdict.rules


@pytest.mark.parametrize("words", ORDINARY)
def test_ordinary_words_pass(words: str) -> None:
    assert shipped().check(words) is None


def test_an_english_word_is_heard_whole_and_a_silenced_phrase_only_where_it_stands() -> None:
    assert shipped().check("The gunshots") is not None and shipped().check("gunshotsy") is None
    assert shipped().check("nobody armed") is None
    assert shipped().check("nobody armed at first, then one was armed") is not None


def test_an_answer_speaks_without_a_word() -> None:
    assert shipped().check(answers={"hurt": Reply.NO}) is None
    verdict = shipped().check(answers={"hurt": Reply.YES})
    assert verdict is not None and (verdict.call, verdict.rules) == (Call.AMBULANCE, ["life"])


def test_a_category_speaks_without_a_word() -> None:
    rules = Rules(RuleFile({}, (), (Rule(id="a", call=Call.POLICE, why_zh="是", why_en="Is.", categories=("siege",)),)))
    assert rules.check("quiet", category="siege") and not rules.check("quiet", category="noise")


def test_the_first_rule_of_the_file_says_whom_to_call_and_all_say_why() -> None:
    verdict = shipped().check("He has a gun and the house is on fire")
    assert verdict is not None and verdict.call is Call.POLICE and verdict.rules == ["weapon", "fire"]
    assert shipped().number(verdict.call, "112") == "112" and shipped().number(Call.FIRE, "112") == "119"
    said = say("112", verdict.because)
    assert said.keys() == {"zh-CN", "en"}
    assert all("112" in sentence for sentence in said.values())
    assert "weapon" in said["en"] and "fire" in said["en"]


FILE: Final[dict[str, Any]] = json.loads(RULES.read_bytes())
ONE: Final[dict[str, Any]] = {"id": "a", "call": "police", "why_zh": "是", "why_en": "Is."}


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        (ONE, "can never speak"),
        (ONE | {"en": [" "]}, "empty word"),
        (ONE | {"answers": {"unasked": "yes"}}, "not asked"),
        (ONE | {"call": "fire", "en": ["x"]}, "no number"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_refused(rule: dict[str, Any], why: str) -> None:
    file = msgspec.convert({"numbers": {}, "questions": [], "rules": [rule]}, RuleFile)
    with pytest.raises(RulesError, match=why):
        Rules(file)


def test_ids_stand_once(tmp_path: Any) -> None:
    path = tmp_path / "rules.json"
    path.write_text(json.dumps(FILE | {"rules": [*FILE["rules"], FILE["rules"][0]]}))
    with pytest.raises(RulesError, match="weapon"):
        read_rules(path)
    path.write_text(json.dumps(FILE | {"rulse": []}))
    with pytest.raises(RulesError, match="holds no rules"):
        read_rules(path)


def test_every_rule_of_ours_speaks_both_languages() -> None:
    file = msgspec.json.decode(RULES.read_bytes(), type=RuleFile)
    assert all(rule.zh and rule.en and rule.why_zh.endswith("。") and rule.why_en.endswith(".") for rule in file.rules)
    for rule in file.rules:
        for word in (*rule.zh, *rule.en):
            verdict = shipped().check(f"{word}.")
            assert verdict is not None and rule.id in verdict.rules, word


@pytest.mark.parametrize("seed", range(4))
def test_what_is_looked_for_first_hides_no_rule(seed: int) -> None:
    """Texts thrown together from the rules' own words, cut and joined at random, against the whole search."""
    rules, drawn = shipped(), random.Random(seed)
    own = [rule for rule, *_ in rules._rules]
    parts = [word for rule in own for word in (*rule.zh, *rule.en, *rule.not_zh, *rule.not_en)]
    parts += ["有人", "家", "on", "the", "，", "Ａ", "İ", "ß", "un", "2nd"]
    for _ in range(500):
        some = [drawn.choice(parts) for _ in range(drawn.randint(1, 4))]
        cut = [one[: drawn.randint(1, len(one))] if drawn.random() < 0.4 else one for one in some]
        text = drawn.choice(["", " ", ", "]).join(one.upper() if drawn.random() < 0.3 else one for one in cut)
        verdict, heard = rules.check(text), _plain(text)
        spoke = [rule.id for rule, _, speaks, silences in rules._rules if speaks.search(silences.sub(" ", heard))]
        assert (verdict.rules if verdict else []) == spoke, f"seed {seed}: {text!r}"
