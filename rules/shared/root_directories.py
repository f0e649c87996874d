"""Root directories that volumes keep, because no access point takes their place: they have to exist."""

from __future__ import annotations

from rules.choices import AccessPoints
from rules.context import Context
from rules.facts.paths import access_point_problem
from rules.facts.values import directory, shown_path
from rules.model import EfsVolume, Level


def must_exist(storage: EfsVolume, context: Context, *, docker_made_it: bool = False) -> str:
    """The sentence, for the end of a caveat, that the directory must exist, as an access point's need not; "" for the root
    of a file system, and where an access point follows. `docker_made_it` says that Docker made a missing one until now."""
    path = directory(storage)
    if path is None or path == "/" or storage.access_point is not None or _access_point_follows(storage, context):
        return ""
    because = "; Docker made the host path itself" if docker_made_it else ""
    return f" Unless it exists, create {shown_path(path)} first: a mount of a rootDirectory that is not there fails{because}."


def _access_point_follows(storage: EfsVolume, context: Context) -> bool:
    """Whether a further step has the volume mount through an access point, which may be made with its directory."""
    path, choices = directory(storage), context.choices
    if (
        choices.target.rank < Level.ACCESS_POINT.rank
        or "EFS202" in choices.off
        or choices.access_points is AccessPoints.NEVER
        or path is None
        or storage.file_system is None
    ):
        return False
    if context.access_point(storage.file_system, path) is not None:
        return True
    return context.stack.names is not None and not (isinstance(path, str) and access_point_problem(path))
