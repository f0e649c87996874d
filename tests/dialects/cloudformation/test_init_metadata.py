"""What cfn-init does on instances: where, for which resource and with which config sets the user data calls it, and the
order, tests and directories of its commands."""

from __future__ import annotations

import base64
import textwrap

import pytest
from instance_templates import AGENT, TASK, template

from migrate.engine.process import process
from rules.choices import Choices

INIT = "/opt/aws/bin/cfn-init -v --stack ${AWS::StackName} --resource Launch --region ${AWS::Region}"
MOUNTS = "mount -t efs -o tls ${Fs}:/ /mnt/efs"
ONE_COMMAND = f"config: {{commands: {{01_mount: {{command: !Sub '{MOUNTS}'}}}}}}"
FS = "Fs: {Type: AWS::EFS::FileSystem}\nOther: {Type: AWS::EFS::FileSystem}\n"
MIGRATED = "${Fs}:/data"


def launch(metadata: str, *script: str, kind: str = "AWS::AutoScaling::LaunchConfiguration") -> str:
    """Instances with the metadata of cfn-init, and lines of user data."""
    lines = textwrap.indent("\n".join(["#!/bin/bash", *script]), " " * 8)
    init = textwrap.indent(textwrap.dedent(metadata).strip("\n"), " " * 6)
    held = f"  Metadata:\n    AWS::CloudFormation::Init:\n{init}\n" if metadata else ""
    return f"Launch:\n  Type: {kind}\n{held}  Properties:\n    ImageId: ami-1\n    UserData:\n      Fn::Base64: !Sub |\n{lines}\n"


def said(*resources: str) -> str:
    """The directory that the task's volume is migrated to, or what is said instead."""
    outcome = process(template(TASK, FS, *resources), "template", Choices())
    assert outcome.error is None, outcome.error
    ((status, message),) = [(f.finding.status, f.finding.message) for f in outcome.findings if f.rule.id == "EFS101"]
    if status in ("fixable", "unsafe"):
        return message.partition(": mount ")[2].partition(" with ")[0]
    return f"{status}: {message}"


CERTAIN = {
    "called for this resource": launch(ONE_COMMAND, INIT),
    "by its name": launch(ONE_COMMAND, "cfn-init -s ${AWS::StackId} -r Launch"),
    "through python": launch(
        ONE_COMMAND, "python3 /usr/local/bin/cfn-init --stack=${AWS::StackName} --resource=Launch"
    ),
    "by which": launch(ONE_COMMAND, "$(which cfn-init) -s ${AWS::StackName} -r Launch -c default"),
    "through wrappers": launch(ONE_COMMAND, f"sudo nohup timeout 300 {INIT} &"),
    "with a variable that the user data exports": launch(
        "config: {commands: {01_mount: {command: 'mount -t efs -o tls $FS:/ /mnt/efs'}}}", "export FS=${Fs}", INIT
    ),
    "with flags in one word": launch(ONE_COMMAND, "/opt/aws/bin/cfn-init -vs ${AWS::StackName} -rLaunch"),
    "with options cut short": launch(ONE_COMMAND, "/opt/aws/bin/cfn-init --sta ${AWS::StackName} --res Launch"),
    "in variables": launch(ONE_COMMAND, "S=${AWS::StackName} R=Launch", "/opt/aws/bin/cfn-init -s $S -r $R || exit 1"),
    "in a script that is written and run": launch(
        ONE_COMMAND, "cat > /root/up.sh <<'EOF'", "#!/bin/sh", INIT, "EOF", "bash /root/up.sh"
    ),
    "after waiting for the network, with a signal": launch(
        ONE_COMMAND,
        "yum install -y aws-cfn-bootstrap",
        f"{INIT} || error_exit 'cfn-init failed'",
        "/opt/aws/bin/cfn-signal -e $? --stack ${AWS::StackName} --resource Group",
    ),
    "one config set of several": launch(
        f"""
        configSets:
          default: [agent]
          storage: [agent, mounts]
          teardown: [away]
        agent: {{commands: {{a: {{command: echo hi}}}}}}
        mounts: {{commands: {{a: {{command: !Sub '{MOUNTS}'}}}}}}
        away: {{commands: {{a: {{command: umount /mnt/efs}}}}}}
        """,
        f"{INIT} -c storage",
    ),
    "nested config sets": launch(
        f"""
        configSets:
          inner: [mounts]
          default: [{{ConfigSet: inner}}]
        mounts: {{commands: {{a: {{command: !Sub '{MOUNTS}'}}}}}}
        """,
        INIT,
    ),
    "two sets in their order": launch(
        f"""
        configSets: {{down: away, up: mounts}}
        mounts: {{commands: {{a: {{command: !Sub '{MOUNTS}'}}}}}}
        away: {{commands: {{a: {{command: umount /mnt/efs}}}}}}
        """,
        f"{INIT} -c down,up",
    ),
    "a test that looks at the mounts": launch(
        f"config: {{commands: {{a: {{command: !Sub '{MOUNTS}', test: '! mountpoint -q /mnt/efs'}}}}}}", INIT
    ),
    "a test of fstab": launch(
        """
        config:
          commands:
            a:
              command: !Sub echo '${Fs}:/ /mnt/efs efs _netdev,tls 0 0' >> /etc/fstab && mount -a
              test: "! grep -q /mnt/efs /etc/fstab"
        """,
        INIT,
    ),
    "a list of words": launch("config: {commands: {a: {command: [mount, -t, efs, !Sub '${Fs}:/', /mnt/efs]}}}", INIT),
    "a directory and an environment": launch(
        """
        config:
          commands:
            a: {command: 'mount -t efs $ID:/ efs', cwd: /mnt, env: {ID: !Ref Fs}}
        """,
        INIT,
    ),
    "the directory of the caller": launch(
        "config: {commands: {a: {command: !Sub 'mount -t efs ${Fs}:/ efs'}}}", "cd /mnt", INIT
    ),
    "a script that a command runs": launch(
        f"""
        config:
          commands: {{a: {{command: /opt/up.sh}}}}
          files:
            /opt/up.sh: {{mode: "000755", content: !Sub "#!/bin/sh\\n{MOUNTS}\\n"}}
        """,
        INIT,
    ),
    "a script of one config that the next one runs": launch(
        f"""
        configSets: {{default: [write, run]}}
        run: {{commands: {{a: {{command: sh /opt/up.sh}}}}}}
        write: {{files: {{/opt/up.sh: {{content: !Sub "{MOUNTS}\\n"}}}}}}
        """,
        INIT,
    ),
    "a template with a context": launch(
        """
        config:
          files:
            /opt/up.sh:
              content: "mount -t efs {{ id }}:/ /mnt/efs"
              context: {id: !Ref Fs}
          commands: {a: {command: bash /opt/up.sh}}
        """,
        INIT,
    ),
    "fstab": launch('config: {files: {/etc/fstab: {content: !Sub "${Fs}:/ /mnt/efs efs _netdev,tls 0 0\\n"}}}', INIT),
    "fstab by a join": launch(
        """
        config:
          files:
            /etc/fstab:
              content: !Join ["\\n", ["# mounts", !Sub "${Fs}:/ /mnt/efs efs _netdev,tls 0 0", ""]]
        """,
        INIT,
    ),
    "a unit that a service starts": launch(
        """
        config:
          files:
            /etc/systemd/system/mnt-efs.mount:
              content: !Sub |
                [Mount]
                What=${Fs}:/
                Where=/mnt/efs
                Type=efs
          services:
            systemd: {mnt-efs.mount: {enabled: true, ensureRunning: true}}
        """,
        INIT,
    ),
    "a list of a script's lines beside the rest of the user data": launch(
        "config: {commands: {a: {command: echo hi}}}", INIT, MOUNTS
    ),
    "cfn-init on top of another mount": launch(ONE_COMMAND, "mount -t efs ${Other}:/ /mnt/efs", INIT),
    "the reload hook of cfn-hup": launch(
        f"""
        configSets: {{default: [up]}}
        up:
          files:
            /etc/cfn/cfn-hup.conf: {{content: !Sub "[main]\\nstack=${{AWS::StackId}}\\n"}}
            /etc/cfn/hooks.d/cfn-auto-reloader.conf:
              content: !Sub |
                [cfn-auto-reloader-hook]
                triggers=post.update
                path=Resources.Launch.Metadata.AWS::CloudFormation::Init
                action=/opt/aws/bin/cfn-init -v --stack ${{AWS::StackName}} --resource Launch -c default
          commands: {{a: {{command: !Sub '{MOUNTS}'}}}}
          services: {{sysvinit: {{cfn-hup: {{enabled: true, ensureRunning: true}}}}}}
        """,
        INIT,
    ),
    "an error that is ignored": launch(
        f"config: {{commands: {{a: {{command: 'false', ignoreErrors: true}}, b: {{command: !Sub '{MOUNTS}'}}}}}}", INIT
    ),
    "an instance": launch(ONE_COMMAND, AGENT, INIT, kind="AWS::EC2::Instance"),
    "the metadata of the group": launch("", INIT.replace("Launch", "Group"))
    + f"""
Group:
  Type: AWS::AutoScaling::AutoScalingGroup
  Metadata: {{AWS::CloudFormation::Init: {{{ONE_COMMAND}}}}}
  Properties: {{LaunchConfigurationName: !Ref Launch, MinSize: "1", MaxSize: "1"}}
""",
    "the metadata of something else": launch("", INIT.replace("Launch", "Shared"))
    + f"""
Shared:
  Type: AWS::CloudFormation::WaitConditionHandle
  Metadata: {{AWS::CloudFormation::Init: {{{ONE_COMMAND}}}}}
""",
}


@pytest.mark.parametrize("resources", CERTAIN.values(), ids=CERTAIN)
def test_what_cfn_init_surely_mounts(resources: str) -> None:
    assert said(resources) == MIGRATED


def test_a_launch_template() -> None:
    written = launch(ONE_COMMAND, INIT, kind="AWS::EC2::LaunchTemplate")
    head, _, properties = written.partition("  Properties:\n")
    assert said(f"{head}  Properties:\n    LaunchTemplateData:\n{textwrap.indent(properties, '  ')}") == MIGRATED


NOT_RUN = "whether Launch mounts it is not known, because its user data "
TESTED = "that depends on the command's test, `{}`"
SUGGESTS = "its name suggests EFS, but no mount of it is known"

DOUBTFUL = {
    "never called": (
        launch(ONE_COMMAND),
        NOT_RUN + "does not run cfn-init for Launch (command 01_mount of Launch's AWS",
    ),
    "only installed": (
        launch(ONE_COMMAND, "yum install -y aws-cfn-bootstrap", "chmod +x /opt/aws/bin/cfn-init", "echo cfn-init"),
        NOT_RUN + "does not run cfn-init for Launch",
    ),
    "only in a comment": (launch(ONE_COMMAND, f"# {INIT}"), NOT_RUN + "does not run cfn-init for Launch"),
    "called for another resource": (
        launch(ONE_COMMAND, INIT.replace("Launch", "Bastion")),
        NOT_RUN + "runs cfn-init for Bastion, not for Launch",
    ),
    "called for another stack": (
        launch(ONE_COMMAND, INIT.replace("${AWS::StackName}", "shared-services")),
        "cfn-init is called for stack shared-services, which may be another one",
    ),
    "called without a resource": (
        launch(ONE_COMMAND, "/opt/aws/bin/cfn-init -s ${AWS::StackName}"),
        NOT_RUN + "does not run cfn-init for Launch",
    ),
    "another config set": (
        launch(
            f"""
            configSets: {{default: [agent], storage: [mounts]}}
            agent: {{commands: {{a: {{command: echo hi}}}}}}
            mounts: {{commands: {{a: {{command: !Sub '{MOUNTS}'}}}}}}
            """,
            INIT,
        ),
        "with the config sets default, which do not lead to mounts",
    ),
    "a config set that is missing": (
        launch(ONE_COMMAND, f"{INIT} -c storage"),
        "with the config sets storage, which do not lead to config",
    ),
    "no default config set": (
        launch(f"configSets: {{all: [up]}}\nup: {{commands: {{a: {{command: !Sub '{MOUNTS}'}}}}}}", INIT),
        "with the config sets default, which do not lead to up",
    ),
    "a config beside the default one": (
        launch(f"config: {{}}\nup: {{commands: {{a: {{command: !Sub '{MOUNTS}'}}}}}}", INIT),
        "with the config sets default, which do not lead to up",
    ),
    "a condition of the script": (
        launch(ONE_COMMAND, f"if [ -f /etc/cfn-ready ]; then {INIT}; fi"),
        "whether Launch mounts it depends on a condition",
    ),
    "a test of the host": (
        launch(f"config: {{commands: {{a: {{command: !Sub '{MOUNTS}', test: test -f /etc/use-efs}}}}}}", INIT),
        TESTED.format("test -f /etc/use-efs"),
    ),
    "commands in alphabetical order": (
        launch(
            f"config: {{commands: {{02_umount: {{command: umount /mnt/efs}}, 01_mount: {{command: !Sub '{MOUNTS}'}}}}}}",
            INIT,
        ),
        SUGGESTS,
    ),
    "configs in the order of the set": (
        launch(
            f"""
            configSets: {{default: [mounts, away]}}
            away: {{commands: {{a: {{command: umount /mnt/efs}}}}}}
            mounts: {{commands: {{a: {{command: !Sub '{MOUNTS}'}}}}}}
            """,
            INIT,
        ),
        SUGGESTS,
    ),
    "another directory": (
        launch("config: {commands: {a: {command: !Sub 'mount -t efs ${Fs}:/ mnt/efs', cwd: /srv}}}", INIT),
        SUGGESTS,
    ),
    "user data that unmounts after it": (launch(ONE_COMMAND, INIT, "umount /mnt/efs"), SUGGESTS),
    "another file system of the user data after it": (
        launch(ONE_COMMAND, INIT, "mount -t efs $(cat /etc/efs-id):/ /mnt/efs"),
        "may or may not be EFS",
    ),
    "a variable that was not exported": (
        launch("config: {commands: {a: {command: 'mount -t efs $ID:/ /mnt/efs'}}}", "ID=${Fs}", INIT),
        "may or may not be EFS",
    ),
    "a list of words, which no shell expands": (
        launch("config: {commands: {a: {command: [sh, -c, 'true', mount, -t, efs, !Sub '${Fs}:/', /mnt/efs]}}}", INIT),
        SUGGESTS,
    ),
    "a command that fails before it": (
        launch(f"config: {{commands: {{a: {{command: 'false'}}, b: {{command: !Sub '{MOUNTS}'}}}}}}", INIT),
        SUGGESTS,
    ),
    "a file whose content comes from elsewhere": (
        launch(
            """
            config:
              files: {/opt/up.sh: {source: "https://example.org/up.sh"}}
              commands: {a: {command: /opt/up.sh}}
            """,
            "cat > /opt/up.sh <<'EOF'",
            "#!/bin/sh",
            MOUNTS,
            "EOF",
            INIT,
        ),
        "is written by cfn-init, and its content is not in the source",
    ),
    "a condition of the template": (
        launch(f"config: {{commands: {{a: !If [Efs, {{command: !Sub '{MOUNTS}'}}, !Ref AWS::NoValue]}}}}", INIT),
        "because it depends on a condition of the template",
    ),
    "user data that is not in the source": (
        launch(ONE_COMMAND).partition("    UserData:")[0] + "    UserData: !ImportValue user-data\n",
        "its user data, which has to run cfn-init for Launch, is only partly known",
    ),
    "a script that is fetched": (
        launch(ONE_COMMAND, "aws s3 cp s3://bucket/boot.sh /tmp/boot.sh", "bash /tmp/boot.sh"),
        "its user data, which has to run cfn-init for Launch, is only partly known",
    ),
    "a hook of cfn-hup alone": (
        launch(
            ONE_COMMAND,
            "cat > /etc/cfn/hooks.d/reload.conf <<'EOF'",
            "[hook]",
            "triggers=post.update",
            f"action={INIT}",
            "EOF",
        ),
        "only a hook of cfn-hup runs it",
    ),
    "configs that an include brings": (
        launch(
            f"""
            configSets: {{default: [mounts, more]}}
            mounts: {{commands: {{a: {{command: !Sub '{MOUNTS}'}}}}}}
            more: {{'Fn::Transform': {{Name: AWS::Include, Parameters: {{Location: s3://b/k}}}}}}
            """,
            INIT,
        ),
        "what cfn-init runs besides is not all known",
    ),
    "an unknown config set": (
        launch(ONE_COMMAND, f"{INIT} -c $(cat /etc/role)"),
        "its user data, which has to run cfn-init for Launch, is only partly known",
    ),
}


@pytest.mark.parametrize(("resources", "reason"), DOUBTFUL.values(), ids=DOUBTFUL)
def test_what_cfn_init_may_not_mount(resources: str, reason: str) -> None:
    message = said(resources)
    assert message.startswith("needs-input: ")
    assert reason in message


def test_a_set_that_is_not_run_leaves_the_rest_as_it_is() -> None:
    """What an unused config would do to a mount of the user data makes that no less certain."""
    metadata = "configSets: {default: [up]}\nup: {}\ndown: {commands: {a: {command: umount /mnt/efs}}}"
    assert said(launch(metadata, MOUNTS, INIT)) == MIGRATED


def test_a_set_that_is_not_run_makes_no_directory() -> None:
    """An access point is made as the user data made its directory, not as an unused config would."""
    down = "mkdir -p /mnt/efs/data && chown 1000:1000 /mnt/efs/data"
    metadata = f"configSets: {{default: [up]}}\nup: {{}}\ndown: {{commands: {{a: {{command: {down}}}}}}}"
    resources = launch(metadata, MOUNTS, INIT)
    outcome = process(template(TASK, FS, resources), "template", Choices())
    assert "OwnerUid: '0'" in outcome.text.replace('"', "'")


def test_user_data_that_is_encoded_already() -> None:
    packed = base64.b64encode(f"#!/bin/sh\n{MOUNTS.replace('${Fs}', 'fs-12345678')}\n".encode()).decode()
    before, _, _ = launch("").partition("    UserData:")
    assert said(f"{before}    UserData: {packed}\n") == "fs-12345678:/data"


def test_aliases_do_not_multiply_the_work() -> None:
    # As many as would take minutes if each alias were read.
    commands = ", ".join(f"c{n}: {{command: echo {n}}}" for n in range(600))
    first = launch(f"config: &all {{commands: {{{commands}}}}}", INIT)
    others = "".join(
        f"R{n}: {{Type: AWS::SNS::Topic, Metadata: {{AWS::CloudFormation::Init: {{config: *all}}}}}}\n"
        for n in range(3_000)
    )
    assert said(first, others).startswith("needs-input: ")


def test_what_only_unknown_user_data_runs_may_unmount() -> None:
    metadata = "config: {commands: {a: {command: umount /mnt/efs}}}"
    assert said(launch(metadata, MOUNTS, "bash /opt/vendor/setup.sh")).startswith("needs-input: ")


def test_a_link_that_is_a_file() -> None:
    """A file with the mode of a symbolic link is one; links on a mount are never certain."""
    metadata = f"""
    config:
      files:
        /srv/files: {{mode: "120644", content: /mnt/efs}}
      commands: {{a: {{command: !Sub '{MOUNTS}'}}}}
    """
    resources = launch(metadata, INIT)
    outcome = process(template(TASK.replace("/mnt/efs/data", "/srv/files/data"), FS, resources), "template", Choices())
    (message,) = [f.finding.message for f in outcome.findings if f.rule.id == "EFS101"]
    assert "line 1 of /srv/files in Launch's AWS::CloudFormation::Init makes it a symbolic link to /mnt/efs" in message


def test_configs_that_are_not_all_known_may_undo_what_came_before() -> None:
    harmless = "config: {files: {/x: {content: y}}}"
    assert said(launch(harmless, MOUNTS, INIT)) == MIGRATED
    found = said(launch(f"Fn::Transform: {{Name: AWS::Include}}\n{harmless}", MOUNTS, INIT))
    assert "because the configs that cfn-init runs for Launch are not all known" in found


def test_sets_that_name_each_other_end() -> None:
    sets = "configSets: {default: [{ConfigSet: a}], a: [{ConfigSet: b}, {ConfigSet: b}], b: [{ConfigSet: a}, {ConfigSet: a}]}"
    assert said(launch(f"{sets}\n{ONE_COMMAND}", INIT)).startswith("needs-input: ")


def test_an_init_that_calls_itself() -> None:
    metadata = f"config: {{commands: {{a: {{command: !Sub '{INIT}; {INIT}'}}, b: {{command: !Sub '{MOUNTS}'}}}}}}"
    assert said(launch(metadata, INIT)).startswith("needs-input: ")
