from aws_cdk import App, Stack, aws_ec2, aws_efs
from aws_cdk.aws_ecs import ContainerImage, EfsVolumeConfiguration, FargateTaskDefinition, MountPoint
from constructs import Construct


class Worker(Construct):
    def __init__(self, scope: Construct, id: str, *, file_system: aws_efs.IFileSystem, queue_file_system_id: str) -> None:
        super().__init__(scope, id)
        self.task = FargateTaskDefinition(self, "Task")
        self.task.add_volume(
            name="models",
            efs_volume_configuration=EfsVolumeConfiguration(
                file_system_id=file_system.file_system_id,
                root_directory="/models",
                transit_encryption="ENABLED",
            ),
        )
        self.task.add_volume(
            name="queue",
            efs_volume_configuration=EfsVolumeConfiguration(file_system_id=queue_file_system_id, root_directory="/queue"),
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
