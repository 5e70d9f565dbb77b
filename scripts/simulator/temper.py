"""How people behave: who wants a case, how fast a thumb is, when a phone loses its signal. Seeded and pure.

The numbers are assumptions, chosen so that a run is a fair race: they shape who acts and when, never what the
service answers. Reaction times to a ringing phone: with the phone in the hand about a second and a half to read a
card and decide, from the pocket several seconds; log-normal, as choice reaction times are.
"""

import math
import random
from dataclasses import dataclass
from enum import StrEnum


class Choice(StrEnum):
    """What an officer does with an offer."""

    CLAIM = "claim"
    DECLINE = "decline"
    SILENCE = "silence"


@dataclass(frozen=True, slots=True)
class Decision:
    """`after_s` is the decision, in seconds after the offer was shown; the claim leaves the phone `motor_s` later.

    Between the two nothing stops it: the word that the case is taken meanwhile waits for the same radio, and a
    thumb on its way does not turn round.
    """

    choice: Choice
    after_s: float
    motor_s: float


@dataclass(frozen=True, slots=True)
class Temper:
    """Shares are probabilities, times seconds."""

    unwanted_share: float = 0.08  # cases that hardly anybody wants: old thefts without a trace
    unwanted_willing: float = 0.004
    willing: float = 0.85
    declines: float = 0.15  # of those who do not want it; the rest say nothing
    in_hand: float = 0.85
    hand_median_s: float = 1.4
    hand_sigma: float = 0.2
    pocket_median_s: float = 4.5
    pocket_sigma: float = 0.45
    motor_s: tuple[float, float] = (0.35, 0.8)  # eye, thumb, glass, and the radio of an idle phone waking up
    signal_lost_every_s: float = 240.0  # mean; exponential
    signal_lost_s: tuple[float, float] = (2.0, 20.0)
    cut_after_claim: float = 0.01  # the signal goes just after the tap, before the answer
    over_http: float = 0.1  # claims that a phone sends over HTTP instead of its socket
    answer_lost: float = 0.02  # reports whose answer never reaches the citizen, who sends again
    set_out_s: tuple[float, float] = (1.0, 2.5)  # compressed work: free again about 20 s after winning
    travel_s: tuple[float, float] = (6.0, 10.0)
    scene_s: tuple[float, float] = (7.0, 10.0)
    desk_reads_s: tuple[float, float] = (2.0, 9.0)

    def unwanted(self, seed: int, number: int) -> bool:
        """Whether this case is one that hardly anybody wants: the same answer for everyone in a run."""
        return random.Random(f"{seed}:appeal:{number}").random() < self.unwanted_share

    def decide(self, seed: int, login: str, number: int, round_: int) -> Decision:
        """What this officer does with this offer; the same in every run of the seed."""
        dice = random.Random(f"{seed}:{login}:{number}:{round_}")
        willing = self.unwanted_willing if self.unwanted(seed, number) else self.willing
        wants = dice.random() < willing
        in_hand = dice.random() < self.in_hand
        median, sigma = (self.hand_median_s, self.hand_sigma) if in_hand else (self.pocket_median_s, self.pocket_sigma)
        after_s = median * math.exp(dice.gauss(0.0, sigma))
        motor_s = dice.uniform(*self.motor_s)
        if wants:
            return Decision(Choice.CLAIM, after_s, motor_s)
        says_no = dice.random() < self.declines
        return Decision(Choice.DECLINE if says_no else Choice.SILENCE, after_s, motor_s)
