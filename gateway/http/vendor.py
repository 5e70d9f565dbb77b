"""Other people's browser libraries: exactly these files of these packages, under `/static/vendor/`.

They come from npm by lock at set-up (`scripts/web_packages.py`) and are never copied into the repository. Where they
are absent the service runs all the same and these addresses answer 404: the pages fall back to what they draw alone.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

PACKAGES: Final = Path(__file__).resolve().parent.parent / "web" / "node_modules"
FILES: Final[Mapping[str, str]] = {
    "maplibre-gl/maplibre-gl.mjs": "maplibre-gl/dist/maplibre-gl.mjs",
    "maplibre-gl/maplibre-gl-worker.mjs": "maplibre-gl/dist/maplibre-gl-worker.mjs",
    "pmtiles/pmtiles.mjs": "pmtiles/dist/esm/index.js",
    "fflate/fflate.mjs": "fflate/esm/browser.js",
    "lean-qr/lean-qr.mjs": "lean-qr/index.mjs",
}
"""The name under /static/vendor/ and the file in node_modules. maplibre-gl's style sheet is left out: it brings its
controls' pictures as `data:`, which our policy forbids; `shared/live_map.css` says the little that we need."""
INSTEAD: Final[Mapping[str, str]] = {"fflate": "/static/vendor/fflate/fflate.mjs"}
"""A browser without an import map knows no bare names, and an import map would have to be inline."""
_BARE: Final = re.compile(r"""(\bfrom\s*|\bimport\s*)(["'])([@a-z][\w@/.-]*)\2""")
_MAPS: Final = re.compile(rb"\n?//# sourceMappingURL=\S+\s*$")


def vendor_files(packages: Path = PACKAGES) -> dict[str, bytes]:
    """What is served, by name under `vendor/`: all of a set or, where a file is absent, nothing."""
    found: dict[str, bytes] = {}
    for name, inside in FILES.items():
        path = packages / inside
        if not path.is_file():
            return {}
        found[f"vendor/{name}"] = browser_ready(path.read_bytes())
    return found


def browser_ready(body: bytes) -> bytes:
    """A module with its bare imports named as addresses, and without the mention of a map that is not served."""
    text = _BARE.sub(lambda m: f"{m[1]}{m[2]}{INSTEAD.get(m[3], m[3])}{m[2]}", _MAPS.sub(b"", body).decode())
    return text.encode()
