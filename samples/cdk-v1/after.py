from aws_cdk import core
from aws_cdk import aws_ec2 as _ec2, aws_ecs as _ecs, aws_efs as _efs, aws_iam as _iam


class WikiStack(core.Stack):

    def __init__(self, scope: core.Construct, id: str, **kwargs) -> None:
        super().__init__(scope, id, **kwargs)

        vpc = _ec2.Vpc(self, "Vpc", max_azs=2)
        efs = _efs.FileSystem(self, "WikiEfs", vpc=vpc)
        wiki_access_point = efs.add_access_point("WikiAccessPoint", path="/")
        wiki_volume = _ecs.Volume(
            name="wiki",
            efs_volume_configuration=_ecs.EfsVolumeConfiguration(
                file_system_id=efs.file_system_id,
                transit_encryption="ENABLED",
                authorization_config=_ecs.AuthorizationConfig(
                    access_point_id=wiki_access_point.access_point_id,
                    iam="ENABLED"
                )
            )
        )
        task = _ecs.FargateTaskDefinition(self, "WikiTask", volumes=[wiki_volume])
        task.add_to_task_role_policy(
            _iam.PolicyStatement(
                actions=["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"],
                resources=[efs.file_system_arn],
                conditions={
                    "StringEquals": {
                        "elasticfilesystem:AccessPointArn": wiki_access_point.access_point_arn
                    }
                }
            )
        )
        container = task.add_container("wiki", image=_ecs.ContainerImage.from_registry("wiki"))
        container.add_mount_points(_ecs.MountPoint(
            source_volume=wiki_volume.name, container_path="/wiki", read_only=False
        ))


app = core.App()
WikiStack(app, "wiki")
app.synth()
