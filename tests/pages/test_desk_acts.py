"""The desk's page offers what the service's table allows, and no act of a desk is missing from it."""

import json
import subprocess
from typing import Any, get_args

import pytest

from dispatch.cases.lifecycle import GUARDS, LEGAL
from dispatch.cases.values import Actor, Event, Status
from dispatch.limits import HOLD_MIN_MAX, SEATS_MAX
from dispatch.people.permissions import Act, may_ever
from dispatch.people.values import Role
from gateway.http.pages import ROOM
from gateway.wire.acts import ACTS, ActMessage
from scripts.web_packages import find_node

EVENTS = {
    "take": {Event.TAKEN_BY_DESK},
    "acknowledge": {Event.ACKNOWLEDGED},
    "assign": {Event.ASSIGNED, Event.REASSIGNED},
    "add": {Event.OFFICER_ADDED},
    "take_back": {Event.OFFICER_TAKEN_BACK},
    "preempt": {Event.ASSIGNED},  # of the case that gets the officer
    "ask_welfare": {Event.WELFARE_ASKED},
    "reoffer": {Event.REOFFERED},
    "hold": {Event.PUT_ON_HOLD},
    "offer_appointment": {Event.APPOINTMENT_OFFERED},
    "refer": {Event.CLEARED},
    "close": {Event.CLEARED},
    "hand_over": {Event.HANDED_OVER},
    "merge": {Event.ABSORBED},
    "split": {Event.SPLIT},
    "unmerge": {Event.UNMERGED},
    "reclassify": {Event.RECLASSIFIED},
}
MESSAGES = {"close": {"cleared", "close_by_telephone"}}
TALK = {"say", "read"}  # the card has a field of its own for it
IN_THE_CHAIR = {Event.CLEARED: {Status.AT_STATION}}  # the table allows the officer's own clearing on scene too


def tag_of(message: Any) -> str:
    return str(message.__struct_config__.tag)


@pytest.fixture(scope="module")
def page() -> dict[str, Any]:
    """The page's own table, as Node reads it."""
    found = find_node()
    if found is None:
        pytest.skip("no Node")
    script = f"""
        const {{ ACTS, SEATS_MAX, missing }} = await import({json.dumps((ROOM / "station" / "acts.js").as_uri())});
        const hold = (n) => missing("hold", {{ hold_min: String(n) }}, 0) === null;
        const held = [1, {HOLD_MIN_MAX}, {HOLD_MIN_MAX + 1}].map(hold);
        console.log(JSON.stringify({{ acts: ACTS, seats: SEATS_MAX, hold: held }}));
    """
    ran = subprocess.run(
        [found.node, "--input-type=module", "-e", script], capture_output=True, text=True, timeout=60, check=False
    )
    assert ran.returncode == 0, ran.stderr
    told: dict[str, Any] = json.loads(ran.stdout)
    return told


def test_an_act_is_offered_in_exactly_the_statuses_in_which_the_service_allows_it(page: dict[str, Any]) -> None:
    for act in page["acts"]:
        allowed = {status for (status, event) in LEGAL if event in EVENTS[act["name"]]}
        for event in EVENTS[act["name"]] & IN_THE_CHAIR.keys():
            allowed &= IN_THE_CHAIR[event]
        assert set(act["when"]) == allowed, act["name"]


def test_whatever_a_desk_may_say_about_a_case_has_a_key(page: dict[str, Any]) -> None:
    said = {name for act in page["acts"] for name in MESSAGES.get(act["name"], {act["name"]})}
    may = {
        tag_of(message)
        for message, (act, _) in ACTS.items()
        if may_ever(Role.DESK, act) or may_ever(Role.SUPERVISOR, act)
    }
    assert may - TALK == said
    assert {tag_of(one) for one in get_args(ActMessage)} >= said | TALK


def test_only_what_a_supervisor_alone_may_do_is_kept_from_a_desk(page: dict[str, Any]) -> None:
    for act in page["acts"]:
        actors = {actor for event in EVENTS[act["name"]] for actor in GUARDS[event].actors}
        assert (Actor.DESK not in actors) == act.get("supervisor", False), act["name"]
    assert not may_ever(Role.DESK, Act.RECLASSIFY)


def test_the_pages_bounds_are_the_services(page: dict[str, Any]) -> None:
    assert page["seats"] == SEATS_MAX
    assert page["hold"] == [True, True, False]
