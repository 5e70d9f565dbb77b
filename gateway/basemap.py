"""The picture under the pages' maps, as the operator set it: where its tiles come from, and whom to thank."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Basemap:
    """`tiles`: a MapLibre style, a template with {z}, {x} and {y}, a PMTiles archive, or nothing.
    `attribution`: plain words."""

    tiles: str = ""
    attribution: str = ""

    @property
    def origin(self) -> str | None:
        """The one other origin that pages may fetch from; None where all comes from our own."""
        parts = urlsplit(self.tiles)
        return f"{parts.scheme}://{parts.netloc}" if parts.netloc else None

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> "Basemap":
        """Raises: ValueError with a sentence that names the variable."""
        tiles = env.get("ONBEAT_TILES", "").strip()
        if tiles and not _address(tiles):
            raise ValueError(
                f"ONBEAT_TILES is {tiles!r}: it may be https:// or http:// and a host, or a path of our own origin; "
                "a style (.json), tiles with {z}, {x} and {y}, or an archive (.pmtiles)"
            )
        return cls(tiles, env.get("ONBEAT_TILES_ATTRIBUTION", "").strip())


def _address(text: str) -> bool:
    """May it stand in a policy and be fetched? A blank or a semicolon would say more than an origin there."""
    if any(one.isspace() or one in ";,'\"" or not one.isascii() for one in text):
        return False
    try:
        parts = urlsplit(text)
        named = parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
        _ = parts.port
    except ValueError:
        return False
    return named or (not parts.scheme and not parts.netloc and text.startswith("/"))
