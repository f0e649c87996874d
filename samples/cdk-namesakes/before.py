from aws_cdk import App, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_efs as efs
from constructs import Construct


class Uploads(Stack):
    """One method makes the file system, another one the volume, a third one the task definition."""

    def __init__(self, scope: Construct, id: str, vpc: ec2.IVpc, **kwargs) -> None:
        super().__init__(scope, id, **kwargs)
        self.vpc = vpc
        self.make_storage()
        self.make_volume()
        self.make_task()

    def make_storage(self) -> None:
        self.fs = efs.FileSystem(self, "Fs", vpc=self.vpc, allow_anonymous_access=True)

    def make_volume(self) -> None:
        self.configuration = ecs.EfsVolumeConfiguration(file_system_id=self.fs.file_system_id)

    def make_task(self) -> None:
        task = ecs.FargateTaskDefinition(self, "Task")
        task.add_volume(name="uploads", efs_volume_configuration=self.configuration)
        task.add_container("Web", image=ecs.ContainerImage.from_registry("nginx"), user="101")


class Reports(Stack):
    """Its `fs` is not that of the other stack."""

    def __init__(self, scope: Construct, id: str, fs: efs.IFileSystem, **kwargs) -> None:
        super().__init__(scope, id, **kwargs)
        self.fs = fs
        task = ecs.FargateTaskDefinition(self, "Task")
        task.add_volume(
            name="reports",
            efs_volume_configuration=ecs.EfsVolumeConfiguration(
                file_system_id=self.fs.file_system_id,
                root_directory="/reports",
                transit_encryption="ENABLED",
            ),
        )
        task.add_container("Web", image=ecs.ContainerImage.from_registry("nginx"), user="101")


class Jobs:
    """No construct: it makes others in the one that it is given."""

    def __init__(self, scope: Construct, file_system_id: str) -> None:
        task = ecs.FargateTaskDefinition(scope, "Jobs")
        task.add_volume(
            name="jobs",
            efs_volume_configuration=ecs.EfsVolumeConfiguration(
                file_system_id=file_system_id,
                root_directory="/jobs",
            ),
        )
        task.add_container("Web", image=ecs.ContainerImage.from_registry("nginx"), user="101")


app = App()
network = Stack(app, "Network")
vpc = ec2.Vpc(network, "Vpc")
uploads = Uploads(app, "Uploads", vpc)
reports = Reports(app, "Reports", uploads.fs)
Jobs(reports, "fs-0123456789abcdef0")
app.synth()
