from troposphere import Ref, Template, ecs

template = Template()

# One text, three task definitions: each would need an access point of its own.
for tenant in ("north", "south", "west"):
    template.add_resource(
        ecs.TaskDefinition(
            f"Task{tenant.title()}",
            ContainerDefinitions=[
                ecs.ContainerDefinition(
                    Name="app",
                    Image="app:1",
                    Memory=512,
                    MountPoints=[ecs.MountPoint(ContainerPath="/data", SourceVolume="data")],
                ),
            ],
            Volumes=[ecs.Volume(Name="data", Host=ecs.Host(SourcePath="/mnt/efs/data"))],
        )
    )


def volumes(name):
    return [
        ecs.Volume(
            Name=name,
            EFSVolumeConfiguration=ecs.EFSVolumeConfiguration(FilesystemId="fs-0123456789abcdef0"),
        ),
    ]


template.add_resource(ecs.TaskDefinition("Batch", Volumes=volumes("batch")))
