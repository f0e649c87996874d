#!/usr/bin/env python3
import aws_cdk as cdk
from aws_cdk import aws_autoscaling as autoscaling
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_efs as efs
from aws_cdk import aws_iam as iam
from constructs import Construct

MOUNT_POINT = "/mnt/efs"


class JenkinsStack(cdk.Stack):
    """Jenkins on container instances that mount its home when they start."""

    def __init__(self, scope: Construct, construct_id: str, **kwargs) -> None:
        super().__init__(scope, construct_id, **kwargs)

        self.vpc = ec2.Vpc(self, "Vpc", max_azs=2)
        self.cluster = ecs.Cluster(self, "Cluster", vpc=self.vpc)
        self.file_system = efs.FileSystem(self, "Home", vpc=self.vpc, encrypted=True)
        self.home_access_point = self.file_system.add_access_point(
            "HomeAccessPoint",
            path="/jenkins",
            create_acl=efs.Acl(owner_uid="1000", owner_gid="1000", permissions="0755"),
        )
        self.add_capacity()
        self.add_jenkins()

    def add_capacity(self) -> None:
        group = autoscaling.AutoScalingGroup(
            self,
            "Instances",
            vpc=self.vpc,
            instance_type=ec2.InstanceType("t3.large"),
            machine_image=ecs.EcsOptimizedImage.amazon_linux2(),
            min_capacity=1,
            max_capacity=3,
        )
        self.file_system.connections.allow_default_port_from(group)
        group.user_data.add_commands(
            "yum install -y amazon-efs-utils nfs-utils",
            "file_system_id_1=" + self.file_system.file_system_id,
            f"efs_mount_point_1={MOUNT_POINT}",
            'mkdir -p "${efs_mount_point_1}"',
            'test -f "/sbin/mount.efs" && echo "${file_system_id_1}:/ ${efs_mount_point_1} efs defaults,_netdev" >> /etc/fstab || '
            + 'echo "${file_system_id_1}.efs.' + self.region + '.amazonaws.com:/ ${efs_mount_point_1} nfs4 '
            + 'nfsvers=4.1,rsize=1048576,wsize=1048576,hard,timeo=600,retrans=2,noresvport,_netdev 0 0" >> /etc/fstab',
            "mount -a -t efs,nfs4 defaults",
            f"mkdir -p {MOUNT_POINT}/jenkins && chown 1000:1000 {MOUNT_POINT}/jenkins",
        )
        provider = ecs.AsgCapacityProvider(self, "Provider", auto_scaling_group=group)
        self.cluster.add_asg_capacity_provider(provider)

    def add_jenkins(self) -> None:
        task_definition = ecs.Ec2TaskDefinition(
            self,
            "Jenkins",
            volumes=[
                ecs.Volume(
                    name="home",
                    efs_volume_configuration=ecs.EfsVolumeConfiguration(
                        file_system_id=self.file_system.file_system_id,
                        transit_encryption="ENABLED",
                        authorization_config=ecs.AuthorizationConfig(
                            access_point_id=self.home_access_point.access_point_id,
                            iam="ENABLED",
                        ),
                    ),
                ),
                ecs.Volume(name="docker", host=ecs.Host(source_path="/var/run/docker.sock")),
            ],
        )
        task_definition.add_to_task_role_policy(
            iam.PolicyStatement(
                actions=["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"],
                resources=[self.file_system.file_system_arn],
                conditions={
                    "StringEquals": {"elasticfilesystem:AccessPointArn": self.home_access_point.access_point_arn}
                },
            )
        )
        container = task_definition.add_container(
            "jenkins",
            image=ecs.ContainerImage.from_registry("jenkins/jenkins:lts"),
            memory_reservation_mib=1024,
        )
        container.add_mount_points(
            ecs.MountPoint(source_volume="home", container_path="/var/jenkins_home", read_only=False),
            ecs.MountPoint(source_volume="docker", container_path="/var/run/docker.sock", read_only=False),
        )
        ecs.Ec2Service(self, "Service", cluster=self.cluster, task_definition=task_definition)


app = cdk.App()
JenkinsStack(app, "Jenkins")
app.synth()
