"""`scripts/figures` against a real history."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console

from scripts import answer
from scripts.figures import ask, main, read_options, table
from tests.conftest import Database
from tests.contract.small_town import Town, small_town

TIME = ["--from", "2026-01-01", "--to", "2098-01-01T00:00:00+08:00"]


@pytest.fixture
async def town(database: Database) -> AsyncIterator[Town]:
    async with small_town(database) as town:
        yield town


async def test_it_tells_of_a_case_on_the_terminal_as_in_the_answer(
    town: Town, database: Database, tmp_path: Path
) -> None:
    officer = await town.officer()
    case = await town.report(officer)
    await town.claim(case, officer)
    question, url, _ = read_options([*TIME, "--database", database.app_url, "--json", str(tmp_path / "out.json")])
    assert question.until == datetime(2097, 12, 31, 16, tzinfo=UTC)
    found = await ask(question, url)
    assert (found.whole.cases, found.whole.claimed, [g.key for g in found.groups]) == (1, 1, ["s1"])
    console = Console(width=200, record=True, quiet=True)
    console.print(table(found))


def test_what_cannot_be_asked_is_told_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    for wrong in ([], ["--database", "postgresql://x", "--to", "2025-01-01"]):
        with pytest.raises(SystemExit) as refused:
            read_options([*TIME, "--json", "x", *wrong])
        assert refused.value.code == 2
    out = tmp_path / "out.json"
    nobody = ["--database", "postgresql://x@127.0.0.1:1/x"]
    monkeypatch.setattr("sys.argv", ["figures", *TIME, "--json", str(out), *nobody])
    assert main() == 2
    assert "scripts/figures: " in capsys.readouterr().err
    told = json.loads(out.read_text())
    assert told.keys() == set(answer.PROMISED["figures"].split()), "whole, although nothing could be asked"
    assert told.pop("reason") and set(told.values()) == {None}


async def test_the_file_holds_the_whole_answer(
    database: Database, town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out.json"
    monkeypatch.setattr("sys.argv", ["figures", *TIME, "--database", database.app_url, "--json", str(out)])
    assert await asyncio.to_thread(main) == 0
    found = json.loads(out.read_text())
    assert {"whole", "groups", "places", "categories", "since", "until"} <= set(found)
