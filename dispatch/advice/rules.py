"""Does it sound like an emergency? Rules as data (`rules.json`), and one pure question put to them.

It never decides for anybody: it says which number to call and why, in both languages, and whoever was told may go on.
Wrong alarms cost a tap; a missed one may cost a life, so a rule needs one word, one category or one answer to speak.
"""

import functools
import re
import unicodedata
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Final

import msgspec

RULES: Final = Path(__file__).with_name("rules.json")
_WORD: Final = re.compile(r"[a-z0-9]+")


class RulesError(ValueError):
    """A file of rules that cannot be used; the message is a sentence."""


class Call(StrEnum):
    """Whom to call. The police's number is the operator's setting, the others stand in the file."""

    POLICE = "police"
    FIRE = "fire"
    AMBULANCE = "ambulance"


class Reply(StrEnum):
    """What somebody answers to a question."""

    YES = "yes"
    NO = "no"


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a page may ask before a report is sent."""

    id: str
    zh: str
    en: str


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One kind of emergency. It speaks where the draft's category is listed, an answer is as listed, or the words hold
    one of `zh` (anywhere) or of `en` (as whole words), once `not_zh` and `not_en` are taken out of them."""

    id: str
    call: Call
    why_zh: str
    why_en: str
    zh: tuple[str, ...] = ()
    en: tuple[str, ...] = ()
    not_zh: tuple[str, ...] = ()
    not_en: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    answers: dict[str, Reply] = {}


class RuleFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file as it stands."""

    numbers: dict[Call, str]
    questions: tuple[Question, ...]
    rules: tuple[Rule, ...]


class Because(msgspec.Struct, frozen=True):
    """A rule that spoke, and why, in both languages."""

    rule: str
    zh: str
    en: str


class Verdict(msgspec.Struct, frozen=True):
    """What sounds like an emergency. `call`: of the first rule that spoke; the rules stand in the file's order."""

    call: Call
    because: tuple[Because, ...]

    @property
    def rules(self) -> list[str]:
        """What is kept in a history: which rules spoke, never the words that made them."""
        return [one.rule for one in self.because]


class Rules:
    """A file of rules, made ready. Asking is pure and takes time in proportion to the words."""

    def __init__(self, file: RuleFile) -> None:
        """Raises: RulesError."""
        _check(file)
        self.questions, self.numbers = file.questions, file.numbers
        self._rules = [
            (rule, _Hints(rule.zh, rule.en), _words(rule.zh, rule.en), _words(rule.not_zh, rule.not_en))
            for rule in file.rules
        ]

    def check(
        self, words: str = "", *, category: str | None = None, answers: Mapping[str, Reply] | None = None
    ) -> Verdict | None:
        """Which rules speak, or None: nothing sounds like an emergency.

        `words`: a report's, a later message's; any language, any length that its sender allows.
        """
        heard, said = _plain(words), answers or {}
        pieces = {*_WORD.findall(heard), *heard}
        because = tuple(
            Because(rule.id, rule.why_zh, rule.why_en)
            for rule, hints, speaks, silences in self._rules
            if category in rule.categories
            or (said and any(said.get(question) is reply for question, reply in rule.answers.items()))
            or (hints.among(pieces) and speaks.search(silences.sub(" ", heard)))
        )
        if not because:
            return None
        first = next(rule for rule, *_ in self._rules if rule.id == because[0].rule)
        return Verdict(first.call, because)

    def number(self, call: Call, police: str) -> str:
        """The number to call. `police`: the operator's."""
        return police if call is Call.POLICE else self.numbers[call]


def read_rules(path: Path = RULES) -> Rules:
    """The rules of a file. Raises: RulesError; OSError when it cannot be read."""
    try:
        return Rules(msgspec.json.decode(path.read_bytes(), type=RuleFile))
    except msgspec.MsgspecError as error:
        raise RulesError(f"{path.name} holds no rules: {error}") from error


@functools.cache
def shipped() -> Rules:
    """The rules that come with this version, read once."""
    return read_rules()


def say(number: str, because: Sequence[Because]) -> dict[str, str]:
    """The advice as a sentence, by language."""
    zh, en = "".join(one.zh for one in because), " ".join(one.en for one in because)
    return {
        "zh-CN": f"{zh}请立即拨打{number}。内容已为您保留；若并非紧急情况，仍可继续上报。",
        "en": f"{en} Call {number} now. What you wrote is kept; if it is no emergency, you may still report it here.",
    }


def _check(file: RuleFile) -> None:
    for kind, ids in (("question", [q.id for q in file.questions]), ("rule", [r.id for r in file.rules])):
        twice = {own for own in ids if ids.count(own) > 1}
        if twice or "" in ids:
            raise RulesError(f"Every {kind} needs an id of its own; {', '.join(sorted(twice)) or 'one has none'}.")
    known = {q.id for q in file.questions}
    for rule in file.rules:
        if not (rule.zh or rule.en or rule.categories or rule.answers):
            raise RulesError(f"Rule {rule.id} can never speak: it has no word, category or answer.")
        if any(not _plain(word) for word in (*rule.zh, *rule.en, *rule.not_zh, *rule.not_en)):
            raise RulesError(f"Rule {rule.id} has an empty word: it would speak always.")
        if rule.answers.keys() - known:
            raise RulesError(f"Rule {rule.id} waits for an answer to a question that is not asked.")
        if rule.call is not Call.POLICE and not file.numbers.get(rule.call):
            raise RulesError(f"Rule {rule.id} says to call {rule.call}, and there is no number for it.")


def _plain(words: str) -> str:
    """One form for all ways to write the same: width, case, blanks."""
    if words.isascii():
        return " ".join(words.lower().split())
    return " ".join(unicodedata.normalize("NFKC", words).casefold().replace("\u2019", "'").split())


class _Hints:
    """Words and characters that a text must have for `_words` to find something in it.

    Most reports have them of no rule, and asking is far quicker than searching. Silences cannot make one: what they
    take out leaves a blank, so they add no character and join no word.
    """

    __slots__ = ("_any", "_each")

    def __init__(self, zh: Sequence[str], en: Sequence[str]) -> None:
        needed = [frozenset(_plain(word).replace(" ", "")) for word in zh]
        needed += [frozenset(_WORD.findall(_plain(word)) or _plain(word)) for word in en]
        self._each, self._any = tuple(needed), frozenset[str]().union(*needed)

    def among(self, pieces: "set[str]") -> bool:
        """`pieces`: every word and every character of a plain text."""
        return not self._any.isdisjoint(pieces) and any(map(pieces.issuperset, self._each))


def _words(zh: Sequence[str], en: Sequence[str]) -> re.Pattern[str]:
    """Any of them: Chinese anywhere, blanks between its characters passed over; English as whole words only."""
    inside = [r"\s?".join(map(re.escape, _plain(word).replace(" ", ""))) for word in zh]
    whole = [rf"(?<![a-z0-9]){re.escape(_plain(word))}(?![a-z0-9])" for word in en]
    return re.compile("|".join([*inside, *whole]) or r"(?!)")
