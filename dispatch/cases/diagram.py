"""The state diagram, drawn from `LEGAL`: a README shows it between two markers, and a test compares.

python -m dispatch.cases.diagram README.md     redraws the block in a file
"""

import sys
from pathlib import Path
from typing import Final

from dispatch.cases.lifecycle import LEGAL
from dispatch.cases.values import CLOSED, Event, Status

BEGIN: Final = "<!-- diagram -->"
END: Final = "<!-- /diagram -->"


class MarkersMissing(ValueError):
    """The text has no place for the diagram: exactly one of each marker, in order."""


def draw() -> str:
    """Mermaid's state diagram of `LEGAL`, edges between the same two statuses drawn as one."""
    edges: dict[tuple[Status, Status], list[Event]] = {}
    for (status, event), after in LEGAL.items():
        edges.setdefault((status, after), []).append(event)
    lines = ["```mermaid", "stateDiagram-v2", f"    [*] --> {Status.RECEIVED}"]
    for (status, after), events in edges.items():
        lines.append(f"    {status} --> {after}: {', '.join(events)}")
    lines += [f"    {status} --> [*]" for status in Status if status in CLOSED]
    return "\n".join([*lines, "```"])


def drawn_in(text: str) -> str:
    """What stands between the markers. Raises: MarkersMissing."""
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(BEGIN) > text.index(END):
        raise MarkersMissing(f"one {BEGIN} and after it one {END} are needed")
    return text.partition(BEGIN)[2].partition(END)[0].strip()


def redrawn(text: str) -> str:
    """The text with the present diagram between its markers. Raises: MarkersMissing."""
    drawn_in(text)
    before, _, rest = text.partition(BEGIN)
    return f"{before}{BEGIN}\n{draw()}\n{END}{rest.partition(END)[2]}"


def main() -> int:
    for name in sys.argv[1:]:
        path = Path(name)
        path.write_text(redrawn(path.read_text()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
