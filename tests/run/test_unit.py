"""A unit of two files through everything that works on units: the engine, the reports, writing, reviewing, the editor.

ecs-cli's files are such a unit. This language keeps task definitions in `main.toy` and their volumes in `volumes.toy` beside it; a
step that gives a task its role and a volume its IAM authorization changes both.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import pytest
from support import efs_migrate

from migrate import dialects, nothing_to_do
from migrate.batch.address import parse as parse_address
from migrate.batch.repository import RepositoryTask, Wish
from migrate.batch.repository import work as campaign_work
from migrate.config import config
from migrate.dialects.common.base_dialect import PlainDialect
from migrate.dialects.common.collector import Collector, DefinitionNodes
from migrate.dialects.common.listed import Listed
from migrate.dialects.common.nodes import walk
from migrate.dialects.common.possible.readings import role
from migrate.dialects.common.values import child, items, mapping, text
from migrate.dialects.common.volumes.spelling import API
from migrate.dialects.dialect import Reading
from migrate.edit import Edit, apply
from migrate.engine.decisions import UNDECIDED
from migrate.engine.fixes import fixes
from migrate.engine.process import Opened, open_unit
from migrate.engine.proof import Unproven, prove
from migrate.files import discover, language, screen, source
from migrate.files.language import DATA, Language
from migrate.lsp.look import View
from migrate.run.run import Options, Run, UnitResult, work, written
from migrate.syntax import Document
from migrate.syntax.node import TreeEdit
from migrate.syntax.unit import Member, Unit
from migrate.terminal.keyboard import Terminal
from migrate.terminal.printable import unpainted
from rules.choices import Choices
from rules.model import Key, Stack

NAMES = ("main.toy", "volumes.toy")


def members(path: str) -> Sequence[str]:
    """The two files of a folder, as far as they are there."""
    paths = [Path(path).with_name(name) for name in NAMES]
    return [str(path) for path in paths if path.exists()]


TOY = Language("toy", (".toy",), comments=("#",), members=members)


class Toy(PlainDialect[DefinitionNodes]):
    """Tasks in the first file, the lists of their volumes by family in the second."""

    name = "toy"

    def read(self, unit: Unit) -> Reading[DefinitionNodes] | None:
        if unit.language is not TOY or len(unit.documents) < 2:
            return None
        main, volumes = unit.documents
        collector = Collector(self, unit, DefinitionNodes())
        listed = mapping(volumes.roots[0]) if volumes.roots else None
        for number, item in enumerate(items(child(mapping(main.roots[0]), "tasks")) or ()):
            task = mapping(item)
            assert task is not None
            family = text(child(task, "family")) or unit.stem
            collector.add_task(
                Key("task", number),
                family,
                task,
                child(listed, family),
                Listed([]),
                role="taskRoleArn",
                known=("family",),
                role_after=("family",),
                task_role=role(child(task, "taskRoleArn"), API),
            )
        start = unit.offset(volumes, 0)
        collector.spans |= {key: at + start for key, at in collector.spans.items() if "volume" in key.path}
        collector.regions = [(first + start, last + start) for first, last in collector.regions]
        return collector.reading(collector.stack())

    def write(self, reading: Reading[DefinitionNodes], planned: Stack) -> Mapping[Document, Sequence[TreeEdit]]:  # type: ignore[override]  # several files
        main, volumes = reading.unit.documents
        edits = super().write(reading, planned)
        own = {id(node) for node in walk(main.roots)}
        return {
            main: [edit for edit in edits if id(edit.node) in own],
            volumes: [edit for edit in edits if id(edit.node) not in own],
        }


MAIN = """\
# Who runs
tasks:
  - family: web
"""
VOLUMES = """\
web:
  # the pages
  - name: html
    efsVolumeConfiguration:
      fileSystemId: fs-12345678
      rootDirectory: /a
"""
MAIN_AFTER = MAIN + "    taskRoleArn: arn:aws:iam::123456789012:role/web\n"
VOLUMES_AFTER = """\
web:
  # the pages
  - name: html
    efsVolumeConfiguration:
      fileSystemId: fs-12345678
      transitEncryption: ENABLED
      authorizationConfig:
        accessPointId: fsap-0000000000000000a
        iam: ENABLED
"""
CONFIG = """\
file-systems:
  - id: fs-12345678
    access-points: {/a: fsap-0000000000000000a}
task-roles: {web: arn:aws:iam::123456789012:role/web}
"""
AFTER = (MAIN_AFTER, VOLUMES_AFTER)


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The toy is known, and its two files are in the current folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(language, "LANGUAGES", [*language.LANGUAGES])
    monkeypatch.setattr(language, "_endings", {end: [*known] for end, known in language._endings.items()})
    language.register([TOY])
    others = tuple(dialects.dialects_of(DATA))
    monkeypatch.setattr(dialects, "dialects_of", lambda _: (Toy(), *others))
    for name, content in zip(NAMES, (MAIN, VOLUMES), strict=True):
        Path(name).write_text(content)
    Path(".efs-migrate.yaml").write_text(CONFIG)
    config.forget()
    return tmp_path


def contents() -> tuple[str, ...]:
    return tuple(Path(name).read_text() for name in NAMES)


def inodes() -> dict[str, int]:
    """What is in the current folder, with what shows that a file is the same as before."""
    return {path.name: path.stat().st_ino for path in Path().iterdir()}


def opened(*texts: str, fixed: Collection[str] = ()) -> Opened:
    members = [Member(name, text, TOY, name in fixed) for name, text in zip(NAMES, texts, strict=True)]
    found = open_unit(members, "main")
    assert isinstance(found, Opened), found
    return found


def choices() -> Choices:
    return config.load(str(Path(".efs-migrate.yaml").absolute()), ".efs-migrate.yaml").choices


def result() -> UnitResult:
    (job,) = Run(Options(), warn=print).jobs(["."])
    return work(job)


# -- the engine -------------------------------------------------------------------------------------------------------


def test_the_offsets_of_two_files_are_one_space() -> None:
    outcome = opened(MAIN, VOLUMES).outcome(choices(), UNDECIDED)
    assert outcome.error is None
    assert tuple(file.text for file in outcome.files) == AFTER
    assert tuple(file.before for file in outcome.files) == (MAIN, VOLUMES)
    assert all(apply(file.before, file.edits) == file.text for file in outcome.files)
    # The edits of the unit are those of its text as a whole.
    unit = opened(MAIN, VOLUMES).reading.unit
    assert apply(unit.text, outcome.edits) == outcome.text
    assert unit.place(unit.offset(unit.documents[1], 5)) == (1, 5)


def test_findings_volumes_and_unread_words_are_those_of_their_file() -> None:
    main, volumes = opened(MAIN + "other: {efsVolumeConfiguration: 1}\n", VOLUMES).outcome(choices(), UNDECIDED).files
    assert (main.volumes, [v.name for v in volumes.volumes]) == ((), ["html"])
    assert main.findings == ()
    assert {(f.file, f.line, f.column, f.volume) for f in volumes.findings} == {(1, 3, 5, "html")}
    assert [(word.line, word.column) for word in main.unread] == [(4, 9)]
    assert volumes.unread == ()


def test_a_second_run_changes_nothing() -> None:
    outcome = opened(*AFTER).outcome(choices(), UNDECIDED)
    assert (outcome.error, outcome.edits, outcome.files[1].text) == (None, (), VOLUMES_AFTER)


@pytest.mark.parametrize(
    ("main", "volumes", "problem"),
    [
        (MAIN, VOLUMES_AFTER, "reads differently from the plan"),
        (MAIN_AFTER, VOLUMES, "reads differently from the plan"),
        (MAIN_AFTER.replace("# Who", "# He who"), VOLUMES_AFTER, "an edit touches a line"),
        (MAIN_AFTER, VOLUMES_AFTER + "db: [", "does not parse (volumes.toy: line"),
        (MAIN_AFTER, VOLUMES_AFTER.replace("\n", "\r\n"), "volumes.toy: the result has another kind of newline"),
        (MAIN_AFTER, VOLUMES_AFTER + "more: 1\n", "other data"),
    ],
)  # fmt: skip
def test_the_proof_reads_both_files_again(main: str, volumes: str, problem: str) -> None:
    unit = opened(MAIN, VOLUMES)
    reading = unit.reading
    plan = unit.plan(choices(), UNDECIDED)
    changes = reading.write(plan.stack)
    edits = reading.unit.edits(changes)
    prove(reading, plan, changes, edits, AFTER, choices=choices(), decisions=UNDECIDED, unwritten={})
    edits.append(Edit(0, 5, "# He"))  # on a line of a comment
    with pytest.raises(Unproven) as found:
        prove(reading, plan, changes, edits, (main, volumes), choices=choices(), decisions=UNDECIDED, unwritten={})
    assert problem in found.value.whole


def test_comments_suppress_in_their_own_file() -> None:
    remark = "  - name: html  # efs-migrate: ignore[EFS203] not yet\n"
    outcome = opened(MAIN, VOLUMES.replace("  - name: html\n", remark)).outcome(choices(), UNDECIDED)
    assert "EFS203" not in {f.rule.id for f in outcome.findings}
    assert outcome.files[0].edits == ()
    # On the same line of the other file it says nothing about the volume.
    outcome = opened(MAIN.replace("web", "web  # efs-migrate: ignore[EFS203] not yet"), VOLUMES).outcome(
        choices(), UNDECIDED
    )
    assert "EFS203" in {f.rule.id for f in outcome.findings}


def test_a_problem_is_that_of_its_file() -> None:
    members = [
        Member("main.toy", MAIN, TOY),
        Member("volumes.toy", VOLUMES + "x: # efs-migrate: ignore[EFS999]\n", TOY),
    ]
    for bad, line in ((members[1], 7), (Member("volumes.toy", "a: [", TOY), 1)):
        found = open_unit([members[0], bad], "main")
        assert not isinstance(found, Opened)
        assert [(file.error is None, file.error_line) for file in found.files] == [(True, None), (False, line)]


def test_a_file_that_nobody_named_stays_as_it_is() -> None:
    outcome = opened(MAIN, VOLUMES, fixed=["main.toy"]).outcome(choices(), UNDECIDED)
    assert outcome.error is None
    assert outcome.files[0].edits == ()
    assert outcome.files[1].edits
    (refused,) = (f.finding.message for f in outcome.findings if f.rule.id == "EFS203")
    assert "main.toy would have to change with it" in refused


def test_fixes_hold_edits_of_both_files() -> None:
    unit = opened(MAIN, VOLUMES)
    outcome = unit.outcome(choices(), UNDECIDED)
    (fix,) = fixes(outcome, lambda decisions: unit.outcome(choices(), decisions))
    assert [bool(part) for part in outcome.parts(fix.edits)] == [True, True]


# -- runs and reports -------------------------------------------------------------------------------------------------


def test_a_unit_is_found_by_any_of_its_files() -> None:
    (job,) = Run(Options(), warn=print).jobs(["."])
    assert [(file.name, file.fixed) for file in job.files] == [("main.toy", False), ("volumes.toy", False)]
    (job,) = Run(Options(), warn=print).jobs(["volumes.toy"])
    assert [(file.name, file.fixed) for file in job.files] == [("main.toy", True), ("volumes.toy", False)]
    # What holds none of the words asks for nothing by itself.
    assert Run(Options(), warn=print).jobs(["main.toy"]) == []


def test_the_rest_of_a_unit_is_not_screened_out(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".efs-migrate.yaml").unlink()
    monkeypatch.setattr(screen, "_dull", set())
    assert not nothing_to_do.nothing_to_do(["check"])
    assert screen._dull == set()
    Path("volumes.toy").write_text("web: []\n")
    assert nothing_to_do.nothing_to_do(["check"])
    assert {Path(file.path).name for file in discover.discover(["."])} == {*NAMES}


def test_the_report_names_each_file() -> None:
    files = {file["path"]: file for file in efs_migrate("check", "--format", "json").report["files"]}
    assert list(files) == [*NAMES]
    assert files["main.toy"]["findings"] == []
    assert [finding["rule"] for finding in files["volumes.toy"]["findings"]][:3] == ["EFS201", "EFS202", "EFS203"]
    said = efs_migrate("check").stdout.decode()
    assert "volumes.toy (toy)\n  3:5     EFS201" in said
    assert "2 files" in said


def test_a_sarif_fix_changes_both_files() -> None:
    log = json.loads(efs_migrate("check", "--format", "sarif").stdout)
    ((fix,),) = (found["fixes"] for found in log["runs"][0]["results"] if "fixes" in found)
    changes = {change["artifactLocation"]["uri"]: change["replacements"] for change in fix["artifactChanges"]}
    assert list(changes) == [*NAMES]
    for name, before, after in zip(NAMES, (MAIN, VOLUMES), AFTER, strict=True):
        assert apply(before, [_edit(before, replacement) for replacement in changes[name]]) == after


def _edit(text: str, replacement: Mapping[str, Mapping[str, int]]) -> Edit:
    starts = [0, *(i + 1 for i, c in enumerate(text) if c == "\n")]
    region = replacement["deletedRegion"]
    start, end = (starts[region[f"{s}Line"] - 1] + region[f"{s}Column"] - 1 for s in ("start", "end"))
    return Edit(start, end, str(replacement.get("insertedContent", {}).get("text", "")))


def test_git_applies_the_diff_of_both_files() -> None:
    done = efs_migrate("diff")
    assert done.stdout.count(b"\n--- ") + done.stdout.startswith(b"--- ") == 2
    # What a finding of the file that changes has to say stands in the diff, once.
    assert done.stdout.count(b"# EFS201") == 1
    subprocess.run(["git", "apply", "-"], input=done.stdout, check=True)
    assert contents() == AFTER


def test_what_has_to_be_said_of_a_file_that_does_not_change_is_not_lost() -> None:
    """The volume wants IAM already; only the task, in the other file, lacks its role."""
    Path("volumes.toy").write_text(VOLUMES_AFTER)
    said = efs_migrate("diff").stdout.decode()
    assert said.count("\n--- ") + said.startswith("--- ") == 1
    assert said.index("# EFS204") < said.index("--- a/main.toy")
    comment = efs_migrate("check", "--format", "markdown").stdout.decode()
    assert comment.index("#### `volumes.toy`") < comment.index("why: ")


def test_markdown_shows_what_changes_in_each_file() -> None:
    comment = efs_migrate("check", "--format", "markdown").stdout.decode()
    assert "#### `main.toy`" in comment
    assert "#### `volumes.toy`" in comment
    assert "+    taskRoleArn:" in comment
    assert "+      transitEncryption: ENABLED" in comment


@pytest.mark.parametrize("form", ["github", "gitlab"])
def test_other_reports_place_findings_in_their_file(form: str) -> None:
    said = efs_migrate("check", "--format", form).stdout.decode()
    assert "volumes.toy" in said


def test_init_names_the_file_of_a_volume() -> None:
    Path(".efs-migrate.yaml").unlink()
    config.forget()
    assert efs_migrate("init").status == 0
    assert "volumes.toy (web/html)" in Path(".efs-migrate.yaml").read_text()


def test_a_campaign_changes_both_files(tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    repository.mkdir()
    for name in (".efs-migrate.yaml", *NAMES):
        Path(name).rename(repository / name)
    git = ["git", "-C", str(repository), "-c", "user.name=Ann", "-c", "user.email=ann@example.com"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "First"]):
        subprocess.run([*git, *command], check=True)
    row = campaign_work(RepositoryTask(parse_address(str(repository)), Wish(), str(tmp_path / "cache")))
    assert (row.reason, row.files) == (None, [*NAMES])
    subprocess.run([*git, "apply", "-"], input=row.diff.encode(), check=True)
    assert tuple((repository / name).read_text() for name in NAMES) == AFTER


# -- writing ----------------------------------------------------------------------------------------------------------


def test_apply_writes_both_files() -> None:
    assert efs_migrate("apply").status == 0
    assert contents() == AFTER
    assert sorted(inodes()) == [".efs-migrate.yaml", *NAMES]
    assert efs_migrate("apply").status == 0
    assert contents() == AFTER


def failing(at: int, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    """Have a step of writing fail for one of the two files."""
    original = getattr(source._Replacement, step)

    def fail(self: source._Replacement, **arguments: bool) -> None:
        if self.target.name == NAMES[at]:
            raise OSError(28, "No space left on device")
        original(self, **arguments)

    monkeypatch.setattr(source._Replacement, step, fail)


@pytest.mark.parametrize("step", ["prepare", "place"])
@pytest.mark.parametrize("at", [0, 1])
@pytest.mark.parametrize("linked", [False, True])
def test_all_files_are_written_or_none(step: str, at: int, linked: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if linked:  # written in its place
        Path("main.toy").rename("elsewhere")
        Path("main.toy").hardlink_to("elsewhere")
    before = inodes()
    failing(at, monkeypatch, step)
    done = efs_migrate("apply", "--format", "json")
    assert contents() == (MAIN, VOLUMES)
    assert inodes() == before
    assert done.status == 2
    assert f"{NAMES[at]}: no space left on device" in done.stderr
    assert f"{NAMES[1 - at]}: left alone, because {NAMES[at]} could not be written" in done.stderr
    assert not any(finding["applied"] for finding in done.findings)


@pytest.mark.parametrize("at", [0, 1])
def test_nothing_is_written_if_one_file_has_changed_meanwhile(at: int) -> None:
    unit = result()
    with Path(NAMES[at]).open("a") as file:
        file.write("# more\n")
    expected = contents()
    after = written(unit)
    assert contents() == expected
    assert after.outcome.files[at].error == "changed on disk since it was read"
    assert after.outcome.files[1 - at].error == f"left alone, because {NAMES[at]} could not be written"


def test_an_interrupt_between_two_files_takes_the_first_back(monkeypatch: pytest.MonkeyPatch) -> None:
    place = source._Replacement.place

    def interrupted(self: source._Replacement) -> None:
        if self.target.name == "volumes.toy":
            raise KeyboardInterrupt
        place(self)

    monkeypatch.setattr(source._Replacement, "place", interrupted)
    with pytest.raises(KeyboardInterrupt):
        written(result())
    assert contents() == (MAIN, VOLUMES)
    assert sorted(inodes()) == [".efs-migrate.yaml", *NAMES]


def test_without_hard_links_the_old_file_is_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(self: Path, target: Path) -> None:
        del self, target
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "hardlink_to", refused)
    Path("main.toy").chmod(0o640)
    failing(1, monkeypatch, "place")
    assert efs_migrate("apply").status == 2
    assert contents() == (MAIN, VOLUMES)
    assert Path("main.toy").stat().st_mode & 0o777 == 0o640
    assert sorted(inodes()) == [".efs-migrate.yaml", *NAMES]


def test_what_cannot_be_put_back_is_said_and_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    place = source._Replacement.place

    def other_hands(self: source._Replacement) -> None:
        if self.target.name == "volumes.toy":
            Path("main.toy").write_text("somebody else's\n")
            raise OSError(28, "No space left on device")
        place(self)

    monkeypatch.setattr(source._Replacement, "place", other_hands)
    done = efs_migrate("apply")
    assert "main.toy could not be put back (changed on disk since it was read), its old content is in " in done.stderr
    (kept,) = (name for name in inodes() if name.startswith(".efs-migrate-"))
    assert Path(kept).read_text() == MAIN
    assert contents() == ("somebody else's\n", VOLUMES)


# -- somebody who decides, and an editor ------------------------------------------------------------------------------


class Scripted:
    """A terminal at which somebody presses the given keys; keeps what is shown there."""

    input = output = subprocess.DEVNULL
    width = 90

    def __init__(self, keys: str) -> None:
        self.keys = iter(keys)
        self.shown = ""

    def write(self, text: str) -> None:
        self.shown += unpainted(text)

    def key(self, prompt: str, *, fresh: bool = False) -> str:
        del fresh
        self.shown += prompt
        return next(self.keys)


def reviewed(keys: str, monkeypatch: pytest.MonkeyPatch, *options: str | Path) -> Scripted:
    terminal = Scripted(keys)
    monkeypatch.setattr(Terminal, "open", lambda: terminal)
    assert efs_migrate("apply", "-i", *options).status in (0, 1)
    return terminal


def test_a_review_shows_the_hunks_of_each_file(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = reviewed("yyy", monkeypatch, "--record", "answers.json").shown
    assert contents() == AFTER
    assert "volumes.toy:3: web/html" in shown
    last = shown.rpartition("EFS203")[2]
    assert (
        last.index("main.toy") < last.index("+    taskRoleArn") < last.index("volumes.toy") < last.index("+        iam")
    )
    answers = json.loads(Path("answers.json").read_text())["answers"]
    assert [(a["file"], a["rule"]) for a in answers] == [("volumes.toy", r) for r in ("EFS201", "EFS202", "EFS203")]
    for name, content in zip(NAMES, (MAIN, VOLUMES), strict=True):
        Path(name).write_text(content)
    assert efs_migrate("apply", "--replay", "answers.json").status == 0
    assert contents() == AFTER


def test_a_no_leaves_the_other_file(monkeypatch: pytest.MonkeyPatch) -> None:
    reviewed("yyn", monkeypatch)
    assert contents() == (MAIN, VOLUMES_AFTER.replace("        iam: ENABLED\n", ""))


def test_hunks_of_both_files_are_edited_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDITOR", "sed -i s/^+.*role.web/&-2/")
    shown = reviewed("yye", monkeypatch).shown
    assert "Edited by hand" in shown
    assert contents() == (MAIN_AFTER.replace("role/web", "role/web-2"), VOLUMES_AFTER)


def test_an_editor_changes_the_file_that_it_holds() -> None:
    view = View(str(Path("volumes.toy").absolute()), VOLUMES)
    assert [problem.rule.id for problem in view.problems if problem.rule][:3] == ["EFS201", "EFS202", "EFS203"]
    assert {VOLUMES[problem.start :].partition("\n")[0] for problem in view.problems} == {"name: html"}
    changed = apply(VOLUMES, view.everything)
    # The other file would have to change with the last step.
    assert changed == VOLUMES_AFTER.replace("        iam: ENABLED\n", "")
    titles = [fix.title for _, fix in view.steps(0, len(VOLUMES))]
    assert titles[0].startswith("EFS201")
    # With its own text unsaved, and what is wrong with another file.
    Path("main.toy").write_text("a: [")
    (problem,) = View(str(Path("volumes.toy").absolute()), VOLUMES + "# more\n").problems
    assert problem.message.startswith("main.toy: ")
    assert View(str(Path("main.toy").absolute()), MAIN).problems == []
