"""The entry point of `efs-migrate` and `python -m migrate`."""

from __future__ import annotations

import sys

from migrate import launcher


def main() -> None:
    """Run the command line and exit with its status."""
    if sys.argv[1:] == ["--version"]:
        # The imports of the command line take several times as long as starting Python.
        from migrate import __version__

        print(f"efs-migrate {__version__}")
        return
    try:
        from migrate.nothing_to_do import nothing_to_do

        if nothing_to_do(sys.argv[1:]):
            return
        from migrate.cli import app

        app(prog_name="efs-migrate")
    except KeyboardInterrupt:  # during the imports; later ones are handled by the command line
        sys.exit(130)
    except ImportError as problem:
        if (problem.name or "").partition(".")[0] not in launcher.OURS:
            raise
        launcher.fail(str(problem))


if __name__ == "__main__":
    main()
