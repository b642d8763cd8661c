"""The scheduled ingest's handler, with a line in a file for each time it is invoked."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from producers import scheduled_handler


def handler(event: Mapping[str, Any], context: scheduled_handler.LambdaContext) -> dict[str, Any]:
    """Note the time that is left, then do the work."""
    with Path(os.environ["COUNT_FILE"]).open("a", encoding="utf-8") as file:  # noqa: TID251
        file.write(f"{context.get_remaining_time_in_millis()}\n")
    return scheduled_handler.handler(event, context)
