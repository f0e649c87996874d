"""EFS404 network-path: its examples, its golden cases, and what is said of small definitions."""

from __future__ import annotations

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
