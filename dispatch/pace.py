"""How much may go into one call, and how many may wait for theirs, where what they call is slow. Pure.

A batch that only knows a greatest size turns a slow database into a dead one: everything that waits goes into one call,
the call runs into its time limit, all of it was in vain, and meanwhile as much again has come.
"""

from dispatch.limits import BATCH_FEW, BATCH_ITEMS_MAX


class Pace:
    """Learns from each call how many items one may take, and how long an item takes while there is a crowd.

    `call_s`: what a call should take at most. `wait_s`: what the last of those who wait should wait at most.
    """

    def __init__(self, call_s: float, wait_s: float) -> None:
        self._call_s, self._wait_s = call_s, wait_s
        self.most = BATCH_ITEMS_MAX
        self._each_s = 0.0  # 0: not known to be slow
        self._running, self._since = 0, 0.0  # items of the call that runs, and when it began

    def began(self, items: int, now: float) -> None:
        """A call with so many items begins. `now`: seconds of the clock that `too_many` is asked by."""
        self._running, self._since = items, now

    def took(self, items: int, seconds: float) -> None:
        """A call with so many items came to its end, whichever, after so long."""
        self._running = 0
        full, each_s = items >= self.most, seconds / items
        tells = items >= BATCH_FEW or seconds > self._call_s  # few and quick: that is the call itself, not its items
        if tells and each_s * self.most > self._call_s:
            self.most = max(BATCH_FEW, min(self.most, int(self._call_s / each_s)))
        elif full and 2 * seconds <= self._call_s:
            self.most = min(BATCH_ITEMS_MAX, 2 * self.most)
        self._each_s = each_s if full or tells else 0.0

    def too_many(self, waiting: int, now: float) -> bool:
        """Would one more wait longer than it should? Never where fewer wait than one call takes.

        A call that runs for too long tells of it before its end.
        """
        most, each_s, lasts_s = self.most, self._each_s, now - self._since
        if self._running and lasts_s > self._call_s:
            each_s = max(each_s, lasts_s / self._running)
            most = min(most, max(BATCH_FEW, int(self._call_s / each_s)))
        return waiting >= most and waiting * each_s > self._wait_s
