"""EFS402 container-agent: its examples, its golden cases, and what is said of small definitions."""

from __future__ import annotations

from rule_tests import one_by_one
from snippets import MOUNTED_ANYWHERE, OLD, POINT, Snippet, efs, instance, stack

SNIPPETS = [
    Snippet(
        "instances-of-an-old-image",
        stack(efs(POINT), resources=instance("One").replace(*OLD)),
    ),
    Snippet(
        "instances-of-an-old-agent",
        stack(
            efs(POINT),
            resources=instance("One").replace(
                "ECS_CLUSTER", "docker pull amazon/amazon-ecs-agent:v1.36.1; echo ECS_CLUSTER"
            ),
        ),
    ),
    Snippet(
        "instances-of-an-old-image-beside-others",
        stack(
            efs(POINT),
            resources=instance("One") + instance("Two").replace(*OLD),
        ),
    ),
    Snippet(
        "instances-of-an-old-image-beside-fargate",
        stack(
            efs(POINT),
            "RequiresCompatibilities: [FARGATE]",
            instance("One").replace(*OLD),
        ),
    ),
    Snippet(
        "instances-of-an-old-image-by-a-parameter",
        stack(
            efs(POINT),
            resources=instance("One").replace(
                "'{{resolve:ssm:/aws/service/ecs/optimized-ami/amazon-linux-2/recommended/image_id}}'", "!Ref Image"
            ),
            parameters="Image: {Type: 'AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>', Default: "
            "/aws/service/ecs/optimized-ami/amazon-linux-2/amzn2-ami-ecs-hvm-2.0.20190301-x86_64-ebs/image_id}",
        ),
    ),
    Snippet(
        "instances-of-an-unknown-image-with-volumes-of-different-levels",
        stack(efs(POINT), resources=MOUNTED_ANYWHERE) + "        - {Name: old, Host: {SourcePath: /mnt/efs/old}}\n",
    ),
    Snippet(
        "instances-of-an-unknown-image-with-tasks-of-different-levels",
        stack(efs(POINT), resources=MOUNTED_ANYWHERE.replace("ECS_CLUSTER=default", "ECS_CLUSTER=one"))
        + """
  Cluster: {Type: AWS::ECS::Cluster, Properties: {ClusterName: one}}
  Service: {Type: AWS::ECS::Service, Properties: {Cluster: one, TaskDefinition: !Ref Other, LaunchType: EC2}}
  Other:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ContainerDefinitions: [{Name: app, Image: example/app, MountPoints: [{SourceVolume: old, ContainerPath: /old}]}]
      Volumes: [{Name: old, Host: {SourcePath: /mnt/efs/old}}]
""",
    ),
]

test_efs402 = one_by_one("EFS402", SNIPPETS)
