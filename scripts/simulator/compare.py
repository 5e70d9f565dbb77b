"""Policies side by side: the same incidents and people under each, several seeds, and which differences say something.

Pure but for `compare`, which makes the runs. A difference between two policies says something when their means lie
further apart than the seeds of either do among themselves (greatest less least); else it is told not to.
"""

import itertools
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from dispatch.cases.policy import Policy
from scripts import answer


class Measure(NamedTuple):
    """A number of a run's report. `per`: what the report counts a unit of ours in."""

    name: str
    path: tuple[str, ...]
    says: str
    per: float = 1.0
    digits: int = 1


MEASURES: Final = (
    Measure("wait_p50_s", ("wait_ms", "p50"), "until somebody has the case, p50, s", 1000),
    Measure("wait_p90_s", ("wait_ms", "p90"), "the same, p90, s", 1000),
    Measure("wait_p99_s", ("wait_ms", "p99"), "the same, p99, s", 1000),
    Measure("fallback_percent", ("fallback_share",), "windows that ran out, % of cases", 0.01),
    Measure("fairness", ("fairness",), "fairness of snatching (Gini, 0 equal)", 1, 3),
    Measure("way_p50_km", ("way_m", "p50"), "way of the officer who takes it, p50, km", 1000, 2),
    Measure("way_p90_km", ("way_m", "p90"), "the same, p90, km", 1000, 2),
    Measure("phones_rung", ("phones_rung",), "phones rung a case"),
)
Runs = Mapping[str, Sequence[Mapping[str, Any]]]
"""Reports of `scripts/simulate` by policy, one a seed."""


def measured(found: Mapping[str, Any], measure: Measure) -> float | None:
    """That number of one run, in the unit that is shown."""
    value: Any = found
    for name in measure.path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return None if value is None else value / measure.per


def compared(runs: Runs) -> dict[str, Any]:
    """By measure: mean, least and greatest of each policy, and each pair's difference beside the seeds' spread."""
    found: dict[str, Any] = {}
    for measure in MEASURES:
        values = {name: [v for r in those if (v := measured(r, measure)) is not None] for name, those in runs.items()}
        held = {
            name: {"mean": sum(vs) / len(vs), "least": min(vs), "greatest": max(vs), "values": vs}
            for name, vs in values.items()
            if vs
        }
        found[measure.name] = {"policies": held, "differences": _differences(held)}
    return found


def _differences(held: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    pairs = []
    for a, b in itertools.combinations(held, 2):
        by = held[b]["mean"] - held[a]["mean"]
        spread = max(held[one]["greatest"] - held[one]["least"] for one in (a, b))
        # One seed has no spread among itself, so it says nothing of any difference.
        seeds = min(len(held[one]["values"]) for one in (a, b))
        pairs.append({"of": [a, b], "by": by, "spread": spread, "larger": seeds > 1 and abs(by) > spread})
    return pairs


def markdown(summary: Mapping[str, Any]) -> str:
    """A table for a README: means over the seeds (least to greatest), and what differs by more than the seeds do."""
    names = list(dict.fromkeys(name for one in summary.values() for name in one["policies"]))
    lines = [f"| | {' | '.join(f'`{name}`' for name in names)} | differs by more than seeds do |"]
    lines.append("| --- |" + " ---: |" * len(names) + " --- |")
    for measure in MEASURES:
        one = summary[measure.name]
        cells = [_cell(one["policies"].get(name), measure.digits) for name in names]
        pairs = [" / ".join(f"`{name}`" for name in pair["of"]) for pair in one["differences"] if pair["larger"]]
        every = len(pairs) == len(one["differences"]) > 1
        said = "every pair" if every else ", ".join(pairs) or ("no" if _several(one) else "one seed cannot say")
        lines.append(f"| {measure.says} | {' | '.join(cells)} | {said} |")
    return "\n".join(lines) + "\n"


def _several(one: Mapping[str, Any]) -> bool:
    """Whether each policy was measured under more than one seed."""
    return all(len(each["values"]) > 1 for each in one["policies"].values())


def _cell(one: Mapping[str, Any] | None, digits: int) -> str:
    if one is None:
        return "-"
    mean, least, greatest = (f"{one[which]:.{digits}f}" for which in ("mean", "least", "greatest"))
    return f"{mean} ({least} to {greatest})"


async def compare(
    policies: Mapping[str, Policy],
    seeds: Sequence[int],
    run: Callable[[Policy, int], Awaitable[tuple[dict[str, Any], int]]],
    out: Path,
    asked: Mapping[str, Any],
) -> tuple[dict[str, Any], int]:
    """Every policy under every seed, seed by seed, so that whatever else the machine does falls on all of them alike.

    `out` is written after each run; runs in it that were asked for in the same words and came to their end are not made
    again. `run`: a report and its exit code, as `scripts/simulate` makes them. Returns what stands in `out`, and the
    worst exit code; it stops at a run that could not be made.
    """
    words = json.loads(json.dumps(asked))
    done = _made_before(out, words)
    found = _whole(words, policies, done)
    for seed, name in itertools.product(seeds, policies):
        if any((one["policy"], one["seed"]) == (name, seed) for one in done):
            continue
        print(f"--- {name}, seed {seed} ({len(done) + 1} of {len(seeds) * len(policies)})", flush=True)
        report, code = await run(policies[name], seed)
        if code == 2:
            return {**found, "error": report.get("error")}, 2
        done.append({"policy": name, "seed": seed, "code": code, "found": report})
        found = _whole(words, policies, done)
        answer.write(out, found)
    return found, max((one["code"] for one in done), default=0)


def _made_before(out: Path, asked: Mapping[str, Any]) -> list[dict[str, Any]]:
    before = json.loads(out.read_text()) if out.exists() else {}
    made: list[dict[str, Any]] = before.get("runs", []) if before.get("asked") == asked else []
    return made


def _whole(asked: Mapping[str, Any], policies: Mapping[str, Policy], done: list[dict[str, Any]]) -> dict[str, Any]:
    runs = {name: [one["found"] for one in done if one["policy"] == name] for name in policies}
    return {"asked": asked, "compared": compared(runs), "runs": done}
