"""The template language: intrinsic functions, references, conditions, parameters, and the author's style."""

from __future__ import annotations
