"""Which scripts a script needs at once: static imports, followed as far as they go; and which of its own folder it
fetches later (`import()`). What it fetches later from elsewhere (maps) is no part of either."""

import re
from collections.abc import Iterable, Mapping
from typing import Final

_IMPORTED: Final = re.compile(r'^\s*(?:import|export)\s(?:[^;"]*?\sfrom\s*)?"([^"]+)"', re.MULTILINE)
_LATER: Final = re.compile(r'(?<!typeof )\bimport\("(\./[^"]+)"\)(?!\.[A-Z])')
"""Not the types of a comment, which are written alike: `import("./draft.js").Draft`."""


def followed(names: Iterable[str], bodies: Mapping[str, bytes]) -> list[str]:
    """The scripts of `names` and all that they import, each once, in the order in which a browser would find them."""
    found = dict.fromkeys(name for name in names if name in bodies)
    waiting = list(found)
    while waiting:
        name = waiting.pop(0)
        for target in _IMPORTED.findall(bodies[name].decode()):
            path = _resolved(name, target)
            if path in bodies and path not in found:
                found[path] = None
                waiting.append(path)
    return list(found)


def later(folder: str, names: Iterable[str], bodies: Mapping[str, bytes]) -> list[str]:
    """What those scripts of `names` that lie in `folder` fetch from there when it is asked for, each once."""
    own = [name for name in names if name.startswith(f"{folder}/")]
    told = (_resolved(name, target) for name in own for target in _LATER.findall(bodies[name].decode()))
    return [name for name in dict.fromkeys(told) if name in bodies]


def _resolved(name: str, target: str) -> str:
    if target.startswith("/static/"):
        return target.removeprefix("/static/")
    parts = name.split("/")[:-1]
    for part in target.split("/"):
        if part == "..":
            parts = parts[:-1]
        elif part != ".":
            parts.append(part)
    return "/".join(parts)
