"""The checker gives the known verdicts on histories recorded from a real system, through its command too."""

import csv
import subprocess
from pathlib import Path

import pytest

from scripts.checker.history import HistoryError
from scripts.checker.jepsen import read_log
from scripts.checker.register import CasRegister
from scripts.checker.wgl import Answer, check

ROOT = Path(__file__).parents[3]
RECORDED = ROOT / "tests" / "data" / "jepsen_etcd"
VERDICTS = list(csv.reader((RECORDED / "verdicts.csv").read_text().splitlines()))[1:]


def linearizable(*arguments: str | Path, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    command = [str(ROOT / "scripts" / "linearizable"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, timeout=30, check=False)


def test_both_verdicts_are_among_the_recorded_histories() -> None:
    assert {verdict for _, verdict in VERDICTS} == {"linearizable", "not"}
    assert {name for name, _ in VERDICTS} == {path.name for path in RECORDED.glob("*.log")}


@pytest.mark.parametrize(("name", "verdict"), VERDICTS)
def test_a_recorded_history_gets_its_known_verdict(name: str, verdict: str) -> None:
    history = read_log((RECORDED / name).read_text().splitlines())["register"]
    assert check(CasRegister(), history).answer == verdict


def test_the_command_ends_with_the_verdict_and_exits_0_from_any_directory(tmp_path: Path) -> None:
    (tmp_path / "scripts").mkdir()  # a package of the same name where the caller stands
    (tmp_path / "scripts" / "__init__.py").write_text("raise SystemExit(9)\n")
    for name, verdict in (("etcd_002.log", "linearizable"), ("etcd_000.log", "not")):
        done = linearizable("--model", "cas-register", RECORDED / name, cwd=tmp_path)
        assert (done.returncode, done.stdout.splitlines()[-1]) == (0, verdict), done


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no operation in it"),
        ("this is not a log\n", "line 1: not a line of a Jepsen log"),
        ("INFO  jepsen.util - 0\t:ok\t:read\t3\n", "line 1: process 0 completes what it never called"),
        ("INFO  jepsen.util - 0\t:invoke\t:pop\t3\n", "not 'pop'"),
        ("INFO  jepsen.util - 0\t:invoke\t:write\tx\n", "line 1: neither nil nor a number"),
        ("INFO  jepsen.util - 0\t:invoke\t:cas\t3\n", "a cas needs two values"),
        ("INFO  jepsen.util - 0\t:invoke\n", "line 1: not an operation"),
        ('{"process": 1}\n', "line 1: `f` is missing"),
    ],
)
def test_the_command_exits_2_with_a_sentence_on_unreadable_input(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "history.log"
    path.write_text(text)
    done = linearizable("--model", "cas-register", path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_the_command_exits_2_on_a_missing_file_on_bytes_and_on_an_unknown_model(tmp_path: Path) -> None:
    (tmp_path / "bytes").write_bytes(b"\xff\xfe\x00")
    missing = linearizable("--model", "cas-register", tmp_path / "missing")
    not_text = linearizable("--model", "cas-register", tmp_path / "bytes")
    no_model = linearizable("--model", "queue", RECORDED / "etcd_000.log")
    assert [done.returncode for done in (missing, not_text, no_model)] == [2, 2, 2]
    assert "No such file" in missing.stderr


def test_the_command_exits_3_when_the_budget_runs_out() -> None:
    done = linearizable("--model", "cas-register", "--budget", "5", RECORDED / "etcd_080.log")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (3, Answer.UNKNOWN)


def test_lines_of_other_loggers_and_of_the_nemesis_are_passed_over() -> None:
    text = [
        "INFO  jepsen.core - Worker 0 starting",
        "INFO  jepsen.util - :nemesis\t:info\t:start\tnil",
        "INFO  jepsen.util - 0\t:invoke\t:read\tnil",
        "INFO  jepsen.util - 0\t:ok\t:read\tnil",
    ]
    assert len(read_log(text)["register"]) == 1


def test_a_process_that_calls_twice_without_an_answer_is_unreadable() -> None:
    call = "INFO  jepsen.util - 0\t:invoke\t:read\tnil"
    with pytest.raises(HistoryError, match="line 2: process 0 calls read while its read of line 1"):
        read_log([call, call])
