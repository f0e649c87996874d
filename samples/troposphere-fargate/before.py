from troposphere import GetAtt, Parameter, Ref, Template
from troposphere.ecs import (
    ContainerDefinition,
    EFSVolumeConfiguration,
    MountPoint,
    Service,
    TaskDefinition,
    Volume,
)
from troposphere.iam import Role


class Uploads:
    def __init__(self):
        self.template = Template()
        self.add_parameters()
        self.add_task()

    def add_parameters(self):
        self.template.add_parameter(Parameter('FileSystemId', Type='String'))
        self.template.add_parameter(Parameter('Cluster', Type='String'))

    def add_task(self):
        template = self.template
        template.add_resource(Role(
            'UploadsTaskRole',
            AssumeRolePolicyDocument={
                'Version': '2012-10-17',
                'Statement': [{
                    'Effect': 'Allow',
                    'Principal': {'Service': 'ecs-tasks.amazonaws.com'},
                    'Action': 'sts:AssumeRole',
                }],
            },
        ))

        template.add_resource(TaskDefinition(
            'UploadsTaskDefinition',
            RequiresCompatibilities=['FARGATE'],
            Cpu='256',
            Memory='512',
            NetworkMode='awsvpc',
            TaskRoleArn=GetAtt('UploadsTaskRole', 'Arn'),
            ContainerDefinitions=[
                ContainerDefinition(
                    Name='uploads',
                    Image='uploads:1',
                    MountPoints=[
                        MountPoint(ContainerPath='/uploads', SourceVolume='uploads', ReadOnly=True),
                    ],
                ),
            ],
            Volumes=[
                Volume(
                    Name='uploads',
                    EFSVolumeConfiguration=EFSVolumeConfiguration(
                        FilesystemId=Ref('FileSystemId'),
                        RootDirectory='/uploads',
                    ),
                ),
            ],
        ))

        template.add_resource(Service(
            'UploadsService',
            Cluster=Ref('Cluster'),
            LaunchType='FARGATE',
            PlatformVersion='1.3.0',
            TaskDefinition=Ref('UploadsTaskDefinition'),
        ))


print(Uploads().template.to_json())
