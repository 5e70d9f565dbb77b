"""What cannot be meant, seen without the record: pure."""

import re
from typing import Final

from dispatch.admin.values import STATIONED, CategoryChange, PersonChange, Refused
from dispatch.cases.policy import Policy, wrong
from dispatch.limits import BEST_OFFICER_TURN_MS, OFFER_WINDOW_MS, RINGS_M, WAVE_INTERVAL_MS

NAMED: Final = re.compile(r"[a-z0-9][a-z0-9._-]{1,62}\Z")
"""A login or an id that is made anew: safe in an address, on paper and over the telephone."""

OFFICERS_OWN: Final = ("call_sign", "surname", "beat", "slots", "shift_ends_at")


def wrong_name(name: str, version: int) -> Refused | None:
    """A new login or id must be easy to say; one that stands is what it is."""
    return Refused("name_invalid") if version == 0 and not NAMED.match(name) else None


def wrong_person(change: PersonChange) -> Refused | None:
    """Whether the parts fit the role."""
    if change.role in STATIONED and change.station is None:
        return Refused("field_missing", "/station", "An officer or a desk belongs to a station.")
    if change.role not in STATIONED and change.station is not None:
        return Refused("field_invalid", "/station", "A supervisor or an admin belongs to no station.")
    if change.role == "officer":
        missing = next((f for f in ("call_sign", "surname", "slots") if getattr(change, f) is None), None)
        return Refused("field_missing", f"/{missing}", f"An officer has {missing}.") if missing else None
    own = next((f for f in OFFICERS_OWN if getattr(change, f) is not None), "skills" if change.skills else None)
    return Refused("field_invalid", f"/{own}", f"Only an officer has {own}.") if own else None


def wrong_category(change: CategoryChange) -> Refused | None:
    """Whether the policy can be meant as a whole, the service's own put in where it says nothing."""
    policy = Policy(
        mode=change.mode,
        rings_m=change.rings_m or RINGS_M,
        wave_ms=change.wave_ms or WAVE_INTERVAL_MS,
        head_start_s=(change.head_start_ms or 0) / 1000,
        turn_ms=change.turn_ms or BEST_OFFICER_TURN_MS,
        window_ms=change.window_ms or OFFER_WINDOW_MS,
    )
    sentence = wrong(policy)
    if sentence is None:
        return None
    pointer = "/rings_m" if sentence.startswith("rings_m") else "/head_start_ms" if "head_start" in sentence else ""
    return Refused("policy_invalid", pointer, sentence.replace("head_start_s", "head_start_ms"))
