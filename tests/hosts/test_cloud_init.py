"""The order in which cloud-init runs user data, and what of it runs at all: parts, merged cloud-configs, late files,
templates, lists of modules, a restart."""

from __future__ import annotations

import base64
import gzip
import textwrap

import pytest
from test_hosts import ID, mounts, read

MOUNT = f"mount -t efs {ID}:/ /e"
OTHER = f"mount -t efs {ID}:/other /e"
CERTAIN = f"/e <- {ID}:/"
MAYBE = f"{CERTAIN} maybe"


def part(kind: str, body: str, *headers: str) -> str:
    return "\n".join(["--b", f"Content-Type: {kind}", *headers, "", textwrap.dedent(body).strip("\n"), ""])


def archive(*parts: str) -> str:
    return "Content-Type: multipart/mixed; boundary=b\nMIME-Version: 1.0\n\n" + "".join(parts) + "--b--\n"


def config(body: str, *headers: str) -> str:
    return part("text/cloud-config", body, *headers)


def script(body: str, name: str = "", kind: str = "text/x-shellscript") -> str:
    headers = [f'Content-Disposition: attachment; filename="{name}"'] if name else []
    return part(kind, f"#!/bin/sh\n{body}", *headers)


UP, DOWN = f"runcmd: ['{MOUNT}']", "runcmd: ['umount /e']"
APPEND = "merge_how: 'list(append)+dict(recurse_array)+str()'\n"
PREPEND = "merge_how: [{name: list, settings: [prepend]}, {name: dict, settings: [no_replace, recurse_list]}]\n"
KEEP = "merge_how: 'list()+dict(no_replace)+str()'\n"
ZIPPED = base64.b64encode(gzip.compress(f"#!/bin/sh\n{MOUNT}\n".encode())).decode()

READ = {
    "scripts in the order of their parts": (archive(script(MOUNT), script("umount /e")), []),
    "scripts in the order of their names": (
        archive(script(MOUNT, "20-up.sh"), script("umount /e", "10-down.sh")),
        [CERTAIN],
    ),
    "a name behind runcmd": (archive(config(UP), script("umount /e", "setup.sh")), []),
    "a name before runcmd": (archive(config(UP), script("umount /e", "boot.sh")), [CERTAIN]),
    "no name is before runcmd": (archive(config(DOWN), script(MOUNT)), []),
    "scripts of every boot are earlier": (
        archive(script(MOUNT), script("umount /e", kind="text/x-shellscript-per-boot")),
        [CERTAIN],
    ),
    "a boothook is the first": (archive(script(MOUNT), part("text/cloud-boothook", "#!/bin/sh\numount /e")), [CERTAIN]),
    "bootcmd is before runcmd": (f"#cloud-config\n{UP}\nbootcmd: [umount /e]\n", [CERTAIN]),
    "the last config counts": (archive(config(UP), config(DOWN)), []),
    "an empty list counts, too": (archive(config(UP), config("runcmd:")), []),
    "other keys stay": (archive(config(UP), config("bootcmd: [umount /e]")), [CERTAIN]),
    "appended": (archive(config(UP), config(APPEND + DOWN)), []),
    "appended by a header": (
        archive(config(UP), config(DOWN, "Merge-Type: list(append)+dict(recurse_list)+str()")),
        [],
    ),
    "prepended": (archive(config(UP), config(PREPEND + DOWN)), [CERTAIN]),
    "not merged": (archive(config(UP), config(KEEP + DOWN)), [CERTAIN]),
    "merged in a way that is not known": (archive(config(UP), config("merge_how: 'x()'\n" + DOWN)), [MAYBE]),
    "a late file of mounts": (
        f"#cloud-config\nwrite_files:\n- {{path: /etc/fstab, defer: true, content: '{ID}:/ /e efs'}}\n",
        [CERTAIN],
    ),
    "a late script is there for bootcmd from the second boot on": (
        f"#cloud-config\nbootcmd: [sh /opt/up.sh]\nwrite_files:\n- {{path: /opt/up.sh, defer: true, content: '{OTHER}'}}\n"
        f"runcmd: ['{MOUNT}']\n",
        [MAYBE, f"/e <- {ID}:/other maybe"],
    ),
    "a late script that runcmd runs": (
        f"#cloud-config\nruncmd: [sh /opt/up.sh]\nwrite_files:\n- {{path: /opt/up.sh, defer: true, content: '{MOUNT}'}}\n",
        [CERTAIN],
    ),
    "a late script over an earlier one": (
        f"#cloud-config\nruncmd: [sh /opt/up.sh]\nwrite_files:\n- {{path: /opt/up.sh, defer: true, content: '{MOUNT}'}}\n"
        f"- {{path: /opt/up.sh, content: '{OTHER}'}}\n",
        [CERTAIN],
    ),
    "a compressed file": (
        f"#cloud-config\nwrite_files:\n- {{path: /opt/up.sh, encoding: gz+b64, content: {ZIPPED}}}\nruncmd: [sh /opt/up.sh]\n",
        [CERTAIN],
    ),
    "a compressed part": (
        archive(part("text/x-shellscript", ZIPPED, "Content-Transfer-Encoding: base64")),
        [CERTAIN],
    ),
    "a file from elsewhere over a known one": (
        f"#cloud-config\nwrite_files:\n- {{path: /opt/up.sh, content: '{MOUNT}'}}\n"
        "- {path: /opt/up.sh, source: {uri: 'https://example.org/x'}}\nruncmd: [sh /opt/up.sh]\n",
        [],
    ),
    "a template without anything to fill in": (f"## template: jinja\n#cloud-config\n{UP}\n", [CERTAIN]),
    "a template with a value of the host": (
        f"## template: jinja\n#cloud-config\nruncmd: ['echo {{{{ ds.meta_data.instance_id }}}} > /tmp/id', '{MOUNT}']\n",
        [CERTAIN],
    ),
    "a template that names the file system": (
        "## template: jinja\n#!/bin/sh\nmount -t efs {{ ds.meta_data.tags.efs }}:/ /e\n",
        ["/e <- ?:/"],
    ),
    "a template that names the path": (
        f"## template: jinja\n#!/bin/sh\nmount -t efs {ID}:/ /{{{{ v1.region }}}}\n",
        [],
    ),
    "a literal in a template": (f"## template: jinja\n#!/bin/sh\nmount -t efs {ID}:/ {{{{ '/e' }}}}\n", [CERTAIN]),
    "a comment in a template": (f"## template: jinja\n#!/bin/sh\n{MOUNT}\n{{# umount /e #}}\n", [CERTAIN]),
    "a condition in a template": (
        f"## template: jinja\n#!/bin/sh\n{{% if v1.region == 'eu-west-1' %}}\n{MOUNT}\n{{% endif %}}\n",
        [MAYBE],
    ),
    "braces without the header": (f"#!/bin/sh\necho {{{{ x }}}}\n{MOUNT}\n", [CERTAIN]),
    "an archive of configs": (
        f"#cloud-config-archive\n- type: text/cloud-config\n  content: |\n    {UP}\n- content: |\n    #!/bin/sh\n    umount /e\n",
        [CERTAIN],
    ),
    "an archive of scripts": (
        f"#cloud-config-archive\n- |\n  #!/bin/sh\n  {MOUNT}\n- type: text/x-shellscript\n  filename: a.sh\n"
        "  content: |\n    #!/bin/sh\n    umount /e\n",
        [CERTAIN],
    ),
    "a job of upstart": (f"#upstart-job\nstart on started\nscript\n  {MOUNT}\nend script\n", [MAYBE]),
    "a part from elsewhere": (archive(script(MOUNT), part("text/x-include-url", "https://example.org/x")), [MAYBE]),
    "scripts at every boot": (
        archive(config("cloud_final_modules:\n- [scripts-user, always]"), script(MOUNT)),
        [CERTAIN],
    ),
    "no scripts": (archive(config("cloud_final_modules: [phone-home]"), script(MOUNT)), [MAYBE]),
    "no runcmd": (f"#cloud-config\ncloud_config_modules: [locale]\n{UP}\n", [MAYBE]),
    "no bootcmd": (f"#cloud-config\ncloud_init_modules: [write-files]\nbootcmd: ['{MOUNT}']\n", [MAYBE]),
    "no bootcmd that would unmount": (
        f"#cloud-config\ncloud_init_modules: [mounts]\nmounts: [['{ID}:/', /e, efs]]\nbootcmd: [umount /e]\n",
        [CERTAIN],
    ),
    "mounts, where only one of their lists is given": (
        f"#cloud-config\ncloud_config_modules: [runcmd]\nmounts: [['{ID}:/', /e, efs]]\n",
        [MAYBE],
    ),
    "a restart": (f"#cloud-config\n{UP}\npower_state: {{mode: reboot}}\n", [MAYBE]),
    "a restart of what fstab mounts": (
        f"#cloud-config\nmounts: [['{ID}:/', /e, efs]]\npower_state: {{mode: reboot}}\n",
        [CERTAIN],
    ),
    "a restart with bootcmd": (f"#cloud-config\nbootcmd: ['{MOUNT}']\npower_state: {{mode: reboot}}\n", [CERTAIN]),
    "a restart with scripts at every boot": (
        archive(config("cloud_final_modules:\n- [scripts-user, always]\npower_state: {mode: reboot}"), script(MOUNT)),
        [CERTAIN],
    ),
    "no restart": (f"#cloud-config\n{UP}\npower_state: {{mode: reboot, condition: false}}\n", [CERTAIN]),
}


@pytest.mark.parametrize(("text", "expected"), READ.values(), ids=READ)
def test_what_user_data_mounts(text: str, expected: list[str]) -> None:
    assert mounts(text) == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            f"#cloud-config\n{UP}\npower_state: {{mode: reboot}}\n",
            "the instance restarts after its user data (power_state)",
        ),
        (READ["a condition in a template"][0], "a Jinja template in its user data may leave out parts of it"),
        (READ["a part from elsewhere"][0], "its user data includes parts that are not in the source"),
        (READ["no scripts"][0], "the user data changes which modules of cloud-init run"),
        (READ["a job of upstart"][0], "a job of upstart runs it"),
    ],
)
def test_reasons(text: str, reason: str) -> None:
    (found,) = read(text).mounts
    assert found.reason == reason


def test_lines_of_an_archive_of_configs() -> None:
    (found,) = read(READ["an archive of scripts"][0]).mounts
    assert found.line == 4


def test_a_small_part_does_not_fill_the_memory() -> None:
    bomb = base64.b64encode(gzip.compress(b"#!/bin/sh\n" + b"\n" * 3_000_000)).decode()
    assert mounts(archive(part("text/x-shellscript", bomb, "Content-Transfer-Encoding: base64"), script(MOUNT))) == [
        CERTAIN
    ]


@pytest.mark.parametrize(
    "text",
    [
        "## template: jinja\n#!/bin/sh\n" + "{#" * 100_000,
        "## template: jinja\n#!/bin/sh\n" + "{{" * 100_000,
        "## template: jinja\n#!/bin/sh\n{{" + " " * 200_000,
        archive(part("text/x-shellscript", MOUNT, "Content-Disposition:" * 10_000)),
        archive(*(config(f"merge_how: {'a' * 5_000}\n{UP}") for _ in range(50))),
        "#cloud-config-archive\n" + "- a\n" * 10_000,
    ],
)
def test_hostile_user_data_comes_to_an_end(text: str) -> None:
    """A reader whose cost grew with the square of the text would take minutes for each."""
    assert read(text).directories == ()
