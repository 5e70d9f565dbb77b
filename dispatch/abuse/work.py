"""A proof of work: a question that is asked without keeping anything, and whose answer serves one report only.

A challenge is `bits.parts.ends.mac`: signed, over the report's own idempotency key too. So it is of use for one key, a
key makes one case, and a retry of the same report carries the same answer: of what was used nothing has to be kept.

Part i is solved by the least n for which SHA-256(SHA-256("challenge.i") followed by n as eight bytes, the most
significant first) begins with `bits` zero bits. Several small parts instead of one large one: who is unlucky waits
hardly longer than who is lucky (of sixteen parts one in a hundred takes 1.6 times the mean, of one part 4.6 times), and
a page can tell how far it is. The answer is `challenge n0,n1,...`.
"""

import base64
import hashlib
import hmac
import re
from itertools import count
from typing import Final

import msgspec

from dispatch.limits import WORK_PARTS, WORK_S

NUMBER: Final = r"(?:0|[1-9][0-9]{0,15})"  # what a page's numbers hold exactly
ANSWER: Final = re.compile(
    rf"([0-9]{{1,2}}\.[0-9]{{1,3}}\.[0-9]{{1,12}}\.[A-Za-z0-9_-]{{43}}) ({NUMBER}(?:,{NUMBER}){{{WORK_PARTS - 1}}})"
)


class WorkAsked(msgspec.Struct, frozen=True, kw_only=True):
    """What to solve. `parts` of `bits` each, to be sent back with the report within `lasts_s`."""

    challenge: str
    bits: int
    parts: int
    lasts_s: int


class Work:
    """Asks and checks. `secret`: the fleet's."""

    def __init__(self, secret: bytes) -> None:
        self._key = hmac.digest(secret, b"onbeat proof of work", "sha256")

    def ask(self, key: str, bits: int, now: float) -> WorkAsked:
        """A question for the report of this key. `now`: Unix seconds."""
        said = f"{bits}.{WORK_PARTS}.{int(now) + WORK_S}"
        return WorkAsked(challenge=f"{said}.{self._mac(key, said)}", bits=bits, parts=WORK_PARTS, lasts_s=WORK_S)

    def done(self, key: str, answer: str, now: float) -> bool:
        """Whether it is the answer to a question of ours for this key that is not over yet."""
        found = ANSWER.fullmatch(answer)
        if found is None:
            return False
        challenge, numbers = found[1], found[2].split(",")
        said, _, mac = challenge.rpartition(".")
        if not hmac.compare_digest(mac, self._mac(key, said)):
            return False
        bits, _, ends = (int(word) for word in said.split("."))
        return now < ends and all(solves(challenge, part, int(n), bits) for part, n in enumerate(numbers))

    def _mac(self, key: str, said: str) -> str:
        mac = hmac.digest(self._key, f"{key}|{said}".encode(), "sha256")
        return base64.urlsafe_b64encode(mac).rstrip(b"=").decode()


def solves(challenge: str, part: int, n: int, bits: int) -> bool:
    digest = hashlib.sha256(_seed(challenge, part) + n.to_bytes(8, "big")).digest()
    return int.from_bytes(digest[:4], "big") >> (32 - bits) == 0


def solve(asked: WorkAsked) -> str:
    """The answer, by trying: for clients in Python and for tests."""
    return (
        f"{asked.challenge} {','.join(str(_least(asked.challenge, part, asked.bits)) for part in range(asked.parts))}"
    )


def _least(challenge: str, part: int, bits: int) -> int:
    before = hashlib.sha256(_seed(challenge, part))
    for n in count():
        one = before.copy()
        one.update(n.to_bytes(8, "big"))
        if int.from_bytes(one.digest()[:4], "big") >> (32 - bits) == 0:
            return n
    raise AssertionError("counting never ends")


def _seed(challenge: str, part: int) -> bytes:
    return hashlib.sha256(f"{challenge}.{part}".encode()).digest()
