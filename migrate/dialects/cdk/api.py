"""Names and facts of the AWS CDK that hold in every language it is used from: classes, attributes, enumerations, defaults."""

from __future__ import annotations

from rules.model import ANY, CLIENT_ACTIONS, Allowance, FileSystemPolicy

BATCH, ECS, EFS, IAM = "aws_cdk.aws_batch", "aws_cdk.aws_ecs", "aws_cdk.aws_efs", "aws_cdk.aws_iam"
TASK_DEFINITIONS = {
    f"{ECS}.Ec2TaskDefinition": frozenset({"EC2"}),
    f"{ECS}.FargateTaskDefinition": frozenset({"FARGATE"}),
    f"{ECS}.ExternalTaskDefinition": frozenset({"EXTERNAL"}),
    f"{ECS}.TaskDefinition": frozenset[str](),
}
"""The L2 constructs, and where their tasks can run."""
STACKS = ("aws_cdk.Stack", "aws_cdk.NestedStack")
STRUCTS = frozenset(
    f"{ECS}.{name}"
    for name in (
        "Volume",
        "Host",
        "EfsVolumeConfiguration",
        "DockerVolumeConfiguration",
        "AuthorizationConfig",
        "MountPoint",
        "VolumeFrom",
        "RuntimePlatform",
        "ServiceManagedEBSVolumeConfiguration",
    )
) | {
    f"{EFS}.Acl",
    f"{EFS}.PosixUser",
    *(f"{BATCH}.{name}" for name in ("EfsVolume", "HostVolume", "EcsVolume.efs", "EcsVolume.host")),
}
"""Classes whose instances say what they are given, and nothing else. Source: the API reference of `aws-cdk-lib`."""
PSEUDO = {"partition": "Partition", "region": "Region", "account": "AccountId", "account_id": "AccountId"}
ID_ATTRIBUTES = {
    f"{EFS}.FileSystem": "file_system_id",
    f"{EFS}.CfnFileSystem": "ref",
    f"{EFS}.AccessPoint": "access_point_id",
    f"{EFS}.CfnAccessPoint": "attr_access_point_id",
}
ARN_ATTRIBUTES = {
    f"{EFS}.FileSystem": "file_system_arn",
    f"{EFS}.CfnFileSystem": "attr_arn",
    f"{EFS}.AccessPoint": "access_point_arn",
    f"{EFS}.CfnAccessPoint": "attr_arn",
}
IDS = frozenset({"file_system_id", "access_point_id", "ref", "attr_file_system_id", "attr_access_point_id"})
ARNS = frozenset({"file_system_arn", "access_point_arn", "attr_arn"})


EC2, _SCALING = "aws_cdk.aws_ec2", "aws_cdk.aws_autoscaling"
GROUP = f"{_SCALING}.AutoScalingGroup"
LOW = (f"{_SCALING}.CfnLaunchConfiguration", f"{EC2}.CfnLaunchTemplate", f"{EC2}.CfnInstance")
STARTED_FROM = frozenset({GROUP, f"{EC2}.LaunchTemplate", f"{EC2}.Instance", *LOW})
GROUP_OF = ("autoscaling_group", "auto_scaling_group")
PROVIDER = f"{ECS}.AsgCapacityProvider"
USER_DATA = tuple(f"{EC2}.UserData.{name}" for name in ("for_linux", "for_windows", "custom"))
PARTS = f"{EC2}.MultipartUserData"

OPTIMIZED = "/aws/service/ecs/optimized-ami/{}/recommended/image_id"
IMAGES = {
    f"{ECS}.EcsOptimizedImage.amazon_linux": OPTIMIZED.format("amazon-linux"),
    f"{ECS}.EcsOptimizedImage.amazon_linux2": OPTIMIZED.format("amazon-linux-2"),
    f"{ECS}.EcsOptimizedImage.amazon_linux2023": OPTIMIZED.format("amazon-linux-2023"),
    f"{ECS}.EcsOptimizedImage.windows": "/aws/service/ami-windows-latest",
    f"{ECS}.EcsOptimizedAmi": OPTIMIZED.format("amazon-linux-2"),
    f"{ECS}.BottleRocketImage": "/aws/service/bottlerocket/aws-ecs-1",
    f"{ECS}.MachineImageType.BOTTLEROCKET": "/aws/service/bottlerocket/aws-ecs-1",
}


GRANTS = {
    "grant_read": CLIENT_ACTIONS[:1],
    "grant_read_write": CLIENT_ACTIONS[:2],
    "grant_root_access": CLIENT_ACTIONS,
}
"""What methods of a file system allow. Source: `FileSystem` in aws-cdk-lib; on a file system that the program creates they
also give it a policy that lets nobody mount who does not use IAM."""
CLOSED = FileSystemPolicy((Allowance((ANY,), CLIENT_ACTIONS[1:]),))
"""What L2 file systems get that deny anonymous access: by their argument, or (v2) where the project sets the feature flag
`@aws-cdk/aws-efs:denyAnonymousAccess`, as those do that `cdk init` makes. Source: `FileSystem` in aws-cdk-lib."""


PLATFORM_VERSION = ("platform_version", "fargate_platform_version")
"""What gives it to services, and to jobs of AWS Batch."""


VERSIONS = {
    "LATEST": "LATEST",
    "VERSION1_0": "1.0.0",
    "VERSION1_1": "1.1.0",
    "VERSION1_2": "1.2.0",
    "VERSION1_3": "1.3.0",
}
VERSIONS["VERSION1_4"] = "1.4.0"
