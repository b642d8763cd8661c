"""Reading and translating the template."""

import copy
import gc
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from infra.aws.errors import TemplateError
from infra.aws.template import BUNDLES, TEMPLATE, load_template, translate


def test_short_forms_become_functions(tmp_path: Path) -> None:
    """`!Sub` and its like read as the long forms, nested ones included."""
    path = tmp_path / "t.yaml"
    path.write_text("a: !GetAtt R.Arn.Deep\nb: !Join [',', [!Ref X, !Sub '${Y}']]\nc: !Ref Z\n")
    assert load_template(path) == {
        "a": {"Fn::GetAtt": ["R", "Arn.Deep"]},
        "b": {"Fn::Join": [",", [{"Ref": "X"}, {"Fn::Sub": "${Y}"}]]},
        "c": {"Ref": "Z"},
    }


def test_other_yaml_does_not_learn_our_tags() -> None:
    """Reading a template leaves the YAML library as it was."""
    load_template()
    with pytest.raises(yaml.YAMLError):
        yaml.safe_load("!Ref X")


@pytest.mark.parametrize("text", ["a: [", "- just\n- a list\n", None])
def test_what_is_no_template_is_refused_in_one_line(tmp_path: Path, text: str | None) -> None:
    """A missing file, broken YAML and a list each say what to do."""
    path = tmp_path / "t.yaml"
    if text is not None:
        path.write_text(text)
    with pytest.raises(TemplateError) as refusal:
        load_template(path)
    assert "\n" not in str(refusal.value)


def test_translation_leaves_plain_cloudformation_and_its_input_alone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """No SAM type is left, the template given is unchanged, and nobody's log hears of it."""
    template = load_template()
    before = copy.deepcopy(template)
    translated = translate(template, {})
    assert template == before
    assert "Transform" not in translated
    types = {resource["Type"] for resource in translated["Resources"].values()}
    assert not [t for t in types if t.startswith("AWS::Serverless::")]
    code = translated["Resources"]["TransformFunction"]["Properties"]["Code"]
    assert code == {"S3Bucket": BUNDLES, "S3Key": "../../build/transform"}
    gc.collect()
    assert not caplog.records


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [
        ({"Nmae": "x"}, "parameter Nmae is not in the template"),
        ({"Name": "Upper"}, "parameter Name must match"),
        ({"Name": "a-b"}, "parameter Name must match"),
        ({"Evaluations": "v1,../v2"}, "parameter Evaluations must match"),
        ({"ScheduleState": "on"}, "parameter ScheduleState must be one of ENABLED, DISABLED"),
        ({"LogRetentionDays": "31"}, "parameter LogRetentionDays must be one of"),
        ({"QueryBytesLimit": "9999999"}, "parameter QueryBytesLimit must be at least 10000000"),
        ({"QueryBytesLimit": "much"}, "parameter QueryBytesLimit must be a whole number"),
    ],
)
def test_parameters_are_refused_as_cloudformation_would(
    parameters: dict[str, str], reason: str
) -> None:
    """A value outside the template's own constraints fails before anything is made."""
    with pytest.raises(TemplateError) as refusal:
        translate(load_template(), parameters)
    assert str(refusal.value).startswith(reason)
    assert "\n" not in str(refusal.value)


def test_a_template_that_sam_refuses_fails_with_its_reason() -> None:
    """A property SAM does not know is named."""
    template = load_template()
    template["Resources"]["IngestFunction"]["Properties"]["Unheard"] = "of"
    with pytest.raises(TemplateError, match="Unheard"):
        translate(template, {})


def test_cfn_lint_finds_nothing() -> None:
    """Not one error, not one warning."""
    command = [str(Path(sys.executable).with_name("cfn-lint")), "--template", str(TEMPLATE)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (run.stdout, run.stderr, run.returncode) == ("", "", 0)
