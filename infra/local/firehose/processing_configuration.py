"""`ProcessingConfiguration`: the processors and their parameters (§2.1, §2.5, §5)."""

import re
from datetime import timedelta
from typing import Any

from infra.local.firehose import limits
from infra.local.firehose.buffers import Hints
from infra.local.firehose.errors import InvalidArgumentError, UnsupportedLocallyError
from infra.local.firehose.settings import LambdaStep, Processing
from infra.local.firehose.shapes import Shape

_PARAMETERS = {
    "Lambda": frozenset(
        {"LambdaArn", "RoleArn", "NumberOfRetries", "BufferSizeInMBs", "BufferIntervalInSeconds"}
    ),
    "AppendDelimiterToRecord": frozenset({"Delimiter"}),
}
"""The processors that are supported, and their parameters."""
_BUFFER = ("BufferSizeInMBs", "BufferIntervalInSeconds")
_NUMBER = re.compile(r"\d+(\.\d+)?\Z")


def parse_processing(raw: Any) -> Processing:
    """Return whether processing is enabled, and its processors.

    Raises:
        FirehoseError: a parameter is out of its range, or another processor is asked for.
    """
    off = Processing(enabled=False, function=None, delimiter=b"")
    if raw is None:
        return off
    shape = Shape(raw, "ProcessingConfiguration", "Enabled Processors")
    if not shape.flag("Enabled", False):
        return off
    processors = [Shape(p, "Processors", "Type Parameters") for p in shape.items("Processors")]
    if not 1 <= len(processors) <= limits.MAX_PROCESSORS:
        raise InvalidArgumentError("Processors must have between 1 and 5 members")
    found: dict[str, dict[str, str]] = {}
    for processor in processors:
        kind = processor.text("Type")
        if kind not in _PARAMETERS:
            raise UnsupportedLocallyError(f"processor {kind}")
        if kind in found:
            raise InvalidArgumentError(f"Cannot have more than 1 {kind} processor.")
        found[kind] = _parameters(processor, _PARAMETERS[kind])
    delimiter = found.get("AppendDelimiterToRecord")
    return Processing(
        enabled=True,
        function=_lambda_step(found["Lambda"]) if "Lambda" in found else None,
        delimiter=b"" if delimiter is None else _delimiter(delimiter),
    )


def _delimiter(parameters: dict[str, str]) -> bytes:
    if parameters.get("Delimiter", "\\n") not in {"\\n", "\n"}:
        raise UnsupportedLocallyError("a Delimiter other than \\n")
    return b"\n"


def _parameters(processor: Shape, known: frozenset[str]) -> dict[str, str]:
    parameters: dict[str, str] = {}
    for item in processor.items("Parameters"):
        parameter = Shape(item, "Parameters", "ParameterName ParameterValue")
        name = parameter.text("ParameterName")
        if name not in known:
            raise UnsupportedLocallyError(f"parameter {name} of {processor.text('Type')}")
        if name in parameters:
            raise InvalidArgumentError(f"Parameter {name} is given twice")
        parameters[name] = parameter.text("ParameterValue")
    return parameters


def _lambda_step(parameters: dict[str, str]) -> LambdaStep:
    if not parameters.get("LambdaArn"):
        raise InvalidArgumentError("LambdaArn is required for the Lambda processor")
    given = [name for name in _BUFFER if name in parameters]
    if len(given) == 1:
        raise InvalidArgumentError(
            "Both BufferSizeInMBs and BufferIntervalInSeconds are required if one is given"
        )
    retries = _number(parameters, "NumberOfRetries", limits.DEFAULT_LAMBDA_RETRIES)
    size = _number(parameters, "BufferSizeInMBs", limits.DEFAULT_LAMBDA_BUFFER_MB)
    seconds = _number(parameters, "BufferIntervalInSeconds", limits.DEFAULT_LAMBDA_BUFFER_SECONDS)
    _within(retries, limits.LAMBDA_RETRIES, "Number of retries for lambda")
    _within(size, limits.LAMBDA_BUFFER_MB, "BufferSizeInMBs")
    _within(seconds, limits.LAMBDA_BUFFER_SECONDS, "BufferIntervalInSeconds")
    return LambdaStep(
        arn=parameters["LambdaArn"],
        retries=int(retries),
        hints=Hints(int(size * limits.MIB), timedelta(seconds=seconds)),
        role=parameters.get("RoleArn", ""),
    )


def _number(parameters: dict[str, str], name: str, default: float) -> float:
    text = parameters.get(name)
    if text is None:
        return default
    whole = name != "BufferSizeInMBs"
    if not _NUMBER.match(text) or (whole and "." in text):
        raise InvalidArgumentError(f"{name} is not a number: {text}")
    return float(text)


def _within(value: float, bounds: tuple[float, float], name: str) -> None:
    low, high = bounds
    if not low <= value <= high:
        raise InvalidArgumentError(f"{name} must be between {low:g} and {high:g}.")
