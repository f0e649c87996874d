import aws_cdk as cdk
import aws_cdk.aws_ec2 as ec2
import aws_cdk.aws_ecs as ecs
import aws_cdk.aws_efs as efs
import aws_cdk.aws_iam as iam


class ReportsStack(cdk.Stack):
    def __init__(self, scope, id, **kwargs):
        super().__init__(scope, id, **kwargs)
        vpc = ec2.Vpc(self, 'Vpc')
        shared = efs.FileSystem.from_file_system_attributes(
            self, 'SharedFileSystem',
            file_system_id='fs-0123456789abcdef0',
            security_group=ec2.SecurityGroup.from_security_group_id(self, 'EfsGroup', 'sg-0123456789abcdef0'),
        )
        reports_access_point = efs.AccessPoint(
            self,
            'ReportsAccessPoint',
            file_system=shared,
            path='/reports',
            create_acl=efs.Acl(owner_uid='0', owner_gid='0', permissions='0755'),
        )
        task = ecs.Ec2TaskDefinition(
            self, 'ReportsTask',
            volumes=[
                ecs.Volume(name='reports', efs_volume_configuration=ecs.EfsVolumeConfiguration(
                    file_system_id=shared.file_system_id, transit_encryption='ENABLED',
                    authorization_config=ecs.AuthorizationConfig(
                        access_point_id=reports_access_point.access_point_id,
                        iam='ENABLED',
                    ))),
                ecs.Volume(name='scratch'),
                ecs.Volume(name='docker', host=ecs.Host(source_path='/var/run/docker.sock')),
            ],
        )
        task.add_to_task_role_policy(
            iam.PolicyStatement(
                actions=['elasticfilesystem:ClientMount'],
                resources=[shared.file_system_arn],
                conditions={
                    'StringEquals': {'elasticfilesystem:AccessPointArn': reports_access_point.access_point_arn}
                },
            )
        )
        web = task.add_container('web', image=ecs.ContainerImage.from_registry('nginx'), memory_limit_mib=256)
        web.add_mount_points(ecs.MountPoint(source_volume='reports', container_path='/srv', read_only=True))


app = cdk.App()
ReportsStack(app, 'Reports')
app.synth()
