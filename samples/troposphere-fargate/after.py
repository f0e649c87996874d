from troposphere import GetAtt, Parameter, Ref, Sub, Template
from troposphere.ecs import (
    AuthorizationConfig,
    ContainerDefinition,
    EFSVolumeConfiguration,
    MountPoint,
    Service,
    TaskDefinition,
    Volume,
)
from troposphere.efs import AccessPoint, CreationInfo, RootDirectory
from troposphere.iam import Policy, Role


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
            Policies=[
                Policy(
                    PolicyName='efs-access',
                    PolicyDocument={
                        'Version': '2012-10-17',
                        'Statement': [
                            {
                                'Effect': 'Allow',
                                'Action': ['elasticfilesystem:ClientMount'],
                                'Resource': Sub(
                                    'arn:${AWS::Partition}:elasticfilesystem:${AWS::Region}:${AWS::AccountId}:file-system/${FileSystemId}'
                                ),
                                'Condition': {
                                    'StringEquals': {
                                        'elasticfilesystem:AccessPointArn': GetAtt(
                                            'UploadsAccessPoint',
                                            'Arn',
                                        )
                                    }
                                },
                            }
                        ],
                    },
                )
            ],
        ))

        template.add_resource(AccessPoint(
            'UploadsAccessPoint',
            FileSystemId=Ref('FileSystemId'),
            RootDirectory=RootDirectory(
                Path='/uploads',
                CreationInfo=CreationInfo(OwnerUid='0', OwnerGid='0', Permissions='0755'),
            ),
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
                        TransitEncryption='ENABLED',
                        AuthorizationConfig=AuthorizationConfig(
                            AccessPointId=Ref('UploadsAccessPoint'),
                            IAM='ENABLED',
                        ),
                    ),
                ),
            ],
        ))

        template.add_resource(Service(
            'UploadsService',
            Cluster=Ref('Cluster'),
            LaunchType='FARGATE',
            PlatformVersion='1.4.0',
            TaskDefinition=Ref('UploadsTaskDefinition'),
        ))


print(Uploads().template.to_json())
