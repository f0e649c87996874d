"""EFS404 network-path: its examples, its golden cases, what is said of small definitions, and the network of templates."""

from __future__ import annotations

from pathlib import Path

import pytest
from network_templates import ADMITS, answer, finding, template
from rule_tests import one_by_one
from snippets import POINT, Snippet, efs, stack

SNIPPETS = [
    Snippet(
        "network-that-resolves-no-names",
        stack(
            efs(POINT, "!Ref System"),
            "RequiresCompatibilities: [FARGATE]\nNetworkMode: awsvpc",
            """
            System: {Type: AWS::EFS::FileSystem}
            Vpc: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.0.0.0/16, EnableDnsHostnames: false}}
            Group: {Type: AWS::EC2::SecurityGroup, Properties: {GroupDescription: app, VpcId: !Ref Vpc}}
            Target: {Type: AWS::EFS::MountTarget, Properties: {FileSystemId: !Ref System, SubnetId: subnet-1, SecurityGroups: [sg-1]}}
            Service:
              Type: AWS::ECS::Service
              Properties:
                TaskDefinition: !Ref Task
                LaunchType: FARGATE
                NetworkConfiguration: {AwsvpcConfiguration: {Subnets: [subnet-1], SecurityGroups: [!Ref Group]}}
            """,
        ),
    ),
]

test_efs404 = one_by_one("EFS404", SNIPPETS)


def migrated(body: str) -> str:
    """The template with its volume on EFS and nothing else added."""
    start, end = body.index("          DockerVolume"), body.index("  Runner:\n")
    return body[:start] + "          EFSVolumeConfiguration: {FilesystemId: !Ref Fs}\n" + body[end:]


def advice(body: str, folder: Path) -> str | None:
    found = finding(migrated(body), folder, "EFS404")
    assert found is None or (found["status"], found["task"]) == ("advice", "Task")
    return found["message"] if found else None


def test_nothing_is_said_where_all_is_well(tmp_path: Path) -> None:
    assert advice(template(ingress=f"[{ADMITS}]"), tmp_path) is None


@pytest.mark.parametrize("servers", ["[!Ref Group]", "!Ref Groups", "!Ref AWS::NoValue"])
def test_nothing_is_said_where_nothing_is_known(servers: str, tmp_path: Path) -> None:
    assert advice(template(servers=servers, clients="[!Ref Group]"), tmp_path) is None


def test_closed_groups_are_said_once(tmp_path: Path) -> None:
    second = "  Mount2:\n    Type: AWS::EFS::MountTarget\n    Properties: {FileSystemId: !Ref Fs, SecurityGroups: [!Ref Servers]}\n"
    body = template(more=second, depends="    DependsOn: [Mount, Mount2]\n")
    assert advice(body, tmp_path) == "security group Servers does not admit security group Clients on TCP 2049"


def test_closed_egress(tmp_path: Path) -> None:
    body = template(ingress=f"[{ADMITS}]", egress="[{IpProtocol: -1, CidrIp: 127.0.0.1/32}]")
    assert advice(body, tmp_path) == "security group Clients does not let TCP 2049 out to security group Servers"


NO_TARGET = "${Fs} has no mount target here, and a task needs one in its availability zone"


@pytest.mark.parametrize(
    ("tail", "expected"),
    [
        ("", NO_TARGET),
        ("Outputs:\n  Id: {Value: !Ref Fs}\n", None),
        ("Outputs:\n  Vpc: {Value: !Ref Vpc}\n", NO_TARGET),
        ("  Nested:\n    Type: AWS::CloudFormation::Stack\n    Properties: {Parameters: {Fs: !Ref Fs}}\n", None),
        ("  Made:\n    Type: Custom::Mounts\n    Properties: {Fs: !Ref Fs}\n", None),
        ("  Told:\n    Type: AWS::SSM::Parameter\n    Properties: {Value: !Ref Fs}\n", None),
        ("  Fn::ForEach::Mounts: [x, [a], {'Mount${x}': {Type: AWS::EFS::MountTarget}}]\n", None),
    ],
)
def test_no_mount_target(tail: str, expected: str | None, tmp_path: Path) -> None:
    body = template(depends="")
    start, end = body.index("  Mount:\n"), body.index("  Task:\n")
    assert advice(body[:start] + body[end:] + tail, tmp_path) == expected


@pytest.mark.parametrize("switch", ["EnableDnsSupport: false", "EnableDnsHostnames: 'false'"])
def test_dns_is_switched_off(switch: str, tmp_path: Path) -> None:
    body = template(ingress=f"[{ADMITS}]").replace("{CidrBlock: 10.0.0.0/16}", f"{{CidrBlock: 10.0.0.0/16, {switch}}}")
    assert (advice(body, tmp_path) or "").startswith("${Vpc} switches DNS support or DNS host names off")


@pytest.mark.parametrize(
    ("ports", "said"),
    [
        ("[]", True),
        ("[{Name: EgressIgnoredPorts, Value: '22'}]", True),
        ("[{Name: EgressIgnoredPorts, Value: '22, 2049'}]", False),
        ("[{Name: EgressIgnoredPorts, Value: !Ref Port}]", False),
        ("[{Name: EgressIgnoredIPs, Value: '169.254.170.2,169.254.169.254'}]", True),
        ("[{Name: EgressIgnoredIPs, Value: 10.0.0.0/16}]", False),
        ("!Ref Ports", False),
    ],
)
def test_app_mesh(ports: str, said: bool, tmp_path: Path) -> None:
    proxy = f"      ProxyConfiguration: {{ContainerName: envoy, ProxyConfigurationProperties: {ports}}}\n"
    body = template(ingress=f"[{ADMITS}]").replace("      NetworkMode: awsvpc\n", "      NetworkMode: awsvpc\n" + proxy)
    assert ("App Mesh" in (advice(body, tmp_path) or "")) is said
    assert answer(body, tmp_path) == ("unsafe" if said else "open")


def with_zones(mount: str, others: list[str], only: str = "") -> str:
    """The template with one zone for the mount target's subnet and others for those of the tasks."""
    more = "".join(
        f"  Other{n}:\n    Type: AWS::EC2::Subnet\n    Properties: {{VpcId: !Ref Vpc, AvailabilityZone: {zone}}}\n"
        for n, zone in enumerate(others)
    )
    names = ", ".join(f"!Ref Other{n}" for n in range(len(others)))
    body = template(ingress=f"[{ADMITS}]", more=more, subnets=f"[{names}]")
    body = body.replace("CidrBlock: 10.0.1.0/24}", f"CidrBlock: 10.0.1.0/24, AvailabilityZone: {mount}}}")
    properties = f"    Properties: {{AvailabilityZoneName: {only}}}\n" if only else ""
    return body.replace("    Type: AWS::EFS::FileSystem\n", "    Type: AWS::EFS::FileSystem\n" + properties)


@pytest.mark.parametrize(
    ("mount", "others", "outside"),
    [
        ("us-east-1a", ["us-east-1a"], []),
        ("us-east-1a", ["us-east-1b"], [0]),
        ("us-east-1a", ["us-east-1b", "us-east-1a"], [0]),
        ("us-east-1a", ["!Ref Flag"], []),
        ("!Ref Flag", ["!Ref Cidr"], []),
        ("!Select [0, !GetAZs '']", ["!Select [1, !GetAZs {Ref: 'AWS::Region'}]"], [0]),
        ("!Select [0, !GetAZs '']", ["!Select ['0', {'Fn::GetAZs': !Ref 'AWS::Region'}]"], []),
        ("!Select [0, !Ref Flag]", ["!Select [1, !Ref Cidr]"], []),
        ("!Sub '${AWS::Region}a'", ["!Sub '${AWS::Region}b'"], [0]),
        ("!Sub '${AWS::Region}a'", ["us-east-1b"], []),
    ],
)
def test_zones_without_a_mount_target(mount: str, others: list[str], outside: list[int], tmp_path: Path) -> None:
    body = with_zones(mount, others)
    said = advice(body, tmp_path)
    assert (said is not None) is bool(outside)
    for n in range(len(others)):
        assert (f"${{Other{n}}}" in (said or "")) is (n in outside)
    assert answer(body, tmp_path) == "open", (
        "the name of the file system does not resolve there for the instance, either"
    )


@pytest.mark.parametrize(
    ("only", "others", "expected"),
    [
        ("us-east-1a", ["us-east-1a"], "open"),
        ("us-east-1a", ["us-east-1b"], "unsafe"),
        ("us-east-1a", ["!Select [0, !GetAZs '']"], "open"),
        ("us-east-1a", ["!Select [0, !GetAZs '']", "!Select [1, !GetAZs '']"], "unsafe"),
        ("us-east-1a", ["!Ref Flag", "!Ref Cidr"], "open"),
    ],
)
def test_one_zone(only: str, others: list[str], expected: str, tmp_path: Path) -> None:
    body = with_zones("us-east-1a", others, only)
    assert answer(body, tmp_path) == expected
    assert ("lies in one availability zone" in (advice(body, tmp_path) or "")) is (expected == "unsafe")
