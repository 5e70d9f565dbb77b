"""Which scripts a script needs at once: static imports, followed as far as they go. What is loaded when it is asked for
(`import()`, maps) is no part of it."""

import re
from collections.abc import Iterable, Mapping
from typing import Final

_IMPORTED: Final = re.compile(r'^\s*(?:import|export)\s(?:[^;"]*?\sfrom\s*)?"([^"]+)"', re.MULTILINE)


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
