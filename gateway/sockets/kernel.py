"""What is asked of the kernel for a socket that is open."""

import asyncio
import socket


def give_up_after(transport: asyncio.Transport, seconds: float) -> None:
    """From now on the connection is cut where the peer takes nothing of what was sent for so long.

    The outbox only sees what the kernel no longer takes, and that may be megabytes: a phone that stopped reading
    would be written to for minutes before anything waited here. Nothing where the system does not know of it.
    """
    held = transport.get_extra_info("socket")
    if held is not None and held.family in (socket.AF_INET, socket.AF_INET6) and hasattr(socket, "TCP_USER_TIMEOUT"):
        held.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(seconds * 1000))
