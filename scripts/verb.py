"""Runs a verb so that its --json is whole whatever happens: `python -m scripts.verb NAME WORDS`.

An answer that says the run has not ended is written first: a file that cannot be written is told before minutes of
work, and nobody takes an older run's answer for this one's. SIGTERM does what Ctrl-C does. `--unmade REASON NAME WORDS`
writes the answer of a verb that could not even begin; it needs nothing but Python.

Exit codes: the verb's own; 2 also where it broke or OUT cannot be written; 128 + the signal's number where it was
stopped.
"""

import importlib
import signal
import stat
import sys
import traceback
from collections.abc import Sequence
from types import FrameType
from typing import Any, Final

from scripts import answer

MODULES: Final = {
    "admin": "scripts.admin",
    "audit-drill": "scripts.audit_drill",
    "audit-verify": "scripts.audit_verify",
    "authz-matrix": "scripts.authz_matrix",
    "bench": "scripts.bench",
    "chaos": "scripts.chaos",
    "figures": "scripts.figures",
    "fuzz": "scripts.fuzz",
    "guard": "scripts.guard",
    "pages-report": "scripts.pages_report",
    "seeds": "tests.simulation.seeds",
    "simulate": "scripts.simulate",
    "xss": "scripts.xss",
}
UNENDED: Final = "the run has not come to its end"
WHY: Final = ("reason", "error")
STOPPED: Final = (signal.SIGINT, signal.SIGTERM)


class Run:
    """One call of a verb."""

    def __init__(self, verb: str, words: Sequence[str]) -> None:
        self.verb, self.words = verb, list(words)
        self.call = answer.asked(verb, words)
        self.stopped: signal.Signals | None = None
        self._draft: bytes | None = None

    def run(self) -> int:
        """The exit code."""
        for each in STOPPED:
            signal.signal(each, self._stop)
        helping = not {"-h", "--help"}.isdisjoint(self.words)
        if not helping and not self._begin():
            return 2
        signal.signal(signal.SIGINT, signal.default_int_handler)
        code, why = self._work()
        if self.stopped is not None and code:
            code = 128 + self.stopped
        if code == 0 or helping:
            return code
        return code if self._end(why) else 2

    def _stop(self, number: int, _: FrameType | None) -> None:
        self.stopped = self.stopped or signal.Signals(number)
        if number == signal.SIGINT:
            raise KeyboardInterrupt
        signal.raise_signal(signal.SIGINT)  # whoever listens for Ctrl-C hears this, too

    def _work(self) -> tuple[int, str]:
        sys.argv = [f"scripts/{self.verb}", *self.words]
        try:
            code = importlib.import_module(MODULES[self.verb]).main()
        except SystemExit as ended:
            told = ended.code
            return (told if isinstance(told, int) else 0 if told is None else 2), answer.known.misused
        except KeyboardInterrupt:
            self.stopped = self.stopped or signal.SIGINT
            print(f"scripts/{self.verb}: stopped", file=sys.stderr)
            return 128 + self.stopped, f"it was stopped by {self.stopped.name}"
        except BaseException as error:
            traceback.print_exception(error)
            return 2, f"{type(_first(error)).__name__}: {_first(error)}"
        return int(code or 0), ""

    def _begin(self) -> bool:
        """Whether OUT can be written."""
        out = self.call.out
        if out is None or (out.exists() and not stat.S_ISREG(out.stat().st_mode) and not out.is_dir()):
            return True
        if not self._write(answer.earlier(self.call) or answer.blank(self.call, UNENDED)):
            return False
        self._draft = out.read_bytes()
        return True

    def _end(self, why: str) -> bool:
        """The answer of a run that failed, unless the verb has given it; whether it could be written."""
        out, so_far = self.call.out, answer.known.so_far
        if out is None:
            return True
        given = self._draft is not None and out.exists() and out.read_bytes() != self._draft
        if given and (so_far is None or not why):
            return True
        told: Any = answer.blank(self.call, why or "it failed; what it said on stderr says why")
        if isinstance(told, dict):
            known = so_far() if so_far is not None else answer.earlier(self.call) or {}
            told |= {name: value for name, value in known.items() if value is not None and name not in WHY}
        return self._write(told)

    def _write(self, told: object) -> bool:
        assert self.call.out is not None
        try:
            answer.write(self.call.out, told)
        except OSError as error:
            print(f"scripts/{self.verb}: cannot write {self.call.out}: {error.strerror or error}", file=sys.stderr)
            return False
        return True


def _first(error: BaseException) -> BaseException:
    return _first(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error


def main() -> int:
    if sys.argv[1] == "--unmade":
        _, _, why, verb, *words = sys.argv
        unmade = Run(verb.rpartition("/")[2], words)
        return 0 if unmade.verb in MODULES and unmade._end(why) else 1
    return Run(sys.argv[1], sys.argv[2:]).run()


if __name__ == "__main__":
    sys.exit(main())
