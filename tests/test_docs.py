"""What a stranger is told is there, and what is there is told: rooms, verbs, settings, limits, links."""

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import pytest

from dispatch import limits
from gateway.settings import Settings

ROOT: Final = Path(__file__).resolve().parent.parent
FRONT: Final = ROOT / "README.md"
SETTINGS: Final = ROOT / "gateway/SETTINGS.md"
VERBS: Final = ROOT / "scripts/README.md"
ROOMS: Final = ("geo", "dispatch", "gateway", "scripts", "tests")
WITH_OWN_PAGES: Final = ("dispatch", "gateway")
"""Rooms whose sub-rooms have a page each; those of scripts and tests may stand on their room's page."""
VARIABLE: Final = re.compile(r"\bONBEAT_[A-Z]+(?:_[A-Z]+)*\b")
CALLED: Final = re.compile(r"`scripts/([a-z_-]+)[` ]")
LINK: Final = re.compile(r"\]\(([^)#\s]+)(#[^)\s]*)?\)")
SPARE: Final = ("__pycache__", "node_modules")
SECRET: Final = "a secret of the test that is long enough"  # noqa: S105 - nobody's


def sub_rooms(room: str) -> list[Path]:
    """Folders of a room that hold something of ours."""
    found = (p for p in sorted((ROOT / room).iterdir()) if p.is_dir() and not p.name.startswith((".", "__")))
    return [p for p in found if p.name not in SPARE and any(one.is_file() for one in p.rglob("*"))]


def readmes() -> list[Path]:
    pages = (p for room in ROOMS for p in (ROOT / room).rglob("*.md") if not set(p.parts) & set(SPARE))
    return [FRONT, *sorted(pages)]


def verbs() -> list[str]:
    """What can be called: executable, without an ending, not sourced by others."""
    files = (p for p in sorted((ROOT / "scripts").iterdir()) if p.is_file() and not p.suffix)
    return [p.name for p in files if not p.name.startswith((".", "_")) and os.access(p, os.X_OK)]


def rows(page: Path) -> Iterator[list[str]]:
    """Cells of every table row."""
    for line in page.read_text().splitlines():
        if line.startswith("| "):
            yield [cell.strip() for cell in line.strip("| ").split(" | ")]


def said_of(page: Path, name: str) -> list[str]:
    """What the table rows say whose first cell is `name`, as code or in words."""
    return [" ".join(row[1:]) for row in rows(page) if row[0] == f"`{name}`"]


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_has_a_page_and_the_front_page_leads_to_it(room: str) -> None:
    assert (ROOT / room / "README.md").is_file()
    assert f"({room}/README.md)" in FRONT.read_text()


@pytest.mark.parametrize("room", WITH_OWN_PAGES)
def test_every_sub_room_has_a_page_of_its_own(room: str) -> None:
    assert not [p.name for p in sub_rooms(room) if not (p / "README.md").is_file()]


@pytest.mark.parametrize("room", [room for room in ROOMS if room not in WITH_OWN_PAGES])
def test_every_sub_room_stands_on_the_page_of_its_room(room: str) -> None:
    page = (ROOT / room / "README.md").read_text()
    assert not [p.name for p in sub_rooms(room) if f"`{p.name}/`" not in page]


def test_there_are_verbs() -> None:
    assert {"up", "test", "simulate", "linearizable"} <= set(verbs())


@pytest.mark.parametrize("verb", verbs())
def test_every_verb_stands_in_a_table_with_what_it_does(verb: str) -> None:
    told = said_of(VERBS, f"scripts/{verb}")
    assert len(told) == 1 and len(told[0]) > 10, f"{VERBS.name} says of scripts/{verb}: {told}"


@pytest.mark.parametrize("page", [FRONT, VERBS], ids=["front", "scripts"])
def test_a_page_of_verbs_names_all_that_are_there_and_no_other(page: Path) -> None:
    assert set(CALLED.findall(page.read_text())) == set(verbs())


def test_the_front_page_leads_to_the_verbs_and_the_settings() -> None:
    aims = {FRONT.parent / aim for aim, _ in LINK.findall(FRONT.read_text())}
    assert {VERBS, SETTINGS} <= aims


class Asked(Mapping[str, str]):
    """An environment that remembers what it was asked for."""

    def __init__(self, **held: str) -> None:
        self.held, self.names = held, set[str]()

    def __getitem__(self, name: str) -> str:
        self.names.add(name)
        return self.held[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.held)

    def __len__(self) -> int:
        return len(self.held)


def settings_read() -> set[str]:
    """The variables that `Settings.from_env` looks at."""
    env = Asked(
        DATABASE_URL="postgresql://localhost/x",
        REDIS_URL="redis://localhost",
        ONBEAT_PEPPER=SECRET,
        ONBEAT_TICKET_KEY=SECRET[::-1],
    )
    Settings.from_env(env)
    return env.names


def test_every_setting_is_explained_with_its_default() -> None:
    names = settings_read()
    assert len(names) >= 14
    silent = {name for name in names if not any(len(told) > 8 for told in said_of(SETTINGS, name))}
    assert not silent


def test_every_variable_of_ours_that_is_read_anywhere_is_explained() -> None:
    sources = [p for room in ROOMS for p in (ROOT / room).rglob("*") if p.suffix in (".py", "") and p.is_file()]
    found = {name for p in sources if not set(p.parts) & set(SPARE) for name in VARIABLE.findall(p.read_text())}
    silent = {name for name in found if not said_of(SETTINGS, name)}
    assert found and not silent


def test_no_variable_is_explained_that_nobody_reads() -> None:
    sources = [p.read_text() for room in ROOMS for p in (ROOT / room).rglob("*.py") if p != Path(__file__).resolve()]
    explained = {row[0].strip("`") for row in rows(SETTINGS) if VARIABLE.fullmatch(row[0].strip("`"))}
    unread = {n for n in explained if not any(n in text or n.removesuffix("_FILE") in text for text in sources)}
    assert not unread


def numbers(text: str) -> tuple[float, ...]:
    return tuple(float(one.replace(",", "")) for one in text.split(" / "))


@pytest.mark.parametrize("page", readmes(), ids=lambda p: p.relative_to(ROOT).as_posix())
def test_the_limits_that_are_told_are_those_of_the_code(page: Path) -> None:
    told = {row[0].strip("`"): numbers(row[1]) for row in rows(page) if hasattr(limits, row[0].strip("`"))}
    assert len(told) > 10 or page != FRONT
    meant = {name: getattr(limits, name) for name in told}
    assert told == {name: one if isinstance(one, tuple) else (one,) for name, one in meant.items()}


def test_every_role_of_the_procfile_stands_in_the_front_page() -> None:
    for line in (ROOT / "Procfile").read_text().splitlines():
        role, _, command = line.partition(":")
        (told,) = [row for row in rows(FRONT) if row[0] == role]
        assert command.rpartition(" ")[2] in told[1]


@pytest.mark.parametrize("page", readmes(), ids=lambda p: p.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(page: Path) -> None:
    aims = [aim for aim, _ in LINK.findall(page.read_text()) if "://" not in aim]
    assert not [aim for aim in aims if not (page.parent / aim).exists()]


def test_pictures_are_small() -> None:
    shown = [aim for aim, _ in LINK.findall(FRONT.read_text()) if aim.endswith(".png")]
    assert len(shown) == 3
    assert all((ROOT / aim).stat().st_size <= 60_000 for aim in shown)
