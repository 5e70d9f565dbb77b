"""How far a confirmed number's word went before: three levels, from how its earlier reports ended.

A hoax is called so by a supervisor alone and stands until somebody says otherwise; one may be a mistake, so two are
needed, and more than what proved true. Nobody is ever locked out by it: the desk looks first, and sees why.
"""

from collections.abc import Iterable
from typing import Final

from dispatch.abuse.values import Trust
from dispatch.cases.values import Disposition
from dispatch.limits import TRUST_HOAXES, TRUST_TRUE

TRUE: Final = frozenset({Disposition.FOUNDED, Disposition.REPORT_TAKEN})
"""Somebody went or looked and found what was said. Unfounded, gone on arrival, advice: nobody's word was wrong."""


def trust_of(ended: Iterable[Disposition | None]) -> Trust:
    """Of a number that was confirmed; how its reports within TRUST_DAYS ended, None for those that are open."""
    told = list(ended)
    hoaxes, true = told.count(Disposition.HOAX), sum(one in TRUE for one in told)
    if hoaxes >= TRUST_HOAXES and hoaxes > true:
        return Trust.DOUBTED
    return Trust.PROVEN if true >= TRUST_TRUE and not hoaxes else Trust.CONFIRMED
