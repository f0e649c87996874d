from aws_cdk import (
    App,
    Stack,
    aws_ec2 as ec2,
    aws_ecs as ecs,
    aws_efs as efs,
    aws_iam as iam,
)
from constructs import Construct


class Platform(Stack):
    def __init__(self, scope: Construct, construct_id: str, **kwargs) -> None:
        super().__init__(scope, construct_id, **kwargs)
        self.vpc = ec2.Vpc(self, "Vpc", max_azs=2)
        self.file_system = efs.FileSystem(self, "FileSystem", vpc=self.vpc)
        self.dashboards_access_point = self.file_system.add_access_point(
            "DashboardsAccessPoint",
            path="/grafana",
            create_acl=efs.Acl(owner_uid="0", owner_gid="0", permissions="0755"),
        )
        self.role = iam.Role(self, "GrafanaRole", assumed_by=iam.ServicePrincipal("ecs-tasks.amazonaws.com"))
        self.prometheus()
        self.grafana()

    def prometheus(self) -> None:
        task = ecs.FargateTaskDefinition(self, "PrometheusTask")
        task.add_container("prometheus", image=ecs.ContainerImage.from_registry("prom/prometheus"))
        for name in ("metrics", "rules"):
            task.add_volume(
                name=name,
                efs_volume_configuration=ecs.EfsVolumeConfiguration(
                    file_system_id=self.file_system.file_system_id,
                    root_directory=f"/prometheus/{name}",
                    transit_encryption="ENABLED",
                    authorization_config=ecs.AuthorizationConfig(iam="ENABLED"),
                ),
            )
            task.add_to_task_role_policy(
                iam.PolicyStatement(
                    actions=["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"],
                    resources=[self.file_system.file_system_arn],
                    conditions={"Bool": {"elasticfilesystem:AccessedViaMountTarget": "true"}},
                )
            )

    def grafana(self) -> None:
        task = ecs.FargateTaskDefinition(self, "GrafanaTask", task_role=self.role)
        task.add_container("grafana", image=ecs.ContainerImage.from_registry("grafana/grafana"))
        task.add_volume(
            name="dashboards",
            efs_volume_configuration=ecs.EfsVolumeConfiguration(
                file_system_id=self.file_system.file_system_id,
                transit_encryption="ENABLED",
                authorization_config=ecs.AuthorizationConfig(
                    access_point_id=self.dashboards_access_point.access_point_id,
                    iam="ENABLED",
                ),
            ),
        )
        task.add_to_task_role_policy(
            iam.PolicyStatement(
                actions=["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"],
                resources=[self.file_system.file_system_arn],
                conditions={
                    "StringEquals": {"elasticfilesystem:AccessPointArn": self.dashboards_access_point.access_point_arn}
                },
            )
        )


app = App()
Platform(app, "Platform")
app.synth()
