"""Every verb's --json is whole, whatever becomes of the run: the table of calls that fail, and the keys of each."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from dispatch.audit.verifying import Verdict
from dispatch.insight.values import Answered
from scripts import answer, audit_drill, pages_report, verb
from scripts.guarding.asking import Outcome
from scripts.stores import ROOT
from tests.simulation.seeds import play_one, summary

SECONDS_MAX: Final = 120.0  # a call takes about 2 s; the bound leaves room for a busy machine
NOBODY: Final = "http://127.0.0.1:1"  # nothing listens there
NOWHERE: Final = "postgresql://nobody@127.0.0.1:1/nothing"
TIME: Final = ("--from", "2026-01-01", "--to", "2026-02-01")
SIMULATED: Final = ("simulate", "--incidents", "tests/data/houston_sample.csv", "--count", "5", "--officers", "2",
                    "--minutes", "1", "--seed", "7")  # fmt: skip
TOWN: Final = ("--count", "5", "--officers", "2", "--minutes", "1", "--seed", "7")


@dataclass(frozen=True, slots=True)
class Call:
    """A call that fails. `says` stands in its answer and on stderr. {tmp}: an empty folder."""

    verb: str
    words: tuple[str, ...]
    says: str = ""
    code: int = 2


FAILING: Final = (
    Call("admin", ("--no-such-word",)),
    Call("audit-verify", ("--no-such-word",), "--heads"),
    Call("authz-matrix", ("--no-such-word",), "--no-such-word"),
    Call("xss", ("--no-such-word",), "--no-such-word"),
    Call("figures", (*TIME, "--database", NOWHERE)),
    Call("figures", ("--from", "yesterday", "--to", "2026-01-01", "--database", NOWHERE), "--from"),
    Call("audit-verify", ("--heads", "{tmp}/none", "--database", NOWHERE), "is no folder"),
    Call("audit-verify", ("--heads", "{tmp}", "--database", NOWHERE)),
    Call("audit-drill", ("--edits", "0"), "at least 1"),
    Call("authz-matrix", ("--url", NOBODY, "--credentials", "{tmp}/none.json"), "none.json"),
    Call("authz-matrix", ("--url", NOBODY, "--credentials", "{tmp}/people.json")),
    Call("guard", ("--rows", "S4,Z9"), "no such row: Z9"),
    Call("guard", ("--profile", "endless"), "--profile"),
    Call("fuzz", ("--roles", "king"), "no such role: king"),
    Call("fuzz", ("--url", NOBODY, "--credentials", "{tmp}/none.json"), "none.json"),
    Call("simulate", ("--incidents", "{tmp}/none.csv", *TOWN), "none.csv"),
    Call("simulate", ("--incidents", "{tmp}/empty.csv", *TOWN)),
    Call("simulate", ("--policy", "{tmp}/empty.csv", "--incidents", "x", *TOWN), "empty.csv"),
    Call("chaos", ("--profile", "long", "--seed", "5"), "--profile"),
    Call("chaos", ("--profile", "short", "--rows", "Z9", "--seed", "5"), "no such row: Z9"),
    Call("seeds", ("--count", "many"), "--count"),
    Call("bench", ("--curves", "none_such"), "no such curve"),
    Call("admin", ("--credentials", "{tmp}/none.json", "people", "list"), "none.json"),
    Call("admin", ("--url", NOBODY, "--credentials", "{tmp}/people.json", "people", "list")),
    Call("pages-report", ("--runs", "few")),
)


def reason_of(name: str, told: Any) -> str:
    """Where each verb says why."""
    if name == "chaos":
        return str({row["reason"] for row in told if row["row"] == "A1"})
    if name == "admin":
        return str(told["problem"]["detail"])
    if name == "pages-report":
        return str(told["reasons"]["all"])
    return str(told["error" if "error" in told else "reason"])


def whole(name: str, told: Any) -> None:
    """Every promised key, and nothing claimed that was not seen."""
    if name == "chaos":
        assert [row["row"] for row in told] == list(answer.ROWS)
        assert all(set(row) == {"row", "n", "seed", "figure", "reached", "reason"} for row in told)
        assert all(row["reached"] is None and row["reason"] for row in told)
        return
    assert set(answer.PROMISED[name].split()) <= told.keys()
    for key in (
        "double_claims",
        "lost",
        "deviations",
        "unlisted",
        "problems",
        "failures",
        "executed",
        "axe_violations",
    ):
        assert told.get(key) is None, key
    for key in ("offer_ms", "claim_ms"):
        assert key not in told or told[key] == answer.PERCENTILES


async def call(one: Call, out: Path, turn: asyncio.Semaphore) -> tuple[int, str]:
    folder = out.parent
    words = [word.replace("{tmp}", str(folder)) for word in one.words]
    place = words.index("people") if one.verb == "admin" and "people" in words else len(words)
    words[place:place] = ["--json", str(out)]
    env = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    async with turn:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "scripts.verb", one.verb, *words, cwd=ROOT, env=env,
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        _, said = await asyncio.wait_for(process.communicate(), SECONDS_MAX)
    return process.returncode or 0, said.decode()


async def test_whatever_fails_the_answer_is_whole_and_says_why(tmp_path: Path) -> None:
    turn = asyncio.Semaphore(os.cpu_count() or 2)

    async def fails(number: int, one: Call) -> None:
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "empty.csv").touch()
        person = {"role": "admin", "login": "admin", "password": "x", "station": None}
        (folder / "people.json").write_text(json.dumps({"people": [person]}))
        out = folder / "out.json"
        code, said = await call(one, out, turn)
        told = json.loads(out.read_text())
        whole(one.verb, told)
        why = reason_of(one.verb, told)
        assert code == one.code, (one, said)
        assert why and why != verb.UNENDED and one.says in why, (one, why)
        assert one.says in said and "Traceback" not in said, (one, said)
        assert not list(folder.glob("*.new")), "no draft is left behind"

    async with asyncio.TaskGroup() as group:
        for number, one in enumerate(FAILING):
            group.create_task(fails(number, one))


@pytest.mark.parametrize("words", [("seeds", "--count", "100000", "--cores", "2"), SIMULATED])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_who_is_stopped_in_the_middle_says_so(
    words: tuple[str, ...], number: signal.Signals, tmp_path: Path
) -> None:
    out = tmp_path / "out.json"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "scripts.verb", *words, "--json", str(out), cwd=ROOT,
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    async with asyncio.timeout(SECONDS_MAX):
        while not out.exists():  # noqa: ASYNC110 - another process writes it
            await asyncio.sleep(0.02)
        process.send_signal(number)
        code = await process.wait()
    told = json.loads(out.read_text())
    whole(words[0], told)
    assert code in (2, 128 + number) and "stopped" in reason_of(words[0], told)


def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str, *words: str) -> tuple[int, Path]:
    """A verb of our own with this `main`, called as audit-verify."""
    (tmp_path / "room").mkdir()
    (tmp_path / "room" / "own_verb.py").write_text(f"import json, os, signal\nfrom scripts import answer\n{body}\n")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path / 'room'}{os.pathsep}{ROOT}")
    begin = "import sys; from scripts import verb; verb.MODULES['audit-verify'] = 'own_verb'; sys.exit(verb.main())"
    out = tmp_path / "out.json"
    command = [sys.executable, "-c", begin, "audit-verify", "--json", str(out), *words]
    return subprocess.run(command, check=False, timeout=SECONDS_MAX).returncode, out


BROKEN: Final = {
    "an exception nobody expected": ("def main(): raise RuntimeError('the floor gave way')", 2, "the floor gave way"),
    "a module that is missing": ("import no_such_module", 2, "no_such_module"),
    "an exit in the middle": ("def main(): raise SystemExit(3)", 3, "stderr"),
    "a signal": ("def main(): signal.raise_signal(signal.SIGTERM)", 143, "SIGTERM"),
    "killed": ("def main(): os.kill(os.getpid(), signal.SIGKILL)", -9, verb.UNENDED),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_verb_that_breaks_leaves_a_whole_answer(what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    body, code, says = BROKEN[what]
    ended, out = run(tmp_path, monkeypatch, body)
    told = json.loads(out.read_text())
    assert ended == code and says in told["reason"]
    assert dict.fromkeys(answer.PROMISED["audit-verify"].split()) | {"reason": told["reason"]} == told


def test_what_was_known_when_it_broke_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    body = "def main():\n    answer.tells(lambda: {'entries': 7, 'cases': None})\n    raise RuntimeError('gone')"
    _, out = run(tmp_path, monkeypatch, body)
    told = json.loads(out.read_text())
    assert (told["entries"], told["cases"], told["reason"]) == (7, None, "RuntimeError: gone")


def test_a_file_that_cannot_be_written_is_told_before_any_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "out.json").mkdir()
    code, out = run(tmp_path, monkeypatch, "def main(): open('worked', 'w')")
    assert code == 2 and out.is_dir() and not Path("worked").exists()
    assert f"cannot write {out}" in capfd.readouterr().err
    assert [path.name for path in tmp_path.iterdir() if path.name.endswith(".new")] == []


def test_an_answer_that_was_given_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    body = "def main():\n    answer.write(answer.Path(os.environ['OUT']), {'entries': 1})\n    return 1"
    monkeypatch.setenv("OUT", str(tmp_path / "out.json"))
    code, out = run(tmp_path, monkeypatch, body)
    assert code == 1 and json.loads(out.read_text()) == {"entries": 1}


def test_help_touches_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    body = "def main(): answer.Words().parse_args()"
    code, out = run(tmp_path, monkeypatch, body, "--help")
    assert code == 0 and not out.exists()


def test_an_older_answer_is_not_taken_for_this_one_but_where_a_verb_adds_to_it(tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    for name, words, kept in (("figures", (), False), ("bench", (), True), ("simulate", ("--compare", "a"), True)):
        out.write_text(json.dumps({"curves": {"near": 1}, "error": "old"}))
        begun = verb.Run(name, ["--json", str(out), *words])
        assert begun._begin()
        assert (json.loads(out.read_text()).get("curves") == {"near": 1}) is kept
        assert begun._end("new") and reason_of(name, json.loads(out.read_text())) == "new"


def test_numbers_that_json_does_not_have_become_null(tmp_path: Path) -> None:
    answer.write(tmp_path / "deep" / "out.json", {"a": float("nan"), "b": [float("inf"), 1.5], "c": "\ud800"})
    assert json.loads((tmp_path / "deep" / "out.json").read_text())["a"] is None
    assert "NaN" not in (tmp_path / "deep" / "out.json").read_text()


def test_the_promised_keys_are_those_of_an_answer() -> None:
    made = {
        "figures": {field.encode_name for field in msgspec.structs.fields(Answered)} | {"reason"},
        "audit-verify": {field.encode_name for field in msgspec.structs.fields(Verdict)} | {"reason"},
        "audit-drill": {field.encode_name for field in msgspec.structs.fields(audit_drill.Told)},
        "authz-matrix": Outcome().told().keys() | {"seconds", "reason"},
        "pages-report": pages_report.Report().json().keys(),
        "seeds": summary([play_one(1)], 1.0, 1, "x").keys() | {"reason"},
    }
    for name, keys in made.items():
        assert set(answer.PROMISED[name].split()) == set(keys), name


def test_every_verb_that_takes_json_is_run_so() -> None:
    for path in (ROOT / "scripts").iterdir():
        if (
            path.is_file()
            and os.access(path, os.X_OK)
            and path.name not in ("up", "test", "bench_server", "linearizable", "rescue")
        ):
            assert f"-m scripts.verb {path.name} " in path.read_text()
            assert path.name in verb.MODULES and path.name in answer.PROMISED
