"""Mutated real files and hostile configurations: never a traceback, never a text that is not proven.

A fixed budget runs with the other tests; `make soak` gives `FUZZ` times as much.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from support import Case, cases, efs_migrate

from migrate.config import config
from migrate.config.config import ConfigProblem
from migrate.engine.process import process
from migrate.files import language
from migrate.files.source import SourceProblem, decode
from rules.choices import Choices

TIMES = int(os.environ.get("FUZZ", "1"))
Count = Callable[[str, int], None]
PER_FILE = 3
SEED = 20_201_126
CASES = [case for case in cases() if case.before.stat().st_size < 8_000]
SPLICES = [
    b"{", b"}", b"[", b"]", b"(", b")", b":", b",", b"\n", b"\r", b"\t", b"  ", b"#", b"'", b'"', b"\\", b"&a ", b"*a", b"<<: *a", b"!Ref ",
    b"!Sub ", b"---\n", b"\xef\xbb\xbf", b"\xff", b"\0", b"${", b"{{", b"%", b"\xe2\x80\xa8", b"null", b"efsVolumeConfiguration", b"Volumes:",
    b"volumes", b"Fn::If", b"lambda: ", b"f'{", b"**", b"self.", b"async ", b"\xf0\x9f\x92\xa5", b"0x", b"!!binary ", b"? ", b"| ", b"> ",
]  # fmt: skip


def mutated(raw: bytes, chance: random.Random, others: list[bytes]) -> bytes:
    """Some bytes flipped, cut out, doubled, spliced in or taken from another file."""
    made = bytearray(raw)
    for _ in range(chance.randint(1, 4)):
        if not made:
            break
        at = chance.randrange(len(made))
        match chance.randrange(7):
            case 0:
                made[at] ^= 1 << chance.randrange(8)
            case 1:
                del made[at:]
            case 2:
                del made[at : at + chance.randint(1, 40)]
            case 3:
                made[at:at] = chance.choice(SPLICES)
            case 4:
                made[at:at] = made[at : at + chance.randint(1, 80)] * chance.randint(1, 3)
            case 5:
                other = chance.choice(others)
                start = chance.randrange(len(other))
                made[at:at] = other[start : start + chance.randint(1, 120)]
            case _:
                lines = bytes(made).split(b"\n")
                one, two = chance.randrange(len(lines)), chance.randrange(len(lines))
                lines[one], lines[two] = lines[two], lines[one]
                made = bytearray(b"\n".join(lines))
    return bytes(made)


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in CASES])
def test_mutants_of_real_files_crash_nothing(case: Case, count: Count) -> None:
    path = case.before
    chance = random.Random(f"{SEED} {path.parent.name} {path.name}")
    raw = path.read_bytes()
    others = [other.before.read_bytes() for other in chance.sample(CASES, 4)]
    for _ in range(PER_FILE * TIMES):
        mutant = mutated(raw, chance, others)
        try:
            text, _ = decode(mutant)
        except SourceProblem:
            continue
        outcome = process(text, "fuzz", Choices(unsafe=True), language.of(path.name))
        # A change that cannot be proven is a defect of the writer, found before it could do harm.
        for told in (outcome.error or "", *(found.finding.message for found in outcome.findings)):
            assert "could not be proven" not in told, (told, mutant)
        if outcome.edits:
            again = process(outcome.text, "fuzz", Choices(unsafe=True), language.of(path.name))
            assert (again.error, again.edits) == (None, ()), mutant
    count("fuzz: mutants of real files", PER_FILE * TIMES)


@pytest.mark.parametrize("number", range(20 * TIMES))
def test_hostile_configurations_crash_nothing(number: int, count: Count) -> None:
    chance = random.Random(f"{SEED} {number}")
    raw = b"""\
file-systems:
  - id: fs-0123456789abcdef0
    mounts: {/mnt/efs: /}
    access-points: {/app: fsap-0123456789abcdef0}
docker-volumes: {home: {file-system: fs-0123456789abcdef0, directory: /jenkins}}
task-roles: {"*": arn:aws:iam::123456789012:role/x}
target: iam
access-points: always
posix-users: {/app: {uid: 1000, gid: 1000}}
rules: {EFS203: off}
exclude: ["vendor/**"]
"""
    others = [raw, b"&a [*a]\n", b"? {a: b}\n: c\n", b"- " * 50, b"{" * 200, b"!!python/object/apply:os.system ['x']"]
    for _ in range(30):
        try:
            config.read(mutated(raw, chance, others), "x.yaml", "/")
        except ConfigProblem as problem:
            assert "\n" not in str(problem)
    count("fuzz: hostile configurations", 30)


def test_mutants_by_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: Count) -> None:
    """What is written is what `diff` printed, and everything else is left as it was."""
    monkeypatch.chdir(tmp_path)
    chance = random.Random(SEED)
    others = [case.before.read_bytes() for case in CASES]
    raws: dict[str, bytes] = {}
    for number, case in enumerate(chance.sample(CASES, 60)):
        name = f"{number}{case.before.suffix}"
        raws[name] = mutated(case.before.read_bytes(), chance, others)
        Path(name).write_bytes(raws[name])
    report = efs_migrate("check", "--format=json").report
    broken = {file["path"] for file in report["files"] if file["error"]}
    assert efs_migrate("apply", "--format=json").status in (0, 1, 2)
    for name in broken:
        assert Path(name).read_bytes() == raws[name]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(raws)
    count("fuzz: mutants by the command line", len(raws))
