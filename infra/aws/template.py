"""Read the stack's template and translate it to plain CloudFormation, without a network.

The same template runs on AWS, where the service translates it, and in the embedded AWS, which asks
this module.
"""

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import boto3
import yaml
from samtranslator.model.exceptions import (
    InvalidDocumentException,
)
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

from infra.aws.errors import TemplateError
from infra.aws.parameters import parameter_values

TEMPLATE = Path(__file__).with_name("template.yaml")

BUNDLES = "bundles"
"""The bucket that code packages appear to be in after `translate`: no upload happens here, so
`CodeUri: ../../build/transform` becomes the key `../../build/transform` in this bucket."""


_FASTEST: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_FASTEST):  # type: ignore[misc]
    """A safe YAML loader of its own, so that nobody else's YAML learns CloudFormation's tags."""


def _short_form(loader: _Loader, tag: str, node: yaml.Node) -> dict[str, Any]:
    """Construct `!Tag value` as `{"Fn::Tag": value}`."""
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    if tag == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {tag if tag in {"Ref", "Condition"} else f"Fn::{tag}": value}


_Loader.add_multi_constructor("!", _short_form)


def load_template(path: Path | None = None) -> dict[str, Any]:
    """Read a template; `!Sub` and its like become `{"Fn::Sub": …}`.

    Args:
        path: The file; the project's own template by default.

    Raises:
        TemplateError: The file is not there, or is not YAML with a mapping in it.
    """
    path = path or TEMPLATE
    try:
        template = yaml.load(path.read_text("utf-8"), Loader=_Loader)
    except OSError as error:
        raise TemplateError(f"{path}: {error.strerror}; name a template that exists") from error
    except yaml.YAMLError as error:
        reason = " ".join(str(error).split())
        raise TemplateError(f"{path}: not YAML ({reason}); correct the file") from error
    if not isinstance(template, dict):
        raise TemplateError(f"{path}: not a template; begin it with a Resources section")
    return template


def translate(
    template: Mapping[str, Any], parameters: Mapping[str, str], region: str = "us-east-1"
) -> dict[str, Any]:
    """Return plain CloudFormation: SAM resources replaced, everything else as it was.

    Local code folders become keys of the bucket `BUNDLES`. The given template is not changed.

    Args:
        template: What `load_template` returned.
        parameters: Values for the template's parameters; the rest have their defaults.
        region: Where the stack is to be; SAM derives the partition of ARNs from it.

    Raises:
        TemplateError: A parameter is refused as CloudFormation would, or SAM refuses the template.
    """
    values = parameter_values(template, parameters)
    document = _with_code_in_s3(copy.deepcopy(dict(template)))
    # The session only tells the region; an empty policy map, because we name no managed policy.
    translator = Translator({}, Parser(), boto_session=boto3.Session(region_name=region))
    try:
        translated: dict[str, Any] = translator.translate(document, parameter_values=values)
    except InvalidDocumentException as error:
        reasons = " ".join(cause.message for cause in error.causes)
        raise TemplateError(f"SAM refuses the template: {reasons} Correct the template.") from error
    finally:
        translator.metrics.publish()  # to nowhere, or it warns of metrics that were not published
    return translated


def _with_code_in_s3(template: dict[str, Any]) -> dict[str, Any]:
    for resource in template.get("Resources", {}).values():
        properties = resource.get("Properties", {})
        code = properties.get("CodeUri")
        if resource.get("Type") == "AWS::Serverless::Function" and isinstance(code, str):
            properties["CodeUri"] = {"Bucket": BUNDLES, "Key": code}
    return template
