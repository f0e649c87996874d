"""Definitions as data: task definitions, Ansible, ecs-cli and AWS Batch, in JSON and YAML."""

from __future__ import annotations
