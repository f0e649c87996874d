from aws_cdk import App, Stack, aws_ec2, aws_efs
from aws_cdk.aws_ecs import (
    AuthorizationConfig,
    ContainerImage,
    EfsVolumeConfiguration,
    FargateTaskDefinition,
    MountPoint,
)
from aws_cdk.aws_iam import PolicyStatement
from constructs import Construct


class Worker(Construct):
    def __init__(self, scope: Construct, id: str, *, file_system: aws_efs.IFileSystem, queue_file_system_id: str) -> None:
        super().__init__(scope, id)
        self.task = FargateTaskDefinition(self, "Task")
        models_access_point = aws_efs.AccessPoint(
            self,
            "ModelsAccessPoint",
            file_system=file_system,
            path="/models",
            create_acl=aws_efs.Acl(owner_uid="0", owner_gid="0", permissions="0755"),
        )
        self.task.add_volume(
            name="models",
            efs_volume_configuration=EfsVolumeConfiguration(
                file_system_id=file_system.file_system_id,
                transit_encryption="ENABLED",
                authorization_config=AuthorizationConfig(
                    access_point_id=models_access_point.access_point_id,
                    iam="ENABLED",
                ),
            ),
        )
        queue_access_point = aws_efs.CfnAccessPoint(
            self,
            "QueueAccessPoint",
            file_system_id=queue_file_system_id,
            root_directory=aws_efs.CfnAccessPoint.RootDirectoryProperty(
                path="/queue",
                creation_info=aws_efs.CfnAccessPoint.CreationInfoProperty(
                    owner_uid="0",
                    owner_gid="0",
                    permissions="0755",
                ),
            ),
        )
        self.task.add_volume(
            name="queue",
            efs_volume_configuration=EfsVolumeConfiguration(
                file_system_id=queue_file_system_id,
                transit_encryption="ENABLED",
                authorization_config=AuthorizationConfig(
                    access_point_id=queue_access_point.attr_access_point_id,
                    iam="ENABLED",
                ),
            ),
        )
        self.task.add_to_task_role_policy(
            PolicyStatement(
                actions=["elasticfilesystem:ClientMount"],
                resources=[file_system.file_system_arn],
                conditions={"StringEquals": {"elasticfilesystem:AccessPointArn": models_access_point.access_point_arn}},
            )
        )
        self.task.add_to_task_role_policy(
            PolicyStatement(
                actions=["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"],
                resources=[
                    Stack.of(self).format_arn(
                        service="elasticfilesystem",
                        resource="file-system",
                        resource_name=queue_file_system_id,
                    )
                ],
                conditions={"StringEquals": {"elasticfilesystem:AccessPointArn": queue_access_point.attr_arn}},
            )
        )
        worker = self.task.add_container("worker", image=ContainerImage.from_registry("worker"))
        worker.add_mount_points(
            MountPoint(source_volume="models", container_path="/models", read_only=True),
            MountPoint(source_volume="queue", container_path="/queue", read_only=False),
        )


app = App()
stack = Stack(app, "Workers")
vpc = aws_ec2.Vpc(stack, "Vpc")
models = aws_efs.FileSystem(stack, "Models", vpc=vpc)
Worker(stack, "Worker", file_system=models, queue_file_system_id="fs-0123456789abcdef0")
app.synth()
