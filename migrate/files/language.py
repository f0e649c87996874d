"""The languages that files are written in: their suffixes, and the words that make a file worth reading.

Discovery and screening use this table, so that a new language or dialect brings its own suffixes and words without
changing either. Like `discover`, this module imports nothing that Python has not loaded already.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False  # as in `migrate.files.discover`
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    Rows = tuple[tuple[tuple[bytes, ...], str], ...]

WORDS: Rows = (
    (
        (b"efsvolumeconf",),
        "efsVolumeConfiguration (API, Batch), EFSVolumeConfiguration, efs_volume_configuration (CDK)",
    ),
    ((b"efsvolumes",), "efs_volumes: ecs-cli's ecs-params.yml"),
    ((b"dockervolumeconf",), "dockerVolumeConfiguration, DockerVolumeConfiguration, docker_volume_configuration"),
    ((b"dockervolumes",), "docker_volumes: ecs-cli's ecs-params.yml"),
    ((b"ecsvolume.",), "batch.EcsVolume.efs(…), batch.EcsVolume.host(…) (CDK)"),
    ((b"efsvolume(",), "batch.EfsVolume(…) (CDK)"),
    ((b"hostvolume(",), "batch.HostVolume(…) (CDK)"),
    ((b"sourcepath", b"host"), "host: {sourcePath: …}; a bare list of volumes need not hold the word `volumes`"),
)
"""The words of all languages in which volumes have the names of the ECS API."""

TELLING: tuple[tuple[bytes, ...], ...] = (
    (b"UserData", b"ount"),
    (b"AWS::CloudFormation::Init", b"ount"),
    (b"AWS::SSM::Association", b"ount"),
    (b"AWS::CloudFormation::Stack",),
    (b"AWS::Serverless::Application",),
)
"""Rows of words; a template with all words of a row matters to other files, because its instances mount something or it
passes values to nested templates."""


CLUES: tuple[tuple[bytes, ...], ...] = (
    (b"ourceVolume", b"FindInMap"),
    (b"ourceVolume", b"Fn::Transform"),
    (b"ourceVolume", b"!Transform"),
    (b"storage:", b"efs:"),
    (b"aws:ecs", b"ostPath"),
    (b"aws:batch", b"ostPath"),
    (b"aws_ecs_task_definition", b"host_path"),
)
"""Rows of words, exactly as written, of volumes without any of the `WORDS`: their list comes from elsewhere, or a tool
has names of its own. A file with all words of a row and `olume` is parsed."""


ECS_CLI_WORDS: Rows = (
    *WORDS,
    ((b"taskdefinition:",), "task_definition: ecs-cli's ecs-params.yml, whose host paths are in the other file"),
    ((b"services:", b"volumes:"), "a Compose file beside ecs-params.yml"),
)
"""The words of the two files that ecs-cli reads together."""


class Language:
    """A language that files are written in.

    `name` is the identifier that editors use, `suffixes` are the lower-case suffixes by which its files are found in
    directories. `comments` are the texts that start a comment.

    `words` are rows of words, each with a reason: a file is parsed if it holds all words of a row, regardless of case,
    `_` and `-`. `sign` is a literal that a file must hold, exactly as written, before its words are looked for (None:
    the literal is `olume`). `spellings` are literals, one of which is in every file with a row that has no word with
    `volume`. `clues` are more rows, of literals (`CLUES`). `telling` are the rows that make a file matter to other
    files (`TELLING`).

    `escapes` are the beginnings of escapes by whose number a string may spell a letter.

    `members` returns the files of the unit of the file at an absolute path, that file included: all that may have to
    change together, in order. None: each file is a unit by itself. `applies` tells whether a file with one of the
    suffixes at a path is in this language; None: always.
    """

    __slots__ = (
        "alone", "applies", "before", "clues", "comments", "escapes", "members", "name", "sign", "spellings", "suffixes",
        "telling", "together", "words",
    )  # fmt: skip  # a list of names

    def __init__(
        self,
        name: str,
        suffixes: tuple[str, ...],
        *,
        comments: tuple[str, ...],
        words: Rows = WORDS,
        sign: bytes | None = b"ourcePath",
        spellings: tuple[bytes, ...] = (b"ourcePath", b"ource_path"),
        clues: tuple[tuple[bytes, ...], ...] = CLUES,
        telling: tuple[tuple[bytes, ...], ...] = TELLING,
        escapes: tuple[bytes, ...] = (),
        members: Callable[[str], Sequence[str]] | None = None,
        applies: Callable[[str], bool] | None = None,
    ) -> None:
        self.applies = applies
        self.name = name
        self.suffixes = suffixes
        self.comments = comments
        self.words = words
        self.sign = sign
        self.spellings = spellings
        self.clues = clues
        self.telling = telling
        self.escapes = escapes
        self.members = members
        volume = b"volume"
        self.alone = tuple(row[0] for row, _ in words if len(row) == 1 and volume in row[0])
        """The words that are rows by themselves and hold `volume`, which is searched for first."""
        starts = {word[at - 1 : at] for word in self.alone if (at := word.find(volume)) > 0}
        self.before = frozenset(b"_-" + b"".join(s.upper() + s.lower() for s in starts))
        """The bytes that may precede `volume` in these words: separators, and the last letter of the text before."""
        self.together = tuple(row for row, _ in words if len(row) > 1 or volume not in row[0])
        """All other rows."""

    def __repr__(self) -> str:
        return f"Language({self.name!r})"


TEMPLATES = ("tpl", "tftpl", "tmpl", "gotmpl", "j2", "jinja", "jinja2", "erb", "ejs", "hbs", "mustache", "in")
"""The suffixes of templates that a program renders. What they make is told by the suffix before (`app.json.tpl`); they are
read as it, which they can be as long as their placeholders stand inside strings."""


def _and_templates(*suffixes: str) -> tuple[str, ...]:
    """The suffixes, and those of templates for such files."""
    return (*suffixes, *(f"{suffix}.{template}" for suffix in suffixes for template in TEMPLATES))


JSON = Language("json", _and_templates(".json"), comments=("//", "/*", "#"), escapes=(b"\\u00",))
"""JSON, and nothing else."""

YAML = Language("yaml", _and_templates(".yaml", ".yml"), comments=("#",), escapes=(b"\\u00", b"\\x"))
"""YAML; a text that starts with a bracket and is JSON counts as JSON."""

DATA = Language("data", (".template",), comments=("#",), escapes=YAML.escapes)
"""JSON or YAML, for files with any other name. A text that starts with a bracket and is neither is broken JSON."""

PYTHON = Language("python", (".py",), comments=("#",), sign=None, clues=(), telling=())
"""Python. It has no `telling` words, because only Python's own dialects use the instances that it describes."""


def _read_by_ecs_cli(path: str) -> list[str]:
    """The files that ecs-cli reads together in the folder of one of them, by the names that it looks for; only the file
    itself where one is missing."""
    folder = os.path.dirname(path)
    params, compose, override = (
        next(filter(os.path.isfile, (os.path.join(folder, name) for name in names)), None) for names in _ECS_CLI_NAMES
    )
    if params is None or compose is None:
        return [path]
    return [params, compose, *([override] if override is not None else [])]


def _is_read_by_ecs_cli(path: str) -> bool:
    found = _read_by_ecs_cli(path)
    return len(found) > 1 and path in found


_ECS_CLI_NAMES = (
    ("ecs-params.yml", "ecs-params.yaml"),
    ("docker-compose.yml", "docker-compose.yaml", "compose.yml", "compose.yaml"),
    ("docker-compose.override.yml", "docker-compose.override.yaml"),
)
"""The names of the task's parameters, of the Compose file and of its override, each with the first that is found."""

ECS_CLI = Language(
    "yaml",
    tuple(name for names in _ECS_CLI_NAMES for name in names),
    comments=("#",),
    words=ECS_CLI_WORDS,
    sign=b"task_definition",
    spellings=(b"ourcePath", b"ource_path", b"task_definition:", b"services:"),
    escapes=YAML.escapes,
    members=_read_by_ecs_cli,
    applies=_is_read_by_ecs_cli,
)
"""YAML, in the two files of ecs-cli that change together: `ecs-params.yml` and the Compose file beside it. An override of
that file is read for what it changes."""

LANGUAGES: list[Language] = []
"""All languages, in the order in which they were registered."""

_endings: dict[str, list[tuple[str, Language]]] = {}
"""Maps the last part of suffixes (`.json`) to those that end with it (`.tf.json`, `.json`), the longest first."""


def register(languages: Iterable[Language]) -> None:
    """Adds languages, so that their files are discovered, screened and read."""
    for language in languages:
        LANGUAGES.append(language)
        for suffix in language.suffixes:
            known = _endings.setdefault(suffix[suffix.rfind(".") :], [])
            known.append((suffix, language))
            known.sort(key=lambda pair: -len(pair[0]))


register((JSON, YAML, DATA, PYTHON, ECS_CLI))


def suffixes() -> tuple[str, ...]:
    """The lower-case suffixes of files that are considered in directories; a file named explicitly needs none."""
    found = (suffix for language in LANGUAGES if language.applies is None for suffix in language.suffixes)
    return tuple(sorted(found, key=_dots))  # the common ones first, since each is tried in turn


def last_suffixes() -> frozenset[str]:
    """The last parts of these suffixes, by which nearly every other file is ruled out at once."""
    return frozenset(_endings)


def _dots(suffix: str) -> int:
    return suffix.count(".")


def is_known(path: str) -> bool:
    """Whether a language has files with such a name, so that directories are searched for them."""
    return path.lower().endswith(suffixes())


def is_template(path: str) -> bool:
    """Whether a file is by its name a template that a program renders."""
    return path.lower().endswith(tuple(f".{suffix}" for suffix in TEMPLATES))


def of(path: str) -> Language:
    """The language of the file at a path, by its name."""
    name = path.lower()
    for suffix, language in _endings.get(name[name.rfind(".") :], ()):
        if name.endswith(suffix) and (language.applies is None or language.applies(path)):
            return language
    return DATA
