"""Transformations of Pulumi programs, which change the properties of resources when they are registered."""

from __future__ import annotations

import pytest
from programs import pulumi, said

RESULT = "    return pulumi.ResourceTransformationResult(args.props, args.opts)\n"
STACK = "pulumi.runtime.register_stack_transformation(fix)"
OPTIONS = ", opts=pulumi.ResourceOptions(transformations=[fix])"


def function(body: str) -> str:
    return f"def fix(args):\n    {body}\n{RESULT}"


CHANGING = [
    'args.props["volumes"] = []',
    'args.props["task_role_arn"] = None',
    "args.props.update(kw)",
    "args.props[k] = v",
]


@pytest.mark.parametrize("body", CHANGING)
@pytest.mark.parametrize("how", ["stack", "lambda", "options", "options in a variable"])
def test_a_transformation_may_change_a_definition(body: str, how: str) -> None:
    before = function(body)
    source = {
        "stack": pulumi(STACK, before=before),
        "lambda": pulumi("pulumi.runtime.register_stack_transformation(lambda args: fix(args))", before=before),
        "options": pulumi("", before=before, options=OPTIONS),
        "options in a variable": pulumi("", before=f"{before}o ={OPTIONS[7:]}", options=", opts=o"),
    }[how]
    status, message = said(source, "pulumi")["EFS201"]
    assert status == "refused"
    assert "registers a transformation, which may change it" in message


@pytest.mark.parametrize("body", ['args.props["tags"] = {}', 'args.props["cpu"] = "256"'])
def test_a_transformation_of_something_else_does_no_harm(body: str) -> None:
    assert said(pulumi(STACK, before=function(body)), "pulumi")["EFS203"][0] == "fixable"


def test_a_transformation_of_another_module_is_for_a_person_to_look_at() -> None:
    status, message = said(pulumi(STACK, before="from lib import fix"), "pulumi")["EFS201"]
    assert status == "unsafe"
    assert "check that it changes neither the volumes nor the task role" in message


def test_a_root_directory_that_is_read_of_an_output_stays() -> None:
    read = 'td.volumes.apply(lambda vs: print(vs[0]["efs_volume_configuration"]["root_directory"]))'
    status, message = said(pulumi(read), "pulumi")["EFS202"]
    assert status == "refused"
    assert "reads the root directory of volumes" in message
