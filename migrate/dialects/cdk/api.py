"""Names and facts of the AWS CDK that are the same in every language: classes, attributes, enumerations, defaults.
Classes have their names in Python, as CDK v2 imports them."""

from __future__ import annotations

from rules.model import ANY, CLIENT_ACTIONS, Allowance, FileSystemPolicy, Possible

BATCH, ECS, EFS, IAM = "aws_cdk.aws_batch", "aws_cdk.aws_ecs", "aws_cdk.aws_efs", "aws_cdk.aws_iam"
TASK_DEFINITIONS = {
    f"{ECS}.Ec2TaskDefinition": Possible.of(frozenset({"EC2"})),
    f"{ECS}.FargateTaskDefinition": Possible.of(frozenset({"FARGATE"})),
    f"{ECS}.ExternalTaskDefinition": Possible.of(frozenset({"EXTERNAL"})),
    f"{ECS}.TaskDefinition": None,
}
"""The L2 constructs of task definitions, and the compatibilities of their tasks (None if an argument gives them)."""
LAUNCH_TYPES = {
    f"{ECS}.Ec2Service": Possible.of("EC2"),
    f"{ECS}.FargateService": Possible.of("FARGATE"),
    f"{ECS}.ExternalService": Possible.of("EXTERNAL"),
    f"{ECS}.CfnService": None,
    f"{ECS}.CfnTaskSet": None,
}
"""The constructs of services, and the launch types of their tasks (None if an argument gives them)."""
_ENUMERATIONS = ("Compatibility", "LaunchType", "NetworkMode", "OperatingSystemFamily")


def enumerated(name: str | None) -> str | None:
    """The word of a constant of the ECS module, by its full name: `awsvpc` for `NetworkMode.AWS_VPC`, `EC2,FARGATE` for
    `Compatibility.EC2_AND_FARGATE`; None for anything else."""
    enumeration, _, member = (name or "").removeprefix(f"{ECS}.").rpartition(".")
    if enumeration not in _ENUMERATIONS:
        return None
    if enumeration == "OperatingSystemFamily":
        return member
    return "awsvpc" if member == "AWS_VPC" else ",".join(member.split("_AND_"))


STACKS = ("aws_cdk.Stack", "aws_cdk.NestedStack")
"""The classes of stacks."""
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
"""Classes of plain records, whose instances hold only the arguments that they are given. Source: the API reference
of `aws-cdk-lib`."""
PSEUDO = {"partition": "Partition", "region": "Region", "account": "AccountId", "account_id": "AccountId"}
"""The pseudo parameters of CloudFormation, by the attributes of a stack (or of `Aws`) that return them."""
ID_ATTRIBUTES = {
    f"{EFS}.FileSystem": "file_system_id",
    f"{EFS}.CfnFileSystem": "ref",
    f"{EFS}.AccessPoint": "access_point_id",
    f"{EFS}.CfnAccessPoint": "attr_access_point_id",
}
"""The attribute that returns the id of a file system or access point, by class."""
ARN_ATTRIBUTES = {
    f"{EFS}.FileSystem": "file_system_arn",
    f"{EFS}.CfnFileSystem": "attr_arn",
    f"{EFS}.AccessPoint": "access_point_arn",
    f"{EFS}.CfnAccessPoint": "attr_arn",
}
"""The attribute that returns the ARN of a file system or access point, by class."""
IDS = frozenset({"file_system_id", "access_point_id", "ref", "attr_file_system_id", "attr_access_point_id"})
"""Attributes that return an id."""
ARNS = frozenset({"file_system_arn", "access_point_arn", "attr_arn"})
"""Attributes that return an ARN."""


EC2, SCALING = "aws_cdk.aws_ec2", "aws_cdk.aws_autoscaling"
GROUP = f"{SCALING}.AutoScalingGroup"
LOW = (f"{SCALING}.CfnLaunchConfiguration", f"{EC2}.CfnLaunchTemplate", f"{EC2}.CfnInstance")
"""The L1 constructs that launch instances or are templates for them."""
STARTED_FROM = frozenset({GROUP, f"{EC2}.LaunchTemplate", f"{EC2}.Instance", *LOW})
"""The constructs that launch instances or are templates for them, L1 and L2."""
MACHINES = frozenset({f"{EC2}.Instance", f"{EC2}.CfnInstance"})
"""The constructs that make one machine, L1 and L2."""
GROUP_OF = ("autoscaling_group", "auto_scaling_group")
"""The names of the argument and attribute of a capacity provider that hold its Auto Scaling group."""
PROVIDER = f"{ECS}.AsgCapacityProvider"
USER_DATA = tuple(f"{EC2}.UserData.{name}" for name in ("for_linux", "for_windows", "custom"))
"""The methods that make user data."""
PARTS = f"{EC2}.MultipartUserData"

OPTIMIZED = "/aws/service/ecs/optimized-ami/{}/recommended/image_id"
"""The SSM parameter of an ECS-optimized image, by its variant."""
IMAGES = {
    f"{ECS}.EcsOptimizedImage.amazon_linux": OPTIMIZED.format("amazon-linux"),
    f"{ECS}.EcsOptimizedImage.amazon_linux2": OPTIMIZED.format("amazon-linux-2"),
    f"{ECS}.EcsOptimizedImage.amazon_linux2023": OPTIMIZED.format("amazon-linux-2023"),
    f"{ECS}.EcsOptimizedImage.windows": "/aws/service/ami-windows-latest",
    f"{ECS}.EcsOptimizedAmi": OPTIMIZED.format("amazon-linux-2"),
    f"{EC2}.MachineImage.latest_amazon_linux": "/aws/service/ami-amazon-linux-latest/amzn-ami-hvm-x86_64-gp2",
    f"{EC2}.MachineImage.latest_amazon_linux2": "/aws/service/ami-amazon-linux-latest/amzn2-ami-hvm-x86_64-gp2",
    f"{EC2}.MachineImage.latest_amazon_linux2023": "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64",
    f"{ECS}.BottleRocketImage": "/aws/service/bottlerocket/aws-ecs-1",
    f"{ECS}.MachineImageType.BOTTLEROCKET": "/aws/service/bottlerocket/aws-ecs-1",
}
"""The SSM parameters (or the start of their names) of machine images, by the class or method of the CDK that looks
them up."""


GRANTS = {
    "grant_read": CLIENT_ACTIONS[:1],
    "grant_read_write": CLIENT_ACTIONS[:2],
    "grant_root_access": CLIENT_ACTIONS,
}
"""The actions that the methods of a file system grant. Source: `FileSystem` in aws-cdk-lib. On a file system that
the program creates, they also give it a policy that denies mounts without IAM authorization."""
CLOSED = FileSystemPolicy((Allowance((ANY,), CLIENT_ACTIONS[1:]),))
"""The policy of L2 file systems that deny anonymous access: by their argument, or (v2) because the project sets the
feature flag `@aws-cdk/aws-efs:denyAnonymousAccess`, which projects of `cdk init` do. Source: `FileSystem` in
aws-cdk-lib."""


PLATFORM_VERSION = ("platform_version", "fargate_platform_version")
"""The arguments that set the Fargate platform version of services, and of jobs of AWS Batch."""


VERSIONS = {
    "LATEST": "LATEST",
    "VERSION1_0": "1.0.0",
    "VERSION1_1": "1.1.0",
    "VERSION1_2": "1.2.0",
    "VERSION1_3": "1.3.0",
}
"""The Fargate platform versions, by the members of `FargatePlatformVersion`."""
VERSIONS["VERSION1_4"] = "1.4.0"
