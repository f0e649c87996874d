"""Mounts read from user data and host files.

In the scripts `${CamelCase}` is a reference of the template; shell variables are in upper or lower case. A mount is shown
as `PATH <- FILE SYSTEM:DIRECTORY OPTIONS`, with `?` for what the source does not say and `maybe` if it is not certain.
"""

from __future__ import annotations

import re
import textwrap
from base64 import b64encode
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from scripts import MOUNTED, record

from rules.hosts import FoundMount, HostScript, read_file, read_user_data
from rules.hosts.journal import Journal
from rules.hosts.mounts.states import Doubt
from rules.model import Ref, Text

_REFERENCE = re.compile(r"(\$\{(?:AWS::)?[A-Z][a-z][A-Za-z]*\})")
ID = "fs-12345678"
DNS = f"{ID}.efs.us-east-1.amazonaws.com"


def parse_yaml(text: str) -> object:
    try:
        return YAML(typ="safe").load(text)
    except YAMLError as problem:
        raise ValueError(str(problem)) from problem


def source(script: str) -> Text:
    """The script with `${CamelCase}` as references."""
    parts = _REFERENCE.split(textwrap.dedent(script).removeprefix("\n"))
    return Text(tuple(Ref(part) if _REFERENCE.fullmatch(part) else part for part in parts if part))


def read(script: str) -> HostScript:
    return read_user_data(source(script), parse_yaml)


def shown(mount: FoundMount) -> str:
    file_system = mount.file_system.source if mount.file_system else "?"
    words = [Text.decode(mount.host_path).source, "<-", f"{file_system}:{Text.decode(mount.directory).source}"]
    options = ",".join(Text.decode(option).source for option in mount.options)
    return " ".join([*words, *([options] if options else []), *([] if mount.certain else ["maybe"])])


def mounts(script: str) -> list[str]:
    return [shown(mount) for mount in read(script).mounts]


def test_what_is_read_of_small_scripts() -> None:
    assert record() == MOUNTED.read_text(encoding="utf-8")


def test_commands_that_aliases_repeat_too_often() -> None:
    command = "x" * 3000
    script = (
        f"#cloud-config\nruncmd:\n- ls\n- &again {command}\n" + "- *again\n" * 200 + "- mount -t efs fs-12345678:/ /e\n"
    )
    read = read_user_data(Text.of(script), parse_yaml)
    (found,) = read.unclear
    assert (found.line, found.reason) == (4, "the script is nested too deeply or repeats too much to be followed")
    assert read.mounts == ()


def test_values_that_are_taken_back() -> None:
    journal: Journal[int] = Journal()
    journal.set("a", 1)
    journal.set("b", 2)
    journal.begin()
    journal.set("b", None)
    journal.set("c", 3)
    assert journal.items() == [("a", 1), ("c", 3)]
    assert journal.first(1) == [("a", 1)]
    assert journal.end() == {"b": None, "c": 3}
    assert journal.items() == journal.first(5) == [("a", 1), ("b", 2)]


# -- the idioms of real scripts ----------------------------------------------------------------------------------------

IDIOMS = [
    pytest.param(
        f"""
        #cloud-boothook
        #!/bin/bash
        cloud-init-per once yum_update yum update -y
        cloud-init-per once install_efs yum install -y amazon-efs-utils
        cloud-init-per once mkdir_efs mkdir /efs
        cloud-init-per once mount_efs echo -e '{ID}:/ /efs efs defaults,_netdev 0 0' >> /etc/fstab
        mount -a
        """,
        [f"/efs <- {ID}:/ defaults,_netdev"],
        id="boothook-of-the-aws-tutorial",
    ),
    pytest.param(
        """
        #!/bin/bash
        EC2_AVAIL_ZONE=$(curl -s http://169.254.169.254/latest/meta-data/placement/availability-zone)
        EC2_REGION="`echo "$EC2_AVAIL_ZONE" | sed -e 's:\\([0-9][0-9]*\\)[a-z]*$:\\1:'`"
        EFS_FILE_SYSTEM_ID=${FileSystem}
        DIR_SRC=$EC2_AVAIL_ZONE.$EFS_FILE_SYSTEM_ID.efs.$EC2_REGION.amazonaws.com
        DIR_TGT=/mnt/efs
        mkdir $DIR_TGT
        mount -t nfs4 $DIR_SRC:/ $DIR_TGT
        cp -p /etc/fstab /etc/fstab.back-$(date +%F)
        echo -e "$DIR_SRC:/ \\t\\t $DIR_TGT \\t\\t nfs \\t\\t defaults \\t\\t 0 \\t\\t 0" | tee -a /etc/fstab
        docker ps && service docker stop
        """,
        ["/mnt/efs <- ${FileSystem}:/"],
        id="zone-in-the-name-and-fstab",
    ),
    pytest.param(
        """
        #!/bin/bash
        SOURCE="$(cat /az).${Fs}.efs.${AWS::Region}.amazonaws.com:/"
        mount -t nfs4 -o nfsvers=4.1,hard $SOURCE /mnt/efs
        """,
        ["/mnt/efs <- ${Fs}:/ nfsvers=4.1,hard"],
        id="colon-inside-the-variable",
    ),
    pytest.param(
        "mount -t efs -o tls,iam,accesspoint=fsap-0123456789abcdef0 ${Fs}:/ /mnt/efs",
        ["/mnt/efs <- ${Fs}:/ tls,iam,accesspoint=fsap-0123456789abcdef0"],
        id="mount-helper",
    ),
    pytest.param(
        """
        #!/bin/bash
        aws_az="$(curl -s http://169.254.169.254/latest/meta-data/placement/availability-zone)"
        aws_region="${aws_az:0:${#aws_az}-1}"
        echo "${aws_az}.${Fs}.efs.${aws_region}.amazonaws.com:/    /mnt/efs   nfs4    defaults" >> /etc/fstab
        mount -a
        chmod -R 777 /mnt/efs
        """,
        ["/mnt/efs <- ${Fs}:/ defaults"],
        id="region-cut-out-of-the-zone",
    ),
    pytest.param(
        """
        #cloud-config
        runcmd:
        - echo "$(curl -s http://x/availability-zone).${Fs}.efs.${AWS::Region}.amazonaws.com:/ /data nfs hard 0 0" >> /etc/fstab
        - mount -a
        """,
        ["/data <- ${Fs}:/ hard"],
        id="runcmd-echo-into-fstab",
    ),
    pytest.param(
        f"""
        #cloud-config
        package_update: true
        runcmd:
        - yum install -y amazon-efs-utils
        - apt-get -y install amazon-efs-utils
        - file_system_id_1={ID}
        - efs_mount_point_1=/mnt/efs/fs1
        - mkdir -p "${{efs_mount_point_1}}"
        - test -f "/sbin/mount.efs" && printf "\\n${{file_system_id_1}}:/ ${{efs_mount_point_1}} efs tls,_netdev\\n" >> /etc/fstab || printf "\\n${{file_system_id_1}}.efs.us-east-1.amazonaws.com:/ ${{efs_mount_point_1}} nfs4 nfsvers=4.1,_netdev 0 0\\n" >> /etc/fstab
        - test -f "/sbin/mount.efs" && grep -ozP 'client-info]\\nsource' '/etc/amazon/efs/efs-utils.conf'; if [[ $? == 1 ]]; then printf "\\n[client-info]\\nsource=liw\\n" >> /etc/amazon/efs/efs-utils.conf; fi;
        - retryCnt=15; waitTime=30; while true; do mount -a -t efs,nfs4 defaults; if [ $? = 0 ] || [ $retryCnt -lt 1 ]; then echo File system mounted successfully; break; fi; echo retrying; ((retryCnt--)); sleep $waitTime; done;
        """,
        [f"/mnt/efs/fs1 <- {ID}:/ tls,_netdev"],
        id="launch-wizard",
    ),
    pytest.param(
        """
        #!/bin/bash -xe
        exec > >(tee /var/log/user-data.log|logger -t user-data -s 2>/dev/console) 2>&1
        yum install -y amazon-efs-utils
        mkdir /opt/minecraft
        mount -t efs ${Efs}:/ /opt/minecraft
        chown 845:845 /opt/minecraft
        """,
        ["/opt/minecraft <- ${Efs}:/"],
        id="spot-instance-game-server",
    ),
    pytest.param(
        """
        Content-Type: multipart/mixed; boundary="==BOUNDARY=="
        MIME-Version: 1.0

        --==BOUNDARY==
        Content-Type: text/cloud-config; charset="us-ascii"

        #cloud-config
        packages:
        - amazon-efs-utils
        runcmd:
        - file_system_id_01=${Fs}
        - efs_directory=/mnt/efs
        - mkdir -p ${efs_directory}
        - echo "${file_system_id_01}:/ ${efs_directory} efs tls,_netdev" >> /etc/fstab
        - mount -a -t efs defaults

        --==BOUNDARY==--
        """,
        ["/mnt/efs <- ${Fs}:/ tls,_netdev"],
        id="batch-launch-template",
    ),
    pytest.param(
        """
        #cloud-config
        runcmd:
        - USEEFS=`aws ssm get-parameter --name /gwfcore/${Name}/efs --query 'Parameter.Value' --output text`
        - if [[ $USEEFS != "none" ]]
        - then
        - mkdir -p /mnt/efs
        - echo $USEEFS:/ /mnt/efs efs tls,_netdev >> /etc/fstab
        - mount -a -t efs defaults
        - fi
        """,
        ["/mnt/efs <- ?:/ tls,_netdev maybe"],
        id="id-from-a-parameter-store-and-an-if-over-several-items",
    ),
    pytest.param(
        f"""
        #!/bin/bash
        mount -t nfs4 {DNS}:/ /mnt/efs
        mkdir -p /mnt/efs/app
        umount /mnt/efs
        mount -t nfs4 {DNS}:/app /mnt/efs
        """,
        [f"/mnt/efs <- {ID}:/app"],
        id="mounted-twice-to-make-a-directory",
    ),
    pytest.param(
        f"echo '{ID}:/ /var/lib/docker/volumes efs _netdev 0 0' >> /etc/fstab",
        [f"/var/lib/docker/volumes <- {ID}:/ _netdev"],
        id="volumes-of-docker",
    ),
]


@pytest.mark.parametrize(("script", "expected"), IDIOMS)
def test_idioms(script: str, expected: list[str]) -> None:
    assert mounts(script) == expected


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (f"mount -t nfs4 -o rw,hard {DNS}:/ /e", f"/e <- {ID}:/ rw,hard"),
        (f"mount {DNS}:/ /e -o rw -t nfs4", f"/e <- {ID}:/ rw"),
        (f"mount -orw -tnfs4 {DNS}:/a//b/ /e/", f"/e <- {ID}:/a/b rw"),
        (f"mount --types=nfs4 --options rw --source {DNS}:/ --target /e", f"/e <- {ID}:/ rw"),
        (f"mount -o tls -o iam -rt efs {ID}:/ /e", f"/e <- {ID}:/ tls,iam,ro"),
        (f"mount {DNS}:/ /e", f"/e <- {ID}:/"),
        (f"mount.nfs4 {DNS}:/ /e -o nfsvers=4.1", f"/e <- {ID}:/ nfsvers=4.1"),
        (f"/sbin/mount.efs {ID} /e -o tls", f"/e <- {ID}:/ tls"),
        (f"sudo -E /bin/mount -t efs {ID} /e", f"/e <- {ID}:/"),
        (f"sudo -u root nohup timeout -k 5 60 mount -t efs {ID} /e &", f"/e <- {ID}:/"),
        (f"sudo bash -c \"mount -t efs '{ID}:/' /e\"", f"/e <- {ID}:/"),
        (f"su - root -c 'mount -t efs {ID}:/ /e'", f"/e <- {ID}:/"),
        (f"cloud-init-per once name mount -t efs {ID}:/ /e", f"/e <- {ID}:/"),
        (f"mount -t efs {DNS} /e", f"/e <- {ID}:/"),
        (f"mount -t nfs4 us-east-1a.{DNS}:/ /e", f"/e <- {ID}:/"),
        (f"mount -t nfs4 ${{AWS::Region}}a.{DNS}:/ /e", f"/e <- {ID}:/"),
        (f"mount -t nfs4 {ID}.efs.cn-north-1.amazonaws.com.cn:/ /e", f"/e <- {ID}:/"),
        ("mount -t nfs4 ${Fs}.efs.${AWS::Region}.${AWS::URLSuffix}:/ /e", "/e <- ${Fs}:/"),
        ("mount -t efs fs-${Suffix}:/ /e", "/e <- fs-${Suffix}:/"),
        ("mount -t efs ${Fs}:/${Env}/x ${Path}", "${Path} <- ${Fs}:/${Env}/x"),
        ("mount -t nfs4 ${Server}:/ /e", "/e <- ?:/"),
        ("mount -t nfs4 10.0.0.7:/ /e", "/e <- ?:/"),
        ("mount -t nfs4 files.example.com:/x /e", "/e <- ?:/x"),
        (f"mount -t nfs4 {ID}.efs.example.com:/ /e", "/e <- ?:/"),
        (f"mount -t nfs4 {ID}:/ /e", f"/e <- {ID}:/ maybe"),
        (f"mount -t nfs4 \\\n  -o hard \\\n  {DNS}:/ \\\n  /e", f"/e <- {ID}:/ hard"),
        (f"cd /mnt && mkdir efs; mount -t efs {ID}:/ efs", f"/mnt/efs <- {ID}:/"),
        (f"OUT=$(mount -t efs {ID}:/ /e 2>&1)", f"/e <- {ID}:/"),
    ],
)
def test_spellings_of_mount(command: str, expected: str) -> None:
    assert mounts(command) == [expected]


@pytest.mark.parametrize(
    "script",
    [
        f"echo '{ID}:/ /e efs tls 0 0' >> /etc/fstab",
        f'printf "%s:/ %s efs %s 0 0\\n" {ID} /e tls >> /etc/fstab',
        f"echo '{ID}:/ /e efs tls 0 0' | sudo tee --append /etc/fstab > /dev/null",
        f"sudo sh -c 'echo {ID}:/ /e efs tls 0 0 >> /etc/fstab'",
        f"cat >> /etc/fstab << EOF\n# shared\n{ID}:/\t/e\tefs\ttls\t0\t0\nEOF",
        f"FS={ID}\ncat <<EOF | tee -a /etc/fstab\n$FS:/ /e efs tls 0 0\nEOF",
        f"tee -a /etc/fstab <<-'EOF'\n\t{ID}:/ /e efs tls 0 0\n\tEOF",
        f"{{ echo '# shared'; echo '{ID}:/ /e efs tls 0 0'; }} >> /etc/fstab",
        f"FSTAB=/etc/fstab\n[ -w $FSTAB ]\necho {ID}:/ /e efs tls 0 0 >> $FSTAB",
        f"grep -q /e /etc/fstab || echo '{ID}:/ /e efs tls 0 0' >> /etc/fstab",
        f"cp /etc/fstab /tmp/fstab\necho '{ID}:/ /e efs tls 0 0' >> /tmp/fstab\ncp /tmp/fstab /etc/fstab",
    ],
)
def test_ways_into_fstab(script: str) -> None:
    assert mounts(script) == [f"/e <- {ID}:/ tls"]


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ('A="$ID"; mount -t efs $A:/ /e', "/e <- fs-12345678:/"),
        ("export A=$ID B=/e\nmount -t efs ${A}:/ ${B}", "/e <- fs-12345678:/"),
        ("readonly A='fs-12345678'; mount -t efs \"${A}\":/ /e", "/e <- fs-12345678:/"),
        ("A=$ID; A+=:/x; mount -t efs $A /e", "/e <- fs-12345678:/x"),
        ("mount -t efs $ID:/ ${MOUNT_POINT:-/e}", "/e <- fs-12345678:/"),
        ("X=; mount -t efs $ID:/ ${X:=/e}; mount -t efs $ID:/ $X", "/e <- fs-12345678:/"),
        ("O='-t efs -o tls'; mount $O $ID:/ /e", "/e <- fs-12345678:/ tls"),
        ("A=$(aws ssm get-parameter); mount -t efs $A:/ /e", "/e <- ?:/"),
        ("A=$ID; read A; mount -t efs $A:/ /e", "/e <- ?:/"),
        ("mount -t efs $UNSET:/ /e", "/e <- ?:/"),
        ("mount -t efs $ID:/$UNSET /e", "/e <- ?:/$UNSET"),
        ("A=fs-11111111; if [ -f /x ]; then A=fs-22222222; fi; mount -t efs $A:/ /e", "/e <- ?:/"),
        ("if [ -f /x ]; then A=$ID; else A=$ID; fi; mount -t efs $A:/ /e", "/e <- fs-12345678:/"),
        ("A=$ID; f() { local A=fs-99999999; }; f; mount -t efs $A:/ /e", "/e <- fs-12345678:/"),
        ("A=(fs-99999999 b); A=$ID; mount -t efs $A:/ /e", "/e <- fs-12345678:/"),
        ("A=$ID; A=(a b); mount -t efs $A:/ /e", "/e <- ?:/"),
        ("A=$ID; (A=fs-99999999); mount -t efs $A:/ /e", "/e <- fs-12345678:/"),
        ("mount -t efs -o $OPTIONS $ID:/ /e", "/e <- fs-12345678:/ $OPTIONS maybe"),
        (". /etc/os-release; mount -t efs $ID:/ /e", "/e <- fs-12345678:/"),
        ("A=$ID; [ -f /etc/x.conf ] && . /etc/x.conf; mount -t efs $A:/ /e", "/e <- ?:/"),
        (f"source /etc/x; mount -t efs {ID}:/ ${{P:-/e}}", None),
        ("mount -t efs $ID:/ $P", None),
        ("mount -t efs $ID:/ /e/../f", None),
    ],
)
def test_variables(script: str, expected: str | None) -> None:
    assert mounts(f"ID={ID}\n{script}") == ([expected] if expected else [])
    assert (expected is None) == bool(read(f"ID={ID}\n{script}").unclear)


MOUNT = f"mount -t efs {ID}:/ /e"


@pytest.mark.parametrize(
    "script",
    [
        f"{MOUNT} || true",
        f"{MOUNT} || {{ echo failed; exit 1; }}",
        f"yum install -y amazon-efs-utils && mkdir -p /e && {MOUNT} && service docker restart",
        f"if ! mountpoint -q /e; then {MOUNT}; fi",
        f"mountpoint -q /e || {MOUNT}",
        f"if grep -qs '/e ' /proc/mounts; then :; else {MOUNT}; fi",
        f"if ! mount | grep -q /e; then {MOUNT}; fi",
        f"if mountpoint -q /e; then exit 0; fi; {MOUNT}",
        f"until {MOUNT}; do sleep 5; done",
        f"while ! {MOUNT}; do sleep 5; done",
        f"for i in 1 2 3; do {MOUNT} && break; done",
        f"for i in {{1..5}}; do {MOUNT} && break || sleep 15; done",
        f"for i in $(seq 1 5); do {MOUNT} && break; done",
        f"for ((i = 0; i < 5; i++)); do {MOUNT} && break; done",
        f"n=0; until [ $n -ge 5 ]; do {MOUNT} && break; n=$((n+1)); sleep 5; done",
        f"while true; do if {MOUNT}; then break; fi; sleep 5; done",
        f"if {MOUNT}; then echo mounted; else echo failed; exit 1; fi",
        f"mount -t nfs4 {DNS}:/ /e || {MOUNT}",
        f"if [ -f /sbin/mount.efs ]; then {MOUNT}; else mount -t nfs4 {DNS}:/ /e; fi",
        f"[ -z '{ID}' ] && exit 0; {MOUNT}",
        f"[ $# -lt 5 ] || exit 1; {MOUNT}",
        f"mount_efs() {{ {MOUNT}; }}\nmount_efs",
        f'retry() {{ until "$@"; do sleep 1; done; }}\nretry {MOUNT}',
        f"({MOUNT})",
        f"{MOUNT} & wait",
        f"{MOUNT}; echo '{DNS}:/ /e nfs4 hard 0 0' >> /etc/fstab",
        f"cat > /opt/m.sh <<'EOF'\n#!/bin/sh\n{MOUNT}\nEOF\nchmod +x /opt/m.sh\n/opt/m.sh",
        f"cat <<EOF | bash\n{MOUNT}\nEOF",
        f"bash <<'EOF'\n{MOUNT}\nEOF",
        f"eval '{MOUNT}'",
    ],
)
def test_certain_mounts(script: str) -> None:
    assert [(m.host_path, m.certain) for m in read(script).mounts] == [("/e", True)]


@pytest.mark.parametrize(
    "script",
    [
        f'if [ "${{Mount}}" = true ]; then {MOUNT}; fi',
        f"if [ -d /x ]; then {MOUNT}; fi",
        f"case $X in prod) {MOUNT} ;; *) echo none ;; esac",
        f"curl -f http://x && {MOUNT}",
        f"test -f /sbin/mount.efs && {MOUNT}",
        f"while read -r line; do {MOUNT}; done < /x",
        f"for d in $(ls /x); do {MOUNT}; done",
        f"never_called() {{ {MOUNT}; }}",
        f"if [ -f /done ]; then exit 0; fi\n{MOUNT}",
        f"[ -f /done ] && exit\n{MOUNT}",
        f"some-wrapper --retries 5 {MOUNT}",
        f"cat > /opt/m.sh <<'EOF'\n{MOUNT}\nEOF",
        f"{MOUNT}\nif [ -f /x ]; then umount /e; fi",
        f"mkdir /e; fi; {MOUNT}",
        f"if true; then {MOUNT}",
        f"echo '{ID}:/ /e efs noauto 0 0' >> /etc/fstab",
        f"echo '{ID}:/ /e efs tls 0 0' >> /etc/fstab\nsed -i '/efs/d' /etc/fstab",
        f"echo '{ID}:/ /e efs tls 0 0' >> /etc/fstab\numount /e",
        f"mount -t efs {ID}:/ /mnt/e\nmount /dev/xvdf /mnt",
    ],
)
def test_uncertain_mounts(script: str) -> None:
    assert [m.certain for m in read(script).mounts] == [False]


@pytest.mark.parametrize(
    "script",
    [
        f"if [ -f /x ]; then {MOUNT}; else mount -t efs {ID}:/other /e; fi",
        f"{MOUNT} || mount -t efs {ID}:/other /e",
        f"{MOUNT}\necho '{ID}:/other /e efs tls 0 0' >> /etc/fstab",
        f"for d in '' other; do mount -t efs {ID}:/$d /e && break; done",
        f"if ! mountpoint -q /e; then {MOUNT}; fi; mountpoint -q /e || mount -t efs {ID}:/other /e",
    ],
)
def test_different_mounts_on_one_path(script: str) -> None:
    found = read(script).mounts
    assert {(m.directory, m.certain) for m in found} == {("/", False), ("/other", False)}


def test_alternatives_with_other_rights_are_not_the_same() -> None:
    assert mounts(f"if a; then {MOUNT}; else mount -t efs -o ro {ID}:/ /e; fi") == [
        f"/e <- {ID}:/ maybe",
        f"/e <- {ID}:/ ro maybe",
    ]


def test_the_last_mount_on_a_path_wins_and_order_is_kept() -> None:
    assert mounts(f"{MOUNT}\nmount -t efs {ID}:/b /b\nmount -t efs {ID}:/c /e") == [
        f"/b <- {ID}:/b",
        f"/e <- {ID}:/c",
    ]


def test_loops_are_unrolled() -> None:
    assert mounts(f"for d in a b; do mkdir -p /mnt/$d; mount -t efs {ID}:/$d /mnt/$d; done") == [
        f"/mnt/a <- {ID}:/a",
        f"/mnt/b <- {ID}:/b",
    ]


def test_bind_mounts_are_followed() -> None:
    assert mounts(f"{MOUNT}\nmount --bind /e/app /srv/app\necho '/e/log /log none bind 0 0' >> /etc/fstab") == [
        f"/e <- {ID}:/",
        f"/srv/app <- {ID}:/app",
        f"/log <- {ID}:/log",
    ]


def test_symbolic_links_are_unclear() -> None:
    found = read(f"ln -s /e/x /data\n{MOUNT}\nln -s /var/log /logs")
    assert [shown(m) for m in found.mounts] == [f"/e <- {ID}:/", f"/data <- {ID}:/x maybe"]
    assert found.mounts[1].doubt == Doubt(1, "makes it a symbolic link to /e/x")


def test_other_mounts_below_efs() -> None:
    found = read(f"{MOUNT}\nmount /dev/xvdf /e/disk\ns3fs bucket /e/s3 -o rw\nmount -t xfs /dev/xvdg /srv")
    assert [(m.host_path, m.certain, m.line) for m in found.others] == [("/e/disk", True, 2), ("/e/s3", True, 3)]
    replaced = read(f"{MOUNT}\nmount -t tmpfs tmpfs /e")
    assert (replaced.mounts, replaced.others) == ((), ())


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("mkdir -p -m 0750 /e/a", [("/e/a", None, None, "0750")]),
        ("mkdir -p /e/a && chown -R 1000:1001 /e/a", [("/e/a", 1000, 1001, None)]),
        ("mkdir /e/a; chown root.ec2-user /e/a; chmod 775 /e/a", [("/e/a", 0, None, "0775")]),
        ("install -d -o 5 -g 6 -m 2770 /e/a", [("/e/a", 5, 6, "2770")]),
        ("mkdir /e/{a,b}; chgrp 7 /e/b", [("/e/a", None, None, None), ("/e/b", None, 7, None)]),
        ("mkdir -m 700 /e/a; chmod g+w /e/a", [("/e/a", None, None, None)]),
        ("D=/e/a; [ -d $D ] || mkdir -p $D", [("/e/a", None, None, None)]),
        ("mkdir -p /srv/a; chown 5 /e/*", []),
    ],
)
def test_directories_made_on_efs(script: str, expected: list[tuple[str, int | None, int | None, str | None]]) -> None:
    found = read(f"mkdir -p /e; chown 1:1 /e\n{MOUNT}\n{script}")
    assert [(d.path, d.uid, d.gid, d.mode) for d in found.directories] == expected


def test_directories_name_what_was_mounted_at_the_time() -> None:
    found = read(f"{MOUNT}\nmkdir /e/app\numount /e\nmount -t efs {ID}:/app /e\nchown 5:5 /e")
    assert [(d.path, d.directory, d.uid, d.line) for d in found.directories] == [
        ("/e/app", "/app", None, 2),
        ("/e", "/app", 5, 5),
    ]


@pytest.mark.parametrize(
    ("script", "line", "reason"),
    [
        (f"mount -t efs {ID}:/ $DIR", 1, "mount point $DIR"),
        (f"mount -t efs {ID}:/", 1, "not a source and a mount point"),
        (f"python3 -c 'import os; os.system(\"mount -t efs {ID}:/ /e\")'", 1, "python3"),
        (f"#!/usr/bin/python3\nimport os\nos.system('mount -t efs {ID}:/ /e')", 1, "form"),
        (f"echo '{ID}:/ /e' >> /etc/fstab", 1, "fstab"),
        (f"echo '{ID}:/ /e efs tls 0 0' >> $FILE", 1, "fstab"),
    ],
)
def test_unclear(script: str, line: int, reason: str) -> None:
    (found,) = read(script).unclear
    assert found.line == line
    assert reason in found.reason


@pytest.mark.parametrize(
    "script",
    [
        "",
        "#!/bin/bash\necho ECS_CLUSTER=${Cluster} >> /etc/ecs/ecs.config\nyum install -y amazon-efs-utils nfs-utils",
        f"# {MOUNT}",
        f"echo '{MOUNT}' > /etc/motd",
        f"echo '# {ID}:/ /e efs tls 0 0' >> /etc/fstab",
        f"cat > /root/notes <<EOF\n{MOUNT}\nEOF",
        f'echo ECS_INSTANCE_ATTRIBUTES={{"efs.volume":"{ID}"}} >> /etc/ecs/ecs.config',
        f"aws efs describe-mount-targets --file-system-id {ID}",
        f"until nslookup {DNS}; do sleep 5; done",
        f"{MOUNT}\numount /e",
        "mkfs -t xfs /dev/xvdf && mount /dev/xvdf /data\necho '/dev/xvdf /data xfs defaults 0 2' >> /etc/fstab",
        "docker plugin install rexray/efs REXRAY_PREEMPT=true EFS_REGION=${AWS::Region} EFS_TAG=rexray",
        "mount -t lustre fs-0123456789abcdef0.fsx.us-east-1.amazonaws.com@tcp:/x /fsx",
        f"exit 0\n{MOUNT}",
        f"if [ a = b ]; then {MOUNT}; fi",
        "[settings.ecs]\ncluster = 'x'",
        "<powershell>\nInitialize-ECSAgent -Cluster x\n</powershell>",
    ],
)
def test_nothing_to_find(script: str) -> None:
    assert replace(read(script), agent_config="") == HostScript()


def test_lines_region_and_server() -> None:
    found = read(
        f"#!/bin/bash\n\nFS={ID}\ncat >> /etc/fstab <<EOF\n#\n$FS.efs.eu-west-1.amazonaws.com:/ /e nfs4 hard\nEOF"
    )
    ((mount,), unclear) = found.mounts, found.unclear
    assert (mount.line, mount.region, mount.server, unclear) == (
        6,
        "eu-west-1",
        f"{ID}.efs.eu-west-1.amazonaws.com",
        (),
    )
    (mount,) = read("mount -t nfs4 $(curl az).${Fs}.efs.${AWS::Region}.amazonaws.com:/ /e").mounts
    assert (mount.region, mount.server) == (None, "$(curl az).${Fs}.efs.${AWS::Region}.amazonaws.com")


def test_references_keep_their_source() -> None:
    reference = Ref('!Join ["/", [a, "b.c: d"]]\n # "x')
    script = Text(("#cloud-config\nruncmd:\n  - mount -t efs ", reference, ":/", reference, " /e/", reference, "\n"))
    (mount,) = read_user_data(script, parse_yaml).mounts
    assert mount.file_system == Text((reference,))
    assert Text.decode(mount.directory) == Text(("/", reference))
    assert Text.decode(mount.host_path) == Text(("/e/", reference))


# -- user data of other forms ------------------------------------------------------------------------------------------


def test_cloud_config_modules_run_in_their_order() -> None:
    found = read(
        f"""
        #cloud-config
        runcmd:
          - [ mount, -t, efs, "${{Fs}}:/", /run ]
          - |
            x=1
            mount -t efs ${{Fs}}:/y /y
        mounts:
          - [ "{DNS}:/m", /m, nfs4, "nfsvers=4.1,_netdev", "0", "0" ]
          - [ "{ID}:/n", /n ]
          - [ ephemeral0, null ]
          - [ /dev/xvdf, /n/disk, xfs ]
        mount_default_fields: [ None, None, "efs", "tls", "0", "2" ]
        write_files:
          - path: /etc/fstab
            append: true
            content: |
              # x
              {ID}:/w /w efs tls
        bootcmd:
          - mount -t efs {ID}:/b /b
        """
    )
    assert [(shown(m), m.line) for m in found.mounts] == [
        (f"/b <- {ID}:/b", 20),
        (f"/w <- {ID}:/w tls", 18),
        (f"/m <- {ID}:/m nfsvers=4.1,_netdev", 8),
        (f"/n <- {ID}:/n tls", 9),
        ("/run <- ${Fs}:/", 3),
        ("/y <- ${Fs}:/y", 6),
    ]
    assert [m.host_path for m in found.others] == ["/n/disk"]


def test_scripts_that_cloud_config_writes() -> None:
    script = f"""
        #cloud-config
        write_files:
          - path: /opt/mount.sh
            permissions: "0755"
            content: |
              #!/bin/bash
              mount -t efs {ID}:/ $1
          - path: /opt/unused.sh
            content: mount -t efs {ID}:/u /u
          - path: /etc/fstab
            encoding: zip
            content: Zm9v
        runcmd:
          - [ /opt/mount.sh, /e ]
        """
    found = read(script)
    assert [shown(m) for m in found.mounts] == [f"/e <- {ID}:/", f"/u <- {ID}:/u maybe"]
    assert [(u.line, u.reason) for u in found.unclear] == [(10, "/etc/fstab is encoded")]


def test_multipart() -> None:
    encoded = b64encode(f"#!/bin/bash\nmount -t efs {ID}:/d /d\n".encode()).decode()
    found = read(
        f"""
        MIME-Version: 1.0
        Content-Type: multipart/mixed; boundary="//"

        --//
        Content-Type: text/x-shellscript; charset="us-ascii"
        MIME-Version: 1.0

        #!/bin/bash
        mount -t efs {ID}:/a /a
        --//
        Content-Type: text/cloud-boothook

        mount -t efs {ID}:/b /b
        --//
        Content-Type: multipart/mixed; boundary=inner

        --inner
        Content-Type: text/cloud-config

        runcmd: [ "mount -t efs {ID}:/c /c" ]
        --inner--
        --//
        Content-Type: text/x-shellscript
        Content-Transfer-Encoding: base64

        {encoded}
        --//
        Content-Type: text/x-shellscript
        Content-Transfer-Encoding: base64

        mount -t efs ${{Fs}}:/e /e
        --//--
        mount -t efs {ID}:/z /z
        """
    )
    assert [(shown(m), m.line) for m in found.mounts] == [
        (f"/b <- {ID}:/b", 13),
        (f"/a <- {ID}:/a", 9),
        (f"/d <- {ID}:/d", 26),
        ("/e <- ${Fs}:/e", 31),
        (f"/c <- {ID}:/c", 20),
    ]


def test_broken_yaml_is_unclear() -> None:
    (found,) = read(f"#cloud-config\nruncmd: [\n- mount -t efs {ID}:/ /e").unclear
    assert (found.line, found.reason) == (1, "the cloud-config cannot be read as YAML")
    assert read("#cloud-config\npackages: [").unclear == ()


def test_the_last_of_several_cloud_configs_counts() -> None:
    part = "--b\nContent-Type: text/cloud-config\n\nruncmd:\n- mount -t efs {}:/ {}\n"
    script = "Content-Type: multipart/mixed; boundary=b\n\n" + part.format(ID, "/a") + part.format(ID, "/b") + "--b--\n"
    assert mounts(script) == [f"/b <- {ID}:/"]


def test_units_and_maps_that_a_script_writes() -> None:
    found = read(
        f"""
        #!/bin/bash
        cat > /etc/systemd/system/mnt-e.mount <<EOF
        [Unit]
        Description=EFS
        [Mount]
        What={DNS}:/u
        Where=/mnt/e
        Type=nfs4
        Options=nfsvers=4.1,\\\\
          _netdev
        EOF
        systemctl daemon-reload
        systemctl enable --now mnt-e.mount
        echo "/auto /etc/auto.efs --timeout=60" >> /etc/auto.master
        echo "data -fstype=nfs4,rw {DNS}:/data" > /etc/auto.efs
        echo "* -fstype=nfs4 {DNS}:/&" >> /etc/auto.efs
        """
    )
    assert [shown(m) for m in found.mounts] == [
        f"/mnt/e <- {ID}:/u nfsvers=4.1,_netdev",
        f"/auto/data <- {ID}:/data rw",
    ]
    (wild,) = found.unclear
    assert (wild.reason, wild.head) == (f"the autofs entry * -fstype=nfs4 {DNS}:/& is not read", "/auto/")


# -- files -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "content", "expected"),
    [
        ("/etc/fstab", "# x\n\n${Fs}:/ /e efs _netdev,tls 0 0\nproc /proc proc\n", ["/e <- ${Fs}:/ _netdev,tls"]),
        ("/etc/fstab", f"{DNS}:/ /e\\040f nfs4 hard", [f"/e f <- {ID}:/ hard"]),
        ("/opt/mount.sh", MOUNT, [f"/e <- {ID}:/"]),
        ("/usr/local/bin/mount-efs", f"#!/usr/bin/env bash\n{MOUNT}", [f"/e <- {ID}:/"]),
        ("/opt/mount.sh", f"mount -t efs {ID}:/ ${{1:-/e}}", []),
        ("/etc/systemd/system/e.mount", f"[Mount]\nWhat={ID}:/\nWhere=/e\nType=efs\n", [f"/e <- {ID}:/"]),
        ("/etc/systemd/system/e.mount", f"[Mount]\nWhat={DNS}:/%i\nWhere=/e\nType=nfs", []),
        ("/etc/systemd/system/e.service", f"[Service]\nExecStart=-/bin/{MOUNT}\n", [f"/e <- {ID}:/"]),
        ("/etc/auto.efs", f"data -fstype=nfs4 {DNS}:/", []),
        ("/etc/auto.direct", f"/e -fstype=efs,tls :{ID}:/", [f"/e <- {ID}:/ tls"]),
        ("/etc/cloud/cloud.cfg.d/99.cfg", f"mounts:\n- ['{ID}:/', /e, efs, tls]\n", [f"/e <- {ID}:/ tls"]),
        ("/etc/ecs/ecs.config", MOUNT, []),
        ("/opt/mount.py", f"#!/usr/bin/python3\n# {MOUNT}", []),
    ],
)
def test_files(path: str, content: str, expected: list[str]) -> None:
    assert [shown(m) for m in read_file(path, source(content), parse_yaml).mounts] == expected


# -- hostile input -----------------------------------------------------------------------------------------------------

_SCRIPTS = [str(case.values[0]) for case in IDIOMS]
_SIGNS = ["$(", "`", "'", '"', "${", "}", "((", "))", "[[", "<<E\n", "if ", "fi", "do ", "done", "|", "&&", ";;", "case ", "f() {", "\\", "\n", "{a,b}", " in ", "--b\n", ">", "eval ", "sudo ", "bash -c ", "\ue000", "\ue001", "\ue000?1\ue001", "%s", "for x in ", "exit 0;", "$@", "\0"]  # fmt: skip
_PATHS = ["/etc/fstab", "/a.sh", "/a.mount", "/a.service", "/etc/auto.x", "/etc/auto.master", "/etc/cloud/x.cfg", "/x"]


@st.composite
def mutated(draw: st.DrawFn) -> Text:
    """A real script with pieces cut out, doubled or put in, and references anywhere."""
    script = draw(st.sampled_from(_SCRIPTS))
    for _ in range(draw(st.integers(0, 6))):
        start, end = sorted(draw(st.tuples(st.integers(0, len(script)), st.integers(0, len(script)))))
        script = script[:start] + draw(st.sampled_from([*_SIGNS, script[start:end]])) + script[end:]
    cut = draw(st.integers(0, len(script)))
    return Text((script[:cut], Ref(draw(st.text(max_size=9))), script[cut:]))


@settings(max_examples=300, deadline=None)
@given(
    mutated()
    | st.text().map(lambda t: Text((t,)))
    | st.lists(st.sampled_from(_SIGNS)).map(lambda s: Text(("".join(s),)))
)
def test_no_script_crashes_the_reader(script: Text) -> None:
    read_user_data(script, parse_yaml)
    for path in _PATHS:
        read_file(path, script, parse_yaml)


@pytest.mark.parametrize(
    "script",
    [
        "(" * 20_000,
        "$(" * 20_000,
        "if " * 20_000,
        'echo "$(' * 20_000,
        "while a; do " * 10_000,
        "f() { f; f; }\nf",
        'f() { f "$@" "$@"; }\nf a b c',
        "".join(f"f{i}() {{ f{i + 1}; f{i + 1}; }}\n" for i in range(40)) + "f0",
        "for i in 1 2 3 4 5 6 7 8 9; do " * 12 + MOUNT + "; done" * 12,
        "A=x\n" + "A=$A$A\n" * 1000 + "echo $A > /x",
        'F=\'bash -c "$F"; bash -c "$F"\'\nexport F\nbash -c "$F"',
        "echo x > /f.sh\n" + "cat /f.sh >> /f.sh\n" * 1000,
        "Content-Type: multipart/mixed; boundary=a\n\n--a\n" * 1000,
    ],
)
def test_reading_hostile_nesting_and_repetition_ends(script: str) -> None:
    read(script)


def test_nothing_is_certain_when_a_script_cannot_be_followed_to_its_end() -> None:
    assert mounts(f"{MOUNT}\nf() {{ f; f; }}\nf") == [f"/e <- {ID}:/ maybe"]
