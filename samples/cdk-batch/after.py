import aws_cdk as cdk
from aws_cdk import Stack, aws_batch as batch, aws_ec2 as ec2, aws_ecs as ecs, aws_efs as efs, aws_iam as iam


class Jobs(Stack):
    def __init__(self, scope, id, **kwargs):
        super().__init__(scope, id, **kwargs)
        vpc = ec2.Vpc(self, "Vpc")
        fs = efs.FileSystem(self, "Fs", vpc=vpc)
        frames_access_point = fs.add_access_point(
            "FramesAccessPoint",
            path="/frames",
            create_acl=efs.Acl(owner_uid="0", owner_gid="0", permissions="0755"),
        )
        in_access_point = fs.add_access_point("InAccessPoint", path="/")
        out_access_point = fs.add_access_point(
            "OutAccessPoint",
            path="/out",
            create_acl=efs.Acl(owner_uid="0", owner_gid="0", permissions="0755"),
        )
        data_access_point = fs.add_access_point(
            "DataAccessPoint",
            path="/data",
            create_acl=efs.Acl(owner_uid="0", owner_gid="0", permissions="0755"),
        )
        role = iam.Role(self, "JobRole", assumed_by=iam.ServicePrincipal("ecs-tasks.amazonaws.com"))
        batch.EcsJobDefinition(
            self,
            "Render",
            container=batch.EcsFargateContainerDefinition(
                self,
                "RenderContainer",
                image=ecs.ContainerImage.from_registry("render"),
                memory=cdk.Size.mebibytes(2048),
                cpu=1,
                job_role=role,
                fargate_platform_version=ecs.FargatePlatformVersion.VERSION1_4,
                volumes=[
                    batch.EcsVolume.efs(
                        name="frames",
                        file_system=fs,
                        container_path="/frames",
                        enable_transit_encryption=True,
                        access_point_id=frames_access_point.access_point_id,
                        use_job_role=True,
                    ),
                ],
            ),
        )
        encode = batch.EcsEc2ContainerDefinition(
            self,
            "EncodeContainer",
            image=ecs.ContainerImage.from_registry("encode"),
            memory=cdk.Size.mebibytes(2048),
            cpu=1,
        )
        encode.add_volume(
            batch.EcsVolume.efs(
                name="in",
                file_system=fs,
                container_path="/in",
                readonly=True,
                enable_transit_encryption=True,
                access_point_id=in_access_point.access_point_id,
            )
        )
        encode.add_volume(
            batch.EcsVolume.efs(
                name="out",
                container_path="/out",
                file_system=fs,
                enable_transit_encryption=True,
                access_point_id=out_access_point.access_point_id,
            )
        )
        batch.EcsJobDefinition(self, "Encode", container=encode)
        template = ec2.LaunchTemplate(self, "Template", user_data=ec2.UserData.for_linux())
        template.user_data.add_commands("mkdir -p /mnt/efs", f"mount -t efs {fs.file_system_id}:/ /mnt/efs")
        batch.CfnJobDefinition(
            self,
            "Low",
            type="container",
            platform_capabilities=["FARGATE"],
            container_properties=batch.CfnJobDefinition.ContainerPropertiesProperty(
                image="low",
                job_role_arn=role.role_arn,
                mount_points=[
                    batch.CfnJobDefinition.MountPointsProperty(container_path="/x", source_volume="data", read_only=True)
                ],
                volumes=[
                    batch.CfnJobDefinition.VolumesProperty(
                        name="data",
                        efs_volume_configuration=batch.CfnJobDefinition.EfsVolumeConfigurationProperty(
                            file_system_id=fs.file_system_id,
                            transit_encryption="ENABLED",
                            authorization_config=batch.CfnJobDefinition.AuthorizationConfigProperty(
                                access_point_id=data_access_point.access_point_id,
                                iam="ENABLED",
                            ),
                        ),
                    )
                ],
            ),
        )
        role.add_to_policy(
            iam.PolicyStatement(
                actions=["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"],
                resources=[fs.file_system_arn],
                conditions={"StringEquals": {"elasticfilesystem:AccessPointArn": frames_access_point.access_point_arn}},
            )
        )
        role.add_to_policy(
            iam.PolicyStatement(
                actions=["elasticfilesystem:ClientMount"],
                resources=[fs.file_system_arn],
                conditions={"StringEquals": {"elasticfilesystem:AccessPointArn": data_access_point.access_point_arn}},
            )
        )


app = cdk.App()
Jobs(app, "Jobs")
app.synth()
