"""The report formats as those read them for whom they are: schemas, the runner's rules, a Markdown renderer, a patcher that
knows nothing but SARIF; and that nothing in a file can make a report say what it does not."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token
from support import CASE_PARAMETERS, FLEET, ROOT, SAMPLES, Case, combined, efs_migrate, share

from migrate.cli import Format
from migrate.report import commonmark, markdown
from migrate.terminal.printable import coloured
from rules import RULES
from rules.rule import Stage

SCHEMA = jsonschema.Draft7Validator(json.loads((ROOT / "tests/report/schemas/sarif-2.1.0.json").read_bytes()))
FORMATS = [form.value for form in Format]

YAML = """\
family: web
taskRoleArn: arn:aws:iam::123456789012:role/web
volumes:
  - name: data
    efsVolumeConfiguration:
      fileSystemId: fs-12345678
      transitEncryption: ENABLED
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def report(form: str, *arguments: str | Path, command: str = "check") -> str:
    return efs_migrate(command, "--format", form, *arguments).stdout.decode()


def sarif(*arguments: str | Path, command: str = "check") -> Any:
    log = json.loads(report("sarif", *arguments, command=command))
    SCHEMA.validate(log)
    (run,) = log["runs"]
    return run


# -- SARIF ------------------------------------------------------------------------------------------------------------


def fixes(run: Any) -> list[Any]:
    return [fix for result in run["results"] for fix in result.get("fixes", [])]


def patched(raw: bytes, chosen: Iterable[Any], name: str) -> bytes:
    """Apply fixes as a reader of the SARIF specification would: regions of the old text, whose lines end with LF or CRLF,
    columns in code points, no byte order mark."""
    text = raw.decode("utf-8-sig")
    starts = [0, *(match.end() for match in re.finditer("\r\n|\n", text))]
    pieces = []
    for fix in chosen:
        (change,) = fix["artifactChanges"]
        assert change["artifactLocation"] == {"uri": name, "uriBaseId": "%SRCROOT%"}
        for replacement in change["replacements"]:
            region = replacement["deletedRegion"]
            start = starts[region["startLine"] - 1] + region["startColumn"] - 1
            end = starts[region["endLine"] - 1] + region["endColumn"] - 1
            pieces.append((start, end, replacement.get("insertedContent", {"text": ""})["text"]))
    pieces.sort()
    # No two touch, or the result would depend on which comes first.
    assert all(first[1] < second[0] for first, second in pairwise(pieces))
    for start, end, inserted in reversed(pieces):
        assert start <= end <= len(text)
        text = text[:start] + inserted + text[end:]
    return raw[: 3 * raw.startswith(b"\xef\xbb\xbf")] + text.encode()


@pytest.mark.parametrize("case", share(CASE_PARAMETERS, 0))
def test_fixes_of_samples(case: Case, tmp_path: Path) -> None:
    """All fixes together make what `apply` writes; each by itself makes a file with which `apply` gets there, too."""
    path = case.copy(tmp_path)
    raw = path.read_bytes()
    run = sarif(*case.options, ".")
    proposed = fixes(run)
    assert patched(raw, proposed, path.name) == case.after
    for fix in proposed if len(proposed) > 1 else []:
        path.write_bytes(patched(raw, [fix], path.name))
        assert efs_migrate("check", *case.options, ".").status in (0, 1)
        efs_migrate("apply", "-q", *case.options, ".")
        assert path.read_bytes() == case.after


@pytest.mark.parametrize("case", share(CASE_PARAMETERS, 1))
def test_results_of_samples(case: Case, tmp_path: Path) -> None:
    path = case.copy(tmp_path)
    run = sarif(*case.options, ".")
    rules = run["tool"]["driver"]["rules"]
    lines = re.split("\r\n|\n", path.read_bytes().decode("utf-8-sig"))
    checked = efs_migrate("check", "--format", "json", *case.options, ".").findings
    assert len(checked) == len(run["results"])
    for finding, result in zip(checked, run["results"], strict=True):
        assert result["ruleId"] == finding["rule"] == rules[result["ruleIndex"]]["id"]
        assert result["level"] == ("note" if finding["status"] == "advice" else "warning")
        assert result["message"]["text"].startswith(f"{finding['task']}")
        (location,) = result["locations"]
        region = location["physicalLocation"]["region"]
        assert (region["startLine"], region["startColumn"]) == (finding["line"], finding["column"])
        assert region["startColumn"] <= len(lines[region["startLine"] - 1]) + 1
        names = [finding["task"], finding["volume"]] if finding["volume"] is not None else [finding["task"]]
        assert location["logicalLocations"][0]["fullyQualifiedName"] == "/".join(map(str, names))
    assert run["invocations"][0]["executionSuccessful"]


def test_rules_are_described() -> None:
    described = sarif()["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in described] == sorted(rule.id for rule in RULES)
    for rule in described:
        assert rule["help"]["markdown"].startswith(f"# {rule['id']} {rule['name']}: ")
        assert "\n" not in rule["shortDescription"]["text"]
        assert len(rule["fullDescription"]["text"]) <= 1024, "GitHub shows no more"
        page, _, anchor = rule["helpUri"].partition("/blob/main/")[2].partition("#")
        assert f"\n## {rule['id']} {rule['name']}\n" in (ROOT / page).read_text(encoding="utf-8")
        assert anchor == f"{rule['id'].lower()}-{rule['name']}"
    levels = {rule["id"]: rule["defaultConfiguration"]["level"] for rule in described}
    assert (levels["EFS101"], levels["EFS403"], levels["EFS404"]) == ("warning", "warning", "note")


def test_columns_are_code_points_and_lines_are_those_of_editors() -> None:
    """A byte order mark is no column, a character outside the basic plane is one, and CRLF is one line end."""
    body = YAML.replace("- name: data", "- {name: data, rest: '💾💾 \u2028'}\n  - name: data")
    raw = b"\xef\xbb\xbf" + body.replace("\n", "\r\n").encode()
    flow = (
        'family: web\r\ntaskRoleArn: "arn:aws:iam::123456789012:role/💾"\r\nvolumes: [{name: "💾", efsVolumeConfiguration: '
        "{fileSystemId: fs-12345678, transitEncryption: ENABLED}}]\r\n"
    ).encode()
    for content in (raw, flow, b"\xef\xbb\xbf" + flow):
        Path("x.yaml").write_bytes(content)
        proposed = fixes(sarif())
        assert proposed
        efs_migrate("apply", "-q")
        assert patched(content, proposed, "x.yaml") == Path("x.yaml").read_bytes() != content


def test_many_fixes_are_joined() -> None:
    Path("x.json").write_text(
        json.dumps(
            [
                {
                    "family": f"f{number}",
                    "containerDefinitions": [],
                    "volumes": [{"name": "v", "efsVolumeConfiguration": {"fileSystemId": "fs-12345678"}}],
                }
                for number in range(100)
            ],
            indent=1,
        )
    )
    raw = Path("x.json").read_bytes()
    proposed = fixes(sarif())
    assert 10 < len(proposed) <= 25
    efs_migrate("apply", "-q")
    assert patched(raw, proposed, "x.json") == Path("x.json").read_bytes()


@pytest.mark.parametrize("case", share(CASE_PARAMETERS, 2))
def test_fingerprints_stay_when_lines_move(case: Case, tmp_path: Path) -> None:
    path = case.copy(tmp_path)
    before = sarif(*case.options, ".")["results"]
    raw = path.read_bytes()
    mark = raw[: 3 * raw.startswith(b"\xef\xbb\xbf")]
    above = b"\n\n\n" if raw.removeprefix(mark).lstrip()[:1] in (b"{", b"[") else b"# a\n# b\n# c\n"
    if b"\r\n" in raw:
        above = above.replace(b"\n", b"\r\n")
    path.write_bytes(mark + above + raw.removeprefix(mark))
    after = sarif(*case.options, ".")["results"]
    assert [r["partialFingerprints"] for r in after] == [r["partialFingerprints"] for r in before]
    moved = [r["locations"][0]["physicalLocation"]["region"]["startLine"] for r in (*before, *after)]
    assert moved[len(before) :] == [line + 3 for line in moved[: len(before)]]
    assert len({json.dumps(r["partialFingerprints"]) for r in before}) == len(before)


def test_equal_findings_have_different_fingerprints() -> None:
    Path("x.yaml").write_text(f"---\n{YAML}---\n{YAML}")
    results = sarif()["results"]
    assert [r["ruleId"] for r in results] == ["EFS202", "EFS203"] * 2
    assert len({r["partialFingerprints"]["efsMigrate/v1"] for r in results}) == 4


def test_reports_are_the_same_every_time() -> None:
    for form in FORMATS:
        assert len({report(form, FLEET, "--jobs", jobs) for jobs in ("1", "1", "2")}) == 1


def test_files_are_uris() -> None:
    names = ["a b.yaml", "a%41.yaml", "#x?.yaml", "größe.yaml", "c:x.yaml", os.fsdecode(b"\xff.yaml")]
    for name in names:
        Path(name).write_text(YAML)
    (outside := Path("../outside.yaml")).write_text(YAML)
    run = sarif(".", outside)
    uris = {r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for r in run["results"]}
    relative = {uri for uri in uris if not uri.startswith("file://")}
    assert all(re.fullmatch(r"(?:[A-Za-z0-9._~/-]|%[0-9A-F]{2})+", uri) for uri in relative)
    assert sorted(unquote(uri, errors="surrogateescape") for uri in relative) == sorted(names)
    assert uris - relative == {outside.resolve().as_uri()}


BROKEN = YAML + "x: [\n"


def test_what_could_not_be_processed_is_said() -> None:
    Path("broken.yaml").write_text(BROKEN)
    Path("good.yaml").write_text(YAML)
    Path("sub").mkdir()
    Path("sub/.efs-migrate.yaml").write_text("colour: blue\n")
    Path("sub/stopped.yaml").write_text(YAML)
    run = sarif()
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is False
    (failure,) = invocation["toolExecutionNotifications"]
    assert failure["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "broken.yaml"
    assert failure["locations"][0]["physicalLocation"]["region"] == {"startLine": 9}
    (configuration,) = invocation["toolConfigurationNotifications"]
    assert "colour" in configuration["message"]["text"]
    assert {r["ruleId"] for r in run["results"]} == {"EFS202", "EFS203"}
    errors = [c for c in commands(report("github")) if c[0] == "error"]
    assert [(p["file"], p["line"]) for _, p, _ in errors] == [("sub/.efs-migrate.yaml", "1"), ("broken.yaml", "9")]
    critical = [v for v in json.loads(report("gitlab")) if v["severity"] == "critical"]
    assert [v["location"]["path"] for v in critical] == ["sub/.efs-migrate.yaml", "broken.yaml"]
    rendered = report("markdown")
    assert "### Could not be processed\n\n- `sub/.efs-migrate.yaml:1`" in rendered
    assert "\n- `broken.yaml:9`: " in rendered
    assert all(efs_migrate("check", "--format", form).status == 2 for form in FORMATS)


def test_words_that_nothing_read_are_said() -> None:
    Path("x.yaml").write_text(YAML + "x: {dockerVolumeConfiguration: {}}\n")
    (note,) = sarif()["invocations"][0]["toolExecutionNotifications"]
    assert note["level"] == "warning"
    assert ("warning", "8") in [(level, properties["line"]) for level, properties, _ in commands(report("github"))]
    assert "### Not read\n\n- `x.yaml:8`: `dockerVolumeConfiguration`" in report("markdown")


# -- after `apply` ----------------------------------------------------------------------------------------------------

TWO = """\
family: web
volumes:
  - {name: cache, efsVolumeConfiguration: {fileSystemId: fs-12345678}}
  - name: data
    host:
      sourcePath: /efs/data
"""


def test_what_is_done_is_no_warning_and_keeps_its_caveat() -> None:
    Path("x.yaml").write_text(TWO)
    checked = sarif()["results"]
    assert [(r["ruleId"], r["level"]) for r in checked if r.get("fixes")] == [("EFS201", "warning")]
    Path("y.yaml").write_text(TWO)
    applied = sarif("x.yaml", command="apply")["results"]
    done = next(r for r in applied if r["ruleId"] == "EFS201")
    assert (done["kind"], done["level"], done["properties"]["applied"]) == ("informational", "none", True)
    assert "20200319" in done["message"]["text"]
    assert not fixes({"results": applied})
    (notice,) = [c for c in commands(report("github", "y.yaml", command="apply")) if "EFS201" in c[1]["title"]]
    assert notice[0] == "notice"
    assert "20200319" in notice[2]


def test_places_after_apply_are_those_of_the_new_file() -> None:
    """One step makes lines, the next finding stands below them."""
    Path("x.yaml").write_text(TWO.replace("{fileSystemId: fs-12345678}}", "\n     {fileSystemId: fs-12345678}}"))
    before = {r["ruleId"]: r for r in sarif()["results"]}["EFS101"]
    raw = Path("x.yaml").read_bytes()
    name = sarif(command="apply")["results"]
    after = {r["ruleId"]: r for r in name}["EFS101"]
    lines = Path("x.yaml").read_text().split("\n")
    region = after["locations"][0]["physicalLocation"]["region"]
    assert lines[region["startLine"] - 1][region["startColumn"] - 1 :] == "name: data"
    assert before["partialFingerprints"] == after["partialFingerprints"]
    Path("x.yaml").write_bytes(raw)
    for level, properties, _ in commands(report("github", command="apply")):
        if level == "warning" and "EFS101" in properties["title"]:
            assert properties["line"] == str(region["startLine"])


# -- GitHub -----------------------------------------------------------------------------------------------------------


def commands(text: str) -> list[tuple[str, dict[str, str], str]]:
    """The commands in a log as the runner takes them: (name, properties, data). Every line has to be one."""
    found = [parsed for line in text.splitlines() if (parsed := command(line)) is not None]
    assert len(found) == len(text.splitlines())
    return found


KNOWN = {
    "error",
    "warning",
    "notice",
    "debug",
    "group",
    "endgroup",
    "add-mask",
    "stop-commands",
    "set-output",
    "add-path",
}


def command(line: str) -> tuple[str, dict[str, str], str] | None:
    """A line as the runner of GitHub Actions reads it (both forms of commands)."""
    stripped = line.lstrip()
    if stripped.startswith("::") and (end := stripped.find("::", 2)) >= 0:
        name, _, rest = stripped[2:end].partition(" ")
        if name in KNOWN:
            pairs = [pair.partition("=") for pair in rest.strip().split(",") if "=" in pair]
            return name, {key: unescaped(value, ":,") for key, _, value in pairs}, unescaped(stripped[end + 2 :], "")
    if (start := line.find("##[")) >= 0 and (end := line.find("]", start)) >= 0:
        name = line[start + 3 : end].partition(" ")[0]
        if name in KNOWN:
            return name, {}, line[end + 1 :]
    return None


def unescaped(value: str, more: str) -> str:
    for character in f"\r\n{more}%":
        value = value.replace(f"%{ord(character):02X}", character)
    return value


def test_github() -> None:
    Path("a,b:c%41.yaml").write_text(YAML)
    found = commands(report("github"))
    assert [(name, p["file"], p["line"], p["col"]) for name, p, _ in found] == [
        ("warning", "a,b:c%41.yaml", "4", "5")
    ] * 2
    assert [p["title"] for _, p, _ in found] == [
        "EFS202 access-point (needs-input)",
        "EFS203 iam-authorization (fixable)",
    ]
    data = found[0][2].split("\n\n")
    assert data[0].startswith("web/data: no access point is known for fs-12345678:/")
    assert data[1].startswith("aws efs create-access-point ")


def test_github_levels() -> None:
    levels = {p["title"].split()[0]: name for name, p, _ in commands(report("github", FLEET))}
    assert levels["EFS407"] == levels["EFS409"] == "notice"
    assert {levels[rule] for rule in ("EFS101", "EFS201", "EFS202", "EFS203")} == {"warning"}


# -- GitLab -----------------------------------------------------------------------------------------------------------

CODE_QUALITY = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "additionalProperties": False,
        "properties": {
            "description": {"type": "string", "minLength": 1},
            "check_name": {"type": "string", "minLength": 1},
            "fingerprint": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "lines"],
                "properties": {
                    "path": {"type": "string", "pattern": "^(?!\\./|/)"},
                    "lines": {"type": "object", "required": ["begin"], "properties": {"begin": {"minimum": 1}}},
                },
            },
        },
    },
}
"""What GitLab's documentation says of the format."""


def test_gitlab(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(SAMPLES)
    jsonschema.validate(json.loads(report("gitlab")), CODE_QUALITY)
    violations = json.loads(report("gitlab", "fleet"))
    assert len({v["fingerprint"] for v in violations}) == len(violations) == 30
    assert {v["severity"] for v in violations} == {"major", "info"}
    first = violations[0]
    assert (first["check_name"], first["location"]["lines"]) == ("EFS101 host-path-volume", {"begin": 27})
    assert first["description"].startswith("fixable: billing/invoices: host path ")


def test_nothing_found() -> None:
    assert report("gitlab") == "[]\n"
    assert report("github") == report("text") == ""
    assert sarif()["results"] == []
    assert report("markdown") == "## EFS volumes of ECS tasks\n\n0 files: nothing to do.\n"


# -- Markdown ---------------------------------------------------------------------------------------------------------

MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])
HTML = {"<details>\n<summary>Diff</summary>\n", "</details>\n", "</details>"}


def tokens(text: str) -> Iterator[Token]:
    for token in MARKDOWN.parse(text):
        yield token
        yield from token.children or ()


def checked(text: str) -> list[Token]:
    """The tokens of a comment that holds no other HTML, link or image than ours, and keeps everything that could be a
    mention, a reference or a link in code."""
    found = list(tokens(text))
    assert {token.content for token in found if token.type.startswith("html")} <= HTML
    kinds = {token.type for token in found}
    allowed = {"text", "softbreak", "inline", "fence", "code_inline", "html_block", "strong_open", "strong_close"}
    allowed |= {
        f"{kind}_{end}" for end in ("open", "close") for kind in ("heading", "paragraph", "bullet_list", "list_item")
    }
    allowed |= {f"{kind}_{end}" for end in ("open", "close") for kind in ("table", "thead", "tbody", "tr", "th", "td")}
    assert kinds <= allowed, kinds - allowed
    loose = [token.content for token in found if token.type == "text"]
    assert not [text for text in loose if re.search(r"[@#<>&]|://|www\.", text.removeprefix("[ ] "))]
    assert len(text.encode()) < 65_536
    return found


@pytest.mark.parametrize("case", share(CASE_PARAMETERS, 3))
def test_markdown_of_samples(case: Case, tmp_path: Path) -> None:
    case.copy(tmp_path)
    found = checked(report("markdown", *case.options, "."))
    diff = efs_migrate("diff", *case.options, ".").stdout.decode().replace("\r\n", "\n").replace("\ufeff", "\\ufeff")
    diff = re.sub(r"^# .*\n", "", diff, flags=re.MULTILINE)
    assert "".join(token.content for token in found if token.type == "fence" and token.info == "diff") == diff


def test_markdown_of_the_fleet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(FLEET.parent)
    text = report("markdown", "fleet")
    found = checked(text)
    fences = [token for token in found if token.type == "fence"]
    assert [token.info for token in fences].count("diff") == 7
    headings = [f.content for o, f in pairwise(found) if o.type == "heading_open" and o.tag == "h3"]
    assert headings == [
        "Needs your input",
        "What changes, and why",
        "Before you deploy",
        "Deploy in this order",
        "How to roll back",
    ]
    assert "| host | 6 | 1 |\n" in text
    assert "`task-roles: {ecs-params: arn:aws:iam::…}`" in text
    assert (
        "- **`media/originals`**: efs → iam\n"
        "  - what: root directory `/media/originals` dropped, transit encryption ENABLED, access point "
        "`fsap-0a1b2c3d4e5f60004`, IAM authorization ENABLED\n"
        "  - why: EFS traffic of `fs-0123456789abcdef0` is not encrypted in transit"
    ) in text
    grants = [json.loads(token.content) for token in fences if token.info == "json"]
    assert len(grants) == 7
    assert all(grant["Effect"] == "Allow" for grant in grants)
    items = [line[6:].split(":** ")[0] for line in text.splitlines() if line.startswith("- [ ] **")]
    order = [markdown._STAGES[stage] for stage in Stage if stage in markdown._STAGES]
    before = [item[2:] for item in items if item[2:] in order]
    assert before == sorted(before, key=order.index)
    assert set(before) == set(order) - {"Network path"}
    after = re.findall(r"- \[ \] \*\*([^*:]+)\*\*", text.partition("### Deploy in this order")[2])
    assert after == ["Transit encryption", "Access point", "IAM authorization", "Closing anonymous access"]


def test_markdown_says_once_what_many_have_in_common() -> None:
    Path("app.yaml").write_text(
        """\
Resources:
  FileSystem: {Type: AWS::EFS::FileSystem}
  There:
    Type: AWS::EFS::AccessPoint
    Properties: {FileSystemId: !Ref FileSystem, RootDirectory: {Path: /there}}
  Role: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: {}}}
"""
        + "".join(
            f"""\
  {task}:
    Type: AWS::ECS::TaskDefinition
    Properties:
      TaskRoleArn: !GetAtt Role.Arn
      RequiresCompatibilities: [FARGATE]
      Volumes:
        - {{Name: old, EFSVolumeConfiguration: {{FilesystemId: !Ref FileSystem, RootDirectory: /there}}}}
        - {{Name: new, EFSVolumeConfiguration: {{FilesystemId: !Ref FileSystem, RootDirectory: /new}}}}
"""
            for task in ("One", "Two")
        )
    )
    text = report("markdown")
    checked(text)
    assert "- why, for `One/old`, `One/new`, `Two/old`, `Two/new`: EFS traffic of `${FileSystem}` is not encr" in text
    assert "  - why: nothing confines the mount to `${FileSystem}:/new`" in text
    # Paths of access points that are here or are made here need no look; what the new one is made for does, once.
    assert "Check that access point" not in text
    assert text.count("Compare `${FileSystem}:/new`") == 1
    assert text.count("Closing anonymous access") == 1
    assert "it one when everything that mounts it" not in text


def test_markdown_helps_once() -> None:
    for name in ("a", "b"):
        Path(f"{name}.yaml").write_text(f"{YAML.partition('    efs')[0]}    host: {{sourcePath: /efs/{name}}}\n")
    text = report("markdown")
    assert text.count("may be EFS") == 2
    assert text.count("`efs-migrate init` writes") == 1


def test_markdown_fits_a_comment() -> None:
    """The largest diffs go first, with a note; then parts, which are counted; and the rest still stands."""
    for number in range(20):
        Path(f"x{number:02}.yaml").write_text(YAML + f"# {'@everyone `' * 300}\n" * (1 + number % 2))
    Path("big.yaml").write_text(YAML.replace("      transit", "      # " + "x" * 70_000 + "\n      transit"))
    text = report("markdown")
    checked(text)
    assert "`efs-migrate diff big.yaml` prints its " in text
    assert "```diff\n--- a/x00.yaml\n" in text
    assert "### How to roll back\n" in text
    for number in range(20, 600):
        Path(f"x{number:02}.yaml").write_text(YAML)
    text = report("markdown")
    checked(text)
    assert len(text) > 60_000
    assert re.search(r"\nand \d+ more, for which there is no room here: `efs-migrate check` shows them\.\n", text)
    for title in ("Needs your input", "Before you deploy", "Deploy in this order"):
        assert re.search(rf"### {title}\n(?:\n[^#\n]+\n)?\n- ", text)
    assert markdown.ROLL_BACK in text


def test_a_name_longer_than_a_comment() -> None:
    Path("x.yaml").write_text(YAML.replace("data", "d" * 100_000))
    text = report("markdown")
    checked(text)
    assert "and 1 more, for which there is no room here" in text


def test_markdown_says_what_is_left() -> None:
    Path("x.yaml").write_text(
        YAML.replace("family: web", "family: web\nrequiresCompatibilities: [MANAGED_INSTANCES]")
        + "      rootDirectory: /a/b/c/d/e/f\n"
    )
    text = report("markdown")
    checked(text)
    left = text.partition("### Left as it is\n")[2]
    assert "(EFS202 access-point)\n" in left
    assert "(EFS203 iam-authorization), with `--unsafe`\n  " in left
    assert "### How to roll back" not in text


@given(st.text(st.characters(exclude_categories=["Cs"])) | st.text("`@#<>&*_[]()!|\\ :w/.a1\n~$"))
def test_prose_and_code_hold_anything(text: str) -> None:
    for shown in (commonmark.prose(text), commonmark.code(text)):
        assert "\n" not in shown
        found = [t for t in tokens(f"- x {shown} y\n") if t.type not in ("inline", "text", "code_inline")]
        assert [t.type.removesuffix("_open").removesuffix("_close") for t in found] == (
            ["bullet_list", "list_item", "paragraph", "paragraph", "list_item", "bullet_list"]
        )
        loose = "".join(t.content for t in tokens(f"- x {shown} y\n") if t.type == "text")
        assert not re.search(r"[@#<>&*_\[\]|\\~$/]", loose)
    block = list(tokens(commonmark.block(text, "diff") + "after\n"))
    lines = f"{text.removesuffix(chr(10))}\n".replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")
    assert (block[0].type, block[0].content) == ("fence", lines)
    assert block[-1].type == "paragraph_close"


def test_code_spans_say_what_was_given() -> None:
    for text in ("a", "`", "``a`", " a ", "a  b", "a|b", "<b>", "\\`"):
        (span,) = [t for t in tokens(f"x {commonmark.code(text)} y\n") if t.type == "code_inline"]
        assert span.content == text
    assert commonmark.prose("set `a: b`, or (`c`) for fs-1:/x, then stop.") == (
        "set `a: b`, or (`c`) for `fs-1:/x`, then stop."
    )
    assert commonmark.prose("mail @team or root@x, see #12 & <b>") == "mail `@team` or `root@x`, see `#12` `&` `<b>`"


# -- what files cannot do ---------------------------------------------------------------------------------------------

HOSTILE = [
    "\x1b[31mred\x1b[0m \x9b2J \x07",
    "x\n::error file=x::pwned",
    "::error::pwned",
    "  ::add-mask::a",
    "##[error]pwned",
    "a ##[set-output name=x;]y ##vso[task.setvariable]z",
    "%0A::warning::pwned",
    "</details></summary><script>alert(1)</script><img src=x onerror=1>",
    "``` \n```\n````diff\n# Title\n",
    "`a` ``b`` `",
    "@octocat and @org/team, #1, GH-1, https://evil.example, www.evil.example",
    "[click](https://evil.example) ![i](https://evil.example/i.png) {0} {1}",
    "\u202egnp.exe \u2066x\u2069 \u200b",
    "| a | b |\n|---|---|\n* x\n1. y\n> z\n---\n<!-- x -->",
    "\r\rx\u2028y\x85z",
    "half \ud83d of a pair",
    "*bold* _it_ ~~no~~ \\* $x$ :tada: &lt;",
]
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


def hostile(word: str) -> dict[str, object]:
    storage = {"fileSystemId": "fs-12345678", "rootDirectory": f"/{word}"}
    return {
        "family": word,
        "taskRoleArn": f"arn:aws:iam::123456789012:role/{word}",
        "containerDefinitions": [
            {"name": word, "image": "x", "mountPoints": [{"sourceVolume": word, "containerPath": "/x"}]}
        ],
        "volumes": [
            {"name": word, "efsVolumeConfiguration": storage},
            {"name": "nfs", "dockerVolumeConfiguration": {"driver": "rexray/efs", "labels": {word: word}}},
            {"name": f"{word}2", "host": {"sourcePath": f"/efs/{word}"}},
        ],
    }


@pytest.mark.parametrize(
    ("word", "command_name"),
    [pytest.param(*at, id=f"{number}-{at[1]}") for number, at in enumerate(combined(HOSTILE, ["check", "apply"]))],
)
def test_nothing_is_smuggled(word: str, command_name: str) -> None:
    name = word.replace("/", "_").encode("utf-8", "replace").decode()[:60]
    content = json.dumps(hostile(word), indent=1, ensure_ascii="\ud83d" in word)
    for form in FORMATS:
        Path(f"{name}.json").write_text(content)
        Path(f"{name}.yaml").write_text("volumes: [{efsVolumeConfiguration: [\n")
        ran = efs_migrate(command_name, "--format", form)
        text = ran.stdout.decode()
        assert text
        for line in (*text.splitlines(), *ran.stderr.splitlines()):
            assert not CONTROL.search(line)
            assert "##[" not in line
            assert "##vso[" not in line
            if form != "github" or line in ran.stderr:
                assert command(line) is None
        if form == "github":
            assert {"error", "warning"} <= {level for level, _, _ in commands(text)} <= {"error", "warning", "notice"}
        elif form == "markdown":
            checked(text)
        elif form == "sarif":
            log = json.loads(text)
            SCHEMA.validate(log)
            messages = [r["message"]["text"] for r in log["runs"][0]["results"]]
            assert not any(re.search(r"(?<!\\)\[[^\[\]]*\]\(|(?<!\{)\{\d+\}", message) for message in messages)
            assert not any(CONTROL.search(message.replace("\n", "")) for message in messages)
        elif form == "gitlab":
            assert not any(CONTROL.search(violation["description"]) for violation in json.loads(text))


# -- colours ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMATS)
def test_pipes_have_no_control_codes(form: str) -> None:
    command = [sys.executable, "-m", "migrate", "check", "--format", form, "--output", "out", str(FLEET)]
    done = subprocess.run(command, capture_output=True, check=False, env=os.environ | {"PYTHONPATH": str(ROOT)})
    assert done.returncode == 1, done.stderr
    for raw in (done.stdout, done.stderr, Path("out").read_bytes()):
        assert not re.search(rb"[\x00-\x09\x0b-\x1f\x7f]", raw)


def test_colours_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "TERM")
    for terminal, settings, expected in (
        (True, {"TERM": "xterm"}, True),
        (True, {}, False),
        (False, {"TERM": "xterm"}, False),
        (True, {"TERM": "xterm", "NO_COLOR": "1"}, False),
        (True, {"TERM": "xterm", "NO_COLOR": ""}, True),
        (True, {"TERM": "dumb"}, False),
        (False, {"FORCE_COLOR": "1"}, True),
        (False, {"FORCE_COLOR": "0"}, False),
        (False, {"CLICOLOR_FORCE": "1"}, True),
        (False, {"CLICOLOR_FORCE": "1", "NO_COLOR": "1"}, False),
    ):
        for name in names:
            monkeypatch.delenv(name, raising=False)
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        assert coloured(terminal) is expected, settings


def test_colours_change_nothing_else() -> None:
    pty = pytest.importorskip("pty")
    Path("x\x1b[31m.yaml").write_text(YAML)
    environment = os.environ | {"PYTHONPATH": str(ROOT), "TERM": "xterm"}
    command = [sys.executable, "-m", "migrate", "check", "."]
    plain = subprocess.run(command, capture_output=True, check=False, env=environment).stdout.decode()
    outer, inner = pty.openpty()
    with subprocess.Popen(command, stdout=inner, stderr=inner, stdin=inner, env=environment):
        os.close(inner)
        raw = b""
        while True:
            try:
                raw += (read := os.read(outer, 65_536))
            except OSError:  # Linux says so that the other side is closed
                break
            if not read:
                break
    os.close(outer)
    shown = raw.decode().replace("\r\n", "\n")
    assert "\x1b[32mfixable    \x1b[0m" in shown
    assert re.sub(r"\x1b\[[0-9;]*m", "", shown) == plain
    assert "x\\x1b[31m.yaml" in plain
