"""Jenkins on ECS, with its home on EFS."""

from troposphere import Base64, GetAtt, Join, Ref, Sub, Template, autoscaling, ecs, efs, iam

t = Template()

cluster = t.add_resource(ecs.Cluster("Cluster"))

file_system = t.add_resource(
    efs.FileSystem(
        "FileSystem",
        Encrypted=True,
    )
)

jenkins_home_access_point = t.add_resource(
    efs.AccessPoint(
        "JenkinsHomeAccessPoint",
        FileSystemId=Ref(file_system),
        RootDirectory=efs.RootDirectory(
            Path="/jenkins",
            CreationInfo=efs.CreationInfo(OwnerUid="0", OwnerGid="0", Permissions="0755"),
        ),
    )
)

instance_role = t.add_resource(
    iam.Role(
        "InstanceRole",
        AssumeRolePolicyDocument={
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
            ],
        },
    )
)

profile = t.add_resource(iam.InstanceProfile("InstanceProfile", Roles=[Ref(instance_role)]))

launch_configuration = t.add_resource(
    autoscaling.LaunchConfiguration(
        "LaunchConfiguration",
        ImageId="ami-0123456789abcdef0",
        InstanceType="t3.large",
        IamInstanceProfile=Ref(profile),
        UserData=Base64(
            Join(
                "",
                [
                    "#!/bin/bash -xe\n",
                    "echo ECS_CLUSTER=",
                    Ref(cluster),
                    " >> /etc/ecs/ecs.config\n",
                    "mkdir -p /mnt/efs\n",
                    "mount -t efs -o tls ",
                    Ref(file_system),
                    ":/ /mnt/efs\n",
                ],
            )
        ),
    )
)

task_role = t.add_resource(
    iam.Role(
        "TaskRole",
        AssumeRolePolicyDocument={
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}
            ],
        },
        Policies=[
            iam.Policy(
                PolicyName="logs",
                PolicyDocument={
                    "Version": "2012-10-17",
                    "Statement": [{"Effect": "Allow", "Action": ["logs:PutLogEvents"], "Resource": "*"}],
                },
            ),
            iam.Policy(
                PolicyName="efs-access",
                PolicyDocument={
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Action": ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"],
                            "Resource": GetAtt(file_system, "Arn"),
                            "Condition": {
                                "StringEquals": {
                                    "elasticfilesystem:AccessPointArn": GetAtt(jenkins_home_access_point, "Arn")
                                }
                            },
                        }
                    ],
                },
            ),
        ],
    )
)

task_definition = t.add_resource(
    ecs.TaskDefinition(
        "JenkinsTaskDefinition",
        TaskRoleArn=Ref(task_role),
        ContainerDefinitions=[
            ecs.ContainerDefinition(
                Name="jenkins",
                Image="jenkins/jenkins:lts",
                Memory=2048,
                MountPoints=[
                    ecs.MountPoint(ContainerPath="/var/jenkins_home", SourceVolume="jenkins-home"),
                ],
            ),
        ],
        Volumes=[
            ecs.Volume(
                Name="jenkins-home",
                EFSVolumeConfiguration=ecs.EFSVolumeConfiguration(
                    FilesystemId=Ref(file_system),
                    TransitEncryption="ENABLED",
                    AuthorizationConfig=ecs.AuthorizationConfig(
                        AccessPointId=Ref(jenkins_home_access_point),
                        IAM="ENABLED",
                    ),
                ),
            ),
            ecs.Volume(Name="docker", Host=ecs.Host(SourcePath="/var/run/docker.sock")),
        ],
    )
)

t.add_resource(
    ecs.Service(
        "JenkinsService",
        Cluster=Ref(cluster),
        DesiredCount=1,
        TaskDefinition=Ref(task_definition),
    )
)

print(t.to_json())
