"""`scripts/test`: what it runs, and how it gets a browser. The installers are stand-ins; nothing is downloaded."""

import os
from pathlib import Path

import pytest

from scripts import test as module
from scripts.stores import ROOT


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    (tmp_path / "sh").symlink_to("/bin/sh")
    (tmp_path / "touch").symlink_to("/bin/touch")
    return tmp_path


def put(tools: Path, name: str, script: str) -> None:
    (tools / name).write_text(f'#!/bin/sh\necho "{name} $*" >> "{tools}/calls"\n{script}\n')
    (tools / name).chmod(0o755)


def calls(tools: Path) -> list[str]:
    written = tools / "calls"
    return written.read_text().splitlines() if written.exists() else []


def test_root_on_debian_gets_the_systems_browser_and_letters(tools: Path) -> None:
    put(tools, "apt-get", "exit 0")
    assert module.ensure_browser({"PATH": str(tools)}, root=True) is None
    assert calls(tools) == [
        "apt-get -qq update",
        "apt-get -qq -y --no-install-recommends install chromium fonts-noto-cjk",
    ]


def test_a_browser_without_chinese_letters_is_not_enough(tools: Path) -> None:
    put(tools, "chromium", "exit 0")
    put(tools, "apt-get", "exit 0")
    assert module.ensure_browser({"PATH": str(tools)}, root=True) is None
    assert any("fonts-noto-cjk" in call for call in calls(tools))


def test_a_named_browser_is_taken_as_it_is(tools: Path) -> None:
    put(tools, "apt-get", "exit 0")
    assert module.ensure_browser({"PATH": str(tools), "ONBEAT_CHROMIUM": "/opt/chromium"}, root=True) is None
    assert calls(tools) == []


@pytest.mark.parametrize("root", [True, False])
def test_without_apt_it_is_playwrights_and_a_failure_is_told(
    tools: Path, root: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tools, "apt-get", "exit 100")
    put(tools, "python", "exit 1")
    monkeypatch.setattr("sys.executable", str(tools / "python"))
    told = module.ensure_browser({"PATH": str(tools)}, root=root)
    assert told is not None
    assert "ONBEAT_CHROMIUM" in told
    assert calls(tools)[-1] == "python -m playwright install chromium"
    assert any("apt-get" in call for call in calls(tools)) is root


def test_fast_leaves_out_the_slow_and_words_reach_pytest() -> None:
    commands = dict(module.checks(True, ["tests/unit", "-k", "claim"]))
    assert list(commands) == ["ruff", "format", "mypy", "bandit", "pytest"]
    assert commands["pytest"][-5:] == ["-m", "not slow and not browser", "tests/unit", "-k", "claim"]
    assert "-m" not in dict(module.checks(False, []))["pytest"][2:]


def test_one_failing_check_fails_the_whole_and_the_others_still_run(
    tools: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    put(tools, "python", 'case "$*" in *"ruff format"*) exit 1;; esac')
    monkeypatch.setattr("sys.executable", str(tools / "python"))
    monkeypatch.setattr(module, "ensure", lambda parts: "npm is away")
    monkeypatch.setattr("sys.argv", ["test", "--fast", "tests/unit"])
    assert module.main() == 1
    assert [call.split()[2] for call in calls(tools)] == [
        "ruff",
        "ruff",
        "mypy",
        "bandit",
        "pytest",
    ]
    told = capfd.readouterr()
    assert "npm is away" in told.err
    said = told.out
    assert "format    FAILED" in said
    assert "pytest    passed" in said


def test_the_procfile_names_every_role() -> None:
    roles = [line.partition(":")[0] for line in (ROOT / "Procfile").read_text().splitlines()]
    assert sorted(roles) == ["pusher", "relay", "release", "sweeper", "web"]
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def test_a_whole_run_leaves_out_nothing_and_plays_nothing_twice() -> None:
    """Every file belongs to one part, which remembers its own failures; words name what runs, and it alone."""
    files = {path.relative_to(ROOT).as_posix() for path in (ROOT / "tests").rglob("test_*.py")}
    parts = [module.part(name) for name in ("pytest", *module.BESIDE)]
    played = []
    for words in parts:
        places = [word for word in words if word.startswith("tests/")] or ["tests/"]
        left_out = {word.removeprefix("--ignore=") for word in words if word.startswith("--ignore=")}
        assert left_out <= files
        played += [file for file in files - left_out if file.startswith(tuple(places))]
    assert sorted(played) == sorted(files)
    assert len({word for words in parts for word in words if word.startswith("cache_dir=")}) == len(parts)
    assert module.checks(False, [])[-1][1][-len(parts[0]) :] == parts[0]
    assert module.checks(False, ["tests/unit"])[-1][1][-1] == "tests/unit"


def test_a_whole_run_starts_all_that_stands_beside_and_without_slow_tests_no_planted_bugs(
    tools: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tools, "python", "exit 0")
    monkeypatch.setattr("sys.executable", str(tools / "python"))
    for fast, names in ((False, ["stories", "planted"]), (True, ["stories"])):
        ended = [beside.end() for beside in module.started(fast)]
        assert [(result.name, result.code) for result in ended] == [(name, 0) for name in names]
    assert sorted("cache_dir=.pytest_cache/planted" in call for call in calls(tools)) == [False, False, True]


def test_what_ran_beside_says_its_words_and_its_code(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    result = module.Beside("stories", ["-c", "print('3 passed'); raise SystemExit(4)"]).end()
    assert (result.code, capfdbinary.readouterr().out) == (4, b"--- stories\n3 passed\n") and result.took_s > 0


def test_what_a_check_used_of_processors_is_told_with_what_its_children_used() -> None:
    busy = "import time\nwhile time.process_time() < 0.3: pass"
    code = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {busy!r}])"
    result = module.alone("pytest", ["-c", code])
    assert result.code == 0 and result.used_s >= 0.3
    assert str(module.Result("stories", 1, 61.04, 7.5)) == "stories   FAILED    61.0 s,     7.5 s of processors"


def test_what_stands_back_is_nicer_than_we_are() -> None:
    """It looks until it sees it, or is ended by its alarm: the priority is set just after the start."""
    wanted = min(19, os.getpriority(os.PRIO_PROCESS, 0) + 3)
    look = f"import os, signal\nsignal.alarm(30)\nwhile os.getpriority(os.PRIO_PROCESS, 0) != {wanted}: pass"
    assert module.Beside("planted", ["-c", look], nice=3).end().code == 0


def test_what_failed_beside_others_is_run_once_more_alone_and_fails_when_it_fails_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ROOT", tmp_path)
    (tmp_path / "tests/e2e").mkdir(parents=True)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    story = tmp_path / "tests/e2e/test_story.py"
    for second, code in (("True", 0), ("False", 1)):
        seen = tmp_path / f"seen{code}"
        story.write_text(
            "from pathlib import Path\n\ndef test_it():\n"
            f"    seen = Path({str(seen)!r})\n    again = seen.exists()\n    seen.touch()\n"
            f"    assert again and {second}\n"
        )
        first = module.Beside("stories", module.checks(False, module.part("stories"))[-1][1]).end()
        assert first.code == 1
        assert module.once_more(first, False).code == code
    failed = module.Result("mypy", 1, 2.0, 1.0)
    assert module.once_more(failed, False) == failed
