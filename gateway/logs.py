"""How every role logs: one line an event, whatever stands in it, on standard error, by UTC."""

import logging
import re
import time
from typing import Final

from gateway.refusals import AtMost
from gateway.refusals import log as refused

FORMAT: Final = "%(asctime)s.%(msecs)03dZ %(levelname)s %(name)s: %(message)s"
DATE: Final = "%Y-%m-%dT%H:%M:%S"
BREAKS: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")
"""Whatever a reader of lines, or a terminal, takes for more than a letter."""


class OneLine(logging.Formatter):
    """Nobody's text begins a line of its own: what would is written as its escape. A traceback follows, indented."""

    def __init__(self) -> None:
        super().__init__(FORMAT, DATE)
        self.converter = time.gmtime

    def format(self, record: logging.LogRecord) -> str:
        told, _, trace = super().format(record).partition("\nTraceback ")
        line = BREAKS.sub(lambda found: found[0].encode("unicode_escape").decode(), told)
        if not trace:
            return line
        return "\n".join([line, *(f"    {BREAKS.sub('?', one)}" for one in f"Traceback {trace}".split("\n"))])


def log_lines(level: int = logging.WARNING) -> None:
    """Sets up logging for this process. Once."""
    handler = logging.StreamHandler()
    handler.setFormatter(OneLine())
    logging.basicConfig(level=level, handlers=[handler])
    refused.addFilter(AtMost())
