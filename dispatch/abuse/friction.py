"""How much is asked of a report before officers are: nothing, a proof of work, the desk's word. Never its end.

`judge` is the whole rule, and pure. Work is asked of who gives no number, where many come from one network or from
everywhere; it is solved by the reporter's own phone in seconds. The desk confirms what came past that, and what a
doubted number reports: it stands in the desk's queue at once, and the desk offers it to officers or answers it.
"""

import ipaddress
import math
from collections.abc import Callable, Mapping
from typing import Final

from dispatch.abuse.counting import Counting
from dispatch.abuse.values import CALM, Confirm, Look, Source, Subject, Trust
from dispatch.abuse.work import Work, WorkAsked
from dispatch.limits import (
    REPORT_CELL_DEG,
    REPORTS_PER_ADDRESS,
    REPORTS_PER_ADDRESS_DESK,
    REPORTS_PER_BLOCK,
    REPORTS_PER_BLOCK_DESK,
    REPORTS_PER_EVERYONE,
    REPORTS_PER_NUMBER_DESK,
    REPORTS_PER_PLACE_DESK,
    WORK_BITS,
)

WORK_FROM: Final[Mapping[Subject, int]] = {
    Subject.ADDRESS: REPORTS_PER_ADDRESS,
    Subject.BLOCK: REPORTS_PER_BLOCK,
    Subject.EVERYONE: REPORTS_PER_EVERYONE,
}
"""So many without work."""
DESK_FROM: Final[Mapping[Subject, tuple[int, Confirm]]] = {
    Subject.ADDRESS: (REPORTS_PER_ADDRESS_DESK, Confirm.SOURCE),
    Subject.BLOCK: (REPORTS_PER_BLOCK_DESK, Confirm.SOURCE),
    Subject.PLACE: (REPORTS_PER_PLACE_DESK, Confirm.PLACE),
    Subject.NUMBER: (REPORTS_PER_NUMBER_DESK, Confirm.NUMBER),
}
"""So many without the desk, and why it is asked."""


def judge(counts: Mapping[Subject, int], *, named: bool, trust: Trust, times: float) -> Look:
    """What one more report is asked for, after so many within the window. `times`: how often the shipped limits count.

    `named` with a confirmed number: no work, because the number was work enough, and nothing by the network, which
    others may share. A doubted number goes to the desk, however few it sends; that is the most that trust can do.
    """
    if named:
        counts = {subject: n for subject, n in counts.items() if subject in (Subject.NUMBER, Subject.PLACE)}
    over = [counts.get(subject, 0) / (limit * times) for subject, limit in WORK_FROM.items()]
    least, most = WORK_BITS
    bits = min(most, least + int(math.log2(max(over)))) if max(over) >= 1.0 else 0
    if named and trust is Trust.DOUBTED:
        return Look(0, Confirm.TRUST)
    for subject, (limit, why) in DESK_FROM.items():
        if counts.get(subject, 0) >= limit * times:
            return Look(bits, why)
    return Look(bits) if bits else CALM


class Friction:
    """One for each process. `times`: how often the shipped limits count; 0: nothing is counted or asked."""

    def __init__(self, counting: Counting, secret: bytes, now: Callable[[], float], times: float) -> None:
        self._counting, self._now, self.times = counting, now, times
        self._work = Work(secret)

    @property
    def on(self) -> bool:
        return self.times > 0

    def source(
        self, address: str, lat: float, lon: float, number: str | None = None, trust: Trust | None = None
    ) -> Source:
        """Keyed names of where a report comes from. Degrees in WGS-84; `number`: what stands for a confirmed one."""
        place = (Subject.PLACE, f"{math.floor(lat / REPORT_CELL_DEG)},{math.floor(lon / REPORT_CELL_DEG)}")
        if number is not None:
            said = [place, (Subject.NUMBER, number)]
        else:
            said = [place, (Subject.EVERYONE, ""), *network_of(address)]
        names = tuple((subject, self._counting.name(subject, text)) for subject, text in said)
        return Source(names, number is not None, trust or (Trust.CONFIRMED if number is not None else Trust.UNKNOWN))

    def look(self, source: Source) -> Look:
        """What this report is asked for. Counts nothing: who is asked for work and never comes back made no case."""
        counts = {subject: self._counting.of(name) for subject, name in source.names}
        return judge(counts, named=source.named, trust=source.trust, times=self.times)

    def took(self, source: Source, more: int = 1) -> None:
        """One more report of this source; -1: nothing came of it."""
        self._counting.add((name for _, name in source.names), more)

    def ask(self, key: str, bits: int) -> WorkAsked:
        return self._work.ask(key, bits, self._now())

    def done(self, key: str, answer: str | None) -> bool:
        return answer is not None and self._work.done(key, answer, self._now())


def network_of(address: str) -> list[tuple[Subject, str]]:
    """What an address is counted by: itself (of IPv6 its /64, which one device changes at will) and its block, /24 or
    /56. Nothing for this machine's own: that is a test, or a proxy that nobody told us to believe, so everybody."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return []
    ip = getattr(ip, "ipv4_mapped", None) or ip
    if ip.is_loopback or ip.is_unspecified:
        return []
    own, block = (32, 24) if ip.version == 4 else (64, 56)
    return [(Subject.ADDRESS, _network(ip, own)), (Subject.BLOCK, _network(ip, block))]


def _network(ip: ipaddress.IPv4Address | ipaddress.IPv6Address, bits: int) -> str:
    return f"{ip.version}|{int(ip) >> (ip.max_prefixlen - bits):x}"
