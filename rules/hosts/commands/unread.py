"""Doubt about mounts that commands raise which nothing here follows.

A command that is not known may do anything. It counts for what it names: `umount`, fstab, a mount unit, a path on a mount
or above one, a file system of EFS. Source: manual pages of the commands that are listed as harmless.
"""

from __future__ import annotations

import re
from itertools import pairwise

from rules.hosts.grammar.tokens import OPEN, is_unknown
from rules.hosts.mounts import written_files
from rules.hosts.mounts.host import looks_like_efs
from rules.hosts.mounts.mount_files import FSTAB, LISTING
from rules.hosts.mounts.states import Doubt
from rules.hosts.state import ShellState
from rules.model import Text

_READING = """
    basename blkid cmp column comm cut date diff dig dirname dmesg du expr file fold free fuser getconf getent
    getfacl groups head hexdump host hostname htop id iostat jobs join jq kill killall last less ll locate
    logger logname ls lsblk lscpu lsof ltrace man md5sum modinfo more nc netstat nl nproc nslookup od pgrep pidof ping pkill
    printenv ps pwd readlink realpath rev seq sha1sum sha256sum sleep sort ss stat strings sum sync tac tail telnet top touch
    tput tr tree true tty type uname uniq uptime vmstat w wait watch wc which who whoami xxd yes yq zcat
    chattr chcon chgrp cfn-signal fallocate hash history lsattr mknod mkfifo mktemp passwd restorecon setfacl semanage setsebool
    ulimit umask usermod useradd userdel groupadd groupmod adduser addgroup alias chpasswd disown
    apt apt-get apt-key amazon-linux-extras dnf dpkg gem npm pip pip2 pip3 rpm snap yum yum-config-manager zypper
    modprobe rmmod depmod sysctl swapon swapoff mkswap mkfs mkfs.ext4 mkfs.xfs fdisk parted growpart resize2fs
    chkconfig update-rc.d ntpdate chronyc timedatectl hostnamectl localectl iptables ip ifconfig route firewall-cmd
    cfn-init cfn-get-metadata cfn-hup gpg openssl ssh-keygen ssh-keyscan ldconfig make git cmake
"""
READING = frozenset(_READING.split())
"""Commands that neither mount, unmount nor write to the files they name (but for their owners and modes)."""

_WRITING = """
    aws awk base64 bunzip2 bzip2 csplit curl cpio ctr dd docker docker-compose ecs-init envsubst find gawk gunzip
    gzip jinja2 j2 m4 mawk nawk nerdctl patch podman rsync s3cmd scp shred split sftp tar unxz unzip wget xz zip
    docker-storage-setup truncate
"""
WRITING = frozenset(_WRITING.split())
"""Commands that write files and do not mount or unmount anything unless a command of theirs does."""

_UNMOUNTS = re.compile(r"(?<![A-Za-z])(?:umount|unmount|MNT_DETACH|fusermount)", re.IGNORECASE)
_MOUNTS = re.compile(r"(?<![A-Za-z])(?:re|auto)?mount(?!point|ed\b|s\b|ain)|fstab", re.IGNORECASE)
_UNIT = re.compile(r"[\w@.:\\-]+\.(?:auto)?mount(?![\w.-])")
_NAMES_EFS = re.compile(r"(?<![a-z])(?:efs|nfs4?)(?![a-z])", re.IGNORECASE)
_PACKAGES = re.compile(
    r"(?:amazon-|aws/)?efs-utils|botocore|amazon-efs-mount-watchdog|nfs-(?:utils|common|client)|\S*/(?:log|etc)/amazon/efs\S*"
)
"""Names that hold `efs` or `nfs` and mount nothing."""
_BETWEEN_PATHS = re.compile(r"[\s'\"(),;|&<>=:`\[\]{}]+")
_OUTPUT = re.compile(r"-[oO]|--output(?:-document)?|>+|of")
_MAX_TEXT = 20_000


def suspect(shell: ShellState, name: str, words: list[str], line: int) -> None:
    """Take down what a command that is not followed may do to mounts. `name` is its name without a folder."""
    if name in READING:
        return
    given = shell.input.text if shell.input and shell.input.text != LISTING else ""
    text = f"{' '.join(words[1:])}\n{given}"[:_MAX_TEXT]
    if not shell.spend(len(text), line):
        return
    table = shell.host.table
    shown = shorten(" ".join(words))
    writes_only = name in WRITING
    if _UNMOUNTS.search(f"{words[0]}\n{text}"):
        doubt = Doubt(line, f"may unmount it ({shown})")
        if not _doubt_named(shell, text, doubt, line=line):
            table.doubt_all(doubt)
    if FSTAB in text and (not writes_only or _writes_to(words, FSTAB)):
        table.doubt_persistent(Doubt(line, f"may change /etc/fstab ({shown})"))
    for unit in () if writes_only else _UNIT.findall(text):
        table.doubt(written_files.mount_point(unit), Doubt(line, f"may change its unit ({shown})"))
    if not writes_only:
        named = _doubt_named(shell, text, Doubt(line, f"may change what is mounted there ({shown})"), line=line)
        if _concerns_efs(shell, words[0], text, named=named):
            shell.host.unclear(line, f"{shown} is not understood")


def shorten(text: str) -> str:
    """A command as messages show it."""
    first = text.strip().partition("\n")[0]
    return first if len(first) <= 60 else f"{first[:60]}…"


def _doubt_named(shell: ShellState, text: str, doubt: Doubt, *, line: int) -> bool:
    """Make the mounts uncertain that a text names by a path on them or above them. Returns whether there are any."""
    named = False
    for path in dict.fromkeys(_BETWEEN_PATHS.split(text)):
        if not path.startswith(("/", OPEN)) or is_unknown(path):
            continue
        place = shell.host.path(path)
        if place and place != "/" and shell.spend(len(shell.host.table.states), line):
            named |= shell.host.table.doubt_around(place, doubt)
    return named


def _writes_to(words: list[str], path: str) -> bool:
    """Whether a command that writes files writes to this one, its last operand or the value of an option."""
    given = any(value == path and _OUTPUT.fullmatch(option) for option, value in pairwise(words))
    return given or words[-1] == path or f"of={path}" in words


def _concerns_efs(shell: ShellState, command: str, text: str, *, named: bool) -> bool:
    """Whether a command that is not known seems to mount EFS. One that names a mount is taken to concern that one."""
    tokens = shell.host.tokens
    shown = _PACKAGES.sub("", Text.decode(tokens.decode(text)).source)
    base = _PACKAGES.sub("", command.rpartition("/")[2])
    literal = looks_like_efs(shown)
    if named and not literal:
        return False
    efs = literal or _NAMES_EFS.search(base) is not None or _NAMES_EFS.search(shown) is not None
    return efs and (_NAMES_EFS.search(base) is not None or literal or _MOUNTS.search(f"{base}\n{shown}") is not None)
