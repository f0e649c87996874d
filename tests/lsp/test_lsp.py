"""The language server, driven by a client over standard input and output as an editor does it."""

from __future__ import annotations

import copy
import json
import queue
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import FLEET, ROOT, Case, cases, efs_migrate, share

from migrate.config import config
from migrate.edit import apply
from migrate.lsp.look import View
from migrate.lsp.positions import Positions
from rules.rule import Status

ALL = "source.fixAll.efs-migrate"
LANGUAGES = {".json": "json", ".yaml": "yaml", ".py": "python"}


class Client:
    """An editor: speaks JSON-RPC with a server that it started, and keeps what the server publishes."""

    def __init__(self, root: Path, *, encodings: list[str] | None = None, versioned: bool = True) -> None:
        self.root = root
        self.process = subprocess.Popen(
            [sys.executable, "-m", "migrate", "lsp", "--stdio"],
            cwd=root,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={"PYTHONPATH": str(ROOT), "PATH": ""},
        )
        self.received: queue.Queue[dict[str, Any]] = queue.Queue()
        self.registered: list[str] = []
        self.numbers = count(1)
        self.texts: dict[str, tuple[int, str]] = {}
        threading.Thread(target=self._read, daemon=True).start()
        workspace = {
            "workspaceEdit": {"documentChanges": versioned},
            "didChangeWatchedFiles": {"dynamicRegistration": True},
        }
        general = {"positionEncodings": encodings} if encodings else {}
        self.capabilities = self.request(
            "initialize",
            processId=None,
            rootUri=root.as_uri(),
            capabilities={"workspace": workspace, "general": general},
        )["capabilities"]
        self.notify("initialized")

    def _read(self) -> None:
        assert self.process.stdout
        while header := self.process.stdout.readline():
            length = int(header.partition(b":")[2])
            while self.process.stdout.readline().strip():
                pass
            self.received.put(json.loads(self.process.stdout.read(length)))

    def _send(self, **message: Any) -> None:
        assert self.process.stdin
        raw = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(raw), raw))
        self.process.stdin.flush()

    def notify(self, method: str, **params: Any) -> None:
        self._send(method=method, params=params)

    def request(self, method: str, **params: Any) -> Any:
        number = next(self.numbers)
        self._send(id=number, method=method, params=params)
        answer = self.await_message(lambda m: m.get("id") == number and "method" not in m)
        assert "error" not in answer, answer
        return answer["result"]

    def await_message(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        while True:
            message = self.received.get(timeout=30)
            if message.get("method") == "client/registerCapability":
                self.registered += [found["method"] for found in message["params"]["registrations"]]
                self._send(id=message["id"], result=None)
            assert message.get("method") != "window/showMessage", message
            if wanted(message):
                return message

    # -- documents ----------------------------------------------------------------------------------------------------

    def open(self, path: Path | str, text: str, language: str = "") -> list[dict[str, Any]]:
        """Open a document; return its diagnostics."""
        uri = path.as_uri() if isinstance(path, Path) else path
        language = language or LANGUAGES[Path(path).suffix]
        self.texts[uri] = (1, text)
        self.notify(
            "textDocument/didOpen",
            textDocument={"uri": uri, "languageId": language, "version": 1, "text": text},
        )
        return self.diagnostics(uri)

    def change(self, path: Path, *texts: str) -> list[dict[str, Any]]:
        """Type; return the diagnostics of the last text."""
        uri = path.as_uri()
        for text in texts:
            version = self.texts[uri][0] + 1
            self.texts[uri] = (version, text)
            self.notify(
                "textDocument/didChange",
                textDocument={"uri": uri, "version": version},
                contentChanges=[{"text": text}],
            )
        return self.diagnostics(uri)

    def diagnostics(self, uri: str) -> list[dict[str, Any]]:
        published = self.await_message(
            lambda m: m.get("method") == "textDocument/publishDiagnostics" and m["params"]["uri"] == uri
        )
        assert published["params"].get("version") == self.texts[uri][0]
        found: list[dict[str, Any]] = published["params"]["diagnostics"]
        return found

    def actions(self, path: Path | str, at: dict[str, Any] | None = None, *only: str) -> list[dict[str, Any]]:
        uri = path.as_uri() if isinstance(path, Path) else path
        everything = {"start": {"line": 0, "character": 0}, "end": {"line": 10**6, "character": 0}}
        found: list[dict[str, Any]] = self.request(
            "textDocument/codeAction",
            textDocument={"uri": uri},
            range=at or everything,
            context={"diagnostics": [], **({"only": list(only)} if only else {})},
        )
        return found

    def applied(self, path: Path | str, action: dict[str, Any], encoding: str = "utf-16-le") -> str:
        """The text of a document after an action's edit, applied as the protocol says."""
        uri = path.as_uri() if isinstance(path, Path) else path
        version, text = self.texts[uri]
        ((change),) = action["edit"]["documentChanges"]
        assert change["textDocument"] == {"uri": uri, "version": version}
        width = {"utf-16-le": 2, "utf-8": 1, "utf-32-le": 4}[encoding]
        raw = text.encode(encoding)
        starts = [0]
        for index in range(0, len(raw), width):
            unit = raw[index : index + width].rstrip(b"\0")
            following = raw[index + width : index + 2 * width].rstrip(b"\0")
            if unit == b"\n" or (unit == b"\r" and following != b"\n"):
                starts.append(index + width)

        def offset(position: dict[str, int]) -> int:
            return starts[position["line"]] + position["character"] * width

        # Insertions at one place stay in the order of the list.
        pieces, done = [], 0
        for edit in sorted(change["edits"], key=lambda e: offset(e["range"]["start"])):
            start, end = offset(edit["range"]["start"]), offset(edit["range"]["end"])
            assert done <= start <= end
            pieces += [raw[done:start], edit["newText"].encode(encoding)]
            done = end
        raw = b"".join([*pieces, raw[done:]])
        return raw.decode(encoding)

    def close(self) -> None:
        self.request("shutdown")
        self.notify("exit")
        assert self.process.wait(timeout=30) == 0
        assert self.process.stderr
        assert self.process.stderr.read() == b""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """One server for the whole module: starting one takes longer than most tests."""
    made = Client(tmp_path_factory.mktemp("workspace"))
    yield made
    made.close()


@pytest.fixture
def client(server: Client) -> Client:
    """A client with a repository of its own within the server's folder, where nothing of other tests is open."""
    root = server.root / f"repository-{next(server.numbers)}"
    (root / ".git").mkdir(parents=True)
    for uri, (version, _) in server.texts.items():
        if version is not None:  # which a test has closed
            server.notify("textDocument/didClose", textDocument={"uri": uri})
    server.texts.clear()
    made = copy.copy(server)
    made.root = root
    return made


def opened(client: Client, name: str) -> tuple[Path, Case, list[dict[str, Any]]]:
    """Open a golden case; return where it lies, the case and the diagnostics."""
    (case,) = [case for case in cases() if case.name == name]
    path = case.copy(client.root / name)
    return path, case, client.open(path, text_of(path))


def text_of(path: Path) -> str:
    return path.read_bytes().decode()


# -- problems and steps -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["efs201-preview-form", "cloudformation-fargate-stack", "cdk-fargate-app", "troposphere-fargate", "boto3-call"],
)
def test_everything_at_once_is_what_apply_does(client: Client, name: str) -> None:
    path, case, problems = opened(client, name)
    assert problems
    (action,) = client.actions(path, None, ALL)
    assert action["kind"] == ALL
    assert client.applied(path, action).encode() == case.after


def test_problems_say_what_check_says(client: Client) -> None:
    path, _, problems = opened(client, "efs201-preview-form")
    reported = efs_migrate("check", "--format", "json", path).findings
    assert [(p["code"], p["range"]["start"]["line"] + 1) for p in problems] == [
        (f["rule"], f["line"]) for f in reported
    ]
    for problem, finding in zip(problems, reported, strict=True):
        assert problem["source"] == "efs-migrate"
        assert problem["severity"] == 2
        assert str(finding["message"]) in problem["message"]
        assert str(finding["caveat"]) in problem["message"]
        assert problem["codeDescription"]["href"].endswith("/rules/README.md#efs201-transit-encryption")
    # A problem is shown where it begins, up to the end of that line's text.
    line = text_of(path).splitlines()[problems[0]["range"]["start"]["line"]]
    assert problems[0]["range"]["end"]["character"] == len(line)


@pytest.fixture
def billing(client: Client) -> tuple[Path, str]:
    """A definition whose one EFS volume climbs all steps: its path in the client's folder, and what `apply` makes of it."""
    shutil.copy(FLEET / ".efs-migrate.yaml", client.root)
    path = client.root / "task-definition.json"
    shutil.copy(FLEET / "billing" / path.name, path)
    before = path.read_bytes()
    efs_migrate("apply", "--quiet", path)
    after = text_of(path)
    path.write_bytes(before)
    return path, after


def test_steps_one_by_one_lead_where_apply_leads(client: Client, billing: tuple[Path, str]) -> None:
    path, after = billing
    text = text_of(path)
    problems = client.open(path, text)
    for code in ("EFS101", "EFS201", "EFS202", "EFS203"):
        assert code in [p["code"] for p in problems]
        action = next(a for a in client.actions(path, None, "quickfix") if a["title"].startswith(code))
        assert "(with" not in action["title"]
        assert action["isPreferred"] is True
        assert [d["code"] for d in action["diagnostics"]] == [code]
        before, text = text, client.applied(path, action)
        assert text != before
        problems = client.change(path, text)
        assert code not in [p["code"] for p in problems]
    assert text == after


def test_a_later_step_brings_those_before_it(client: Client, billing: tuple[Path, str]) -> None:
    path, after = billing
    client.open(path, text_of(path))
    titles = {a["title"].split()[0]: a for a in client.actions(path, None, "quickfix")}
    assert set(titles) == {"EFS101", "EFS201", "EFS202", "EFS203"}
    assert titles["EFS203"]["title"].endswith(" (with EFS101, EFS201, EFS202)")
    assert client.applied(path, titles["EFS203"]) == after
    assert '"iam"' not in client.applied(path, titles["EFS202"])


def test_one_volume_of_several(client: Client) -> None:
    path, case, problems = opened(client, "efs201-preview-form")
    first, second = client.actions(path, problems[1]["range"]), client.actions(path, problems[0]["range"])
    assert [a["title"] for a in first if a["kind"] == "quickfix"] == ["EFS201 transit-encryption, blog/themes"]
    text = client.applied(path, first[0])
    assert text.count("transitEncryption") == 1
    assert client.applied(path, second[0]) not in (text, text_of(path))
    client.change(path, text)
    (rest,) = client.actions(path, None, "quickfix")
    assert client.applied(path, rest).encode() == case.after


def test_kinds_that_nobody_asked_for_are_not_computed(client: Client) -> None:
    path, _, _ = opened(client, "efs201-preview-form")
    assert {a["kind"] for a in client.actions(path, None)} == {"quickfix", ALL}
    assert {a["kind"] for a in client.actions(path, None, "source")} == {ALL}
    assert {a["kind"] for a in client.actions(path, None, "source.fixAll")} == {ALL}
    assert client.actions(path, None, "refactor", "source.fixAll.eslint") == []
    assert client.capabilities["codeActionProvider"]["codeActionKinds"] == ["quickfix", ALL]


def test_unsafe_steps_are_offered_and_marked(client: Client) -> None:
    path = client.root / "web.yaml"
    text = (
        "containerDefinitions: []\nvolumes:\n  - name: v\n    efsVolumeConfiguration:\n      fileSystemId: fs-12345678\n"
        "      transitEncryption: ENABLED\n      transitEncryptionPort: 2999\n"
    )
    problems = client.open(path, text)
    assert [(p["code"], p["severity"]) for p in problems if p["code"] == "EFS303"] == [("EFS303", 3)]
    (action,) = client.actions(path, None, "quickfix")
    assert action["title"] == "Unsafe: EFS303 fixed-transit-encryption-port, web/v"
    assert action["isPreferred"] is False
    assert client.applied(path, action) == text.replace("      transitEncryptionPort: 2999\n", "")
    assert client.actions(path, None, ALL) == []


def test_a_mount_comes_with_its_authorization(client: Client) -> None:
    text = """\
Resources:
  Launch:
    Type: AWS::AutoScaling::LaunchConfiguration
    Properties: {UserData: "mount -t efs -o tls,iam fs-0123456789abcdef0:/ /mnt/efs"}
  Role: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: {}}}
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      TaskRoleArn: !GetAtt Role.Arn
      ContainerDefinitions: [{Name: a, User: '1', MountPoints: [{SourceVolume: data, ContainerPath: /d}]}]
      Volumes: [{Name: data, Host: {SourcePath: /mnt/efs/app}}]
"""
    path = client.root / "stack.yaml"
    client.open(path, text)
    (action,) = (a for a in client.actions(path, None, "quickfix") if "EFS101" in a["title"])
    assert action["title"] == "Unsafe: EFS101 host-path-volume, Task/data (with EFS202, EFS203)"


def test_every_way_of_a_step_is_offered(client: Client) -> None:
    case = next(c for c in cases() if c.name == "cloudformation-access-point-with-posix-user")
    path = client.root / "app.yaml"
    client.open(path, case.before.read_text())
    offered = [a for a in client.actions(path, None, "quickfix") if "EFS202 access-point," in a["title"]]
    assert [(a["isPreferred"], a["title"].rpartition(": ")[2].partition(" (with")[0]) for a in offered] == [
        (True, "create access point ReportsAccessPoint2"),
        (False, "mount through access point ${ReportsAccessPoint}, which enforces user 1000:1000"),
    ]
    assert client.applied(path, offered[1]).count("Type: AWS::EFS::AccessPoint") == 1


def test_what_shares_a_node_changes_together(client: Client) -> None:
    path, case, problems = opened(client, "yaml-alias-shared-volume")
    assert len(problems) > 1
    text = text_of(path)
    for _ in range(10):
        steps = client.actions(path, None, "quickfix")
        if not steps:
            break
        text = client.applied(path, steps[0])
        client.change(path, text)
    assert text.encode() == case.after


@pytest.mark.parametrize("case", share([c for c in cases() if c.changes and not c.options]), ids=lambda case: case.name)
def test_every_safe_step_of_every_case_can_be_taken(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()
    path = case.copy(tmp_path)
    config.forget()
    view = View(str(path), path.read_bytes().decode())
    assert "".join(apply(path.read_bytes().decode(), view.everything)).encode() == case.after
    offered = {found for problem in view.problems for found, _ in view.steps(problem.start, problem.end)}
    safe = {problem for problem in view.problems if problem.status is Status.FIXABLE}
    assert safe <= offered
    assert [step.title for _, step in view.steps(0, 10**9) if step.edits == () or "\n" in step.title] == []


# -- the text as it stands --------------------------------------------------------------------------------------------


def test_a_text_that_is_not_saved(client: Client, billing: tuple[Path, str]) -> None:
    path, _ = billing
    text = text_of(path)
    assert client.open(path, "{}\n") == []
    assert len(client.change(path, "{", "{ ", text)) == len(client.change(path, text + " ")) > 0
    (action,) = client.actions(path, None, ALL)
    assert "accessPointId" in client.applied(path, action)
    assert path.read_bytes() == text.encode()


def test_a_document_that_is_no_file(tmp_path: Path) -> None:
    client = Client(tmp_path)  # its configuration is that of the folder in which the server was started
    _, case, _ = opened(client, "efs201-preview-form")
    shutil.copy(case.folder / "config.yaml", client.root / ".efs-migrate.yaml")
    uri = "untitled:Untitled-1"
    assert [p["code"] for p in client.open(uri, case.before.read_text(), "json")] == ["EFS201", "EFS201"]
    (action,) = client.actions(uri, None, ALL)
    assert client.applied(uri, action).encode() == case.after
    client.close()


@pytest.mark.parametrize(
    ("encoding", "codec"), [(None, "utf-16-le"), ("utf-8", "utf-8"), ("utf-32", "utf-32-le")], ids=str
)
def test_characters_of_any_size(tmp_path: Path, encoding: str | None, codec: str) -> None:
    client = Client(tmp_path, encodings=[encoding] if encoding else None)
    assert client.capabilities["positionEncoding"] == (encoding or "utf-16")
    path = tmp_path / "𝄞 ü.yaml"
    text = (
        '# 𝄞 é\r\n# é\r\nfamily: "𝄞\u2028x"\r\nvolumes: [{name: "𝄞𝄞é", efsVolumeConfiguration: '
        "{fileSystemId: fs-12345678}}] # 𝄞\r\n"
    )
    (tmp_path / ".efs-migrate.yaml").write_text("target: tls")
    (problem,) = client.open(path, text)
    line = text.split("\r\n")[3]
    assert problem["range"]["start"]["line"] == 3
    width = {"utf-16-le": 2, "utf-8": 1, "utf-32-le": 4}[codec]
    assert problem["range"]["end"]["character"] == len(line.encode(codec)) // width
    (action,) = client.actions(path, problem["range"], "quickfix")
    (_, all_) = client.actions(path, problem["range"])
    path.write_bytes(text.encode())
    efs_migrate("apply", "--quiet", path)
    assert client.applied(path, action, codec) == client.applied(path, all_, codec) == path.read_bytes().decode()
    client.close()


def test_a_byte_order_mark(client: Client) -> None:
    path, case, problems = opened(client, "json-bom-and-no-final-newline")
    assert text_of(path).startswith("\ufeff")
    assert problems
    (action,) = client.actions(path, None, ALL)
    assert client.applied(path, action).encode() == case.after


def test_an_editor_without_versions(tmp_path: Path) -> None:
    client = Client(tmp_path, versioned=False)
    path, _, _ = opened(client, "efs201-preview-form")
    (action,) = client.actions(path, None, ALL)
    assert list(action["edit"]) == ["changes"]
    assert len(action["edit"]["changes"][path.as_uri()]) == 2
    client.close()


@given(st.text(alphabet="a𝄞é\r\n\u2028\x0b", max_size=20), st.sampled_from(["utf-8", "utf-16", "utf-32"]))
def test_positions_lead_back(text: str, encoding: str) -> None:
    positions = Positions(text, encoding)
    for offset in range(len(text) + 1):
        line, character = positions.of(offset)
        if text[offset - 1 : offset + 1] != "\r\n":  # nothing can stand between the two
            assert positions.offset_of(line, character) == offset
        assert positions.offset_of(line, character + 10**6) >= offset
    assert positions.offset_of(10**6, 0) == len(text)


# -- what is wrong ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.json", '{"volumes": [{"efsVolumeConfiguration": {"fileSystemId": '),
        ("a.yaml", "volumes:\n  - efsVolumeConfiguration: [\n"),
        ("a.py", "ecs.register_task_definition(volumes=[{'efsVolumeConfiguration': {}}\n"),
        ("a.yaml", "efsVolumeConfiguration: \ud800\n"),
        ("a.yaml", "efsVolumeConfiguration: \0\n"),
        ("a.yaml", "efsVolumeConfiguration: " + "[" * 3000),
    ],
)
def test_a_broken_text_is_one_error(client: Client, name: str, text: str) -> None:
    (problem,) = client.open(client.root / name, text)
    assert (problem["severity"], problem["source"]) == (1, "efs-migrate")
    assert client.actions(client.root / name) == []
    assert client.change(client.root / name, "") == []


def test_a_broken_configuration_is_said_where_it_stops_something(client: Client, billing: tuple[Path, str]) -> None:
    path, _ = billing
    settings = client.root / ".efs-migrate.yaml"
    settings.write_text("# x\ntarget: nowhere\n")
    (problem,) = client.open(path, text_of(path))
    assert problem["severity"] == 1
    assert ".efs-migrate.yaml:2: `target` must be one of" in problem["message"]
    # And in the configuration, while it is written.
    (problem,) = client.open(settings, text_of(settings))
    assert problem["range"] == {"start": {"line": 1, "character": 0}, "end": {"line": 1, "character": 15}}
    assert problem["message"].startswith("`target` must be one of")
    assert client.change(settings, "target: tls\n") == []


@pytest.mark.parametrize("how", ["saved in the editor", "changed elsewhere"])
def test_a_configuration_is_read_again(client: Client, billing: tuple[Path, str], how: str) -> None:
    path, _ = billing
    settings = client.root / ".efs-migrate.yaml"
    client.open(path, text_of(path))
    written = f"{text_of(settings)}\ntarget: tls\n"
    settings.write_text(written)
    if how == "saved in the editor":
        client.open(settings, written)
        client.notify("textDocument/didSave", textDocument={"uri": settings.as_uri()})
    else:
        assert client.registered == ["workspace/didChangeWatchedFiles"]
        client.notify("workspace/didChangeWatchedFiles", changes=[{"uri": settings.as_uri(), "type": 2}])
    codes = [p["code"] for p in client.diagnostics(path.as_uri())]
    assert codes == ["EFS101", "EFS201"]


def test_what_the_configuration_excludes(client: Client, billing: tuple[Path, str]) -> None:
    path, _ = billing
    (client.root / ".efs-migrate.yaml").write_text('exclude: ["*.json"]')
    assert client.open(path, text_of(path)) == []
    assert client.actions(path) == []


def test_a_closed_document_shows_nothing(client: Client, billing: tuple[Path, str]) -> None:
    path, _ = billing
    client.open(path, text_of(path))
    client.notify("textDocument/didClose", textDocument={"uri": path.as_uri()})
    del client.texts[path.as_uri()]
    client.texts[path.as_uri()] = (None, "")  # type: ignore[assignment]  # of no version
    assert client.diagnostics(path.as_uri()) == []


def test_names_are_shown_as_they_are_safe(client: Client) -> None:
    path = client.root / "web.json"
    volume = {"name": "a\x1b[31m\nb", "efsVolumeConfiguration": {"fileSystemId": "fs-12345678"}}
    problems = client.open(path, json.dumps({"family": "web", "volumes": [volume]}))
    shown = [p["message"] for p in problems] + [a["title"] for a in client.actions(path)]
    assert any("a\\x1b[31m\\nb" in text for text in shown)
    assert [text for text in shown if "\x1b" in text or "[31m\n" in text] == []


def test_what_is_not_ours_is_quiet(client: Client) -> None:
    _, _, problems = opened(client, "untouched-kubernetes")
    assert problems == []


def test_without_the_extra(tmp_path: Path) -> None:
    (tmp_path / "pygls.py").write_text("raise ModuleNotFoundError(name='pygls')")
    done = subprocess.run(
        [sys.executable, "-m", "migrate", "lsp"],
        env={"PYTHONPATH": f"{tmp_path}:{ROOT}"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "efs-migrate: error: the language server needs more packages: pip install 'ecs-efs-migrate[lsp]'\n"
    )
