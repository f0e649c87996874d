"""User data of CDK programs: commands in the order in which they are called, what changes it later, and code that is not
read."""

from __future__ import annotations

import textwrap

import pytest

from migrate.engine.outcome import Outcome
from migrate.engine.process import process
from migrate.files.language import PYTHON
from rules.choices import Choices
from rules.model import Level

PROGRAM = """\
import string
import textwrap
import helpers
from helpers import harden, Monitoring
from aws_cdk import App, Aspects, Fn, Stack, Tags, Token, aws_autoscaling as autoscaling, aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs, aws_efs as efs
{module}

class Service(Stack):
    def __init__(self, scope, id, debug, **kwargs):
        super().__init__(scope, id, **kwargs)
        vpc = ec2.Vpc(self, "Vpc")
        fs = efs.FileSystem(self, "Fs", vpc=vpc); self.fs = fs
        cluster = ecs.Cluster(self, "Cluster", vpc=vpc); self.cluster = cluster
{capacity}
{hosts}
        task = ecs.Ec2TaskDefinition(self, "Task")
        task.add_volume(name="data", host=ecs.Host(source_path="/mnt/shared/app"))
        ecs.Ec2Service(self, "Service", cluster=cluster, task_definition=task)

{methods}

{end}
"""
M = 'f"mount -t efs {fs.file_system_id}:/ /mnt/shared"'
SM = 'f"mount -t efs {self.fs.file_system_id}:/ /mnt/shared"'


CAPACITY = 'asg = cluster.add_capacity("Asg", instance_type=ec2.InstanceType("t3.large")); self.asg = asg'


def run(hosts: str, methods: str = "", module: str = "", end: str = "", *, capacity: bool = True) -> Outcome:
    source = PROGRAM.format(
        capacity=" " * 8 + CAPACITY if capacity else "",
        hosts=textwrap.indent(hosts, " " * 8),
        methods=textwrap.indent(methods, " " * 4),
        module=module,
        end=end,
    )
    compile(source, "app.py", "exec")
    outcome = process(source, "app", Choices(), PYTHON)
    assert outcome.error is None, outcome.error
    return outcome


def said(outcome: Outcome) -> str:
    return " ".join(one.finding.message for one in outcome.findings if one.finding.rule == "EFS101")


CERTAIN = {
    "join": f'asg.add_user_data("\\n".join(["yum update", {M}]))',
    "join of a sum": f'asg.add_user_data("\\n".join(["yum update"] + [{M}]))',
    "join of a comprehension": 'asg.add_user_data("\\n".join(f"mount -t efs {fs.file_system_id}:/ {p}" for p in ["/mnt/shared"]))',
    "format": 'asg.add_user_data("mount -t efs {}:/ /mnt/shared".format(fs.file_system_id))',
    "format by name": 'asg.add_user_data("mount -t efs {id}:/ {to}".format(id=fs.file_system_id, to="/mnt/shared"))',
    "format of an attribute": 'asg.add_user_data("mount -t efs {fs.file_system_id}:/ /mnt/shared".format(fs=fs))',
    "percent": 'asg.add_user_data("mount -t efs %s:/ %s" % (fs.file_system_id, "/mnt/shared"))',
    "percent alone": 'asg.add_user_data("mount -t efs %s:/ /mnt/shared" % fs.file_system_id)',
    "percent of a dict": 'asg.add_user_data("mount -t efs %(id)s:/ /mnt/shared" % {"id": fs.file_system_id})',
    "replace": 'asg.add_user_data("mount -t efs FS:/ /mnt/shared".replace("FS", fs.file_system_id))',
    "replace of a constant": (
        'asg.add_user_data(SCRIPT.replace("__FS__", fs.file_system_id))',
        "",
        'SCRIPT = """\nyum update\nmount -t efs __FS__:/ \\\n  /mnt/shared\n"""',
    ),
    "template": 'asg.add_user_data(string.Template("mount -t efs $fs:/ /mnt/shared").substitute(fs=fs.file_system_id))',
    "adding to a string": f'script = "yum update\\n"\nscript += {M}\nscript += "\\necho hi"\nasg.add_user_data(script)',
    "adding in a loop": 'script = ""\nfor p in ("/mnt/a", "/mnt/shared"):\n    script += f"mount -t efs {fs.file_system_id}:/ {p}\\n"\nasg.add_user_data(script)',
    "a list that grows": f'lines = ["yum update"]\nlines.append({M})\nlines.extend(["echo a", "echo b"])\nlines += ["echo c"]\nasg.add_user_data(*lines)',
    "dedent": 'asg.add_user_data(textwrap.dedent(f"""\n    yum update\n    mount -t efs {fs.file_system_id}:/ /mnt/shared\n""").strip())',
    "splitlines": 'asg.add_user_data(*f"""yum update\nmount -t efs {fs.file_system_id}:/ /mnt/shared""".splitlines())',
    "Fn.join": 'asg.add_user_data(Fn.join("", ["mount -t efs ", fs.file_system_id, ":/ /mnt/shared"]))',
    "Fn.sub": 'asg.add_user_data(Fn.sub("mount -t efs ${Id}:/ /mnt/shared", {"Id": fs.file_system_id}))',
    "a token": 'asg.add_user_data(f"mount -t efs {Token.as_string(fs.file_system_id)}:/ /mnt/shared")',
    "starred literals": f'asg.add_user_data(*["yum update", {M}], "echo hi")',
    "a loop over commands": f'for c in ["yum update", {M}]:\n    asg.add_user_data(c)',
    "a loop over pairs": 'for i, p in [(fs.file_system_id, "/mnt/shared"), ("fs-12345678", "/mnt/b")]:\n    asg.add_user_data(f"mount -t efs {i}:/ {p}")',
    "a loop over a dict": 'for p, i in {"/mnt/shared": fs.file_system_id}.items():\n    asg.add_user_data(f"mount -t efs {i}:/ {p}")',
    "a local function": f"def mount(a):\n    a.add_user_data({M})\nmount(asg)",
    "a local function with parameters": 'def mount(a, system, to="/mnt/x"):\n    a.add_user_data(f"mount -t efs {system.file_system_id}:/ {to}")\nmount(asg, fs)\nmount(a=asg, system=fs, to="/mnt/shared")',
    "a function that returns the commands": (
        'asg.add_user_data(*commands(fs.file_system_id, "/mnt/shared"))',
        "",
        'def commands(system, to):\n    found = ["yum update"]\n    found.append(f"mount -t efs {system}:/ {to}")\n    return found',
    ),
    "a method that returns the script": ("asg.add_user_data(self.script())", f"def script(self):\n    return {SM}"),
    "methods in their order": (
        "self.mount()\nself.tools()",
        f'def tools(self):\n    self.asg.add_user_data("yum update")\n\ndef mount(self):\n    self.asg.add_user_data({SM})',
    ),
    "unmounted and mounted again": (
        "self.b()\nself.a()",
        f'def a(self):\n    self.asg.add_user_data({SM})\n\ndef b(self):\n    self.asg.add_user_data("umount /mnt/shared")',
    ),
    "a signal on exit": f"asg.add_user_data({M})\nasg.user_data.add_signal_on_exit_command(asg)",
    "a harmless command on exit": f'asg.user_data.add_on_exit_commands("echo done")\nasg.add_user_data({M})',
    "a file that is read before": f'asg.add_user_data(open("tools.sh").read())\nasg.add_user_data({M})',
    "a harmless command in a branch": f'asg.add_user_data({M})\nif debug:\n    asg.add_user_data("echo debug")',
    "a branch that is decided": f'CHECK = False\nasg.add_user_data({M})\nif CHECK:\n    asg.add_user_data("umount /mnt/shared")',
    "another property is overridden": f'asg.add_user_data({M})\nasg.node.find_child("LaunchConfig").add_property_override("InstanceType", "t3.small")',
    "a task definition is overridden": f'asg.add_user_data({M})\nother = ecs.Ec2TaskDefinition(self, "Other")\nother.node.default_child.add_property_override("Memory", "1")',
    "a logger": f"asg.add_user_data({M})\nself.logger.info('made %s', asg)",
    "cdk-nag": f"from cdk_nag import NagSuppressions\nasg.add_user_data({M})\nNagSuppressions.add_resource_suppressions(asg, [])",
    "a dataclass": (
        f"asg.add_user_data({M})\nprint(Props(asg).group.metric('x'))",
        "",
        "from dataclasses import dataclass\n\n@dataclass\nclass Props:\n    group: object\n",
    ),
    "tags": f'asg.add_user_data({M})\nTags.of(self).add("a", "b")\nAspects.of(self).add(Tag("a", "b"))',
    "an aspect on buckets": (
        f"asg.add_user_data({M})\nAspects.of(self).add(Check())",
        "",
        "from aws_cdk import aws_s3 as s3\n\nclass Check:\n    def visit(self, node):\n        if isinstance(node, s3.CfnBucket):\n            node.versioning = True",
    ),
    "it is given to the library": f'asg.add_user_data({M})\nfs.connections.allow_default_port_from(asg)\nautoscaling.ScheduledAction(self, "X", auto_scaling_group=asg)',
    "it is printed": f"asg.add_user_data({M})\nprint(asg.auto_scaling_group_name, len(str(asg)))",
    "a construct beside it": f'asg.add_user_data({M})\nMonitoring(self, "Monitoring")',
    "a nested function": f"def outer(a):\n    def inner(b, text):\n        b.add_user_data(text)\n    inner(a, {M})\nouter(asg)",
    "a function that raises otherwise": f'if not debug:\n    raise ValueError("no")\nasg.add_user_data({M})',
    "both are called with keywords": f'def add(*commands, group):\n    group.add_user_data(*commands)\nadd("echo a", {M}, group=asg)',
}
CERTAIN |= {
    "a command of a dict": (f'asg.add_user_data(COMMANDS["update"], {M})', "", 'COMMANDS = {"update": "yum update"}'),
    "a constant of the class": (f"asg.add_user_data(self.UPDATE, {M})", 'UPDATE = "yum update"'),
    "a factory for the stack": f'bucket = helpers.make_bucket(self, "Bucket")\nasg.add_user_data({M})',
    "an aspect on a bucket": f'from aws_cdk import aws_s3 as s3\nbucket = s3.Bucket(self, "B")\nAspects.of(bucket).add(helpers.Check())\nasg.add_user_data({M})',
    "another class with a group": (
        f"asg.add_user_data({M})",
        "",
        "",
        "class Other(Stack):\n    def __init__(self, scope, id):\n        super().__init__(scope, id)\n        self.asg = helpers.group()\n        helpers.harden(self.asg)\n        self.asg.add_user_data('umount /mnt/shared')",
    ),
    "a string with a literal constant": 'DATA = "/mnt/shared"\nasg.add_user_data(f"mount -t efs {fs.file_system_id}:/ {DATA}")',
    "implicit concatenation": 'asg.add_user_data("mount -t efs " f"{fs.file_system_id}" ":/ " "/mnt/shared")',
    "commands that are concatenated": f'BASE = ["yum update"]\nasg.add_user_data(*(BASE + [{M}]))',
    "commands from two lists": f"BASE = ['yum update']\nasg.add_user_data(*BASE, *[{M}])",
    "a list of strings with a condition": f'asg.add_user_data(*[c for c in ["", {M}] if c])',
    "enumerate": f'for n, c in enumerate(["echo", {M}]):\n    asg.add_user_data(c)',
    "a base class": (
        "self.mount()",
        "",
        "",
        "class Mounting(Service):\n    pass\n",
    ),
}
CERTAIN["a base class"] = (
    "self.mount()",
    f"def mount(self):\n    self.asg.add_user_data({SM})",
    "",
    "class Child(Service):\n    pass\n\nChild(App(), 'S', True)",
)
CERTAIN["tags"] = f'asg.add_user_data({M})\nTags.of(self).add("a", "b")'


@pytest.mark.parametrize("program", CERTAIN.values(), ids=CERTAIN)
def test_user_data_that_is_read(program: str | tuple[str, ...]) -> None:
    outcome = run(*((program,) if isinstance(program, str) else program))
    (volume,) = outcome.volumes
    assert volume.after is Level.IAM, said(outcome)
    assert "lies on EFS" in said(outcome)
    assert 'path="/app"' in outcome.text or "/app" in outcome.text


DOUBTFUL = {
    "a command on exit": (
        f'asg.user_data.add_on_exit_commands("umount /mnt/shared")\nasg.add_user_data({M})',
        "condition",
    ),
    "a dataclass": (
        f'asg.add_user_data({M})\np = Props(asg)\np.group.add_user_data("umount /mnt/shared")',
        "in a way that is not followed",
        "",
        "from dataclasses import dataclass\n\n@dataclass\nclass Props:\n    group: object\n",
    ),
    "a decorator": (
        f"asg.add_user_data({M})\nself.get()",
        "a decorator",
        "@helpers.clean\ndef get(self):\n    return self.asg",
    ),
    "a method that is replaced": (f"asg.add_user_data = print\nasg.add_user_data({M})", "replaces the method"),
    "all constructs of a class": (
        f'asg.add_user_data({M})\nfor c in self.node.find_all():\n    if isinstance(c, autoscaling.AutoScalingGroup):\n        c.add_user_data("umount /mnt/shared")',
        "in a way that is not followed",
    ),
    "a constant that a subclass replaces": (
        'asg.add_user_data(f"mount -t efs {fs.file_system_id}:/ {self.P}")',
        None,
        'P = "/mnt/shared"',
        "",
        'class C(Service):\n    pass\n\nclass D(C):\n    P = "/mnt/x"\n\nD(App(), "x", True)',
    ),
    "another launch template": (
        f'asg.add_user_data({M})\nasg.node.default_child.add_property_override("LaunchTemplate.Version", "1")',
        "overrides the user data",
    ),
    "a part that is removed": (f'asg.add_user_data({M})\nasg.node.try_remove_child("LaunchConfig")', "removes a part"),
    "an unknown mount point": (f'asg.add_user_data({M})\nasg.add_user_data(f"umount {{debug}}")', "may unmount it"),
    "a text of a file": (
        f'asg.add_user_data({M})\nasg.add_user_data(open("harden.sh").read())',
        "line 17 adds user data that is not read",
    ),
    "a text of a path": (
        f'asg.add_user_data({M})\nasg.add_user_data(Path("harden.sh").read_text())',
        "line 17 adds user data that is not read",
    ),
    "a file inside a string": (
        f'asg.add_user_data({M})\nextra = open("x").read()\nasg.add_user_data(f"echo\\n{{extra}}\\necho")',
        "line 18 adds user data that is not read ({extra})",
    ),
    "an unknown list": (
        f"asg.add_user_data({M})\nasg.add_user_data(*helpers.commands())",
        "line 17 adds user data that is not read",
    ),
    "an unknown item": (f'asg.add_user_data("\\n".join([{M}, helpers.command()]))', "not read"),
    "a file that is run": (
        f'asg.add_user_data({M})\nasg.user_data.add_execute_file_command(file_path="/tmp/x.sh")',
        "line 17 runs a file",
    ),
    "an override": (
        f'asg.add_user_data({M})\nasg.node.find_child("LaunchConfig").add_property_override("UserData", Fn.base64("echo"))',
        "line 17 overrides the user data of Asg",
    ),
    "an override of a template": (
        f'asg.add_user_data({M})\nasg.node.default_child.add_override("Properties.LaunchTemplateData.UserData", "")',
        "line 17 overrides",
    ),
    "a deletion": (
        f'asg.add_user_data({M})\nlaunch = asg.node.find_child("LaunchConfig")\nlaunch.add_property_deletion_override("UserData")',
        "line 18 overrides",
    ),
    "a computed path": (
        f'asg.add_user_data({M})\nname = helpers.name()\nasg.node.find_child("LaunchConfig").add_property_override(name, "x")',
        "line 18 overrides",
    ),
    "a child of the stack": (
        f'asg.add_user_data({M})\nself.node.find_child("X").add_property_override("UserData", "x")',
        "line 17 may override",
    ),
    "all children": (
        f'asg.add_user_data({M})\nfor child in self.node.find_all():\n    if isinstance(child, autoscaling.CfnLaunchConfiguration):\n        child.user_data = Fn.base64("x")',
        "line 19 may replace",
    ),
    "an attribute": (
        f'asg.add_user_data({M})\nlaunch = asg.node.find_child("LaunchConfig")\nlaunch.user_data = Fn.base64("echo")',
        "line 18 replaces the user data of Asg",
    ),
    "setattr": (
        f'asg.add_user_data({M})\nsetattr(asg.node.find_child("LaunchConfig"), "user_data", "x")',
        "line 17 gives Asg to `setattr()`",
    ),
    "a function of another module": (
        f"asg.add_user_data({M})\nharden(asg)",
        "line 17 gives Asg to `harden()`, which is not followed",
    ),
    "a function of another module before": (f"harden(asg)\nasg.add_user_data({M})", "line 16 gives Asg to `harden()`"),
    "the user data is given to another module": (
        f"asg.add_user_data({M})\nhelpers.harden(asg.user_data)",
        "`helpers.harden()`, which is not followed",
    ),
    "a construct of another module": (
        f'asg.add_user_data({M})\nMonitoring(self, "M", asg=asg)',
        "line 17 gives Asg to `Monitoring()`",
    ),
    "in a list": (f"asg.add_user_data({M})\nharden([asg])", "line 17 gives Asg to `harden()`"),
    "in a dict that is filled": (
        f'asg.add_user_data({M})\ngroups = {{}}\ngroups["a"] = asg\nharden(groups)',
        "line 19 gives Asg to `harden()`",
    ),
    "the stack is given": (f"asg.add_user_data({M})\nharden(self)", "line 17 gives `self` to `harden()`"),
    "its method is given": (
        f"asg.add_user_data({M})\nhelpers.each(asg.add_user_data)",
        "line 17 hands on Asg's method",
    ),
    "it is kept elsewhere": (f"asg.add_user_data({M})\nhelpers.GROUP = asg", "line 17 stores Asg"),
    "a callback": (
        f'asg.add_user_data({M})\ndef apply(f, a):\n    f(a)\napply(lambda a: a.add_user_data("umount /mnt/shared"), asg)',
        "which is not followed",
    ),
    "an aspect": (f"asg.add_user_data({M})\nAspects.of(self).add(helpers.Hardening())", "line 17 runs an aspect"),
    "an aspect of the program": (
        f"asg.add_user_data({M})\nAspects.of(self).add(Check())",
        "line 9 may override the user data of any instance",
        "",
        "class Check:\n    def visit(self, node):\n        node.add_property_override('UserData', 'x')",
    ),
    "a branch": (
        f'asg.add_user_data({M})\nif debug:\n    asg.add_user_data("umount /mnt/shared")',
        "line 18 adds user data, but line 17 decides whether it is executed",
    ),
    "a branch that mounts": (f"if debug:\n    asg.add_user_data({M})", "line 17 adds user data, but line 16 decides"),
    "a branch that returns": (
        "self.mount(debug)",
        "decides whether",
        f"def mount(self, debug):\n    if debug:\n        return\n    self.asg.add_user_data({SM})",
    ),
    "a condition in an expression": (
        f'asg.add_user_data({M})\ndebug and asg.add_user_data("umount /mnt/shared")',
        "line 17 decides",
    ),
    "a text that depends": (
        f'asg.add_user_data({M})\nasg.add_user_data("echo" if debug else "umount /mnt/shared")',
        "line 17 adds user data that is not read",
    ),
    "a list that grows in a branch": (
        f"lines = [{M}]\nif debug:\n    lines.append('umount /mnt/shared')\nasg.add_user_data(*lines)",
        None,
    ),
    "a list that is given away": (f"lines = [{M}]\nharden(lines)\nasg.add_user_data(*lines)", None),
    "an unknown loop": (
        f'asg.add_user_data({M})\nfor p in helpers.paths():\n    asg.add_user_data("umount /mnt/shared")',
        "goes through a list that is not known",
    ),
    "a loop that unmounts": (
        f'asg.add_user_data({M})\nfor p in ("/mnt/a", "/mnt/shared"):\n    asg.add_user_data(f"umount {{p}}")',
        None,
    ),
    "a loop that breaks": (
        f'for c in ["echo", {M}]:\n    if debug:\n        break\n    asg.add_user_data(c)',
        "decides whether",
    ),
    "an exception": (
        f"try:\n    helpers.check()\nexcept ValueError:\n    asg.add_user_data({M})",
        "only if line 16 fails",
    ),
    "unmounted in another method": (
        "self.b()\nself.a()",
        None,
        f'def a(self):\n    self.asg.add_user_data("umount /mnt/shared")\n\ndef b(self):\n    self.asg.add_user_data({SM})',
    ),
    "a method that nobody calls": (
        f"asg.add_user_data({M})",
        "nothing in this file shows when `later()` is called",
        'def later(self):\n    self.asg.add_user_data("umount /mnt/shared")',
    ),
    "a method that is overridden": (
        "self.mounts()",
        "nothing in this file shows when `mounts()` is called",
        f"def mounts(self):\n    self.asg.add_user_data({SM})",
        "",
        "class Child(Service):\n    def mounts(self):\n        pass\n\nChild(App(), 'S', True)",
    ),
    "a subclass that adds": (
        f"asg.add_user_data({M})",
        None,
        "",
        "",
        "class Child(Service):\n    def __init__(self, scope, id, debug):\n        super().__init__(scope, id, debug)\n        self.asg.add_user_data('umount /mnt/shared')\n\nChild(App(), 'S', True)",
    ),
    "a local function that unmounts": (
        f'asg.add_user_data({M})\ndef clean(a):\n    a.add_user_data("umount /mnt/shared")\nclean(asg)',
        None,
    ),
    "a local function for two groups": (
        f'other = cluster.add_capacity("Other", instance_type=ec2.InstanceType("t3.large"))\ndef add(a, c):\n    a.add_user_data(c)\nadd(asg, {M})\nadd(other, "echo")',
        "Other mounts nothing",
    ),
    "a group in a dict": (
        f'groups = {{"a": asg}}\nasg.add_user_data({M})\ngroups["a"].add_user_data("umount /mnt/shared")',
        "line 18 adds user data in a way that is not followed",
    ),
    "join with umount": (f'asg.add_user_data("\\n".join([{M}, "umount /mnt/shared"]))', None),
    "format with umount": (
        'asg.add_user_data("mount -t efs {}:/ /mnt/shared; {}".format(fs.file_system_id, "umount /mnt/shared"))',
        None,
    ),
    "a string with umount added": (f'script = {M}\nscript += "\\numount /mnt/shared"\nasg.add_user_data(script)', None),
    "a variable that unread commands may set": (
        'asg.add_user_data("TO=/mnt/shared")\nasg.add_user_data(open("env").read())\nasg.add_user_data(f"mount -t efs {fs.file_system_id}:/ $TO")',
        None,
    ),
    "made in a property": (
        f"asg.add_user_data({M})\nself.group.add_user_data('umount /mnt/shared')",
        "in a way that is not followed",
        "@property\ndef group(self):\n    return self.asg",
    ),
    "several from one function": (
        f"a = self.make()\nb = self.make()\na.add_user_data({M})",
        "which do not all have the same user data",
        "def make(self):\n    return self.cluster.add_capacity('X', instance_type=ec2.InstanceType('t3.large'))",
    ),
    "a class of its own that unmounts": (
        f'own = Own(self, "Own", vpc=vpc)\ncluster.add_asg_capacity_provider(ecs.AsgCapacityProvider(self, "P", auto_scaling_group=own))\nown.add_user_data({M})\nown.finish()\nasg.add_user_data({M})',
        "Own mounts nothing",
        "",
        "class Own(autoscaling.AutoScalingGroup):\n    def __init__(self, scope, id, **kw):\n        super().__init__(scope, id, **kw)\n    def finish(self):\n        self.add_user_data('umount /mnt/shared')",
    ),
    "a class of its own with user data": (
        f'own = Own(self, "Own", vpc=vpc)\ncluster.add_asg_capacity_provider(ecs.AsgCapacityProvider(self, "P", auto_scaling_group=own))\nasg.add_user_data({M})\nown.add_user_data({M})',
        "what lies at /mnt/shared is not known",
        "",
        "class Own(autoscaling.AutoScalingGroup):\n    def __init__(self, scope, id, **kw):\n        data = ec2.UserData.for_linux()\n        data.add_on_exit_commands('umount /mnt/shared')\n        super().__init__(scope, id, user_data=data, **kw)",
    ),
    "an unbound method": (
        f"asg.add_user_data({M})\nautoscaling.AutoScalingGroup.add_user_data(asg, 'umount /mnt/shared')",
        "which is not followed",
    ),
    "getattr": (
        f"asg.add_user_data({M})\ngetattr(asg, helpers.name())('umount /mnt/shared')",
        "line 17 reads an attribute of Asg by a name",
    ),
    "a child of the cluster": (
        f"asg.add_user_data({M})\ncluster.node.find_child('Asg').add_user_data('umount /mnt/shared')",
        "line 17 adds user data in a way that is not followed",
    ),
    "executed text": (f"asg.add_user_data({M})\nexec(helpers.code())", "line 17 executes code"),
    "a decorated function": (
        f"asg.add_user_data({M})\n@helpers.twice\ndef add(a):\n    a.add_user_data('echo')\nadd(asg)",
        "which a decorator replaces",
    ),
    "a generator that nobody runs": (
        f"def add(a):\n    yield a.add_user_data({M})\nadd(asg)",
        "only as far as somebody asks for its items",
    ),
    "a coroutine that nobody awaits": (
        f"async def add(a):\n    a.add_user_data({M})\nadd(asg)",
        "executed only when it is awaited",
    ),
    "a context manager": (
        f"asg.add_user_data({M})\nwith Mounted(asg):\n    pass",
        "line 13 adds user data in a way that is not followed",
        "",
        "class Mounted:\n    def __init__(self, group):\n        self.group = group\n    def __enter__(self):\n        return self\n    def __exit__(self, *args):\n        self.group.add_user_data('umount /mnt/shared')",
    ),
    "an assignment inside an expression": (
        f"asg.add_user_data({M})\n(group := asg).add_user_data('umount /mnt/shared')",
        None,
    ),
    "an item of a list": (
        f"asg.add_user_data({M})\n[asg][0].add_user_data('umount /mnt/shared')",
        "in a way that is not followed",
    ),
    "mapped": (
        f"asg.add_user_data({M})\nlist(map(lambda a: a.add_user_data('umount /mnt/shared'), [asg]))",
        "line 17 gives Asg to `map()`",
    ),
    "called by its name": (
        f"asg.add_user_data({M})\nasg.add_user_data.__call__('umount /mnt/shared')",
        "line 17 hands on Asg's method",
    ),
    "a default that grows": (
        f"def add(command, found=[]):\n    found.append(command)\n    return found\nadd('umount /mnt/shared')\nasg.add_user_data({M}, *add('echo'))",
        "not read",
    ),
    "a list of the class": (
        f"self.COMMANDS.append('umount /mnt/shared')\nasg.add_user_data({M}, *self.COMMANDS)",
        None,
        "COMMANDS = ['echo']",
    ),
    "a string of the module": (
        f"extend()\nasg.add_user_data({M}, SCRIPT)",
        None,
        "",
        "SCRIPT = 'echo'\ndef extend():\n    global SCRIPT\n    SCRIPT += '; umount /mnt/shared'",
    ),
    "a function that calls itself": (
        f"def add(a, n):\n    a.add_user_data({M} if n else 'umount /mnt/shared')\n    if n:\n        add(a, 0)\nadd(asg, 1)",
        "within itself",
    ),
    "an aspect on the group": (
        f"asg.add_user_data({M})\nAspects.of(asg).add(helpers.Hardening())",
        "line 17 runs an aspect",
    ),
    "an attribute of the stack": (
        f"asg.add_user_data({M})\nself.other()",
        None,
        "def other(self):\n    group = self.asg\n    group.user_data.add_commands('umount /mnt/shared')",
    ),
    "an attribute by another object": (
        f"asg.add_user_data({M})\nHelper(self).clean()",
        "line 28 adds user data in a way that is not followed",
        "",
        "",
        "class Helper:\n    def __init__(self, stack):\n        self.stack = stack\n    def clean(self):\n        self.stack.asg.add_user_data('umount /mnt/shared')",
    ),
    "two functions of one name": (
        f"asg.add_user_data({M})\ndef f(a):\n    pass\ndef f(a):\n    a.add_user_data('umount /mnt/shared')\nf(asg)",
        "may be any of several functions",
    ),
    "a string that is changed in a branch": (
        f"script = {M}\nif debug:\n    script += '\\numount /mnt/shared'\nasg.add_user_data(script)",
        "not read",
    ),
    "an item that is deleted": (f"lines = [{M}, 'mount -a']\ndel lines[0]\nasg.add_user_data(*lines)", None),
    "a list that is changed in place": (f"lines = [{M}]\nlines[0] = 'echo'\nasg.add_user_data(*lines)", None),
    "another name of a list": (
        f"lines = [{M}]\nother = lines\nother.append('umount /mnt/shared')\nasg.add_user_data(*lines)",
        None,
    ),
    "another name of a list that grows": (
        f"lines = [{M}]\nother = lines\nlines.append('umount /mnt/shared')\nasg.add_user_data(*other)",
        None,
    ),
    "a list in a function": (
        f"lines = [{M}]\ndef add(found):\n    found.append('umount /mnt/shared')\nadd(lines)\nasg.add_user_data(*lines)",
        None,
    ),
    "its user data under another name": (
        f"asg.add_user_data({M})\ndata = asg.user_data\ndata.add_commands('umount /mnt/shared')",
        None,
    ),
}


@pytest.mark.parametrize("program", DOUBTFUL.values(), ids=DOUBTFUL)
def test_user_data_that_is_not_certain(program: tuple[str | None, ...]) -> None:
    hosts, reason, *more = program
    outcome = run(str(hosts), *map(str, more))
    (volume,) = outcome.volumes
    assert volume.after in (Level.HOST, Level.OTHER), said(outcome)
    assert (reason or "") in said(outcome)


GROUPS = {
    "user data of its own": (
        f"data = ec2.UserData.for_linux(shebang='#!/bin/bash -xe')\ndata.add_commands('yum update')\n{{group}}\ndata.add_commands({M})",
        "lies on EFS",
    ),
    "custom user data": (
        "script = 'yum update\\n'\nscript += " + M + "\ndata = ec2.UserData.custom(script)\n{group}",
        "lies on EFS",
    ),
    "custom user data by name": (f"data = ec2.UserData.custom(content={M})\n{{group}}", "lies on EFS"),
    "custom user data of a file": (
        "data = ec2.UserData.custom(open('boot.sh').read())\n{group}",
        "line 16 adds user data that is not read",
    ),
    "custom user data of a file, then a mount": (
        f"data = ec2.UserData.custom(open('boot.sh').read())\n{{group}}\ndata.add_commands({M})",
        "lies on EFS",
    ),
    "a mount, then a file": (
        f"data = ec2.UserData.for_linux()\ndata.add_commands({M})\ndata.add_commands(open('boot.sh').read())\n{{group}}",
        "what lies at /mnt/shared is not known: line 18 adds user data that is not read",
    ),
    "unknown user data": ("data = helpers.data()\n{group}", "line 17 gives user data that is not read"),
    "user data that is chosen": (
        f"if debug:\n    data = ec2.UserData.custom('echo')\nelse:\n    data = ec2.UserData.custom({M})\n{{group}}",
        "gives user data that is not read",
    ),
    "user data given to another module": (
        f"data = ec2.UserData.custom({M})\n{{group}}\nharden(data)",
        "line 19 gives the user data of Own to `harden()`",
    ),
    "user data of two groups": (
        f"data = ec2.UserData.for_linux()\n{{group}}\ndata.add_commands({M})\nother = autoscaling.AutoScalingGroup(self, 'Other', vpc=vpc, user_data=data)\nother.add_user_data('umount /mnt/shared')",
        "",
    ),
    "parts": (
        f"data = ec2.MultipartUserData()\nfirst = ec2.UserData.for_linux()\ndata.add_user_data_part(user_data=first, content_type=ec2.MultipartBody.SHELL_SCRIPT, make_default=True)\n{{group}}\ndata.add_commands({M})",
        "lies on EFS",
    ),
    "parts by name": (
        f"data = ec2.MultipartUserData()\nfirst = ec2.UserData.for_linux()\nfirst.add_commands({M})\ndata.add_part(part=ec2.MultipartBody.from_user_data(first))\n{{group}}",
        "lies on EFS",
    ),
    "a part that is not read": (
        f"data = ec2.MultipartUserData()\nfirst = ec2.UserData.for_linux()\nfirst.add_commands({M})\ndata.add_part(helpers.part())\ndata.add_user_data_part(first)\n{{group}}",
        "line 19 adds user data that is not read",
    ),
    "a boothook, which runs first": (
        f"data = ec2.MultipartUserData()\nfirst = ec2.UserData.for_linux()\nfirst.add_commands({M})\nhook = ec2.UserData.custom('#cloud-boothook\\numount /mnt/shared')\ndata.add_user_data_part(first)\ndata.add_user_data_part(hook, ec2.MultipartBody.CLOUD_BOOTHOOK)\n{{group}}",
        "lies on EFS",
    ),
    "a script after the mount": (
        f"data = ec2.MultipartUserData()\nfirst = ec2.UserData.for_linux()\nfirst.add_commands({M})\nlast = ec2.UserData.for_linux()\nlast.add_commands('umount /mnt/shared')\ndata.add_user_data_part(first)\ndata.add_user_data_part(last)\n{{group}}",
        "",
    ),
    "a template": (
        f"data = ec2.UserData.for_linux()\ntemplate = ec2.LaunchTemplate(self, 'Template', user_data=data)\ntemplate.user_data.add_commands({M})\nown = autoscaling.AutoScalingGroup(self, 'Own', vpc=vpc, launch_template=template)\ncluster.add_asg_capacity_provider(ecs.AsgCapacityProvider(self, 'P', auto_scaling_group=own))",
        "lies on EFS",
    ),
    "a template that is overridden": (
        f"data = ec2.UserData.for_linux()\ntemplate = ec2.LaunchTemplate(self, 'Template', user_data=data)\ndata.add_commands({M})\nown = autoscaling.AutoScalingGroup(self, 'Own', vpc=vpc, launch_template=template)\ncluster.add_asg_capacity_provider(ecs.AsgCapacityProvider(self, 'P', auto_scaling_group=own))\ntemplate.node.default_child.add_property_override('LaunchTemplateData.UserData', '')",
        "line 21 overrides the user data of Template",
    ),
    "a configuration on L1": (
        f"config = autoscaling.CfnLaunchConfiguration(self, 'Config', image_id='ami', instance_type='t3.small', user_data=Fn.base64({M}))",
        "lies on EFS",
    ),
    "a configuration on L1 that is changed": (
        f"config = autoscaling.CfnLaunchConfiguration(self, 'Config', image_id='ami', instance_type='t3.small', user_data=Fn.base64({M}))\nconfig.user_data = helpers.data()",
        "line 17 replaces the user data of Config",
    ),
    "a template on L1": (
        f"config = ec2.CfnLaunchTemplate(self, 'Config', launch_template_data={{{{'userData': Fn.base64(Fn.join('\\n', ['#!/bin/bash', {M}]))}}}})",
        "lies on EFS",
    ),
    "a template on L1 with data in a variable": (
        f"data = ec2.CfnLaunchTemplate.LaunchTemplateDataProperty(user_data=Fn.base64({M}))\nconfig = ec2.CfnLaunchTemplate(self, 'Config', launch_template_data=data)",
        "lies on EFS",
    ),
    "rendered user data": (
        f"data = ec2.UserData.for_linux()\ndata.add_commands({M})\nconfig = ec2.CfnLaunchTemplate(self, 'Config', launch_template_data=ec2.CfnLaunchTemplate.LaunchTemplateDataProperty(user_data=Fn.base64(data.render())))",
        "lies on EFS",
    ),
    "rendered before the last command": (
        f"data = ec2.UserData.for_linux()\ntext = data.render()\ndata.add_commands({M})\nconfig = ec2.CfnLaunchTemplate(self, 'Config', launch_template_data=ec2.CfnLaunchTemplate.LaunchTemplateDataProperty(user_data=Fn.base64(text)))",
        "",
    ),
}
OWN = "own = autoscaling.AutoScalingGroup(self, 'Own', vpc=vpc, user_data=data)\ncluster.add_asg_capacity_provider(ecs.AsgCapacityProvider(self, 'P', auto_scaling_group=own))"


@pytest.mark.parametrize(("hosts", "reason"), GROUPS.values(), ids=GROUPS)
def test_user_data_as_an_object(hosts: str, reason: str) -> None:
    outcome = run(hosts.replace("{group}", OWN).replace("{{", "{").replace("}}", "}"), capacity=False)
    (volume,) = outcome.volumes
    assert reason in said(outcome)
    assert (volume.after is Level.IAM) is (reason == "lies on EFS"), said(outcome)


def test_a_program_that_is_too_long_to_be_followed() -> None:
    loops = "".join("  " * depth + f"for v{depth} in {list(range(20))}:\n" for depth in range(5))
    outcome = run(f"asg.add_user_data({M})\n{loops}{'  ' * 5}asg.add_user_data('echo')")
    assert "the program is too long, or nested too deeply, to be followed to its end" in said(outcome)
    assert not outcome.edits
