"""What is known against the packages of requirements.lock: pip-audit asks the registry's advisories.

A registry that cannot be reached, or does not know the packages, is said so and is no failure: then nothing is known of
them, which is not the same as nothing being wrong. With `--tell` a finding is told and is no failure either, for
`scripts/test`: an advisory that was published this morning says nothing about the change that is tested.

Exit codes: 0 nothing known, or nobody could be asked; 1 something is known (without --tell).
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent
ASK_S: Final = 60.0  # a slow registry keeps no test run waiting


def sentence(found: dict[str, Any] | None) -> tuple[str, int]:
    """What to say of pip-audit's answer, and how many packages something is known against. None: there is no answer."""
    packages = found["dependencies"] if found else []
    asked = [one for one in packages if "skip_reason" not in one]
    if not asked:
        return "pip-audit: no advisories could be asked; nothing is known of the packages, good or bad.", 0
    bad = [(one["name"], one["version"], [each["id"] for each in one["vulns"]]) for one in asked if one["vulns"]]
    said = [f"pip-audit: {len(bad)} of {len(asked)} packages with a known vulnerability."]
    said += [f"  {name} {version}: {', '.join(ids)}" for name, version, ids in bad]
    if len(asked) < len(packages):
        said.append(f"  {len(packages) - len(asked)} more are not known where it asked.")
    return "\n".join(said), len(bad)


def ask(lock: Path, ask_s: float = ASK_S) -> dict[str, Any] | None:
    """pip-audit's answer; None where it has none."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "audit.json")
        command = [sys.executable, "-m", "pip_audit", "-r", str(lock), "--disable-pip", "--no-deps", "--timeout", "10",
                   "--progress-spinner", "off", "-f", "json", "-o", str(out)]  # fmt: skip
        try:
            subprocess.run(command, timeout=ask_s, capture_output=True, check=False)
            answer = json.loads(out.read_text())
        except (OSError, ValueError, subprocess.TimeoutExpired):
            return None
    return answer if isinstance(answer, dict) and "dependencies" in answer else None


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m scripts.advisories", description=__doc__)
    parser.add_argument("--tell", action="store_true", help="a finding is told and is no failure")
    chosen = parser.parse_args(argv)
    said, bad = sentence(ask(ROOT / "requirements.lock"))
    print(said)
    return 1 if bad and not chosen.tell else 0


if __name__ == "__main__":
    sys.exit(main())
