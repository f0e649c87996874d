from aws_cdk import App, Stack
from aws_cdk import aws_ecs as ecs
from constructs import Construct


class AgentStack(Stack):
    def __init__(self, scope: Construct, construct_id: str, **kwargs) -> None:
        super().__init__(scope, construct_id, **kwargs)
        agent = ecs.Ec2TaskDefinition(
            self,
            "Agent",
            volumes=[
                ecs.Volume(name="docker", host=ecs.Host(source_path="/var/run/docker.sock")),
                ecs.Volume(name="proc", host=ecs.Host(source_path="/proc/")),
                {"name": "scratch"},
            ],
        )
        agent.add_volume(
            name="cache",
            docker_volume_configuration=ecs.DockerVolumeConfiguration(driver="local", scope=ecs.Scope.TASK),
        )
        agent.add_container("agent", image=ecs.ContainerImage.from_registry("agent"), memory_limit_mib=256)


app = App()
AgentStack(app, "Agent")
app.synth()
