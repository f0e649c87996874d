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
from rules.hosts.mounts.mount_files import FILTERED, FSTAB, LISTING
from rules.hosts.mounts.states import Doubt
from rules.hosts.state import ShellState
from rules.model import Text

_READING = """
    basename blkid cmp column comm cut date diff dig dirname dmesg du expr file fold free fuser getconf getent
    getfacl groups head hexdump host hostname htop id iostat jobs join jq kill killall last less ll locate
    logger logname ls lsblk lscpu lsof ltrace man md5sum modinfo more nc netstat nl nproc nslookup od pgrep pidof ping pkill
    printenv ps pwd readlink realpath rev seq sha1sum sha256sum sleep sort ss stat strings sum sync tac tail telnet top touch
    tput tr tree true tty type uname uniq uptime vmstat w wait wall wc which who whoami xxd yes yq zcat
    chattr chcon chgrp cfn-signal fallocate hash history lsattr mknod mkfifo mktemp passwd restorecon setfacl semanage setsebool
    ulimit umask usermod useradd userdel groupadd groupmod adduser addgroup alias chpasswd disown
    apt apt-get apt-key amazon-linux-extras dnf dpkg gem npm pip pip2 pip3 rpm snap yum yum-config-manager zypper
    modprobe rmmod depmod sysctl swapon swapoff mkswap mkfs mkfs.ext4 mkfs.xfs fdisk parted growpart resize2fs
    chkconfig update-rc.d ntpdate chronyc timedatectl hostnamectl localectl iptables ip ifconfig route firewall-cmd
    cfn-init cfn-get-metadata cfn-hup gpg openssl mysql mysqldump psql pg_dump redis-cli sqlite3 setcap getcap sestatus inotifywait ec2-metadata
    exportfs fsck tune2fs blockdev pvcreate vgcreate lvcreate mdadm xfs_growfs mail sendmail ssh-keygen ssh-keyscan ldconfig git cmake
"""
READING = frozenset(_READING.split())
"""Commands that neither mount, unmount nor write to the files they name (but for their owners and modes)."""

_WRITING = """
    aws awk base64 bunzip2 bzip2 csplit curl cpio ctr dd docker docker-compose ecs-init envsubst find gawk gunzip
    gzip helm j2 jinja2 kubectl m4 mawk nawk nerdctl patch podman rsync s3cmd scp sed shred split sftp tar unxz unzip wget xz zip
    docker-storage-setup truncate
"""
WRITING = frozenset(_WRITING.split())
"""Commands that write files and do not mount or unmount anything unless a command of theirs does."""

_TO_LAST = frozenset(("aws", "patch", "rsync", "s3cmd", "scp", "sftp", "shred", "truncate"))
"""Those of them that write to the file that they name last."""

_UNMOUNTS = re.compile(r"(?<![A-Za-z])(?:umount|unmount|MNT_DETACH|fusermount)", re.IGNORECASE)
_MOUNTS = re.compile(r"(?<![A-Za-z])(?:re|auto)?mount(?!point|ed\b|s\b|ain)|fstab", re.IGNORECASE)
_UNIT = re.compile(r"[\w@.:\\-]+\.(?:auto)?mount(?![\w.-])")
_NAMES_EFS = re.compile(r"(?<![a-z])(?:efs|nfs4?)(?![a-z])", re.IGNORECASE)
_PACKAGES = re.compile(
    r"(?:amazon-|aws/)?efs-utils|botocore|amazon-efs-mount-watchdog|nfs-(?:utils|common|client)|(?<!\S)\S*/(?:log|etc)/amazon/efs\S*"
)
"""Names that hold `efs` or `nfs` and mount nothing."""
_BETWEEN_PATHS = re.compile(r"[\s'\"(),;|&<>=:`\[\]{}]+")
_OUTPUT = re.compile(r"-[oO]|--output(?:-document)?|>+|of")
_MAX_TEXT = 20_000
_MAX_WORDS = 50
_MAX_WORK = 1_000_000


def suspect(shell: ShellState, name: str, words: list[str], line: int) -> None:
    """Take down what a command that is not followed may do to mounts. `name` is its name without a folder."""
    if name in READING:
        return
    given = shell.input.text if shell.input and shell.input.text not in (LISTING, FILTERED) else ""
    paths = (shell.host.path(word, shell.directory) for word in words[1:_MAX_WORDS])
    run = [shell.host.files[path].text for path in paths if path in shell.host.files]  # a program in another language
    text = "\n".join([" ".join(words[1:]), given, *run])[:_MAX_TEXT]
    if not shell.spend(len(text), line):
        return
    told = f"{words[0][:_MAX_TEXT]}\n{Text.decode(shell.host.tokens.decode(text)).source}"
    table = shell.host.table
    shown = shorten(" ".join(words))
    writes_only = name in WRITING
    if _UNMOUNTS.search(told):
        doubt = Doubt(line, f"may unmount it ({shown})")
        if not _doubt_named(shell, text, doubt):
            table.doubt_all(doubt)
    if FSTAB in text and (not writes_only or _writes_to(words, FSTAB)):
        table.doubt_persistent(Doubt(line, f"may change /etc/fstab ({shown})"))
    for unit in () if writes_only else _UNIT.findall(text):
        table.doubt(written_files.mount_point(unit), Doubt(line, f"may change its unit ({shown})"))
    if not writes_only:
        named = _doubt_named(shell, text, Doubt(line, f"may change what is mounted there ({shown})"))
        if _concerns_efs(words[0][:_MAX_TEXT], told, named=named):
            shell.host.unclear(line, f"{shown} is not understood")


def shorten(text: str) -> str:
    """A command as messages show it."""
    first = text.strip().partition("\n")[0]
    return first if len(first) <= 60 else f"{first[:60]}…"


def _doubt_named(shell: ShellState, text: str, doubt: Doubt) -> bool:
    """Make the mounts uncertain that a text names by a path on them or above them. Returns whether there are any."""
    named, table = False, shell.host.table
    for path in dict.fromkeys(_BETWEEN_PATHS.split(text)):
        if not path.startswith(("/", OPEN)) or is_unknown(path):
            continue
        place = shell.host.path(path)
        if place and place != "/" and table.work < _MAX_WORK:
            named |= table.doubt_around(place, doubt)
    return named


def _writes_to(words: list[str], path: str) -> bool:
    """Whether a command that writes files writes to this one, its last operand or the value of an option."""
    given = any(value == path and _OUTPUT.fullmatch(option) for option, value in pairwise(words))
    last = words[-1] == path and words[0].rpartition("/")[2] in _TO_LAST
    inplace = words[-1] == path and "inplace" in words
    return given or last or inplace or f"of={path}" in words


def _concerns_efs(command: str, told: str, *, named: bool) -> bool:
    """Whether a command that is not known seems to mount EFS. One that names a mount is taken to concern that one."""
    base, shown = (_PACKAGES.sub("", text) for text in (command.rpartition("/")[2], told.partition("\n")[2]))
    literal = looks_like_efs(shown)
    if named and not literal:
        return False
    efs = literal or _NAMES_EFS.search(base) is not None or _NAMES_EFS.search(shown) is not None
    return efs and (_NAMES_EFS.search(base) is not None or literal or _MOUNTS.search(f"{base}\n{shown}") is not None)
