"""`scripts/linearizable --model MODEL FILE`: is this recorded history linearizable?

The last line of stdout is `linearizable` or `not`. Exit 0 after a verdict, 2 on unreadable input, 3
where the budget ran out before a verdict (then stdout ends with `unknown`).
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from scripts.checker.history import HistoryError, Operation
from scripts.checker.jepsen import read_log
from scripts.checker.jsonl import read_json_lines
from scripts.checker.models import CaseClaim, CasRegister
from scripts.checker.wgl import CONFIGURATIONS_MAX, Answer, Verdict, check_each, overall

SHOWN_MAX = 20  # partitions explained above the verdict


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="scripts/linearizable", description=__doc__)
    parser.add_argument("--model", required=True, choices=("cas-register", "case-claim"))
    parser.add_argument("--seats", type=int, default=1, metavar="N", help="officers a case may have (1)")
    parser.add_argument(
        "--budget", type=int, default=CONFIGURATIONS_MAX, metavar="N", help="configurations a partition"
    )
    parser.add_argument("file", metavar="FILE", help="a Jepsen etcd log, or JSON lines")
    given = parser.parse_args(arguments)
    if given.seats < 1 or given.budget < 1:
        parser.error("--seats and --budget are at least 1")
    try:
        histories = _read(Path(given.file), given.model)
        verdicts = _check(given.model, given.seats, histories, given.budget)
    except (OSError, UnicodeDecodeError, HistoryError) as error:
        said = error.strerror if isinstance(error, OSError) else error
        print(f"scripts/linearizable: cannot read {given.file}: {said}", file=sys.stderr)
        return 2
    broken = [(name, v) for name, v in verdicts.items() if v.answer is not Answer.LINEARIZABLE]
    for name, verdict in broken[:SHOWN_MAX]:
        print(f"{name}: {verdict.answer}: {verdict.reason}")
    print(f"{len(verdicts)} checked, {len(broken)} of them not or not known to be linearizable")
    answer = overall(verdicts)
    print(answer.value)
    if answer is Answer.UNKNOWN:
        print("scripts/linearizable: no verdict within the budget; raise --budget", file=sys.stderr)
        return 3
    return 0


def _read(path: Path, model: str) -> dict[str, list[Operation]]:
    text = path.read_text(encoding="utf-8").splitlines()
    first = next((line for line in text if line.strip()), "")
    as_json = model == "case-claim" or first.lstrip().startswith("{")
    histories = read_json_lines(text) if as_json else read_log(text)
    if not any(histories.values()):
        raise HistoryError("no operation in it")
    return histories


def _check(model: str, seats: int, histories: dict[str, list[Operation]], budget: int) -> dict[str, Verdict]:
    if model == "case-claim":
        return check_each(CaseClaim(seats), histories, budget)
    return check_each(CasRegister(), histories, budget)


if __name__ == "__main__":
    sys.exit(main())
