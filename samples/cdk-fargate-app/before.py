#!/usr/bin/env python3
from aws_cdk import App, CfnOutput, RemovalPolicy, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_efs as efs
from constructs import Construct

CONTENT = "wp-content"


class WordpressStack(Stack):
    """Wordpress on Fargate, its uploads on EFS."""

    def __init__(self, scope: Construct, construct_id: str, **kwargs) -> None:
        super().__init__(scope, construct_id, **kwargs)

        vpc = ec2.Vpc(self, "Vpc", max_azs=2)
        cluster = ecs.Cluster(self, "Cluster", vpc=vpc)

        file_system = efs.FileSystem(
            self,
            "Content",
            vpc=vpc,
            encrypted=True,
            removal_policy=RemovalPolicy.RETAIN,  # never lose the uploads
        )

        task_definition = ecs.FargateTaskDefinition(self, "WordpressTask", cpu=512, memory_limit_mib=1024)
        task_definition.add_volume(
            name=CONTENT,
            efs_volume_configuration=ecs.EfsVolumeConfiguration(
                file_system_id=file_system.file_system_id,
                root_directory="/wp-content",
            ),
        )

        wordpress = task_definition.add_container(
            "wordpress",
            image=ecs.ContainerImage.from_registry("wordpress:6"),
            logging=ecs.LogDrivers.aws_logs(stream_prefix="wordpress"),
        )
        wordpress.add_port_mappings(ecs.PortMapping(container_port=80))
        wordpress.add_mount_points(
            ecs.MountPoint(container_path="/var/www/html/wp-content", source_volume=CONTENT, read_only=False)
        )

        service = ecs.FargateService(
            self,
            "Service",
            cluster=cluster,
            task_definition=task_definition,
            platform_version=ecs.FargatePlatformVersion.VERSION1_3,
        )
        file_system.connections.allow_default_port_from(service)
        CfnOutput(self, "FileSystemId", value=file_system.file_system_id)


app = App()
WordpressStack(app, "Wordpress")
app.synth()
