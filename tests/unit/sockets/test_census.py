"""What a process holds is told to whoever may send it signals, in one line of its log."""

import asyncio
import json
import logging
import os
import signal
from types import SimpleNamespace
from typing import Any

import pytest

from gateway.census import WORD, tell_when_asked
from gateway.sockets.hub import Hub
from gateway.sockets.wheel import Wheel


async def test_a_signal_is_answered_by_a_line_that_counts(caplog: pytest.LogCaptureFixture) -> None:
    node: Any = SimpleNamespace(hub=Hub(), sessions={object(), object()})
    tell_when_asked(node, Wheel(lambda: 0.0))
    try:
        with caplog.at_level(logging.WARNING, "onbeat.census"):
            os.kill(os.getpid(), signal.SIGUSR1)
            async with asyncio.timeout(5):
                while not caplog.messages:  # noqa: ASYNC110 - told by a signal
                    await asyncio.sleep(0.01)
    finally:
        asyncio.get_running_loop().remove_signal_handler(signal.SIGUSR1)
    told = json.loads(caplog.messages[0].partition(WORD)[2])
    assert told["sessions"] == 2 and told["members"] == told["wheel"] == 0 and told["tasks"] >= 1
