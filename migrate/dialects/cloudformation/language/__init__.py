"""The template language: intrinsic functions, references, conditions, parameters, and how an author spells them."""

from __future__ import annotations
