"""The curves as one small SVG: both axes by powers of ten, readable on light and dark ground, no library."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

WIDE, HIGH, COLUMNS = 300, 190, 3
LEFT, RIGHT, TOP, BOTTOM = 46, 14, 40, 30
INKS: Final = ("a", "b", "c")  # one class a line; each also has a dash of its own: colour alone tells nothing
STYLE: Final = """
text{font:11px system-ui,sans-serif;fill:#13202c}.t{font-weight:600}.q{fill:#465766}.g{stroke:#bcc8d3}
.a{stroke:#0a55bd}.b{stroke:#7d4a00;stroke-dasharray:6 3}.c{stroke:#0d6135;stroke-dasharray:2 3}
.a,.b,.c{fill:none;stroke-width:2}.ground{fill:#fff}
@media(prefers-color-scheme:dark){text{fill:#e9eff5}.q{fill:#abb9c6}.g{stroke:#35444f}.ground{fill:#17212b}
.a{stroke:#86b8ff}.b{stroke:#f0b75c}.c{stroke:#6fd39b}}
"""


@dataclass(frozen=True, slots=True)
class Panel:
    """What one picture shows: curve, its sizes, and up to three figures with their words."""

    curve: str
    title: str
    size: str
    lines: tuple[tuple[str, str], ...]
    only: tuple[str, Any] | None = None


PANELS: Final = (
    Panel(
        "officers",
        "CPU of a case, ms, by officers",
        "officers",
        (("cpu_ms_a_case", "whole"), ("web_ms", "web"), ("postgres_ms", "postgres")),
    ),
    Panel(
        "near",
        "nearest 50 in a city, ms, by positions",
        "positions",
        (("grid_cpu_p99_ms", "grid p99"), ("geosearch_p50_ms", "GEOSEARCH p50")),
        ("side_km", 12.0),
    ),
    Panel(
        "sockets",
        "one web process, by sockets",
        "sockets",
        (("offer_p99_ms", "offer p99, ms"), ("kib_an_officer", "KiB an officer")),
    ),
    Panel(
        "open_cases",
        "one web process, by open cases",
        "open_cases",
        (("start_s", "start, s"), ("claim_p50_ms", "claim, ms"), ("report_p50_ms", "report, ms")),
    ),
    Panel(
        "history",
        "calls of the judge, ms, by events",
        "events",
        (("report_p50_ms", "report"), ("claim_p50_ms", "50 claims"), ("read_stream_p50_ms", "a stream's end")),
    ),
)


def draw_svg(curves: dict[str, dict[str, Any]]) -> str:
    """Panels of those curves that were drawn."""
    drawn = [(panel, _rows(panel, curves)) for panel in PANELS]
    drawn = [(panel, rows) for panel, rows in drawn if len(rows) > 1]
    wide, high = WIDE * min(COLUMNS, max(1, len(drawn))), HIGH * max(1, math.ceil(len(drawn) / COLUMNS))
    body = "".join(
        f'<g transform="translate({WIDE * (n % COLUMNS)},{HIGH * (n // COLUMNS)})">{_panel(panel, rows)}</g>'
        for n, (panel, rows) in enumerate(drawn)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" width="{wide}" height="{high}" '
        'role="img">'
        f"<title>Growth curves</title><style>{STYLE}</style>"
        f'<rect class="ground" width="{wide}" height="{high}" rx="8"/>{body}</svg>\n'
    )


def _rows(panel: Panel, curves: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    points = curves.get(panel.curve, {}).get("points", [])
    return [p for p in points if panel.only is None or p.get(panel.only[0]) == panel.only[1]]


def _decades(values: Sequence[float]) -> tuple[int, int]:
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return low, max(high, low + 1)


def _panel(panel: Panel, rows: list[dict[str, Any]]) -> str:
    lines = [
        (words, [(float(r[panel.size]), max(1e-3, float(r[key]))) for r in rows if key in r])
        for key, words in panel.lines
    ]
    lines = [(words, points) for words, points in lines if points]
    x_low, x_high = _decades([x for _, points in lines for x, _ in points])
    y_low, y_high = _decades([y for _, points in lines for _, y in points])

    def at(x: float, y: float) -> tuple[float, float]:
        across = (math.log10(x) - x_low) / (x_high - x_low)
        up = (math.log10(y) - y_low) / (y_high - y_low)
        return LEFT + across * (WIDE - LEFT - RIGHT), HIGH - BOTTOM - up * (HIGH - TOP - BOTTOM)

    parts = [f'<text class="t" x="10" y="16">{panel.title}</text>']
    for power in range(y_low, y_high + 1):
        y = at(10.0**x_low, 10.0**power)[1]
        parts.append(f'<path class="g" d="M{LEFT} {y:.1f}H{WIDE - RIGHT}"/>')
        parts.append(f'<text class="q" x="{LEFT - 5}" y="{y + 4:.1f}" text-anchor="end">{_number(power)}</text>')
    for power in range(x_low, x_high + 1):
        x = at(10.0**power, 10.0**y_low)[0]
        parts.append(f'<text class="q" x="{x:.1f}" y="{HIGH - 12}" text-anchor="middle">{_number(power)}</text>')
    across = 10
    for ink, (words, points) in zip(INKS, lines, strict=False):
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in (at(*point) for point in points))
        parts.append(f'<path class="{ink}" d="M{path}"/>')
        parts.append(f'<path class="{ink}" d="M{across} 27h18"/><text x="{across + 22}" y="31">{words}</text>')
        across += 34 + 6 * len(words)
    return "".join(parts)


def _number(power: int) -> str:
    if power >= 6:
        return f"{10 ** (power - 6)}M"
    if power >= 3:
        return f"{10 ** (power - 3)}k"
    return f"{10.0**power:g}"
