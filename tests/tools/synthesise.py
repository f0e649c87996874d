"""Synthesise CDK programs, all in this one process, and print their templates: {path: {stack: template}} as JSON.

Run by `judges/test_synth.py` with a Python that has the CDK, v1 or v2. The first program pays for starting Node.
"""

from __future__ import annotations

import json
import runpy
import sys
from typing import Any

try:
    from aws_cdk import App
except ImportError:  # CDK v1
    from aws_cdk.core import App  # type: ignore[import-not-found,no-redef]  # the other major version


def synthesise(path: str) -> dict[str, Any]:
    """The templates of one program, which ends with `app.synth()`."""
    templates: dict[str, Any] = {}
    original = App.synth

    def synth(self: App, *arguments: Any, **options: Any) -> Any:
        assembly = original(self, *arguments, **options)
        templates.update({stack.stack_name: stack.template for stack in assembly.stacks})
        return assembly

    App.synth = synth  # type: ignore[method-assign]  # for this program
    try:
        runpy.run_path(path, run_name="__main__")
    finally:
        App.synth = original  # type: ignore[method-assign]  # as it was
    return templates


if __name__ == "__main__":
    sys.stdout.write(json.dumps({path: synthesise(path) for path in sys.argv[1:]}))
