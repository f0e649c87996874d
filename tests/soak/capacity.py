"""Templates with instances, clusters, capacity providers, services and other runners, put together at random, with the known answer to what a
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
    defaults: dict[str, set[Seen]] = field(default_factory=dict)
    """What tasks see on the capacity of the default strategy of each cluster that has one."""
    runs: bool = False
    """Whether anything runs the task."""

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

    def strategy(self) -> tuple[list[object], set[Seen]]:
        """A capacity provider strategy, and what the instances of its providers see."""
        listed = [self.provider() for _ in range(self.chance.randint(1, 2))]
        items: list[object] = [{"CapacityProvider": provider, "Weight": 1} for provider, _ in listed]
        return items, set().union(*(seen for _, seen in listed))

    def give_default(self, cluster: str) -> None:
        """Give a cluster capacity providers and a default strategy, in itself or beside it."""
        items, seen = self.strategy()
        listed = [item["CapacityProvider"] for item in items if isinstance(item, dict)]
        given = {"CapacityProviders": listed, "DefaultCapacityProviderStrategy": items}
        self.defaults[_word({"Ref": cluster})] = seen
        if self.chance.random() < 0.5:
            self.resources[cluster]["Properties"] = given
        else:
            self.resources[f"{cluster}Link"] = {
                "Type": "AWS::ECS::ClusterCapacityProviderAssociations",
                "Properties": {"Cluster": {"Ref": cluster}, **given},
            }

    def start(self, name: str, clusters: list[object]) -> None:
        """A service, a loop of them, or another resource that runs the task, on some of the capacity."""
        cluster = self.chance.choice(clusters)
        parameters = self.capacity(cluster)
        task = {"Ref": "Task"}
        service = {
            "Type": "AWS::ECS::Service",
            "Properties": {"TaskDefinition": task, "Cluster": cluster, **parameters},
        }
        kind = self.chance.choice(["service"] * 4 + ["loop", "rule", "schedule", "machine"])
        self.runs = True
        match kind:
            case "service":
                self.resources[name] = service
            case "loop":
                self.resources[f"Fn::ForEach::{name}"] = ["Name", ["a"], {f"{name}${{Name}}": service}]
            case "rule" | "schedule":
                target = {
                    "Arn": _arn(cluster),
                    "RoleArn": "arn:aws:iam::123456789012:role/events",
                    "EcsParameters": {"TaskDefinitionArn": task, **parameters},
                }
                self.resources[name] = {
                    "Type": "AWS::Events::Rule" if kind == "rule" else "AWS::Scheduler::Schedule",
                    "Properties": {"ScheduleExpression": "rate(1 day)"}
                    | ({"Targets": [{"Id": "task", **target}]} if kind == "rule" else {"Target": target}),
                }
            case _:
                state = {
                    "Type": "Task",
                    "Resource": "arn:aws:states:::ecs:runTask.sync",
                    "Parameters": {"TaskDefinition": task, "Cluster": cluster, **parameters},
                    "End": True,
                }
                definition = {"StartAt": "Run", "States": {"Run": state}}
                if self.chance.random() < 0.5:
                    inner = {"StartAt": "Run", "States": {"Run": state}}
                    definition = {
                        "StartAt": "Each",
                        "States": {"Each": {"Type": "Map", "ItemProcessor": inner, "End": True}},
                    }
                self.resources[name] = {
                    "Type": "AWS::StepFunctions::StateMachine",
                    "Properties": {"RoleArn": "arn:aws:iam::123456789012:role/states", "Definition": definition},
                }

    def capacity(self, cluster: object) -> dict[str, Any]:
        """The parameters that choose capacity in a cluster; what is there is added to what the task may see."""
        match self.chance.randrange(5):
            case 0:
                items, seen = self.strategy()
                self.possible |= seen
                return {"CapacityProviderStrategy": items}
            case 1:
                items, seen = self.strategy()
                self._choose()
                self.possible |= seen | self._by_default(cluster)
                return {"CapacityProviderStrategy": {"Fn::If": ["Big", items, {"Ref": "AWS::NoValue"}]}}
            case 2:
                self.possible |= self._on(cluster)
                return {"LaunchType": "EC2"}
            case 3 if self.chance.random() < 0.4:
                self._choose()
                self.possible |= {UNABLE}
                return {"LaunchType": self.chance.choice(["EXTERNAL", {"Fn::If": ["Big", "EXTERNAL", "EC2"]}])}
            case _:
                self.possible |= self._by_default(cluster)
                return {}

    def _choose(self) -> None:
        self.conditions["Big"] = {"Fn::Equals": [{"Ref": "AWS::Region"}, "eu-west-1"]}

    def _by_default(self, cluster: object) -> set[Seen]:
        """What tasks without a strategy or launch type see in a cluster."""
        found = self.defaults.get(_word(cluster))
        return found if found is not None else self._on(cluster)

    def _on(self, cluster: object) -> set[Seen]:
        """What tasks on the instances of a cluster see; its capacity providers may bring instances of their own."""
        here = {seen for name, seen in self.sees.items() if self.joined[name] == _word(cluster)}
        return (here or {ANYTHING}) | ({ANYTHING} & self.defaults.get(_word(cluster), set()))

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


def _arn(cluster: object) -> object:
    """The ARN of a cluster, or an expression that may be it."""
    match cluster:
        case {"Ref": name}:
            return {"Fn::GetAtt": [name, "Arn"]}
        case str():
            return f"arn:aws:ecs:eu-west-1:123456789012:cluster/{cluster}"
        case _:
            return cluster


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
    if chance.random() < 0.3:
        made.give_default("Web")
    for number in range(chance.randint(0, 2)):
        made.start(f"Runner{number}", clusters)
    if not made.runs:
        made.possible |= set(made.sees.values())
    made.resources["Task"] = task(f"{made.mount_point}/app", made.platform())
    parts = {"Parameters": made.parameters, "Conditions": made.conditions, "Resources": made.resources}
    transform = {"Transform": "AWS::LanguageExtensions"}
    return transform | {name: part for name, part in parts.items() if part}, made.possible
