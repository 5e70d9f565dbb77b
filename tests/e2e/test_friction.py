"""A flood, as those in it see it: a phone that works for a moment, a desk that confirms, officers after that."""

from typing import Any, Final

import pytest
from playwright.async_api import expect

from dispatch import limits
from tests.e2e.conftest import Screens
from tests.e2e.hands import STATION, report
from tests.e2e.talk import LAT, LON, Town, new_key

MORE_ENV: Final = {"ONBEAT_TRUSTED_PROXY": "1", "ONBEAT_REPORT_LIMITS": "1"}
NETWORK: Final = "198.51.100.7"
SLOWER: Final = 4  # than this machine: a phone of some years ago
WORK_S_MAX: Final = 30  # of a browser on a machine that others use too; the figure is printed
SEEN: Final = """
globalThis.bars = [];
new MutationObserver(() => {
  const bar = document.querySelector("progress");
  if (bar && !globalThis.bars.includes(bar.value)) globalThis.bars.push(bar.value);
  if (bar) globalThis.said = document.getElementById(bar.getAttribute("aria-labelledby")).textContent;
}).observe(document, { subtree: true, childList: true, attributes: true });
"""


async def flood(town: Town, address: str, count: int, **more: Any) -> list[str]:
    """Cases from one network; each where nobody else reports, unless it says where."""
    made = []
    for n in range(count):
        body = {"category": "theft", "words": "Nothing.", "lat": LAT - n / 400, "lon": LON} | more
        head = {"idempotency-key": new_key(), "x-forwarded-for": address}
        answer = await town.client.post("/v1/reports", json=body, headers=head)
        assert answer.status_code == 201, answer.text
        made.append(str(answer.json()["case"]))
    return made


@pytest.mark.browser
@pytest.mark.parametrize("workers", [True, False], ids=["beside the page", "where no worker can be had"])
async def test_a_page_in_a_flooded_network_works_for_a_moment_and_says_so(
    town: Town, screens: Screens, workers: bool
) -> None:
    network = NETWORK if workers else "203.0.113.7"
    await flood(town, network, limits.REPORTS_PER_ADDRESS)
    page = await screens.open("/", drawn_maps=False)
    await page.context.set_extra_http_headers({"x-forwarded-for": network})
    await page.evaluate(SEEN)
    if not workers:
        await page.evaluate("delete globalThis.Worker")
    slow = await page.context.new_cdp_session(page)
    await slow.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    words = f"A bicycle is gone ({network})."
    begun = await page.evaluate("performance.now()")
    assert await report(page, "bicycle", words, LAT + 0.01, LON)
    print(f"{(await page.evaluate('performance.now()') - begun) / 1000:.1f} s with typing")
    rows = await town.owner.fetch("SELECT status, desk_reason FROM cases WHERE words = $1", words)
    assert len(rows) == 1 and rows[0]["desk_reason"] != "to_confirm"
    assert await page.evaluate("bars.length") > 1, "how far it is"
    assert "short task" in await page.evaluate("said")
    assert [one for one in screens.complaints if "429" not in one] == [], "the browser tells of each 429 by itself"


async def test_the_desk_confirms_what_is_much_for_one_place_and_officers_are_asked_then(town: Town) -> None:
    officer, desk = await town.someone("officer", 1), await town.someone("desk")
    assert (await officer.ask("POST", "/v1/duty", {"t": "duty", "on": True, "key": new_key()})).status_code == 200
    place = {"lat": LAT + 0.0051, "lon": LON + 0.0031}
    cases = [(await flood(town, f"192.0.2.{n}", 1, **place))[0] for n in range(limits.REPORTS_PER_PLACE_DESK + 1)]
    stands = {str(r["id"]): r for r in await town.owner.fetch("SELECT id, station, status, desk_reason FROM cases")}
    assert {stands[case]["status"] for case in cases[:-1]} == {"offered"}
    last = stands[cases[-1]]
    assert (last["status"], last["desk_reason"], last["station"]) == ("at_station", "to_confirm", STATION)
    seen = (await desk.ask("GET", f"/v1/cases/{cases[-1]}")).json()
    assert seen["desk_reason"] == "to_confirm"
    act = {"t": "reoffer", "case": cases[-1], "key": new_key(), "reason": "Called back."}
    assert (await desk.ask("POST", f"/v1/cases/{cases[-1]}/acts", act)).status_code == 200
    assert (await desk.ask("GET", f"/v1/cases/{cases[-1]}")).json()["status"] == "offered"


@pytest.mark.browser
async def test_the_desks_card_says_that_it_confirms_first(town: Town, screens: Screens) -> None:
    place = {"lat": LAT + 0.0071, "lon": LON + 0.0031}
    case = [(await flood(town, f"192.0.2.{n}", 1, **place))[0] for n in range(limits.REPORTS_PER_PLACE_DESK + 1)][-1]
    station = await town.owner.fetchval("SELECT station FROM cases WHERE id = $1::uuid", case)
    page = await screens.signed_in("/desk", town.service.of("desk", station)[0], phone=False, drawn_maps=False)
    await page.click(f'button[data-case="{case}"]')
    await expect(page.locator("dl.facts")).to_contain_text("Confirm first: many reports of the same place at once")
    await expect(page.locator("dl.facts")).to_contain_text("No number")
