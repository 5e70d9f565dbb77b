"""Draw the pages' icons: PNG files of the sizes that phones ask for, from the SVG files of `gateway/web/icons/`.

`python -m scripts.icons` after a change of an SVG; it needs a Chromium (`ONBEAT_CHROMIUM`, the system's, else
Playwright's). `made.json` holds what each PNG was drawn from, so that a test finds one that is older than its SVG.
"""

import asyncio
import hashlib
import json
import os
import shutil
import sys
from pathlib import Path
from typing import Final

from playwright.async_api import async_playwright

ROOM: Final = Path(__file__).resolve().parent.parent / "gateway/web/icons"
SIZES: Final = {
    "app-192": ("../shared/icon", 192),  # Android's home screen
    "app-512": ("../shared/icon", 512),  # ... and its splash
    "maskable-512": ("maskable", 512),  # cut to any shape: what matters stands in the middle four fifths
    "apple-180": ("maskable", 180),  # iOS rounds the corners itself and knows no transparency
    "badge-96": ("badge", 96),  # Android's status bar uses the alpha channel only
}


def drawn_from(folder: Path = ROOM) -> dict[str, str]:
    """Of each PNG: SHA-256 in hex of the SVG that it has to show."""
    return {name: hashlib.sha256((folder / f"{svg}.svg").read_bytes()).hexdigest() for name, (svg, _) in SIZES.items()}


async def draw(folder: Path = ROOM) -> None:
    """Writes every PNG and `made.json`."""
    found = os.environ.get("ONBEAT_CHROMIUM") or shutil.which("chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-gpu"])
        for name, (svg, pixels) in SIZES.items():
            page = await browser.new_page(viewport={"width": pixels, "height": pixels})
            picture = (folder / f"{svg}.svg").read_text().replace("<svg ", f'<svg width="{pixels}" height="{pixels}" ')
            await page.set_content(f'<body style="margin:0;background:none">{picture}</body>')
            await page.locator("svg").screenshot(path=folder / f"{name}.png", omit_background=True)
            await page.close()
        await browser.close()
    (folder / "made.json").write_text(json.dumps(drawn_from(folder), indent=1) + "\n")


def main() -> int:
    asyncio.run(draw())
    return 0


if __name__ == "__main__":
    sys.exit(main())
