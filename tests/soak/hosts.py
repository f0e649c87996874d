"""Scripts of container instances, put together at random, and bash as the judge of what they mount.

A script asks things that only the host knows: whether a file is there, what a command answers. bash runs it in a folder that
stands for the host, once for each combination of answers (a world), with stand-ins for `mount` and the other commands that would
change a real machine. Where all worlds agree the answer is certain; where they differ nobody can know it from the script.
"""

from __future__ import annotations

import itertools
import os
import random
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

FIRST, SECOND = "fs-0123456789abcdef0", "fs-0fedcba9876543210"

Seen = tuple[str, str] | None
"""The file system and directory that a container sees; None for the instance's own disk or another kind of mount."""

NESTED: Seen = ("", "another mount below")
"""For a directory that would lack a mount below it, as an EFS volume."""

# -- the host ---------------------------------------------------------------------------------------------------------

_MOUNT = r"""
place() {  # what lies at $1, by the topmost mount that covers it: its source with the rest of the path
  local source target rest found="local:$1"
  while read -r source target rest; do
    case $1 in "$target") found=$source;; "$target"/*) found=${source%/}${1#"$target"};; esac
  done < "$HOST/proc/mounts"
  printf '%s\n' "$found"
}
fstab() {  # mounts the lines of fstab, all or those with the mount point $1
  local source target type options rest
  while read -r source target type options rest || [ -n "$source" ]; do
    case $source in ''|'#'*) continue;; esac
    [ -n "$target" ] && [ -z "$1" -o "$(realpath -m "$target")" = "$1" ] || continue
    [ -z "$1" ] && case ,$options, in *,noauto,*) continue;; esac
    [ -z "$1" ] && grep -q "^$source $target " "$HOST/proc/mounts" && continue
    add "$source" "$target" "$type" "$options"
  done < "$HOST/etc/fstab"
}
add() {
  local source=$1 target type=$3 options=$4
  target=$(realpath -m "$2")
  mkdir -p "$target" && : > "$target/.busy"  # so that rmdir fails, as it does on a mount point
  # A mount hides the links that were made before it.
  grep -q " $target " "$HOST/proc/mounts" || find "$target" -mindepth 1 -type l -delete
  case ,$options, in *,bind,*|*,rbind,*) source=$(place "$(realpath -m "$source")");; esac
  [ "$type" = efs ] && case $source in *:*) ;; *) source=$source:/;; esac
  # The kernel refuses the same file system on the same mount point.
  [ "$(grep " $target " "$HOST/proc/mounts" | tail -n 1 | cut -d' ' -f1)" = "$source" ] && return $BUSY
  printf '%s %s %s %s 0 0\n' "$source" "$target" "${type:-none}" "${options:-defaults}" >> "$HOST/proc/mounts"
}
type= options= all= fake= words=()
while [ $# -gt 0 ]; do
  case $1 in
    -t) type=$2; shift;;
    -o) options=${options:+$options,}$2; shift;;
    -a) all=1;;
    -f|--fake) fake=1;;
    --make-*) exit 0;;
    --types) type=$2; shift;;
    --source|--target) words+=("$2"); shift;;
    -o?*) options=${options:+$options,}${1#-o};;
    -B|--bind|--rbind) options=${options:+$options,}bind;;
    -*) ;;
    *) words+=("$1");;
  esac
  shift
done
[ -n "$fake" ] && exit 0
case ,$options, in *,remount,*) exit 0;; esac
if [ -n "$all" ]; then fstab ''
elif [ ${#words[@]} = 1 ]; then fstab "$(realpath -m "${words[0]}")"
elif [ ${#words[@]} = 2 ]; then add "${words[0]}" "${words[1]}" "$type" "$options"
else cat "$HOST/proc/mounts"; fi
"""

_UMOUNT = r"""
recursive= all= status=0
for word; do
  case $word in --recursive) recursive=1;; -*) case $word in *R*) recursive=1;; esac; case $word in *a*) all=1;; esac;; esac
done
[ -n "$all" ] && { case "$*" in *tmpfs*) ;; *) : > "$HOST/proc/mounts";; esac; exit 0; }
for word; do
  case $word in -*) continue;; esac
  path=$(realpath -m "$word")
  awk -v path="$path" -v word="$word" -v recursive="$recursive" '
    { line[NR] = $0; if ($2 == path || $1 == word || $1 == word ":/" || (recursive && index($2, path "/") == 1)) last = NR
      if (recursive && (index($2, path "/") == 1 || $2 == path)) gone[NR] = 1 }
    END { if (!last) exit 32; for (n = 1; n <= NR; n++) if (n != last && !(n in gone)) print line[n] }
  ' "$HOST/proc/mounts" > "$HOST/proc/new"
  if [ $? = 0 ]; then rm -f "$path/.busy"; cat "$HOST/proc/new" > "$HOST/proc/mounts"; else status=32; fi
done
exit $status
"""

_SYSTEMCTL = r"""
verb= now= unit=
for word; do
  case $word in --now) now=1;; -*) ;; *) if [ -z "$verb" ]; then verb=$word; else unit=$word; fi;; esac
done
file=$HOST/etc/systemd/system/$unit
case $unit in *.mount) ;; *) exit 0;; esac
[ -f "$file" ] || exit 0
value() { cat "$file" "$file".d/*.conf 2> /dev/null | sed -n "s/^$1=//p" | tail -n 1; }
case $verb in
  enable) : > "$HOST/etc/enabled/$unit";;
  disable|mask) rm -f "$HOST/etc/enabled/$unit";;
esac
case $verb$now in
  start|enable1|restart) mount -t "$(value Type)" -o "$(value Options)" "$(value What)" "$(value Where)";;
  stop|disable1|mask1) umount "$(value Where)";;
esac
"""

_STAND_INS = {
    "mount": _MOUNT,
    "umount": _UMOUNT,
    "systemctl": _SYSTEMCTL,
    "mountpoint": 'for word; do :; done; grep -q " $(realpath -m "$word") " "$HOST/proc/mounts"',
    "findmnt": 'for word; do :; done; grep " $(realpath -m "$word") " "$HOST/proc/mounts"',
    "curl": 'printf "%s\\n" "$ANSWER"; [ "$UP" = yes ]',
    "aws": 'printf "%s\\n" "$ANSWER"',
    "reboot": ': > "$HOST/proc/restarts"',
    **dict.fromkeys(("yum", "sleep", "logger", "chown"), ":"),
}

UNKNOWN: dict[str, tuple[str, ...]] = {
    "ANSWER": (FIRST, SECOND, ""),
    "UP": ("yes", "no"),
    "FLAG": ("yes", "no"),
}
"""What only the host knows, with the values that it may have: what commands print, whether they succeed, whether the file
/opt/flag is there."""

_PATH = re.compile(r"(?<![\w.$}/:-])/(?=(?:mnt|etc|opt|srv|var|proc)\b)")
"""The beginning of a path of the host, but not of a directory of a file system."""


def _asks(script: str) -> list[dict[str, str]]:
    """The worlds that make a difference to a script."""
    used = {
        "ANSWER": re.search(r"\b(?:curl|aws)\b", script),
        "UP": re.search(r"\bcurl\b", script),
        "FLAG": "/opt/flag" in script,
    }
    names = [name for name in UNKNOWN if used[name]]
    return [dict(zip(names, values, strict=True)) for values in itertools.product(*(UNKNOWN[n] for n in names))]


def prepare(folder: Path) -> None:
    """Put the stand-ins where `worlds` finds them."""
    (folder / "bin").mkdir()
    for name, text in _STAND_INS.items():
        path = folder / "bin" / name
        path.write_text(f"#!/bin/bash\n{text}\n")
        path.chmod(0o755)


def worlds(script: str, host_path: str, folder: Path) -> tuple[set[Seen], set[Seen]]:
    """What a container may see at a path once the script has run on some host, and after a restart of that."""
    seen = [_run(script, host_path, world, folder) for world in _asks(script)]
    return {now for now, _ in seen}, {later for _, later in seen}


def _run(script: str, host_path: str, world: dict[str, str], folder: Path) -> tuple[Seen, Seen]:
    host = folder / "host"
    subprocess.run(["rm", "-rf", host], check=True)
    for name in (
        "proc",
        "etc/systemd/system",
        "etc/enabled",
        "opt",
        "srv/other",
        "var",
        str(Path(host_path[1:]).parent),
    ):
        (host / name).mkdir(parents=True)
    (host / "proc/mounts").touch()
    (host / "etc/fstab").write_text("# the disks of the instance\n")
    if world.get("FLAG") == "yes":
        (host / "opt/flag").touch()
    # A script with `set -e` would end at a mount that is made twice, which working instances do not show.
    busy = "0" if script.startswith("set -e") else "32"
    environment = {"PATH": f"{folder / 'bin'}:{os.environ['PATH']}", "HOST": str(host), "BUSY": busy, **world}
    text = _PATH.sub(f"{host}/", script)
    _bash(text, environment, host)
    now = _seen(host, host_path)
    restarts = (host / "proc/restarts").exists()
    (host / "proc/mounts").write_text("")
    _bash(f"mount -a; for unit in {host}/etc/enabled/*; do systemctl start ${{unit##*/}}; done", environment, host)
    later = _seen(host, host_path)
    return later if restarts else now, later


def _bash(text: str, environment: dict[str, str], host: Path) -> None:
    subprocess.run(["bash", "-c", text], env=environment, cwd=host, capture_output=True, timeout=20, check=False)


def _seen(host: Path, host_path: str) -> Seen:
    path, mounts = os.path.realpath(f"{host}{host_path}"), (host / "proc/mounts").read_text()
    found, nested = f"local:{path}", False
    for line in mounts.splitlines():
        source, target = line.split(" ")[:2]
        if path == target:
            found, nested = source, False
        elif path.startswith(f"{target}/"):
            found, nested = source.rstrip("/") + path.removeprefix(target), False
        elif target.startswith(f"{path}/"):
            nested = True
    server, _, directory = found.partition(":")
    system = re.match(r"(fs-[0-9a-f]+)(?:\.|$)", server)
    if not system:
        return None
    return NESTED if nested else (system[1], directory or "/")


# -- scripts ----------------------------------------------------------------------------------------------------------


@dataclass
class Writer:
    """Writes one script, statement by statement."""

    chance: random.Random

    def script(self) -> str:
        """A few statements, of which one mounts at least."""
        made = [self._name(), *(self.statement(2) for _ in range(self.chance.randint(0, 1))), self._mount()]
        made += [self.statement(2) for _ in range(self.chance.randint(0, 3))]
        text = "\n".join(made) + "\n"
        # A umount of nothing fails, and then a script with `set -e` never comes to its end on any host.
        careful = not re.search("umount|missing|rmdir|grep", text)
        head = self.chance.choice(["", "", "set -e\n" if careful else "", "exec > /var/log.txt 2>&1\n"])
        return head + text + self.chance.choice([""] * 19 + ["reboot\n"])

    def statement(self, depth: int) -> str:
        """One statement; within `depth` it may hold others."""
        kinds = [self._name, self._mount, self._undo, self._harmless, self._link, self._over]
        if depth:
            kinds += [lambda: self._compound(depth - 1)] * 3
        return self.chance.choice(kinds)()

    def _compound(self, depth: int) -> str:
        body = self.statement(depth)
        inner = "\n".join(f"  {line}" for line in body.split("\n"))
        if "<<" in body:  # the end of a here-document stands at the beginning of its line
            inner = body
        other = self._harmless()
        condition = self._condition()
        return self.chance.choice(
            [
                f"if {condition}; then\n{inner}\nfi",
                f"if {condition}; then\n{inner}\nelse\n  {other}\nfi",
                f"{condition} && {{\n{inner}\n}}",
                f"for item in {self.chance.choice(['a', 'a b', FIRST, f'{SECOND} {FIRST}'])}; do\n{inner}\ndone",
                f"for FS in {SECOND} {FIRST}; do\n  {condition} && break\n{inner}\ndone",
                f"work() {{\n{inner}\n}}\nwork",
                f"work() {{\n{inner}\n}}",
                f"(\n{inner}\n)",
                f"case $(curl -s http://example.com) in\n{FIRST})\n{inner}\n;;\n*) {other};;\nesac",
                f"case efs in\nefs)\n{inner}\n;;\n*) {other};;\nesac",
                f"while read -r item; do\n{inner}\ndone <<< word",
                f"while true; do\n{inner}\n  break\ndone",
                f"until {condition}; do\n{inner}\n  break\ndone",
                f"for ((n = 0; n < 1; n++)); do\n{inner}\ndone",
                f'work() {{\n  [ "$1" = yes ] || return 0\n{inner}\n}}\nwork {self.chance.choice(["yes", "no", "$FS"])}',
                f"work() {{\n  local FS=$1\n{inner}\n}}\nwork {self.chance.choice([FIRST, SECOND, '$FS'])}",
                f"{condition} || {{\n{inner}\n}}",
                f"{condition} && exit 0\n{body}",
                f"( {condition} && exit 0\n{body}\n)",
                f"{{\n{inner}\n}} &\nwait",
                f"{{\n{inner}\n}} > /var/log.txt 2>&1",
                f"{{\n{inner}\n}} | cat",
                f"if {condition}; then\n  {other}\nelif {self._condition()}; then\n{inner}\nfi",
                f'case "$FS" in\n{FIRST}|x)\n{inner}\n;;\nfs-*) {other};;\nesac',
                f"set -- one two\nwhile [ $# -gt 0 ]; do\n{inner}\n  shift\ndone" if "work" not in body else body,
                f"bash <<'SCRIPT'\n{body}\nSCRIPT" if "SCRIPT" not in body else body,
                f"cat > /opt/run.sh <<'FILE'\n{body}\nFILE\nbash /opt/run.sh" if "FILE" not in body else body,
                f"cat > /opt/run.sh <<'FILE'\n{body}\nFILE\n. /opt/run.sh" if "FILE" not in body else body,
                f"trap '{body}' EXIT" if "'" not in body and "\n" not in body else f"{{\n{inner}\n}}",
                f"bash -c '{body}'" if "'" not in body and "\n" not in body and "$" not in body else f"{{\n{inner}\n}}",
            ]
        )

    def _condition(self) -> str:
        return self.chance.choice(
            [
                "[ -f /opt/flag ]",
                "! [ -f /opt/flag ]",
                "curl -sf http://example.com > /var/answer",
                '[ "$(aws ssm get-parameter --name x)" = a ]',
                "[ a = a ]",
                "[ a = b ]",
                "true",
                "mountpoint -q /mnt/efs",
                "! mountpoint -q /mnt/efs",
                "grep -q /mnt/efs /etc/fstab",
                '[ -n "$FS" ]',
                f'[ "$FS" = {FIRST} ]',
                "[[ $FS == fs-* ]]",
            ]
        )

    def _name(self) -> str:
        return self.chance.choice(
            [
                f"FS={FIRST}",
                f'FS="{FIRST}"',
                f"export FS={FIRST}",
                f"FS=${{FS:-{FIRST}}}",
                f"FS={SECOND}",
                "FS=$(aws efs describe-file-systems)",
                f"readonly FS={FIRST}",
                f"FS=$(echo {FIRST})",
                f"declare FS={FIRST}",
                f"eval FS={FIRST}",
                f"PAIR=app={FIRST}; FS=${{PAIR#*=}}",
                f"FS={FIRST}; FS=${{FS:-{SECOND}}}",
                f"LIST=({FIRST} {SECOND}); FS=${{LIST[0]}}",
                f"read -r FS <<< {FIRST}",
                f"FS={FIRST} true",
                'export "FS=$(curl -s http://example.com)"',
                f"FS={FIRST}; ( FS={SECOND} )",
                f"FS={FIRST}; echo {SECOND} | read -r FS",
                "unset FS",
                f"declare -A MAP=([app]={FIRST} [old]={SECOND}); FS=${{MAP[app]}}",
                f"LIST=(a); LIST+=({FIRST}); FS=${{LIST[1]}}",
                f"LIST=({SECOND} {FIRST}); FS=${{LIST[@]: -1}}",
                f"set -- {FIRST} x; FS=$1",
                f"FS=$(cut -d= -f2 <<< app={FIRST})",
                f"FS=$(echo '{SECOND} {FIRST}' | awk '{{print $2}}')",
                f"printf -v FS %s {FIRST}",
                f"IFS=, read -r A FS <<< x,{FIRST}",
                f"FS={FIRST}:/x; FS=${{FS%%:*}}",
                f"FS={SECOND}; FS=${{FS/{SECOND}/{FIRST}}}",
                f"mapfile -t LIST <<< {FIRST}; FS=${{LIST[0]}}",
                f"while IFS='=' read -r key value; do FS=$value; done <<PAIRS\nold={SECOND}\napp={FIRST}\nPAIRS",
                f"give() {{ FS={FIRST}; }}; give",
                f"give() {{ local FS={SECOND}; }}; give",
                f"give() {{ echo {FIRST}; }}; FS=$(give)",
                f"echo FS={FIRST} > /opt/env; . /opt/env",
                f": ${{FS:={FIRST}}}",
                f'NAME=FS; eval "$NAME={FIRST}"',
                f'NAME=FS; declare "$NAME={FIRST}"',
                f"OTHER={FIRST}; NAME=OTHER; FS=${{!NAME}}",
                f"case $FS in fs-*) ;; *) FS={FIRST};; esac",
                f"N=1; ((N++)); [ $N = 2 ] && FS={FIRST}",
                f"FS=({FIRST})",
                f"read -r FS < <(echo {FIRST})",
                "FS=${FS:-$(aws efs describe-file-systems)}",
                f"{{ FS={FIRST}; }} | cat",
                f"FS={FIRST} & wait",
            ]
        )

    def _mount(self) -> str:
        directory = self.chance.choice(["/", "/", "/", "/app", "/v1"])
        source = self.chance.choice(
            [f"{FIRST}:{directory}", f"$FS:{directory}", f"${{FS}}:{directory}", f"{SECOND}:{directory}"]
        )
        domain = source.replace(":", ".efs.eu-west-1.amazonaws.com:")
        at = self.chance.choice(["/mnt/efs", "/mnt/efs", "/mnt/efs", "/mnt/efs/app", "/srv/other"])
        line = f"{source} {at} efs _netdev,tls 0 0"
        unit = f"[Mount]\nWhat={FIRST}:{directory}\nWhere=/mnt/efs\nType=efs\n"
        return self.chance.choice(
            [
                f"mkdir -p {at}\nmount -t efs {source} {at}",
                f"mount -t efs -o tls {source} {at}",
                f"mount -t nfs4 -o nfsvers=4.1 {domain} {at}",
                f"mkdir -p {at} && mount -t efs {source} {at}",
                f'echo "{line}" >> /etc/fstab\nmount -a',
                f'echo "{line}" >> /etc/fstab\nmount {at}',
                f"cat >> /etc/fstab <<EOF\n{line}\nEOF\nmount -a -t efs",
                f'printf "%s\\n" "{line}" | tee -a /etc/fstab\nmount -a',
                f"cat > /etc/systemd/system/mnt-efs.mount <<'EOF'\n{unit}EOF\nsystemctl enable --now mnt-efs.mount",
                f"mountpoint -q {at} || mount -t efs {source} {at}",
                f"AT={at}; mount -t efs {source} $AT",
                f"(mount -t efs {source} {at})",
                f'attach() {{ mount -t "$1" "$2" "$3"; }}\nattach efs {source} {at}',
                f"mount -t efs {source} {at} -o tls",
                f"mount -oro,tls -t efs {source} {at}",
                f"mount --types efs --source {source} --target {at}",
                f"cd /srv/..; mount -t efs {source} {at[1:]}",
                f"(cd /srv/.. && mount -t efs {source} ./{at[1:]})",
                f'WORDS=(-t efs); WORDS+=({source} {at}); mount "${{WORDS[@]}}"',
                f"bash <<SCRIPT\nmount -t efs {source} {at}\nSCRIPT",
                f"export FS; bash -c 'mount -t efs $FS:{directory} {at}'",
                f'bash -c \'mount -t efs "$1:$2" "$3"\' -- $FS {directory} {at}',
                f"echo {source} {at} | while read -r from to; do mount -t efs $from $to; done",
                f"echo {source} {at} | xargs mount -t efs",
                f'for pair in {source}={at}; do mount -t efs "${{pair%%=*}}" "${{pair##*=}}"; done',
                f"for try in 1 2 3; do mount -t efs {source} {at} && break; sleep 1; done",
                f"mount -t efs {source} {at} &\nwait",
                f"sed -i '$ a {FIRST}:{directory} {at} efs _netdev,tls 0 0' /etc/fstab\nmount -a",
                f'grep -q {at} /etc/fstab || echo "{line}" >> /etc/fstab\nmount -a',
                f"sed \"s/@FS@/$FS/\" >> /etc/fstab <<'LINES'\n@FS@:{directory} {at} efs _netdev 0 0\nLINES\nmount -a",
                f"cat > /opt/line <<LINES\n{line}\nLINES\ncat /opt/line >> /etc/fstab\nmount -a",
                f'echo "{line.replace("_netdev", "_netdev,noauto")}" >> /etc/fstab\nmount {at}',
                f"case {at} in /mnt/*) mount -t efs {source} {at};; esac",
                f"cat > /etc/systemd/system/mnt-efs.mount <<EOF\n{unit}EOF\nmkdir -p /etc/systemd/system/mnt-efs.mount.d\n"
                f"printf '[Mount]\\nWhat={SECOND}:/\\n' > /etc/systemd/system/mnt-efs.mount.d/over.conf\n"
                "systemctl daemon-reload\nsystemctl enable --now mnt-efs.mount",
            ]
        )

    def _undo(self) -> str:
        return self.chance.choice(
            [
                "umount /mnt/efs",
                "umount -l /mnt/efs",
                "umount -R /mnt/efs",
                "umount -a",
                "umount $(findmnt /mnt/efs | cut -d' ' -f2)",
                "grep efs /proc/mounts | awk '{print $2}' | xargs -r umount",
                "for at in /mnt/*; do umount $at; done",
                "echo /mnt/efs | xargs umount",
                "cut -d' ' -f2 /proc/mounts | while read -r at; do umount $at; done",
                "systemctl stop mnt-efs.mount",
                "systemctl disable --now mnt-efs.mount",
                "trap 'umount /mnt/efs' EXIT",
                "umount /srv/other",
                "umount $(curl -s http://example.com)",
                "find /mnt -maxdepth 1 -name efs -exec umount {} \\;",
                "bash -c 'umount /mnt/efs'",
                "sed -i '/efs/d' /etc/fstab",
                ": > /etc/fstab",
                "cd /srv/.. && umount mnt/efs",
                "umount /mnt/../mnt/efs",
                'drop() { umount "$1"; }; drop /mnt/efs',
                'set -- /mnt/efs; umount "$@"',
                'LIST=(/mnt/efs); umount "${LIST[@]}"',
                f"sed -i 's#^{FIRST}:/#{SECOND}:/#' /etc/fstab",
                "sed -i 's/^fs-/#fs-/' /etc/fstab",
                "sed -i.bak '/mnt/s/_netdev/noauto/' /etc/fstab",
                "cp /dev/null /etc/fstab",
                "mv /etc/fstab /etc/fstab.old; touch /etc/fstab",
                "grep -v efs /etc/fstab > /etc/new; mv /etc/new /etc/fstab",
                "cp /etc/fstab /etc/old; echo x y z >> /etc/fstab; mv /etc/old /etc/fstab",
                "rm -f /etc/systemd/system/mnt-efs.mount",
                "systemctl mask mnt-efs.mount",
                "ln -sf /dev/null /etc/systemd/system/mnt-efs.mount",
                "umount /mnt/efs; mount -a",
                "umount /mnt/efs & wait",
                "trap 'umount /mnt/efs' EXIT; trap - EXIT",
                "printf '%s\\0' /mnt/efs | xargs -0 umount",
                'awk \'$3 == "efs" {print $2}\' /proc/mounts | while read -r at; do umount "$at"; done',
                "umount /mnt/e*",
                "umount /mnt/{efs,x}",
                "eval umount /mnt/efs",
                "DO=umount; $DO /mnt/efs",
                "AT=/mnt; umount $AT/efs",
                "umount $(dirname /mnt/efs/app)",
                "false || umount /mnt/efs",
                "true || umount /mnt/efs",
                "if false; then umount /mnt/efs; fi",
                "umount -t tmpfs -a",
                "echo umount /mnt/efs | bash",
                "bash -c 'umount $0' /mnt/efs",
                "umount /mnt/efs/",
                "umount /mnt/efs/app",
                f"umount {FIRST}:/",
                "mount | while read -r source on at rest; do umount $at; done",
            ]
        )

    def _harmless(self) -> str:
        return self.chance.choice(
            [
                "echo ready",
                "mkdir -p /mnt/efs/app",
                "chown 1000 /mnt/efs/app",
                "yum install -y amazon-efs-utils",
                "ls /mnt/efs",
                "touch /mnt/efs/ready",
                "logger mounted /mnt/efs",
                "sleep 1",
                "sed -i '/swap/d' /etc/fstab",
                "cd /opt",
                "cat /proc/mounts",
                "mount -t efs -f fs-0fedcba9876543210:/ /mnt/efs",
                "mount --make-rshared /mnt/efs",
                "cp /etc/fstab /etc/fstab.orig",
                "cd /mnt/efs",
                "cd /mnt/missing",
                "set +e",
                "true && echo umount /mnt/efs",
                "cat <<< 'umount /mnt/efs'",
                "rm -rf /mnt/efs/tmp",
                "sed -i 's/tls/tls/' /etc/fstab",
                "trap 'echo failed' ERR",
                "mount -o remount,rw /mnt/efs",
                "systemctl daemon-reload",
                "test -d /mnt/efs && echo there",
                "n=$(grep -c efs /etc/fstab)",
            ]
        )

    def _link(self) -> str:
        return self.chance.choice(
            [
                "ln -sfn v2 /mnt/efs/app",
                "ln -s /srv/other /mnt/efs/app",
                "ln -sfn /mnt/efs/v1 /srv/app",
                "ln -s /mnt/efs/app /var/app",
                "rmdir /mnt/efs && ln -s /srv/other /mnt/efs",
                "cd /mnt/efs && ln -sfn v2 app",
                "ln -s /mnt/efs /srv/efs; umount /srv/efs",
                "ln -sfn /srv/other /mnt/efs/app; rm -f /mnt/efs/app",
                "ln -sfn v2 /mnt/efs/v3; ln -sfn v3 /mnt/efs/app",
                "cd /srv; ln -sfn ../mnt/efs/v1 here",
            ]
        )

    def _over(self) -> str:
        return self.chance.choice(
            [
                "mount -t tmpfs tmpfs /mnt/efs/app",
                "mount --bind /srv/other /mnt/efs/app",
                "mount --bind /mnt/efs /srv/other",
                "mount -o bind /mnt/efs/v1 /mnt/efs/app",
                "mount -t tmpfs tmpfs /mnt/efs/app/cache",
                "mount /dev/xvdf /mnt",
                "mount -t tmpfs -o size=1m tmpfs /mnt/efs",
                "mount --bind /mnt/efs/app /mnt/efs/app",
                "mount -t tmpfs tmpfs /mnt/efs/app; umount /mnt/efs/app",
                "echo 'tmpfs /mnt/efs/app tmpfs defaults 0 0' >> /etc/fstab; mount -a",
                "echo '/srv/other /mnt/efs/app none bind 0 0' >> /etc/fstab; mount -a",
                "OVER=/mnt/efs/app; mount -t tmpfs tmpfs $OVER",
            ]
        )


def script(seed: int) -> tuple[str, str]:
    """The script of a seed, the same on every machine, and the host path to look at. No two seeds have the same path, so that
    no file of a repository knows something about another one."""
    text = Writer(random.Random(seed)).script()
    return re.sub(r"(?<=\bmnt[/-])efs", f"efs{seed}", text), f"/mnt/efs{seed}/app"
