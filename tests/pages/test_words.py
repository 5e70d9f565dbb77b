"""Words by key, one file a language: the same keys, the same placeholders, and every key that a page says."""

import json
import re
from enum import StrEnum
from pathlib import Path

import pytest

from dispatch.cases.values import DeskReason, Disposition, Refusal, Status
from gateway.http.pages import ROOM, WORDS_OF, room_files

WORDS = {path.stem: json.loads(path.read_text()) for path in sorted((ROOM / "shared" / "words").glob("*.json"))}
SCRIPTS = [path for path in room_files() if path.suffix == ".js"]
PLACEHOLDER = re.compile(r"\{(\w+)\}")
CHOICE = re.compile(r"\{\w+\?[^|{}]*\|[^|{}]*\}")  # by a count, where a language tells one from many
SAID = re.compile(r'words\.say\(\s*"([^"]+)"')
EITHER = re.compile(r'words\.say\([^"`()]*\?\s*"([^"]+)"\s*:\s*"([^"]+)"')
BEGUN = re.compile(r"(?:words\.say\(\s*|key = |: )`([a-z_.]+\.)\$\{")
# Keys that the view puts together and that are not a stored word; each begins with one of these.
MADE = re.compile(r'"((?:citizen|officer|desk|admin|line|status|refused|sign_in)\.[a-z_.]+)"')


def keys_said(path: Path) -> set[str]:
    text = path.read_text()
    return set(SAID.findall(text)) | {key for pair in EITHER.findall(text) for key in pair} | set(MADE.findall(text))


def test_chinese_and_english_are_there_from_the_first_day() -> None:
    assert set(WORDS) == {"en", "zh-CN"}


def test_every_language_has_the_same_keys() -> None:
    assert WORDS["en"].keys() == WORDS["zh-CN"].keys()


@pytest.mark.parametrize("key", sorted(WORDS["en"]))
def test_a_text_has_the_same_placeholders_in_every_language(key: str) -> None:
    found = {lang: set(PLACEHOLDER.findall(texts[key])) for lang, texts in WORDS.items()}
    # Chinese names an officer without a space and may leave a count to the grammar, never a fact.
    assert len({frozenset(names) for names in found.values()}) == 1, found
    assert all(texts[key].strip() for texts in WORDS.values())
    # Whatever stands in braces is one or the other, or it would be shown as it is.
    assert not [
        text
        for texts in WORDS.values()
        if "{" in (text := CHOICE.sub("", PLACEHOLDER.sub("", texts[key]))) or "}" in text
    ]


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.relative_to(ROOM).as_posix())
def test_every_key_that_a_script_says_has_words(path: Path) -> None:
    missing = keys_said(path) - WORDS["en"].keys()
    assert not missing


@pytest.mark.parametrize(
    ("begin", "kind"),
    [("status.", Status), ("disposition.", Disposition), ("desk.why.", DeskReason), ("refused.", Refusal)],
)
def test_every_stored_word_that_a_page_shows_has_words(begin: str, kind: type[StrEnum]) -> None:
    said_elsewhere = {"refused.key_reused"}  # our own mistake, never a person's: the general sentence is right
    missing = {f"{begin}{word}" for word in kind} - WORDS["en"].keys() - said_elsewhere
    assert not missing


def test_every_family_of_keys_that_a_script_begins_exists() -> None:
    begun = {begin for path in SCRIPTS for begin in BEGUN.findall(path.read_text())}
    assert begun, "the search itself must find something"
    assert not {begin for begin in begun if not any(key.startswith(begin) for key in WORDS["en"])}


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.relative_to(ROOM).as_posix())
def test_a_page_says_nothing_of_another_pages_words_because_it_does_not_load_them(path: Path) -> None:
    own = WORDS_OF.get(path.relative_to(ROOM).parts[0])
    others = tuple(f"{page}." for page in WORDS_OF.values() if page != own)
    wanted = [key for key in keys_said(path) if key.startswith(others)]
    wanted += [begin for begin in BEGUN.findall(path.read_text()) if begin.startswith(others)]
    assert not wanted


def test_no_text_is_excited() -> None:
    loud = re.compile(r"[!！]|\boops\b|\bsorry\b", re.IGNORECASE)
    assert not [key for texts in WORDS.values() for key, text in texts.items() if loud.search(text)]
