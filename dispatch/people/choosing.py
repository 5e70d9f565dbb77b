"""Which passwords may be chosen: long enough, not the old one, not a common one, not made of words of this house.

No rule of signs: length and a list of what is tried first do more (NIST SP 800-63B, 3.1.1.2).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from dispatch import limits
from dispatch.people.ports import Account

HOUSE: Final = (
    "onbeat", "就近接单", "jiujinjiedan", "police", "公安", "警察", "jingcha", "gongan", "paichusuo", "派出所",
    "station", "officer", "desk", "supervisor", "admin", "dispatch", "password", "密码", "mima",
)  # fmt: skip
"""Words that whoever guesses here begins with; an operator adds the town's own (ONBEAT_PASSWORD_WORDS)."""


class Common(Protocol):
    """Passwords that are known to be in use, from what was stolen elsewhere."""

    def holds(self, password: str) -> bool:
        """Whether it is one of them; large and small letters are the same."""


class Poor(StrEnum):
    """Why not this one."""

    WEAK = "password_weak"
    COMMON = "password_common"
    OF_THE_HOUSE = "password_of_the_house"


@dataclass(frozen=True, slots=True)
class Choosing:
    """`words`: of this house, beside those of the person's own account."""

    common: Common
    words: frozenset[str] = frozenset(HOUSE)

    @classmethod
    def among(cls, common: Common, added: Iterable[str] = ()) -> "Choosing":
        """`added`: an operator's own words."""
        return cls(common, frozenset({*HOUSE, *(word.casefold() for word in added)}))

    def poor(self, chosen: str, login: str, old: str, account: Account) -> Poor | None:
        """None: it may be chosen."""
        said, name = chosen.casefold(), login.casefold()
        if not limits.CHOSEN_CHARS_MIN <= len(chosen) <= limits.CHOSEN_CHARS_MAX or chosen == old:
            return Poor.WEAK
        if len(set(said.replace(name, ""))) < limits.CHOSEN_SIGNS_MIN:
            return Poor.WEAK
        if self.common.holds(chosen):
            return Poor.COMMON
        own = {one.casefold() for one in (login, account.station, account.call_sign) if one}
        rest = said
        for word in sorted(self.words | own, key=len, reverse=True):
            rest = rest.replace(word, "")
        if rest != said and len(rest) < limits.CHOSEN_BESIDE_CHARS_MIN:
            return Poor.OF_THE_HOUSE
        return None
