"""Doubt about mounts: scripts that do what is not followed, and nearby idioms that stay certain.

Each script runs on an instance whose task binds a host path. The answer is that of EFS101: `fixable` with the directory,
a question with the reason, or nothing.
"""

from __future__ import annotations

import pytest
from host_answers import CERTAIN, PATH, answer, asks, is_certain, template

from migrate.dialects.common.values import parse_text
from migrate.engine.process import Opened, open_text
from rules import efs101_host_path_volume
from rules.choices import Choices, ConfiguredFileSystem
from rules.context import Context
from rules.model import Text
from rules.rule import Status

MOUNT = "mount -t efs -o tls ${Fs}:/ /mnt/efs"
DATA = "mount -t efs ${Fs}:/ /data"
FSTAB = 'echo "${Fs}:/ /mnt/efs efs tls,_netdev 0 0" >> /etc/fstab\nmount -a'
FILE = "/etc/systemd/system/mnt-efs.mount"
WRITTEN = f"cat > {FILE} <<E\n[Mount]\nWhat=${{Fs}}:/\nWhere=/mnt/efs\nType=efs\nOptions=tls\nE"
UNIT = f"{WRITTEN}\nsystemctl enable --now mnt-efs.mount"
DROP_IN = "/etc/systemd/system/mnt-efs.mount.d"
HELPER = "/etc/amazon/efs/efs-utils.conf"


# -- what is unmounted -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        ("umount $(cat /tmp/what)", "umount $(cat /tmp/what)"),
        ('for m in $(findmnt -t nfs4 -o TARGET -n); do umount "$m"; done', "umount $m"),
        ("mount -t nfs4 | awk '{print $3}' | xargs -r umount", "umount …"),
        ("awk '$3==\"nfs4\"{print $2}' /proc/mounts | xargs umount -l", "umount …"),
        ("umount /mnt/*", "umount /mnt/*"),
        ("find /mnt -maxdepth 1 -exec umount {} \\;", "umount /mnt…"),
        ("nsenter -t 1 -m umount /mnt/efs", "nsenter -t 1 -m umount /mnt/efs"),
        ("python3 -c 'import os; os.system(\"umount /mnt/efs\")'", "python3 -c"),
        # of the same kinds
        ("xargs -a /tmp/list umount", "umount …"),
        ("cat /x | xargs -I{} umount {}", "umount …"),
        ("umount -R /mnt", "umount /mnt"),
        ("umount -l /mnt/*", "umount /mnt/*"),
        ("umount ${Fs}:/", "umount ${Fs}:/"),
        ("umount 127.0.0.1:/", "umount 127.0.0.1:/"),
        ("umount fs-12345678.efs.us-east-1.amazonaws.com:/", "umount fs-12345678"),
        ("umount -N 1 /mnt/efs", "umount /mnt/efs"),
        ("umount -t nfs4 -a", "umount -a"),
        ("umount -at nfs4", "umount -a"),
        ("umount --all-targets /mnt/efs", "umount -a"),
        ('findmnt -rno TARGET | tac | while read -r t; do umount -l "$t"; done', "umount $t"),
        ("perl -e 'system(\"umount /mnt/efs\")'", "perl -e"),
        ("python3 <<E\nimport ctypes; ctypes.CDLL(None).umount2(b'/mnt/efs', 2)\nE", "python3"),
        ("docker run --privileged --pid=host alpine nsenter -t 1 -m umount /mnt/efs", "docker run --privileged"),
        ("chroot /host umount -a", "chroot /host umount -a"),
        ("ssh localhost umount /mnt/efs", "ssh localhost umount /mnt/efs"),
        ("awk '{system(\"umount \" $2)}' /proc/mounts", "awk"),
        ("parallel umount ::: /mnt/efs", "parallel umount"),
        ("find / -xdev -name efs -exec umount {} +", "umount /…"),
        ("unshare -m umount /mnt/efs", "unshare -m umount"),
        ("busybox umount -l $(cat /x)", "umount $(cat /x)"),
        ('eval "$(curl -s http://x/umount.sh)"', "curl -s http://x/umount.sh"),
        ('bash -c "$(curl -s http://x/umount.sh)"', "curl -s http://x/umount.sh"),
        ("bash /opt/umount-all.sh", "/opt/umount-all.sh"),
        ("/opt/app/reset-storage.sh /mnt/efs", "/opt/app/reset-storage.sh /mnt/efs"),
        ("/opt/app/reset.sh --dir=/mnt", "/opt/app/reset.sh --dir=/mnt"),
        ("umount /mnt/x/../efs", "umount /mnt/x/../efs"),
        ("sed -n 's/.* \\(.*\\) nfs4.*/umount \\1/p' /proc/mounts | sh", "sed -n"),
        ("systemctl isolate rescue.target", "systemctl isolate rescue.target"),
        ("tmux new -d 'umount /mnt/efs'", "tmux new -d umount"),
        ('while read -r a b; do umount "$b"; done < /proc/mounts', "umount $b"),
        ('X=$(curl -s http://x/umount.sh); echo "true $X" | bash', "curl -s http://x/umount.sh"),
        ('X=$(curl -s http://x/umount.sh); eval "true $X"', "curl -s http://x/umount.sh"),
        ("curl -s http://x/setup.sh | bash -s -- /mnt/efs", "curl -s http://x/setup.sh /mnt/efs"),
    ],
)
def test_what_may_be_unmounted(command: str, shown: str) -> None:
    asks(f"{MOUNT}\n{command}", PATH, "what lies at /mnt/efs is not known: line 3 of Launch's user data may")
    asks(f"{MOUNT}\n{command}", PATH, shown)
    assert answer(f"{command}\n{MOUNT}") == answer(MOUNT)  # what comes before the mount does not undo it


@pytest.mark.parametrize(
    "script",
    [
        f"trap 'umount /mnt/efs' EXIT\n{MOUNT}",
        f"{MOUNT}\ntrap 'umount -l /mnt/efs' EXIT",
        f"cleanup() {{ umount -l /mnt/efs; }}\ntrap cleanup EXIT INT\n{MOUNT}",
        f"D=/mnt/efs\ntrap 'umount \"$D\"' 0\n{MOUNT}",
        f"echo '*/5 * * * * umount -l /mnt/efs' | crontab -\n{MOUNT}",
        f"{MOUNT}\nfuser -km /mnt/efs && umount /mnt/efs",
        f"{MOUNT}\necho 'umount /mnt/efs' | at now + 1 minute",
        f"systemd-run --on-active=60 umount /mnt/efs\n{MOUNT}",
        f"{MOUNT}\necho /mnt/efs | while read m; do umount $m; done",
        f"{MOUNT}\nruby <<E\n`umount /mnt/efs`\nE",
        f"{MOUNT}\nbusybox umount /mnt/efs",
        f"{MOUNT}\nbash -c -- 'umount /mnt/efs'",
        f"{MOUNT}\nrunuser -u root -- umount /mnt/efs",
        f"{MOUNT}\nbash <(echo umount /mnt/efs)",
        f"{MOUNT}\nexec 3< <(umount /mnt/efs)",
        f"{MOUNT}\necho /mnt/efs | xargs umount",
        f"{MOUNT}\nsystemd-mount --umount /mnt/efs",
        f"{MOUNT}\nfusermount -uz /mnt/efs",
        f"{MOUNT}\numount -lf /mnt/efs",
        f"echo '* * * * * root umount -l /mnt/efs' > /etc/cron.d/x\n{MOUNT}",
        f"cat > /etc/cron.hourly/x <<E\n#!/bin/sh\numount -l /mnt/efs\nE\n{MOUNT}",
        f"cat > /x.py <<E\n#!/usr/bin/python3\nos.system('umount /mnt/efs')\nE\nchmod +x /x.py\n{MOUNT}\n/x.py",
        f"{MOUNT}\ncat > /x.py <<E\nos.system('umount /mnt/efs')\nE\npython3 /x.py",
        f"{MOUNT}\ncd /mnt; umount efs",
        f"{MOUNT}\nX=umount; $X /mnt/efs",
        f"{MOUNT}\nwatch -n1 umount /mnt/efs",
        f"{FSTAB}\numount /mnt/efs",
        f"{MOUNT}\nshopt -s expand_aliases; alias x='umount /mnt/efs'\nx",
    ],
)
def test_what_is_unmounted_in_time(script: str) -> None:
    asks(script, PATH, "host path /mnt/efs/app may be EFS")


@pytest.mark.parametrize(
    "command",
    [
        "systemctl stop mnt-efs.mount",
        "systemctl disable mnt-efs.mount",
        "systemctl mask 'mnt-efs.mount'",
        "systemctl --now disable mnt-efs.automount",
        "systemctl stop '*.mount'",
        "systemctl stop remote-fs.target",
        "systemctl stop $(systemctl list-units -t mount | grep efs)",
        "systemctl stop $UNIT",
        "systemctl stop $UNIT.mount",
        "service netfs stop",
        "/etc/init.d/netfs stop",
    ],
)
def test_services_and_units_that_are_stopped(command: str) -> None:
    asks(f"{FSTAB}\n{command}", PATH, "line 4 of Launch's user data may unmount it")


@pytest.mark.parametrize(
    "script",
    [
        f"{MOUNT}\nls -la /mnt/efs; df -h /mnt/efs; stat /mnt/efs; du -sh /mnt/efs/*; lsof /mnt/efs; tree /mnt",
        f"{MOUNT}\nmkdir -p /mnt/efs/app; chown -R 1000:1000 /mnt/efs/app; chmod 775 /mnt/efs/app; touch /mnt/efs/app/x",
        f"{MOUNT}\nsetfacl -R -m u:1000:rwx /mnt/efs/app; chattr +i /mnt/efs; restorecon -R /mnt/efs",
        f"{MOUNT}\naws s3 sync s3://b/x /mnt/efs/app; tar xzf /a.tgz -C /mnt/efs/app; rsync -a /x/ /mnt/efs/app/",
        f"{MOUNT}\ncp -r /opt/x /mnt/efs/app; curl -o /mnt/efs/x http://x; git clone x /mnt/efs/app; unzip x -d /mnt/efs",
        f"{MOUNT}\ndocker run -d -v /mnt/efs/app:/data nginx",
        f"{MOUNT}\nfind /mnt/efs/app -type d -exec chmod 755 {{}} \\;\nfind /mnt/efs/app -mtime +5 -delete",
        f"{MOUNT}\nfind /mnt/efs -type f -print0 | xargs -0 chown 1000",
        f"umount /mnt/efs || true\n{MOUNT}",
        f"T=$(mktemp -d)\nmount -t efs ${{Fs}}:/ $T\nmkdir -p $T/app\numount $T\nrmdir $T\n{MOUNT}",
        f"T=$(mktemp -d)\ntrap 'umount $T' EXIT\nmount -t efs ${{Fs}}:/ $T\nmkdir -p $T/app\n{MOUNT}",
        f"{MOUNT}\nT=$(cat /x)\nmount /dev/xvdf /media/$T\numount /media/$T",
        f"{MOUNT}\numount /mnt/other; umount -t ext4 -a; echo /data | xargs umount",
        f"{MOUNT}\nsystemctl stop docker; systemctl disable ecs; service docker stop; systemctl restart mnt-efs.mount",
        f"trap 'rm -f /tmp/x' EXIT\n{MOUNT}",
        f"{MOUNT}\nlogger 'umount of /mnt/efs'; which umount",
        f"{MOUNT}\necho '* * * * * mountpoint -q /mnt/efs || mount -a' | crontab -",
        f"{MOUNT}\ntimeout 60 bash -c 'until mountpoint -q /mnt/efs; do sleep 1; done'",
        f"{MOUNT}\n/opt/aws/bin/cfn-signal -e $? --stack x --resource Group\npython3 /opt/x/setup.py --port 80",
        f"{MOUNT}\nnohup /usr/bin/amazon-efs-mount-watchdog &",
        f"{MOUNT}\nsu - ec2-user -c 'ls /mnt/efs'; sudo -u ec2-user touch /mnt/efs/x",
        f"{FSTAB}\numount /mnt/efs\nmount -a",
        f"{FSTAB}\numount /mnt/efs; mount /mnt/efs",
        f"{MOUNT}\necho '* * * * * root mountpoint -q /mnt/efs || mount -a' > /etc/cron.d/x",
        f"{MOUNT}\necho '0 5 * * * ec2-user find /mnt/efs/app -mtime +3 -delete' > /etc/cron.d/x",
        f"{MOUNT}\nexport DATA=/mnt/efs/app; echo DATA=/mnt/efs/app >> /etc/environment; echo '/mnt/efs *(rw)' >> /etc/exports",
        f"{MOUNT}\nln -s /mnt/efs/bin/x /usr/local/bin/x; cp /mnt/efs/ecs.config /etc/ecs/ecs.config; mv /mnt/efs/a /mnt/efs/b",
        f"{MOUNT}\nwhile read u; do mkdir -p /mnt/efs/$u; chown 1000 /mnt/efs/$u; done < /x",
    ],
)
def test_commands_that_undo_nothing(script: str) -> None:
    is_certain(script)


# -- fstab -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command",
    [
        "> /etc/fstab",
        "[ -f /x ] && : > /etc/fstab",
        "grep -v efs /etc/fstab > /tmp/f && mv /tmp/f /etc/fstab",
        "cat /etc/fstab | grep -v nfs > /tmp/f; cp /tmp/f /etc/fstab",
        "awk '!/efs/' /etc/fstab > /tmp/f && cat /tmp/f > /etc/fstab",
        "awk -i inplace '!/efs/' /etc/fstab",
        "perl -pi -e 's/^.*efs.*$//' /etc/fstab",
        "ed /etc/fstab <<E\n/efs/d\nw\nE",
        "vi -c '%s/efs//' -c wq /etc/fstab",
        "python3 -c \"open('/etc/fstab', 'w')\"",
        "ansible -m mount -a 'path=/mnt/efs state=absent' localhost",
        "tac /etc/fstab | sponge /etc/fstab",
        "echo x | tee /etc/fstab",
        "install -m 644 /opt/fstab /etc/fstab",
        "cp /opt/fstab /etc",
        "curl -o /etc/fstab http://x",
        "aws s3 cp s3://b/fstab /etc/fstab",
        "dd if=/x of=/etc/fstab",
        "truncate -s 0 /etc/fstab",
        "rm -f /etc/fst*",
        "mv /etc/fstab /etc/fstab.old",
        "ln -sf /opt/fstab /etc/fstab",
        "x=$(rm /etc/fstab)",
    ],
)
def test_fstab_that_is_replaced_or_edited(command: str) -> None:
    asks(f"{FSTAB}\n{command}", PATH, "what lies at /mnt/efs is not known: line 4 of Launch's user data")


@pytest.mark.parametrize("copy", ["cp /etc/fstab /etc/fstab.bak", "cat /etc/fstab > /etc/fstab.bak"])
def test_an_older_fstab_that_comes_back(copy: str) -> None:
    asks(f"{copy}\n{FSTAB}\nmv /etc/fstab.bak /etc/fstab", PATH, "line 5 of Launch's user data")


@pytest.mark.parametrize(
    "script",
    [
        f"{FSTAB}\ncp /etc/fstab /etc/fstab.bak; tar czf /b.tgz /etc/fstab; chmod 644 /etc/fstab",
        f"{FSTAB}\necho '/dev/xvdf /x ext4' >> /etc/fstab\ncat /etc/fstab | sort | uniq",
        f"> /etc/fstab\n{FSTAB}",
        f"cat /etc/fstab > /x\n{FSTAB.replace('/etc/fstab', '/x', 1)}\nmv /x /etc/fstab\nmount -a",
        f"{FSTAB.replace('tls', '#tls').partition(chr(10))[0]}\nsed -i 's/#//' /etc/fstab; sed -i 's/tls/tls,ro/' /etc/fstab; "
        "sed -i 's/,ro//' /etc/fstab\nmount -a",
    ],
)
def test_fstab_that_keeps_its_lines(script: str) -> None:
    is_certain(script)


# -- symbolic links ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("commands", "path"),
    [
        ("ln -sfn v2 /mnt/efs/current", "/mnt/efs/current"),
        ("ln -sfn v2 /mnt/efs/current", "/mnt/efs/current/data"),
        ("cd /mnt/efs/app; ln -s /mnt/efs/shared", "/mnt/efs/app/shared"),
        ("ln -s -t /mnt/efs/app /mnt/efs/shared", "/mnt/efs/app/shared"),
        ("ln -sfn /var/local/app /mnt/efs/app", PATH),
        ("ln -s /var/local /mnt/efs/app", "/mnt/efs/app/data"),
        # of the same kinds
        ("cd /mnt/efs && ln -sfn v2 app", PATH),
        ("ln -s ../v2 /mnt/efs/site/current", "/mnt/efs/site/current/html"),
        ("ln --symbolic --force --no-dereference v2 /mnt/efs/app", PATH),
        ("ln -st /mnt/efs /opt/app", PATH),
        ("ln -s --target-directory=/mnt/efs /opt/app /opt/b", PATH),
        ("ln -s /opt/app /opt/b /mnt/efs", PATH),
        ("ln -s /opt/app /mnt/efs", PATH),
        ("ln -sr /opt/v2 /mnt/efs/app", PATH),
        ("ln -sfn $(readlink -f /x) /mnt/efs/app", PATH),
        ("ln -s v2 /mnt/efs/$(cat /x)/current", "/mnt/efs/a/current"),
        ("for v in app b; do ln -sfn /opt/$v /mnt/efs/$v; done", PATH),
        ("[ -d /x ] && ln -sfn v2 /mnt/efs/app", PATH),
        ("cp -s /opt/app /mnt/efs/app", PATH),
        ("ln -s v2 /tmp/l; cp -a /tmp/l /mnt/efs/app", PATH),
        ("ln -s v2 /mnt/efs/tmp; mv -T /mnt/efs/tmp /mnt/efs/app", PATH),
        ("ln -s v2 /opt/app; mv /opt/app /mnt/efs/", PATH),
        ("ln -s /mnt/efs /srv/e; ln -sfn v2 /srv/e/app", PATH),
        ("ln -s /mnt/efs /srv/e; umount /srv/e", PATH),
        ("ln -s /mnt/efs /srv/e; mount -t efs ${Fs}:/ /srv/e; umount /srv/e", "/srv/e/app"),
        ("ln -s /mnt/efs /srv/e; ln -sfn /opt/x /srv/e/app", PATH),
        ("ln -s /mnt/efs/app /srv/a; mount --bind /opt/x /srv/a", PATH),
        ("ln -s /mnt/efs/app /srv/app; mount -t efs ${Fs2}:/ /srv/app/cache", PATH),
        ("update-alternatives --install /mnt/efs/app app /opt/v2 10", PATH),
        ("python3 -c \"import os; os.symlink('/opt/x','/mnt/efs/app')\"", PATH),
        ("ln -s /mnt/efs/app /srv/app", "/srv/app"),
        ("cd /srv; ln -s ../mnt/efs/app app", "/srv/app"),
        ("ln -s /srv/b /srv/a; ln -s /mnt/efs/app /srv/b", "/srv/a/x"),
        ("ln -s $(cat /x) /srv/app", "/srv/app"),
    ],
)
def test_links_that_a_path_may_lead_through(commands: str, path: str) -> None:
    asks(f"{MOUNT}\n{commands}", path, "line 3 of Launch's user data")


@pytest.mark.parametrize(
    "script",
    [
        f"{MOUNT}\nln -s /usr/bin/python3 /usr/bin/python; ln -s /opt/a /srv/b; ln -s v2 /mnt/efs/other",
        f"{MOUNT}\nln -s /mnt/efs/app /srv/app; ln /mnt/efs/a /mnt/efs/b",
        f"{MOUNT}\nln -sfn v2 /mnt/efs/app\nrm -f /mnt/efs/app\nmkdir /mnt/efs/app",
        f"ln -s v2 /mnt/efs/app\n{MOUNT}",
        f"ln -s /data /mnt\n{MOUNT}",
    ],
)
def test_links_beside_a_path(script: str) -> None:
    is_certain(script)


def test_a_link_inside_a_directory_is_the_same_on_the_volume() -> None:
    found = answer(f"{MOUNT}\nln -sfn v2 /mnt/efs/current", "/mnt/efs")
    assert found is not None
    assert found.status is Status.FIXABLE


# -- mounts that are something else ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("script", "path", "reason"),
    [
        ("mount -f -t efs ${Fs}:/ /mnt/efs", PATH, "is told not to mount it (--fake)"),
        ("mount --fake -t efs ${Fs}:/ /mnt/efs", PATH, "is told not to mount it (--fake)"),
        ("mount --target-prefix /srv -t efs ${Fs}:/ /mnt/efs", PATH, "--target-prefix"),
        ("mount -o X-mount.subdir=v2,tls -t efs ${Fs}:/ /mnt/efs", PATH, "X-mount.subdir=v2"),
        # of the same kinds
        ("mount -vf -t efs ${Fs}:/ /mnt/efs", PATH, "--fake"),
        ("mount.efs -f ${Fs}:/ /mnt/efs", PATH, "--fake"),
        ("mount -i -t efs ${Fs}:/ /mnt/efs", PATH, "the option i, which is not understood"),
        ("mount --beneath -t efs ${Fs}:/ /mnt/efs", PATH, "the option beneath, which is not understood"),
        ("mount -N /proc/7/ns/mnt -t efs ${Fs}:/ /mnt/efs", PATH, "in another namespace"),
        ("mount --target-prefix=/srv -t efs ${Fs}:/ /data", "/srv/data/x", "--target-prefix"),
        ("mount --target-prefix=/srv -t efs ${Fs}:/ /data", "/data/x", "--target-prefix"),
        (f"{FSTAB}\nmount -o ro /mnt/efs", PATH, "other options than fstab has (ro)"),
        ('echo "${Fs}:/ /mnt/efs efs X-mount.subdir=a 0 0" >> /etc/fstab', PATH, "X-mount.subdir=a"),
        (f"{MOUNT}\nmount -o remount,ro /mnt/efs", PATH, "mounts it again with ro"),
        (f"{MOUNT}\nmount -oremount,ro $(cat /x)", PATH, "mounts it again with ro"),
        ("mount -t efs -o ro ${Fs}:/ /mnt/efs\nmount -o remount,rw /mnt/efs", PATH, "mounts it again with rw"),
        (f"{MOUNT}\nmount --move /mnt/efs /srv", "/srv/app", "moves it from /mnt/efs to /srv"),
        (f"{MOUNT}\nmount -t efs ${{Fs2}}:/ /mnt/efs/x\nmount --move /mnt/efs /srv", "/mnt/efs/x/y", "moves it from"),
        (f"{MOUNT}\nmount --move $(cat /x) /srv", PATH, "moves $(cat /x) to /srv"),
        (
            f"{MOUNT}\nmount --fake --bind /mnt/efs /srv",
            "/srv/app",
            "line 3 of Launch's user data is told not to mount",
        ),
        (
            f"{FSTAB.removesuffix('mount -a')}mount --bind /mnt/efs /srv",
            "/srv/app",
            "before what is mounted there",
        ),
        (f"shopt -s expand_aliases; alias mount=echo\n{MOUNT}", PATH, "depends on a condition"),
        (f"{MOUNT}\nmount --bind /opt/x $(cat /y)", PATH, "which may cover it"),
        (f"{MOUNT}\nmount /dev/xvdf /mnt/../mnt/efs", PATH, "which may cover it"),
        (f"{MOUNT}\nln -s /mnt/efs /e; mount --fake -t efs ${{Fs}}:/ /e/x", "/mnt/efs/x", "told not to mount it"),
        (f"{FSTAB.replace('tls', 'X-mount.subdir=a')[:-8]}mount --bind /mnt/efs /srv", "/srv/app", "X-mount.subdir=a"),
        ("mount -o $OPT --fake -t efs ${Fs}:/ /data", "/data/x", "--fake"),
        ("mount -o X-mount.subdir=a --fake -t efs ${Fs}:/ /data", "/data/x", "--fake"),
        ("mount -t efs ${Fs}:x /data", "/data/x", "may or may not be EFS"),
        ("mount -t efs ${Fs}:/../x /data", "/data/x", "may or may not be EFS"),
        ("mount -t efs ${Fs}:/$(cat /x) /data", "/data/x", "may or may not be EFS"),
        ("mount -t efs fs-$F:/ /data", "/data/x", "may or may not be EFS"),
        ("mount -t efs $F:/ /data", "/data/x", "may or may not be EFS"),
        ("mount -t nfs4 ${Fs}:/ /data", "/data/x", "may or may not be EFS"),
        (f"{MOUNT}\nmount /dev/xvdf $D", PATH, "mounts /dev/xvdf at $D, which may cover it"),
        (f"{MOUNT}\nsshfs host:/x $D", PATH, "which may cover it"),
        (f"{MOUNT}\nmount -o bind /opt/x /mnt", PATH, "mounts something at /mnt, over it"),
        (f"{MOUNT}\nmount --bind $(cat /x) /srv/app", "/srv/app", "binds it to $(cat /x), which is not known"),
        (f"{MOUNT}\nmount -t overlay o -o lowerdir=/l,upperdir=/mnt/efs/u,workdir=/w /srv/m", "/srv/m/x", "an overlay"),
        (
            f"{MOUNT}\nmount -t overlay o -o lowerdir=/mnt/efs/app,upperdir=/u,workdir=/w /mnt/efs/app",
            PATH,
            "an overlay",
        ),
        (f"{MOUNT}\nbindfs /mnt/efs/app /srv/app", "/srv/app", "shows /mnt/efs/app there"),
        (f"{MOUNT}\ns3fs bucket /mnt/efs/app /c", PATH, "mounts s3fs there or at /c"),
        (f"{DATA}\n[ -b /dev/xvdf ] && mount /dev/xvdf /data/app", "/data/app/x", "mounts something else at /data/app"),
        (f"sed -i 's/^#region = .*/region = eu-west-1/' {HELPER}\n{MOUNT}", PATH, "in region eu-west-1"),
        (f"cat >> {HELPER} <<E\nregion = eu-central-1\nE\n{MOUNT}", PATH, "in region eu-central-1"),
    ],
)
def test_mounts_that_may_be_something_else(script: str, path: str, reason: str) -> None:
    asks(script, path, reason)


@pytest.mark.parametrize(
    "script",
    [
        f"{MOUNT}\nmount /dev/xvdf /data; mount --bind /opt/x /srv/y; mount -t tmpfs tmpfs /mnt/efs2; s3fs bucket /mnt/s3",
        f"{MOUNT}\nmount --make-rshared /; mount -fa; mount -o remount,rw /mnt/efs; mount /dev/xvdf /srv/$(hostname)",
        "mount -vw -t efs -o tls ${Fs}:/ /mnt/efs",
        "mount -n -s -t efs -o rw,tls ${Fs}:/ /mnt/efs",
        "mount --mkdir -t efs -o ro,rw,tls ${Fs}:/ /mnt/efs",
        f'sed -i "s/^#region = .*/region = ${{AWS::Region}}/" {HELPER}\n{MOUNT}',
        f'sed -i "s/^#region = .*/region = $REGION/" {HELPER}\n{MOUNT}',
        f"{MOUNT}\nrclone copy /mnt/efs/app remote:x",
        f"{MOUNT}\ns3fs $B /mnt/s3; sshfs h:/x rel -o$OPT",
    ],
)
def test_mounts_that_are_what_they_seem(script: str) -> None:
    is_certain(script)


@pytest.mark.parametrize(
    ("script", "path"),
    [
        (f"{MOUNT}\nbindfs /opt/x /mnt/efs/app", PATH),
        (f"{MOUNT}\ns3fs bucket /mnt/efs/app", PATH),
        (f"{MOUNT}\nmount -t tmpfs tmpfs /mnt/efs/app", PATH),
    ],
)
def test_what_is_surely_no_efs_is_left_alone(script: str, path: str) -> None:
    assert answer(script, path) is None


def test_mounts_below_a_directory_are_bound_with_it() -> None:
    found = answer(f"{MOUNT}\nmount --rbind /mnt /srv", "/srv/efs/app")
    assert found is not None
    assert found.message.endswith("lies on EFS: mount ${Fs}:/app with efsVolumeConfiguration")


# -- units -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "commands",
    [
        "systemctl disable --now mnt-efs.mount",
        "systemctl edit mnt-efs.mount",
        "systemctl revert mnt-efs.mount",
        "systemctl set-property mnt-efs.mount X=y",
        f"sed -i 's#${{Fs}}#${{Fs2}}#' {FILE}; systemctl daemon-reload; systemctl start mnt-efs.mount",
        f"perl -pi -e s/a/b/ {FILE}",
        f"echo 'What=${{Fs2}}:/' >> {FILE}",
        f"cat > {FILE} <<E\n[Mount]\nWhat=${{Fs2}}:/\nWhere=/mnt/efs\nType=efs\nE",
        f"cp /opt/x {FILE}",
        "/opt/reset mnt-efs.mount",
        f"mv {FILE} /root/",
        f"rm {FILE}",
        "rm -f /etc/systemd/system/mnt-*.mount",
        "rm -rf /etc/systemd/system",
        f"ln -sf /dev/null {FILE}",
        f"mkdir -p {DROP_IN}; printf '[Mount]\\nWhat=${{Fs2}}:/\\n' > {DROP_IN}/a.conf; systemctl restart mnt-efs.mount",
        "printf '[Mount]\\nOptions=ro\\n' > /run/systemd/system/mnt-efs.mount.d/a.conf",
    ],
)
def test_units_that_are_changed_after_they_were_used(commands: str) -> None:
    asks(f"{UNIT}\n{commands}", PATH, "what lies at /mnt/efs is not known")


def test_a_drop_in_for_the_unit_that_systemd_makes_of_fstab() -> None:
    drop_in = f"printf '[Mount]\\nOptions=ro\\n' > {DROP_IN}/o.conf"
    asks(f"{FSTAB}\n{drop_in}", PATH, "line 4 of Launch's user data changes it by a drop-in of its unit")


AUTOFS = "echo '/data /etc/auto.efs' > /etc/auto.master; echo 'efs -fstype=efs ${Fs}:/' > /etc/auto.efs"


@pytest.mark.parametrize(
    "stop", ["systemctl stop autofs", "service autofs stop", "systemctl disable --now autofs.service"]
)
def test_an_automounter_that_is_stopped(stop: str) -> None:
    started = answer(f"{AUTOFS}\n{stop}\nsystemctl restart autofs", "/data/efs/app")
    assert started is not None
    assert started.status is Status.FIXABLE
    asks(f"{AUTOFS}\nservice autofs start\n{stop}", "/data/efs/app", "line 4 of Launch's user data may unmount it")


@pytest.mark.parametrize(
    "script",
    [
        f"{WRITTEN}\n[ -e /x ] && rm {FILE}",
        f"{WRITTEN}\n[ -e /x ] && > {FILE}",
        f"[ -e /x ] && {WRITTEN}",
        f"[ -e /x ] && {WRITTEN.replace(FILE, '/tmp/u')}\ncp /tmp/u {FILE}",
        f"{WRITTEN.replace(FILE, '/tmp/u')}\n[ -e /x ] && cp /tmp/u {FILE}",
    ],
)
def test_a_unit_that_may_not_be_there(script: str) -> None:
    asks(f"{script}\nsystemctl enable --now mnt-efs.mount", PATH, "depends on a condition (line")


def test_a_unit_that_is_written_to_an_unknown_file() -> None:
    unit = WRITTEN.replace(FILE, "$(cat /x)").replace("/mnt/efs", "/data")
    asks(unit, "/data/app", "line 4 of Launch's user data writes its unit to a file whose path is not known")


def test_a_drop_in_that_was_there_before() -> None:
    drop_in = f"printf '[Mount]\\nWhat=${{Fs2}}:/\\n' > {DROP_IN}/o.conf"
    asks(f"{WRITTEN}\n{drop_in}\nsystemctl enable --now mnt-efs.mount", PATH, "drop-ins change what is mounted")


@pytest.mark.parametrize(
    "script",
    [
        UNIT,
        f"{UNIT}\nsystemctl daemon-reload; systemctl restart mnt-efs.mount; systemctl status mnt-efs.mount",
        f"{UNIT}\nprintf '[Unit]\\nAfter=x\\n' > {DROP_IN}/a.conf",
        f"printf '[Unit]\\nAfter=x\\n' > {DROP_IN}/a.conf\n{UNIT}",
        f"{WRITTEN}\nln -s {FILE} /etc/systemd/system/multi-user.target.wants/mnt-efs.mount",
        f"{UNIT}\n/opt/reset other.mount",
    ],
)
def test_units_that_stay(script: str) -> None:
    is_certain(script)


# -- mounts that were seen and not placed ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("script", "path"),
    [
        ("while read -r fs dir; do mount -t efs $fs:/ $dir; done < /x", "/data/app"),
        ("/usr/local/bin/mount-efs.sh ${Fs} /data", "/data/app"),
        ("python3 -c \"import subprocess; subprocess.run(['mount','-t','efs','${Fs}:/','/data'])\"", "/data/app"),
        # of the same kinds
        ("while read -r fs dir; do mount -t efs $fs:/ $dir; done < /etc/efs.list", "/data/app"),
        ('mount -t efs ${Fs}:/ "$(cat /etc/mountpoint)"', "/data/app"),
        ("mount -t efs ${Fs}:/ /data/$(hostname)", "/data/app"),
        ("mount -a -T /opt/efs.fstab", "/data/app"),
        ("mount fs-12345678:/ a b", "/data/app"),
        ("mount $(cat /nfs) a b", "/data/app"),
        ("mount -t efs ${Fs}:/ ''", "/data/app"),
        ("mount -t efs ${Fs}:/ /data$(popd)", "/data/app"),
        ("mount -t efs ${Fs}:/ /data$(pushd /tmp)", "/data/app"),
        ("cd $(cat /x); mount -t efs ${Fs}:/ /data$(cd -)", "/data/app"),
        ("cd $(cat /x); mount -t efs ${Fs}:/ /data$(pwd)", "/data/app"),
        ("cd /mnt; pushd /data; pushd; popd; mount -t efs ${Fs}:/ app", "/mnt/app"),
        ("/opt/bin/setup-efs ${Fs}", "/data/app"),
        ("/opt/configure fs-0123456789abcdef0", "/data/app"),
        ("python3 - <<E\nos.system('mount -t nfs4 fs-12345678.efs.us-east-1.amazonaws.com:/ /data')\nE", "/data/app"),
        ("bash /opt/mount_efs.sh", "/data/app"),
        ("source /opt/mount-efs.sh", "/data/app"),
        ("curl -s https://x/mount-efs.sh | bash", "/data/app"),
        ("wget -O - http://x/mount-efs.sh | sh -s -- ${Fs} /data", "/data/app"),
        ("aws ssm get-parameter --name /x/mount-efs > /opt/setup.sh; bash /opt/setup.sh", "/data/app"),
        ("cat > /opt/mount.rb <<E\nsystem('mount -t efs ${Fs}:/ /data')\nE\nruby /opt/mount.rb", "/data/app"),
        ("systemctl enable --now efs-mount.service", "/data/app"),
        ('bash -c "$(curl -s http://x/mount-efs.sh)"', "/data/app"),
        ("ansible-playbook -e efs=${Fs} mount.yml", "/data/app"),
        ('perl -e \'open F, ">>/etc/fstab"; print F "fs-12345678:/ /data efs"\'', "/data/app"),
        ("parallel mount -t efs ${Fs}:/{} /data/{} ::: a b", "/data/a"),
        ("ls /x | xargs -I{} mount -t efs ${Fs}:/{} /data/{}", "/data/a"),
        (
            "cat > /etc/auto.efs <<E\n* -fstype=efs ${Fs}:/&\nE\necho '/data /etc/auto.efs' >> /etc/auto.master",
            "/data/a",
        ),
    ],
)
def test_a_mount_that_is_not_placed_may_serve_a_path(script: str, path: str) -> None:
    asks(script, path, "of Launch's user data m")
    asks(script, path, "EFS somewhere that is not known (")
    asks(script, path, f"configure `file-systems: [{{id: fs-…, mounts: {{{path}: /}}}}]`")
    settled = Choices(file_systems=(ConfiguredFileSystem(Text.of("fs-1"), mounts=((path, "/"),)),))
    found = answer(script, path, settled)
    assert found is not None
    assert found.message == f"host path {path} lies on EFS: mount fs-1:/ with efsVolumeConfiguration"


@pytest.mark.parametrize(
    ("script", "path"),
    [
        *(
            ("mount -t efs ${Fs}:/ $D", path)
            for path in (
                "/var/run/docker.sock", "/etc/ssl", "/proc", "/sys/fs/cgroup", "/dev/shm", "/tmp/x", "/", "/usr/share/ca",
                "/var/lib/docker/containers", "/var/lib/ecs/data", "/var/log", "/cgroup", "/root/.aws", "/opt/aws/x",
            )
        ),
        ("mount -t efs ${Fs}:/ /mnt/$(hostname)", "/data/app"),
        ("T=$(mktemp -d); mount -t efs ${Fs}:/ $T", "/data/app"),
        ("mount -t efs ${Fs}:/ $D\nmount /dev/xvdf /data", "/data/app"),
        ("D=$(cat /x); mount -t efs ${Fs}:/ $D; umount $D", "/data/app"),
        ("yum install -y amazon-efs-utils nfs-utils; pip3 install botocore; systemctl enable amazon-efs-mount-watchdog", "/data"),
        ("git clone https://github.com/aws/efs-utils; cd efs-utils; ./build-deb.sh; apt-get install ./build/*deb", "/data"),
        ("docker volume create -o type=nfs -o o=addr=fs-12345678.efs.us-east-1.amazonaws.com x", "/data"),
        ("aws efs describe-mount-targets --file-system-id fs-12345678 > /x", "/data"),
        ("/opt/start.sh --port 80; mount /dev/xvdf /data", "/data/app"),
        ("source /etc/sysconfig/efs; . /etc/efs.env", "/data/app"),
        (f"{DATA}\nln -s v2 /data/app\numount /data", "/data/app"),
        ("mount /srv/nfs/disk.img a b; mount $(cat /x) a b", "/data/app"),
        ("mount /dev/xvdf /mnt/disk; ln -s $(cat /x) /data", "/data/app"),
        ('echo "#${Fs}:/ /data efs 0 0" >> /etc/fstab; > /etc/fstab; sed -i "s/^#//" /etc/fstab; mount -a', "/data/app"),
        ("curl -s https://x/efs-utils.sh | bash; curl -s http://x/y | sh", "/data/app"),
        ("systemctl enable --now nfs-client.target rpcbind docker", "/data/app"),
        ("cat > /opt/x.conf <<E\nmount -t efs ${Fs}:/ /data\nE", "/data/app"),
    ],
)  # fmt: skip
def test_paths_that_no_mount_is_known_to_serve(script: str, path: str) -> None:
    assert answer(script, path) is None


def test_a_place_that_is_certain_needs_no_question() -> None:
    is_certain(f"{MOUNT}\nmount -t efs ${{Fs2}}:/ $(cat /x)")


def test_a_mount_point_by_parameter() -> None:
    text = template("mount -t efs ${Fs}:/ ${Dir}", "/data/app")
    asked = []
    for default in ("", ", Default: /mnt/x", ", Default: /data"):
        opened = open_text(f"Parameters:\n  Dir: {{Type: String{default}}}\n{text.lstrip()}", "t")
        assert isinstance(opened, Opened)
        (task,) = opened.reading.stack.tasks
        found = efs101_host_path_volume.check(task.volumes[0], task, Context(opened.reading.stack, Choices()))
        asked.append(found.message.partition("; if")[0] if found else "")
    assert asked == [
        "host path /data/app may be EFS: line 2 of its user data mounts ${Fs}:/ at ${Dir}, which may hold it",
        "",
        "host path /data/app may be EFS: parameters put a mount at /data by default, and then it is ${Fs}:/app",
    ]


def test_the_path_to_settle_is_where_the_doubt_is() -> None:
    script = f"{MOUNT}\nln -sfn v2 /mnt/efs/current"
    settled = Choices(file_systems=(ConfiguredFileSystem(parse_text("fs-1"), mounts=(("/mnt/efs/current", "/v2"),)),))
    asks(script, "/mnt/efs/current/data", "mounts: {/mnt/efs/current: /}")
    found = answer(script, "/mnt/efs/current/data", settled)
    assert found is not None
    assert "fs-1:/v2/data" in found.message


@pytest.mark.parametrize("server", ["10.0.0.1", "nfs.example.com", "$(aws efs describe-file-systems)"])
def test_the_configuration_settles_a_server_that_is_not_known(server: str) -> None:
    settled = Choices(file_systems=(ConfiguredFileSystem(Text.of("fs-1"), mounts=(("/data", "/"),)),))
    found = answer(f"mount -t nfs4 {server}:/ /data", "/data/app", settled)
    assert found is not None
    assert found.message == "host path /data/app lies on EFS: mount fs-1:/app with efsVolumeConfiguration"


def test_what_was_mounted_over_comes_back() -> None:
    asks(
        f"{DATA}\nmount -t efs ${{Fs2}}:/ /data\numount /data",
        "/data/app",
        "line 4 of Launch's user data may unmount it",
    )


def test_a_line_of_fstab_that_may_not_be_there_is_not_edited() -> None:
    line = f"[ -e /x ] && {FSTAB.partition(chr(10))[0].replace('${Fs}', '#${Fs}')}"
    asks(f"{line}\nsed -i 's/^#//' /etc/fstab\nmount -a", PATH, "line 3 of Launch's user data may mount EFS somewhere")


# -- what a parameter may be -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        *(
            (command, "runs ${Param}, which is not known")
            for command in (
                'eval "${Param}"', 'bash -c "${Param}"', 'echo "${Param}" | sh', "sudo -u ec2-user ${Param}",
                'trap "${Param}" EXIT',
            )
        ),
        *(
            (command, "may unmount it (umount ${Param}")
            for command in (
                "umount ${Param}", 'umount -l "${Param}"/efs', "for d in ${Param}; do umount $d; done",
                "echo ${Param} | xargs umount", "trap 'umount ${Param}' EXIT",
            )
        ),
        ("umount /mnt/${Param}", "may unmount it (umount /mnt/${Param})"),
        ("mount --bind /srv /mnt/${Param}", "mounts /srv at /mnt/${Param}, which may cover it"),
        ("mount -t tmpfs tmpfs /mnt/efs/${Param}", "mounts tmpfs at /mnt/efs/${Param}, which may cover it"),
        ("mount --bind ${Param} /mnt/efs/app", "binds it to ${Param}, which is not known"),
        ("ln -sfn v2 /mnt/efs/${Param}", "makes a symbolic link at /mnt/efs/${Param}, which may lie on it"),
    ],
)  # fmt: skip
def test_a_parameter_may_be_anything(command: str, reason: str) -> None:
    asks(f"{MOUNT}\n{command}", PATH, f"line 3 of Launch's user data {reason}")


@pytest.mark.parametrize(
    "script",
    [
        f"{MOUNT}\numount -l /data/${{Param}}; mount /dev/xvdf /data/${{Param}}; mount /dev/xvdg ${{Param}}",
        f"mount -t efs ${{Fs2}}:/ ${{Param}}; {MOUNT}; umount ${{Param}}",
        f"{MOUNT}\nmkdir -p /mnt/efs/${{Param}}; ln -s /mnt/efs/${{Param}} /srv/app; docker run ${{Image}} ${{Param}}",
        f'{MOUNT}\nbash -c "echo ${{Param}}"; eval "NAME=${{Param}}"; source /etc/${{Param}}',
    ],
)
def test_parameters_that_change_nothing(script: str) -> None:
    is_certain(script)


# -- restarts ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command",
    [
        "reboot",
        "shutdown -r now",
        "init 6",
        "systemctl reboot",
        "exec reboot",
        "[ -f /x ] && reboot",
        "at now <<< reboot",
    ],
)
def test_a_restart_loses_what_fstab_does_not_hold(command: str) -> None:
    asks(
        f"{MOUNT}\n{command}", PATH, "line 3 of Launch's user data restarts the instance, which does not mount it again"
    )
    kept = answer(f"{FSTAB}\n{command}")
    assert kept is not None
    assert kept.message == CERTAIN


def test_a_line_of_fstab_that_a_restart_leaves_out() -> None:
    asks(f"{FSTAB.replace('_netdev', 'noauto')}\nmount /mnt/efs\nreboot", PATH, "restarts the instance")


@pytest.mark.parametrize("command", ["shutdown -h +60", "poweroff", "shutdown -c", "init 3", "echo reboot"])
def test_commands_that_restart_nothing(command: str) -> None:
    is_certain(f"{MOUNT}\n{command}")


# -- what is read no further, and what is ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (f"{MOUNT}\numount /mnt/!(x)", "may unmount it (umount /mnt/!(x))"),
        (f"{MOUNT}\nfor m in /mnt/+(efs|a); do umount $m; done", "may unmount it"),
        (f"{MOUNT}\n(cd /mnt && umount !(x))", "line 3 of Launch's user data is in a command that cannot be read"),
        (f"{MOUNT}\nif [ -f /x ]; then umount /mnt/efs", "is in a command that cannot be read"),
        (f"case efs in @(efs|nfs)) {MOUNT};; esac", "depends on a condition"),
        (f"{MOUNT}\nmake -C /opt/x umount", "may unmount it (make -C /opt/x umount)"),
        (f'{MOUNT}\nW=(-t tmpfs); W+=(tmpfs $(cat /x)); mount "${{!W[@]}}"', "may mount something over it (mount "),
        ("mount -t efs ${Fs}:/ $(cat /x)\nmount --bind /srv/a /mnt/efs/app", "where line 2 may mount EFS"),
    ],
)
def test_what_cannot_be_read_is_doubt(script: str, reason: str) -> None:
    asks(script, PATH, reason)


@pytest.mark.parametrize(
    "words",
    [
        "printf '%s\\0' /mnt/efs | xargs -0 umount",
        "echo /srv,/mnt/efs | xargs -d , umount",
        "echo /srv /mnt/efs | xargs -n 1 umount",
        "printf '/srv\\n/mnt/efs\\n' | xargs -I % umount %",
    ],
)
def test_words_that_xargs_is_given(words: str) -> None:
    asks(f"{MOUNT}\n{words}", PATH, "no mount of it is known")


@pytest.mark.parametrize(
    "script",
    [
        "echo '${Fs}:/ /mnt/efs' | xargs mount -t efs -o tls",
        f"{MOUNT}\nprintf '%s\\0' /srv /data | xargs -0 -n1 umount",
        f"{MOUNT}\nrm -rf /tmp/!(keep|this)",
        f"if !(mountpoint -q /mnt/efs); then {MOUNT}; fi",
        f"case $(uname -m) in x86_64|aarch64) {MOUNT};; *) echo no; exit 1;; esac",
        f'if [ "$(uname -m)" = x86_64 ]; then {MOUNT}; else exit 1; fi',
        f"set -e\nreadonly A=1\nbash -c 'A=2'\n{MOUNT}",
    ],
)
def test_what_is_read_at_sight(script: str) -> None:
    is_certain(script)


@pytest.mark.parametrize("end", ["exit 0", "return 1", "exit $X", "umount /mnt/efs; exit 1"])
def test_a_branch_that_does_more_than_fail(end: str) -> None:
    asks(f"if [ -f /x ]; then {MOUNT}; else {end}; fi", PATH, "depends on a condition")
    asks(f"( if [ -f /x ]; then {MOUNT}; else exit 1; fi )", PATH, "depends on a condition")


# -- lines of fstab that are edited, and services ----------------------------------------------------------------------


@pytest.mark.parametrize("edit", ["s/${Fs}:/${Fs2}:/", "s/^/#/", "/efs/d"])
def test_a_line_of_fstab_that_is_changed_once_it_is_mounted(edit: str) -> None:
    asks(f"{FSTAB}\nsed -i '{edit}' /etc/fstab", PATH, "line 4 of Launch's user data edits /etc/fstab with sed")


def test_an_edit_of_fstab_that_mounts_the_same() -> None:
    is_certain(f"{FSTAB}\nsed -i 's/tls/tls,noresvport/' /etc/fstab")


def test_a_unit_whose_name_does_not_fit_its_mount_point() -> None:
    renamed = UNIT.replace("mnt-efs.mount", "efs.mount")
    asks(renamed, PATH, "by a unit named efs.mount, which systemd refuses for this mount point")


SERVICE = "cat > /etc/systemd/system/share.service <<E\n[Service]\nType=oneshot\nExecStart=/bin/{}\nE"


def test_a_service_that_is_started_runs_its_commands() -> None:
    is_certain(f"{SERVICE.format(MOUNT)}\nsystemctl daemon-reload; systemctl enable --now share")
    asks(
        f"{MOUNT}\n{SERVICE.format('umount /mnt/efs')}\nsystemctl start share.service", PATH, "no mount of it is known"
    )
    asks(
        f"{SERVICE.format(MOUNT)}\nsystemctl start share\nsystemctl stop share",
        PATH,
        "may unmount it (systemctl stop share)",
    )
    conditional = SERVICE.replace("Type=oneshot", "ConditionPathExists=/x").format(MOUNT)
    asks(f"{conditional}\nsystemctl start share", PATH, "depends on a condition")
