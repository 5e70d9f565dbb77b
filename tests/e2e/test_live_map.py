"""The live map in a real Chromium: it takes over from the plain one, hears a person, and gives back where it cannot."""

import json
import struct
import zlib
from typing import Any, Final

import pytest
from playwright.async_api import Page, Route, expect

from scripts.web_packages import Parts, installed
from tests.e2e.conftest import Screens, Service
from tests.e2e.hands import LAT, LON, report

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not installed(Parts.SERVED), reason="the pages' packages are not installed"),
]

TAKEN: Final = ".map .instead.taken"
"""The plain map has gone: the live one is drawn."""
COLOUR: Final = (200, 30, 160)
"""Of every test tile: nothing else on a page looks like it."""


def png(size: int = 256) -> bytes:
    """One tile of one colour."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    rows = (b"\0" + bytes(COLOUR) * size) * size
    head = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def archive() -> bytes:
    """A PMTiles archive, version 3, that holds the one tile of zoom 0."""
    tile = png()
    root = bytes([1, 0, 1]) + _varint(len(tile)) + bytes([1])  # one entry: id 0, run 1, length, offset 0
    metadata = json.dumps({"attribution": "<a href='#'>&copy; Nobody</a>"}).encode()
    at = 127
    places = (at, len(root), at + len(root), len(metadata), 0, 0, at + len(root) + len(metadata), len(tile), 1, 1, 1)
    head = b"PMTiles\x03" + struct.pack("<11Q", *places)
    # clustered; directories plain, tiles plain, PNG; zoom 0 to 0; bounds and centre of the whole world
    head += struct.pack("<6B", 1, 1, 1, 2, 0, 0) + struct.pack(
        "<4i", -1_800_000_000, -850_000_000, 1_800_000_000, 850_000_000
    )
    head += struct.pack("<Bii", 0, 0, 0)
    assert len(head) == at
    return head + root + metadata + tile


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


ANSWERS: Final = """(told) => {
  const real = fetch;
  globalThis.fetch = (path, more) =>
    String(path).endsWith("/basemap.json") ? Promise.resolve(new Response(JSON.stringify(told))) : real(path, more);
}"""


async def under(page: Page, tiles: str, attribution: str = "") -> None:
    """The service says that this lies under the maps."""
    told = {"tiles": tiles, "attribution": attribution}
    await page.route("**/static/shared/basemap.json", lambda route: route.fulfill(json=told))
    # On a slow machine the service worker stands between by now, and no route sees what it fetches.
    await page.evaluate(ANSWERS, told)


async def opened(page: Page) -> None:
    """The citizen's map after somebody has touched it."""
    await page.locator(".map svg, .map .instead svg").first.focus()
    await page.locator(TAKEN).wait_for(state="attached", timeout=30_000)


async def shows_the_tile(page: Page) -> bool:
    """Is the middle of the map of the tiles' colour? Pages draw tiles less loud than they are: red and blue lead."""
    box = await page.locator(".map .gl").bounding_box()
    assert box is not None
    shot = await page.screenshot(clip={"x": box["x"] + 20, "y": box["y"] + 20, "width": 4, "height": 4})
    red, green, blue = pixel(shot)
    return red > green + 30 and blue > green + 20


def pixel(shot: bytes) -> tuple[int, int, int]:
    """The first pixel of a PNG as Chromium writes it: eight bits a channel, with or without alpha."""
    wide = 4 if shot[25] == 6 else 3
    at, body = 8, b""
    while at < len(shot):
        (length,) = struct.unpack(">I", shot[at : at + 4])
        body += shot[at + 8 : at + 8 + length] if shot[at + 4 : at + 8] == b"IDAT" else b""
        at += 12 + length
    first = zlib.decompress(body)[1 : 1 + wide]
    return first[0], first[1], first[2]


async def test_a_touched_map_comes_alive_under_the_strict_policy_and_puts_the_pin(
    service: Service, screens: Screens
) -> None:
    page = await screens.open("/", phone=False)
    await page.wait_for_selector(".map svg")
    loaded = "performance.getEntriesByType('resource').some((one) => one.name.includes('maplibre'))"
    assert not await page.evaluate(loaded), "the library is not fetched before it is wanted"
    await opened(page)
    assert await page.evaluate(loaded)
    canvas = page.locator(".map canvas")
    await canvas.click(position={"x": 100, "y": 80})
    await page.click("summary:has-text('coordinates')")
    first = await page.input_value("#typed")
    assert first.startswith("32."), "the press is told in degrees"
    await canvas.focus()
    await page.keyboard.press("ArrowUp")
    await page.wait_for_function("(before) => document.querySelector('#typed').value !== before", arg=first)
    lat, lon = (float(one) for one in (await page.input_value("#typed")).split(","))
    assert lat > float(first.split(",")[0]) and lon == float(first.split(",")[1]), "an arrow moves the pin, not the map"
    assert screens.complaints == []


async def test_a_patrol_phone_fetches_the_library_only_when_a_hand_wants_it(service: Service, screens: Screens) -> None:
    """Neither duty nor an offer starts a megabyte of scripts: the seconds in which a case is taken are the thumb's."""
    one = service.of("officer", "xw-1")[0]
    page = await screens.officer(one, 32.06, 118.79)
    await page.wait_for_selector('[data-idle="waiting"] .map .name')
    citizen = await screens.open("/", phone=False)
    await report(citizen, "noise", "Drilling since five in the morning.")
    await page.wait_for_selector("[data-offer] .map svg")
    await page.evaluate("new Promise((done) => requestIdleCallback(done))")
    loaded = "performance.getEntriesByType('resource').some((one) => one.name.includes('maplibre'))"
    assert not await page.evaluate(loaded)
    await page.locator("[data-offer] .map").click()
    await page.locator(TAKEN).wait_for(state="attached", timeout=30_000)
    assert await page.evaluate(loaded)
    assert screens.complaints == []


async def test_where_tiles_lie_under_it_the_map_of_a_held_case_comes_alive_by_itself(
    service: Service, screens: Screens
) -> None:
    """On the way streets count; without any the plain map shows all there is."""
    one = service.of("officer", "xw-1")[1]
    page = await screens.signed_in(f"/officer?at={LAT},{LON}", one)
    await under(page, "/tiles/{z}/{x}/{y}.png")
    await page.route("**/tiles/**", lambda route: route.fulfill(body=png(), content_type="image/png"))
    await page.click('[data-duty="off"]')
    citizen = await screens.open("/", phone=False)
    await report(citizen, "noise", "Drilling since six in the morning.")
    await page.click("[data-take]")
    await page.locator("[data-held] .map").scroll_into_view_if_needed()  # what is not looked at is not drawn
    await page.locator("[data-held]").locator(TAKEN).wait_for(state="attached", timeout=30_000)
    assert screens.complaints == []


async def test_where_the_library_cannot_be_had_the_plain_map_stays_and_works(
    service: Service, screens: Screens
) -> None:
    page = await screens.open("/", phone=False)
    await page.route("**/static/vendor/**", lambda route: route.abort())
    await page.wait_for_selector(".map svg")
    await page.locator(".map svg").first.focus()
    await page.keyboard.press("ArrowUp")
    await page.click("summary:has-text('coordinates')")
    await expect(page.locator("#typed")).not_to_have_value("")
    assert await page.locator(TAKEN).count() == 0
    screens.complaints.clear()  # that the fetch failed is said by the browser itself


async def test_a_lost_context_gives_the_plain_map_back(service: Service, screens: Screens) -> None:
    page = await screens.open("/", phone=False)
    await page.wait_for_selector(".map svg")
    await opened(page)
    lose = "document.querySelector('.map canvas').getContext('webgl2').getExtension('WEBGL_lose_context').loseContext()"
    await page.evaluate(lose)
    await expect(page.locator(".map .instead svg")).to_be_visible()
    assert screens.complaints == []


@pytest.mark.parametrize("tiles", ["/tiles/{z}/{x}/{y}.png", "/tiles/town.pmtiles"])
async def test_the_operators_tiles_lie_under_the_map(service: Service, screens: Screens, tiles: str) -> None:
    page = await screens.open("/", phone=False)
    whole = archive()

    async def answer(route: Route) -> None:
        asked = route.request.headers.get("range")
        if not route.request.url.endswith(".pmtiles") or asked is None:
            await route.fulfill(body=png(), content_type="image/png")
            return
        first, last = (int(one) for one in asked.removeprefix("bytes=").split("-"))
        part = whole[first : last + 1]
        told: dict[str, Any] = {"content-range": f"bytes {first}-{first + len(part) - 1}/{len(whole)}", "etag": '"1"'}
        await route.fulfill(status=206, body=part, headers=told)

    await page.route("**/tiles/**", answer)
    await under(page, tiles, "" if tiles.endswith("pmtiles") else "© Nobody")
    await page.wait_for_selector(".map svg")
    await opened(page)
    await expect(page.locator(".map .thanks")).to_have_text("© Nobody")
    assert await shows_the_tile(page)
    assert screens.complaints == []


async def test_the_desks_map_comes_alive_by_itself_and_goes_with_its_page(service: Service, screens: Screens) -> None:
    desk = service.of("desk", "xw-1")[0]
    page = await screens.signed_in("/desk", desk, phone=False)
    await page.locator(TAKEN).wait_for(state="attached", timeout=30_000)
    await page.click("text=Sign out")
    await page.wait_for_selector("#login")
    assert await page.locator("canvas").count() == 0
    assert screens.complaints == []
