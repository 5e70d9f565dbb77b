"""Script injection: hostile texts through the fields that people fill, shown on the pages in a headless Chromium.

A demonstration of its own is started on empty stores. Counted are scripts that ran, elements that a text became, and
violations of our own policy that a page caused. Exit codes: 0 nothing, 1 something, 2 it could not be run.
"""

import asyncio
import itertools
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import httpx
from playwright.async_api import Browser, Page, async_playwright
from playwright.async_api import Error as BrowserError

from scripts import answer
from scripts.children import ChildError
from scripts.guarding.people import HERE, Json, new_key
from scripts.guarding.service import Asked, own
from scripts.stores import StoresError
from scripts.test import ensure_browser

RUN: Final = "window.__ran=1"
OPENINGS: Final = ("", "'>", '">', "</p>", "</textarea>", "</title>", "-->", "</script>", "]]>", "<!--")
ELEMENTS: Final = (
    "<script class=hostile>{run}</script>",
    "<img class=hostile src=x onerror={run}>",
    "<svg class=hostile onload={run}>",
    "<b class=hostile onmouseover={run}>x</b>",
    "<iframe class=hostile srcdoc='<script>parent.__ran=1</script>'>",
    "<a class=hostile href=javascript:{run}>x</a>",
    "<details class=hostile open ontoggle={run}>",
    "<input class=hostile autofocus onfocus={run}>",
    "<video class=hostile><source onerror={run}></video>",
    "<math class=hostile><mtext><img src=x onerror={run}></mtext></math>",
    "<body class=hostile onload={run}>",
    "<object class=hostile data=javascript:{run}></object>",
    "<style class=hostile>@import 'x';</style>",
    "<form class=hostile><button formaction=javascript:{run}>x</button></form>",
    "<base class=hostile href=//evil.example/>",
    "<link class=hostile rel=stylesheet href=//evil.example/x.css>",
    "<meta class=hostile http-equiv=refresh content=0>",
    "<template class=hostile><script>{run}</script></template>",
    "<marquee class=hostile onstart={run}>x</marquee>",
    "&lt;img class=hostile src=x onerror={run}&gt;",
    "{{{{constructor.constructor('{run}')()}}}}",
    "${{{run}}}",
    "javascript:{run}//",
    "\\u003cimg class=hostile src=x onerror={run}\\u003e",
    "<SCRIPT/class=hostile>{run}</SCRIPT>",
    "<img/class=hostile/src=x/onerror={run}>",
    "<svg class=hostile><animate onbegin={run} attributeName=x dur=1s>",
    "<svg class=hostile><use href=data:image/svg+xml,x></svg>",
    "<img class=hostile src='x' onerror='{run}'",
    "<x class=hostile contenteditable onblur={run} autofocus>x",
)
PAYLOADS: Final = [opening + element.format(run=RUN) for opening, element in itertools.product(OPENINGS, ELEMENTS)]
WATCH: Final = """
window.__violations = [];
addEventListener('securitypolicyviolation', (e) => window.__violations.push(e.violatedDirective + ' ' + e.blockedURI));
"""
EXPECTED: Final = (StoresError, ChildError, OSError, ValueError, KeyError, httpx.HTTPError, BrowserError)


def parts(limit: int, joined: int) -> list[str]:
    """All payloads in texts of at most `limit` characters, at most `joined` in one."""
    texts: list[str] = []
    for payload in PAYLOADS:
        if texts and len(texts[-1]) + len(payload) + 1 <= limit and texts[-1].count("\n") < joined - 1:
            texts[-1] += "\n" + payload
        else:
            texts.append(payload)
    return texts


async def signed(client: httpx.AsyncClient, person: Json) -> dict[str, str]:
    answer = await client.post("/v1/sessions", json={"login": person["login"], "password": person["password"]})
    return {"authorization": f"Bearer {answer.json()['token']}"}


async def fill(service: Asked, client: httpx.AsyncClient, report: Json) -> str:
    """Hostile words in reports, in the talk of one, in notes of places; the code of the report that is talked on."""
    codes: list[Json] = []
    for words in parts(1_900, 8):
        body = {"category": "noise", "words": words, "lat": HERE[0], "lon": HERE[1], "advised": True}
        answer = await client.post("/v1/reports", json=body, headers={"idempotency-key": new_key()})
        answer.raise_for_status()
        codes.append(answer.json())
    made = codes[-1]
    token = (await client.post("/v1/receipts", json={"code": made["receipt"]})).json()["token"]
    said = 0
    for words in parts(950, 12):
        body = {"t": "say", "case": made["case"], "key": new_key(), "words": words}
        head = {"authorization": f"Bearer {token}"}
        answer = await client.post(f"/v1/cases/{made['case']}/acts", json=body, headers=head)
        said += answer.status_code == 200
    desk = await signed(client, service.of("desk", made["station"])[0])
    notes = 0
    for words in parts(480, 5):
        body = {"words": words, "reason": words, "expires_in_h": 1, "lat": HERE[0], "lon": HERE[1], "key": new_key()}
        notes += (await client.post("/v1/hazards", json=body, headers=desk)).status_code == 200
    report |= {"reports": len(codes), "lines": said, "notes": notes, "station": made["station"]}
    return str(made["receipt"])


async def look(browser: Browser, service: Asked, code: str, report: Json) -> None:
    """Opens the pages, opens cases on them, and counts."""
    found: dict[str, Any] = {"executed": 0, "elements": 0, "violations": [], "seen": {}}
    for name, path in (("desk", "/desk"), ("officer", "/officer"), ("citizen", "/")):
        context = await browser.new_context(viewport={"width": 1440, "height": 900}, locale="en")
        page = await context.new_page()
        page.on("dialog", lambda dialog: asyncio.ensure_future(dialog.dismiss()))
        await page.add_init_script(WATCH)
        await page.goto(service.url + path)
        if name == "citizen":
            await page.click("summary:has-text('I have a code')")
            await page.fill("#code", code)
            await page.press("#code", "Enter")
        else:
            person = service.of(name, report["station"])[0]
            await page.fill("#login", person["login"])
            await page.fill("#password", person["password"])
            await page.press("#password", "Enter")
        await page.wait_for_timeout(4_000)
        if name == "desk":
            for _ in range(report["reports"]):
                await page.keyboard.press("j")
                await page.wait_for_timeout(120)
        await _count(page, name, found)
        await context.close()
    report |= {"executed": found["executed"], "elements": found["elements"], "violations": len(found["violations"])}
    report |= {"violating": found["violations"], "seen": found["seen"]}


async def _count(page: Page, name: str, found: dict[str, Any]) -> None:
    found["executed"] += int(bool(await page.evaluate("window.__ran === 1")))
    found["elements"] += await page.locator(".hostile").count()
    found["violations"] += [f"{name}: {one}" for one in await page.evaluate("window.__violations")]
    found["seen"][name] = (await page.evaluate("document.body.innerText")).count("hostile")


def chromium() -> str | None:
    """Debian's, or None for Playwright's own."""
    where = Path("/usr/bin/chromium")
    return str(where) if where.exists() else None


async def run(report: Json) -> int:
    """Fills `report`; the exit code. Raises: EXPECTED."""
    missing = await asyncio.to_thread(ensure_browser, os.environ, os.geteuid() == 0)
    if missing:
        raise OSError(missing)
    with tempfile.TemporaryDirectory(prefix="onbeat-xss-") as folder:
        async with own(Path(folder)) as service, httpx.AsyncClient(base_url=service.url, trust_env=False) as client:
            code = await fill(service, client, report)
            async with async_playwright() as playwright:
                browser = await playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
                await look(browser, service, code, report)
                await browser.close()
    return 1 if report["executed"] or report["elements"] or report["violations"] else 0


def main(argv: Sequence[str] | None = None) -> int:
    parser = answer.Words(prog="scripts/xss", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--json", type=Path, required=True, metavar="OUT", help="where the report goes")
    chosen = parser.parse_args(argv)
    report: Json = {"payloads": len(PAYLOADS)}
    answer.tells(lambda: report)
    try:
        code = asyncio.run(run(report))
    except EXPECTED as error:
        report, code = answer.blank(answer.Asked("xss", chosen.json), f"{type(error).__name__}: {error}") | report, 2
    answer.write(chosen.json, report)
    print(json.dumps(report, ensure_ascii=False))
    return code


if __name__ == "__main__":
    sys.exit(main())
