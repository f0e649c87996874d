"""Knowledge that several rules share and that asks the context of a plan. Facts that need no context are in `facts`."""

from __future__ import annotations
