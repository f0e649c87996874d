import json

import pulumi_aws as aws
import pulumi_awsx as awsx

file_system = aws.efs.FileSystem("shared")
role = aws.iam.Role("beaver", assume_role_policy=json.dumps({}))

awsx.ecs.FargateService(
    "beaver",
    desired_count=1,
    task_definition_args={
        "volumes": [{"name": "efs", "efs_volume_configuration": {"file_system_id": file_system.id}}],
        "containers": {"beaver": {"name": "beaver", "image": "dbeaver/cloudbeaver:24"}},
    },
)

aws.ecs.TaskDefinition(
    "worker",
    family="worker",
    requires_compatibilities=["FARGATE"],
    task_role_arn=role.arn,
    container_definitions=json.dumps(
        [
            {
                "name": "worker",
                "image": "worker:1",
                "user": "1000",
                "mountPoints": [{"sourceVolume": "data", "containerPath": "/data"}],
            }
        ]
    ),
    volumes=[
        {
            "name": "data",
            "efs_volume_configuration": {
                "file_system_id": file_system.id,
                "root_directory": "/worker",
            },
        }
    ],
)
