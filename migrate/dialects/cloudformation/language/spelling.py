"""The property names of volumes and containers in CloudFormation templates."""

from __future__ import annotations

from dataclasses import replace

from migrate.dialects.cloudformation.language import intrinsics
from migrate.dialects.common.volumes.spelling import Spelling

# Casing as in the CloudFormation registry's resource schemas: ECS and Batch differ.
ECS = Spelling(
    name="Name",
    host="Host",
    source_path="SourcePath",
    docker="DockerVolumeConfiguration",
    scope="Scope",
    autoprovision="Autoprovision",
    driver="Driver",
    driver_options="DriverOpts",
    labels="Labels",
    efs="EFSVolumeConfiguration",
    file_system="FilesystemId",
    root_directory="RootDirectory",
    transit_encryption="TransitEncryption",
    transit_encryption_port="TransitEncryptionPort",
    authorization="AuthorizationConfig",
    access_point="AccessPointId",
    iam="IAM",
    other_storages=("FSxWindowsFileServerVolumeConfiguration", "S3FilesVolumeConfiguration", "ConfiguredAtLaunch"),
    mount_points="MountPoints",
    source_volume="SourceVolume",
    read_only="ReadOnly",
    volumes_from="VolumesFrom",
    source_container="SourceContainer",
    user="User",
    read=intrinsics.value,
    members=intrinsics.members,
    arms=intrinsics.branches,
)


def in_batch(spelling: Spelling) -> Spelling:
    """The spelling of `AWS::Batch::JobDefinition`, made from that of `AWS::ECS::TaskDefinition`."""
    return replace(spelling, efs="EfsVolumeConfiguration", file_system="FileSystemId", iam="Iam")
