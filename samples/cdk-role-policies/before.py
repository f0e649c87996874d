#!/usr/bin/env python3
from aws_cdk import App, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_efs as efs
from aws_cdk import aws_iam as iam
from constructs import Construct


class ReportsStack(Stack):
    """Two tasks whose roles have policies already: one that allows enough, and one that denies what EFS mounts never do."""

    def __init__(self, scope: Construct, construct_id: str, **kwargs) -> None:
        super().__init__(scope, construct_id, **kwargs)

        vpc = ec2.Vpc(self, "Vpc", max_azs=2)
        file_system = efs.FileSystem(self, "Reports", vpc=vpc, encrypted=True)

        build_role = iam.Role(
            self,
            "BuildRole",
            assumed_by=iam.ServicePrincipal("ecs-tasks.amazonaws.com"),
            managed_policies=[iam.ManagedPolicy.from_aws_managed_policy_name("PowerUserAccess")],
        )
        build = ecs.FargateTaskDefinition(self, "Build", task_role=build_role)
        build.add_volume(
            name="drafts",
            efs_volume_configuration=ecs.EfsVolumeConfiguration(
                file_system_id=file_system.file_system_id,
                root_directory="/drafts",
            ),
        )
        builder = build.add_container("build", image=ecs.ContainerImage.from_registry("reports/build"), user="1000")
        builder.add_mount_points(
            ecs.MountPoint(container_path="/drafts", source_volume="drafts", read_only=False)
        )

        publish = ecs.FargateTaskDefinition(self, "Publish")
        publish.add_to_task_role_policy(
            iam.PolicyStatement(
                effect=iam.Effect.DENY,
                actions=["*"],
                resources=["*"],
                conditions={"Bool": {"aws:SecureTransport": "false"}},
            )
        )
        publish.add_volume(
            name="final",
            efs_volume_configuration=ecs.EfsVolumeConfiguration(
                file_system_id=file_system.file_system_id,
                root_directory="/final",
            ),
        )
        publisher = publish.add_container(
            "publish", image=ecs.ContainerImage.from_registry("reports/publish"), user="1000"
        )
        publisher.add_mount_points(ecs.MountPoint(container_path="/final", source_volume="final", read_only=True))


app = App()
ReportsStack(app, "Reports")
app.synth()
