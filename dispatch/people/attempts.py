"""How often somebody may try: counted in Redis for the fleet, in memory where Redis is away.

Only failures stay counted: an attempt is taken before the work and given back when it succeeded, so that many
tries at once cannot slip under the limit and a whole shift behind one address is not kept out. Sign-in fails
closed (over the limit is refused although the password may be right); who reports or claims is never counted here.

Addresses and logins are counted under a keyed pseudonym of the day, gone from Redis within minutes.
"""

import hmac
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from dispatch.people.ports import SessionCache

BUCKETS_MAX: Final = 20_000  # remembered in memory; the oldest go first


@dataclass(frozen=True, slots=True)
class Allowance:
    """`limit` failures within `per_s` seconds, for each `name` and subject."""

    name: str
    limit: int
    per_s: int


LOGIN_AND_ADDRESS: Final = Allowance("sign_in", 10, 300)  # a person who mistypes; not a guesser
LOGIN: Final = Allowance("login", 100, 300)  # many addresses after one login
ADDRESS: Final = Allowance("address", 1_000, 300)  # a station's shift signs in behind one address, mistyping too
PROVIDER: Final = Allowance("provider", 60, 60)  # returns from the identity provider; each asks it something
RECEIPT: Final = Allowance("receipt", 60, 60)  # codes cannot be guessed; this only stops the noise


class Attempts:
    """`key`: secret of the fleet (any process counts the same subject under the same name). `now`: as for SignIn."""

    def __init__(self, cache: SessionCache, key: bytes, now: Callable[[], float]) -> None:
        self._cache = cache
        self._key = key
        self._now = now
        self._counted: OrderedDict[str, int] = OrderedDict()

    async def take(self, *subjects: tuple[Allowance, str]) -> bool:
        """One more attempt of every subject; False when any of them is over its limit."""
        within = True
        for allowance, subject in subjects:
            bucket = self._bucket(allowance, subject)
            here = self._take_here(f"{bucket}.{int(self._now() // allowance.per_s)}") <= allowance.limit
            there = await self._cache.take(bucket, allowance.limit, allowance.per_s)
            within = within and here and there is not False
        return within

    async def give_back(self, *subjects: tuple[Allowance, str]) -> None:
        """The attempt succeeded: it does not count."""
        for allowance, subject in subjects:
            bucket = self._bucket(allowance, subject)
            slot = f"{bucket}.{int(self._now() // allowance.per_s)}"
            if self._counted.get(slot, 0) > 0:
                self._counted[slot] -= 1
            await self._cache.give_back(bucket, allowance.per_s)

    def _take_here(self, slot: str) -> int:
        count = self._counted.pop(slot, 0) + 1
        self._counted[slot] = count
        while len(self._counted) > BUCKETS_MAX:
            self._counted.popitem(last=False)
        return count

    def _bucket(self, allowance: Allowance, subject: str) -> str:
        # The day is part of the name: pseudonyms of different days cannot be joined (DECISIONS D19).
        day = int(self._now() // 86_400)
        word = hmac.digest(self._key, f"{day}|{allowance.name}|{subject}".encode(), "sha256")
        return f"{allowance.name}:{word[:12].hex()}"
