"""Who may do what, asked cell by cell of a live service and compared with what was written down by hand.

Without --url a demonstration of its own is started on empty stores. With --url that service's sign-ins are read from
--credentials; it must be a demonstration, since cases, categories (`authz_*`) and a person (`authz-spare`) are made.

Exit codes: 0 every cell as written and nothing unlisted; 1 otherwise; 2 the matrix could not be asked. The report is
written in every case.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import httpx

from scripts import answer
from scripts.children import ChildError
from scripts.guarding.asking import Asking, Outcome, staged
from scripts.guarding.matrix import MatrixError, read_matrix
from scripts.guarding.scenes import SceneError
from scripts.guarding.service import asked
from scripts.stores import ROOT, StoresError

MATRIX: Final = ROOT / "tests" / "authz_matrix.yaml"
EXPECTED: Final = (SceneError, StoresError, ChildError, MatrixError, OSError, ValueError, KeyError, httpx.HTTPError)


async def run(url: str | None, credentials: Path, outcome: Outcome) -> None:
    """Fills `outcome`. Raises: EXPECTED."""
    matrix = read_matrix(MATRIX)
    with tempfile.TemporaryDirectory(prefix="onbeat-authz-") as folder:
        async with asked(url, credentials, Path(folder)) as service, staged(service) as stage:
            await Asking(matrix, stage, outcome).run()


def main(argv: Sequence[str] | None = None) -> int:
    parser = answer.Words(prog="scripts/authz-matrix", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--json", type=Path, required=True, metavar="OUT", help="where the report goes")
    parser.add_argument("--url", help="a running demonstration; without it one is started")
    parser.add_argument("--credentials", type=Path, default=Path(".local/credentials.json"), metavar="FILE")
    chosen = parser.parse_args(argv)
    outcome, began, code = Outcome(), time.monotonic(), 2
    answer.tells(outcome.told)
    try:
        asyncio.run(run(chosen.url, chosen.credentials, outcome))
        code = 1 if outcome.deviations or outcome.unlisted or outcome.errors else 0
    except EXPECTED as error:
        outcome.errors.append(f"{type(error).__name__}: {error}")
    why = outcome.errors[-1] if code == 2 else None
    told = outcome.told() | {"seconds": round(time.monotonic() - began, 1), "reason": why}
    answer.write(chosen.json, told)
    print(f"{told['cells']} cells, {told['deviations']} deviations, {told['unlisted']} unlisted, {told['seconds']} s")
    for one in (*outcome.deviations[:20], *outcome.unlisted[:20], *outcome.errors[:20]):
        print(f"  {str(one)[:300]}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
