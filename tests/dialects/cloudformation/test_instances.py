"""Which instances of a template can run a task.

Templates are put together from resources: a task definition whose host path lies at /mnt/efs, and what the test is about.
"""

from __future__ import annotations

import json
import textwrap
from pathlib import Path

import pytest
from instance_templates import (
    AGENT,
    CLUSTERS,
    JOB,
    MAPPED,
    MOUNT,
    OTHER_MOUNT,
    TASK,
    check,
    joins,
    launched,
    of_rule,
    service,
    template,
)
from support import efs_migrate


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def where(text: str, *options: str) -> str:
    """The file system that the task's volume is found on, or what stands in the way."""
    ((status, message),) = of_rule(check(text, *options), "EFS101")
    if status in ("fixable", "unsafe"):
        return message.partition(": mount ")[2].partition(" with ")[0]
    return f"{status}: {message.partition('may be EFS: ')[2].partition(';')[0]}"


# -- which instances count -----------------------------------------------------------------------------------------------

ONE, OTHER = "fs-11111111:/data", "fs-22222222:/data"
UNKNOWN = "needs-input: its name suggests EFS, but no mount of it is known"
BOTH = "needs-input: A mounts fs-11111111:/ and B mounts fs-22222222:/ at /mnt/efs"
NOT_B = "needs-input: A mounts fs-11111111:/ and B mounts nothing at /mnt/efs"


def joined_by_none(cluster: str) -> str:
    return f"needs-input: Service runs the task in cluster {cluster}, which no instance of this source is known to join"


PLACES = [
    pytest.param([TASK, launched("A", MOUNT)], ONE, id="no service, nothing of ECS"),
    pytest.param(
        [TASK, launched("A", joins("x"), MOUNT), service("!Ref Web"), CLUSTERS],
        joined_by_none("${Web}"),
        id="literal-or-created",
    ),
    pytest.param([TASK, launched("A", MOUNT), service("!Ref Web"), CLUSTERS], ONE, id="instance-without-cluster"),
    pytest.param([TASK, launched("A", joins("x"), MOUNT), service("x")], ONE, id="same-literal"),
    pytest.param([TASK, launched("A", joins("x"), MOUNT), service("y")], joined_by_none("y"), id="other-literal"),
    pytest.param([TASK, launched("A", joins("default"), MOUNT), service()], ONE, id="default-cluster"),
    pytest.param(
        [TASK, launched("A", joins("x"), MOUNT), service()], joined_by_none("default"), id="not-the-default-cluster"
    ),
    pytest.param(
        [
            TASK,
            CLUSTERS,
            service("!GetAtt Web.Arn"),
            launched("A", joins("${Web}"), MOUNT),
            launched("B", joins("${Ops}"), OTHER_MOUNT),
        ],
        ONE,
        id="two-clusters-of-the-template",
    ),
    pytest.param(
        [TASK, CLUSTERS, launched("A", joins("${Web}"), MOUNT), launched("B", joins("${Ops}"), OTHER_MOUNT)],
        BOTH,
        id="run-from-elsewhere",
    ),
    pytest.param(
        [
            TASK,
            CLUSTERS,
            service("!Ref Web"),
            launched("A", joins("${Web}"), MOUNT),
            launched("B", joins("${Web}"), OTHER_MOUNT),
        ],
        BOTH,
        id="one-cluster-two-mounts",
    ),
    pytest.param(
        [TASK, CLUSTERS, service("!Ref Web"), launched("A", joins("${Web}"), MOUNT), launched("B", joins("${Web}"))],
        NOT_B,
        id="one-cluster-one-mount",
    ),
    pytest.param(
        [TASK, CLUSTERS, service("!Ref Web"), launched("A", joins("${Web}"), MOUNT), launched("B", AGENT)],
        NOT_B,
        id="cluster-of-the-other-not-known",
    ),
    pytest.param(
        [TASK, launched("A", joins("x"), MOUNT), launched("B", joins("x"), MOUNT)], ONE, id="two-that-mount-the-same"
    ),
    pytest.param(
        [TASK, launched("A", AGENT, MOUNT), launched("B", OTHER_MOUNT, image="ami-12345678")], ONE, id="bastion"
    ),
    pytest.param(
        [TASK, launched("A", MOUNT, image="ami-12345678"), launched("B", image="ami-12345678")], ONE, id="nat"
    ),
    pytest.param(
        [
            TASK,
            launched("A", MOUNT, image="ami-12345678", more="IamInstanceProfile: !Ref Profile"),
            launched("B", OTHER_MOUNT, image="ami-12345678"),
            "\nProfile: {Type: AWS::IAM::InstanceProfile, Properties: {Roles: [!Ref Role]}}\n",
            "Role: {Type: AWS::IAM::Role, Properties: {ManagedPolicyArns: "
            "[arn:aws:iam::aws:policy/service-role/AmazonEC2ContainerServiceforEC2Role]}}\n",
        ],
        ONE,
        id="role-of-container-instances",
    ),
    pytest.param(
        [TASK, service("shared", "LaunchType: FARGATE"), launched("A", joins("shared"), MOUNT)], UNKNOWN, id="fargate"
    ),
]


@pytest.mark.parametrize(("resources", "expected"), PLACES)
def test_instances_of_a_task(resources: list[str], expected: str) -> None:
    assert where(template(*resources)) == expected


CLUSTER_NAMES = [
    pytest.param("!Ref Shared", "${Shared}", ONE, id="parameter"),
    pytest.param("!Ref Shared", "${Else}", joined_by_none("${Shared}"), id="two-parameters-may-differ"),
    pytest.param("!Ref Shared", "x", joined_by_none("${Shared}"), id="parameter-may-differ-from-the-literal"),
    pytest.param("!Sub '${Shared}-web'", "${Shared}-web", ONE, id="sub"),
    pytest.param("!Sub '${Shared}-web'", "${Shared}-ops", joined_by_none("${Shared}-web"), id="literal-ends-differ"),
    pytest.param("!Sub 'arn:aws:ecs:${AWS::Region}:${AWS::AccountId}:cluster/${Web}'", "${Web}", ONE, id="arn"),
    pytest.param("arn:aws:ecs:eu-west-1:123456789012:cluster/x", "x", ONE, id="literal-arn"),
    pytest.param("!Ref Named", "${Shared}-named", ONE, id="by-its-name"),
    pytest.param("!Ref Named", "${Web}", joined_by_none("${Shared}-named"), id="named-and-another"),
    pytest.param("!If [Prod, !Ref Web, !Ref Ops]", "${Ops}", joined_by_none("${Web}"), id="either-of-two"),
    pytest.param("!If [Prod, !Ref Web, !Ref Ops]", "${Named}", joined_by_none("${Web}"), id="neither-of-two"),
    pytest.param("!Ref Web", "$(curl http://169.254.169.254/cluster)", ONE, id="only-the-host-knows"),
    pytest.param("!Ref Web", "'${Web}'", ONE, id="quoted"),
]


@pytest.mark.parametrize(("ran_in", "joined", "expected"), CLUSTER_NAMES)
def test_names_of_clusters(ran_in: str, joined: str, expected: str) -> None:
    named = "\nNamed: {Type: AWS::ECS::Cluster, Properties: {ClusterName: !Sub '${Shared}-named'}}\n"
    resources = [TASK, CLUSTERS, named, service(ran_in), launched("A", joins(joined), MOUNT)]
    assert where(template(*resources, parameters="Shared: {Type: String}\nElse: {Type: String}")) == expected


SCRIPTS = [
    pytest.param(
        ["cat <<EOF > /etc/ecs/ecs.config", "ECS_LOGLEVEL=info", "ECS_CLUSTER=${Ops}", "EOF"], id="here-document"
    ),
    pytest.param(["NAME=${Ops}", "echo ECS_CLUSTER=$NAME | tee -a /etc/ecs/ecs.config"], id="variable"),
    pytest.param(["docker run -e ECS_CLUSTER=${Ops} amazon/amazon-ecs-agent:latest"], id="docker"),
    pytest.param(["if true; then", joins("${Ops}"), "fi"], id="branch"),
    pytest.param(["# echo ECS_CLUSTER=${Web}", joins("${Ops}")], id="comment"),
]


@pytest.mark.parametrize("script", SCRIPTS)
def test_where_scripts_name_the_cluster(script: list[str]) -> None:
    resources = [TASK, CLUSTERS, service("!Ref Web"), launched("A", joins("${Web}"), MOUNT)]
    assert where(template(*resources, launched("B", *script, OTHER_MOUNT))) == ONE


OTHER_FORMS = [
    """
    B:
      Type: AWS::EC2::LaunchTemplate
      Properties:
        LaunchTemplateData:
          UserData:
            Fn::Base64:
              Fn::Join:
                - ''
                - - "#cloud-config\\nwrite_files:\\n- path: /etc/ecs/ecs.config\\n  content: |\\n    ECS_CLUSTER="
                  - !Ref Ops
                  - "\\n"
    """,
    """
    B:
      Type: AWS::AutoScaling::LaunchConfiguration
      Metadata:
        AWS::CloudFormation::Init:
          config:
            files:
              /etc/ecs/ecs.config: {content: !Sub "ECS_CLUSTER=${Ops}"}
      Properties: {ImageId: ami-12345678}
    """,
    """
    B:
      Type: AWS::AutoScaling::LaunchConfiguration
      Metadata:
        AWS::CloudFormation::Init:
          config:
            commands:
              01_join: {command: !Sub "echo ECS_CLUSTER=${Ops} >> /etc/ecs/ecs.config"}
      Properties: {ImageId: ami-12345678}
    """,
    """
    B:
      Type: AWS::EC2::LaunchTemplate
      Properties:
        LaunchTemplateData:
          UserData:
            Fn::Base64: !Sub |
              [settings.ecs]
              cluster = "${Ops}"
    """,
    """
    B:
      Type: AWS::EC2::LaunchTemplate
      Properties:
        LaunchTemplateData:
          UserData:
            Fn::Base64: !Sub |
              <powershell>
              Initialize-ECSAgent -Cluster '${Ops}' -EnableTaskIAMRole
              </powershell>
    """,
]


@pytest.mark.parametrize("form", OTHER_FORMS)
def test_where_other_forms_name_the_cluster(form: str) -> None:
    resources = [TASK, CLUSTERS, service("!Ref Web"), launched("A", joins("${Web}"), MOUNT)]
    assert where(template(*resources, textwrap.dedent(form))) == ONE
    assert where(template(*resources, textwrap.dedent(form).replace("Ops", "Web"))) == NOT_B


PROVIDERS = """
GroupA: {Type: AWS::AutoScaling::AutoScalingGroup, Properties: {LaunchConfigurationName: !Ref A}}
GroupB: {Type: AWS::AutoScaling::AutoScalingGroup, Properties: {LaunchConfigurationName: !Ref B}}
ProviderA: {Type: AWS::ECS::CapacityProvider, Properties: {AutoScalingGroupProvider: {AutoScalingGroupArn: !Ref GroupA}}}
ProviderB:
  Type: AWS::ECS::CapacityProvider
  Properties: {Name: spot, AutoScalingGroupProvider: {AutoScalingGroupArn: !GetAtt GroupB.AutoScalingGroupARN}}
Link:
  Type: AWS::ECS::ClusterCapacityProviderAssociations
  Properties: {Cluster: !Ref Ops, CapacityProviders: [!Ref ProviderB], DefaultCapacityProviderStrategy: []}
"""


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        ("!Ref ProviderA", ONE),
        ("spot", OTHER),
        (
            "!ImportValue provider",
            "needs-input: Service runs the task on capacity provider !ImportValue provider, whose instances are not in this "
            "source",
        ),
        ("FARGATE", UNKNOWN),
    ],
)
def test_capacity_providers(named: str, expected: str) -> None:
    run = service("!Ref Shared", f"CapacityProviderStrategy: [{{CapacityProvider: {named}}}]")
    resources = [TASK, CLUSTERS, PROVIDERS, run, launched("A", AGENT, MOUNT), launched("B", AGENT, OTHER_MOUNT)]
    assert where(template(*resources, parameters="Shared: {Type: String}")) == expected


def test_a_capacity_provider_says_the_cluster() -> None:
    resources = [TASK, CLUSTERS, PROVIDERS, launched("A", AGENT, MOUNT), launched("B", AGENT, OTHER_MOUNT)]
    assert where(template(*resources, service("!Ref Web"))) == ONE
    assert where(template(*resources, service("!Ref Ops"))) == BOTH


RUNNERS = [
    """
    Rule:
      Type: AWS::Events::Rule
      Properties:
        Targets: [{Id: x, Arn: !GetAtt Web.Arn, EcsParameters: {TaskDefinitionArn: !Ref Task}}]
    """,
    """
    Schedule:
      Type: AWS::Scheduler::Schedule
      Properties:
        Target: {Arn: !GetAtt Web.Arn, EcsParameters: {TaskDefinitionArn: !Ref Task}}
    """,
    """
    Set: {Type: AWS::ECS::TaskSet, Properties: {Cluster: !Ref Web, TaskDefinition: !Ref Task}}
    """,
]


@pytest.mark.parametrize("runner", RUNNERS)
def test_what_else_runs_tasks(runner: str) -> None:
    resources = [
        *(TASK, CLUSTERS, textwrap.dedent(runner)),
        *(launched("A", joins("${Web}"), MOUNT), launched("B", joins("${Ops}"), OTHER_MOUNT)),
    ]
    assert where(template(*resources)) == ONE
    unread = (
        "\nMachine: {Type: AWS::StepFunctions::StateMachine, Properties: {DefinitionSubstitutions: {T: !Ref Task}}}\n"
    )
    assert where(template(*resources, unread)) == BOTH


BATCH = """
EnvironmentA:
  Type: AWS::Batch::ComputeEnvironment
  Properties: {Type: MANAGED, ComputeResources: {Type: SPOT, LaunchTemplate: {LaunchTemplateId: !Ref A}}}
EnvironmentB:
  Type: AWS::Batch::ComputeEnvironment
  Properties: {Type: MANAGED, ComputeResources: {Type: EC2}}
Queue:
  Type: AWS::Batch::JobQueue
  Properties: {ComputeEnvironmentOrder: [{Order: 1, ComputeEnvironment: !Ref EnvironmentA}]}
"""


def test_batch() -> None:
    launch = launched("A", MOUNT).replace("AutoScaling::LaunchConfiguration", "EC2::LaunchTemplate")
    launch = launch.replace("  Properties:\n", "  Properties:\n   LaunchTemplateData:\n")
    service_host = launched("C", AGENT, OTHER_MOUNT)
    without = "needs-input: A mounts fs-11111111:/ and EnvironmentB mounts nothing at /mnt/efs"
    assert where(template(JOB, launch, BATCH, service_host)) == without
    starter = """
Rule:
  Type: AWS::Events::Rule
  Properties:
    Targets: [{Id: x, Arn: !Ref Queue, BatchParameters: {JobDefinition: !Ref Task, JobName: job}}]
"""
    assert where(template(JOB, launch, BATCH, service_host, starter)) == ONE
    assert where(template(TASK, launch, BATCH, service_host)) == OTHER


def test_the_configuration_settles_what_instances_differ_in() -> None:
    Path(".efs-migrate.yaml").write_text("file-systems: [{id: fs-33333333, mounts: {/mnt/efs: /all}}]")
    resources = [TASK, launched("A", joins("x"), MOUNT), launched("B", joins("x"), OTHER_MOUNT)]
    assert where(template(*resources)) == "fs-33333333:/all/data"


def test_options_of_all_instances_are_kept() -> None:
    tls = launched("A", joins("x"), MOUNT.replace("-t efs", "-t efs -o tls"))
    assert where(template(TASK, tls, launched("B", joins("x"), MOUNT))) == ONE
    read_only = launched("A", joins("x"), MOUNT.replace("-t efs", "-t efs -o ro"))
    differ_in = "needs-input: A mounts fs-11111111:/ (read-only) and B mounts fs-11111111:/ at /mnt/efs"
    assert where(template(TASK, read_only, launched("B", joins("x"), MOUNT))) == differ_in


def test_an_instance_is_started_from_its_launch_template() -> None:
    launch = launched("A", joins("x"), MOUNT).replace("AutoScaling::LaunchConfiguration", "EC2::LaunchTemplate")
    launch = launch.replace("  Properties:\n", "  Properties:\n   LaunchTemplateData:\n")
    machine = (
        "\nB: {Type: AWS::EC2::Instance, Properties: {LaunchTemplate: {LaunchTemplateId: !Ref A, Version: VERSION}}}\n"
    )
    latest = machine.replace("VERSION", "!GetAtt A.LatestVersionNumber")
    assert where(template(TASK, launch, latest)) == ONE
    pinned = "needs-input: B starts version 1 of launch template A, which may be older than what stands in this source"
    assert where(template(TASK, launch, machine.replace("VERSION", "'1'"))) == pinned


# -- suppression --------------------------------------------------------------------------------------------------------


def test_metadata_of_an_instance() -> None:
    host = launched("A", joins("x"), MOUNT, image=MAPPED)
    assert {f["rule"] for f in check(template(TASK, host)).findings} >= {"EFS402", "EFS405"}
    quiet = host.replace("  Properties:", "  Metadata: {efs-migrate: {ignore: [EFS402, EFS405]}}\n  Properties:")
    assert not {f["rule"] for f in check(template(TASK, quiet)).findings} & {"EFS402", "EFS405"}
    wrong = host.replace("  Properties:", "  Metadata: {efs-migrate: {ignore: [EFS999]}}\n  Properties:")
    Path("template.yaml").write_text(template(TASK, wrong))
    ran = efs_migrate("check", "--format=json", "template.yaml")
    assert "EFS999" in json.dumps(ran.report)
    assert ran.status == 2


def test_comments_at_an_instance() -> None:
    host = launched("A", joins("x"), MOUNT, image=MAPPED)
    for old, rules in (
        ("A:\n", {"EFS402", "EFS405"}),
        ("    ImageId", {"EFS402"}),
        ("    UserData", {"EFS405"}),
    ):
        indent = old[: len(old) - len(old.lstrip())]
        quiet = host.replace(old, f"{indent}# efs-migrate: ignore[{', '.join(sorted(rules))}]\n{old}", 1)
        left = {f["rule"] for f in check(template(TASK, quiet)).findings} & {"EFS402", "EFS405"}
        assert left == {"EFS402", "EFS405"} - rules
