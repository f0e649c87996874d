"""The shell's own language in user data: what is literal is understood, and what is not known makes values unknown.

Each script runs on an instance whose task binds `/mnt/efs/app`. `${Fs}` and `${Fs2}` are file systems of the template.
"""

from __future__ import annotations

import pytest
from host_answers import CERTAIN, answer, asks, is_certain

from rules.hosts.arithmetic import Arithmetic
from rules.hosts.grammar.patterns import Glob, Regex
from rules.rule import Status

AT = "mount -t efs $F:/ /mnt/efs"
PATH = "/mnt/efs/app"
LINE = "${Fs}:/ /mnt/efs efs tls 0 0"


def plain(script: str) -> str:
    """The script in a `Fn::Sub`, where `${Fs}` and `${Fs2}` are references and other braces are the shell's."""
    written = script.replace("${", "${!")
    for name in ("Fs", "Fs2", "Dir"):
        written = written.replace(f"${{!{name}}}", f"${{{name}}}")
    return written


UNDERSTOOD = [
    # variables, arrays and their expansions
    "for p in ${Fs}=/mnt/efs ${Fs2}=/mnt/b; do mount -t efs ${p%%=*}:/ ${p##*=}; done",
    "p=${Fs}:/mnt/efs; mount -t efs ${p%:*}:/ ${p#*:}",
    "X=/srv/efs; mount -t efs ${Fs}:/ ${X/srv/mnt}",
    "X=/mnt/EFS; mount -t efs ${Fs}:/ ${X,,}",
    "X=/mnt/efs/old; mount -t efs ${Fs}:/ ${X:0:8}",
    "X=/mnt/efs/old; mount -t efs ${Fs}:/ ${X: -12:8}",
    r"X=/a//mnt/efs; mount -t efs ${Fs}:/ ${X//\/a\//}",
    "V=F; F=${Fs}; mount -t efs ${!V}:/ /mnt/efs",
    "G=${Fs}; : ${F:=$G}; " + AT,
    "DIRS=(/mnt/efs); mount -t efs ${Fs}:/ ${DIRS[0]}",
    "A=(a); A+=(/mnt/efs); mount -t efs ${Fs}:/ ${A[1]}",
    'A=(x /mnt/efs); for d in "${A[@]:1}"; do mount -t efs ${Fs}:/ $d; done',
    'declare -A M=([${Fs}]=/mnt/efs); for k in "${!M[@]}"; do mount -t efs $k:/ ${M[$k]}; done',
    'declare -A M; M[efs]=${Fs}; for k in "${!M[@]}"; do mount -t efs ${M[$k]}:/ /mnt/$k; done',
    "set -- ${Fs} /mnt/efs; mount -t efs $1:/ $2",
    "printf -v F %s ${Fs}; " + AT,
    'f() { local F=$1 d=$2; mount -t efs "$F":/ "$d"; }; f ${Fs} /mnt/efs',
    "( F=${Fs2} ); F=${Fs}; echo x | { F=${Fs2}; cat; }; " + AT,
    "F=${Fs}; env F=${Fs} bash -c 'mount -t efs $F:/ /mnt/efs'",
    "export F=${Fs}; bash -c 'mount -t efs $F:/ /mnt/efs'",
    # input
    "while read -r fs dir; do mount -t efs $fs:/ $dir; done <<E\n${Fs} /mnt/efs\nE",
    "while IFS='|' read -r fs dir; do mount -t efs $fs:/ $dir; done < <(printf '%s|%s\\n' ${Fs} /mnt/efs ${Fs2} /mnt/b)",
    "printf '%s %s\\n' ${Fs} /mnt/efs | while read a b; do mount -t efs $a:/ $b; done",
    "cat <<E | while read a b; do mount -t efs $a:/ $b; done\n${Fs} /mnt/efs\nE",
    'for e in ${Fs}:/mnt/efs; do IFS=: read -r f d <<< "$e"; mount -t efs $f:/ $d; done',
    "mapfile -t L < <(printf '%s\\n' ${Fs} /mnt/efs); mount -t efs ${L[0]}:/ ${L[1]}",
    'OLD=$IFS; IFS=,; L="${Fs2},${Fs}"; set -- $L; IFS=$OLD; mount -t efs $2:/ /mnt/efs',
    # commands that pass text on
    "F=$(echo ${Fs}); " + AT,
    "F=$(echo ${Fs} | tr A-Z a-z); " + AT,
    "F=$(echo ${Fs}:/x | cut -d: -f1); " + AT,
    "F=`echo \"${Fs} x\" | awk '{print $1}'`; " + AT,
    "D=$(echo 'a dir=/mnt/efs' | awk '{print $2}' | sed 's/dir=//'); mount -t efs ${Fs}:/ $D",
    "D=$(printf '/x\\n/mnt/efs\\n' | grep efs | head -1); mount -t efs ${Fs}:/ $D",
    "mount -t efs ${Fs}:/ /mnt/$(basename /x/efs.d .d)",
    "mount -t efs ${Fs}:/ $(dirname /mnt/efs/x)",
    "get() { echo ${Fs}; }; F=$(get); " + AT,
    # fstab and files that sed edits
    f"sed -i '$ a {LINE}' /etc/fstab; mount -a",
    f"echo '{LINE}' >> /etc/fstab; sed -i '/swap/d' /etc/fstab; mount -a",
    f"echo '#{LINE}' >> /etc/fstab; sed -i 's/^#\\(fs-.*\\)/\\1/' /etc/fstab; mount -a",
    f"echo 'PLACE{LINE[5:]}' >> /etc/fstab; sed -i 's|PLACE|${{Fs}}|' /etc/fstab; mount -a",
    "F=${Fs}; echo 'mount -t efs ID:/ /mnt/efs' > /m.sh; sed -i \"s/ID/$F/g\" /m.sh; bash /m.sh",
    # conditions and numbers
    "case linux in win*) F=${Fs2};; lin*) F=${Fs};; esac; " + AT,
    "E=prod; case $E in dev|test) F=${Fs2};; prod) F=${Fs};; *) exit 1;; esac; " + AT,
    'if [[ "abc" =~ ^a.c$ ]]; then F=${Fs}; fi; ' + AT,
    "p=${Fs}=/mnt/efs; [[ $p =~ ^(.*)=(.*)$ ]] && mount -t efs ${BASH_REMATCH[1]}:/ ${BASH_REMATCH[2]}",
    "if [[ a == [ab]* && ! ( x != x ) ]]; then F=${Fs}; fi; " + AT,
    "F=${Fs2}; i=3; while (( i > 0 )); do ((i--)); F=${Fs}; done; " + AT,
    "for ((i = 0; i < 2; i++)); do [ $i = 1 ] && F=${Fs}; done; " + AT,
    "for i in {1..3}; do if (( i == 2 )); then F=${Fs}; fi; done; " + AT,
    "for i in $(seq 3); do mount -t efs ${Fs}:/ /mnt/efs && break; sleep 5; done",
    "for F in ${Fs} ${Fs2}; do break; done; " + AT,
    "for F in ${Fs} ${Fs}; do test -e /x && break; done; " + AT,
    "F=${Fs}; if [[ $F == fs-* ]]; then " + AT + "; fi",
    "F=${Fs}; case $F in fs-*) " + AT + ";; *) mount -t nfs4 $F:/ /mnt/efs;; esac",
    "case ${Dir} in [a-z]*) X=1;; *) X=2;; esac; F=${Fs}; " + AT,
    "if [[ ${Dir} =~ [a-z]+ ]]; then echo x; fi; F=${Fs}; " + AT,
    "F=$(echo ${Fs}.efs.us-east-1.amazonaws.com | cut -d. -f1); " + AT,
    "D=${Fs}.efs.us-east-1.amazonaws.com; mount -t efs ${D%%.*}:/ /mnt/efs",
    'L="${Fs2} ${Fs}"; i=0; for f in $L; do mount -t efs $f:/ /mnt/${i/1/efs}; i=$((i+1)); done',
    "NAME=$(echo ${Dir} | tr A-Z a-z); hostname $NAME; F=${Fs}; " + AT,
    'OPTS=(-t efs); mount "${OPTS[@]}" ${Fs}:/ /mnt/efs',
    "bash -s -- ${Fs} <<'E'\nmount -t efs $1:/ /mnt/efs\nE",
    "set -e\nf() { false; F=${Fs}; }\nf || true\nif false; then echo; fi\n! grep -q x /y\n" + AT,
    # the way through the script
    "set -euxo pipefail\nyum install -y amazon-efs-utils\nmkdir -p /mnt/efs\nF=${Fs}\n" + AT,
    "exec > >(tee /var/log/user-data.log|logger -t user-data) 2>&1\nF=${Fs}\n" + AT,
    "exec > /var/log/x 2>&1; F=${Fs}; " + AT,
    "F=${Fs}; " + AT + " & wait",
    "(exit 1); F=${Fs}; " + AT,
    "cd /mnt; cd /srv; cd -; mount -t efs ${Fs}:/ efs",
    "pushd /mnt; pushd /srv; popd; mount -t efs ${Fs}:/ efs",
    "mkdir -p /mnt/efs; cd /mnt/efs; cd ..; mount -t efs ${Fs}:/ efs",
    "cd /mnt || exit 1; mount -t efs ${Fs}:/ efs",
    "F=${Fs}; eval $(ssh-agent); " + AT,
    'F=${Fs}; eval "$(aws ecr get-login)"; ' + AT,
]


@pytest.mark.parametrize("script", UNDERSTOOD)
def test_what_an_expert_reads_at_sight(script: str) -> None:
    found = answer(plain(script))
    assert found is not None
    assert (found.status, found.message) == (Status.FIXABLE, CERTAIN)


CHANGED = "from $F, which line {} may change, may or may not be EFS"

FORGOTTEN = [
    ("F=${Fs}; export $(cat /etc/efs.env | xargs)", 2),
    ('F=${Fs}\nexport $(grep -v "^#" .env)', 3),
    ("F=${Fs}; eval $(aws ssm get-parameter --name x --output text)", 2),
    ("F=${Fs}; declare $(cat x)", 2),
    ("F=${Fs}; typeset $(cat x)", 2),
    ("F=${Fs}; set -a; . /etc/efs.env; set +a", 2),
    ("F=${Fs}; source <(aws s3 cp s3://x -)", 2),
    ('F=${Fs}; while IFS== read -r k v; do export "$k=$v"; done < /etc/efs.env', 2),
    ('F=${Fs}; printf -v "$(cat n)" %s ${Fs2}', 2),
    ("F=${Fs}; read -r F < /etc/efs.id", 2),
    ("F=${Fs}; mapfile -t F < /x", 2),
    ("F=${Fs}; read $(cat n) <<< x", 2),
    ("F=${Fs}; shopt -s lastpipe; echo ${Fs2} | read F", 2),
    ("F=${Fs}; declare -n R=F; R=${Fs2}", 2),
    ("F=${Fs}; typeset -n R; R=F; R=${Fs2}", 2),
    ("for F in ${Fs} ${Fs2}; do test -e /x && break; done", 2),
    ("for F in ${Fs} ${Fs2}; do if [ -e /x/$F ]; then break; fi; done", 2),
    ("F=${Fs}; for x in a b; do if test -e /$x; then F=${Fs2}; continue; fi; done", 2),
    ("F=${Fs}; until curl -sf http://x; do F=${Fs2}; done", 2),
    ("F=${Fs}; G=${Fs}; while curl x; do F=$G; G=${Fs2}; done", 2),
    ("F=${Fs}; case $(hostname) in a*) F=${Fs2};; esac", 2),
    ("case abc in a*) F=${Fs};;& *c) F=${Fs2};; esac", 2),
    ("[ -e /x ] && echo 'F=${Fs2}' > /tmp/e; F=${Fs}; . /tmp/e", 2),
    ("select F in ${Fs} ${Fs2}; do break; done", 2),
]


@pytest.mark.parametrize(("script", "line"), FORGOTTEN)
def test_values_that_may_have_changed(script: str, line: int) -> None:
    asks(plain(f"{script}\n{AT}"), PATH, CHANGED.format(line))


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        # another file system than it seems
        ("N=$((RANDOM % 2)); A=(${Fs} ${Fs2}); mount -t efs ${A[$N]}:/ /mnt/efs", "from ${A[$N]} may or may not be EFS"),
        ("F=${Fs}; bash -c 'mount -t efs ${F:-${Fs2}}:/ /mnt/efs'", "from ${F:-${Fs2}} may or may not be EFS"),
        ("F=$(cat /etc/id || echo ${Fs}); " + AT, "from $(cat /etc/id || echo ${Fs}) may or may not be EFS"),
        ("F=$([ -e /x ] && echo ${Fs}); " + AT, "from $([ -e /x ] && echo ${Fs}) may or may not be EFS"),
        ("A=(${Fs} ${Fs2}); unset 'A[0]'; mount -t efs ${A[0]}:/ /mnt/efs", "may or may not be EFS"),
        ("while getopts f: o; do F=$OPTARG; done; mount -t efs ${F:-${Fs}}:/ /mnt/efs", "may or may not be EFS"),
        ("F=${Fs}; F+=x; " + AT, "from ${Fs}x may or may not be EFS"),
        # another mount point, or none
        ("cd /opt/app; mount -t efs ${Fs}:/ efs", "the mount point efs is not known"),
        ("cd $(cat /x); mount -t efs ${Fs}:/ efs", "the mount point efs is not known"),
        ("IFS=:\nX=${Fs}:/\nmount -t efs $X /mnt/efs", "line 4 of Launch's user data mounts EFS somewhere"),
        ("IFS=$(cat /x); X='-t efs ${Fs}:/ /mnt/efs'; mount $X", "mounts EFS somewhere that is not known"),
        # a mount that may not be reached
        ("set -e\ngrep -q foo /etc/bar\nF=${Fs}\n" + AT, "depends on a condition (line 5"),
        ("[ -x /new ] && exec /new\nF=${Fs}\n" + AT, "depends on a condition (line 4"),
        ("shopt -s expand_aliases; alias mount=echo\nF=${Fs}\n" + AT, "depends on a condition"),
        ("readonly F=${Fs}\nF=${Fs2}\n" + AT, "depends on a condition (line 4"),
        ("f() { declare -r F=${Fs}; F=${Fs2}; " + AT + "; }; f", "depends on a condition"),
        # an order that is not known
        ("(sleep 60; umount /mnt/efs) &\nF=${Fs}\n" + AT, "depends on a condition"),
        ("F=${Fs}; " + AT + " & mount -t efs ${Fs2}:/ /mnt/efs; wait", "depends on a condition"),
        ("for F in ${Fs} ${Fs2}; do " + AT + " && break; done", "depends on a condition"),
        # fstab
        (f"echo '{LINE}' >> /etc/fstab; sed -i '$d' /etc/fstab; mount -a", "line 2 of Launch's user data edits /etc/fstab"),
        (f"echo '{LINE}' >> /etc/fstab; sed -i '/fs-/d' /etc/fstab; mount -a", "edits /etc/fstab with sed"),
        (f"echo '{LINE}' >> /etc/fstab; sed -i 's/efs/#/;t x;d' /etc/fstab; mount -a", "edits /etc/fstab with sed"),
        (f"echo '{LINE}' >> /etc/fstab; [ -e /x ] && sed -i 's/tls/ro/' /etc/fstab; mount -a", "edits /etc/fstab with sed"),
    ],
)  # fmt: skip
def test_what_the_script_does_not_settle(script: str, reason: str) -> None:
    asks(plain(script), PATH, reason)


@pytest.mark.parametrize(
    "script",
    ["set -e; false; F=${Fs}; " + AT, "exec /opt/start.sh; F=${Fs}; " + AT, "set -u; echo $NOPE; F=${Fs}; " + AT],
)
def test_what_is_never_reached(script: str) -> None:
    asks(plain(script), PATH, "no mount of it is known")


def test_a_text_that_is_split_at_a_reference() -> None:
    asks(plain('x="${Dir}:/mnt/efs"; mount -t efs ${Fs}:/ "${x#*:}"'), PATH, "splits a text at a place that depends on")
    disk = plain('[ -e /x ] && mount /dev/xvdf /srv; x="${Dir}:/mnt/efs"; mount -t efs ${Fs}:/ "${x#*:}"')
    asks(disk, PATH, "splits a text at a place that depends on")
    is_certain(plain('x="${Dir}:/mnt/efs"; mount -t efs ${Fs}:/ "${x##*:}"'))


@pytest.mark.parametrize(
    ("source", "text", "extended", "groups"),
    [
        ("^a.c$", "abc", True, ("abc",)),
        (r"^#\(fs-.*\)", "#fs-1:/", False, ("#fs-1:/", "fs-1:/")),
        (r"[[:space:]]+efs", "a  efs", True, ("  efs",)),
        ("a{2}", "aa", True, ("aa",)),
        ("a+", "a+", False, ("a+",)),
        (r"x\+", "xx", False, ("xx",)),
        ("(a|b)c", "bc", True, ("bc", "b")),
        ("^a", "ba", True, None),
    ],
)
def test_regular_expressions(source: str, text: str, extended: bool, groups: tuple[str, ...] | None) -> None:
    regex = Regex.parse(source, extended=extended)
    assert regex is not None
    assert regex.groups(text) == groups


@pytest.mark.parametrize(
    "source", ["(a+)+$", "(a|a)*b", "(", "a**", "a" * 400, "a?" * 30, ".*" * 9, "((a{9}){9}){9}", "[z-a]"]
)
def test_regular_expressions_that_are_not_tried(source: str) -> None:
    regex = Regex.parse(source, extended=True)
    assert regex is None or not regex.suits("a" * 60 + "c")


@pytest.mark.parametrize(
    ("pattern", "text", "prefix", "longest"),
    [("*=", "a=b=c", 2, 4), ("a?c", "abc", 3, 3), ("[!x]*", "ab", 1, 2), ("x", "ab", None, None), ("*", "ab", 0, 2)],
)
def test_shell_patterns(pattern: str, text: str, prefix: int | None, longest: int | None) -> None:
    glob = Glob.parse([(pattern, False)])
    assert glob is not None
    assert (glob.prefix(text, longest=False), glob.prefix(text, longest=True)) == (prefix, longest)
    assert glob.matches(text) == (longest == len(text))


def test_shell_patterns_take_linear_time() -> None:
    glob = Glob.parse([("*a" * 100 + "b", False)])
    assert glob is not None
    assert not glob.matches("a" * 2000)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 + 2 * 3", 7), ("(1 + 2) * 3", 9), ("2 ** 3 ** 2", 512), ("-7 / 2", -3), ("-7 % 2", -1), ("1 / 0", None),
        ("x + 1", 6), ("x++ + x", 11), ("y", None), ("x > 4 && x < 9", 1), ("x == 5 ? 8 : 9", 8), ("0x10 | 1", 17), ("010", 8),
        ("x = 3, x * 2", 6), ("x +", None), ("1 << 70", None), ("!x", 0), ("~0", -1), ("", 0), ("9" * 18 + " * 99999", None),
    ],
)  # fmt: skip
def test_arithmetic(text: str, value: int | None) -> None:
    values: dict[str, int | None] = {"x": 5}
    assert Arithmetic(text, values.get, values.__setitem__).evaluate() == value


def test_an_assignment_that_may_not_be_made_is_not_known() -> None:
    values: dict[str, int | None] = {"x": 5}
    Arithmetic("y || (x = 1)", values.get, values.__setitem__).evaluate()
    assert values["x"] is None
