"""Lighthouse on a page, as a phone, several times; and what the citizen's first view weighs.

Each page has a Chromium of its own, in which its person has signed in before. Lighthouse then keeps what the browser
holds (`--disable-storage-reset`), or it would sign the person out; on the citizen's page nobody signs in, and every run
begins with an empty browser.
"""

import asyncio
import json
import statistics
import tempfile
from collections.abc import Mapping
from typing import Any, Final

from playwright.async_api import BrowserContext, Playwright

from gateway.http.pages import ROOM
from scripts.looks.calm import Machine, index_of
from scripts.looks.pages import FLAGS, NotLooked, Page, chromium
from scripts.looks.town import Town
from scripts.stores import free_port
from scripts.web_packages import find_node

CLI: Final = ROOM / "node_modules" / "lighthouse" / "cli" / "index.js"
CATEGORIES: Final = ("performance", "accessibility", "best-practices")
RUN_S: Final = 180.0
"""For one run; about ten seconds alone on this machine."""
TRIES: Final = 3
"""Of one run: a Chromium that was starved says nothing about the page."""
WAIT_MS: Final = 60_000
"""For a sign-in to be through, on a machine that has other things to do."""
SETTLE_MS: Final = 1_500
"""After the network is silent, what is asked for late would show."""


async def scores(playwright: Playwright, town: Town, page: Page, runs: int, machine: Machine) -> dict[str, Any]:
    """The median of each category, 0 to 100; `failed`: what the run in the middle counted against it; `seen`: the
    performance of each run with the benchmark of the processor. Raises: NotLooked."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="onbeat-lighthouse-") as folder:
        context = await playwright.chromium.launch_persistent_context(
            folder,
            executable_path=chromium(playwright.chromium.executable_path),
            args=[*FLAGS, f"--remote-debugging-port={port}"],
            locale="en",
        )
        try:
            person = page.person(town.people)
            if person is not None:
                await _sign_in(context, town.url + page.path, person)
            told = await machine.undisturbed(lambda: _ran(town.url + page.path, port, person is not None), runs)
        finally:
            await context.close()
    found: dict[str, Any] = {
        name.replace("-", "_"): round(statistics.median(one["categories"][name]["score"] or 0 for one in told) * 100)
        for name in CATEGORIES
    }
    by_speed = sorted(told, key=lambda one: one["categories"]["performance"]["score"] or 0)
    found["failed"] = _failed(by_speed[len(told) // 2])
    found["seen"] = [
        {"performance": round((one["categories"]["performance"]["score"] or 0) * 100), "benchmark": index_of(one)}
        for one in told
    ]
    return found


async def _ran(url: str, port: int, signed_in: bool) -> dict[str, Any]:
    """One run that was whole. Raises: NotLooked, why the last of TRIES was not."""
    for again in reversed(range(TRIES)):
        try:
            return await _run(url, port, signed_in)
        except NotLooked:
            if not again:
                raise
    raise AssertionError("TRIES is not positive")


async def _sign_in(context: BrowserContext, url: str, person: Mapping[str, Any]) -> None:
    page = await context.new_page()
    page.set_default_timeout(WAIT_MS)
    await page.goto(url)
    await page.fill("#login", person["login"])
    await page.fill("#password", person["password"])
    await page.press("#password", "Enter")
    await page.wait_for_selector("#login", state="detached")
    await page.wait_for_selector("#main:not([aria-busy])")
    await page.close()


async def _run(url: str, port: int, signed_in: bool) -> dict[str, Any]:
    found = find_node()
    if found is None or not CLI.exists():
        raise NotLooked("Lighthouse is not installed: python -m scripts.web_packages")
    command = [
        str(found.node), str(CLI), url, f"--port={port}", "--output=json", "--quiet", "--disable-full-page-screenshot",
        f"--only-categories={','.join(CATEGORIES)}", *(["--disable-storage-reset"] if signed_in else []),
    ]  # fmt: skip
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(RUN_S):
            told, complaint = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        raise NotLooked(f"Lighthouse did not end within {RUN_S:.0f} s on {url}") from None
    try:
        report: dict[str, Any] = json.loads(told)
    except ValueError:
        raise NotLooked(f"Lighthouse failed on {url}: {complaint.decode(errors='replace')[-400:]}") from None
    if report.get("runtimeError", {}).get("code", "NO_ERROR") != "NO_ERROR":
        raise NotLooked(f"Lighthouse failed on {url}: {report['runtimeError'].get('message', '')[:400]}")
    return report


def _failed(report: Mapping[str, Any]) -> list[str]:
    """What counted against the page, with its weight, heaviest first."""
    lines = []
    for name in CATEGORIES:
        for one in report["categories"][name]["auditRefs"]:
            audit = report["audits"][one["id"]]
            if one["weight"] and audit["score"] is not None and audit["score"] < 1:
                said = audit.get("displayValue") or ""
                lines.append(
                    (one["weight"], f"{name}: {audit['title']} ({audit['score']:.2f} of {one['weight']}) {said}")
                )
    return [line for _, line in sorted(lines, reverse=True)]


async def first_view_kb(playwright: Playwright, url: str) -> float:
    """Kilobytes (1,000 bytes) over the wire, packed, heads included, until the citizen's page stands and is silent."""
    browser = await playwright.chromium.launch(
        executable_path=chromium(playwright.chromium.executable_path), args=list(FLAGS)
    )
    try:
        context = await browser.new_context(viewport={"width": 390, "height": 844}, service_workers="block")
        page = await context.new_page()
        wire = await context.new_cdp_session(page)
        weights: list[float] = []
        wire.on("Network.loadingFinished", lambda told: weights.append(told["encodedDataLength"]))
        await wire.send("Network.enable")
        await page.goto(url, wait_until="networkidle")
        await page.wait_for_selector("#main:not([aria-busy])")
        await page.wait_for_timeout(SETTLE_MS)
        return round(sum(weights) / 1000, 1)
    finally:
        await browser.close()
