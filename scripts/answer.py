"""What a verb writes with --json: whole at any time, with every promised key, whatever becomes of the run.

Needs nothing but Python, for it also speaks where the packages could not be installed. A verb writes with `write`, says
with `tells` what it knows so far, and reads its words with `Words`; `scripts/verb.py` does the rest.
"""

import argparse
import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NoReturn

ROWS: Final = tuple([f"A{n}" for n in range(1, 16)] + [f"B{n}" for n in range(1, 15)] + [f"E{n}" for n in range(4, 8)])
"""Every row that a chaos run answers for."""
GUARD_ROWS: Final = ("S4", "S5", "S6", "S7", "S8")
PAGES: Final = ("citizen", "officer", "desk", "admin")
PERCENTILES: Final = dict.fromkeys(("p50", "p90", "p99"))

PROMISED: Final[Mapping[str, str]] = {
    "admin": "ok did answer problem",
    "audit-drill": "seed edits found missed kinds clean_entries false_alarms clean_verify_s reason",
    "audit-verify": "entries cases records problems reason",
    "authz-matrix": "cells deviations unlisted by_kind deviating not_listed errors seconds reason",
    "bench": "curves reason",
    "chaos": "",
    "figures": "since until by station zone whole groups places categories reason",
    "fuzz": "examples seed commits roles blocks finished cases failures by_check error",
    "guard": "profile seed rows seconds reason",
    "pages-report": "axe_violations axe_runs lighthouse first_view_kb reached lighthouse_runs reasons seconds",
    "seeds": "commit seeds first failed cases facts answers won fell_back rounds_max settled_s_max virtual_h wall_s "
    "cores ms_a_seed_p50 ms_a_seed_mean reason",
    "simulate": "cases contested claims_sent refused max_claimers claimed fell_back fell_back_at_once double_claims "
    "lost early_fallbacks late_fallbacks offer_ms claim_ms seed officers minutes error",
    "xss": "payloads reports lines notes station executed elements violations violating seen error",
}
"""The keys of each verb's answer. Of a failed run each is there, null where nothing is known; `reason` or `error`,
whichever it has, says why."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What can be said of a call before it is understood. `out`: where --json points, if anywhere."""

    verb: str
    out: Path | None
    seed: int | None = None
    keeps: bool = False
    """The verb adds to what stands in `out`, so what stands there is no older run's."""


def asked(verb: str, words: Sequence[str]) -> Asked:
    """Never fails, whatever the words are."""
    out, seed, compare = (_found(words, name) for name in ("--json", "--seed", "--compare"))
    number = int(seed) if seed and re.fullmatch(r"-?\d{1,18}", seed) else None
    return Asked(verb, Path(out) if out else None, number, keeps=verb == "bench" or compare is not None)


def _found(words: Sequence[str], name: str) -> str | None:
    """What follows an option, as the verb's own parser would find it, or nothing."""
    parser = argparse.ArgumentParser(add_help=False, exit_on_error=False, allow_abbrev=name == "--json")
    parser.add_argument(name, nargs="?", const="")
    try:
        found = vars(parser.parse_known_args(list(words))[0])
    except argparse.ArgumentError:
        return None
    value: str | None = next(iter(found.values()))
    return value


def blank(call: Asked, reason: str) -> Any:
    """The answer of a run of which nothing is known but why."""
    if call.verb == "chaos":
        row = {"row": "", "n": 0, "seed": call.seed, "figure": None, "reached": None, "reason": reason}
        return [row | {"row": name} for name in ROWS]
    told: dict[str, Any] = dict.fromkeys(PROMISED[call.verb].split())
    if call.verb == "admin":
        return told | {"ok": False, "problem": {"detail": reason}}
    if call.verb == "guard":
        row = {"n": 0, "figure": None, "reached": None, "reason": reason}
        told |= {"rows": [{"row": name} | row for name in GUARD_ROWS]}
    if call.verb == "pages-report":
        run = dict.fromkeys(("state", "language", "scheme", "violations"))
        scores = dict.fromkeys(("performance", "accessibility", "best_practices"))
        told |= {"axe_runs": [{"page": name} | run for name in PAGES], "reached": False, "reasons": {"all": reason}}
        return told | {"lighthouse": {name: dict(scores) for name in PAGES}}
    if call.verb == "simulate" and call.keeps:
        return {"asked": None, "compared": None, "runs": [], "error": reason}
    told |= {name: dict(PERCENTILES) for name in told if name.endswith("_ms")}
    told |= {"seed": call.seed} if "seed" in told else {}
    return told | {"error" if "error" in told else "reason": reason}


def earlier(call: Asked) -> Any:
    """What an earlier run left for one that adds to it, else None."""
    if not call.keeps or call.out is None:
        return None
    try:
        found = json.loads(call.out.read_text())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def write(path: Path, told: object) -> None:
    """Whole or not at all, in UTF-8; no number of it is one that JSON does not have. Raises: OSError."""
    try:
        text = json.dumps(told, ensure_ascii=False, indent=1, allow_nan=False)
    except ValueError:
        text = json.dumps(_finite(told), ensure_ascii=False, indent=1)
    content = text.encode("utf-8", "backslashreplace") + b"\n"
    path = path.resolve()
    if path.exists() and not path.is_file():  # a pipe or a terminal: nothing to replace
        path.write_bytes(content)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".new")
    try:
        draft.write_bytes(content)
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise


def _finite(told: Any) -> Any:
    if isinstance(told, dict):
        return {key: _finite(value) for key, value in told.items()}
    if isinstance(told, list | tuple):
        return [_finite(value) for value in told]
    return None if isinstance(told, float) and not math.isfinite(told) else told


@dataclass(slots=True)
class _Known:
    so_far: Callable[[], Any] | None = None
    misused: str = ""


known: Final = _Known()
"""What the running verb has said: of its progress, and of words that it could not understand."""


def tells(so_far: Callable[[], Any]) -> None:
    """What is known so far, asked for when the run does not come to its end; missing keys are added."""
    known.so_far = so_far


class Words(argparse.ArgumentParser):
    """A verb's words. What is wrong with them stands in its answer, too."""

    def error(self, message: str) -> NoReturn:
        known.misused = message
        super().error(message)
