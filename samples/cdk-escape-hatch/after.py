from aws_cdk import App, Stack, aws_ec2 as ec2, aws_ecs as ecs, aws_efs as efs, aws_iam as iam


class Wiki(Stack):
    def __init__(self, scope, id, **kwargs):
        super().__init__(scope, id, **kwargs)
        vpc = ec2.Vpc(self, "Vpc")
        fs = efs.FileSystem(self, "Fs", vpc=vpc)
        wiki_access_point = fs.add_access_point(
            "WikiAccessPoint",
            path="/wiki",
            create_acl=efs.Acl(owner_uid="0", owner_gid="0", permissions="0755"),
        )
        task = ecs.FargateTaskDefinition(self, "Task")
        # the CDK has no EFS volumes yet
        cfn_task = task.node.default_child
        cfn_task.add_property_override("Volumes", [
            {
                "Name": "data",
                "EFSVolumeConfiguration": {
                    "FilesystemId": fs.file_system_id,
                    "TransitEncryption": "ENABLED",
                    "AuthorizationConfig": {
                        "AccessPointId": wiki_access_point.access_point_id,
                        "IAM": "ENABLED",
                    },
                },
            },
        ])
        task.add_to_task_role_policy(
            iam.PolicyStatement(
                actions=["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"],
                resources=[fs.file_system_arn],
                conditions={"StringEquals": {"elasticfilesystem:AccessPointArn": wiki_access_point.access_point_arn}},
            )
        )
        container = task.add_container("wiki", image=ecs.ContainerImage.from_registry("wiki"))
        container.add_mount_points(ecs.MountPoint(container_path="/data", source_volume="data", read_only=False))


app = App()
Wiki(app, "Wiki")
app.synth()
