"""Runs the transform Lambda in this process, called as Lambda calls it: JSON text in and out.

What the function prints goes to a log file, as it would to CloudWatch Logs, never to the terminal.
"""

import contextlib
import io
import json
import logging
import sys
from collections.abc import Callable
from pathlib import Path


def transform_function(log: Path) -> Callable[[str], str]:
    """Return the transform Lambda as a function from request text to response text.

    Args:
        log: the file that collects what the function logs.
    """

    def invoke(request: str) -> str:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            # The first import is the cold start; it wires the function once a process.
            from transforms import firehose_handler

            handler = firehose_handler.logger.registered_handler
            assert isinstance(handler, logging.StreamHandler)
            handler.setStream(_StandardOutput())
            try:
                return json.dumps(firehose_handler.handler(json.loads(request), None))
            finally:
                log.parent.mkdir(parents=True, exist_ok=True)
                with log.open("a", encoding="utf-8") as file:
                    file.write(printed.getvalue())

    return invoke


class _StandardOutput(io.TextIOBase):
    """Whatever standard output is at the moment of writing; a logger keeps its first stream."""

    def write(self, text: str) -> int:
        return sys.stdout.write(text)
