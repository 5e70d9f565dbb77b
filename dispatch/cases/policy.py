"""A policy of offering: who is asked first, how far, and for how long. Pure values, and their reader from JSON.

The file is one object; what it leaves out is the service's own (dispatch.limits):

    {"mode": "snatch", "rings_m": [1500, 3000, 6000], "wave_ms": 15000, "head_start_s": 0, "turn_ms": 8000,
     "window_ms": 60000}
"""

from enum import StrEnum
from typing import Any, Final

import msgspec

from dispatch.limits import (
    BEST_OFFICER_TURN_MS,
    HEAD_START_MS_MAX,
    OFFER_WINDOW_MS,
    RINGS_M,
    RINGS_MAX,
    WAVE_INTERVAL_MS,
)

WINDOW_MS: Final = (100, 600_000)  # as the table `categories` checks them
PAUSE_MS: Final = (50, 600_000)
RING_M_MAX: Final = 100_000


class Mode(StrEnum):
    """How a case is put before officers. Whatever the mode, the window bounds it and the first valid claim wins."""

    SNATCH = "snatch"  # everyone in the ring at once, ring by ring
    BEST_OFFICER = "best_officer"  # one after another, nearest by travel time, each a turn
    DESK_FIRST = "desk_first"  # nobody: a person at the desk decides


class PolicyError(ValueError):
    """Not a policy; the message is a sentence that names what is wrong."""


class Policy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`rings_m` rise; `head_start_s`: what the beat's own officers have before anybody else is asked, 0 for none;
    `turn_ms`: what each has in `best_officer`."""

    mode: Mode = Mode.SNATCH
    rings_m: tuple[int, ...] = RINGS_M
    wave_ms: int = WAVE_INTERVAL_MS
    head_start_s: float = 0.0
    turn_ms: int = BEST_OFFICER_TURN_MS
    window_ms: int = OFFER_WINDOW_MS

    @property
    def head_start_ms(self) -> int:
        return round(self.head_start_s * 1000)

    def columns(self) -> dict[str, Any]:
        """As the table `categories` and a town's file name its parts."""
        return {
            "mode": str(self.mode),
            "rings_m": list(self.rings_m),
            "wave_ms": self.wave_ms,
            "head_start_ms": self.head_start_ms,
            "turn_ms": self.turn_ms,
            "window_ms": self.window_ms,
        }


def read_policy(text: bytes | str) -> Policy:
    """The policy of a file's content. Raises: PolicyError."""
    try:
        policy = msgspec.json.decode(text, type=Policy)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise PolicyError(f"This is not a policy: {error}") from error
    sentence = wrong(policy)
    if sentence is not None:
        raise PolicyError(sentence)
    return policy


def wrong(policy: Policy) -> str | None:
    """What cannot be meant, as a sentence."""
    rings = policy.rings_m
    if not 1 <= len(rings) <= RINGS_MAX or any(not 1 <= ring <= RING_M_MAX for ring in rings):
        return f"rings_m holds 1 to {RINGS_MAX} rings of 1 to {RING_M_MAX} metres, not {list(rings)}."
    if list(rings) != sorted(set(rings)):
        return f"rings_m widens from each ring to the next; {list(rings)} does not."
    for name, value, (least, most) in (
        ("window_ms", policy.window_ms, WINDOW_MS),
        ("wave_ms", policy.wave_ms, PAUSE_MS),
        ("turn_ms", policy.turn_ms, PAUSE_MS),
        ("head_start_s", policy.head_start_s, (0, HEAD_START_MS_MAX / 1000)),
    ):
        if not least <= value <= most:
            return f"{name} is {least:g} to {most:g}, not {value!r}."
    if policy.head_start_ms >= policy.window_ms:
        return "head_start_s is shorter than the window: the others must have time to answer."
    return None
