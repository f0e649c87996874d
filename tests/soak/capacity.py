"""Templates with instances, clusters, capacity providers and services, put together at random, with the known answer to what a
task may see at a host path, and whether it may run on a platform that cannot mount EFS volumes.

The answer follows from how a template was put together: where the task may run, and what these instances mount. An instance that
the template does not hold may mount anything.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

from hosts import FIRST, SECOND

Seen = tuple[str, str] | None
ANYTHING: Seen = ("", "whatever instances that are not in the template mount")
UNABLE: Seen = ("", "a platform that mounts no EFS volume")


@dataclass
class Template:
    """A template while it is put together."""

    chance: random.Random
    number: int
    resources: dict[str, Any] = field(default_factory=dict)
    parameters: dict[str, Any] = field(default_factory=dict)
    conditions: dict[str, Any] = field(default_factory=dict)
    possible: set[Seen] = field(default_factory=set)
    """What the task may see."""
    sees: dict[str, Seen] = field(default_factory=dict)
    """What a task sees on each instance."""
    joined: dict[str, str] = field(default_factory=dict)
    """The cluster of each instance, by the expression for its name."""
    defaults: dict[str, list[str]] = field(default_factory=dict)
    """The capacity providers of the default strategy of each cluster."""

    @property
    def mount_point(self) -> str:
        return f"/mnt/efs{self.number}"

    def instance(self, name: str, cluster: object) -> None:
        """A launch template with an Auto Scaling group and a capacity provider, whose instances join a cluster."""
        mount, seen = self.chance.choice(
            [
                (f"mount -t efs {FIRST}:/ {self.mount_point}", (FIRST, "/app")),
                (f"mount -t efs {FIRST}:/ {self.mount_point}", (FIRST, "/app")),
                (f"mount -t efs -o tls {FIRST}:/ {self.mount_point}", (FIRST, "/app")),
                (f"mount -t efs {SECOND}:/ {self.mount_point}", (SECOND, "/app")),
                (f"mount -t efs {FIRST}:/v1 {self.mount_point}", (FIRST, "/v1/app")),
                (f"mount /dev/xvdf {self.mount_point}", None),
                (f"mount -t efs $(aws ssm get-parameter --name x):/ {self.mount_point}", ANYTHING),
            ]
        )
        self.sees[name] = seen
        self.joined[name] = _word(cluster)
        script = f"#!/bin/bash\necho ECS_CLUSTER=${{Cluster}} >> /etc/ecs/ecs.config\n{mount}\n"
        data = {"UserData": {"Fn::Base64": {"Fn::Sub": [script, {"Cluster": cluster}]}}}
        self.resources[f"{name}Template"] = {
            "Type": "AWS::EC2::LaunchTemplate",
            "Properties": {"LaunchTemplateData": data},
        }
        self.resources[f"{name}Group"] = {
            "Type": "AWS::AutoScaling::AutoScalingGroup",
            "Properties": {
                "MinSize": "1",
                "MaxSize": "3",
                "LaunchTemplate": {
                    "LaunchTemplateId": {"Ref": f"{name}Template"},
                    "Version": {"Fn::GetAtt": [f"{name}Template", "LatestVersionNumber"]},
                },
            },
        }
        self.resources[f"{name}Provider"] = {
            "Type": "AWS::ECS::CapacityProvider",
            "Properties": {"AutoScalingGroupProvider": {"AutoScalingGroupArn": {"Ref": f"{name}Group"}}},
        }

    def provider(self) -> tuple[object, set[Seen]]:
        """A capacity provider for a strategy, and what its instances see."""
        name = self.chance.choice([*self.sees, *self.sees, "FARGATE", "literal", "import", "parameter"])
        match name:
            case "FARGATE":
                return name, set()
            case "literal":
                return "gpu-provider", {ANYTHING}
            case "import":
                return {"Fn::ImportValue": "gpu-provider"}, {ANYTHING}
            case "parameter":
                self.parameters["Provider"] = {"Type": "String"}
                return {"Ref": "Provider"}, {ANYTHING}
            case _:
                return {"Ref": f"{name}Provider"}, {self.sees[name]}

    def service(self, name: str, clusters: list[object]) -> None:
        """A service that runs the task, on some of the capacity."""
        cluster = self.chance.choice(clusters)
        properties: dict[str, Any] = {"TaskDefinition": {"Ref": "Task"}, "Cluster": cluster}
        match self.chance.randrange(4):
            case 0:
                listed = [self.provider() for _ in range(self.chance.randint(1, 2))]
                properties["CapacityProviderStrategy"] = [
                    {"CapacityProvider": provider, "Weight": 1} for provider, _ in listed
                ]
                self.possible |= set().union(*(seen for _, seen in listed))
            case 1:
                properties["LaunchType"] = "EC2"
                self.possible |= self._on(cluster)
            case 2:
                if self.chance.random() < 0.4:
                    properties["LaunchType"] = self.chance.choice(["EXTERNAL", {"Fn::If": ["Big", "EXTERNAL", "EC2"]}])
                    self.conditions["Big"] = {"Fn::Equals": [{"Ref": "AWS::Region"}, "eu-west-1"]}
                    self.possible |= {UNABLE}
                else:
                    self.possible |= self._on(cluster)
            case _:
                self.possible |= self._on(cluster)
        self.resources[name] = {"Type": "AWS::ECS::Service", "Properties": properties}

    def _on(self, cluster: object) -> set[Seen]:
        """What tasks on the instances of a cluster see."""
        here = {seen for name, seen in self.sees.items() if self.joined[name] == _word(cluster)}
        return here or {ANYTHING}

    def platform(self) -> dict[str, Any]:
        """Properties of the task definition about its platform."""
        match self.chance.randrange(12):
            case 0:
                self.possible.add(UNABLE)
                return {"RequiresCompatibilities": ["EXTERNAL"]}
            case 1:
                self.possible.add(UNABLE)
                return {"RuntimePlatform": {"OperatingSystemFamily": "WINDOWS_SERVER_2019_FULL"}}
            case 2:
                return {"RuntimePlatform": {"OperatingSystemFamily": "LINUX"}, "RequiresCompatibilities": ["EC2"]}
            case 3:
                return {"NetworkMode": self.chance.choice(["bridge", "host"])}
            case _:
                return {}


def _word(cluster: object) -> str:
    return repr(cluster)


def task(host_path: str, more: dict[str, Any] | None = None) -> dict[str, Any]:
    """A task definition whose only volume is a host path."""
    container = {"Name": "web", "Image": "nginx", "MountPoints": [{"SourceVolume": "data", "ContainerPath": "/data"}]}
    return {
        "Type": "AWS::ECS::TaskDefinition",
        "Properties": {
            "TaskRoleArn": "arn:aws:iam::123456789012:role/task",
            **(more or {}),
            "ContainerDefinitions": [container],
            "Volumes": [{"Name": "data", "Host": {"SourcePath": host_path}}],
        },
    }


def template(seed: int) -> tuple[dict[str, Any], set[Seen]]:
    """The template of a seed, the same on every machine, with what the task may see."""
    made = Template(random.Random(seed), seed)
    chance = made.chance
    made.resources["Web"] = {"Type": "AWS::ECS::Cluster"}
    clusters: list[object] = [{"Ref": "Web"}]
    if chance.random() < 0.3:
        made.resources["Ops"] = {"Type": "AWS::ECS::Cluster"}
        clusters.append({"Ref": "Ops"})
    if chance.random() < 0.3:
        clusters.append(chance.choice(["production", {"Fn::ImportValue": "production-cluster"}]))
    for name in ("Blue", "Green")[: chance.randint(1, 2)]:
        made.instance(name, chance.choice(clusters[:2]))
    for number in range(chance.randint(0, 2)):
        made.service(f"Service{number}", clusters)
    if not any(resource["Type"] == "AWS::ECS::Service" for resource in made.resources.values()):
        made.possible |= set(made.sees.values())
    made.resources["Task"] = task(f"{made.mount_point}/app", made.platform())
    parts = {"Parameters": made.parameters, "Conditions": made.conditions, "Resources": made.resources}
    return {name: part for name, part in parts.items() if part}, made.possible
