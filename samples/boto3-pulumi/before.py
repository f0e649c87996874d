import pulumi_aws as aws
import pulumi_awsx as awsx

file_system = aws.efs.FileSystem("shared")

awsx.ecs.FargateService(
    "beaver",
    desired_count=1,
    task_definition_args={
        "volumes": [{"name": "efs", "efs_volume_configuration": {"file_system_id": file_system.id}}],
        "containers": {"beaver": {"name": "beaver", "image": "dbeaver/cloudbeaver:24"}},
    },
)
