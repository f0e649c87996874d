"""The resources of a template as model entities: file systems, access points, roles, policies, tags."""

from __future__ import annotations
