"""`CloudFormationInit` in CDK programs: which of its elements run, in which order, and with what around them."""

from __future__ import annotations

import textwrap

import pytest

from migrate.engine.process import process
from migrate.files.language import PYTHON
from rules.choices import Choices

PROGRAM = """\
from aws_cdk import Stack, aws_autoscaling as autoscaling, aws_ec2 as ec2, aws_ecs as ecs, aws_efs as efs


class App(Stack):
    def __init__(self, scope, id, **kwargs):
        super().__init__(scope, id, **kwargs)
        vpc = ec2.Vpc(self, "Vpc")
        fs = efs.FileSystem(self, "Fs", vpc=vpc)
        cluster = ecs.Cluster(self, "Cluster", vpc=vpc)
        image = ecs.EcsOptimizedImage.amazon_linux2()
{hosts}
        cluster.add_asg_capacity_provider(ecs.AsgCapacityProvider(self, "Provider", auto_scaling_group=asg))
{after}
        task = ecs.Ec2TaskDefinition(self, "Task")
        task.add_volume(name="data", host=ecs.Host(source_path="/mnt/efs/data"))
        ecs.Ec2Service(self, "Service", cluster=cluster, task_definition=task)
"""
COMMAND = 'f"mount -t efs {fs.file_system_id}:/ /mnt/efs"'
MOUNTS = f"ec2.InitCommand.shell_command({COMMAND})"
UMOUNTS = 'ec2.InitCommand.shell_command("umount /mnt/efs")'
MIGRATED = "{fs.file_system_id}:/data"


def group(init: str, more: str = "", before: str = "") -> str:
    given = f", {more}" if more else ""
    return (
        f'{before}asg = autoscaling.AutoScalingGroup(self, "Asg", vpc=vpc, machine_image=image, init={init}{given})\n'
    )


def of(*elements: str, **options: str) -> str:
    return group(f"ec2.CloudFormationInit.from_elements({', '.join(elements)})", **options)


def sets(chosen: str, more: str = "") -> str:
    return group(
        f"""ec2.CloudFormationInit.from_config_sets(
    config_sets={chosen},
    configs={{"a": ec2.InitConfig([{MOUNTS}]), "b": ec2.InitConfig([{UMOUNTS}])}})""",
        more,
    )


def said(hosts: str, after: str = "") -> str:
    source = PROGRAM.format(hosts=textwrap.indent(hosts, " " * 8), after=textwrap.indent(after, " " * 8))
    outcome = process(source, "app", Choices(), PYTHON)
    assert outcome.error is None, outcome.error
    ((status, message),) = [(f.finding.status, f.finding.message) for f in outcome.findings if f.rule.id == "EFS101"]
    if status in ("fixable", "unsafe"):
        return message.partition(": mount ")[2].partition(" with ")[0]
    return f"{status}: {message}"


CERTAIN = {
    "elements": of('ec2.InitPackage.yum("amazon-efs-utils")', MOUNTS),
    "one config": group(f"ec2.CloudFormationInit.from_config(ec2.InitConfig([{MOUNTS}]))"),
    "the default set": sets('{"default": ["a"], "down": ["b"]}'),
    "a chosen set": sets(
        '{"up": ["a"], "default": ["b"]}', 'init_options=autoscaling.ApplyCloudFormationInitOptions(config_sets=["up"])'
    ),
    "two chosen sets": sets(
        '{"up": ["a"], "down": ["b"]}',
        'init_options=autoscaling.ApplyCloudFormationInitOptions(config_sets=["down", "up"], print_log=True)',
    ),
    "a call": 'asg = autoscaling.AutoScalingGroup(self, "Asg", vpc=vpc, machine_image=image)\n'
    f"asg.apply_cloud_formation_init(ec2.CloudFormationInit.from_elements({MOUNTS}))\n",
    "an object": group("init", before=f"init = ec2.CloudFormationInit.from_elements({MOUNTS})\n"),
    "a list of elements": group(
        "ec2.CloudFormationInit.from_elements(*steps)", before=f"steps = [ec2.InitGroup.from_name('x'), {MOUNTS}]\n"
    ),
    "a config that is added": group(
        "init",
        before=f"init = ec2.CloudFormationInit.from_config_sets(config_sets={{}}, configs={{}})\n"
        f'init.add_config("a", ec2.InitConfig([{MOUNTS}]))\ninit.add_config_set("default", ["a"])\n',
    ),
    "an element that is added": group(
        "ec2.CloudFormationInit.from_config(config)",
        before=f"config = ec2.InitConfig([])\nconfig.add({MOUNTS})\n",
    ),
    "keys give the order": of(
        f'ec2.InitCommand.shell_command({COMMAND}, key="02")',
        'ec2.InitCommand.shell_command("umount /mnt/efs", key="01")',
    ),
    "a test that looks at the mounts": of(
        f'ec2.InitCommand.shell_command({COMMAND}, test_cmd="! mountpoint -q /mnt/efs")'
    ),
    "a directory and an environment": of(
        'ec2.InitCommand.shell_command("mount -t efs $ID:/ efs", cwd="/mnt", env={"ID": fs.file_system_id})'
    ),
    "words": of('ec2.InitCommand.argv_command(["mount", "-t", "efs", fs.file_system_id + ":/", "/mnt/efs"])'),
    "fstab": of('ec2.InitFile.from_string("/etc/fstab", f"{fs.file_system_id}:/ /mnt/efs efs _netdev,tls 0 0\\n")'),
    "a script": of(
        f'ec2.InitFile.from_string("/opt/up.sh", f"#!/bin/sh\\n" + {COMMAND}, mode="000755")',
        'ec2.InitCommand.shell_command("/opt/up.sh")',
    ),
    "a unit": of(
        'ec2.InitFile.from_string("/etc/systemd/system/mnt-efs.mount", '
        'f"[Mount]\\nWhat={fs.file_system_id}:/\\nWhere=/mnt/efs\\nType=efs\\n")',
        'ec2.InitService.enable("mnt-efs.mount", service_manager=ec2.ServiceManager.SYSTEMD)',
    ),
}


@pytest.mark.parametrize("hosts", CERTAIN.values(), ids=CERTAIN)
def test_what_an_init_surely_mounts(hosts: str) -> None:
    assert said(hosts) == MIGRATED


SUGGESTS = "its name suggests EFS, but no mount of it is known"
DOUBTFUL = {
    "a set that is not run": (
        sets('{"default": ["b"], "up": ["a"]}'),
        "runs cfn-init for Asg with the config sets default, which do not lead to a",
    ),
    "a set that another one is chosen for": (
        sets(
            '{"default": ["a"], "down": ["b"]}',
            'init_options=autoscaling.ApplyCloudFormationInitOptions(config_sets=["down"])',
        ),
        "with the config sets down, which do not lead to a",
    ),
    "sets that only the caller knows": (
        sets(
            '{"default": ["a"]}', "init_options=autoscaling.ApplyCloudFormationInitOptions(config_sets=kwargs['sets'])"
        ),
        "its user data, which has to run cfn-init for Asg, is only partly known",
    ),
    "the order of configs": (sets('{"default": ["a", "b"]}'), SUGGESTS),
    "a test of the host": (
        of(f'ec2.InitCommand.shell_command({COMMAND}, test_cmd="test -f /etc/use-efs")'),
        "that depends on the command's test, `test -f /etc/use-efs`",
    ),
    "a directory": (
        of('ec2.InitCommand.shell_command(f"mount -t efs {fs.file_system_id}:/ mnt/efs", cwd="/srv")'),
        SUGGESTS,
    ),
    "keys against the text": (
        of(
            f'ec2.InitCommand.shell_command({COMMAND}, key="a")',
            'ec2.InitCommand.shell_command("umount /mnt/efs", key="b")',
        ),
        SUGGESTS,
    ),
    "elements that are not known": (of(MOUNTS, "*more(self)"), "what cfn-init runs besides is not all known"),
    "elements under a condition": (
        group(f"ec2.CloudFormationInit.from_elements(*([{MOUNTS}] if kwargs else []))"),
        SUGGESTS,
    ),
    "a config that is added under a condition": (
        group(
            "init",
            before=f"init = ec2.CloudFormationInit.from_elements({MOUNTS})\n"
            f'if kwargs:\n    init.add_config("config", ec2.InitConfig([{UMOUNTS}]))\n',
        ),
        "its user data, which has to run cfn-init for Asg, is only partly known",
    ),
    "an init of a function": (group("make_init(self)"), SUGGESTS),
}


@pytest.mark.parametrize(("hosts", "reason"), DOUBTFUL.values(), ids=DOUBTFUL)
def test_what_an_init_may_not_mount(hosts: str, reason: str) -> None:
    message = said(hosts)
    assert message.startswith("needs-input: ")
    assert reason in message


def test_user_data_goes_on_after_the_init() -> None:
    """The CDK adds the call of cfn-init where the group is made, so commands that are added later run after it."""
    assert said(of(MOUNTS), 'asg.add_user_data("umount /mnt/efs")').startswith("needs-input: ")
    assert said(of(UMOUNTS), f"asg.add_user_data({COMMAND})") == MIGRATED


def test_user_data_that_is_there_before_the_init() -> None:
    before = f"data = ec2.UserData.for_linux()\ndata.add_commands({COMMAND})\n"
    assert said(of(UMOUNTS, more="user_data=data", before=before)).startswith("needs-input: ")
    before = 'data = ec2.UserData.for_linux()\ndata.add_commands("umount /mnt/efs")\n'
    assert said(of(MOUNTS, more="user_data=data", before=before)) == MIGRATED
