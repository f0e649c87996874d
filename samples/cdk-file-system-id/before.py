import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs
from constructs import Construct


class JenkinsStack(cdk.Stack):
    def __init__(self, scope: Construct, construct_id: str, **kwargs) -> None:
        super().__init__(scope, construct_id, **kwargs)

        file_system_id = cdk.Fn.import_value("shared-efs-id")
        jenkins = ecs.Ec2TaskDefinition(
            self,
            "Jenkins",
            volumes=[
                {
                    "name": "jenkins-home",
                    "efsVolumeConfiguration": {"fileSystemId": file_system_id, "rootDirectory": "/jenkins"},
                }
            ],
        )
        jenkins.add_volume(
            name="jenkins-cache",
            efs_volume_configuration={"file_system_id": file_system_id, "root_directory": "/cache"},
        )
        jenkins.add_container("jenkins", image=ecs.ContainerImage.from_registry("jenkins/jenkins"), memory_limit_mib=2048)


app = cdk.App()
JenkinsStack(app, "Jenkins")
app.synth()
