"""The commands: each turns the results of a run into output and returns the exit status."""

from __future__ import annotations

import io
import os
import stat
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from signal import SIGINT, Signals
from typing import TYPE_CHECKING, TextIO

from migrate.config import config
from migrate.engine.outcome import Located
from migrate.files.screen import reason
from migrate.files.source import overwrite
from migrate.report.diff import unified
from migrate.report.result import Report, caveats, subjects
from migrate.run.run import FileResult, Options, Run, UnitResult, written
from migrate.terminal.printable import coloured, printable, printable_lines
from rules.rule import Status

if TYPE_CHECKING:
    from rich.progress import Progress

    from migrate.run.recorded_answers import Answers


# Fewer files are done too quickly for a progress bar.
_WORTH_WAITING = 200


class UsageProblem(Exception):
    """Raised if the options ask for something impossible; the message is one line."""


@dataclass(frozen=True)
class Session:
    """One invocation of the tool: its options, and the methods that carry out commands."""

    options: Options
    exit_zero: bool
    quiet: bool

    # -- commands -----------------------------------------------------------------------------------------------------

    def check(self, paths: Sequence[str], form: str, output: Path | None, verbose: bool) -> int:
        with _writable(output) as stream:
            options = replace(self.options, fixes=form == "sarif")
            with self._results(paths, options) as (run, results):
                units = list(results)
            report = Report(units, problems=list(run.problems.values()))
            return self._finish(run, report, form, file=stream, terminal=_terminal(form, output), verbose=verbose)

    def diff(self, paths: Sequence[str]) -> int:
        printed = False
        files: list[FileResult] = []
        with self._results(paths) as (run, results):
            for unit in results:
                if unit.outcome.edits:
                    emit(_diff(unit).encode("utf-8", "surrogateescape"))
                    printed = True
                files += [replace(f, source=None, outcome=replace(f.outcome, before="")) for f in unit.files]
        self._messages(run, files)
        self._left_over(files)
        return self._status(run, files, printed)

    def apply(self, paths: Sequence[str], form: str, output: Path | None, verbose: bool, replay: Path | None) -> int:
        """Writes the changes and the report, with the answers in `replay` if it is given. Raises UsageProblem."""
        given = _answers(replay) if replay is not None else None
        options = replace(self.options, answers=given.decisions()) if given is not None else self.options
        with _writable(output) as stream:
            with self._results(paths, options) as (run, results):
                units = [_written(unit) for unit in results]
            if run.passed is not None:
                emit(run.passed)
            report = Report(units, applied=True, problems=list(run.problems.values()))
            if given is not None and replay is not None:
                self._unrepeated(replay, given, report.files)
            terminal = _terminal(form, output, filters="-" in paths)
            return self._finish(run, report, form, file=stream, terminal=terminal, verbose=verbose)

    def review(
        self,
        paths: Sequence[str],
        form: str,
        output: Path | None,
        verbose: bool,
        record: Path | None,
        replay: Path | None,
    ) -> int:
        """Runs `apply --interactive`: the user decides about each step. Raises UsageProblem."""
        from migrate.review import Ended, Review, ending
        from migrate.run.recorded_answers import Answers, check_writable
        from migrate.terminal.keyboard import NoTerminal, Terminal

        try:
            terminal = Terminal.open()
        except NoTerminal as problem:
            raise UsageProblem(
                f"--interactive needs a terminal, and {problem}; --replay takes recorded answers without one"
            ) from None
        given = _answers(replay) if replay is not None else Answers()
        if record is not None:
            check_writable(record)
        run = Run(self.options, self._warn)
        review = Review(run, terminal, _common_folder(paths), given=given, record=record)
        units: list[UnitResult] = []
        with _writable(output) as stream:
            try:
                with ending():
                    run.look_at_configurations(paths)
                    for unit in review.results(run.jobs(paths)):
                        units.append(_written(unit))
                        review.save()
            except (KeyboardInterrupt, Ended) as end:
                return self._ended(end.number if isinstance(end, Ended) else SIGINT, review.current, units)
            finally:
                review.save()
            report = Report(units, applied=True, problems=list(run.problems.values()))
            return self._finish(run, report, form, file=stream, terminal=_terminal(form, output), verbose=verbose)

    def init(self, paths: Sequence[str]) -> int:
        from migrate.report.starter_config import starter

        target = os.path.join(_common_folder(paths), config.NAME)
        if os.path.lexists(target):
            self._say(f"{os.path.relpath(target)}: is there already, and init never overwrites one")
            return 2
        with self._results(paths) as (run, results):
            files = [file for unit in results for file in unit.files]
        try:
            # Mode "x" never overwrites: another process may have written one meanwhile.
            with Path(target).open("x", encoding="utf-8", newline="\n") as handle:
                handle.write(starter(files))
        except OSError as error:
            self._say(f"{os.path.relpath(target)}: {reason(error)}")
            return 2
        self._messages(run, files)
        emit(f"{printable(os.path.relpath(target))}\n".encode())
        return 2 if any(f.outcome.error for f in files) else 0

    # -- what they share ----------------------------------------------------------------------------------------------

    @contextmanager
    def _results(
        self, paths: Sequence[str], options: Options | None = None
    ) -> Iterator[tuple[Run, Iterator[UnitResult]]]:
        run = Run(options or self.options, self._warn)
        with _progress(self.quiet) as progress:
            yield run, run.results(paths, progress)

    def _warn(self, message: str) -> None:
        if not self.quiet:
            self._say(f"warning: {message}")

    def _unrepeated(self, replay: Path, given: Answers, files: Sequence[FileResult]) -> None:
        """Warns about answers that were not used, because the step differs, was edited by hand, or its file was not read."""
        names = {file.name for file in files}
        for file in files:
            located = {f.finding.id: f for f in file.outcome.findings}
            for finding, answer in given.to_others(file.name, [f.finding for f in located.values()]):
                place = f"{file.name}:{located[finding.id].line}"
                self._warn(f"{place}: {finding.rule}: not the step that {replay} says {answer.word} to")
            for answer in given.by_hand(file.name):
                if answer.step in located:
                    place = f"{file.name}:{located[answer.step].line}"
                    self._warn(f"{place}: {answer.step.rule}: left alone, because {replay} has it edited by hand")
        if missing := list(dict.fromkeys(answer.file for answer in given if answer.file not in names)):
            more = f" (and {len(missing) - 1} more)" if len(missing) > 1 else ""
            self._warn(f"{replay} has answers about a file that was not looked at: {missing[0]}{more}")

    def _ended(self, number: int, current: str | None, units: Sequence[UnitResult]) -> int:
        """Reports the state of the files after a signal has ended a review. Returns the exit status for it."""
        files = (file for unit in units for file in unit.files)
        written = [file.name for file in files if file.outcome.edits and file.outcome.error is None]
        left = f"{current} is as it was" if current is not None else "nothing is half done"
        done = f"written before: {', '.join(written)}" if written else "no file was written"
        with suppress(OSError):  # the terminal may be gone
            self._say(f"{Signals(number).name}: {left}; {done}")
        # With the terminal gone, Python would try to flush the rest at exit, and fail with a status of its own.
        for name in ("stdout", "stderr"):
            try:
                getattr(sys, name).flush()
            except OSError:
                setattr(sys, name, None)
        return 128 + number

    def _finish(
        self, run: Run, report: Report, form: str, file: TextIO | None, terminal: TextIO | None, verbose: bool
    ) -> int:
        """Writes the report to a file and a readable one to a terminal, then the messages. Returns the exit status."""
        if file is not None:
            file.write(_rendered(report, form, verbose))
        if terminal is not None:
            text = _rendered(report, form if file is None else "text", verbose, colours=coloured(terminal.isatty()))
            if terminal is sys.stdout:
                emit(text.encode(), safe=True)
            else:
                terminal.write(text)
        self._messages(run, report.files)
        return self._status(run, report.files, report.open())

    def _messages(self, run: Run, files: Sequence[FileResult]) -> None:
        """Prints errors, one line each, and the EFS words that lie in no known definition."""
        stopped = Counter(file.config for file in files)
        for name, problem in run.problems.items():
            count = f" ({stopped[name]} file{'s' if stopped[name] != 1 else ''} left alone)" if stopped[name] else ""
            self._say(f"error: {problem}{count}")
        for file in files:
            outcome = file.outcome
            if file.config is not None:
                continue  # reported once, with its configuration
            if outcome.error is not None:
                place = f"{file.name}:{outcome.error_line}" if outcome.error_line is not None else file.name
                self._say(f"error: {place}: {outcome.error}")
            elif outcome.unread and not self.quiet:
                first = outcome.unread[0]
                more = f" (and {len(outcome.unread) - 1} more)" if len(outcome.unread) > 1 else ""
                self._say(
                    f"warning: {file.name}:{first.line}: not read: {first.word}{more} lies in no definition that this "
                    "version knows"
                )
        seen = {f.name for f in files if f.outcome.dialect or f.outcome.unread or f.outcome.error is not None}
        if not self.quiet and (silent := [name for name in run.named if name not in seen]):
            more = f" (and {len(silent) - 1} more)" if len(silent) > 1 else ""
            self._say(f"warning: {silent[0]}{more}: no dialect reads it: no definition of a task with volumes is in it")

    def _left_over(self, files: Sequence[FileResult]) -> None:
        left = [f.finding.status for file in files for f in file.outcome.findings if not f.applied]
        parts = [f"{left.count(s)} {s}" for s in (Status.UNSAFE, Status.NEEDS_INPUT, Status.REFUSED) if s in left]
        if parts and not self.quiet:
            self._say(f"not in the diff: {', '.join(parts)}; `efs-migrate check` says why")

    def _status(self, run: Run, files: Sequence[FileResult], something: bool) -> int:
        if run.problems or any(file.outcome.error is not None for file in files):
            return 2
        return 1 if something and not self.exit_zero else 0

    def _say(self, message: str) -> None:
        print(f"efs-migrate: {printable(message)}", file=sys.stderr)


def _answers(path: Path) -> Answers:
    """Reads the file of answers for `--replay`. Raises UsageProblem."""
    from migrate.config.checked import ShapeProblem
    from migrate.run.recorded_answers import load

    try:
        return load(str(path))
    except ShapeProblem as problem:
        raise UsageProblem(str(problem)) from None


def _rendered(report: Report, form: str, verbose: bool, colours: bool = False) -> str:
    """The report in a format. The format's module is imported only when it is used."""
    if form == "text":
        from migrate.report import text

        return text.render(report, verbose, colours)
    render: Callable[[Report], str] = import_module(f"migrate.report.{form}").render
    return render(report)


def _terminal(form: str, output: Path | None, filters: bool = False) -> TextIO | None:
    """The stream for the readable report: standard output, or standard error if standard output takes the result of
    standard input (`filters`). None if `output` takes the report as text, or is standard output itself."""
    if output is None:
        return sys.stderr if filters else sys.stdout
    return None if form == "text" or filters or _is_standard_output(output) else sys.stdout


def _is_standard_output(output: Path) -> bool:
    try:
        return os.path.samestat(output.stat(), os.fstat(sys.stdout.fileno()))
    except OSError:  # standard output may be an object without a file, as in tests
        return False


@contextmanager
def _writable(output: Path | None) -> Iterator[TextIO | None]:
    """A buffer whose text goes to the file at the end; None without a file. The file is opened before the work starts,
    so that one that cannot be written is noticed at once.

    An existing file keeps its content until the report replaces it; a new one is removed if that fails. Raises OSError,
    which names the file.
    """
    if output is None:
        yield None
        return
    buffer = io.StringIO()
    new = not os.path.lexists(output)
    with output.open("ab") as file:
        try:
            yield buffer
            raw = buffer.getvalue().encode()
            if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                overwrite(Path(os.path.realpath(output)), output.read_bytes(), raw)
            else:
                file.write(raw)
        except BaseException:
            if new:
                output.unlink(missing_ok=True)
            raise


def emit(raw: bytes, safe: bool = False) -> None:
    """Writes to standard output, as bytes, so that a diff keeps the newlines of its files.

    On a terminal, control characters are replaced unless the output is `safe`, that is, has none from files.
    """
    sys.stdout.flush()
    if sys.stdout.isatty() and not safe:
        raw = printable_lines(raw.decode("utf-8", "surrogateescape")).encode()
    rest = memoryview(raw)
    while rest:
        # With PYTHONUNBUFFERED a single write may take only a part of the bytes.
        rest = rest[sys.stdout.buffer.write(rest) :]
    sys.stdout.buffer.flush()


def _diff(unit: UnitResult) -> str:
    """The diffs of all files that change. The caveats of a finding stand before the diff of its file, or before the
    first diff if its own file does not change."""
    changing = [file for file in unit.files if file.outcome.edits]
    elsewhere = [located for file in unit.files if not file.outcome.edits for located in file.outcome.findings]
    shown = []
    for file in changing:
        assert file.source is not None
        findings = [*file.outcome.findings, *(elsewhere if file is changing[0] else ())]
        notes = [_note(caveat, served) for caveat, served in caveats(findings, applied_only=True)]
        path, source, outcome = _patch_path(file), file.source, file.outcome
        shown.append(unified(path, source.text, outcome.text, edits=outcome.edits, notes=notes, bom=source.bom))
    return "".join(shown)


def _note(caveat: str, findings: Sequence[Located]) -> str:
    first = findings[0]
    unsafe = " (unsafe)" if first.finding.status is Status.UNSAFE else ""
    return f"{first.finding.rule} {first.rule.name}{unsafe}, {subjects(findings)}: {caveat}"


def _patch_path(file: FileResult) -> str:
    """The path of a file in a diff. Outside the current directory it is relative to the file's
    repository, for `git apply`."""
    assert file.source is not None
    if not file.name.startswith("..") and not os.path.isabs(file.name):
        return file.name
    folder = os.path.dirname(os.path.abspath(file.source.path))
    root = folder
    while not os.path.lexists(os.path.join(root, ".git")):
        if os.path.dirname(root) == root:
            return file.name
        root = os.path.dirname(root)
    return os.path.relpath(os.path.abspath(file.source.path), root)


def _written(unit: UnitResult) -> UnitResult:
    """Writes the files of a unit, or standard output if it is standard input. Returns the result."""
    if not unit.stdin:
        return written(unit)
    (file,) = unit.files
    if file.source is not None and file.outcome.error is None:
        text = ("\ufeff" if file.source.bom else "") + file.outcome.text
        emit(text.encode() if file.outcome.edits else file.source.raw)
    return unit


def _common_folder(paths: Sequence[str]) -> str:
    folders = [os.path.abspath(p if os.path.isdir(p) else os.path.dirname(p) or ".") for p in paths]
    return os.path.commonpath(folders)


@contextmanager
def _progress(quiet: bool) -> Iterator[Callable[[int, int], None] | None]:
    """A progress bar on standard error, if that is a terminal and there are enough files to wait for."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    with ExitStack() as stack:
        bar: Progress | None = None

        def show(done: int, total: int) -> None:
            nonlocal bar
            if total > _WORTH_WAITING and bar is None:
                # Late: importing rich takes longer than most runs.
                from rich.console import Console
                from rich.progress import Progress

                bar = stack.enter_context(Progress(console=Console(stderr=True), transient=True))
                bar.add_task("files", total=total)
            if bar is not None:
                bar.update(bar.task_ids[0], completed=done)

        yield show
