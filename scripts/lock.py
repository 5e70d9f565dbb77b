"""Write requirements.lock: every package that `scripts/` installs, with its version and the hashes of its files.

Run it after changing the dependencies in pyproject.toml; it needs pip-tools (`pip install pip-tools`) and some
minutes. What is already locked keeps its version while it satisfies pyproject.toml; `--upgrade` raises all.

pip-compile drops a requirement whose marker is false here, and the markers of extras altogether. So all of them
are resolved without markers, and the markers are written back: one file then serves Python 3.11 and newer, on
Linux and macOS.
"""

import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
LOCK: Final = ROOT / "requirements.lock"
# What a dependency asks for only on Pythons older than the one that runs this (redis: METADATA, Requires-Dist).
ELSEWHERE: Final = ("async-timeout>=4.0.3; python_full_version < '3.11.3'",)


def wanted(pyproject: str) -> list[str]:
    """The requirements of the service and of both extras, with their markers."""
    project = tomllib.loads(pyproject)["project"]
    extras = project["optional-dependencies"]
    return [*project["dependencies"], *extras["local"], *extras["dev"], *ELSEWHERE]


def put_markers_back(lock: str, requirements: list[str]) -> str:
    """`name==1 \\` becomes `name==1 ; marker \\` for each requirement that has a marker."""
    for requirement in requirements:
        bare, _, marker = requirement.partition(";")
        if marker:
            name = re.split(r"[<>=!~\[ ]", bare.strip(), maxsplit=1)[0]
            line = re.compile(rf"^({re.escape(name)}==[^ ;]+)( ;[^\\\n]*)? \\$", re.MULTILINE)
            lock, times = line.subn(rf"\1 ; {marker.strip()} \\", lock)
            assert times == 1, f"{name} is not in the lock"
    return lock


def main() -> int:
    requirements = wanted((ROOT / "pyproject.toml").read_text())
    with tempfile.TemporaryDirectory() as folder:
        source, result = Path(folder, "requirements.in"), Path(folder, "requirements.lock")
        source.write_text("".join(line.partition(";")[0] + "\n" for line in requirements))
        if LOCK.exists():
            result.write_text(re.sub(r" ;[^\\\n]*", "", LOCK.read_text()))
        flags = ["--generate-hashes", "--strip-extras", "--allow-unsafe", "--no-header", "--no-annotate"]
        flags += ["--no-emit-index-url", "--no-emit-trusted-host", "--no-emit-find-links", "--quiet"]
        command = [sys.executable, "-m", "piptools", "compile", *flags, *sys.argv[1:], "-o", result.name, source.name]
        code = subprocess.run(command, cwd=folder, check=False).returncode
        if code == 0:
            LOCK.write_text(put_markers_back(result.read_text(), requirements))
    return code


if __name__ == "__main__":
    sys.exit(main())
