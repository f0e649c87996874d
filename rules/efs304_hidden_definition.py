"""A volume in a place that is not edited

A task definition may stand where its text is only a part of something else: in a template inside a string (a StackSet's
`TemplateBody`), in the code of a function that registers it (`ZipFile`), in the properties of a custom resource, in the
body of `Fn::ForEach`, or at a place where ECS knows no volume. What it becomes there cannot be seen, so nothing is changed;
the finding says where it is and how to bring it within reach.

The same holds for volumes that an expression gives (`Volumes: !FindInMap …`, `Fn::Transform`, `"volumes": ${volumes}`), and for
those in files of other tools: the Serverless Framework's `resources:`, manifests and patches of AWS Copilot, Dagster, Pulumi's
YAML, operators of Kubernetes, Elastic Beanstalk.

Custom resources that register task definitions date from before August 2020, when `AWS::ECS::TaskDefinition` got EFS volumes.

Source: AWS CloudFormation roadmap, "AWS::ECS::TaskDefinition: EFS volumes" (containers-roadmap#825).
"""

from __future__ import annotations

from collections.abc import Iterator

from rules.context import Context
from rules.model import Stack
from rules.rule import Finding, Rule, Status

_ID = "EFS304"


def check(stack: Stack, context: Context) -> Iterator[Finding]:
    del context
    for hidden in stack.hidden:
        yield Finding(_ID, hidden.key, Status.REFUSED, message=f"{hidden.what}; {hidden.advice}")


RULE = Rule(_ID, "hidden-definition", "any", default="refused", page=__doc__, check_stack=check)
