"""What a web process holds, counted when somebody asks who may send it signals. Nobody can ask over the network: how
many people are here is told to no stranger.
"""

import asyncio
import json
import logging
import signal

from gateway.node import Node
from gateway.sockets.wheel import Wheel

log = logging.getLogger("onbeat.census")
WORD = "census "


def count(node: Node, wheel: Wheel) -> dict[str, int]:
    """Everything that comes with a socket and must go with it."""
    hub = node.hub
    return {
        "sessions": len(node.sessions),
        "members": len(hub.members),
        "officers": len(hub.officers),
        "reporters": len(hub.reporters),
        "wheel": len(wheel),
        "tasks": len(asyncio.all_tasks()),
    }


def tell_when_asked(node: Node, wheel: Wheel) -> None:
    """SIGUSR1: one line in the log. Nothing where the system has no such signal."""
    if hasattr(signal, "SIGUSR1"):

        def tell() -> None:
            log.warning("%s%s", WORD, json.dumps(count(node, wheel)))

        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, tell)
