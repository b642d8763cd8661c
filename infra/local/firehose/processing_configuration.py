"""`ProcessingConfiguration`: the one Lambda processor and its parameters (§2.1, §2.5)."""

import re
from datetime import timedelta
from typing import Any

from infra.local.firehose import limits
from infra.local.firehose.buffers import Hints
from infra.local.firehose.errors import InvalidArgumentError, UnsupportedLocallyError
from infra.local.firehose.settings import LambdaStep
from infra.local.firehose.shapes import Shape

_PARAMETERS = frozenset(
    {"LambdaArn", "RoleArn", "NumberOfRetries", "BufferSizeInMBs", "BufferIntervalInSeconds"}
)
_BUFFER = ("BufferSizeInMBs", "BufferIntervalInSeconds")
_NUMBER = re.compile(r"\d+(\.\d+)?\Z")


def parse_processing(raw: Any) -> tuple[bool, LambdaStep | None]:
    """Return whether processing is enabled, and its Lambda.

    Raises:
        FirehoseError: a parameter is out of its range, or another processor is asked for.
    """
    if raw is None:
        return False, None
    shape = Shape(raw, "ProcessingConfiguration", "Enabled Processors")
    if not shape.flag("Enabled", False):
        return False, None
    processors = [Shape(p, "Processors", "Type Parameters") for p in shape.items("Processors")]
    if not 1 <= len(processors) <= limits.MAX_PROCESSORS:
        raise InvalidArgumentError("Processors must have between 1 and 5 members")
    for processor in processors:
        if processor.text("Type") != "Lambda":
            raise UnsupportedLocallyError(f"processor {processor.text('Type')}")
    if len(processors) > 1:
        raise InvalidArgumentError("Cannot have more than 1 Lambda processor.")
    return True, _lambda_step(_parameters(processors[0]))


def _parameters(processor: Shape) -> dict[str, str]:
    parameters: dict[str, str] = {}
    for item in processor.items("Parameters"):
        parameter = Shape(item, "Parameters", "ParameterName ParameterValue")
        name = parameter.text("ParameterName")
        if name not in _PARAMETERS:
            raise UnsupportedLocallyError(f"Lambda parameter {name}")
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
