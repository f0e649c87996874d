"""Readers for everything around running tasks: services and schedules, clusters, container instances and their user
data, the network."""

from __future__ import annotations
