"""The rules of the pages: for each a bug is planted into a copy of the room, and the test that it names must see it.

A bug that nothing sees is a rule that nobody guards. The words that go must stand there once, so that a bug which can
no longer be planted is told.
"""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from gateway.http.pages import ROOM, room_files
from scripts.web_packages import find_node

HERE: Final = Path(__file__).parent
ROOT: Final = ROOM.parents[1]


@dataclass(frozen=True, slots=True)
class Bug:
    """`old` in `file` becomes `new`; then the test of `tests` whose name begins with `killer` is red."""

    rule: str
    file: str
    old: str
    new: str
    tests: str
    killer: str


BUGS: Final = (
    Bug(
        "a name on a map is whole, or it is not there",
        "shared/names.js", "x: within(seen.x, most.x)", "x: seen.x",
        "names", "every name stands whole in what is seen of its area",
    ),
    Bug(
        "no name on a map lies on another",
        "shared/names.js", "!boxes.some((one) => meet(one, spot))", "true",
        "names", "every name stands whole in what is seen of its area",
    ),
    Bug(
        "take it pressed twice sends once",
        "officer/offering.js", "return !one || one.going ? state :", "return !one ? state :",
        "officer", "taking twice sends once, and the act carries the round",
    ),
    Bug(
        "a countdown ends by the page's own clock and the server's milliseconds",
        "shared/store.js", "heard_ms + m.remaining_ms", "Date.now() + m.remaining_ms",
        "officer", "an offer's ring runs from the server's milliseconds",
    ),
    Bug(
        "the ring that has run out takes no press",
        "officer/offering.js", "offer && isOver(offer, state)) return state", "false) return state",
        "officer", "when the ring has run out the button says so and does nothing more",
    ),
    Bug(
        "a press that was on its way takes no other case",
        "officer/deck.js", "state.now_ms >= state.armed_ms", "true",
        "officer", "a press that was meant for the card that has just gone takes nothing",
    ),
    Bug(
        "a nearer offer does not push itself under the thumb",
        "officer/deck.js", "(has(state, state.focus) ? state.focus :", "(false ? state.focus :",
        "officer", "a nearer offer does not push itself under the thumb",
    ),
    Bug(
        "an exact place is never in the card of an offer",
        "officer/view_offer.js", 'kind: "case", ...offer.place,', 'kind: "pin", ...offer.place, within_m: 0,',
        "officer", "the card of an offer shows a place no more exact than it was told",
    ),
    Bug(
        "an act carries the fence of its seat",
        "officer/acting.js", "const on = { case: m.case, fence: held.fence };", "const on = { case: m.case };",
        "officer_case", "a won case replaces its offer, and its button is always the next step with the fence",
    ),
    Bug(
        "one call for help at a time, under one key",
        "officer/calling.js", "if (this.#key) return;", "",
        "officer_safety", "a call for help goes over HTTP where no line answers",
    ),
    Bug(
        "an alarm sounds until somebody has seen it",
        "officer/signals.js", 'some((one) => !one.seen)) return "alarm"', 'some((one) => one.seen)) return "alarm"',
        "officer_safety", "what goes on sounding is the most urgent thing that nobody has answered",
    ),
    Bug(
        "signing out leaves nothing of the person",
        "officer/reducer.js", "return { ...FIRST, now_ms: state.now_ms,", "return { ...state, now_ms: state.now_ms,",
        "officer", "signing out leaves nothing of the person and keeps what the phone was set to",
    ),
    Bug(
        "a report is sent under one key",
        "citizen/sending.js", '"idempotency-key": report.key, ...', '"idempotency-key": newKey(), ...',
        "sending", "a report is kept before it is sent, and every attempt carries the same key and the same words",
    ),
    Bug(
        "a report is kept before it is sent",
        "citizen/sending.js", "    onDevice.write(SENT, report);\n", "",
        "sending", "a report is kept before it is sent, and every attempt carries the same key and the same words",
    ),
    Bug(
        "a draft in silent mode is not left on the device",
        "citizen/sending.js", "(state.silent ? inTab : onDevice).write", "onDevice.write",
        "sending", "a draft stays on the device, in silent mode only in the tab, and after it was sent nowhere",
    ),
    Bug(
        "an emergency stops the form",
        "citizen/draft.js", "return fresh || !rulesOf(advice).length ?", "return false ?",
        "citizen", "what sounds like an emergency stops the form until it is answered, and keeps every word",
    ),
    Bug(
        "the code is shown until it is kept, then never again",
        "citizen/reducer.js", "return { ...state, receipt: null, qr: null };", "return state;",
        "citizen", "the code is shown as text and picture until it is kept, then never again",
    ),
    Bug(
        "who comes is on the map from claim to arrival only",
        "citizen/view_case.js", 'if (!["claimed", "en_route"].includes(status) || !place)', "if (!place)",
        "citizen", "the map stands there from claim to arrival only",
    ),
    Bug(
        "an officer who has no seat any more leaves the map",
        "citizen/following.js", "filter(([sign]) => signs.has(sign))", "filter(() => true)",
        "citizen", "an officer who no longer holds the case leaves the map",
    ),
    Bug(
        "leaving in a hurry is for good",
        "citizen/reducer.js", "if (state.gone) return state;", "",
        "citizen", "leaving in a hurry empties the state for good",
    ),
    Bug(
        "the tops of a resumed welcome are not taken for received",
        "shared/offsets.js", "token: m.token, pending: null, c", "token: m.token, at: m.at, pending: null, c",
        "shared", "the top offsets of a resumed welcome are not taken for received",
    ),
    Bug(
        "an act keeps its key",
        "shared/acts.js", "key: act.key ?? newKey()", "key: newKey()",
        "shared", "an act is kept before it is sent, keeps its key, and goes when it is judged",
    ),
    Bug(
        "who reported goes from the desk's state with the card",
        "station/identity.js", "identity: identity ? null : state.identity", "identity: state.identity",
        "identity", "who reported is gone from the whole state as soon as the card shows another case",
    ),
    Bug(
        "an earlier entry never replaces a later one at the desk",
        "station/live.js", "(state.cases[it.case]?.seq ?? -1) > it.seq", "false",
        "station", "an earlier entry of a case never replaces a later one",
    ),
)  # fmt: skip


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The room and its tests as a house of their own; what else the tests read is the real thing."""
    house = tmp_path_factory.mktemp("house")
    for path in (*room_files(), *HERE.glob("*.mjs")):
        there = house / path.relative_to(ROOT)
        there.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, there)
    (house / "dispatch").symlink_to(ROOT / "dispatch")
    return house


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.rule)
def test_a_planted_bug_is_seen_by_the_test_of_its_rule(copy: Path, bug: Bug) -> None:
    found = find_node()
    if found is None:
        pytest.skip("no Node: the reducers are then only seen in the browser's tests")
    file = copy / ROOM.relative_to(ROOT) / bug.file
    whole = file.read_text()
    assert whole.count(bug.old) == 1, f"{bug.file} has {whole.count(bug.old)} times: {bug.old}"
    file.write_text(whole.replace(bug.old, bug.new))
    try:
        ran = subprocess.run(
            [found.node, "--test", "--test-reporter=tap", copy / HERE.relative_to(ROOT) / f"{bug.tests}.test.mjs"],
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
    finally:
        file.write_text(whole)
    red = [line.split(" - ", 1)[1] for line in ran.stdout.splitlines() if line.lstrip().startswith("not ok ")]
    said = f"{ran.stdout[-2000:]}{ran.stderr[-2000:]}"
    assert any(name.startswith(bug.killer) for name in red), f"nothing saw it; red: {red}\n{said}"
