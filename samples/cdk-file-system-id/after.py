import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_efs as efs
from aws_cdk import aws_iam as iam
from constructs import Construct


class JenkinsStack(cdk.Stack):
    def __init__(self, scope: Construct, construct_id: str, **kwargs) -> None:
        super().__init__(scope, construct_id, **kwargs)

        file_system_id = cdk.Fn.import_value("shared-efs-id")
        jenkins_home_access_point = efs.CfnAccessPoint(
            self,
            "JenkinsHomeAccessPoint",
            file_system_id=file_system_id,
            root_directory=efs.CfnAccessPoint.RootDirectoryProperty(
                path="/jenkins",
                creation_info=efs.CfnAccessPoint.CreationInfoProperty(owner_uid="0", owner_gid="0", permissions="0755"),
            ),
        )
        jenkins = ecs.Ec2TaskDefinition(
            self,
            "Jenkins",
            volumes=[
                {
                    "name": "jenkins-home",
                    "efsVolumeConfiguration": {
                        "fileSystemId": file_system_id,
                        "transitEncryption": "ENABLED",
                        "authorizationConfig": {
                            "accessPointId": jenkins_home_access_point.attr_access_point_id,
                            "iam": "ENABLED",
                        },
                    },
                }
            ],
        )
        jenkins_cache_access_point = efs.CfnAccessPoint(
            self,
            "JenkinsCacheAccessPoint",
            file_system_id=file_system_id,
            root_directory=efs.CfnAccessPoint.RootDirectoryProperty(
                path="/cache",
                creation_info=efs.CfnAccessPoint.CreationInfoProperty(owner_uid="0", owner_gid="0", permissions="0755"),
            ),
        )
        jenkins.add_volume(
            name="jenkins-cache",
            efs_volume_configuration={
                "file_system_id": file_system_id,
                "transit_encryption": "ENABLED",
                "authorization_config": {
                    "access_point_id": jenkins_cache_access_point.attr_access_point_id,
                    "iam": "ENABLED",
                },
            },
        )
        jenkins.add_to_task_role_policy(
            iam.PolicyStatement(
                actions=["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"],
                resources=[
                    self.format_arn(service="elasticfilesystem", resource="file-system", resource_name=file_system_id)
                ],
                conditions={
                    "StringEquals": {
                        "elasticfilesystem:AccessPointArn": [
                            jenkins_home_access_point.attr_arn,
                            jenkins_cache_access_point.attr_arn,
                        ]
                    }
                },
            )
        )
        jenkins.add_container("jenkins", image=ecs.ContainerImage.from_registry("jenkins/jenkins"), memory_limit_mib=2048)


app = cdk.App()
JenkinsStack(app, "Jenkins")
app.synth()
