"""Parameters of templates as evidence, and the places that pin a Fargate platform version.

The byte-for-byte cases are in `samples/cloudformation-platform-version-*` and `samples/cloudformation-*-parameter*`.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support import efs_migrate

TASK = """\
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: data
      RequiresCompatibilities: [FARGATE]
      TaskRoleArn: arn:aws:iam::123456789012:role/data
      ContainerDefinitions:
        - {Name: app, Image: app, User: "1000", MountPoints: [{SourceVolume: data, ContainerPath: /data}]}
      Volumes:
        - Name: data
          EFSVolumeConfiguration:
            FilesystemId: fs-0123456789abcdef0
            TransitEncryption: ENABLED
            AuthorizationConfig: {AccessPointId: fsap-0123456789abcdef0, IAM: ENABLED}
"""


def service(version: str, name: str = "Service", task: str = "!Ref Task", more: str = "") -> str:
    return f"""\
  {name}:
    Type: AWS::ECS::Service
{more}    Properties:
      TaskDefinition: {task}
      PlatformVersion: {version}
"""


def template(resources: str, parameters: str = "", more: str = "") -> str:
    return f"Parameters:\n{parameters}{more}Resources:\n{TASK}{resources}"


def parameter(default: str, more: str = "", name: str = "Version") -> str:
    return f"  {name}:\n    Type: String\n    Default: {default}\n{more}"


class Checked:
    """What `check` says of a template, and what `apply` makes of it."""

    def __init__(self, body: str, folder: Path, *options: str, name: str = "template.yaml") -> None:
        path = folder / name
        path.write_text(body, encoding="utf-8")
        ran = efs_migrate("check", "--format=json", "--only=EFS401", *options, path)
        assert ran.report["files"][0]["error"] is None, ran.report
        self.findings = ran.findings
        efs_migrate("apply", "--only=EFS401", *options, path)
        self.after = path.read_text(encoding="utf-8")

    @property
    def statuses(self) -> list[str]:
        return [str(f["status"]) for f in self.findings]

    @property
    def lines(self) -> list[object]:
        return [f["line"] for f in self.findings]


# -- parameters -------------------------------------------------------------------------------------------------------


def test_a_default_is_said_once_and_with_the_override(tmp_path: Path) -> None:
    body = template(service("!Ref Version") + service('!Sub "${Version}"', "Other"), parameter("1.3.0"))
    found = Checked(body, tmp_path)
    (finding,) = found.findings
    assert (finding["status"], finding["task"], finding["line"]) == ("unsafe", "Version", 4)
    assert "`--parameter-overrides Version=1.4.0`" in str(finding["caveat"])
    assert "`ParameterKey=Version,ParameterValue=1.4.0`" in str(finding["caveat"])
    assert found.after == body
    assert Checked(body, tmp_path, "--unsafe").after == body.replace("1.3.0", "1.4.0")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("[1.3.0]", "[1.3.0, 1.4.0]"),
        ("[LATEST, 1.3.0, 1.2.0]", "[LATEST, 1.4.0, 1.3.0, 1.2.0]"),
        ("[1.2.0, 1.3.0, LATEST]", "[1.2.0, 1.3.0, 1.4.0, LATEST]"),
        ("['1.3.0', LATEST]", "['1.3.0', '1.4.0', LATEST]"),
        ("[1.3.0, 1.4.0]", "[1.3.0, 1.4.0]"),
        ("\n      - LATEST\n      - '1.3.0' # old", "\n      - LATEST\n      - '1.3.0' # old\n      - '1.4.0'"),
    ],
)
def test_allowed_values_are_extended(before: str, after: str, tmp_path: Path) -> None:
    body = template(service("!Ref Version"), parameter("1.3.0", f"    AllowedValues: {before}\n"))
    expected = body.replace(f"AllowedValues: {before}\n", f"AllowedValues: {after}\n")
    expected = expected.replace("Default: 1.3.0", "Default: 1.4.0")
    assert Checked(body, tmp_path, "--unsafe").after == expected


@pytest.mark.parametrize(
    ("declared", "statuses"),
    [
        ("{Type: String}", ["advice"]),
        ("{Type: String, Default: LATEST}", []),
        ("{Type: String, Default: 1.4.0, AllowedValues: [1.4.0, LATEST]}", []),
        ("{Type: String, Default: LATEST, AllowedValues: [1.3.0, LATEST]}", ["advice"]),
        ("{Type: String, AllowedValues: [1.4.0]}", []),
        ("{Type: 'AWS::SSM::Parameter::Value<String>', Default: 1.3.0}", ["advice"]),
        ("{Type: CommaDelimitedList, Default: 1.3.0}", ["advice"]),
        ("{Type: Number, Default: 1.4}", ["refused"]),
        ("{Type: String, Default: 1.3.0, AllowedPattern: '1\\.\\d\\.0'}", ["unsafe"]),
        ("{Type: String, Default: 1.3.0, AllowedPattern: '1.3.0'}", ["refused"]),
        ("{Type: String, Default: 1.3.0, AllowedPattern: '('}", ["refused"]),
        ("{Type: String, Default: 1.3.0, AllowedPattern: '((((.*)*)*)*)*x'}", ["refused"]),
        ("{Type: String, Default: 1.3.0, AllowedValues: !Ref Others}", ["refused"]),
        ("{Type: String, Default: [1.3.0]}", ["advice"]),
        ("{Type: String, Default: null}", ["advice"]),
        ("{}", ["advice"]),
        ("text", ["advice"]),
    ],
)
def test_what_a_parameter_says(declared: str, statuses: list[str], tmp_path: Path) -> None:
    body = template(service("!Ref Version"), f"  Version: {declared}\n")
    assert Checked(body, tmp_path).statuses == statuses


@pytest.mark.parametrize(
    "parameters",
    [
        "  Version: &v {Type: String, Default: 1.3.0}\n  Other: *v\n",
        "  Version: {Type: String, Default: &v 1.3.0}\n  Other: {Type: String, Default: *v}\n",
        "  Other: {Type: String, Default: &v 1.3.0}\n  Version: {Type: String, Default: *v}\n",
        "  Other: &v {Type: String, Default: 1.3.0}\n  Version: {<<: *v}\n",
        "  Other: {AllowedValues: &v [1.3.0]}\n  Version: {Type: String, Default: 1.3.0, AllowedValues: *v}\n",
    ],
)
def test_a_default_that_something_else_shares_is_left(parameters: str, tmp_path: Path) -> None:
    body = template(service("!Ref Version"), parameters)
    found = Checked(body, tmp_path, "--unsafe")
    assert (found.statuses, found.after) == (["refused"], body)


def test_suppression_of_a_parameter(tmp_path: Path) -> None:
    ignored = parameter("1.3.0  # efs-migrate: ignore[EFS401] retired soon")
    assert Checked(template(service("!Ref Version"), ignored), tmp_path).findings == []


def test_suppression_of_one_user_leaves_the_others(tmp_path: Path) -> None:
    silent = "    Metadata: {efs-migrate: {ignore: [EFS401]}}\n"
    one = service("!Ref Version", more=silent)
    assert Checked(template(one, parameter("1.3.0")), tmp_path).findings == []
    assert Checked(template(one + service("!Ref Version", "B"), parameter("1.3.0")), tmp_path).statuses == ["unsafe"]
    assert Checked(template(service("1.3.0", more=silent)), tmp_path).findings == []


def test_code_deploy_refuses_a_parameter_too(tmp_path: Path) -> None:
    resources = service("!Ref Version") + "      DeploymentController: {Type: CODE_DEPLOY}\n"
    body = template(resources, parameter("1.3.0"))
    found = Checked(body, tmp_path, "--unsafe")
    assert (found.statuses, found.after) == (["refused"], body)


def test_two_templates_in_one_file_have_their_own_parameters(tmp_path: Path) -> None:
    one, two = (template(service("!Ref Version"), parameter(version)) for version in ("LATEST", "1.3.0"))
    found = Checked(f"{one}---\n{two}", tmp_path, "--unsafe")
    assert found.lines == [one.count("\n") + 5]
    assert found.after == f"{one}---\n{two.replace('1.3.0', '1.4.0')}"


# -- places -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("task", "seen"),
    [
        ("!Ref Task", True),
        ("!GetAtt Task.TaskDefinitionArn", True),
        ("data", True),
        ("!Sub arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}:task-definition/data", True),
        ("!Sub arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}:task-definition/data:3", False),
        ("!If [Production, !Ref Other, !Ref Task]", True),
        ("other", False),
        ("!Ref Unknown", False),
        ("!ImportValue task", False),
    ],
)
def test_the_task_that_a_service_runs(task: str, seen: bool, tmp_path: Path) -> None:
    other = "  Other: {Type: 'AWS::ECS::TaskDefinition', Properties: {ContainerDefinitions: []}}\n"
    found = Checked(template(other + service("1.3.0", task=task)), tmp_path)
    assert found.statuses == (["fixable"] if seen else [])


@pytest.mark.parametrize(
    ("version", "after"),
    [
        ("!If [P, 1.3.0, !If [Q, 1.2.0, LATEST]]", "!If [P, 1.4.0, !If [Q, 1.4.0, LATEST]]"),
        ("{'Fn::If': [P, '1.3.0', !Ref AWS::NoValue]}", "{'Fn::If': [P, '1.4.0', !Ref AWS::NoValue]}"),
        ("!If [P, 1.3.0, !FindInMap [Map, a, Key]]", "!If [P, 1.4.0, !FindInMap [Map, a, Key]]"),
        ("!Sub 1.3.0", "!Sub 1.4.0"),
    ],
)
def test_plain_arms_are_edited(version: str, after: str, tmp_path: Path) -> None:
    body = template(service(version))
    assert Checked(body, tmp_path).after == body.replace(version, after)


@pytest.mark.parametrize(
    "version", ["!FindInMap [Map, !Ref Stage, Old]", "!FindInMap [Map, a, Old]", "{'Fn::FindInMap': [Map, a, Old]}"]
)
def test_a_mapping_is_named(version: str, tmp_path: Path) -> None:
    mappings = "Mappings:\n  Map:\n    a: {Old: 1.3.0, New: LATEST}\n    b: {Old: LATEST, New: LATEST}\n"
    body = template(service(version) + service("!FindInMap [Map, a, New]", "Fine"), more=mappings)
    (finding,) = Checked(body, tmp_path).findings
    assert (finding["status"], finding["line"]) == ("advice", 4)
    assert str(finding["message"]).endswith("set 1.4.0 in mapping Map.a.Old")


@pytest.mark.parametrize(
    "version", ["!FindInMap [Map, !Ref A, !Ref B]", "!FindInMap [Nope, a, b]", "!FindInMap [Map]", "!FindInMap Map"]
)
def test_a_mapping_that_is_not_known(version: str, tmp_path: Path) -> None:
    body = template(service(version), more="Mappings:\n  Map: {a: {b: 1.3.0}}\n")
    found = Checked(body, tmp_path)
    assert (found.statuses, found.after) == (["advice"], body)


def test_a_version_put_together_by_a_function_is_refused(tmp_path: Path) -> None:
    body = template(service("{'Fn::Join': ['.', [1, 3, 0]]}"))
    found = Checked(body, tmp_path)
    assert (found.statuses, found.after) == (["refused"], body)


def test_an_alias_between_services(tmp_path: Path) -> None:
    body = template(service("&old 1.3.0", "A") + service("*old", "B"))
    found = Checked(body, tmp_path)
    assert (found.statuses, found.after) == (["fixable"], body.replace("1.3.0", "1.4.0"))


@pytest.mark.parametrize("extra", ["Outputs: {Version: {Value: *old}}\n", "Outputs: {Version: {Value: [*old]}}\n"])
def test_an_alias_elsewhere_refuses(extra: str, tmp_path: Path) -> None:
    body = template(service("&old 1.3.0")) + extra
    found = Checked(body, tmp_path)
    assert (found.statuses, found.after) == (["refused"], body)


def test_an_alias_of_something_else_refuses(tmp_path: Path) -> None:
    body = template(service("*old"), "  Other: {Type: String, Default: &old 1.3.0}\n")
    found = Checked(body, tmp_path)
    assert (found.statuses, found.after) == (["refused"], body)


def test_windows_is_silent(tmp_path: Path) -> None:
    windows = "RuntimePlatform: {OperatingSystemFamily: WINDOWS_SERVER_2019_CORE}"
    body = template(service("1.0.0")).replace("Family: data", windows)
    assert Checked(body, tmp_path).findings == []


def machine(definition: str, substitutions: str = "{}", kind: str = "AWS::StepFunctions::StateMachine") -> str:
    return f"""\
  Machine:
    Type: {kind}
    Properties:
      DefinitionSubstitutions: {substitutions}
      {definition}
"""


STATE = '{"Type": "Task", "Resource": "arn:aws:states:::ecs:runTask.sync", "Parameters": {%s}}'


@pytest.mark.parametrize(
    ("task", "version", "statuses"),
    [
        ("!Ref Task", "1.3.0", ["fixable"]),
        ("'${Task}'", "'1.3.0'", ["fixable"]),
        ("data", "'${V}'", ["fixable"]),
        ("data", "'${P}'", ["unsafe"]),
        ("data", "'${Unknown}'", []),
        ("data", "LATEST", []),
        ("data", "'{% $states.input.version %}'", ["advice"]),
        ("other", "1.3.0", []),
    ],
)
def test_states_of_a_definition(task: str, version: str, statuses: list[str], tmp_path: Path) -> None:
    state = STATE % f"TaskDefinition: {task}, PlatformVersion: {version}"
    substitutions = "{Task: !Ref Task, V: 1.3.0, P: !Ref Version}"
    body = template(machine(f"Definition: {{States: {{Run: {state}}}}}", substitutions), parameter("1.3.0"))
    found = Checked(body, tmp_path, "--unsafe")
    assert found.statuses == statuses
    assert (found.after != body) is (statuses in (["fixable"], ["unsafe"]))


def test_two_states_that_take_one_substitution(tmp_path: Path) -> None:
    state = STATE % "TaskDefinition: data, PlatformVersion: '${V}'"
    body = template(machine(f"Definition: {{States: {{A: {state}, B: {state}}}}}", "{V: 1.3.0}"))
    found = Checked(body, tmp_path)
    assert (found.statuses, found.after) == (["fixable"], body.replace("1.3.0", "1.4.0"))


def test_states_in_a_string_are_named_by_their_lines(tmp_path: Path) -> None:
    state = STATE % '\n          "TaskDefinition": "${Task}",\n          "PlatformVersion": "%s"'
    states = ",\n        ".join(f'"{name}": {state % version}' for name, version in (("A", "LATEST"), ("B", "1.3.0")))
    text = f'DefinitionString: !Sub |\n        {{"States": {{{states}}}}}'
    body = template(machine(text))
    found = Checked(body, tmp_path)
    assert (found.statuses, found.after) == (["advice"], body)
    (line,) = found.lines
    assert '"1.3.0"' in body.splitlines()[int(str(line)) - 1]


def test_states_in_a_string_of_json(tmp_path: Path) -> None:
    state = json.loads(STATE % '"TaskDefinition": "${T}", "PlatformVersion": "1.3.0"')
    joined = {"Fn::Join": ["", ['{"States": {"A": ', json.dumps(state).replace("${T}", "data"), "}}"]]}
    plain = json.dumps({"States": {"A": state}})
    for text in (joined, plain, {"Fn::Sub": plain.replace("${T}", "${Task}")}):
        properties = {"DefinitionSubstitutions": {"T": {"Ref": "Task"}}, "DefinitionString": text}
        machines = {"Machine": {"Type": "AWS::StepFunctions::StateMachine", "Properties": properties}}
        task = {
            "Type": "AWS::ECS::TaskDefinition",
            "Properties": {
                "Family": "data",
                "Volumes": [{"Name": "data", "EFSVolumeConfiguration": {"FilesystemId": "fs-0123456789abcdef0"}}],
            },
        }
        body = json.dumps({"Resources": {"Task": task, **machines}}, indent=2)
        found = Checked(body, tmp_path, name="template.json")
        assert (found.statuses, found.after) == (["advice"], body)


@pytest.mark.parametrize(
    "resources",
    [
        machine("DefinitionString: '{ecs:runTask'"),
        machine("DefinitionString: 'ecs:runTask \ue0007\ue001 {\"PlatformVersion\": 1}'"),
        machine('DefinitionString: \'{"a": {"Resource": "ecs:runTask", "Parameters": {"PlatformVersion": [1]}}}\''),
        machine("DefinitionString: !Ref AWS::NoValue"),
        machine("Definition: !Ref Task"),
        machine("Definition: [ecs:runTask]"),
        machine(
            "Definition: {a: {Resource: ecs:runTask, Parameters: {TaskDefinition: data, PlatformVersion: [1.3.0]}}}"
        ),
        machine("Definition: {a: {Resource: ecs:runTask, Parameters: text}}"),
        machine("Definition: {a: &a {Resource: ecs:runTask, b: *a}}", "!Ref Task"),
        "  Rule: {Type: 'AWS::Events::Rule', Properties: {Targets: [text, null, {EcsParameters: text}]}}\n",
        "  Rule: {Type: 'AWS::Events::Rule', Properties: {Targets: !Ref Targets}}\n",
        "  Pipe: {Type: 'AWS::Pipes::Pipe', Properties: {TargetParameters: {EcsTaskParameters: [1]}}}\n",
        "  Plan: {Type: 'AWS::Scheduler::Schedule'}\n",
        "  Job: {Type: 'AWS::Batch::JobDefinition', Properties: {ContainerProperties: {FargatePlatformConfiguration: x}}}\n",
        service("[1.3.0]"),
        service("{}"),
        service("{a: b}"),
        service("null"),
        service("!If [P, 1.3.0]"),
        service("&a !If [P, *a, *a]"),
        service("1.3.0", task="[data]"),
        service("1.3.0", task="null"),
    ],
)
def test_odd_forms_change_nothing(resources: str, tmp_path: Path) -> None:
    body = template(resources)
    assert Checked(body, tmp_path).after == body


# -- paths ------------------------------------------------------------------------------------------------------------


def efs202(path: str, parameters: str, folder: Path) -> tuple[str, str, str]:
    """Status, message and caveat of EFS202 for a root directory."""
    authorization = "            AuthorizationConfig: {AccessPointId: fsap-0123456789abcdef0, IAM: ENABLED}\n"
    body = template("", parameters).replace(authorization, f"            RootDirectory: {path}\n")
    file = folder / "template.yaml"
    file.write_text(body, encoding="utf-8")
    (finding,) = efs_migrate("check", "--format=json", "--only=EFS202", file).findings
    return str(finding["status"]), str(finding["message"]), str(finding["caveat"])


@pytest.mark.parametrize(
    ("path", "declared", "problem"),
    [
        ("!Ref P", "{Type: String, Default: ''}", 'where P is "", it is empty'),
        ("!Ref P", "{Type: String, Default: data}", 'where P is "data", it does not start with a slash'),
        ("!Ref P", "{Type: String, Default: /data/}", 'where P is "/data/", it ends with a slash'),
        ("!Sub /${P}/x", "{Type: String, Default: ''}", 'where P is "", it has two slashes in a row'),
        ("!Sub /x/${P}", "{Type: String, Default: ''}", 'where P is "", it ends with a slash'),
        ("!Sub /x/${P}/", "{Type: String, Default: /y}", 'where P is "/y", it has two slashes in a row'),
        ("!Sub /x/${P}", "{Type: String, AllowedValues: [a, .b]}", 'where P is ".b", a component starts with a dot'),
        ("!Sub /x/${P}", "{Type: String, Default: a/b/c/d}", 'where P is "a/b/c/d", it has 5 levels'),
        ("!Sub /${P}/${Q}", "{Type: String, Default: a/b}", 'where P is "a/b" and Q is "c/d/e", it has 5 levels'),
        ("!Join [/, ['', !Ref P, x]]", "{Type: String, Default: a*b}", 'where P is "a*b", it holds a character'),
    ],
)
def test_values_that_no_access_point_can_have(path: str, declared: str, problem: str, tmp_path: Path) -> None:
    status, message, _ = efs202(path, f"  P: {declared}\n  Q: {{Type: String, Default: c/d/e}}\n", tmp_path)
    assert status == "refused"
    assert problem in message


@pytest.mark.parametrize(
    ("path", "declared", "unknown"),
    [
        ("!Ref P", "{Type: String, Default: /}", True),
        ("!Ref P", "{Type: String, Default: /a/b/c/d}", True),
        ("!Sub '${P}/x'", "{Type: String, Default: /a}", True),
        ("!Sub /${P}", "{Type: Number, Default: 7}", True),
        ("!Sub /${P}", "{Type: String, AllowedValues: [a, b/c]}", False),
        ("!Sub /${P}", "{Type: String}", True),
        ("!Sub /${P}", "{Type: 'AWS::SSM::Parameter::Value<String>', Default: /a/b/c/d/e}", True),
        ("!Sub /${AWS::StackName}/x", "{Type: String}", False),
        ("!Sub '/${AWS::StackName}/${P}'", "{Type: String}", True),
    ],
)
def test_values_that_an_access_point_can_have(path: str, declared: str, unknown: bool, tmp_path: Path) -> None:
    status, _, caveat = efs202(path, f"  P: {declared}\n", tmp_path)
    assert status == "fixable"
    assert ("The value of ${P} is not known" in caveat) is unknown


def test_what_the_message_says_to_configure_settles_it(tmp_path: Path) -> None:
    body = """\
Parameters:
  DataPath: {Type: String, Default: /mnt/efs/data}
Resources:
  FileSystem: {Type: 'AWS::EFS::FileSystem'}
  Template:
    Type: AWS::EC2::LaunchTemplate
    Properties:
      LaunchTemplateData:
        UserData: {Fn::Base64: !Sub "#!/bin/sh\\nmount -t nfs4 ${FileSystem}.efs.eu-west-1.amazonaws.com:/app /mnt/efs\\n"}
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ContainerDefinitions: [{Name: app, Image: app, MountPoints: [{SourceVolume: data, ContainerPath: /data}]}]
      Volumes:
        - Name: data
          Host: {SourcePath: !Ref DataPath}
"""
    path = tmp_path / "template.yaml"
    path.write_text(body, encoding="utf-8")
    (finding,) = efs_migrate("check", "--format=json", "--only=EFS101", path).findings
    message = str(finding["message"])
    assert finding["status"] == "needs-input"
    assert "parameter DataPath is /mnt/efs/data by default, and then it is ${FileSystem}:/app/data" in message
    configured = message.partition("configure `")[2].partition("`")[0]
    told = tmp_path / "configured"  # configurations are looked up once for each folder
    told.mkdir()
    (told / ".efs-migrate.yaml").write_text(configured + "\n", encoding="utf-8")
    path = path.rename(told / path.name)
    efs_migrate("apply", "--only=EFS101", path)
    assert "FilesystemId: !Ref FileSystem, RootDirectory: /app/data}" in path.read_text(encoding="utf-8")
