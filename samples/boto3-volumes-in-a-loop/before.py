import boto3


def register_job(client, image, role, shares):
    mount_points = []
    volumes = []
    for share in shares:
        name = "share-" + share.name
        mount_points.append({"sourceVolume": name, "containerPath": share.path})
        volumes.append(
            {
                "name": name,
                "efsVolumeConfiguration": {"fileSystemId": share.file_system_id, "rootDirectory": share.directory},
            }
        )
    return client.register_job_definition(
        jobDefinitionName="shares",
        type="container",
        containerProperties={
            "image": image,
            "jobRoleArn": role,
            "volumes": volumes,
            "mountPoints": mount_points,
        },
    )


def register_tenants(tenants):
    ecs = boto3.client("ecs")
    for tenant in tenants:
        ecs.register_task_definition(
            family=f"web-{tenant}",
            taskRoleArn="arn:aws:iam::123456789012:role/web",
            containerDefinitions=[
                {
                    "name": "web",
                    "image": "nginx",
                    "user": "1000",
                    "mountPoints": [{"sourceVolume": "site", "containerPath": "/usr/share/nginx/html"}],
                }
            ],
            volumes=[{"name": "site", "host": {"sourcePath": f"/mnt/efs/{tenant}/site"}}],
        )
