"""Small scripts and files of a container instance, about which `mounted.txt` records what is read from them.

Each stands for one way to write something: a command's options, a condition, a form of a file.
"""

from __future__ import annotations

from collections.abc import Iterator

from support import ROOT

from migrate.dialects.common.user_data import parse_yaml
from rules.hosts import HostScript, read_file, read_user_data
from rules.model import Text

MOUNTED = ROOT / "tests" / "hosts" / "mounted.txt"
"""What is read from each: read it in the diff of a change. `make docs` writes it anew."""

ID = "fs-12345678"
DNS = f"{ID}.efs.us-east-1.amazonaws.com"
MOUNT = f"mount -t efs {ID}:/ /e"
UNDER = f"{MOUNT}\n"


CONDITIONS = [
    "[ a = a ]", "[ a = b ]", "[ a == a ]", "[ a != b ]", "[ a != a ]", "[ a = a* ]", "[ -z '' ]", "[ -z a ]", "[ -n '' ]", "[ -n a ]",
    "[ -z $X ]", "[ 1 -eq 1 ]", "[ 1 -eq 2 ]", "[ 1 -ne 1 ]", "[ 1 -lt 2 ]", "[ 2 -lt 2 ]", "[ 2 -le 2 ]", "[ 3 -gt 2 ]", "[ 2 -gt 2 ]",
    "[ 2 -ge 2 ]", "[ 1 -xx 2 ]", "[ ! a = a ]", "[ ! a = b ]", "[ ! -f /x -a ! -f /y ]", "[ -f /x ]", "[ a = $X ]", "[[ a == a ]]",
    "true; [ $? = 0 ]", "false; [ $? = 0 ]", "true; [ $? -eq 0 ]", "true; [ $? == 0 ]", "true; [ $? != 0 ]", "true; [ $? -ne 0 ]",
    "true; [ $? -gt 0 ]", "true; [ $? -lt 0 ]", "false; [ $? -ne 0 ]", "true; [ ${?} -eq 0 ]", "test a = b", "mountpoint -q /e",
    "mountpoint -q /x", "grep -q /e /proc/mounts", "grep -qe /e /etc/mtab", "grep -qv /e /etc/mtab", "grep -q /e /x", "mount | grep -q /e",
    "mount -l | grep -q /e", "cat /proc/mounts | grep -q '^.*/e '", "df | grep /e", "command -v mount.efs", "command -V mount.efs", "! true",
    "command -p true", "findmnt /e", "mount", "grep -q /proc/mounts -e /e", "grep -q -e /x -e /e /proc/mounts",
    f"grep -q {ID} /proc/mounts", "grep -q e /proc/mounts", "grep -q fs-87654321 /proc/mounts", "findmnt | grep -q /e", "grep -q /e/ /proc/mounts",
]  # fmt: skip
"""Conditions on a host that has mounted at /e."""

SCRIPTS = [
    *(f"{UNDER}if {condition}; then umount /e; fi" for condition in CONDITIONS),
    *(f"{kind} {condition}; do {MOUNT}; break; done" for kind in ("while", "until") for condition in ("true", "false", "[ -f /x ]")),
    # umount and other commands about mounts
    *(
        f"{UNDER}{command}"
        for command in (
            "umount /e", "umount -t efs /e", "umount -t /e /x", "umount -O x /e", "umount -N /e /x", "umount -l -f /e", "umount -a", "umount -A",
            "umount $X", "umount /x /e", "mount -o remount,ro /e", "mount -o remount /e", "mount --make-shared /e", "mount -L data /e",
            "mount -U x /e", "mount --label=x /e", "mount --uuid x /e", "mount -L -a /e", "mount --move /e /f", "mount -M /e /f", "mount -M /e",
            "mount --bind /e /f", "mount -B /e/x /f", "mount -R /e /f", "mount --rbind /e /f", "mount -o bind,ro /e /f", "mount --bind /x /e",
            "mount -t tmpfs none /e", "mount -t tmpfs none /e/x", "mount -o bind /x /e/y", "mount /e", "mount -t efs /z", "mount /dev/sdf /e/d",
            "s3fs bucket /e", "s3fs bucket -o x /e/b /c", "s3fs bucket", "goofys bucket /g", "ln -s /e /l", "ln -sf /e/x /l", "ln --symbolic /e /l",
            "ln /e /l", "ln -s /e", "ln -s /x /l", "cd /e; mount --bind x /f", "mount -t efs a b c d", "mount -t nfs4 -T x -p y fs-12345678:/ /n",
            "mount -F /e", "mount -t efs -N ns fs-12345678:/ /n", "mount --target /n --source fs-12345678:/ -t efs", "mount --target=/n -t efs fs-1:/", "mount -t efs --source fs-12345678:/ /n", "mount /a:/b /n",
            "mount host:/b /n", "mount user@host:/b /n", "mount sshfs#host:/b /n",
        )
    ),
    # directories
    *(
        f"{UNDER}{command}"
        for command in (
            "mkdir /e/a", "mkdir -p /e/a /e/b", "mkdir -m 755 /e/a", "mkdir -m755 /e/a", "mkdir -pm 700 /e/a", "mkdir --mode=0750 /e/a",
            "mkdir --mode 1777 /e/a", "mkdir -m u=rwx /e/a", "mkdir /x", "mkdir /e/*", "mkdir --mode", "install -d /e/a", "install --directory /e/a",
            "install -d -o 7 -g 8 -m 750 /e/a", "install -d --owner=7 --group 8 --mode=0700 /e/a", "install -o7 -g8 -m7 -d /e/a", "install x /e/a",
            "install -d -o root /e/a", "install -d -o nobody /e/a", "chown 7 /e/a", "chown 7:8 /e/a", "chown 7.8 /e/a", "chown :8 /e/a",
            "chown 7: /e/a", "chown -R 7:8 /e/a /e/b", "chown root:root /e/a", "chown nobody /e/a", "chown --reference=/x /e/a", "chgrp 8 /e/a",
            "chgrp -R 8 /e/a", "chown 4294967295 /e/a", "chown 4294967296 /e/a", "chmod 755 /e/a", "chmod -R 0755 /e/a", "chmod u+x /e/a",
            "chmod --recursive 7 /e/a", "chmod -x /e/a", "chown 7 /e", "cd /e; mkdir a", "mkdir /e/a; chown 7:8 /e/a; chmod 700 /e/a",
            "mkdir /e/a; umount /e; mkdir /e/b", "if [ -f /x ]; then mkdir /e/a; fi", "mkdir /e/X", "chown", "chown --reference=/x /e/a /e/b",
        )
    ),
    # text that is written
    *(
        f"{command} >> /etc/fstab"
        for command in (
            f"echo -n '{ID}:/ /e efs'", f"echo -e '{ID}:/\\t/e\\tefs'", f"echo -ne '\\n{ID}:/ /e efs\\n'", f"echo -E '{ID}:/ /e efs'",
            f"printf -- '{ID}:/ /e efs'", f"printf '%s\\n' '{ID}:/ /e efs' '{ID}:/x /f efs'", f"printf '%s %s efs\\n' {ID}:/ /e {ID}:/x /f",
            f"printf '%b' '{ID}:/ /e efs\\n'", f"printf '%%\\n{ID}:/ /e efs\\n'", f"printf '%s\\n' '{ID}:/ /e\\040x efs'", f"printf '%s /e efs 0 %d\\n' {ID}:/", "printf", "printf --",
            f"printf -v LINE '{ID}:/ /e efs'", f"printf '%-5s /e efs %i' {ID}:/ 0", f"echo {ID}:/ /e", f"echo '{ID}:/ none efs'", f"echo '{ID}:/ /e\\040x efs'",
            f"echo '# {ID}:/ /e efs'", f"echo '{ID}:/a /e efs'; echo '/e /f none bind'", f"echo '{ID}:/a /e efs' | cat", f"echo '{ID}:/a /e efs' | cat -",
        )
    ),
    f"printf -v LINE '{ID}:/ /e efs'\necho $LINE >> /etc/fstab",
    f"echo '{ID}:/ /e efs' | tee /etc/fstab",
    f"echo '{ID}:/ /e efs' >> /etc/fstab\necho '{ID}:/ /f efs' | tee /etc/fstab",
    f"echo '{ID}:/ /e efs' >> /etc/fstab\necho '{ID}:/ /f efs' | tee -a /etc/fstab",
    f"echo '{ID}:/ /e efs' >> /etc/fstab\necho '{ID}:/ /f efs' > /etc/fstab",
    f"echo '{ID}:/ /e efs' >> /etc/fstab\nsed -i 's/a/b/' /etc/fstab",
    f"echo '{ID}:/ /e efs' >> /etc/fstab\nsed --in-place=x 's/a/b/' /etc/fstab",
    f"echo '{ID}:/ /e efs' >> /etc/fstab\nsed -n 's/a/b/' /etc/fstab",
    f"echo '{ID}:/ /e efs' >> /etc/fstab\nsed -ri 's/a/b/' /etc/fstab",
    "sed -i 's/efs/x/' /etc/fstab",
    "sed -i 's/a/x/' /etc/fstab",
    f"echo '{MOUNT}' > /a.sh; sed -i s/a/b/ /a.sh; bash /a.sh",
    f"echo '{MOUNT}' > /a.sh; cp /a.sh /b.sh; bash /b.sh",
    f"echo '{ID}:/ /e efs' > /a; mv /a /etc/fstab",
    f"echo '{ID}:/ /e efs' >> /etc/fstab\ncp /x /etc/fstab",
    f"echo '{ID}:/ /e efs' > /a; cat /a >> /etc/fstab",
    f"echo '{ID}:/ /e efs' > /a; cat /x /a >> /etc/fstab",
    f"cat /proc/mounts > /x; cat <<E >> /etc/fstab\n# x\n{ID}:/ /e efs\nE",
    # commands that run commands
    *(
        command.replace("MOUNT", MOUNT)
        for command in (
            "sudo MOUNT", "sudo -u root MOUNT", "sudo -n MOUNT", "sudo -- MOUNT", "sudo A=b MOUNT", "doas -u x MOUNT", "env A=b MOUNT", "env -u X MOUNT",
            "nohup MOUNT", "time -f x MOUNT", "nice -n 5 MOUNT", "ionice -c 3 MOUNT", "exec MOUNT", "command MOUNT", "command -p MOUNT", "setsid MOUNT",
            "timeout 5 MOUNT", "timeout -k 1 5 MOUNT", "flock /x MOUNT", "flock -w 1 /x MOUNT", "cloud-init-per once x MOUNT", "systemd-run -p x MOUNT",
            "bash -c 'MOUNT'", "bash -ec 'MOUNT'", "bash -x -c 'MOUNT'", "bash --command 'MOUNT'", "su - root -c 'MOUNT'", "su -c 'MOUNT'", "bash -c",
            "bash -c 'mount -t efs fs-12345678:/ $0' /e", "bash -c 'mount -t efs fs-12345678:/ $1' x /e", "eval MOUNT", "eval 'MOUNT'", "eval \"$X MOUNT\"",
            "bash <<E\nMOUNT\nE", "echo 'MOUNT' | sh", "echo 'MOUNT' > /a.sh; . /a.sh", "echo 'MOUNT' > /a.sh; source /a.sh", "echo 'MOUNT' > /a.sh; /a.sh",
            "echo 'MOUNT' > /a.sh; chmod +x /a.sh; ./a.sh", "echo 'MOUNT' > /a.sh; sh -x /a.sh", "echo 'mount -t efs fs-12345678:/ $1' > /a.sh; sh /a.sh /e",
            "echo 'A=/e' > /a.sh; . /a.sh; mount -t efs fs-12345678:/ $A", "echo 'A=/e' > /a.sh; sh /a.sh; mount -t efs fs-12345678:/ $A",
            "[ -f /x ] && echo 'MOUNT' > /a.sh; sh /a.sh", "[ -f /x ] && echo 'MOUNT' > /a.sh; . /a.sh; mount -t efs fs-12345678:/x /f", "crontab -l; MOUNT",
            "#!/usr/bin/env bash\nMOUNT", "#!/usr/bin/env python3\nMOUNT", "bash 3<<E\nMOUNT\nE", "( ); MOUNT", "[ -f /x ] && a && MOUNT",
            "[ -f /x ] && a && MOUNT || b", "[ -f /x ] && MOUNT || umount /e", "[ -f /x ] && a || b && MOUNT", "[ -f /x ] || a || MOUNT", "[ -f /x ] || a && MOUNT",
            "f() { [ -f /x ] && exit; }; f; MOUNT", "f() { [ -f /x ] && return; }; f; MOUNT", "f() { [ -f /x ] && return; mkdir /a; MOUNT; }; f; mkdir /b",
            "([ -f /x ] && exit; a); MOUNT", "[ -f /x ] && exit; (a); MOUNT", "{ [ -f /x ] && exit; } && (a); MOUNT", "case a in (a) MOUNT;; esac", "case a in (b|a) MOUNT;; esac", "case $X in (a) MOUNT;; (*) MOUNT;; esac", "if [ -f /x ] && a; then MOUNT; fi", "if mkdir /x; then MOUNT; else mount -t efs fs-87654321:/ /f; fi",
            "if mkdir /x; then exit; else MOUNT; fi", "if mkdir /x; then exit; else :; fi; MOUNT",
            "if [ -f /x ]; then f() { MOUNT; }; else f() { mount -t efs fs-87654321:/ /f; }; fi; f", "if ! mkdir /x; then MOUNT; else mount -t efs fs-87654321:/ /f; fi", "if ! mkdir /x; then MOUNT; else exit; fi", "if [ -f /x ] || a; then MOUNT; fi",
            "[ -f /x ] && a && b && MOUNT", "[ -f /x ] && a || b || MOUNT", "[ -f /x ] && a && b || MOUNT",
            "set -- /e; echo 'mount -t efs fs-12345678:/ $1' > /a.sh; . /a.sh", "set -- /e; echo 'mount -t efs fs-12345678:/ $1' > /a.sh; . /a.sh /f",
            "for x in $(ls); do mount -t efs fs-12345678:/ /e$x; done", "x=/a; for x in $(ls); do mount -t efs fs-12345678:/ $x; done",
            "A=\"/a /b\"; for x in $A \"/c d\" '/e'; do mount -t efs fs-12345678:/ $x; done", "for x in /${Name}; do mount -t efs fs-12345678:/ $x; done",
            "for x in \"/${Name}\"; do mount -t efs fs-12345678:/ $x; done", "X=/e; unset X; mount -t efs fs-12345678:/ ${X:-/d}", "mount -t efs fs-12345678:/ e", "cd m; mount -t efs fs-12345678:/ e", "[ -f /x ] && exit; (a; MOUNT); mkdir /e/b", "f() { [ -f /x ] && return; (a); MOUNT; }; f; mkdir /e/b",
            "for a in 0 1 2 3 4 5 6 7 8 9; do " * 6 + "echo 0123456789; " + "done; " * 6 + "MOUNT",
            "(MOUNT)", "{ MOUNT; }", "(exit 1); MOUNT", "f() { MOUNT; }; f", "function f { MOUNT; }; f", "function f() { MOUNT; }; f", "f() { MOUNT; }",
            "f() { mount -t efs fs-12345678:/ $1; }; f /e", "f() { return; MOUNT; }; f", "exit; MOUNT", "a=1 MOUNT", "select x in a; do MOUNT; done",
            "for x in /e /f; do mount -t efs fs-12345678:/ $x; done", "for x; do MOUNT; done", "case a in a) MOUNT;; esac", "case a in b) MOUNT;; esac",
            "case $X in b) MOUNT;; esac", "case a in b|a) MOUNT;; esac", "case a in *) MOUNT;; esac", "MOUNT &", "MOUNT & wait", "! MOUNT", "coproc MOUNT",
            "true && MOUNT", "false && MOUNT", "true || MOUNT", "false || MOUNT", "true && false || MOUNT", "mkdir /e && MOUNT || exit 1", "x=`MOUNT`",
            "x=$(MOUNT)", "if true; then MOUNT; else umount /e; fi", "if false; then :; elif true; then MOUNT; fi", "if [ -f /x ]; then MOUNT; else MOUNT; fi",
        )
    ),
    # words
    *(
        f"mount -t efs {words}"
        for words in (
            f"{ID}:/ '/e f'", f"{ID}:/ \"/e\\\"f\"", f"{ID}:/ /e\\ f", f"{ID}:/ $'/e\\tf'", f"{ID}:/ /{{e,f}}", f"{ID}:/{{a,b}} /e", f"{ID}:/ ~/e", f"{ID}:/ /e#f",
            f"{ID}:/ /e # comment", f"{ID}:/ `echo /e`", f"{ID}:/ $(echo /e)", f"{ID}:/ \"$(echo '/e')\"", f"{ID}:/ $((1+1))", f"{ID}:/ /e$((1+1))", f"{ID}:/ /e$1",
            f"{ID}:/ ${{X:-/e}}", f"{ID}:/ ${{X-/e}}", f"{ID}:/ ${{X:=/e}}", f"{ID}:/ ${{X:?no}}", f"{ID}:/ ${{X:+/e}}", f"{ID}:/ ${{X%/}}", f"{ID}:/ ${{#X}}",
        )
    ),
    *(
        f"X={value}\nmount -t efs {ID}:/ {word}"
        for value in ("/e/f/", "''")
        for word in ("$X", "\"$X\"", "'$X'", "${X}", "${X:-/d}", "${X-/d}", "${X:+/p}", "${X+/p}", "${X%/}", "${X%%/*}", "${X#/}", "${X##*/}", "${X/e/g}", "${X//\\//_}", "${X:1}", "${X:0:2}", "${X^^}", "${#X}", "${X:=/d}", "${X:?}", "${!X}", "/a$X")
    ),
    # cloud-config
    *(
        f"#cloud-config\n{config}"
        for config in (
            f"mounts:\n- [{ID}:/, /e, efs]", f"mounts:\n- [{ID}:/, /e]", f"mounts:\n- ['{ID}:/', /e, efs, 'tls,_netdev', 0, 0]", f"mounts:\n- [{ID}:/, none, efs]",
            f"mounts:\n- [{ID}:/, null]", f"mounts:\n- ['{ID}:/']", f"mounts:\n- [{ID}:/, NONE, efs]", f"mounts:\n- [{ID}:/, e, efs]", "mounts:\n- [sdf, none, swap]",
            f"mount_default_fields: [null, null, efs, tls]\nmounts:\n- [{ID}:/, /e]", f"mount_default_fields: [null, /d]\nmounts:\n- ['{ID}:/']",
            f"mounts:\n- [{ID}:/, /e, efs]\n- [{ID}:/x, /f, null, ro]", f"runcmd:\n- [mount, -t, efs, '{ID}:/', '/e f']", f"runcmd:\n- [mount, -t, efs, '{ID}:/', /e]",
            f"runcmd:\n- [sh, -c, 'x; {MOUNT}']", f"runcmd:\n- - mount\n  - -t\n  - efs\n  - {ID}:/\n  - /e", f"bootcmd:\n- {MOUNT}", "runcmd:\n- 5\n- null\n- [1, 2.5, true]",
            f"runcmd:\n- |\n  x\n  {MOUNT}\n- mount -t efs {ID}:/f /f", f"write_files:\n- path: /etc/fstab\n  content: |\n    # x\n    {ID}:/ /e efs",
            f"write_files:\n- path: /etc/fstab\n  append: true\n  content: '{ID}:/ /e efs'", f"write_files:\n- path: /a.sh\n  content: {MOUNT}\nruncmd:\n- sh /a.sh",
            "write_files:\n- {path: /etc/fstab, content: 5}", "write_files:\n- {path: '', content: x}", "write_files:\n- {path: /etc/fstab, encoding: b64, content: eA==}", "write_files:\n- {path: /a.sh, encoding: b64, content: eA==}",
            f"write_files:\n- {{path: /etc/fstab, encoding: text/plain, content: '{ID}:/ /e efs'}}", "write_files:\n- {path: /x, encoding: b64, content: eA==}",
            f"write_files:\n- path: /etc/systemd/system/e.mount\n  content: |\n    [Mount]\n    What={ID}:/\n    Where=/e\n    Type=efs\nruncmd:\n- systemctl enable e.mount",
            "a: [", "mount: [", "- x",
        )
    ),
    # files that are written and used, or not
    *(
        f"cat > /etc/systemd/system/e.mount <<E\n[Mount]\nWhat={ID}:/\nWhere=/e\nType=efs\nE\nsystemctl {words}"
        for words in (
            "enable e.mount", "start e.mount", "restart e.mount", "reenable --now e.mount", "status e.mount", "enable e.automount", "enable x.mount",
            "enable /etc/systemd/system/e.mount", "daemon-reload",
        )
    ),
    f"cat > /a <<E\nmount\nE\ncat > /b.sh <<E\n\n{MOUNT}\nE",
    f"cat > /b.sh <<E\nmount -t efs {ID}:/ e\nE",
    f"cat > /b.sh <<E\n\necho {DNS}:/ /e nfs4 >> /etc/fstab\nE",
    f"cat > /b.sh <<E\n\n\n{MOUNT}\nE\n[ -f /x ] && echo >> /b.sh\nsh /b.sh",
    f"cat > /var/lib/cloud/scripts/per-boot/b <<E\n\n{MOUNT}\nE",
    f"cat > /etc/rc.local <<E\n\n{MOUNT}\nE",
    f"cat > /etc/auto.efs <<E\ne -fstype=efs {ID}:/\nE\necho '/m /etc/auto.efs' >> /etc/auto.master",
    f"cat > /etc/auto.efs <<E\ne -fstype=efs {ID}:/\nE\necho '/m file:/etc/auto.efs' > /etc/auto.master.d/x.autofs",
    f"[ -f /x ] && echo 'e -fstype=efs {ID}:/' > /etc/auto.misc",
    f"[ -f /x ] && echo '/m /etc/auto.efs' > /etc/auto.master; echo 'e -fstype=efs {ID}:/' > /etc/auto.efs",
    f"cat > /etc/systemd/system/e.service <<E\n[Service]\nExecStart={MOUNT}\nE",
    f"{MOUNT}\r\nmount -t efs {ID}:/x /f\r\n",
    # lists of commands
    *(
        command.replace("MOUNT", MOUNT)
        for command in (
            "s3fs bucket /g && MOUNT", "s3fs bucket && MOUNT", "true && true && MOUNT", "true && false && MOUNT", "a && b || c && MOUNT", "mountpoint -q $X && MOUNT",
            "mountpoint -q $X || MOUNT", "umount -t; MOUNT", "while mkdir /x; do MOUNT; break; done", "until mkdir /x; do MOUNT; break; done",
            "while ! mkdir /x; do MOUNT; break; done", "cd /m; mount -t efs fs-12345678:/ $PWD/e", "mount -t efs fs-12345678:/ $PWD/e",
            "mount -t nfs4 us-east-1a.fs-12345678:/ /e", "mount -t efs us-east-1a.fs-12345678:/ /e", f"mount -t efs us-east-1a.{DNS}:/ /e",
            "A=b$(cat /x); mount -t efs fs-12345678:/$A /e", "A=\"b c\"; mount -t efs fs-12345678:/ /$A", "A='/a b'; mount -t efs fs-12345678:/ \"$A\"",
            "mount --bind / /f; MOUNT", "mount --bind /a /; MOUNT", "mount -t efs $(cat /x):/ /e; mount -t efs $(cat /y):/ /e",
            "mount -t nfs4 10.0.0.1:/ /e; mount -t nfs4 10.0.0.2:/ /e", "mount -t nfs4 10.0.0.1:/ /e; umount /e; mount -t nfs4 10.0.0.1:/ /e",
            "if [ -f /x ]; then mount -t nfs4 10.0.0.1:/ /e; else mount -t nfs4 10.0.0.2:/ /e; fi", "if [ -f /x ]; then MOUNT; fi; mount --bind /e /f",
            "if [ -f /x ]; then MOUNT; else mount -t efs fs-87654321:/ /e; fi; mount --bind /e /f", "ID=fs-12345678; mount -t efs ${ID}:/ /e",
        )
    ),
    f"{UNDER}umount -O /e /x",
    f"if [ -f /x ]; then {MOUNT}; umount /e; fi",
    f"if [ $? = 0 ]; then {MOUNT}; fi",
    f"mount -t efs {ID}:/ /eXf",
    f"mount -t efs {ID}:/ \"\"/e",
    f"'' {MOUNT}",
    f"\"A\"=b {MOUNT}",
    f"if (false); then :; else ({MOUNT}); fi",
    f"{UNDER}mount -t nfs /z",
    f"{UNDER}mount -t nfs4 /z",
    f"{MOUNT} -o tls\necho '{ID}:/ /e efs defaults' >> /etc/fstab",
    f"{MOUNT}\necho '{ID}:/ /e efs tls' >> /etc/fstab",
    f"if [ -f /x ]; then {MOUNT} -o tls; else {MOUNT}; fi",
    f"if [ -f /x ]; then {MOUNT}; else {MOUNT} -o tls,ro; fi",
    f"cd\nmount -t efs {ID}:/ e",
    f"cd\nmount -t efs {ID}:/ $PWD/f",
    f"set -- /e /f\nmount -t efs {ID}:/ $1",
    f"set -ex\nmount -t efs {ID}:/ /e$1",
    f"f() {{ mount -t efs $@; }}; f {ID}:/ /e",
    f"f() {{ mount -t efs $*; }}; f {ID}:/ /e",
    f"A=(a b); {MOUNT}",
    f"{UNDER}A=(umount /e)",
    f"cd /etc; echo '{ID}:/ /e efs' | tee fstab",
    f"echo '{ID}:/ /e efs noauto' >> /etc/fstab; mount /e",
    f"echo '{ID}:/ /e efs noauto' >> /etc/fstab; mount /f",
    *(f"if [ -f /x ]; then {MOUNT} -o tls,accesspoint=fsap-1; else {MOUNT} -o tls,{o}; fi" for o in ("accesspoint=fsap-2", "accesspoint=fsap-1,x", "ro")),
    f"mount -t efs {ID}:/ /e\ue000f",
    f"mount -t efs {ID}:/ /{{a,b}}{{a,b}}{{a,b}}{{a,b}}{{a,b}}{{a,b}}{{a,b}}",
    f"mount -t efs {ID}:/ $'/\\145'",
    f"[ -f /x ] && exit\nmkdir /a\n{MOUNT}\nmount -t efs {ID}:/x /f",
    f"echo -e 'mkdir /x' > /a.sh; echo -e '{MOUNT}' >> /a.sh; sh /a.sh",
    f"echo -n 'mount -t efs ' > /a.sh; echo -n '{ID}:/ /e' >> /a.sh; sh /a.sh",
    f"cd /e; cd x; mount -t efs {ID}:/ y",
    f"cd /e; . /x/y; mount -t efs {ID}:/ z",
    f"mkdir /s; echo 'D=/e' > /s/x.sh; cd /s; . ./x.sh; mount -t efs {ID}:/ $D",
    f"cat > /x.sh <<E\n#!/usr/bin/python\n{MOUNT}\nE\n",
    f"echo '{ID}:/ /e efs' >> /etc/fstab\necho '{ID}:/ /f efs' | tee --append /etc/fstab",
    f"sed -i 's/x/{ID}.efs/' /etc/fstab",
    *(f"X=${{Directory}}\nmount -t efs {ID}:/ {word}" for word in ("$X", "${X-/d}", "${X:-}", "${X:-/d}")),
    *("f() { " * levels + MOUNT + "; }; f" * levels for levels in (3, 60)),
    "{ :; }\n" * 100 + MOUNT,
    f"#!/bin/sh\nset -e\n{MOUNT}\nf() {{\n  mkdir /e/a\n}}\nf\n",
    f"## template: jinja\n#cloud-config\nruncmd:\n- {MOUNT}\n",
    f"## template: jinja\n\n#!/bin/sh\n{MOUNT}\n",
    f"#cloud-config\nruncmd:\n- [ls]\n- [cd, /m]\n- [mount, -t, efs, '{ID}:/', e]\n",
    *(
        "Content-Type: multipart/mixed; boundary=b\n\n"
        + "".join(f"--b\nContent-Type: text/cloud-config\n\n{config}\n" for config in configs)
        + "--b--\n"
        for configs in (
            (f"runcmd:\n- {MOUNT}", f"runcmd:\n- {MOUNT}"), (f"runcmd:\n- {MOUNT}", "runcmd:\n- ls"), (f"mounts:\n- ['{ID}:/', /e, efs]", "runcmd:\n- ls"),
        )
    ),
    # archives and other forms
    f"\ufeff#cloud-config\nruncmd:\n- {MOUNT}\n",
    f"## template: jinja\n\ufeff#cloud-config\nruncmd:\n- {MOUNT}\n",
    f"MIME-Version: 1.0\nContent-Type: text/cloud-config\n\nruncmd:\n- {MOUNT}\n",
    f"Content-Type: text/x-shellscript\nContent-Transfer-Encoding: 8bit\n\n{MOUNT}\n",
    f"#!/bin/sh\n{MOUNT}",
    f"#cloud-boothook\n{MOUNT}",
    f"#include\nhttp://x/mount.efs?{ID}",
    f"#!/usr/bin/python3\nos.system('{MOUNT}')",
    f"<powershell>{MOUNT}</powershell>",
    f"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/x-shellscript\n\n#!/bin/sh\nx\n{MOUNT}\n--b--\n",
    f"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/mixed; boundary=c\n\n--c\nContent-Type: text/x-shellscript\n\n{MOUNT}\n--c--\n--b--\n",
    f"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/cloud-config\nContent-Transfer-Encoding: base64\n\n{MOUNT}\n--b--\n",
]  # fmt: skip

UNIT = f"[Unit]\nAfter=x\n[Mount]\nWhat={ID}:/\nWhere=/e\nType=efs\nOptions=tls\n"
FILES = [
    ("/etc/fstab", f"# x\n{ID}:/ /e efs tls 0 0\n{ID}:/x /f efs\n"),
    ("/etc/fstab", f"/e/x /g none bind\n{ID}:/ /e efs"),
    ("/etc/fstab", f"/e/x /g none rbind,ro\n{ID}:/ /e efs"),
    ("/etc/fstab", f"{ID}:/ /e efs\n/e/x /g rbind defaults\n/e/y /h bind defaults\n"),
    (
        "/etc/fstab",
        f"{ID}:/ /e efs noauto\n{ID}:/ /f efs noauto,x-systemd.automount\n{ID}:/ /g efs x-systemd.automount\n",
    ),
    ("/etc/systemd/system/e.mount", UNIT),
    ("/etc/systemd/system/e.mount", UNIT.replace("What=", "; x\n# y\nWhat = ")),
    ("/etc/systemd/system/e.mount", UNIT.replace("What=", "What=\\\n  ")),
    ("/etc/systemd/system/e.mount", UNIT.replace("Where", "# x \\\nWhere")),
    ("/etc/systemd/system/e.mount", f"{UNIT}#What=x\n;Where=/f\n"),
    ("/etc/systemd/system/e.mount", UNIT.replace("Where=/e", "Where=/e%i")),
    ("/etc/systemd/system/e.mount", UNIT.replace("[Mount]", "[Service]")),
    ("/etc/systemd/system/e.mount", UNIT.replace("Type=efs\n", "")),
    ("/etc/systemd/system/e.mount", UNIT.replace("=efs", '="efs"')),
    ("/etc/systemd/system/e.service", f"[Service]\nType=oneshot\nExecStart=-/bin/sh -c '{MOUNT}'\n"),
    ("/etc/systemd/system/e.service", f"[Service]\nExecStartPre=mkdir /e\n\nExecStart=@/bin/{MOUNT}\n"),
    ("/etc/systemd/system/e.service", f"[Service]\nExecStart=/bin/sh -c 'A={ID}; mount -t efs $$A:/ /e%%'\n"),
    ("/etc/systemd/system/e.service", f"[Unit]\nExecStart={MOUNT}\n"),
    ("/etc/auto.efs", f"e -fstype=efs,tls {ID}:/\n"),
    ("/etc/auto.efs", f"/e -fstype=efs {ID}:/\n"),
    ("/etc/auto_efs", f"# x\n/e -fstype=efs {ID}:/\n+x y\n"),
    ("/etc/autofs/x", f"/e {ID}.efs.us-east-1.amazonaws.com:/\n"),
    ("/etc/auto.misc", f"e -fstype=efs :{ID}:/\n"),
    ("/etc/auto.efs", f"d -fstype=efs {ID}:/\n/e -fstype=efs {ID}:/\n"),
    ("/etc/auto.misc", f"# x y\n/d -fstype=ext4 :/dev/sdf\n/e -fstype=efs {ID}:/\n"),
    ("/etc/auto.misc", f"/d -fstype=efs {ID}:/ {ID}:/x\nd -fstype=efs {ID}:/\n/e -fstype=efs {ID}:/\n"),
    ("/etc/auto.misc", "* -fstype=efs fs-12345678:/&\n"),
    ("/etc/auto.misc", "e -fstype=efs fs-12345678:/ fs-12345678:/x\n"),
    ("/etc/auto.misc", "e -fstype=efs fs-12345678:/ \\\n"),
    ("/etc/auto.misc", "e -fstype=ext4 :/dev/sdf\n"),
    ("/etc/auto.master", f"/e -fstype=efs {ID}:/\n"),
    ("/etc/cloud/cloud.cfg.d/x.cfg", f"x: 1\nruncmd:\n- {MOUNT}\n"),
    ("/a.sh", f"x\n{MOUNT}"),
    ("/a", f"#!/bin/bash\n{MOUNT}"),
    ("/a", MOUNT),
    ("/etc/rc.local", MOUNT),
    ("/etc/init.d/efs", f"#!/bin/sh\n{MOUNT}"),
    ("/var/lib/cloud/scripts/per-boot/x", MOUNT),
]


def record() -> str:
    """What is read from every script and file."""
    texts = [f"{script!r}\n{''.join(_shown(read_user_data(Text.of(script), parse_yaml)))}" for script in SCRIPTS]
    for path, content in FILES:
        texts.append(f"{path}: {content!r}\n{''.join(_shown(read_file(path, Text.of(content), parse_yaml)))}")
    return "".join(texts)


def _shown(read: HostScript) -> Iterator[str]:
    for mount in read.mounts:
        system = mount.file_system.source if mount.file_system else f"? ({mount.server})"
        options = f" {','.join(mount.options)}" if mount.options else ""
        more = "" if mount.certain else ", maybe"
        yield f"    line {mount.line}: {mount.host_path} <- {system}:{mount.directory}{options}{more}\n"
    for other in (*read.others, *read.directories, *read.unclear):
        yield f"    {other}\n"
