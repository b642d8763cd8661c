"""The example of the documentation, as it stands there."""

import re
from pathlib import Path
from typing import Any

import boto3
import orjson
import pytest

from infra.wiring import start

PAGE = Path(__file__).parents[3] / "docs" / "explanation" / "producing.md"


def test_the_example_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Three events are safe, and in the lake; the code is the page's, letter for letter."""
    page = PAGE.read_text("utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    (event,) = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    with start(tmp_path / "lake") as (aws, platform):
        for name, value in aws.environment.items():
            monkeypatch.setenv(name, value)
        boto3.DEFAULT_SESSION = None
        platform.activate_first_evaluation()
        names: dict[str, Any] = {
            "stream": platform.names.stream,
            "folder": str(tmp_path / "spool"),
            "events": [orjson.loads(event)] * 3,
        }
        exec(compile(code, str(PAGE), "exec"), names)
        assert capsys.readouterr().out == "3\n"
        aws.flush()
        rows = platform.query.rows("select count(*) as n, sum(billed_cost) as cost from charges")
        assert [(row["n"], str(row["cost"])) for row in rows] == [(3, "0.750000000000")]
        names["transport"]._client.close()
