"""The command line: parses options, calls one function for the command, prints the result, exits."""

from __future__ import annotations

import inspect
import io
import os
import sys
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from migrate import __version__
from migrate.commands import Session, UsageProblem, emit
from migrate.config.config import RULE_IDS, TARGETS
from migrate.files.screen import reason
from migrate.run.run import Options
from migrate.terminal.printable import printable

app = typer.Typer(
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Upgrade legacy EFS mounts in Amazon ECS task definitions to efsVolumeConfiguration with access points, "
    "IAM authorization and transit encryption.",
    epilog="Exit status: 0 nothing to do; 1 check found something, diff printed a diff, apply left something that "
    "needs you; 2 bad usage or configuration, or a file that could not be processed (the others still are).",
)


class Target(StrEnum):
    TLS = "tls"
    ACCESS_POINT = "access-point"
    IAM = "iam"


class Format(StrEnum):
    """The formats of reports; each is a module of `migrate.report`."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    GITHUB = "github"
    GITLAB = "gitlab"
    MARKDOWN = "markdown"


class CampaignFormat(StrEnum):
    TEXT = "text"
    JSON = "json"


def _completed(incomplete: str) -> list[tuple[str, str]]:
    """The rule ids for shell completion, each with the title of its rule."""
    from rules import RULES

    return sorted((rule.id, rule.title) for rule in RULES if rule.id.startswith(incomplete))


def _rule_ids(values: list[str]) -> frozenset[str]:
    ids = frozenset(i for value in values for i in value.upper().replace(",", " ").split())
    if unknown := sorted(ids - RULE_IDS):
        _fail(f"unknown rule {', '.join(unknown)}; `efs-migrate rules` lists them")
    return ids


def _fail(cause: str) -> NoReturn:
    """Prints the cause on one line and exits with status 2, as for any other bad input."""
    typer.echo(f"efs-migrate: error: {printable(cause)}", err=True)
    raise typer.Exit(2)


Paths = Annotated[
    list[str] | None,
    typer.Argument(help="Files and directories; `-` is standard input.", show_default=".", metavar="[PATH]..."),
]
ConfigFile = Annotated[
    Path | None,
    typer.Option("--config", help="Use this configuration for every file instead of the nearest one.", metavar="FILE"),
]
TargetLevel = Annotated[Target | None, typer.Option(help="How far to climb; default: the configuration's, or iam.")]
Only = Annotated[
    list[str] | None,
    typer.Option(help="Apply only this rule (may be given several times).", metavar="ID", autocompletion=_completed),
]
Skip = Annotated[
    list[str] | None,
    typer.Option(help="Leave out this rule (may be given several times).", metavar="ID", autocompletion=_completed),
]
Unsafe = Annotated[bool, typer.Option("--unsafe", help="Also take steps that are marked unsafe.")]
Jobs = Annotated[int, typer.Option(help="Processes; 0: one per processor.", min=0, show_default=True, metavar="N")]
Exclude = Annotated[
    list[str] | None, typer.Option(help="Leave out files like this (.gitignore pattern).", metavar="GLOB")
]
ForceExclude = Annotated[
    bool, typer.Option("--force-exclude", help="Heed the configuration's `exclude` for named files, too (for hooks).")
]
NoGitignore = Annotated[bool, typer.Option("--no-gitignore", help="Look into files that git ignores, too.")]
StdinName = Annotated[
    str | None, typer.Option("--stdin-filename", help="What standard input is called.", metavar="NAME")
]
ExitZero = Annotated[bool, typer.Option("--exit-zero", help="Exit with 0 instead of 1.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No status and warnings on standard error, errors only.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Say in words what changes for each volume.")]
ReportFormat = Annotated[
    Format,
    typer.Option(
        "--format",
        help="The report's form: text for people, json for scripts, sarif for code scanning and editors (with fixes), github "
        "for annotations of a workflow, gitlab for Code Quality, markdown for a comment on a pull request.",
    ),
]
Output = Annotated[
    Path | None,
    typer.Option(
        "--output",
        help="Write the report to a file; one that is not text still goes to the terminal as text.",
        metavar="FILE",
    ),
]

Interactive = Annotated[
    bool, typer.Option("--interactive", "-i", help="Ask about each step, as `git add -p` does; `?` explains the keys.")
]
Record = Annotated[Path | None, typer.Option(help="Keep the answers in this file (JSON, or YAML).", metavar="FILE")]
Replay = Annotated[
    Path | None,
    typer.Option(
        help="Take the answers in this file; what is not in it is decided as usual, or asked.", metavar="FILE"
    ),
]


def _session(
    config: ConfigFile = None,
    target: TargetLevel = None,
    only: Only = None,
    skip: Skip = None,
    unsafe: Unsafe = False,
    jobs: Jobs = 0,
    exclude: Exclude = None,
    force_exclude: ForceExclude = False,
    no_gitignore: NoGitignore = False,
    stdin_filename: StdinName = None,
    exit_zero: ExitZero = False,
    quiet: Quiet = False,
) -> Session:
    if only is not None and not _rule_ids(only):
        _fail("--only names no rule")
    options = Options(
        config=str(config) if config is not None else None,
        target=TARGETS[target.value] if target else None,
        only=_rule_ids(only or []),
        skip=_rule_ids(skip or []),
        unsafe=unsafe,
        jobs=jobs,
        exclude=tuple(exclude or ()),
        gitignore=not no_gitignore,
        force_exclude=force_exclude,
        stdin_name=stdin_filename,
    )
    return Session(options, exit_zero=exit_zero, quiet=quiet)


def _command(function: Callable[..., int]) -> None:
    """Registers a function that takes a session as a command. Its options are those of `_session` and its own."""
    shared = inspect.signature(_session, eval_str=True).parameters
    own = {n: p for n, p in inspect.signature(function, eval_str=True).parameters.items() if n != "session"}

    def run(**values: object) -> None:
        # Options come checked from typer, which has their types from the signature below.
        session = _session(**{name: values.pop(name) for name in shared})  # type: ignore[arg-type]
        _exit(lambda: function(session, **values))

    run.__name__, run.__doc__ = function.__name__, function.__doc__
    parameters = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in (*own.values(), *shared.values())]
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # what inspect.signature reads
    run.__annotations__ = {p.name: p.annotation for p in parameters}
    app.command()(run)


@app.callback(invoke_without_command=True)
def root(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        typer.echo(f"efs-migrate {__version__}")
        raise typer.Exit


@_command
def check(
    session: Session,
    paths: Paths = None,
    report_format: ReportFormat = Format.TEXT,
    output: Output = None,
    verbose: Verbose = False,
) -> int:
    """Report what would change and what stands in the way; change nothing."""
    return session.check(paths or ["."], report_format.value, output, verbose)


@_command
def diff(session: Session, paths: Paths = None) -> int:
    """Print the changes as a unified diff (dry run), which `git apply` and `patch -p1` take."""
    return session.diff(paths or ["."])


@_command
def apply(
    session: Session,
    paths: Paths = None,
    report_format: ReportFormat = Format.TEXT,
    output: Output = None,
    verbose: Verbose = False,
    interactive: Interactive = False,
    record: Record = None,
    replay: Replay = None,
) -> int:
    """Write the changes, each file whole or not at all. `-` writes the result to standard output."""
    paths = paths or ["."]
    if record is not None and not interactive:
        _fail("--record keeps the answers that --interactive asks for")
    if interactive and "-" in paths:
        _fail("--interactive asks on standard input, which cannot be what is to be changed, too")
    try:
        if interactive:
            return session.review(paths, report_format.value, output, verbose=verbose, record=record, replay=replay)
        return session.apply(paths, report_format.value, output, verbose, replay)
    except UsageProblem as problem:
        _fail(str(problem))


@app.command()
def init(
    paths: Paths = None,
    exclude: Exclude = None,
    no_gitignore: NoGitignore = False,
    quiet: Quiet = False,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON Schema of the configuration instead, for editors.")
    ] = False,
) -> None:
    """Write a starter .efs-migrate.yaml with the host paths and file systems found; never overwrites one."""
    if schema:
        from migrate.config.schema import text

        _exit(lambda: _printed(text()))
    session = Session(Options(exclude=tuple(exclude or ()), gitignore=not no_gitignore), exit_zero=False, quiet=quiet)
    _exit(lambda: session.init(paths or ["."]))


@app.command()
def batch(
    repositories: Annotated[
        list[str] | None, typer.Argument(metavar="[REPO]...", help="Folders, patterns (`repos/*`) and Git URLs.")
    ] = None,
    lists: Annotated[
        list[str] | None,
        typer.Option(
            "--from", help="A file that names repositories, one a line; `-` is standard input.", metavar="FILE"
        ),
    ] = None,
    output_dir: Annotated[
        Path | None,
        typer.Option(
            help="Keep the campaign here: a patch for each repository (for `git am`), summary.json, report.html.",
            metavar="DIR",
        ),
    ] = None,
    branch: Annotated[str | None, typer.Option(help="The branch that takes the commit.", metavar="NAME")] = None,
    commit: Annotated[bool, typer.Option("--commit", help="Commit to --branch, in each repository.")] = False,
    push: Annotated[bool, typer.Option("--push", help="Push the branch, too.")] = False,
    pr: Annotated[
        bool, typer.Option("--pr", help="Push, and open a pull request (with gh or glab where they are installed).")
    ] = False,
    pr_interval: Annotated[
        float, typer.Option(help="Seconds between two requests to a forge.", min=0, metavar="SECONDS")
    ] = 2.0,
    message: Annotated[
        Path | None,
        typer.Option(help="The template of the commit's message: {target}, {volumes}, {files}.", metavar="FILE"),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where the run in --output-dir stopped.")] = False,
    only_failed: Annotated[bool, typer.Option("--only-failed", help="Take what failed there once more.")] = False,
    timeout: Annotated[float, typer.Option(help="Seconds for each repository.", min=1, metavar="SECONDS")] = 600.0,
    cache: Annotated[
        Path | None, typer.Option(help="Where clones are kept; default: ~/.cache/efs-migrate.", metavar="DIR")
    ] = None,
    dask: Annotated[
        str | None,
        typer.Option(help="Let a Dask cluster work: tcp://scheduler:8786 (needs the extra `dask`).", metavar="ADDRESS"),
    ] = None,
    jobs: Annotated[int, typer.Option(help="Repositories at once; 0: one per processor.", min=0, metavar="N")] = 0,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config", help="What holds where a repository's own configuration says nothing.", metavar="FILE"
        ),
    ] = None,
    target: TargetLevel = None,
    only: Only = None,
    skip: Skip = None,
    unsafe: Unsafe = False,
    exclude: Exclude = None,
    report_format: Annotated[
        CampaignFormat, typer.Option("--format", help="The summary's form: text for people, json for scripts.")
    ] = CampaignFormat.TEXT,
    exit_zero: ExitZero = False,
    quiet: Quiet = False,
) -> None:
    """The same over many repositories: preview, or patches, or branches, pushes and pull requests. Works on the default
    branch, in worktrees of its own."""
    push, commit = push or pr, commit or push or pr
    if commit and not branch:
        _fail("--commit, --push and --pr need a --branch")
    if branch and not commit:
        _fail("--branch needs --commit, --push or --pr")
    if only is not None and not _rule_ids(only):
        _fail("--only names no rule")
    from migrate.batch.command import CampaignRequest, run
    from migrate.batch.git import is_branch
    from migrate.batch.repository import Wish

    if branch and not is_branch(branch):
        _fail(f"{branch} cannot be the name of a branch")
    options = Options(
        target=TARGETS[target.value] if target else None,
        only=_rule_ids(only or []),
        skip=_rule_ids(skip or []),
        unsafe=unsafe,
        exclude=tuple(exclude or ()),
    )
    template = message.read_text(encoding="utf-8") if message is not None else None
    patches = output_dir is not None or dask is not None
    wish = Wish(options, branch, commit, push=push, pull_request=pr, message=template, patches=patches, timeout=timeout)
    request = CampaignRequest(
        repositories or [],
        lists or [],
        wish,
        output=output_dir,
        cache=cache,
        jobs=jobs,
        dask=dask,
        interval=pr_interval,
        resume=resume,
        only_failed=only_failed,
        form=report_format.value,
        exit_zero=exit_zero,
        quiet=quiet,
    )
    _exit(lambda: _campaign(lambda: run(request, config)))


def _campaign(command: Callable[[], tuple[str, int]]) -> int:
    from migrate.batch.campaign import CampaignProblem
    from migrate.batch.executors import ExecutorProblem
    from migrate.config.config import ConfigProblem

    try:
        text, status = command()
    except (CampaignProblem, ExecutorProblem, ConfigProblem) as problem:
        _fail(str(problem))
    emit(text.encode("utf-8", "replace"))
    return status


@app.command()
def rules(
    rule_id: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="The rule to explain.", autocompletion=_completed)
    ] = None,
) -> None:
    """List the rules, or explain one: why, before and after, caveat, source."""
    from migrate.report.rules import page, table

    known = rule_id.upper() if rule_id is not None else None
    if known is not None and known not in RULE_IDS:
        _fail(f"unknown rule {rule_id}; `efs-migrate rules` lists them")

    _exit(lambda: _printed(table() if known is None else page(known)))


def _printed(text: str) -> int:
    emit(text.encode())
    return 0


@app.command()
def lsp(
    stdio: Annotated[  # noqa: ARG001  # editors say how to talk, and there is one way
        bool, typer.Option("--stdio", hidden=True)
    ] = False,
) -> None:
    """Serve editors: findings and quick fixes while a file is edited (needs the extra `lsp`)."""
    try:
        from migrate.lsp.server import serve
    except ModuleNotFoundError as missing:
        if (missing.name or "").split(".")[0] not in ("pygls", "lsprotocol"):
            raise
        _fail("the language server needs more packages: pip install 'ecs-efs-migrate[lsp]'")
    serve()


def _exit(command: Callable[[], int]) -> NoReturn:
    """Runs a command and exits with its status. A closed pipe or Ctrl-C ends it without a message."""
    sys.stderr = sys.stderr or io.StringIO()  # closed: `print` would go to standard output
    if sys.stdout is None:
        _fail("standard output is closed")
    try:
        Path.cwd()
    except OSError as error:
        _fail(f"current directory: {reason(error)}")
    try:
        status = command()
        if sys.stdout is not None:
            sys.stdout.flush()
    except KeyboardInterrupt:
        status = 130
    except OSError as error:
        if error.filename is not None:
            _fail(f"{os.fsdecode(error.filename)}: {reason(error)}")
        # Otherwise Python would report the error again when it closes standard output.
        sys.stdout = None
        if not isinstance(error, BrokenPipeError):
            _fail(f"output: {reason(error)}")
        status = 2
    raise typer.Exit(status)
