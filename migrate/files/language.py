"""The languages that files are written in: how each is recognised, and which words make a file worth reading.

Discovery and screening ask here, so a new language or dialect brings its own endings and words without touching either. Like
`discover`, this module imports nothing that Python has not loaded already.
"""

from __future__ import annotations

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
"""The words of all languages whose volumes have the names of the ECS API."""

TELLING: tuple[tuple[bytes, ...], ...] = (
    (b"UserData", b"ount"),
    (b"AWS::CloudFormation::Init", b"ount"),
    (b"AWS::CloudFormation::Stack",),
    (b"AWS::Serverless::Application",),
)
"""What a template must hold to matter to other files: all of any one row. Its instances mount something, or it passes
values to the templates that it nests."""


class Language:
    """One language.

    `name` is what editors call it, `suffixes` are the endings (lower case) by which its files are found in directories.
    `comment` is what a comment begins with, None where there are none.

    `words` are rows of words, each row with its reason: a file is parsed if it holds all the words of any one row, without
    case, `_` and `-`. `sign` is a literal other than `olume` that a file must hold, as people write it, to be looked at more
    closely (None: every one holds `olume`), and `spellings` are literals of which one stands in every file with a row that
    has no word with `volume`. `telling` is what makes a file matter to other files (`TELLING`).

    `members` tells which files make up the unit of the file at an absolute path: all that may have to change together, in
    order, that file among them. None: each file is a unit by itself.
    """

    __slots__ = (
        "alone", "before", "comment", "members", "name", "sign", "spellings", "suffixes", "telling", "together", "words",
    )  # fmt: skip  # a list of names

    def __init__(
        self,
        name: str,
        suffixes: tuple[str, ...],
        *,
        comment: str | None,
        words: Rows = WORDS,
        sign: bytes | None = b"ourcePath",
        spellings: tuple[bytes, ...] = (b"ourcePath", b"ource_path"),
        telling: tuple[tuple[bytes, ...], ...] = TELLING,
        members: Callable[[str], Sequence[str]] | None = None,
    ) -> None:
        self.name = name
        self.suffixes = suffixes
        self.comment = comment
        self.words = words
        self.sign = sign
        self.spellings = spellings
        self.telling = telling
        self.members = members
        volume = b"volume"
        self.alone = tuple(row[0] for row, _ in words if len(row) == 1 and volume in row[0])
        """Words that make a row by themselves and hold `volume`, which is what is searched for first."""
        starts = {word[at - 1 : at] for word in self.alone if (at := word.find(volume)) > 0}
        self.before = frozenset(b"_-" + b"".join(s.upper() + s.lower() for s in starts))
        """The bytes that may stand before `volume` in these: the end of what is before it, or what separates the two."""
        self.together = tuple(row for row, _ in words if len(row) > 1 or volume not in row[0])
        """All other rows."""

    def __repr__(self) -> str:
        return f"Language({self.name!r})"


JSON = Language("json", (".json",), comment=None)
"""Nothing but JSON."""

YAML = Language("yaml", (".yaml", ".yml"), comment="#")
"""YAML; what starts with a bracket and is JSON counts as JSON."""

DATA = Language("data", (".template",), comment="#")
"""JSON or YAML, whichever it is: files of any other name. What starts with a bracket and is neither is broken JSON."""

PYTHON = Language("python", (".py",), comment="#", sign=None, telling=())
"""What Python says about instances is for its own dialects, so it tells other files nothing."""

LANGUAGES: list[Language] = []
"""Every language, in the order in which they were registered."""

_endings: dict[str, list[tuple[str, Language]]] = {}
"""The suffixes that have a last part in common (`.json`: `.tf.json` and `.json`), the longest first."""


def register(languages: Iterable[Language]) -> None:
    """Have files of these languages discovered, screened and read."""
    for language in languages:
        LANGUAGES.append(language)
        for suffix in language.suffixes:
            known = _endings.setdefault(suffix[suffix.rfind(".") :], [])
            known.append((suffix, language))
            known.sort(key=lambda pair: -len(pair[0]))


register((JSON, YAML, DATA, PYTHON))


def suffixes() -> tuple[str, ...]:
    """Endings (lower case) of the files considered in directories; a file named explicitly needs none of them."""
    return tuple(suffix for language in LANGUAGES for suffix in language.suffixes)


def of(path: str) -> Language:
    """The language of the file at a path, by its name."""
    name = path.lower()
    for suffix, language in _endings.get(name[name.rfind(".") :], ()):
        if name.endswith(suffix):
            return language
    return DATA
