"""A template with a service, a file system and the network between them, each part as a test wants it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from support import efs_migrate

TEMPLATE = """\
Parameters:
  Group: {Type: "AWS::EC2::SecurityGroup::Id"}
  Port: {Type: Number}
  Cidr: {Type: String}
  Flag: {Type: String}
Conditions:
  Flagged: !Equals [!Ref Flag, on]
Resources:
  Vpc:
    Type: AWS::EC2::VPC
    Properties: {CidrBlock: 10.0.0.0/16}
  Subnet:
    Type: AWS::EC2::Subnet
    Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.1.0/24}
  Clients:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: Tasks
      VpcId: !Ref Vpc
%(egress)s  Others:
    Type: AWS::EC2::SecurityGroup
    Properties: {GroupDescription: Others, VpcId: !Ref Vpc}
  Servers:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: Mount targets
      VpcId: !Ref Vpc
%(ingress)s  Fs:
    Type: AWS::EFS::FileSystem
  Mount:
    Type: AWS::EFS::MountTarget
    Properties:
      FileSystemId: !Ref Fs
      SubnetId: !Ref Subnet
      SecurityGroups: %(servers)s
%(more)s  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      NetworkMode: %(mode)s
      TaskRoleArn: !ImportValue role
      ContainerDefinitions:
        - {Name: app, Image: app, User: "1000", MountPoints: [{SourceVolume: data, ContainerPath: /data}]}
      Volumes:
        - Name: data
          DockerVolumeConfiguration:
            Driver: local
            DriverOpts:
              type: nfs
              device: ":/data"
              o: !Sub addr=${Fs}.efs.${AWS::Region}.amazonaws.com
  Runner:
    Type: AWS::ECS::Service
%(depends)s    Properties:
      TaskDefinition: !Ref Task
      NetworkConfiguration:
        AwsvpcConfiguration: {SecurityGroups: %(clients)s, Subnets: %(subnets)s}
"""

ADMITS = "{IpProtocol: tcp, FromPort: 2049, ToPort: 2049, SourceSecurityGroupId: !Ref Clients}"


def template(
    *,
    ingress: str = "",
    egress: str = "",
    servers: str = "[!Ref Servers]",
    clients: str = "[!Ref Clients]",
    subnets: str = "[!Ref Subnet]",
    mode: str = "awsvpc",
    more: str = "",
    depends: str = "    DependsOn: Mount\n",
) -> str:
    """A service whose tasks mount a file system with a Docker NFS volume; `ingress` and `egress` are lists of rules in flow
    style, `more` and `depends` whole lines."""
    return TEMPLATE % {
        "ingress": f"      SecurityGroupIngress: {ingress}\n" if ingress else "",
        "egress": f"      SecurityGroupEgress: {egress}\n" if egress else "",
        "servers": servers,
        "clients": clients,
        "subnets": subnets,
        "mode": mode,
        "more": more,
        "depends": depends,
    }


def applied(body: str, folder: Path, *options: str) -> str:
    path = folder / "template.yaml"
    path.write_text(body, encoding="utf-8")
    ran = efs_migrate("apply", "--format=json", *options, path)
    assert [file["error"] for file in ran.report["files"]] == [None], body
    return path.read_text(encoding="utf-8")


def finding(body: str, folder: Path, rule: str = "EFS102", *options: str) -> dict[str, Any] | None:
    path = folder / "template.yaml"
    path.write_text(body, encoding="utf-8")
    ran = efs_migrate("check", "--format=json", *options, path)
    assert [file["error"] for file in ran.report["files"]] == [None], body
    found = [f for f in ran.findings if f["rule"] == rule]
    assert len(found) < 2
    return found[0] if found else None


def answer(body: str, folder: Path) -> str:
    """What the step does about the way to the mount target: `open`, `unknown`, `added` or `unsafe`."""
    step = finding(body, folder)
    assert step is not None
    if step["status"] == "unsafe":
        return "unsafe"
    if "add EfsIngressFrom" in step["message"]:
        return "added"
    return "unknown" if "The mount will leave through" in (step["caveat"] or "") else "open"
