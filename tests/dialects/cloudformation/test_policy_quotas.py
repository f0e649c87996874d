"""What IAM has room for: inline policies of a role together, managed policies, and what a plan does beyond."""

from __future__ import annotations

import pytest

from migrate.engine.outcome import Outcome
from migrate.engine.process import process
from migrate.files.language import PYTHON, YAML
from rules.choices import Choices
from rules.rule import Status


def statement(size: int) -> str:
    """A policy document of so many characters as JSON."""
    frame = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":""}]}'
    return (
        '{Version: "2012-10-17", Statement: [{Effect: Allow, Action: "s3:GetObject", '
        f'Resource: "{"x" * (size - len(frame))}"}}]}}'
    )


def inline(*sizes: int) -> str:
    return ", ".join(f"{{PolicyName: p{i}, PolicyDocument: {statement(size)}}}" for i, size in enumerate(sizes))


def template(role: str = "", more: str = "", paths: int = 1) -> str:
    text = f"""\
Resources:
  Fs: {{Type: AWS::EFS::FileSystem}}
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {{}}
{role}{more}"""
    for number in range(paths):
        text += f"""\
  Task{number}:
    Type: AWS::ECS::TaskDefinition
    Properties:
      RequiresCompatibilities: [FARGATE]
      TaskRoleArn: !GetAtt Role.Arn
      ContainerDefinitions:
        - {{Name: a, Image: a, User: '1', MountPoints: [{{SourceVolume: data, ContainerPath: /d}}]}}
      Volumes:
        - {{Name: data, EFSVolumeConfiguration: {{FilesystemId: !Ref Fs, RootDirectory: /d{number}}}}}
"""
    return text


def outcome(text: str) -> Outcome:
    found = process(text, "stack", Choices(), YAML)
    assert found.error is None
    again = process(found.text, "stack", Choices(), YAML)
    assert (again.error, again.edits) == (None, ())
    return found


def refused(found: Outcome) -> list[str]:
    return [f.finding.message for f in found.findings if f.finding.status is Status.REFUSED]


def policies(*sizes: int) -> str:
    return f"      Policies: [{inline(*sizes)}]\n"


def attached(kind: str, size: int, role: str = "Roles: [!Ref Role]") -> str:
    name = "" if "Managed" in kind else "PolicyName: more, "
    return f"  More:\n    Type: {kind}\n    Properties: {{{name}{role}, PolicyDocument: {statement(size)}}}\n"


FULL = [
    pytest.param(policies(10_000), "", id="one"),
    pytest.param(policies(3_000, 3_500, 3_600), "", id="several"),
    pytest.param(policies(5_000), attached("AWS::IAM::Policy", 5_100), id="a policy resource"),
    pytest.param(policies(5_000), attached("AWS::IAM::RolePolicy", 5_100, "RoleName: !Ref Role"), id="a role policy"),
    pytest.param("", attached("AWS::IAM::Policy", 10_100), id="none of its own"),
    pytest.param(
        policies(9_000).replace('Resource: "', 'Resource: !Sub "arn:${AWS::Partition}:s3:::${Bucket}${Other}${Third}'),
        attached("AWS::IAM::Policy", 800),
        id="expressions",
    ),
]


@pytest.mark.parametrize(("role", "more"), FULL)
def test_a_role_without_room_gets_a_managed_policy(role: str, more: str) -> None:
    found = outcome(template(role, more))
    assert refused(found) == []
    assert [v.after.value for v in found.volumes] == ["iam"]
    added = found.text[found.text.index("RoleEfsPolicy") :]
    assert "Type: AWS::IAM::ManagedPolicy" in added
    assert "PolicyName" not in added.partition("Roles:")[0]


@pytest.mark.parametrize(
    ("role", "more"),
    [
        pytest.param(policies(3_000), "", id="room"),
        pytest.param(policies(9_700), "", id="just"),
        pytest.param(policies(3_000), attached("AWS::IAM::ManagedPolicy", 6_000), id="managed ones do not count"),
        pytest.param(
            policies(3_000), attached("AWS::IAM::Policy", 9_000, "Roles: [elsewhere]"), id="those of other roles do not"
        ),
        pytest.param("", "", id="none"),
    ],
)
def test_a_role_with_room_takes_the_policy_itself(role: str, more: str) -> None:
    found = outcome(template(role, more))
    assert "RoleEfsPolicy" not in found.text
    assert "PolicyName: efs" in found.text


def managed(count: int) -> str:
    return f"      ManagedPolicyArns: [{', '.join(f'arn:aws:iam::123456789012:policy/p{i}' for i in range(count))}]\n"


@pytest.mark.parametrize(
    ("arns", "more", "because"),
    [
        (managed(10), "", "it has 10 managed policies of the 10 that a role may have"),
        (managed(9), attached("AWS::IAM::ManagedPolicy", 100), "it has 10 managed policies of the 10"),
        ("      ManagedPolicyArns: !Ref Arns\n", "", "how many managed policies it has cannot be seen here"),
    ],
)
def test_a_role_without_any_room_is_refused(arns: str, more: str, because: str) -> None:
    found = outcome(template(arns + policies(10_100), more))
    (message,) = refused(found)
    assert f"the inline policies of role Role would have more than 10,240 characters, and {because}" in message
    assert [v.after.value for v in found.volumes] == ["access-point"]


def test_one_more_managed_policy_is_attached() -> None:
    assert refused(outcome(template(managed(9) + policies(10_100)))) == []


@pytest.mark.parametrize(("arns", "left"), [("", False), (managed(9), True)])
def test_a_plan_goes_as_far_as_the_room(arns: str, left: bool) -> None:
    found = outcome(template(arns + policies(10_200), paths=62))
    assert (0 < len(refused(found)) < 12) is left
    assert all("that a role may have" in message for message in refused(found))
    assert found.text.count("AWS::IAM::ManagedPolicy") == (1 if left else 2)


PROGRAM = """\
from troposphere import GetAtt, Ref, Template, ecs, efs, iam

template = Template()
system = template.add_resource(efs.FileSystem("Fs"))
role = template.add_resource(
    iam.Role(
        "Role",
        AssumeRolePolicyDocument={},
        Policies=[
            iam.Policy(
                PolicyName="much",
                PolicyDocument={"Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "%s"}]},
            )
        ],
    )
)
task = template.add_resource(
    ecs.TaskDefinition(
        "Task",
        RequiresCompatibilities=["FARGATE"],
        TaskRoleArn=GetAtt(role, "Arn"),
        ContainerDefinitions=[
            ecs.ContainerDefinition(
                Name="a",
                Image="a",
                User="1",
                MountPoints=[ecs.MountPoint(SourceVolume="data", ContainerPath="/d")],
            )
        ],
        Volumes=[
            ecs.Volume(
                Name="data",
                EFSVolumeConfiguration=ecs.EFSVolumeConfiguration(FilesystemId=Ref(system), RootDirectory="/data"),
            )
        ],
    )
)
"""


@pytest.mark.parametrize(("size", "managed"), [(100, False), (10_150, True)])
def test_a_program_of_troposphere_has_the_same_room(size: int, managed: bool) -> None:
    found = process(PROGRAM % ("x" * size), "stack", Choices(), PYTHON)
    assert (found.error, refused(found)) == (None, [])
    assert ("iam.ManagedPolicy(" in found.text) is managed
    assert [v.after.value for v in found.volumes] == ["iam"]
