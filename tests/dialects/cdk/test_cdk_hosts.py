"""Host mounts in CDK programs: how people write user data, and when a mount is sure enough to migrate a volume by it."""

from __future__ import annotations

import textwrap

import pytest

from migrate.engine.outcome import Outcome
from migrate.engine.process import process
from migrate.files.language import PYTHON
from rules.choices import Choices
from rules.model import Level

PROGRAM = """\
from aws_cdk import Fn, Stack, aws_autoscaling as autoscaling, aws_ec2 as ec2, aws_ecs as ecs, aws_efs as efs


class App(Stack):
    def __init__(self, scope, id, **kwargs):
        super().__init__(scope, id, **kwargs)
        vpc = ec2.Vpc(self, "Vpc")
        fs = efs.FileSystem(self, "Fs", vpc=vpc)
        cluster = ecs.Cluster(self, "Cluster", vpc=vpc)
        image = ecs.EcsOptimizedImage.amazon_linux2()
{hosts}
        task = ecs.Ec2TaskDefinition(self, "Task")
        task.add_volume(name="data", host=ecs.Host(source_path="/mnt/efs/data"))
        ecs.Ec2Service(self, "Service", cluster=cluster, task_definition=task)
"""
CAPACITY = 'asg = cluster.add_capacity("Asg", instance_type=ec2.InstanceType("t3.large"))\n'
MOUNT = '''f"mount -t efs {fs.file_system_id}:/ /mnt/efs"'''
GROUP = """\
asg = autoscaling.AutoScalingGroup(self, "Asg", vpc=vpc, machine_image=image, {0})
cluster.add_asg_capacity_provider(ecs.AsgCapacityProvider(self, "Provider", auto_scaling_group=asg))
"""


def migrated(hosts: str) -> Outcome:
    source = PROGRAM.format(hosts=textwrap.indent(hosts, " " * 8))
    outcome = process(source, "app", Choices(), PYTHON)
    assert outcome.error is None, outcome.error
    compile(outcome.text, "app.py", "exec")
    return outcome


def level(outcome: Outcome) -> Level:
    (volume,) = outcome.volumes
    return volume.after


MOUNTED = {
    "commands of a group": CAPACITY + f"asg.add_user_data('yum install -y nfs-utils', {MOUNT})",
    "commands of its user data": CAPACITY + f"asg.user_data.add_commands({MOUNT})",
    "a group that a provider brings": GROUP.format("") + f"asg.add_user_data({MOUNT})",
    "a group that is added, as v1 has it": f"""\
asg = autoscaling.AutoScalingGroup(self, "Asg", vpc=vpc, machine_image=image)
asg.add_user_data({MOUNT})
cluster.add_auto_scaling_group(asg)
""",
    "the cluster's own capacity": f"""\
cluster = ecs.Cluster(self, "Own", vpc=vpc, capacity=ecs.AddCapacityOptions(instance_type=ec2.InstanceType("m5.large")))
cluster.autoscaling_group.add_user_data({MOUNT})
""",
    "an object": f"data = ec2.UserData.for_linux()\ndata.add_commands({MOUNT})\n" + GROUP.format("user_data=data"),
    "a whole script": f'data = ec2.UserData.custom("#!/bin/sh\\n" + {MOUNT})\n' + GROUP.format("user_data=data"),
    "a script over lines": 'data = ec2.UserData.custom(f"""#!/bin/bash\nmkdir -p /mnt/efs\n'
    'mount -t efs {fs.file_system_id}:/ /mnt/efs\n""")\n' + GROUP.format("user_data=data"),
    "a launch template": f"""\
data = ec2.UserData.for_linux()
template = ec2.LaunchTemplate(self, "Template", machine_image=image, user_data=data)
data.add_commands({MOUNT})
asg = autoscaling.AutoScalingGroup(self, "Asg", vpc=vpc, launch_template=template)
cluster.add_asg_capacity_provider(ecs.AsgCapacityProvider(self, "Provider", auto_scaling_group=asg))
""",
    "the user data of a launch template": f"""\
template = ec2.LaunchTemplate(self, "Template", machine_image=image, user_data=ec2.UserData.for_linux())
template.user_data.add_commands({MOUNT})
asg = autoscaling.AutoScalingGroup(self, "Asg", vpc=vpc, launch_template=template)
cluster.add_asg_capacity_provider(ecs.AsgCapacityProvider(self, "Provider", auto_scaling_group=asg))
""",
    "a part of an archive": f"""\
commands = ec2.UserData.for_linux()
commands.add_commands({MOUNT})
data = ec2.MultipartUserData()
data.add_user_data_part(commands, ec2.MultipartBody.SHELL_SCRIPT, True)
"""
    + GROUP.format("user_data=data"),
    "a part that commands are added to later": """\
commands = ec2.UserData.for_linux()
data = ec2.MultipartUserData()
data.add_part(ec2.MultipartBody.from_user_data(user_data=commands))
commands.add_commands("mkdir -p /mnt/efs")
commands.add_commands(f"mount -t efs {fs.file_system_id}:/ /mnt/efs")
"""
    + GROUP.format("user_data=data"),
    "a cloud-config part": """\
data = ec2.MultipartUserData()
data.add_part(ec2.MultipartBody.from_raw_body(content_type="text/cloud-config", body=f'''#cloud-config
mounts:
  - ["{fs.file_system_id}:/", /mnt/efs, efs, "_netdev,tls", "0", "0"]
'''))
"""
    + GROUP.format("user_data=data"),
    "an init": GROUP.format(
        "init=ec2.CloudFormationInit.from_elements(ec2.InitCommand.shell_command("
        'f"mkdir -p /mnt/efs && mount -t efs {fs.file_system_id}:/ /mnt/efs")), signals=None'
    ),
    "L1": """\
ec2.CfnLaunchTemplate(self, "Template", launch_template_data=ec2.CfnLaunchTemplate.LaunchTemplateDataProperty(
    user_data=Fn.base64(f"#!/bin/bash\\necho ECS_CLUSTER={cluster.cluster_name} >> /etc/ecs/ecs.config\\n"
                        f"mount -t efs {fs.file_system_id}:/ /mnt/efs\\n")))
""",
    "shell variables": CAPACITY
    + """\
asg.add_user_data(
    "file_system_id_1=" + fs.file_system_id,
    "efs_mount_point_1=/mnt/efs",
    "test -f \\"/sbin/mount.efs\\" && echo \\"${file_system_id_1}:/ ${efs_mount_point_1} efs defaults,_netdev\\" "
    ">> /etc/fstab || echo \\"${file_system_id_1}.efs." + self.region + ".amazonaws.com:/ ${efs_mount_point_1} nfs4 "
    "nfsvers=4.1,rsize=1048576,wsize=1048576,hard,timeo=600,retrans=2,noresvport,_netdev 0 0\\" >> /etc/fstab",
    "mount -a -t efs,nfs4 defaults",
)
""",
    "the region of the stack": CAPACITY
    + 'asg.add_user_data(f"mount -t nfs4 {fs.file_system_id}.efs.{Stack.of(self).region}.amazonaws.com:/ /mnt/efs")',
    "format": CAPACITY + 'asg.add_user_data("mount -t efs {}:/ {}".format(fs.file_system_id, "/mnt/efs"))',
    "a list": CAPACITY + f'commands = ["mkdir -p /mnt/efs", {MOUNT}]\nasg.add_user_data(*commands)',
    "joined lines": CAPACITY + f'asg.add_user_data("\\n".join(["mkdir -p /mnt/efs", {MOUNT}]))',
    "a loop over a list": CAPACITY
    + f'for command in ["mkdir -p /mnt/efs", {MOUNT}]:\n    asg.user_data.add_commands(command)',
    "another cluster without it": CAPACITY
    + f"""\
asg.add_user_data({MOUNT})
other = ecs.Cluster(self, "Other", vpc=vpc)
other.add_capacity("Spare", instance_type=ec2.InstanceType("t3.large"))
""",
    "a bastion without it": CAPACITY
    + f"""\
asg.add_user_data({MOUNT})
ec2.Instance(self, "Bastion", vpc=vpc, machine_image=ec2.MachineImage.latest_amazon_linux2())
""",
    "a branch around something else": CAPACITY
    + f"asg.add_user_data({MOUNT})\nif id:\n    asg.add_user_data('echo hi')",
}


@pytest.mark.parametrize("hosts", MOUNTED.values(), ids=MOUNTED)
def test_mounts_that_are_known(hosts: str) -> None:
    outcome = migrated(hosts)
    assert level(outcome) == Level.IAM, [f.finding.message for f in outcome.findings]
    assert 'path="/data"' in outcome.text


DOUBTFUL = {
    "nothing known": CAPACITY + "asg.add_user_data(open('setup.sh').read())",
    "a condition": CAPACITY + f"if id == 'production':\n    asg.add_user_data({MOUNT})",
    "instances that lack it": CAPACITY
    + f"asg.add_user_data({MOUNT})\n"
    + CAPACITY.replace("asg", "spare").replace('"Asg"', '"Spare"'),
    "a server's name": CAPACITY + "asg.add_user_data(f\"mount -t nfs4 {kwargs['dns_name']}:/ /mnt/efs\")",
    "a disk": CAPACITY + 'asg.add_user_data("mount /dev/xvdb /mnt/efs")',
    "unmounted": CAPACITY + f'asg.add_user_data({MOUNT}, "umount /mnt/efs")',
    "another directory": CAPACITY + 'asg.add_user_data(f"mount -t efs {fs.file_system_id}:/ /data")',
}


@pytest.mark.parametrize("hosts", DOUBTFUL.values(), ids=DOUBTFUL)
def test_mounts_that_are_not_sure(hosts: str) -> None:
    outcome = migrated(hosts)
    assert level(outcome) in (Level.HOST, Level.OTHER)
    assert not outcome.edits


def test_a_method_that_is_always_called() -> None:
    hosts = CAPACITY + "self.mount(asg, fs)\n"
    source = PROGRAM.format(hosts=textwrap.indent(hosts, " " * 8)) + textwrap.indent(
        'def mount(self, asg, fs):\n    asg.add_user_data(f"mount -t efs {fs.file_system_id}:/ /mnt/efs")\n', " " * 4
    )
    outcome = process(source, "app", Choices(), PYTHON)
    assert outcome.error is None
    assert level(outcome) is Level.IAM, "the parameters are what the call gives"


def test_a_task_that_is_handed_on_may_run_anywhere() -> None:
    other = 'other = ecs.Cluster(self, "Other", vpc=vpc)\nother.add_capacity("Spare")\n'
    hosts = CAPACITY + f"asg.add_user_data({MOUNT})\n" + other
    assert level(migrated(hosts)) is Level.IAM
    source = PROGRAM.format(hosts=textwrap.indent(hosts, " " * 8)) + "        run_somewhere(task)\n"
    outcome = process(source, "app", Choices(), PYTHON)
    assert level(outcome) is Level.HOST


def test_the_owner_that_user_data_sets() -> None:
    own = "'mkdir -p /mnt/efs/data && chown 1000:100 /mnt/efs/data && chmod 750 /mnt/efs/data'"
    outcome = migrated(CAPACITY + f"asg.add_user_data({MOUNT}, {own})")
    assert 'create_acl=efs.Acl(owner_uid="1000", owner_gid="100", permissions="0750")' in outcome.text


def test_bottlerocket_takes_no_tls() -> None:
    hosts = CAPACITY.replace('"t3.large")', '"t3.large"), machine_image=ecs.BottleRocketImage()')
    outcome = migrated(hosts + f"asg.add_user_data({MOUNT})")
    assert "transit_encryption" not in outcome.text


def test_a_second_run_finds_nothing() -> None:
    outcome = migrated(CAPACITY + f"asg.add_user_data({MOUNT})")
    again = process(outcome.text, "app", Choices(), PYTHON)
    assert not again.edits
    assert again.error is None
