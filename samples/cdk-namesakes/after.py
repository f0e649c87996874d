from aws_cdk import App, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_efs as efs
from aws_cdk import aws_iam as iam
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
        self.uploads_access_point = self.fs.add_access_point("UploadsAccessPoint", path="/")

    def make_volume(self) -> None:
        self.configuration = ecs.EfsVolumeConfiguration(
            file_system_id=self.fs.file_system_id,
            transit_encryption="ENABLED",
            authorization_config=ecs.AuthorizationConfig(
                access_point_id=self.uploads_access_point.access_point_id,
                iam="ENABLED",
            ),
        )

    def make_task(self) -> None:
        task = ecs.FargateTaskDefinition(self, "Task")
        task.add_volume(name="uploads", efs_volume_configuration=self.configuration)
        task.add_to_task_role_policy(
            iam.PolicyStatement(
                actions=["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"],
                resources=[self.fs.file_system_arn],
                conditions={
                    "StringEquals": {
                        "elasticfilesystem:AccessPointArn": self.uploads_access_point.access_point_arn
                    }
                },
            )
        )
        task.add_container("Web", image=ecs.ContainerImage.from_registry("nginx"), user="101")


class Reports(Stack):
    """Its `fs` is not that of the other stack."""

    def __init__(self, scope: Construct, id: str, fs: efs.IFileSystem, **kwargs) -> None:
        super().__init__(scope, id, **kwargs)
        self.fs = fs
        task = ecs.FargateTaskDefinition(self, "Task")
        reports_access_point = efs.AccessPoint(
            self,
            "ReportsAccessPoint",
            file_system=self.fs,
            path="/reports",
            create_acl=efs.Acl(owner_uid="0", owner_gid="0", permissions="0755"),
        )
        task.add_volume(
            name="reports",
            efs_volume_configuration=ecs.EfsVolumeConfiguration(
                file_system_id=self.fs.file_system_id,
                transit_encryption="ENABLED",
                authorization_config=ecs.AuthorizationConfig(
                    access_point_id=reports_access_point.access_point_id,
                    iam="ENABLED",
                ),
            ),
        )
        task.add_to_task_role_policy(
            iam.PolicyStatement(
                actions=["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"],
                resources=[self.fs.file_system_arn],
                conditions={
                    "StringEquals": {
                        "elasticfilesystem:AccessPointArn": reports_access_point.access_point_arn
                    }
                },
            )
        )
        task.add_container("Web", image=ecs.ContainerImage.from_registry("nginx"), user="101")


class Jobs:
    """No construct: it makes others in the one that it is given."""

    def __init__(self, scope: Construct, file_system_id: str) -> None:
        task = ecs.FargateTaskDefinition(scope, "Jobs")
        jobs_access_point = efs.CfnAccessPoint(
            scope,
            "JobsAccessPoint",
            file_system_id=file_system_id,
            root_directory=efs.CfnAccessPoint.RootDirectoryProperty(
                path="/jobs",
                creation_info=efs.CfnAccessPoint.CreationInfoProperty(
                    owner_uid="0",
                    owner_gid="0",
                    permissions="0755",
                ),
            ),
        )
        task.add_volume(
            name="jobs",
            efs_volume_configuration=ecs.EfsVolumeConfiguration(
                file_system_id=file_system_id,
                transit_encryption="ENABLED",
                authorization_config=ecs.AuthorizationConfig(
                    access_point_id=jobs_access_point.attr_access_point_id,
                    iam="ENABLED",
                ),
            ),
        )
        task.add_to_task_role_policy(
            iam.PolicyStatement(
                actions=["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"],
                resources=[
                    Stack.of(scope).format_arn(
                        service="elasticfilesystem",
                        resource="file-system",
                        resource_name=file_system_id,
                    )
                ],
                conditions={
                    "StringEquals": {"elasticfilesystem:AccessPointArn": jobs_access_point.attr_arn}
                },
            )
        )
        task.add_container("Web", image=ecs.ContainerImage.from_registry("nginx"), user="101")


app = App()
network = Stack(app, "Network")
vpc = ec2.Vpc(network, "Vpc")
uploads = Uploads(app, "Uploads", vpc)
reports = Reports(app, "Reports", uploads.fs)
Jobs(reports, "fs-0123456789abcdef0")
app.synth()
