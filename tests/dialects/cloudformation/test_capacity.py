"""Which instances of a template can run a task, and what their images and agents can do.

Templates are put together from resources: a task definition whose host path lies at /mnt/efs, and what the test is about.
"""

from __future__ import annotations

import json
import textwrap
from pathlib import Path

import pytest
from support import Ran, efs_migrate

from rules.facts.capacity import differ
from rules.facts.images import Support, recommended, support_of
from rules.model import Cluster, Ref, Text

TASK = """
Task:
  Type: AWS::ECS::TaskDefinition
  Properties:
    TaskRoleArn: arn:aws:iam::123456789012:role/task
    ContainerDefinitions: [{Name: app, Image: nginx, Memory: 128, User: www-data}]
    Volumes:
      - Name: data
        Host: {SourcePath: /mnt/efs/data}
"""
JOB = """
Task:
  Type: AWS::Batch::JobDefinition
  Properties:
    Type: container
    ContainerProperties:
      Image: nginx
      JobRoleArn: arn:aws:iam::123456789012:role/task
      Volumes:
        - Name: data
          Host: {SourcePath: /mnt/efs/data}
"""
CLUSTERS = """
Web: {Type: AWS::ECS::Cluster}
Ops: {Type: AWS::ECS::Cluster}
"""
RECOMMENDED = "'{{resolve:ssm:/aws/service/ecs/optimized-ami/amazon-linux-2/recommended/image_id}}'"
AGENT = "echo ECS_LOGLEVEL=info >> /etc/ecs/ecs.config"
MOUNT = "mount -t efs fs-11111111:/ /mnt/efs"
OTHER_MOUNT = "mount -t efs fs-22222222:/ /mnt/efs"


def service(cluster: str = "", more: str = "") -> str:
    named = f"Cluster: {cluster}" if cluster else ""
    return f"""
Service:
  Type: AWS::ECS::Service
  Properties:
    TaskDefinition: !Ref Task
    {named}
    {more}
"""


def instance(name: str, *script: str, image: str = RECOMMENDED, more: str = "") -> str:
    """A launch configuration with a user data script."""
    lines = textwrap.indent("\n".join(["#!/bin/bash", *script]), " " * 8)
    user_data = f"UserData:\n      Fn::Base64: !Sub |\n{lines}" if script else ""
    return f"""
{name}:
  Type: AWS::AutoScaling::LaunchConfiguration
  Properties:
    ImageId: {image}
    {more}
    {user_data}
"""


def joins(cluster: str) -> str:
    return f"echo ECS_CLUSTER={cluster} >> /etc/ecs/ecs.config"


def template(*resources: str, parameters: str = "") -> str:
    head = f"Parameters:\n{textwrap.indent(textwrap.dedent(parameters), '  ')}\n" if parameters else ""
    return f"{head}Resources:\n{textwrap.indent(''.join(resources), '  ')}"


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def check(text: str, *options: str) -> Ran:
    Path("template.yaml").write_text(text)
    ran = efs_migrate("check", "--format=json", *options, "template.yaml")
    assert [file["error"] for file in ran.report["files"]] == [None]
    return ran


def of_rule(ran: Ran, rule: str) -> list[tuple[str, str]]:
    return [(str(f["status"]), str(f["message"])) for f in ran.findings if f["rule"] == rule]


def where(text: str, *options: str) -> str:
    """The file system that the task's volume is found on, or what stands in the way."""
    ((status, message),) = of_rule(check(text, *options), "EFS101")
    if status in ("fixable", "unsafe"):
        return message.partition(": mount ")[2].partition(" with ")[0]
    return f"{status}: {message.partition('may be EFS: ')[2].partition(';')[0]}"


# -- which instances count --------------------------------------------------------------------------------------------

ONE, OTHER = "fs-11111111:/data", "fs-22222222:/data"
UNKNOWN = "needs-input: its name suggests EFS, but no mount of it is known"
BOTH = "needs-input: A mounts fs-11111111:/ and B mounts fs-22222222:/ at /mnt/efs"
NOT_B = "needs-input: A mounts fs-11111111:/ and B mounts nothing at /mnt/efs"

PLACES = [
    pytest.param([TASK, instance("A", MOUNT)], ONE, id="no service, nothing of ECS"),
    pytest.param(
        [TASK, instance("A", joins("x"), MOUNT), service("!Ref Web"), CLUSTERS], UNKNOWN, id="literal-or-created"
    ),
    pytest.param([TASK, instance("A", MOUNT), service("!Ref Web"), CLUSTERS], ONE, id="instance-without-cluster"),
    pytest.param([TASK, instance("A", joins("x"), MOUNT), service("x")], ONE, id="same-literal"),
    pytest.param([TASK, instance("A", joins("x"), MOUNT), service("y")], UNKNOWN, id="other-literal"),
    pytest.param([TASK, instance("A", joins("default"), MOUNT), service()], ONE, id="default-cluster"),
    pytest.param([TASK, instance("A", joins("x"), MOUNT), service()], UNKNOWN, id="not-the-default-cluster"),
    pytest.param(
        [
            TASK,
            CLUSTERS,
            service("!GetAtt Web.Arn"),
            instance("A", joins("${Web}"), MOUNT),
            instance("B", joins("${Ops}"), OTHER_MOUNT),
        ],
        ONE,
        id="two-clusters-of-the-template",
    ),
    pytest.param(
        [TASK, CLUSTERS, instance("A", joins("${Web}"), MOUNT), instance("B", joins("${Ops}"), OTHER_MOUNT)],
        BOTH,
        id="run-from-elsewhere",
    ),
    pytest.param(
        [
            TASK,
            CLUSTERS,
            service("!Ref Web"),
            instance("A", joins("${Web}"), MOUNT),
            instance("B", joins("${Web}"), OTHER_MOUNT),
        ],
        BOTH,
        id="one-cluster-two-mounts",
    ),
    pytest.param(
        [TASK, CLUSTERS, service("!Ref Web"), instance("A", joins("${Web}"), MOUNT), instance("B", joins("${Web}"))],
        NOT_B,
        id="one-cluster-one-mount",
    ),
    pytest.param(
        [TASK, CLUSTERS, service("!Ref Web"), instance("A", joins("${Web}"), MOUNT), instance("B", AGENT)],
        NOT_B,
        id="cluster-of-the-other-not-known",
    ),
    pytest.param(
        [TASK, instance("A", joins("x"), MOUNT), instance("B", joins("x"), MOUNT)], ONE, id="two-that-mount-the-same"
    ),
    pytest.param(
        [TASK, instance("A", AGENT, MOUNT), instance("B", OTHER_MOUNT, image="ami-12345678")], ONE, id="bastion"
    ),
    pytest.param(
        [TASK, instance("A", MOUNT, image="ami-12345678"), instance("B", image="ami-12345678")], ONE, id="nat"
    ),
    pytest.param(
        [
            TASK,
            instance("A", MOUNT, image="ami-12345678", more="IamInstanceProfile: !Ref Profile"),
            instance("B", OTHER_MOUNT, image="ami-12345678"),
            "\nProfile: {Type: AWS::IAM::InstanceProfile, Properties: {Roles: [!Ref Role]}}\n",
            "Role: {Type: AWS::IAM::Role, Properties: {ManagedPolicyArns: "
            "[arn:aws:iam::aws:policy/service-role/AmazonEC2ContainerServiceforEC2Role]}}\n",
        ],
        ONE,
        id="role-of-container-instances",
    ),
    pytest.param(
        [TASK, service("shared", "LaunchType: FARGATE"), instance("A", joins("shared"), MOUNT)], UNKNOWN, id="fargate"
    ),
]


@pytest.mark.parametrize(("resources", "expected"), PLACES)
def test_instances_of_a_task(resources: list[str], expected: str) -> None:
    assert where(template(*resources)) == expected


CLUSTER_NAMES = [
    pytest.param("!Ref Shared", "${Shared}", ONE, id="parameter"),
    pytest.param("!Ref Shared", "${Else}", ONE, id="two-parameters-may-be-equal"),
    pytest.param("!Ref Shared", "x", ONE, id="parameter-may-be-the-literal"),
    pytest.param("!Sub '${Shared}-web'", "${Shared}-web", ONE, id="sub"),
    pytest.param("!Sub '${Shared}-web'", "${Shared}-ops", UNKNOWN, id="literal-ends-differ"),
    pytest.param("!Sub 'arn:aws:ecs:${AWS::Region}:${AWS::AccountId}:cluster/${Web}'", "${Web}", ONE, id="arn"),
    pytest.param("arn:aws:ecs:eu-west-1:123456789012:cluster/x", "x", ONE, id="literal-arn"),
    pytest.param("!Ref Named", "${Shared}-named", ONE, id="by-its-name"),
    pytest.param("!Ref Named", "${Web}", UNKNOWN, id="named-and-another"),
    pytest.param("!If [Prod, !Ref Web, !Ref Ops]", "${Ops}", ONE, id="either-of-two"),
    pytest.param("!If [Prod, !Ref Web, !Ref Ops]", "${Named}", UNKNOWN, id="neither-of-two"),
    pytest.param("!Ref Web", "$(curl http://169.254.169.254/cluster)", ONE, id="only-the-host-knows"),
    pytest.param("!Ref Web", "'${Web}'", ONE, id="quoted"),
]


@pytest.mark.parametrize(("ran_in", "joined", "expected"), CLUSTER_NAMES)
def test_names_of_clusters(ran_in: str, joined: str, expected: str) -> None:
    named = "\nNamed: {Type: AWS::ECS::Cluster, Properties: {ClusterName: !Sub '${Shared}-named'}}\n"
    resources = [TASK, CLUSTERS, named, service(ran_in), instance("A", joins(joined), MOUNT)]
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
    resources = [TASK, CLUSTERS, service("!Ref Web"), instance("A", joins("${Web}"), MOUNT)]
    assert where(template(*resources, instance("B", *script, OTHER_MOUNT))) == ONE


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
    resources = [TASK, CLUSTERS, service("!Ref Web"), instance("A", joins("${Web}"), MOUNT)]
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
        ("!ImportValue provider", BOTH),
        ("FARGATE", UNKNOWN),
    ],
)
def test_capacity_providers(named: str, expected: str) -> None:
    run = service("!Ref Shared", f"CapacityProviderStrategy: [{{CapacityProvider: {named}}}]")
    resources = [TASK, CLUSTERS, PROVIDERS, run, instance("A", AGENT, MOUNT), instance("B", AGENT, OTHER_MOUNT)]
    assert where(template(*resources, parameters="Shared: {Type: String}")) == expected


def test_a_capacity_provider_says_the_cluster() -> None:
    resources = [TASK, CLUSTERS, PROVIDERS, instance("A", AGENT, MOUNT), instance("B", AGENT, OTHER_MOUNT)]
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
        *(instance("A", joins("${Web}"), MOUNT), instance("B", joins("${Ops}"), OTHER_MOUNT)),
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
    launch = instance("A", MOUNT).replace("AutoScaling::LaunchConfiguration", "EC2::LaunchTemplate")
    launch = launch.replace("  Properties:\n", "  Properties:\n   LaunchTemplateData:\n")
    service_host = instance("C", AGENT, OTHER_MOUNT)
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
    resources = [TASK, instance("A", joins("x"), MOUNT), instance("B", joins("x"), OTHER_MOUNT)]
    assert where(template(*resources)) == "fs-33333333:/all/data"


def test_options_of_all_instances_are_kept() -> None:
    tls = instance("A", joins("x"), MOUNT.replace("-t efs", "-t efs -o tls"))
    assert where(template(TASK, tls, instance("B", joins("x"), MOUNT))) == ONE
    read_only = instance("A", joins("x"), MOUNT.replace("-t efs", "-t efs -o ro"))
    differ_in = "needs-input: A mounts fs-11111111:/ (read-only) and B mounts fs-11111111:/ at /mnt/efs"
    assert where(template(TASK, read_only, instance("B", joins("x"), MOUNT))) == differ_in


def test_an_instance_is_started_from_its_launch_template() -> None:
    launch = instance("A", joins("x"), MOUNT).replace("AutoScaling::LaunchConfiguration", "EC2::LaunchTemplate")
    launch = launch.replace("  Properties:\n", "  Properties:\n   LaunchTemplateData:\n")
    machine = (
        "\nB: {Type: AWS::EC2::Instance, Properties: {LaunchTemplate: {LaunchTemplateId: !Ref A, Version: '1'}}}\n"
    )
    assert where(template(TASK, launch, machine)) == ONE


def refs(*parts: str) -> Cluster:
    return Cluster(Text(tuple(Ref(part) if part.startswith("$") else part for part in parts)))


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (refs("a"), refs("a"), False),
        (refs("a"), refs("b"), True),
        (refs("${A}", "-a"), refs("${A}", "-b"), True),
        (refs("${A}", "-a"), refs("${A}"), True),
        (refs("a-", "${A}"), refs("b-", "${A}"), True),
        (refs("${A}", "-a"), refs("${B}", "-a"), False),
        (refs("${A}"), refs("${A}", "${A}"), False),
        (refs("${A}", "x", "${A}"), refs("${A}", "x", "${A}", "x", "${A}"), False),
    ],
)
def test_differ(one: Cluster, other: Cluster, expected: bool) -> None:
    assert differ(one, other) is expected
    assert differ(other, one) is expected


# -- images and agents ------------------------------------------------------------------------------------------------

PATH = "/aws/service/ecs/optimized-ami"

NAMES = [
    (f"{PATH}/amazon-linux-2/recommended/image_id", Support.GENERAL),
    (f"{PATH}/amazon-linux-2/recommended", Support.GENERAL),
    (f"{PATH}/amazon-linux-2/kernel-5.10/arm64/recommended/image_id", Support.GENERAL),
    (f"{PATH}/amazon-linux-2023/recommended/image_id", Support.GENERAL),
    (f"{PATH}/amazon-linux-2/recommended/image_id:27", Support.UNKNOWN),
    (f"{PATH}/amazon-linux-2/amzn2-ami-ecs-hvm-2.0.20191114-x86_64-ebs/image_id", Support.NONE),
    (f"{PATH}/amazon-linux-2/amzn2-ami-ecs-hvm-2.0.20191212-x86_64-ebs/image_id", Support.PREVIEW),
    (f"{PATH}/amazon-linux-2/gpu/amzn2-ami-ecs-gpu-hvm-2.0.20200218-x86_64-ebs", Support.PREVIEW),
    (f"{PATH}/amazon-linux-2/arm64/amzn2-ami-ecs-hvm-2.0.20200319-arm64-ebs", Support.GENERAL),
    (f"{PATH}/amazon-linux/amzn-ami-2018.03.20200205-amazon-ecs-optimized/image_id", Support.PREVIEW),
    ("amzn-ami-2017.09.l-amazon-ecs-optimized", Support.NONE),
    ("amzn2-ami-ecs-kernel-5.10-hvm-2.0.20221115-x86_64-ebs", Support.GENERAL),
    ("al2023-ami-ecs-hvm-2023.0.20240109-kernel-6.1-x86_64", Support.GENERAL),
    ("/aws/service/ami-amazon-linux-latest/amzn2-ami-hvm-x86_64-gp2", Support.UNKNOWN),
    ("/golden/image", Support.UNKNOWN),
    (None, Support.UNKNOWN),
]


@pytest.mark.parametrize(("name", "support"), NAMES)
def test_support_of_images(name: str | None, support: Support) -> None:
    assert support_of(name) is support


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (NAMES[5][0], f"{PATH}/amazon-linux-2/recommended/image_id"),
        (NAMES[7][0], f"{PATH}/amazon-linux-2/gpu/recommended"),
        (NAMES[9][0], f"{PATH}/amazon-linux/recommended/image_id"),
        (NAMES[10][0], None),
        (NAMES[0][0], None),
    ],
)
def test_recommended(name: str, expected: str | None) -> None:
    assert recommended(name) == expected


OLD = f"{PATH}/amazon-linux-2/amzn2-ami-ecs-hvm-2.0.20190603-x86_64-ebs/image_id"
PREVIEW_AMI = OLD.replace("20190603", "20200115")
MAPPED = "!FindInMap [Amis, !Ref AWS::Region, Ecs]"

IMAGES = [
    pytest.param(RECOMMENDED, [], [], id="recommended"),
    pytest.param("resolve:ssm:" + OLD, [], ["unsafe"], id="ec2-resolves"),
    pytest.param("'{{resolve:ssm:" + OLD + "}}'", [], ["unsafe"], id="cloudformation-resolves"),
    pytest.param("!Sub '{{resolve:ssm:" + PREVIEW_AMI + "}}'", [], ["unsafe"], id="sub"),
    pytest.param("!Ref Pinned", [], ["unsafe"], id="parameter"),
    pytest.param("!Ref Limited", [], ["advice"], id="parameter-with-allowed-values"),
    pytest.param("!Ref Current", [], [], id="current-parameter"),
    pytest.param("!Sub '{{resolve:ssm:${PathOf}}}'", [], ["unsafe"], id="path-by-parameter"),
    pytest.param("!If [Own, !Ref Optional, !Ref Current]", [], [], id="parameter-that-may-override"),
    pytest.param("!If [Old, !Ref Pinned, !Ref Current]", [], ["unsafe"], id="either"),
    pytest.param("ami-12345678", [], ["advice"], id="id"),
    pytest.param(MAPPED, [], ["advice"], id="mapping"),
    pytest.param(
        MAPPED,
        ["yum install -y amazon-efs-utils", "systemctl enable --now amazon-ecs-volume-plugin"],
        [],
        id="installed",
    ),
    pytest.param(MAPPED, ["#yum install -y amazon-efs-utils", "#reboot"], ["advice"], id="in-comments"),
    pytest.param(RECOMMENDED, ["docker run amazon/amazon-ecs-agent:v1.23.0"], ["advice"], id="old-agent"),
    pytest.param(RECOMMENDED, ["yum install -y ecs-init-1.36.1-1.amzn2"], ["advice"], id="old-init"),
    pytest.param(RECOMMENDED, ["# ecs-init-1.36.1-1.amzn2"], [], id="old-init-in-a-comment"),
    pytest.param(RECOMMENDED, ["yum install -y ecs-init-1.40.0-1.amzn2"], [], id="new-init"),
]
PARAMETERS = f"""
Pinned: {{Type: 'AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>', Default: {OLD}}}
Limited: {{Type: 'AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>', Default: {OLD}, AllowedValues: [{OLD}]}}
Current: {{Type: 'AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>', Default: {PATH}/amazon-linux-2/recommended/image_id}}
PathOf: {{Type: String, Default: {OLD}}}
Optional: {{Type: String, Default: ''}}
"""


@pytest.mark.parametrize(("image", "script", "expected"), IMAGES)
def test_images_of_instances(image: str, script: list[str], expected: list[str]) -> None:
    text = template(TASK, instance("A", joins("x"), *script, MOUNT, image=image), parameters=PARAMETERS)
    ran = check(text)
    assert [status for status, _ in of_rule(ran, "EFS402")] == expected
    old = "unsafe" in expected or (any(word in text for word in ("v1.23.0", "-init-1.36")) and expected)
    assert of_rule(ran, "EFS101")[0][0] == ("unsafe" if old or image == "!Ref Limited" else "fixable")
    applied = efs_migrate("apply", "--unsafe", "--format=json", "template.yaml")
    assert [file["error"] for file in applied.report["files"]] == [None]
    changed = Path("template.yaml").read_text()
    if expected == ["unsafe"]:
        assert changed.count("/recommended/image_id") == text.count("/recommended/image_id") + 1
    else:
        assert changed.count("/recommended/image_id") == text.count("/recommended/image_id")


def test_advice_only_where_a_task_with_efs_can_run() -> None:
    other = instance("B", joins("y"), image="ami-12345678")
    advised = [
        finding["task"]
        for finding in check(
            template(TASK, service("x"), instance("A", joins("x"), MOUNT, image=MAPPED), other)
        ).findings
        if finding["rule"] == "EFS402"
    ]
    assert advised == ["A"]
    no_efs = TASK.replace("/mnt/efs/data", "/var/run/docker.sock")
    assert check(template(no_efs, instance("A", AGENT, MOUNT, image=MAPPED))).findings == []


def test_an_image_that_two_share_is_replaced_for_both() -> None:
    both = [instance(name, joins("x"), MOUNT, image="!Ref Pinned") for name in ("A", "B")]
    ran = check(template(TASK, *both, parameters=PARAMETERS))
    assert [status for status, _ in of_rule(ran, "EFS402")] == ["unsafe", "unsafe"]
    quiet = both[0].replace("    ImageId", "    # efs-migrate: ignore[EFS402]\n    ImageId")
    ran = check(template(TASK, quiet, both[1], parameters=PARAMETERS))
    assert [status for status, _ in of_rule(ran, "EFS402")] == ["refused"]


def test_what_an_anchor_shares_is_not_replaced() -> None:
    anchored = instance("A", joins("x"), MOUNT, image="resolve:ssm:" + OLD).replace(
        "Properties:", "Properties: &launch"
    )
    text = template(TASK, anchored, "\nB: {Type: AWS::AutoScaling::LaunchConfiguration, Properties: *launch}\n")
    assert [status for status, _ in of_rule(check(text), "EFS402")] == ["advice", "advice"]


def test_first_use_of_tls_on_a_preview_volume_is_unsafe() -> None:
    preview = TASK.replace("Host: {SourcePath: /mnt/efs/data}", "EFSVolumeConfiguration: {FilesystemId: fs-11111111}")
    ran = check(template(preview, instance("A", joins("x"), image="resolve:ssm:" + PREVIEW_AMI)))
    ((status, _),) = of_rule(ran, "EFS201")
    assert status == "unsafe"
    encrypted = preview.replace("fs-11111111}", "fs-11111111, TransitEncryption: ENABLED}")
    ran = check(template(encrypted, instance("A", joins("x"), image="resolve:ssm:" + PREVIEW_AMI)))
    assert {status for rule in ("EFS202", "EFS203") for status, _ in of_rule(ran, rule)} == {"fixable"}


# -- platforms --------------------------------------------------------------------------------------------------------

BOTTLEROCKET = "resolve:ssm:/aws/service/bottlerocket/aws-ecs-2/x86_64/latest/image_id"
WINDOWS = "resolve:ssm:/aws/service/ami-windows-latest/Windows_Server-2019-English-Full-ECS_Optimized/image_id"


def test_bottlerocket_stops_above_efs() -> None:
    volume = "EFSVolumeConfiguration: {FilesystemId: fs-11111111}"
    plain = TASK.replace("Host: {SourcePath: /mnt/efs/data}", volume)
    ran = check(template(plain, instance("A", "[settings.ecs]", image=BOTTLEROCKET)))
    assert {(f["rule"], f["status"]) for f in ran.findings} == {("EFS403", "refused")}
    mixed = template(plain, instance("A", image=BOTTLEROCKET), instance("B", AGENT))
    assert of_rule(check(mixed), "EFS201")[0][0] == "fixable"
    docker = (
        "DockerVolumeConfiguration: {Driver: local, DriverOpts: {type: nfs, device: ':/', "
        "o: 'addr=fs-11111111.efs.eu-west-1.amazonaws.com,OPTION'}}"
    )
    for option, rules in (("nfsvers=4.1", {"EFS102", "EFS403"}), ("tls", {"EFS403"})):
        old = TASK.replace("Host: {SourcePath: /mnt/efs/data}", docker.replace("OPTION", option))
        ran = check(template(old, instance("A", image=BOTTLEROCKET)))
        assert {f["rule"] for f in ran.findings} == rules
        assert [v["after"] for v in ran.report["files"][0]["volumes"]] == ["efs" if len(rules) > 1 else "host"]


def test_windows_instances_take_nothing() -> None:
    ran = check(template(TASK, instance("A", AGENT, MOUNT, image=WINDOWS)))
    assert {(f["rule"], f["status"]) for f in ran.findings} == {("EFS403", "refused")}


# -- what is left over ------------------------------------------------------------------------------------------------


def leftovers(text: str, *options: str) -> list[str]:
    return [message for _, message in of_rule(check(text, *options), "EFS405")]


def volume(path: str, name: str = "more") -> str:
    return TASK.replace("Task:", f"{name.title()}Task:").replace("/mnt/efs/data", path)


def test_leftover_mount() -> None:
    host = instance("A", joins("x"), 'echo ECS_INSTANCE_ATTRIBUTES=\'{"efs": "yes"}\' >> /etc/ecs/ecs.config', MOUNT)
    ran = check(template(TASK, host))
    (finding,) = [f for f in ran.findings if f["rule"] == "EFS405"]
    assert (finding["task"], finding["volume"], finding["status"]) == ("A", None, "advice")
    assert "fs-11111111:/ is mounted at /mnt/efs (line 4 of its user data)" in str(finding["message"])
    assert 'ECS_INSTANCE_ATTRIBUTES={"efs": "yes"} becomes obsolete' in str(finding["help"])
    assert Path("template.yaml").read_text().splitlines()[int(str(finding["line"])) - 1].strip() == "UserData:"
    # It stays when everything else is done.
    efs_migrate("apply", "--unsafe", "template.yaml")
    again = efs_migrate("check", "--format=json", "template.yaml")
    assert [f["rule"] for f in again.findings] == ["EFS408", "EFS405"]


@pytest.mark.parametrize(
    "path",
    [
        "/mnt/efs/docs.d/../x",
        "/mnt/efs/a/b/c/d/x.conf",
        "/mnt",
        "/mnt/efs",
        "${Dir}",
        "/mnt/${Dir}",
        "/mnt/efs/${Dir}x/../y",
    ],
)
def test_a_mount_that_a_volume_may_need_is_not_left_over(path: str) -> None:
    more = volume(path).replace(path, f"!Sub '{path}'")
    text = template(TASK, more, instance("A", AGENT, MOUNT), parameters="Dir: {Type: String}")
    ignored = text.replace(
        "      - Name: data\n          Host: {SourcePath: !Sub",
        "      - Name: data # efs-migrate: ignore[EFS101]\n          Host: {SourcePath: !Sub",
    )
    assert ignored != text
    assert leftovers(ignored) == []


def test_other_volumes_do_not_keep_a_mount() -> None:
    host = instance("A", joins("x"), MOUNT)
    for path in ("/var/run/docker.sock", "/mnt/efs2", "/mnt/ef", "/srv/${Dir}"):
        assert (
            len(
                leftovers(
                    template(TASK, volume(path).replace(path, f"!Sub '{path}'"), host, parameters="Dir: {Type: String}")
                )
            )
            == 1
        ), path
    # Nor does a task that cannot run there.
    away = volume("/mnt/efs") + service("y").replace("Ref Task", "Ref MoreTask")
    assert len(leftovers(template(TASK, away, host))) == 1


def test_no_volume_has_left_a_mount() -> None:
    assert leftovers(template(TASK, instance("A", AGENT, OTHER_MOUNT.replace("/mnt/efs", "/srv/x")))) == []
    assert leftovers(template(volume("/var/lib/x"), instance("A", AGENT, MOUNT))) == []
    elsewhere = TASK.replace(
        "Host: {SourcePath: /mnt/efs/data}", "EFSVolumeConfiguration: {FilesystemId: fs-11111111, RootDirectory: /x}"
    )
    mount = MOUNT.replace("fs-11111111:/", "fs-11111111:/y")
    assert leftovers(template(elsewhere, instance("A", AGENT, mount)), "--target=tls") == []
    assert len(leftovers(template(elsewhere, instance("A", AGENT, MOUNT)), "--target=tls")) == 1


# -- suppression ------------------------------------------------------------------------------------------------------


def test_metadata_of_an_instance() -> None:
    host = instance("A", joins("x"), MOUNT, image=MAPPED)
    assert {f["rule"] for f in check(template(TASK, host)).findings} >= {"EFS402", "EFS405"}
    quiet = host.replace("  Properties:", "  Metadata: {efs-migrate: {ignore: [EFS402, EFS405]}}\n  Properties:")
    assert not {f["rule"] for f in check(template(TASK, quiet)).findings} & {"EFS402", "EFS405"}
    wrong = host.replace("  Properties:", "  Metadata: {efs-migrate: {ignore: [EFS999]}}\n  Properties:")
    Path("template.yaml").write_text(template(TASK, wrong))
    ran = efs_migrate("check", "--format=json", "template.yaml")
    assert "EFS999" in json.dumps(ran.report)
    assert ran.status == 2


def test_comments_at_an_instance() -> None:
    host = instance("A", joins("x"), MOUNT, image=MAPPED)
    for old, rules in (
        ("A:\n", {"EFS402", "EFS405"}),
        ("    ImageId", {"EFS402"}),
        ("    UserData", {"EFS405"}),
    ):
        indent = old[: len(old) - len(old.lstrip())]
        quiet = host.replace(old, f"{indent}# efs-migrate: ignore[{', '.join(sorted(rules))}]\n{old}", 1)
        left = {f["rule"] for f in check(template(TASK, quiet)).findings} & {"EFS402", "EFS405"}
        assert left == {"EFS402", "EFS405"} - rules
