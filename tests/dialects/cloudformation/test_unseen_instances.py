"""Tasks that may run on instances that the template does not hold, and what looks like that but is certain.

The template has instances that mount a file system at /mnt/efs, where the task's host path lies.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from instance_templates import AGENT, CLUSTERS, JOB, MOUNT, TASK, check, joins, launched, of_rule, service, template
from support import efs_migrate

from migrate.engine.process import Opened, open_text
from rules.model import Stack

NOT_HERE = "whose instances are not in this source"
NOT_JOINED = "which no instance of this source is known to join"
OLDER = "which may be older than what stands in this source"
NO_AGENT = "nothing in this source shows that A runs the container agent"
LINUX = "'{{resolve:ssm:/aws/service/ami-amazon-linux-latest/amzn2-ami-hvm-x86_64-gp2}}'"
PARAMETERS = "Shared: {Type: String, Default: web}\nElse: {Type: String, Default: web}"

OWN = launched("A", joins("${Web}"), MOUNT)
GROUP = "\nGroup: {Type: AWS::AutoScaling::AutoScalingGroup, Properties: {LaunchConfigurationName: !Ref A}}\n"
PROVIDER = """
Provider:
  Type: AWS::ECS::CapacityProvider
  Properties: {Name: own, AutoScalingGroupProvider: {AutoScalingGroupArn: !Ref Group}}
"""


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def said(*resources: str) -> str:
    """The status and message of EFS101 for the task's volume."""
    ((status, message),) = of_rule(check(template(*resources, parameters=PARAMETERS)), "EFS101")
    return f"{status}: {message}"


def strategy(*names: str) -> str:
    return f"CapacityProviderStrategy: [{', '.join(f'{{CapacityProvider: {name}}}' for name in names)}]"


def association(default: str, listed: str = "[]") -> str:
    return f"""
Link:
  Type: AWS::ECS::ClusterCapacityProviderAssociations
  Properties: {{Cluster: !Ref Web, CapacityProviders: {listed}, DefaultCapacityProviderStrategy: {default}}}
"""


def launch_template(name: str, *script: str) -> str:
    text = launched(name, *script).replace("AutoScaling::LaunchConfiguration", "EC2::LaunchTemplate")
    return text.replace("  Properties:\n", "  Properties:\n   LaunchTemplateData:\n")


def group_of(template_id: str, version: str) -> str:
    return (
        "\nGroup: {Type: AWS::AutoScaling::AutoScalingGroup, Properties: "
        f"{{LaunchTemplate: {{LaunchTemplateId: {template_id}, Version: {version}}}}}}}\n"
    )


# -- services -----------------------------------------------------------------------------------------------------------

SERVICES = [
    pytest.param(service("!Ref Web", strategy("gpu")), f"capacity provider gpu, {NOT_HERE}", id="literal"),
    pytest.param(
        service("!Ref Web", strategy("!Ref Provider", "gpu")), f"provider gpu, {NOT_HERE}", id="own-and-literal"
    ),
    pytest.param(service("!Ref Web", strategy("!ImportValue p")), f"!ImportValue p, {NOT_HERE}", id="import"),
    pytest.param(service("!Ref Web", strategy("!Ref Else")), f"${{Else}}, {NOT_HERE}", id="parameter"),
    pytest.param(
        service("!Ref Web", strategy("'{{resolve:ssm:/p}}'")), f"{{{{resolve:ssm:/p}}}}, {NOT_HERE}", id="dynamic"
    ),
    pytest.param(service("!Ref Web", strategy("FARGATE_SPOT", "gpu")), f"gpu, {NOT_HERE}", id="fargate-and-literal"),
    pytest.param(
        service("!Ref Web", "CapacityProviderStrategy: !FindInMap [Amis, a, b]"),
        f"capacity providers that !FindInMap [Amis, a, b] gives, {NOT_HERE}",
        id="list-by-expression",
    ),
    pytest.param(
        service("!Ref Web", "CapacityProviderStrategy: [{CapacityProvider: !If [Prod, !Ref Provider, gpu]}]"),
        f"provider gpu, {NOT_HERE}",
        id="one-of-two",
    ),
    pytest.param(
        service("!Ref Web", "CapacityProviderStrategy: !If [Prod, [{CapacityProvider: gpu}], !Ref 'AWS::NoValue']"),
        f"provider gpu, {NOT_HERE}",
        id="strategy-or-none",
    ),
    pytest.param(
        service("!Ref Web") + association("[{CapacityProvider: gpu}]"), f"gpu, {NOT_HERE}", id="default-strategy"
    ),
    pytest.param(
        service("!Ref Web", "LaunchType: EC2") + association("[]", "[!Ref Provider, gpu]"),
        f"gpu, {NOT_HERE}",
        id="provider-of-the-cluster",
    ),
    pytest.param(
        service("!Ref Web", "CapacityProviderStrategy: []") + association("[{CapacityProvider: gpu}]"),
        f"gpu, {NOT_HERE}",
        id="empty-strategy",
    ),
    pytest.param(service("!ImportValue prod"), f"cluster !ImportValue prod, {NOT_JOINED}", id="imported-cluster"),
    pytest.param(service("!Ref Else"), f"cluster ${{Else}}, {NOT_JOINED}", id="parameter-and-created"),
    pytest.param(
        service("!If [Prod, !Ref Web, !Ref Else]"), f"cluster ${{Else}}, {NOT_JOINED}", id="one-of-two-clusters"
    ),
    pytest.param(service(), f"cluster default, {NOT_JOINED}", id="default-cluster"),
    pytest.param(
        service("!Ref Web") + service("!ImportValue prod").replace("Service:", "Second:"),
        f"Second runs the task in cluster !ImportValue prod, {NOT_JOINED}",
        id="second-service",
    ),
    pytest.param(
        service("!Ref Web", "PlacementConstraints: [{Type: memberOf, Expression: 'attribute:efs == yes'}]").replace(
            "!Ref Web", "!ImportValue prod"
        ),
        f"cluster !ImportValue prod, {NOT_JOINED}",
        id="constraint-is-no-evidence",
    ),
    pytest.param(
        service("!Ref Web", strategy("!Ref Alien")) + "\nAlien: {Type: AWS::ECS::CapacityProvider, Properties: "
        "{AutoScalingGroupProvider: {AutoScalingGroupArn: !ImportValue group}}}\n",
        f"capacity provider Alien, {NOT_HERE}",
        id="group-elsewhere",
    ),
]


@pytest.mark.parametrize(("runner", "reason"), SERVICES)
def test_capacity_that_the_template_does_not_hold(runner: str, reason: str) -> None:
    message = said(TASK, CLUSTERS, OWN, GROUP, PROVIDER, runner)
    assert message.startswith("needs-input: ")
    assert reason in message
    assert "configure `file-systems: [{id: fs-…, mounts: {/mnt/efs: /}}]`" in message


def looped(cluster: str, task: str = "!Ref Task", more: str = "LaunchType: EC2") -> str:
    """Services that `Fn::ForEach` makes."""
    return f"""
Fn::ForEach::Services:
  - Name
  - [a, b]
  - "Service${{Name}}":
      Type: AWS::ECS::Service
      Properties: {{Cluster: {cluster}, TaskDefinition: {task}, {more}}}
"""


@pytest.mark.parametrize(
    "runner",
    [
        looped("prod"),
        looped("prod", "!Ref 'Ta${Name}'"),
        looped("!Ref Name"),
        service("prod").replace("!Ref Task", "!Select [0, !Split ['|', !Ref Task]]"),
        service("prod").replace("!Ref Task", "!Join [':', [!Select [0, !Split [':', !Ref Task]], x]]"),
    ],
)
def test_a_runner_that_names_the_task_in_a_roundabout_way(runner: str) -> None:
    assert NOT_JOINED in said(TASK, CLUSTERS, OWN, runner)


def test_services_in_loops_are_runners() -> None:
    assert said(TASK, CLUSTERS, OWN, looped("!Ref Web")).startswith("fixable: ")
    elsewhere = service("prod").replace("!Ref Task", "!Select [0, !Split ['|', !Ref Other]]")
    assert said(TASK, CLUSTERS, OWN, looped("!Ref Web"), elsewhere).startswith("fixable: ")
    found = check(template(TASK, CLUSTERS, OWN, looped("!Ref Web", more="LaunchType: EXTERNAL"), parameters=PARAMETERS))
    assert [status for status, _ in of_rule(found, "EFS403")] == ["refused"]


MANAGED = """
Managed:
  Type: AWS::ECS::CapacityProvider
  Properties: {ManagedInstancesProvider: {InfrastructureRoleArn: x}}
"""


@pytest.mark.parametrize("launch_type", ["EXTERNAL", "!If [Prod, EXTERNAL, EC2]"])
def test_external_instances(launch_type: str) -> None:
    found = check(
        template(TASK, CLUSTERS, OWN, service("!Ref Web", f"LaunchType: {launch_type}"), parameters=PARAMETERS)
    )
    assert of_rule(found, "EFS101") == []
    assert [status for status, _ in of_rule(found, "EFS403")] == ["refused"]


def test_managed_instances() -> None:
    both = service("!Ref Web", strategy("!Ref Provider", "!Ref Managed"))
    message = said(TASK, CLUSTERS, OWN, GROUP, PROVIDER, MANAGED, both)
    assert message.startswith("needs-input: ")
    assert "capacity provider Managed, whose Managed Instances run no user data" in message


def test_a_provider_that_names_its_group_by_its_arn() -> None:
    arn = "!Sub 'arn:aws:autoscaling:${AWS::Region}:${AWS::AccountId}:autoScalingGroup:*:autoScalingGroupName/${Group}'"
    provider = PROVIDER.replace("!Ref Group", arn)
    assert said(TASK, CLUSTERS, OWN, GROUP, provider, service("!Ref Web", strategy("own"))).startswith("fixable: ")


CERTAIN = [
    pytest.param(service("!Ref Web"), id="cluster"),
    pytest.param(service("!GetAtt Web.Arn"), id="arn"),
    pytest.param(service("!Select [1, !Split ['/', !GetAtt Web.Arn]]"), id="name-out-of-the-arn"),
    pytest.param(service("!Ref Web", "LaunchType: EC2"), id="launch-type"),
    pytest.param(service("!Ref Web", "LaunchType: !Ref Else"), id="launch-type-by-parameter"),
    pytest.param(service("!Ref Web", strategy("!Ref Provider")), id="provider"),
    pytest.param(service("!Ref Web", strategy("own")), id="name-of-the-provider"),
    pytest.param(service("!Ref Web", strategy("!Ref Provider", "FARGATE")), id="provider-and-fargate"),
    pytest.param(service("!Ref Web") + association("[{CapacityProvider: !Ref Provider}]"), id="default-strategy"),
    pytest.param(service("!Ref Web") + association("[]", "[!Ref Provider, FARGATE]"), id="no-default-strategy"),
    pytest.param(
        service("!Ref Web", strategy("!Ref Provider", "gpu, Weight: 0, Base: 0")), id="provider-that-gets-no-task"
    ),
    pytest.param("", id="no-service"),
]


@pytest.mark.parametrize("runner", CERTAIN)
def test_capacity_of_the_template(runner: str) -> None:
    assert said(TASK, CLUSTERS, OWN, GROUP, PROVIDER, runner).startswith("fixable: ")


def test_the_same_parameter_is_the_same_cluster() -> None:
    same = launched("A", joins("${Shared}"), MOUNT)
    assert said(TASK, same, service("!Ref Shared")).startswith("fixable: ")
    assert f"cluster ${{Else}}, {NOT_JOINED}" in said(TASK, same, service("!Ref Else"))


def test_the_same_choice_is_the_same_cluster() -> None:
    chosen = "!If [Prod, !Ref Web, !Ref Else]"
    script = launched("A", joins("${Name}"), MOUNT).replace("!Sub |", "\n          Fn::Sub:\n          - |")
    lines = script.rstrip().splitlines()
    at = next(i for i, line in enumerate(lines) if line.endswith("- |"))
    lines[at + 1 :] = [f"    {line}" for line in lines[at + 1 :]] + [f"          - {{Name: {chosen}}}"]
    assert said(TASK, CLUSTERS, "\n".join(["", *lines, ""]), service(chosen)).startswith("fixable: ")


def test_a_told_mount_settles_it() -> None:
    Path("template.yaml").write_text(template(TASK, CLUSTERS, OWN, service("!ImportValue prod")))
    Path(".efs-migrate.yaml").write_text("file-systems: [{id: fs-33333333, mounts: {/mnt/efs: /shared}}]\n")
    found = of_rule(efs_migrate("check", "--format=json", "template.yaml"), "EFS101")
    assert found == [
        ("fixable", "host path /mnt/efs/data lies on EFS: mount fs-33333333:/shared/data with efsVolumeConfiguration")
    ]


def test_it_is_no_question_for_paths_that_nothing_mounts() -> None:
    other = TASK.replace("/mnt/efs/data", "/var/log/app").replace("Name: data", "Name: logs")
    assert of_rule(check(template(other, CLUSTERS, OWN, service("!ImportValue prod"))), "EFS101") == []


def test_a_path_that_only_other_instances_mount() -> None:
    mine = launched("A", joins("${Web}"), "mount -t efs fs-11111111:/ /srv/shared")
    task = TASK.replace("/mnt/efs/data", "/srv/shared/data")
    assert "!ImportValue prod" in said(task, CLUSTERS, mine, service("!ImportValue prod"))


# -- other runners ------------------------------------------------------------------------------------------------------

STATES = """
Machine:
  Type: AWS::StepFunctions::StateMachine
  Properties:
    DefinitionSubstitutions: {Cluster: CLUSTER}
    Definition:
      States:
        Run:
          Type: Task
          Resource: arn:aws:states:::ecs:runTask.sync
          Parameters: {Cluster: "${Cluster}", TaskDefinition: !Ref Task, LaunchType: EC2}
"""
STRING = """
Machine:
  Type: AWS::StepFunctions::StateMachine
  Properties:
    DefinitionString: !Sub
      - '{"States": {"Run": {"Resource": "arn:aws:states:::ecs:runTask", "Parameters": {"Cluster": "${Cluster}", "TaskDefinition": "${Task}"}}}}'
      - {Cluster: CLUSTER}
"""
FUNCTION = """
Starter:
  Type: AWS::Lambda::Function
  Properties: {Environment: {Variables: {TASK: !Ref Task, CLUSTER_NAME: CLUSTER}}}
"""
NESTED = """
Nested:
  Type: AWS::CloudFormation::Stack
  Properties: {TemplateURL: x, Parameters: {TaskArn: !Ref Task, ClusterArn: CLUSTER}}
"""
CUSTOM = """
Once:
  Type: Custom::RunTask
  Properties: {ServiceToken: x, TaskDefinition: !Ref Task, cluster: CLUSTER}
"""
RULE = """
Rule:
  Type: AWS::Events::Rule
  Properties:
    Targets: [{Id: x, Arn: CLUSTER, EcsParameters: {TaskDefinitionArn: !Ref Task}}]
"""
SCHEDULE = """
Schedule:
  Type: AWS::Scheduler::Schedule
  Properties:
    Target: {Arn: CLUSTER, EcsParameters: {TaskDefinitionArn: !Ref Task}}
"""


@pytest.mark.parametrize("runner", [STATES, STRING, FUNCTION, NESTED, CUSTOM, RULE, SCHEDULE])
def test_what_else_runs_tasks(runner: str) -> None:
    own = runner.replace("CLUSTER}", "!GetAtt Web.Arn}").replace("Arn: CLUSTER", "Arn: !GetAtt Web.Arn")
    assert said(TASK, CLUSTERS, OWN, own).startswith("fixable: ")
    imported = runner.replace("CLUSTER}", "!ImportValue prod}").replace("Arn: CLUSTER", "Arn: !ImportValue prod")
    assert f"cluster !ImportValue prod, {NOT_JOINED}" in said(TASK, CLUSTERS, OWN, imported)


def test_a_cluster_of_a_database_is_no_place_for_tasks() -> None:
    database = "\nDb: {Type: AWS::RDS::DBCluster, Properties: {Engine: aurora}}\n"
    function = FUNCTION.replace("CLUSTER_NAME: CLUSTER", "CLUSTER: !Ref Db, DB_CLUSTER_ARN: !ImportValue db")
    assert said(TASK, CLUSTERS, OWN, database, function).startswith("fixable: ")


def test_providers_of_a_rule() -> None:
    rule = RULE.replace("Arn: CLUSTER", "Arn: !GetAtt Web.Arn").replace("!Ref Task}", f"!Ref Task, {strategy('gpu')}}}")
    assert f"Rule runs the task on capacity provider gpu, {NOT_HERE}" in said(TASK, CLUSTERS, OWN, rule)


BATCH = """
Environment:
  Type: AWS::Batch::ComputeEnvironment
  Properties: {Type: MANAGED, ComputeResources: {Type: EC2, LaunchTemplate: {LaunchTemplateId: !Ref A}}}
Queue:
  Type: AWS::Batch::JobQueue
  Properties: {ComputeEnvironmentOrder: [{Order: 1, ComputeEnvironment: !Ref Environment}]}
Rule:
  Type: AWS::Events::Rule
  Properties:
    Targets: [{Id: x, Arn: !Ref Queue, BatchParameters: {JobDefinition: !Ref Task, JobName: job}}]
"""


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("!Ref Queue", "!ImportValue queue", f"job queue !ImportValue queue, {NOT_HERE}"),
        ("!Ref Environment", "!ImportValue spot", f"compute environment !ImportValue spot, {NOT_HERE}"),
        (
            "Environment}]",
            "Environment}, {Order: 2, ComputeEnvironment: spot}]",
            f"compute environment spot, {NOT_HERE}",
        ),
        ("Id: !Ref A}", "Id: !Ref A, Version: '3'}", f"Environment starts version 3 of launch template A, {OLDER}"),
    ],
)
def test_batch(old: str, new: str, reason: str) -> None:
    unmanaged = "\nOwn: {Type: AWS::Batch::ComputeEnvironment, Properties: {Type: UNMANAGED}}\n"
    hosts = launch_template("A", MOUNT) + unmanaged
    assert said(JOB, hosts, BATCH).startswith("fixable: ")
    named = BATCH.replace("Properties: {Type: MANAGED", "Properties: {ComputeEnvironmentName: own, Type: MANAGED")
    assert said(
        JOB, hosts, named.replace("ComputeEnvironment: !Ref Environment", "ComputeEnvironment: own")
    ).startswith("fixable: ")
    message = said(JOB, hosts, BATCH.replace(old, new))
    assert message.startswith("needs-input: ")
    assert reason in message


# -- launch templates and fleets ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "certain"),
    [
        ("!GetAtt A.LatestVersionNumber", True),
        ("$Latest", True),
        ("'1'", False),
        ("2", False),
        ("$Default", False),
        ("!GetAtt A.DefaultVersionNumber", False),
        ("!Ref Else", False),
        ("!If [Prod, '3', !GetAtt A.LatestVersionNumber]", False),
        ("!GetAtt B.LatestVersionNumber", False),
    ],
)
def test_versions(version: str, certain: bool) -> None:
    message = said(TASK, CLUSTERS, launch_template("A", joins("${Web}"), MOUNT), group_of("!Ref A", version))
    assert message.startswith("fixable: " if certain else "needs-input: ")
    assert certain or OLDER in message


def test_a_group_of_the_service_with_a_launch_template_of_another_stack() -> None:
    provided = PROVIDER.replace("Group}", "Other}").replace("Name: own", "Name: other")
    other = group_of("!ImportValue launch-template", "'1'").replace("Group:", "Other:")
    message = said(TASK, CLUSTERS, OWN, provided, other, service("!Ref Web", strategy("other")))
    assert (
        "Other starts instances from launch template !ImportValue launch-template, which is not in this source"
        in message
    )


FLEETS = {
    "EC2 fleet": (
        "\nFleet: {Type: AWS::EC2::EC2Fleet, Properties: {LaunchTemplateConfigs: [{LaunchTemplateSpecification: SPEC, "
        "Overrides: [{InstanceType: m5.large}]}]}}\n"
    ),
    "spot fleet": (
        "\nFleet: {Type: AWS::EC2::SpotFleet, Properties: {SpotFleetRequestConfigData: {LaunchTemplateConfigs: "
        "[{LaunchTemplateSpecification: SPEC}]}}}\n"
    ),
    "mixed instances": (
        "\nFleet: {Type: AWS::AutoScaling::AutoScalingGroup, Properties: {MixedInstancesPolicy: {LaunchTemplate: "
        "{LaunchTemplateSpecification: SPEC, Overrides: [{InstanceType: m5.large}]}}}}\n"
    ),
    "override": (
        "\nFleet: {Type: AWS::AutoScaling::AutoScalingGroup, Properties: {MixedInstancesPolicy: {LaunchTemplate: "
        "{LaunchTemplateSpecification: {LaunchTemplateId: !Ref A, Version: $Latest}, Overrides: [{InstanceType: m6g.large, "
        "LaunchTemplateSpecification: SPEC}]}}}}\n"
    ),
}


@pytest.mark.parametrize("fleet", FLEETS.values(), ids=FLEETS)
def test_fleets(fleet: str) -> None:
    a = launch_template("A", joins("${Web}"), MOUNT)
    latest = "{LaunchTemplateId: !Ref A, Version: !GetAtt A.LatestVersionNumber}"
    assert said(TASK, CLUSTERS, a, fleet.replace("SPEC", latest)).startswith("fixable: ")
    pinned = "{LaunchTemplateId: !Ref A, Version: '1'}"
    assert f"Fleet starts version 1 of launch template A, {OLDER}" in said(
        TASK, CLUSTERS, a, fleet.replace("SPEC", pinned)
    )
    other = launch_template("B", joins("${Web}"))
    two = said(TASK, CLUSTERS, a, other, fleet.replace("SPEC", latest.replace(" A", " B").replace("A.", "B.")))
    assert "A mounts fs-11111111:/ and B mounts nothing at /mnt/efs" in two


def test_launch_specifications_of_a_spot_fleet() -> None:
    def fleet(*scripts: str) -> str:
        listed = (f'{{ImageId: ami-1, UserData: {{Fn::Base64: !Sub "#!/bin/bash\\n{script}"}}}}' for script in scripts)
        return (
            "\nFleet: {Type: AWS::EC2::SpotFleet, Properties: {SpotFleetRequestConfigData: "
            f"{{LaunchSpecifications: [{', '.join(listed)}]}}}}}}\n"
        )

    member = joins("${Web}")
    assert said(TASK, CLUSTERS, fleet(f"{member}\\n{MOUNT}"), service("!Ref Web")).startswith("fixable: ")
    one_without = said(TASK, CLUSTERS, fleet(f"{member}\\n{MOUNT}", member), service("!Ref Web"))
    assert "Fleet mounts fs-11111111:/ and Fleet mounts nothing at /mnt/efs" in one_without


# -- machines that are no container instances ---------------------------------------------------------------------------


def machine(*script: str, image: str = "ami-12345678") -> str:
    return launched("A", *script, image=image).replace("AutoScaling::LaunchConfiguration", "EC2::Instance")


def test_a_bastion() -> None:
    for alone in (machine(MOUNT), launched("A", MOUNT, image=LINUX)):
        message = said(TASK, alone)
        assert message.startswith("needs-input: ")
        assert NO_AGENT in message


@pytest.mark.parametrize(
    "name", ["BastionConfig", "BuildHosts", "JenkinsLaunchConfiguration", "JumpBox", "NATInstances"]
)
def test_a_machine_with_the_name_of_something_else(name: str) -> None:
    message = said(TASK, launched(name, MOUNT, image="ami-12345678"))
    assert f"nothing in this source shows that {name} runs the container agent" in message


@pytest.mark.parametrize("name", ["AlternateHosts", "NativeHosts", "Hosts"])
def test_a_machine_with_the_name_of_nothing_else(name: str) -> None:
    assert said(TASK, launched(name, MOUNT, image="ami-12345678")).startswith("fixable: ")


def test_a_machine_with_the_agent() -> None:
    for script in (
        (AGENT, MOUNT),
        (joins("x"), MOUNT),
        ("yum install -y ecs-init", MOUNT, "systemctl enable --now ecs"),
    ):
        assert said(TASK, machine(*script)).startswith("fixable: ")
    assert said(
        TASK,
        machine(MOUNT, image="'{{resolve:ssm:/aws/service/ecs/optimized-ami/amazon-linux-2/recommended/image_id}}'"),
    )


def test_a_bastion_beside_container_instances() -> None:
    bastion = machine("mount -t efs fs-22222222:/ /mnt/efs").replace("A:", "Bastion:", 1)
    assert "fs-11111111:/data" in said(TASK, CLUSTERS, OWN, bastion, service("!Ref Web"))
    assert "fs-11111111:/data" in said(TASK, launched("A", MOUNT, image="ami-12345678"), bastion)


# -- what is read ---------------------------------------------------------------------------------------------------------


def stack(*resources: str) -> Stack:
    opened = open_text(template(TASK, CLUSTERS, OWN, *resources, parameters=PARAMETERS), "template")
    assert isinstance(opened, Opened)
    return opened.reading.stack


def capacity(*resources: str) -> tuple[str, str, str]:
    """The providers of the template, the capacity elsewhere, and in a word whether there is any in the template."""
    found = stack(GROUP, PROVIDER, MANAGED, *resources).runners[0].launch
    assert found is not None
    assert not (found.elsewhere and found.unseen_only)
    word = "elsewhere" if found.elsewhere else "unseen" if found.unseen_only else "here"
    return ",".join(sorted(found.providers)), (found.unseen or "").partition(",")[0], word


GPU = "capacity provider gpu"
EMPTY_OR = "CapacityProviderStrategy: !If [Prod, [{CapacityProvider: !Ref Provider}], !Ref 'AWS::NoValue']"
DEFAULT_GPU = association("[{CapacityProvider: gpu}]")
DEFAULT_OWN = association("[{CapacityProvider: !Ref Provider}]")
DEFAULT_FARGATE = association("[{CapacityProvider: FARGATE}]")
ALIEN = "\nAlien: {Type: AWS::ECS::CapacityProvider, Properties: {AutoScalingGroupProvider: {}}}\n"
CONDITIONAL = DEFAULT_FARGATE.replace("  Properties", "  Condition: Prod\n  Properties")


@pytest.mark.parametrize(
    ("resources", "expected"),
    [
        ((service("!Ref Web"),), ("", "", "here")),
        ((service("!Ref Web", strategy("FARGATE")),), ("", "", "elsewhere")),
        ((service("!Ref Web", strategy("!Ref Managed")),), ("", "", "elsewhere")),
        ((service("!Ref Web", strategy("!Ref Managed", "FARGATE")),), ("", "", "elsewhere")),
        ((service("!Ref Web", strategy("!Ref Provider")),), ("Provider", "", "here")),
        ((service("!Ref Web", strategy("!Ref Provider", "FARGATE")),), ("Provider", "", "here")),
        ((service("!Ref Web", strategy("!Ref Provider", "gpu")),), ("Provider", GPU, "here")),
        ((service("!Ref Web", strategy("gpu")),), ("", GPU, "unseen")),
        ((service("!Ref Web", strategy("gpu", "FARGATE")),), ("", GPU, "unseen")),
        ((service("!Ref Web", strategy("gpu", "!Ref Managed")),), ("", GPU, "unseen")),
        ((service("!Ref Web", strategy("gpu, Weight: 0", "!Ref Provider")),), ("Provider", "", "here")),
        ((service("!Ref Web", strategy("gpu, Weight: 0, Base: 1", "!Ref Provider")),), ("Provider", GPU, "here")),
        ((service("!Ref Web", strategy("gpu, Weight: 0")),), ("", GPU, "unseen")),
        ((service("!Ref Web", strategy("gpu, Weight: !Ref Else", "!Ref Provider")),), ("Provider", GPU, "here")),
        ((service("!Ref Web", "CapacityProviderStrategy: [{Weight: 1}]"),), ("", "a capacity provider that {Weight: 1} names", "unseen")),
        ((service("!Ref Web", EMPTY_OR),), ("", "", "here")),
        ((service("!Ref Web", EMPTY_OR + "\n    LaunchType: FARGATE"),), ("Provider", "", "here")),
        ((service("!Ref Web", EMPTY_OR + "\n    LaunchType: EXTERNAL"),), ("Provider", "external instances (ECS Anywhere)", "here")),
        ((service("!Ref Web", "LaunchType: FARGATE"),), ("", "", "elsewhere")),
        ((service("!Ref Web", "LaunchType: !If [Prod, FARGATE, EC2]"),), ("", "", "here")),
        ((service("!Ref Web", "LaunchType: EXTERNAL"),), ("", "external instances (ECS Anywhere)", "unseen")),
        ((service("!Ref Web", "LaunchType: !If [Prod, EXTERNAL, EC2]"),), ("", "external instances (ECS Anywhere)", "here")),
        ((service("!Ref Web"), DEFAULT_GPU), ("", GPU, "unseen")),
        ((service("!Ref Web"), DEFAULT_OWN), ("Provider", "", "here")),
        ((service("!Ref Web"), DEFAULT_FARGATE), ("", "", "elsewhere")),
        ((service("!Ref Web"), association("[{CapacityProvider: !Ref Managed}]")), ("", "", "elsewhere")),
        ((service("!Ref Web"), CONDITIONAL), ("", "", "here")),
        ((service("!Ref Web"), DEFAULT_GPU.replace("  Properties", "  Condition: Prod\n  Properties")), ("", GPU, "here")),
        ((service("!Ref Web", "LaunchType: EC2"), DEFAULT_GPU), ("", "", "here")),
        ((service("!Ref Web", "LaunchType: EC2"), DEFAULT_FARGATE), ("", "", "here")),
        ((service("!Ref Web", "LaunchType: EC2"), association("[]", "[gpu]")), ("", GPU, "here")),
        ((service("!Ref Web"), association("[]", "[gpu]")), ("", GPU, "here")),
        ((service("!ImportValue x"), DEFAULT_FARGATE), ("", "", "here")),
        ((service("!If [Prod, !Ref Web, !ImportValue x]"), DEFAULT_FARGATE), ("", "", "here")),
        ((service("!Ref Web", strategy("own")),), ("Provider", "", "here")),
        ((service("!Ref Web", "CapacityProviderStrategy: []"), DEFAULT_GPU), ("", GPU, "unseen")),
        ((service("!Ref Web", "CapacityProviderStrategy: !Ref Else"),), ("", "capacity providers that ${Else} gives", "unseen")),
        ((service("!Ref Web", strategy("gpu, Weight: 0", "!Ref Provider, Weight: 0")),), ("", "", "here")),
        ((service("!Ref Web", strategy("!Ref Alien")), ALIEN), ("", "capacity provider Alien", "unseen")),
        ((service("!Ref Web"), CONDITIONAL.replace(": []", ": [gpu]")), ("", GPU, "here")),
        ((service("!If [Prod, !Ref Web, !Ref Web]"), DEFAULT_GPU), ("", GPU, "unseen")),
        ((service("!Select [1, !Split ['/', !GetAtt Web.Arn]]"), DEFAULT_GPU), ("", GPU, "unseen")),
        ((service("!GetAtt Web.Arn"), DEFAULT_GPU), ("", GPU, "unseen")),
    ],
)  # fmt: skip
def test_the_capacity_of_a_service(resources: tuple[str, ...], expected: tuple[str, str, str]) -> None:
    assert capacity(*resources) == expected


def test_managed_instances_beside_others_are_unseen() -> None:
    beside = capacity(service("!Ref Web", strategy("!Ref Managed", "!Ref Provider")))
    assert beside == ("Provider", "capacity provider Managed", "here")


VERSIONED = launch_template("A", joins("${Web}"), MOUNT)


@pytest.mark.parametrize(
    ("template_id", "version", "doubt"),
    [
        ("!Ref A", "!GetAtt A.LatestVersionNumber", None),
        ("!Ref A", "$Latest", None),
        ("!Ref A", "''", None),
        ("!Ref A", "$Default", "Group starts version $Default of launch template A, which may be older"),
        ("!Ref A", "'3'", "Group starts version 3 of launch template A, which may be older"),
        ("!Ref A", "!If [Prod, $Latest, '3']", "Group starts version 3 of launch template A, which may be older"),
        ("!Ref A", "!GetAtt B.LatestVersionNumber", "Group starts version "),
    ],
)
def test_the_version_that_a_group_starts(template_id: str, version: str, doubt: str | None) -> None:
    opened = open_text(template(TASK, CLUSTERS, VERSIONED, group_of(template_id, version)), "template")
    assert isinstance(opened, Opened)
    (found,) = opened.reading.stack.instances
    assert found.unseen is None if doubt is None else str(found.unseen).startswith(doubt)


@pytest.mark.parametrize("template_id", ["!ImportValue t", "!If [Prod, !Ref A, lt-1]", "lt-1", "!Ref Web"])
def test_a_launch_template_that_is_not_here(template_id: str) -> None:
    opened = open_text(template(TASK, CLUSTERS, VERSIONED, group_of(template_id, "$Latest")), "template")
    assert isinstance(opened, Opened)
    unseen = [one.unseen for one in opened.reading.stack.instances if one.unseen]
    assert [u.partition("template ")[0] for u in unseen] == ["Group starts instances from launch "]
    assert unseen[0].endswith(", which is not in this source")
