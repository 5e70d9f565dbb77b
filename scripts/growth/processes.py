"""What processes cost, as the kernel counts it: CPU seconds and resident memory. Linux only (/proc)."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from scripts.family import descendants

TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")


def cpu_s(pid: int) -> float:
    """CPU seconds, user and system, of a process and its descendants, those that ended and were waited for included.

    Resolution: one tick, 10 ms on the usual kernel, for each process.
    """
    spent = 0
    for one in (pid, *descendants(pid)):
        try:
            stat = Path(f"/proc/{one}/stat").read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue  # ended between the two looks: its parent counts it
        # After the name, which may hold blanks: utime, stime and those of the children that were waited for.
        spent += sum(int(field) for field in stat.rpartition(")")[2].split()[11:15])
    return spent / TICKS_PER_S


def resident_kib(pid: int) -> int:
    """Resident memory of one process in KiB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    return 0


def spent_between(before: Mapping[str, float], after: Mapping[str, float]) -> dict[str, float]:
    """Seconds spent by each between two readings."""
    return {name: after[name] - before.get(name, 0.0) for name in after}
