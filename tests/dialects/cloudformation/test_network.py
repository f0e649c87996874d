"""Whether a template shows a way from its tasks to its file system, and what is added where it does not.

The byte-for-byte cases are in `samples/cloudformation-*` and `samples/efs404-*`, run by `golden/test_samples.py` and `rules/test_efs404.py`.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from network_templates import ADMITS, answer, applied, finding, template
from support import SOAKING

from migrate.dialects.cloudformation.running import network
from migrate.files.language import YAML
from migrate.syntax import parse, resolve
from migrate.syntax.node import Mapping
from rules.model import Zone

# -- what admits NFS --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ingress", "expected"),
    [
        ("", "added"),
        ("[]", "added"),
        (f"[{ADMITS}]", "open"),
        (ADMITS, "open"),  # CloudFormation takes one for a list of one
        ("[{IpProtocol: tcp, FromPort: 2049, ToPort: 2049, SourceSecurityGroupId: !Ref Others}]", "added"),
        ("[{IpProtocol: tcp, FromPort: 2049, ToPort: 2049, SourceSecurityGroupId: !Ref Group}]", "added"),
        ("[{IpProtocol: tcp, FromPort: 2049, ToPort: 2049, SourceSecurityGroupId: !GetAtt Clients.GroupId}]", "open"),
        ("[{IpProtocol: '6', FromPort: '0', ToPort: '65535', SourceSecurityGroupId: !Ref Clients}]", "open"),
        ("[{IpProtocol: -1, SourceSecurityGroupId: !Ref Clients}]", "open"),
        ("[{IpProtocol: udp, FromPort: 2049, ToPort: 2049, SourceSecurityGroupId: !Ref Clients}]", "added"),
        ("[{IpProtocol: tcp, FromPort: 2050, ToPort: 3000, SourceSecurityGroupId: !Ref Clients}]", "added"),
        ("[{IpProtocol: tcp, FromPort: 0, ToPort: 1024, SourceSecurityGroupId: !Ref Clients}]", "added"),
        ("[{IpProtocol: tcp, FromPort: !Ref Port, ToPort: !Ref Port, SourceSecurityGroupId: !Ref Clients}]", "unknown"),
        ("[{IpProtocol: tcp, FromPort: !Ref Port, ToPort: 2000, SourceSecurityGroupId: !Ref Clients}]", "added"),
        ("[{IpProtocol: tcp, FromPort: 2049, ToPort: 2049, CidrIp: 0.0.0.0/0}]", "open"),
        ("[{IpProtocol: tcp, FromPort: 2049, ToPort: 2049, CidrIp: !GetAtt Vpc.CidrBlock}]", "open"),
        ("[{IpProtocol: tcp, FromPort: 2049, ToPort: 2049, CidrIp: 10.0.0.0/8}]", "open"),
        ("[{IpProtocol: tcp, FromPort: 2049, ToPort: 2049, CidrIp: 10.0.1.0/24}]", "open"),
        ("[{IpProtocol: tcp, FromPort: 2049, ToPort: 2049, CidrIp: 10.0.1.0/25}]", "unknown"),
        ("[{IpProtocol: tcp, FromPort: 2049, ToPort: 2049, CidrIp: 10.0.2.0/24}]", "added"),
        ("[{IpProtocol: tcp, FromPort: 2049, ToPort: 2049, CidrIp: !Ref Cidr}]", "unknown"),
        ("[{IpProtocol: tcp, FromPort: 2049, ToPort: 2049, CidrIp: nonsense}]", "unknown"),
        ("[{IpProtocol: tcp, FromPort: 2049, ToPort: 2049, CidrIpv6: '::/0'}]", "unknown"),
        ("[{IpProtocol: tcp, FromPort: 2049, ToPort: 2049, SourcePrefixListId: pl-1}]", "unknown"),
        (f"[!If [Flagged, {ADMITS}, !Ref 'AWS::NoValue']]", "unknown"),
        (f"!If [Flagged, [{ADMITS}], []]", "unknown"),
        ("[{Fn::Transform: {Name: Rules}}]", "unknown"),
        ("!Ref Rules", "unknown"),
        (
            "[{IpProtocol: -1, SourceSecurityGroupId: !If [Flagged, !Ref Clients, !Ref Others]}]",
            "unknown",
        ),
    ],
)
def test_ingress(ingress: str, expected: str, tmp_path: Path) -> None:
    assert answer(template(ingress=ingress), tmp_path) == expected


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ("GroupId: !Ref Servers, IpProtocol: -1, SourceSecurityGroupId: !Ref Clients", "open"),
        ("GroupId: !GetAtt [Servers, GroupId], IpProtocol: -1, CidrIp: 0.0.0.0/0", "open"),
        ("GroupId: !Ref Others, IpProtocol: -1, SourceSecurityGroupId: !Ref Clients", "added"),
        ("GroupId: !If [Flagged, !Ref Servers, !Ref Others], IpProtocol: -1, CidrIp: 0.0.0.0/0", "unknown"),
    ],
)
def test_ingress_of_its_own(properties: str, expected: str, tmp_path: Path) -> None:
    rule = "  Rule:\n    Type: AWS::EC2::SecurityGroupIngress\n    Properties: {" + properties + "}\n"
    assert answer(template(more=rule), tmp_path) == expected


def test_ingress_under_a_condition_may_not_be_there(tmp_path: Path) -> None:
    rule = (
        "  Rule:\n    Type: AWS::EC2::SecurityGroupIngress\n    Condition: Flagged\n"
        "    Properties: {GroupId: !Ref Servers, IpProtocol: -1, SourceSecurityGroupId: !Ref Clients}\n"
    )
    assert answer(template(more=rule), tmp_path) == "unknown"


@pytest.mark.parametrize(
    ("servers", "clients", "expected"),
    [
        ("[!Ref Group]", "[!Ref Clients]", "unknown"),
        ("[!Ref Servers]", "[!Ref Group]", "unknown"),
        ("!Ref Groups", "[!Ref Clients]", "unknown"),
        ("[!Ref Servers]", "!Split [',', !Ref Group]", "unknown"),
        ("[!Ref Servers]", "[!If [Flagged, !Ref Clients, !Ref Group]]", "unknown"),
        ("[!Ref Servers]", "[!Select [0, [!Ref Clients, !Ref Others]]]", "unknown"),
        ("[!Ref Servers]", "[!Ref Clients, !ImportValue shared]", "added"),
        ("[!Ref Servers]", "[!Ref Clients, !Ref Others]", "unsafe"),
        ("[!Ref Servers, !Ref Others]", "[!Ref Clients]", "unsafe"),
        ("!Ref AWS::NoValue", "!Ref AWS::NoValue", "open"),
        ("[!GetAtt Vpc.DefaultSecurityGroup]", "[!GetAtt Vpc.DefaultSecurityGroup]", "open"),
        ("[!GetAtt Vpc.DefaultSecurityGroup]", "[!Ref Clients]", "added"),
    ],
)
def test_groups(servers: str, clients: str, expected: str, tmp_path: Path) -> None:
    assert answer(template(servers=servers, clients=clients), tmp_path) == expected


def test_groups_that_are_not_given_are_the_default_group(tmp_path: Path) -> None:
    body = template().replace("      SecurityGroups: [!Ref Servers]\n", "")
    assert answer(body.replace("SecurityGroups: [!Ref Clients], ", ""), tmp_path) == "open"
    assert answer(body, tmp_path) == "added"
    assert "      GroupId: !GetAtt Vpc.DefaultSecurityGroup\n" in applied(body, tmp_path)


def test_a_group_that_admits_itself(tmp_path: Path) -> None:
    rule = (
        "  Rule:\n    Type: AWS::EC2::SecurityGroupIngress\n"
        "    Properties: {GroupId: !Ref Servers, IpProtocol: -1, SourceSecurityGroupId: !Ref Servers}\n"
    )
    assert answer(template(more=rule, clients="[!Ref Servers]"), tmp_path) == "open"
    assert answer(template(clients="[!Ref Servers]"), tmp_path) == "added"


def test_the_group_with_a_rule_for_nfs_is_the_one_to_open(tmp_path: Path) -> None:
    nfs = "[{IpProtocol: tcp, FromPort: 2049, ToPort: 2049, CidrIp: 10.0.9.0/24}]"
    after = applied(template(ingress=nfs, servers="[!Ref Others, !Ref Servers]"), tmp_path)
    assert "  EfsIngressFromClients:\n" in after
    assert "      GroupId: !Ref Servers\n" in after


@pytest.mark.parametrize("mode", ["bridge", "host"])
def test_other_network_modes_leave_through_the_instance(mode: str, tmp_path: Path) -> None:
    assert answer(template(mode=mode), tmp_path) == "open"


@pytest.mark.parametrize(
    ("egress", "expected"),
    [
        ("[]", "open"),
        ("!Ref AWS::NoValue", "open"),
        ("[{IpProtocol: -1, CidrIp: 0.0.0.0/0}]", "open"),
        ("[{IpProtocol: tcp, FromPort: 2049, ToPort: 2049, DestinationSecurityGroupId: !Ref Servers}]", "open"),
        ("[{IpProtocol: tcp, FromPort: 2049, ToPort: 2049, CidrIp: 10.0.0.0/16}]", "open"),
        ("[{IpProtocol: tcp, FromPort: 443, ToPort: 443, CidrIp: 0.0.0.0/0}]", "unsafe"),
        ("[{IpProtocol: -1, CidrIp: 127.0.0.1/32}]", "unsafe"),
        ("[{IpProtocol: icmp, FromPort: 252, ToPort: 86, CidrIp: 255.255.255.255/32}]", "unsafe"),
        ("[{IpProtocol: tcp, FromPort: 0, ToPort: 65535, DestinationSecurityGroupId: !Ref Others}]", "unsafe"),
        ("[{IpProtocol: -1, CidrIp: !Ref Cidr}]", "unknown"),
        ("!If [Flagged, [{IpProtocol: -1, CidrIp: 0.0.0.0/0}], [{IpProtocol: -1, CidrIp: 127.0.0.1/32}]]", "unknown"),
    ],
)
def test_egress(egress: str, expected: str, tmp_path: Path) -> None:
    assert answer(template(ingress=f"[{ADMITS}]", egress=egress), tmp_path) == expected


def test_an_egress_rule_of_its_own_may_close_the_rest(tmp_path: Path) -> None:
    rule = (
        "  Rule:\n    Type: AWS::EC2::SecurityGroupEgress\n"
        "    Properties: {GroupId: !Ref Clients, IpProtocol: tcp, FromPort: 443, ToPort: 443, CidrIp: 0.0.0.0/0}\n"
    )
    assert answer(template(ingress=f"[{ADMITS}]", more=rule), tmp_path) == "unknown"


def test_names_both_groups_where_no_rule_can_be_written(tmp_path: Path) -> None:
    step = finding(template(clients="[!Ref Clients, !Ref Others]"), tmp_path)
    assert step is not None
    assert "Servers does not admit security groups Clients and Others on TCP 2049" in step["caveat"]


@pytest.mark.parametrize("taken", ["EfsIngressFromClients", "efsingressfromclients"])
def test_the_name_of_the_rule_is_free(taken: str, tmp_path: Path) -> None:
    after = applied(template(more=f"  {taken}:\n    Type: AWS::SNS::Topic\n"), tmp_path)
    assert "  EfsIngressFromClients2:\n    Type: AWS::EC2::SecurityGroupIngress\n" in after
    assert "    DependsOn:\n      - Mount\n      - EfsIngressFromClients2\n" in after


def test_a_rule_under_the_condition_of_its_groups(tmp_path: Path) -> None:
    body = template().replace("  Clients:\n", "  Clients:\n    Condition: Flagged\n")
    after = applied(body, tmp_path)
    assert "    Type: AWS::EC2::SecurityGroupIngress\n    Condition: Flagged\n" in after
    assert "    DependsOn: Mount\n" in after, "a service that is there without the rule cannot wait for it"


def test_loops_and_modules_may_add_rules(tmp_path: Path) -> None:
    more = "  Fn::ForEach::Rules: [x, [a], {'Rule${x}': {Type: AWS::SNS::Topic}}]\n"
    assert answer(template(more=more), tmp_path) == "unknown"
    assert answer(template(more="  Rules:\n    Type: Our::Rules::MODULE\n"), tmp_path) == "unknown"


def test_a_suppressed_or_declined_step_adds_nothing(tmp_path: Path) -> None:
    body = template()
    assert applied(body, tmp_path, "--skip", "EFS102") == body
    assert applied(template(clients="[!Ref Clients, !Ref Others]"), tmp_path).count("SecurityGroupIngress") == 0


# -- who waits --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("depends", "written"),
    [
        ("", "    Type: AWS::ECS::Service\n    DependsOn: Mount\n"),
        ("    DependsOn: Mount\n", "    DependsOn: Mount\n"),
        ("    DependsOn: Vpc\n", "    DependsOn:\n      - Vpc\n      - Mount\n"),
        ("    DependsOn: [Vpc]\n", "    DependsOn: [Vpc, Mount]\n"),
        ("    DependsOn:\n      - Vpc\n", "    DependsOn:\n      - Vpc\n      - Mount\n"),
        ("    DependsOn: [Mount, Vpc]\n", "    DependsOn: [Mount, Vpc]\n"),
        ("    Metadata: {after: !Ref Mount}\n", "    Metadata: {after: !Ref Mount}\n"),
    ],
)
def test_depends_on(depends: str, written: str, tmp_path: Path) -> None:
    after = applied(template(ingress=f"[{ADMITS}]", depends=depends), tmp_path)
    assert written in after
    assert after.count("DependsOn") == ("DependsOn" in written)


@pytest.mark.parametrize(
    "depends",
    [
        "    DependsOn: *waits\n",
        "    DependsOn: &mine [Vpc]\n",
        "    DependsOn: !Ref Vpc\n",
        "    <<: {DependsOn: Vpc}\n",
        "    Fn::Transform: {Name: Wait}\n",
    ],
)
def test_what_cannot_be_told_to_wait_is_advised(depends: str, tmp_path: Path) -> None:
    head = "x: &waits [Vpc]\n"
    body = head + template(ingress=f"[{ADMITS}]", depends=depends)
    after = applied(body, tmp_path)
    assert depends in after
    assert "EFSVolumeConfiguration" in after
    advice = finding(after, tmp_path, "EFS404")
    assert advice is not None
    assert (
        advice["message"] == "Runner may start tasks before the mount targets are there: add Mount to its `DependsOn`"
    )


def test_no_cycle_is_closed(tmp_path: Path) -> None:
    body = template(ingress=f"[{ADMITS}]", depends="").replace(
        "  Mount:\n    Type: AWS::EFS::MountTarget\n",
        "  Mount:\n    Type: AWS::EFS::MountTarget\n    DependsOn: Runner\n",
    )
    after = applied(body, tmp_path)
    assert after.count("DependsOn") == 1
    assert "EFSVolumeConfiguration" in after


@pytest.mark.parametrize("name", ["Service", "FileSystem", "Role"])
def test_words_that_are_no_references_close_no_cycle(name: str, tmp_path: Path) -> None:
    role = "  SomeRole:\n    Type: AWS::IAM::Role\n    Properties: {Service: x, Role: y, FileSystem: z}\n"
    body = template(ingress=f"[{ADMITS}]", depends="", more=role).replace("  Runner:\n", f"  {name}:\n")
    body = body.replace("    Type: AWS::EFS::FileSystem\n", "    Type: AWS::EFS::FileSystem\n    DependsOn: SomeRole\n")
    assert f"  {name}:\n    Type: AWS::ECS::Service\n    DependsOn: Mount\n" in applied(body, tmp_path)


def test_services_of_code_deploy_are_not_edited(tmp_path: Path) -> None:
    body = "Transform: [AWS::CodeDeployBlueGreen]\n" + template(depends="")
    after = applied(body, tmp_path, "--unsafe")
    assert "DependsOn" not in after
    assert "AWS::EC2::SecurityGroupIngress" in after
    assert finding(after, tmp_path, "EFS404") is None


@pytest.mark.parametrize(
    ("kind", "target"),
    [
        (
            "AWS::Events::Rule",
            "Targets: [{Id: a, EcsParameters: {TaskDefinitionArn: !Ref Task, NetworkConfiguration: %s}}]",
        ),
        (
            "AWS::Scheduler::Schedule",
            "Target: {EcsParameters: {TaskDefinitionArn: !Ref Task, NetworkConfiguration: %s}}",
        ),
    ],
)
def test_schedules_start_nothing_at_once(kind: str, target: str, tmp_path: Path) -> None:
    spelling = "AwsVpcConfiguration" if "Events" in kind else "AwsvpcConfiguration"
    network = f"{{{spelling}: {{SecurityGroups: [!Ref Clients], Subnets: [!Ref Subnet]}}}}"
    body = template(depends="")
    body = (
        body[: body.index("  Runner:\n")] + f"  Runner:\n    Type: {kind}\n    Properties:\n      {target % network}\n"
    )
    after = applied(body, tmp_path)
    assert "  EfsIngressFromClients:\n" in after
    assert "DependsOn" not in after


def test_task_sets_run_tasks(tmp_path: Path) -> None:
    body = template(depends="").replace("AWS::ECS::Service", "AWS::ECS::TaskSet")
    assert "    DependsOn:\n      - Mount\n      - EfsIngressFromClients\n" in applied(body, tmp_path)


def test_a_policy_and_the_network_share_one_list(tmp_path: Path) -> None:
    role = "  Role:\n    Type: AWS::IAM::Role\n    Properties:\n      AssumeRolePolicyDocument: {}\n"
    role += "      Policies: !Ref AWS::NoValue\n"  # which holds no policy beside those that are there
    body = template(more=role, depends="").replace("!ImportValue role", "!GetAtt Role.Arn")
    after = applied(body, tmp_path)
    assert "    DependsOn:\n      - Mount\n      - EfsIngressFromClients\n      - RoleEfsPolicy\n" in after


# -- odd input --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "instead"),
    [
        ("SecurityGroups: [!Ref Servers]", "SecurityGroups: {a: b}"),
        ("SecurityGroups: [!Ref Servers]", "SecurityGroups: [[!Ref Servers], {}]"),
        ("SecurityGroups: [!Ref Clients], Subnets", "SecurityGroups: {Ref: Clients}, Subnets"),
        ("FileSystemId: !Ref Fs", "FileSystemId: [!Ref Fs]"),
        ("CidrBlock: 10.0.1.0/24", "CidrBlock: 10.0.1.7/24"),
        ("CidrBlock: 10.0.1.0/24", "CidrBlock: 300.0.1.0/99"),
        ("CidrBlock: 10.0.0.0/16", "CidrBlock: [10.0.0.0/16]"),
        ("AwsvpcConfiguration: {", "AwsvpcConfiguration: !If [Flagged, {}, {"),
        ("Type: AWS::EC2::VPC", "Type: [AWS::EC2::VPC]"),
        ("SubnetId: !Ref Subnet", "SubnetId:"),
        ("TaskDefinition: !Ref Task", "TaskDefinition: !If [Flagged, !Ref Task, !Ref Task]"),
        ("NetworkConfiguration:\n", "NetworkConfiguration: &n\n"),
    ],
)
@pytest.mark.parametrize("cidr", ["10.0.0.0/16", "10.0.0.0/99", "0.0.0.0", "-1", "''", "!Ref 'AWS::NoValue'", "[a]"])
def test_odd_templates_come_to_an_end(wanted: str, instead: str, cidr: str, tmp_path: Path) -> None:
    body = template(ingress=f"[{{IpProtocol: tcp, FromPort: x, ToPort: '2049 ', CidrIp: {cidr}}}]", depends="")
    assert wanted in body
    body = body.replace(wanted, instead)
    if "!If [Flagged, {}, {" in instead:
        body = body.rstrip("\n") + "]\n"
    applied(body, tmp_path, "--unsafe")


def test_many_services_and_groups(tmp_path: Path) -> None:
    """More than CloudFormation takes in `make soak`, where each takes milliseconds: what is right for one stays right."""
    count = 250 if SOAKING else 60
    body = template(depends="")
    at = body.index("  Runner:\n")
    service, groups = body[at:], ""
    services = ""
    for n in range(count):
        groups += f"  Clients{n}:\n    Type: AWS::EC2::SecurityGroup\n    Properties: {{GroupDescription: x}}\n"
        services += service.replace("Runner", f"Runner{n}").replace("Clients", f"Clients{n}")
    after = applied(body[:at] + groups + services, tmp_path)
    assert after.count("Type: AWS::EC2::SecurityGroupIngress\n") == count
    assert after.count("    DependsOn:\n      - Mount\n      - EfsIngressFromClients") == count


# -- zones --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("us-east-1a", ("", "us-east-1a")),
        ("!Ref Zone", ("${Zone}", "")),
        ("!Sub '${AWS::Region}c'", ("${AWS::Region}", "c")),
        ("!Select [2, !GetAZs '']", ("region", "2")),
        ("{'Fn::Select': ['2', {'Fn::GetAZs': {Ref: 'AWS::Region'}}]}", ("region", "2")),
        ("!Select [1, !Ref Zones]", ("${Zones}", "1")),
        ("!FindInMap [a, b, c]", ("!FindInMap [a, b, c]", "")),
        ("!Ref AWS::NoValue", None),
        ("", None),
    ],
)
def test_zone(source: str, expected: Zone | None) -> None:
    root = resolve(parse(f"x: {source}\n", YAML).roots[0])
    assert isinstance(root, Mapping)
    assert network.zone(root.entries[0].value) == expected
