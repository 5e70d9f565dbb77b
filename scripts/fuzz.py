"""Schemathesis over the whole OpenAPI document with each role's credentials, on a live service.

Looks for server errors, answers that the document does not know, and invalid data that is accepted. Without --url a
demonstration of its own is started on empty stores, a fresh one: what is drawn suspends people and moves borders.

Exit codes: 0 nothing found, 1 something was, 2 it could not be run. The report is written in every case.
"""

import argparse
import asyncio
import contextlib
import json
import os
import signal
import sys
import tempfile
import time
from asyncio.subprocess import DEVNULL, PIPE, STDOUT
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx

from scripts import answer
from scripts.children import ChildError
from scripts.guarding.people import HERE, new_key
from scripts.guarding.service import Asked, asked
from scripts.stores import StoresError

ROLES: Final = ("none", "reporter", "officer", "desk", "supervisor", "admin")
CHECKS: Final = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
    "response_schema_conformance", "negative_data_rejection", "unsupported_method",
)  # fmt: skip
"""Not asked: positive_data_acceptance, since valid data may be refused by the state of a case; ignored_auth, which the
authorisation matrix answers cell by cell."""
EXPECTED: Final = (StoresError, ChildError, OSError, TimeoutError, ValueError, KeyError, httpx.HTTPError)
RUN_S: Final = 6 * 3600


@dataclass(slots=True)
class Found:
    """What became of one role's run."""

    role: str
    cases: int = 0
    operations: int = 0
    seconds: float = 0.0
    failures: list[dict[str, Any]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    said: str = ""

    def told(self) -> dict[str, Any]:
        counted = {"operations": self.operations, "cases": self.cases, "seconds": self.seconds}
        found = {"failures": len(self.failures), "failing": self.failures, "errors": self.errors}
        return counted | found | {"said": self.said[:20_000]}


async def tokens(service: Asked) -> dict[str, str | None]:
    """A session of each role, none for `none`."""
    found: dict[str, str | None] = {"none": None}
    async with httpx.AsyncClient(base_url=service.url, trust_env=False, timeout=15) as client:
        for role in ("officer", "desk", "supervisor", "admin"):
            own = service.of(role)[0]
            answer = await client.post("/v1/sessions", json={"login": own["login"], "password": own["password"]})
            found[role] = answer.json()["token"]
        category = (await client.get("/v1/categories")).json()["categories"][0]["id"]
        body = {"category": category, "words": "Fuzz.", "lat": HERE[0], "lon": HERE[1], "advised": True}
        made = await client.post("/v1/reports", json=body, headers={"idempotency-key": new_key()})
        answer = await client.post("/v1/receipts", json={"code": made.json()["receipt"]})
        found["reporter"] = answer.json()["token"]
    return found


def command(service: Asked, token: str | None, examples: int, seed: int, report: Path) -> list[str]:
    """Schemathesis' own command line: examples of the document, every bound of every field, and drawn ones."""
    words = [
        str(Path(sys.executable).with_name("schemathesis")), "run", f"{service.url}/openapi.json",
        "--checks", ",".join(CHECKS), "--phases", "examples,coverage,fuzzing", "--max-examples", str(examples),
        "--seed", str(seed), "--continue-on-failure", "--no-color", "--request-timeout", "20", "--workers", "1",
        "--suppress-health-check", "all", "--generation-database", "none", "--warnings", "off",
        "--report", "json", "--report-json-path", str(report), "-H", f"Origin: {service.url}",
    ]  # fmt: skip
    if token is not None:  # by DELETE everybody would end the session that is drawn with; without one it is asked
        words += ["-H", f"Authorization: Bearer {token}", "--exclude-method", "DELETE"]
    return words


def read(report: Path, found: Found) -> None:
    """What Schemathesis says of the run."""
    told = json.loads(report.read_text())
    found.cases = told["test_cases"]["generated"]
    found.operations = told["operations"]["tested"]
    found.failures = [{k: one[k] for k in ("type", "title", "count", "operations")} for one in told["failures"]]
    found.errors = [json.dumps(one)[:500] for one in told["errors"]]
    if not told["complete"]:
        found.errors.append(f"stopped before its end: {told['stop_reason']}")


async def fuzz(service: Asked, role: str, token: str | None, examples: int, seed: int, folder: Path) -> Found:
    """One role's run."""
    found, began = Found(role), time.monotonic()
    report = folder / f"{role}.json"
    ran = await asyncio.create_subprocess_exec(
        *command(service, token, examples, seed, report),
        stdin=DEVNULL, stdout=PIPE, stderr=STDOUT, process_group=0,
    )  # fmt: skip
    try:
        said = (await asyncio.wait_for(ran.communicate(), RUN_S))[0].decode(errors="replace")
    finally:  # also where we are stopped: it must not go on asking a service that is gone
        if ran.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(ran.pid, signal.SIGKILL)
            await ran.wait()
    if report.exists():
        read(report, found)
    else:
        found.errors.append(said[-2_000:])
    found.said = said if found.failures or found.errors else ""
    found.seconds = round(time.monotonic() - began, 1)
    return found


async def run(chosen: argparse.Namespace, report: dict[str, Any]) -> int:
    """Fills `report`; the exit code. Raises: EXPECTED."""
    with tempfile.TemporaryDirectory(prefix="onbeat-fuzz-") as folder:
        async with asked(chosen.url, chosen.credentials, Path(folder)) as service:
            for role in chosen.roles:
                token = (await tokens(service))[role]
                found = await fuzz(service, role, token, chosen.examples, chosen.seed, Path(folder))
                report["roles"][role] = found.told()
                print(f"{role}: {found.cases} cases, {len(found.failures)} findings, {found.seconds} s", flush=True)
    told = report["roles"].values()
    report["cases"] = sum(one["cases"] for one in told)
    report["failures"] = sum(one["failures"] for one in told)
    report["by_check"] = dict(Counter(f["type"] for one in told for f in one["failing"]))
    broken = any(one["errors"] for one in told)
    return 2 if broken else 1 if report["failures"] else 0


def main(argv: Sequence[str] | None = None) -> int:
    parser = answer.Words(prog="scripts/fuzz", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--examples", type=int, default=1_000, metavar="N", help="drawn for an operation, each role")
    parser.add_argument("--json", type=Path, required=True, metavar="OUT", help="where the report goes")
    parser.add_argument("--seed", type=int, default=1, metavar="S")
    parser.add_argument("--roles", type=lambda text: text.split(","), default=list(ROLES), metavar="ROLE,ROLE")
    parser.add_argument("--url", help="a running demonstration; without it one is started")
    parser.add_argument("--credentials", type=Path, default=Path(".local/credentials.json"), metavar="FILE")
    chosen = parser.parse_args(argv)
    if strange := set(chosen.roles) - set(ROLES):
        parser.error(f"no such role: {', '.join(sorted(strange))}; there are {', '.join(ROLES)}")
    if chosen.examples < 1:
        parser.error("--examples is at least 1")
    report: dict[str, Any] = {"examples": chosen.examples, "seed": chosen.seed, "roles": {}}
    report |= {"cases": None, "failures": None, "by_check": None}
    answer.tells(lambda: report)
    try:
        code = asyncio.run(run(chosen, report))
    except EXPECTED as error:
        report["error"], code = f"{type(error).__name__}: {error}", 2
        print(f"scripts/fuzz: {report['error']}", file=sys.stderr)
    answer.write(chosen.json, report)
    return code


if __name__ == "__main__":
    sys.exit(main())
