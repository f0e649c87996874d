"""The search for files to look into, from the paths on the command line.

Most runs end without a finding, and quickly. This module therefore imports nothing that Python has not loaded already:
`subprocess`, `dataclasses` or `typing` would each double the start-up time, and path objects would take longer than the
rest of a walk.
"""

from __future__ import annotations

import os
import select
import stat

from migrate.files.language import last_suffixes, suffixes
from migrate.files.screen import reason

TYPE_CHECKING = False  # type checkers know this name; importing `typing` for it would take 9 ms
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

CONFIGURATION = ".efs-migrate.yaml"

SKIPPED = frozenset({
    ".git", ".hg", ".svn", ".bzr", ".jj",  # version control
    "node_modules", "bower_components", "site-packages", "vendor", "third_party",  # other people's code
    "__pycache__", ".venv", ".tox", ".nox", ".mypy_cache", ".pytest_cache", ".ruff_cache",  # Python's products
    ".terraform", "cdk.out", ".aws-sam", ".serverless", ".terragrunt-cache",  # products of infrastructure tools
})  # fmt: skip  # one reason per line
"""The names of directories that a walk does not enter; an argument may name one or lie inside one.

Any directory with a `pyvenv.cfg`, whatever its name, is a virtual environment and skipped as well.
"""

_LIST = ("ls-files", "-z", "-t", "--stage", "--cached", "--others", "--exclude-standard")


class FoundFile:
    """A file to look into, or a path that cannot be looked into.

    `path` is absolute, for opening. `name` is for people and reports: relative to the current directory without `./` if
    the file lies inside it, otherwise relative (`../x.json`) or absolute as the argument was. Neither is safe for a
    terminal (`migrate.terminal.printable.printable`); undecodable bytes are surrogates, as `os.fsdecode` makes them.
    `explicit` is true for a path that was an argument itself. `error` is the reason, in one line, why there is nothing
    to open, or None. `root` is the directory that was the argument, or the one that holds an explicit file.
    """

    __slots__ = ("error", "explicit", "name", "path", "root")

    def __init__(self, path: str, name: str, explicit: bool, error: str | None = None, root: str | None = None) -> None:
        self.path = path
        self.name = name
        self.explicit = explicit
        self.error = error
        self.root = root if root is not None else os.path.dirname(path)

    def __repr__(self) -> str:
        return f"FoundFile({self.path!r}, {self.name!r}, explicit={self.explicit}, error={self.error!r})"


def _silent(message: str) -> None:
    del message


def discover(
    paths: Sequence[str],
    *,
    exclude: Sequence[str] = (),
    gitignore: bool = True,
    warn: Callable[[str], None] = _silent,
) -> Iterator[FoundFile]:
    """Yields the files that `paths` (files or directories; never `-`) stand for, each real file once.

    The order is that of `paths`, sorted within each. In a directory, files are considered by suffix
    (`language.suffixes`); `SKIPPED` directories and symbolic links to directories are not entered. A link to a file
    stands for that file only if it lies in the same repository (or, without one, below the same argument) and is not
    found there itself. With `gitignore`, git lists each repository and ignored files are left out, except where the
    argument itself is ignored. `exclude` holds `.gitignore`-like patterns relative to each directory argument; files
    named explicitly are always considered.

    Missing or unreadable paths raise nothing: they are yielded with their `error`. `warn` receives one-line messages
    (not made safe for a terminal) about problems that do not stop the run, such as a failure of git. Raises OSError
    only if the current directory is gone.
    """
    excluded = excluder(exclude)
    prunes = bool(exclude) and not any(pattern.startswith("!") for pattern in exclude)
    seen: set[tuple[int, int]] = set()
    for argument in paths:
        path, name = _locate(argument)
        try:
            info = os.stat(argument)  # unchanged, so that the system resolves `x.json/` and `link/..`
        except OSError as error:
            yield FoundFile(path, name, explicit=True, error=reason(error))
            continue
        if stat.S_ISDIR(info.st_mode):
            tree = _Tree(path, gitignore, excluded if prunes else None, warn=warn)
            prefix = "" if name == "." else name.rstrip("/") + "/"
            inside = os.getcwd().rstrip("/") + "/"
            for relative, error_text in tree.files(excluded, seen):
                path = tree.root + relative
                # An argument may contain the current directory: `..`, `/`.
                name = path[len(inside) :] if path.startswith(inside) else prefix + relative
                yield FoundFile(path, name or ".", explicit=False, error=error_text, root=tree.root)
        elif not stat.S_ISREG(info.st_mode):
            yield FoundFile(path, name, explicit=True, error="not a regular file")
        elif (info.st_dev, info.st_ino) not in seen:
            seen.add((info.st_dev, info.st_ino))
            yield FoundFile(path, name, explicit=True)


def excluder(patterns: Sequence[str]) -> Callable[[str], bool]:
    """Returns a function that tells whether a path relative to some root (`a/b.json`; a directory `a/`) is excluded.

    Patterns are those of `.gitignore`. One without a slash before its end matches at any depth, any other from the
    root; a trailing slash matches directories only; a match excludes everything below it; `*`, `?` and `[…]` stay
    within a name, `**` as a whole name crosses them; a later `!pattern` includes again (also below an excluded
    directory, where git would not). A bracket without its end is an ordinary character. No pattern raises an error.
    """
    if not patterns:
        return lambda _: False
    import re

    rules = [
        (not pattern.startswith("!"), re.compile(_translate(pattern.removeprefix("!")), re.DOTALL))
        for pattern in reversed(patterns)
        if pattern.strip("/!")
    ]

    def excluded(relative: str) -> bool:
        return next((outcome for outcome, rule in rules if rule.fullmatch(relative)), False)

    return excluded


def _translate(pattern: str) -> str:
    """Returns the regular expression for one pattern, which must match a whole relative path.

    It takes time in proportion to the path's length, whatever the pattern: the first place where what follows a star fits
    is as good as any later one, so each is an atomic group, which gives nothing back.
    """
    from re import escape

    directories_only = pattern.endswith("/")
    body = pattern.rstrip("/")
    names = body.lstrip("/").split("/")
    if "/" not in body:
        names = ["**", body] if body != "**" else ["**", "*"]
    everything_below = len(names) > 1 and names[-1] == "**"
    if everything_below:
        names.pop()
    end = "/" if everything_below else "(?=/)" if directories_only else r"(?=/|\Z)"
    # Names between two `**` are a run: they stand for as many names that follow each other.
    runs: list[list[str]] = [[]]
    for index, name in enumerate(names):
        if name == "**" and (everything_below or index < len(names) - 1):
            runs.append([])
        else:
            runs[-1].append(name)
    result = ""
    for number, run in enumerate(runs):
        last = number == len(runs) - 1
        ends = ["/"] * (len(run) - 1) + [end if last else "/"]
        written = "".join(_translate_name(name, escape, after) for name, after in zip(run, ends, strict=False))
        if run and number:
            written = f"(?>(?:[^/]*+/)*?{written})"
        elif last and number:
            written = "(?:.*/)?"
        result += written
    if everything_below:
        return result + (".*/.*" if directories_only else ".*")
    return result + ("/.*" if directories_only else "(?:/.*)?")


def _translate_name(name: str, escape: Callable[[str], str], end: str) -> str:
    """Return the regular expression for one name of a pattern and `end`, which is what follows it in a path."""
    parts, position = [""], 0  # what stands between stars
    while position < len(name):
        character = name[position]
        position += 1
        if character == "*":
            parts.append("")
        elif character == "?":
            parts[-1] += "[^/]"
        elif character == "\\" and position < len(name):
            parts[-1] += escape(name[position])
            position += 1
        elif character == "[" and (stop := name.find("]", position + 1 + (name[position : position + 1] in "!^"))) > 0:
            inner = name[position:stop]
            negated = inner[0] in "!^"
            inner = inner[negated:].replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")
            inner = inner.replace("&&", "&\\&").replace("~~", "~\\~").replace("||", "|\\|").replace("^", "\\^")
            low_to_high = all(inner[i - 1] <= inner[i + 1] for i in range(1, len(inner) - 1) if inner[i] == "-")
            parts[-1] += f"(?!/)[{'^' if negated else ''}{inner}]" if low_to_high else "(?!)"
            position = stop + 1
        else:
            parts[-1] += escape(character)
    first, *between = parts
    if not between:
        return first + end
    return first + "".join(f"(?>[^/]*?{part})" for part in between[:-1] if part) + f"(?>[^/]*{between[-1]}{end})"


class _Tree:
    """The files below one directory argument."""

    def __init__(
        self, path: str, gitignore: bool, prune: Callable[[str], bool] | None, warn: Callable[[str], None]
    ) -> None:
        self.root = path.rstrip("/") + "/"
        self._gitignore = gitignore
        self._prune = prune
        self._warn = warn
        self._suffixes, self._last = suffixes(), last_suffixes()
        self._real = os.path.realpath(path)
        self._top = _repository(self._real) if gitignore else None
        self._names: list[str] = []
        # (device, inode) of regular files if the scan reported them, which saves a system call for each.
        self._identities: dict[str, tuple[int, int]] = {}
        self._errors: dict[str, str] = {}

    def files(self, excluded: Callable[[str], bool], seen: set[tuple[int, int]]) -> Iterable[tuple[str, str | None]]:
        """Returns (path relative to the root, error or None), sorted; adds each (device, inode) to `seen`."""
        pending = [""]
        while pending:
            directory = pending.pop()
            inside = self._top is not None if directory == "" else False
            pending += self._listed(directory) if inside else self._walked(directory)
        links: list[str] = []
        result: dict[str, str | None] = dict(self._errors)
        for name in sorted(set(self._names)):
            if excluded(name):
                continue
            identity = self._identities.get(name)
            if identity is not None and identity not in seen:
                seen.add(identity)
                result[name] = None
                continue
            try:
                info = os.lstat(self.root + name)
            except (FileNotFoundError, NotADirectoryError):
                continue  # in git's index, deleted on disk
            except OSError as error:
                result[name] = reason(error)
                continue
            if stat.S_ISLNK(info.st_mode):
                links.append(name)
            elif stat.S_ISREG(info.st_mode) and (info.st_dev, info.st_ino) not in seen:
                seen.add((info.st_dev, info.st_ino))
                result[name] = None
        # Links last, so that a file is listed under its own name: git and patch refuse to write through a link.
        for name in links:
            target = self._target(name)
            if target is not None and target not in seen:
                seen.add(target)
                result[name] = None
        return sorted(result.items())

    def _target(self, link: str) -> tuple[int, int] | None:
        """Returns the (device, inode) of the regular file that a link leads to if that is one of this tree's."""
        try:
            info = os.stat(self.root + link)
        except OSError:
            return None  # dangling or a loop; named explicitly it would be an error
        # A repository must not be able to make the tool change files outside it.
        inside = (self._top or self._real).rstrip("/") + "/"
        real = os.path.realpath(self.root + link)
        if not stat.S_ISREG(info.st_mode) or not real.startswith(inside):
            return None
        return None if _passes_skipped(real[len(inside) :]) else (info.st_dev, info.st_ino)

    def _walked(self, directory: str) -> list[str]:
        """Scans one directory; returns those below it. Paths are relative to the root and end in `/` (or are empty)."""
        files: dict[str, tuple[int, int] | None] = {}
        below: list[str] = []
        try:
            device = os.stat(self.root + directory).st_dev
            with os.scandir(self.root + directory) as entries:
                for entry in entries:
                    name = entry.name
                    if name == ".git" and self._gitignore and directory:
                        return self._listed(directory)
                    if name == "pyvenv.cfg" and directory:
                        return []
                    if entry.is_dir(follow_symlinks=False):
                        if name not in SKIPPED and not (self._prune and self._prune(f"{directory}{name}/")):
                            below.append(f"{directory}{name}/")
                    elif name[name.rfind(".") :].lower() in self._last and name.lower().endswith(self._suffixes):
                        regular = entry.is_file(follow_symlinks=False)
                        files[directory + name] = (device, entry.inode()) if regular else None
        except OSError as error:
            self._errors[directory.rstrip("/")] = reason(error)
        self._names += files
        self._identities.update((name, identity) for name, identity in files.items() if identity)
        return below

    def _listed(self, directory: str) -> list[str]:
        """Lets git list a repository or a part of it; returns the repositories inside it. Walks it if git cannot."""
        path = self.root + directory
        # A configuration may name a work tree elsewhere, whose files git would list instead.
        top = path if directory or self._top is None else self._top
        status, output, messages = _git(path, f"--work-tree={top}", *_LIST)
        for line in messages.splitlines():
            self._warn(f"{path}: git: {line}")
        if status != 0:
            self._warn(f"{path}: git could not list its files, so .gitignore is not honoured there")
            return self._plainly(directory)
        if not output and not directory and _ignored(self._real):
            return self._plainly(directory)
        files: list[str] = []
        repositories: list[str] = []
        environments: list[str] = []
        for entry in output.split("\0"):
            # "? NAME" for an untracked file, "H MODE OBJECT STAGE\tNAME" for a tracked one.
            if entry.startswith("?"):
                name = entry[2:]
                if name.endswith("/"):
                    repositories.append(directory + name)
                    continue
            else:
                name = entry[entry.find("\t") + 1 :]
                if entry.startswith("160000 ", 2):
                    repositories.append(f"{directory}{name}/")
                    continue
            if name[name.rfind(".") :].lower() in self._last and name.lower().endswith(self._suffixes):
                files.append(directory + name)
            elif name.endswith("/pyvenv.cfg"):
                environments.append(directory + name[: -len("pyvenv.cfg")])
        linked: dict[str, bool] = {directory: False}
        self._names += [
            name
            for name in files
            if not _passes_skipped(name[len(directory) :])
            and not any(map(name.startswith, environments))
            and not self._behind_link(name[: name.rfind("/") + 1], linked)
        ]
        return [
            nested
            for name in repositories
            if not _passes_skipped(name[len(directory) :])
            and not self._behind_link(name[: name.rstrip("/").rfind("/") + 1], linked)
            and not os.path.islink(self.root + name.rstrip("/"))
            for nested in (self._walked(name) if os.path.isdir(self.root + name) else [])
        ]

    def _plainly(self, directory: str) -> list[str]:
        """Walks `directory` without regard to ignore files; returns an empty list of directories left to do."""
        before, self._gitignore = self._gitignore, False
        pending = [directory]
        while pending:
            pending += self._walked(pending.pop())
        self._gitignore = before
        return []

    def _behind_link(self, directory: str, known: dict[str, bool]) -> bool:
        """Whether `directory` (ending in `/`) or one above it has been replaced by a symbolic link."""
        if directory not in known:
            parent = directory[: directory.rfind("/", 0, -1) + 1]
            known[directory] = self._behind_link(parent, known) or os.path.islink(self.root + directory[:-1])
        return known[directory]


def _passes_skipped(relative: str) -> bool:
    return not SKIPPED.isdisjoint(relative.split("/")[:-1])


def _locate(argument: str) -> tuple[str, str]:
    """Returns the absolute path of an argument and its name for people (`FoundFile`)."""
    path = os.path.abspath(argument)
    if ".." in argument.split("/"):
        # `link/..` is the parent of the link's target, so only the last name may remain a link.
        head, tail = os.path.split(argument)
        path = os.path.realpath(argument) if tail in ("", "..") else os.path.join(os.path.realpath(head), tail)
    current = os.getcwd()
    if path == current:
        return path, "."
    inside = current.rstrip("/") + "/"
    if path.startswith(inside):
        return path, path[len(inside) :]
    return path, path if os.path.isabs(argument) else os.path.relpath(path, current)


def _repository(directory: str) -> str | None:
    """Returns the top of the working tree that contains the real path `directory`, or None."""
    while not os.path.lexists(os.path.join(directory, ".git")):
        parent = os.path.dirname(directory)
        if parent == directory or os.path.basename(directory) == ".git":
            return None
        directory = parent
    return directory


def _ignored(directory: str) -> bool:
    """Whether git ignores the directory itself; an argument that names it then overrides `.gitignore`."""
    parent, name = os.path.split(directory)
    return bool(name) and _git(parent, "check-ignore", "--quiet", "--", f"./{name}")[0] == 0


def _git(directory: str, *arguments: str) -> tuple[int, str, str]:
    """Runs git in `directory`; returns its exit status (127 if there is no git), standard output and standard error.

    No configuration of the repository can make git run a program or reach a network here. The owner of the repository
    therefore does not matter (a checkout mounted into a container belongs to another user).
    """
    command = [
        "git", "--no-optional-locks", "--no-pager", "-C", directory,
        "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "safe.directory=*", *arguments,
    ]  # fmt: skip  # each option beside its value
    environment = _environment(os.environ)
    output, output_end = os.pipe()
    messages, messages_end = os.pipe()
    try:
        process = os.posix_spawnp(
            "git",
            command,
            environment,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_DUP2, output_end, 1),
                (os.POSIX_SPAWN_DUP2, messages_end, 2),
            ],
        )
    except OSError as error:
        os.close(output)
        os.close(messages)
        return 127, "", reason(error)
    finally:
        os.close(output_end)
        os.close(messages_end)
    parts: dict[int, list[bytes]] = {output: [], messages: []}
    waiting = [output, messages]
    try:
        while waiting:
            for handle in select.select(waiting, [], [])[0]:
                piece = os.read(handle, 1 << 20)
                parts[handle].append(piece)
                if not piece:
                    waiting.remove(handle)
    finally:
        os.close(output)
        os.close(messages)
        status = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    return status, os.fsdecode(b"".join(parts[output])), os.fsdecode(b"".join(parts[messages]))


def _environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Returns `environment` without variables that point git to another repository (a hook's GIT_DIR) or
    configuration."""
    kept = ("GIT_EXEC_PATH", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM")
    result = {name: value for name, value in environment.items() if not name.startswith("GIT_") or name in kept}
    # Git would complete a sparse index in a partial clone from its remote, through any transport that this names.
    return result | {"GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": "none", "GIT_TERMINAL_PROMPT": "0"}
