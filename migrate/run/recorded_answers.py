"""Answers to steps, written to a file by `--record` and read from it by `--replay`."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from errno import EACCES, EISDIR, ENOENT
from pathlib import Path

from migrate.config.checked import ShapeProblem, Shapes
from migrate.config.config import RULE_IDS
from migrate.engine.decisions import Answer
from migrate.files import screen
from migrate.files.language import JSON, YAML
from migrate.files.source import SourceProblem, decode, put
from migrate.syntax import SyntaxProblem, literal, parse, resolve
from migrate.syntax.node import Node, Scalar
from rules.model import Key
from rules.rule import Finding, StepId

VERSION = 1
_YAML = (".yaml", ".yml")


class Word(StrEnum):
    """An answer to a step, as the file of answers spells it."""

    YES = "yes"
    NO = "no"
    EDIT = "edit"
    """The hunk of the step was edited by hand, which cannot be repeated."""


@dataclass(frozen=True, slots=True)
class Given:
    """One answer, with its file and step, and the digest and message that the step had then."""

    file: str
    step: StepId
    digest: str
    word: Word
    message: str = ""

    @classmethod
    def to(cls, file: str, finding: Finding, word: Word) -> Given:
        return cls(file, finding.id, finding.digest, word=word, message=finding.message)

    @property
    def answer(self) -> Answer:
        """The answer for the engine. A yes holds only while the step does the same (same digest), a no whatever it
        does."""
        return Answer(True, self.digest) if self.word is Word.YES else Answer(False)

    def is_to(self, finding: Finding) -> bool:
        """Whether this answer holds for the step of a finding."""
        return self.step == finding.id and (self.word is not Word.YES or self.digest == finding.digest)


@dataclass
class Answers:
    """Answers by file and step, in the order in which they were given."""

    _given: dict[tuple[str, StepId], Given] = field(default_factory=dict)

    @classmethod
    def of(cls, given: Iterable[Given]) -> Answers:
        return cls({(one.file, one.step): one for one in given})

    def __iter__(self) -> Iterator[Given]:
        return iter(self._given.values())

    def add(self, given: Given) -> None:
        """Adds an answer, which replaces earlier ones about the same rule and subject in the same file."""
        for other in [g for g in self if (g.file, g.step.rule, g.step.subject) == _about(given)]:
            del self._given[other.file, other.step]
        self._given[given.file, given.step] = given

    def decisions(self) -> Mapping[str, Mapping[StepId, Answer]]:
        """The answers for the engine, by file and step. A step that was edited by hand counts as a no."""
        found: dict[str, dict[StepId, Answer]] = {}
        for one in self:
            found.setdefault(one.file, {})[one.step] = one.answer
        return found

    def to_repeat(self, file: str) -> Mapping[StepId, Answer]:
        """The answers about a file that a later run can repeat: all but those for hunks edited by hand."""
        given = (one for one in self if one.file == file and one.word is not Word.EDIT)
        return {one.step: one.answer for one in given}

    def to_others(self, file: str, findings: Iterable[Finding]) -> Iterator[tuple[Finding, Given]]:
        """The steps that differ from the answered one although rule and subject are the same, each with that answer."""
        about: dict[tuple[str, Key], list[Given]] = {}
        for one in self:
            if one.file == file:
                about.setdefault((one.step.rule, one.step.subject), []).append(one)
        for finding in findings:
            known = about.get((finding.rule, finding.subject), [])
            if finding.changes and known and not any(one.is_to(finding) for one in known):
                yield finding, known[0]

    def by_hand(self, file: str) -> Iterator[Given]:
        """The answers about a file that cannot be repeated, because the hunk was edited by hand."""
        return (one for one in self if one.file == file and one.word is Word.EDIT)

    # -- files --------------------------------------------------------------------------------------------------------

    def write(self, path: Path) -> None:
        """Writes all answers, as YAML or JSON by the file's suffix, replacing the file in one go. Raises OSError."""
        entries = [_entry(given) for given in self]
        text = _as_yaml(entries) if path.suffix.lower() in _YAML else _as_json(entries)
        put(path, text.encode())


def _about(given: Given) -> tuple[str, str, Key]:
    return given.file, given.step.rule, given.step.subject


def _entry(given: Given) -> dict[str, object]:
    return {
        "file": given.file,
        "rule": given.step.rule,
        "subject": list(given.step.subject.parts),
        "detail": given.step.detail,
        "digest": given.digest,
        "answer": str(given.word),
        "message": given.message,
    }


def _as_json(entries: list[dict[str, object]]) -> str:
    return json.dumps({"version": VERSION, "answers": entries}, indent=2) + "\n"


def _as_yaml(entries: list[dict[str, object]]) -> str:
    lines = [f"version: {VERSION}", "answers:" if entries else "answers: []"]
    for entry in entries:
        # JSON values are valid YAML.
        first, *others = (f"{key}: {json.dumps(value)}" for key, value in entry.items())
        lines += [f"  - {first}", *(f"    {other}" for other in others)]
    return "\n".join(lines) + "\n"


def load(path: str) -> Answers:
    """Reads a file of answers. Raises ShapeProblem."""
    try:
        text, _ = decode(screen.load(path))
        document = parse(text, JSON if path.lower().endswith(".json") else YAML)
    except OSError as error:
        raise ShapeProblem(path, None, screen.reason(error)) from None
    except (SyntaxProblem, SourceProblem) as problem:
        raise ShapeProblem(path, problem.line, problem.cause) from None
    if len(document.roots) != 1:
        raise ShapeProblem(path, None, "holds no answers" if not document.roots else "more than one document")
    return Answers.of(_AnswersReader(path, document).answers(document.roots[0]))


class _AnswersReader(Shapes):
    """Turns the nodes of a file of answers into answers. Each method raises ShapeProblem."""

    def answers(self, root: Node) -> list[Given]:
        readers: dict[str, Callable[[Node, str], object]] = {"version": self.version, "answers": self.list}
        found = self.members(root, "a file of answers", readers)
        for key in readers:
            if key not in found:
                self.fail(root, f"`{key}` is missing")
        given = found["answers"]
        assert isinstance(given, list)
        return given

    def version(self, node: Node, key: str) -> int:
        if (version := self.whole(node, key)) != VERSION:
            self.fail(node, f"`{key}` {version} is not known: this efs-migrate reads {VERSION}")
        return version

    def list(self, node: Node, key: str) -> list[Given]:
        given: dict[tuple[str, StepId], Given] = {}
        for item in self.items(node, key):
            one = self.answer(item)
            if (one.file, one.step) in given:
                self.fail(item, f"`{key}`: the same step is there twice")
            given[one.file, one.step] = one
        return [*given.values()]

    def answer(self, node: Node) -> Given:
        readers: dict[str, Callable[[Node, str], object]] = {
            "file": self.word,
            "rule": self.rule,
            "subject": self.key,
            "detail": self.text,
            "digest": self.word,
            "answer": self.verdict,
            "message": self.text,
        }
        found = self.members(node, "an entry of `answers`", readers)
        for key in readers:
            if key not in found and key != "message":
                self.fail(node, f"`answers`: an entry has no `{key}`")
        step = StepId(found["rule"], found["subject"], found["detail"])  # type: ignore[arg-type]  # as read above
        return Given(found["file"], step, found["digest"], word=found["answer"], message=found.get("message", ""))  # type: ignore[arg-type]  # as read above

    def verdict(self, node: Node, key: str) -> Word:
        found = resolve(node)
        # YAML 1.1 reads yes and no as booleans, YAML 1.2 as words.
        word = found.text if isinstance(found, Scalar) else ""
        if word not in tuple(Word):
            self.fail(node, f"`{key}` must be one of {', '.join(Word)}" + (f", not {word}" if word else ""))
        return Word(word)

    def rule(self, node: Node, key: str) -> str:
        if (rule := self.word(node, key)) not in RULE_IDS:
            self.fail(node, f"`{key}`: unknown rule {rule}")
        return rule

    def key(self, node: Node, key: str) -> Key:
        parts: list[str | int] = []
        for item in self.items(node, key):
            found = resolve(item)
            part = literal(found) if isinstance(found, Scalar) else None
            if not isinstance(part, str | int) or isinstance(part, bool):
                self.fail(item, f"`{key}` must be a list of words and numbers")
            parts.append(part)
        if not parts:
            self.fail(node, f"`{key}` is empty")
        kind, *place = parts
        if not isinstance(kind, str):
            self.fail(node, f"`{key}` must begin with a word")
        return Key.of(kind, *place)

    def text(self, node: Node, key: str) -> str:
        """A string, which may be empty."""
        found = resolve(node)
        value = literal(found) if isinstance(found, Scalar) else None
        if not isinstance(value, str):
            self.fail(node, f"`{key}` must be a string")
        return value


def check_writable(path: Path) -> None:
    """Raises OSError if a file cannot be written at `path`. Called before the first question, so that no answer is
    lost."""
    if path.is_dir():
        raise IsADirectoryError(EISDIR, os.strerror(EISDIR), str(path))
    folder = path.resolve().parent
    if (path.is_file() or not path.exists()) and not os.access(folder, os.W_OK | os.X_OK):
        cause = EACCES if folder.is_dir() else ENOENT
        raise OSError(cause, os.strerror(cause), str(path))
