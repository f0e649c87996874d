"""Definitions in JSON and YAML files: ECS task definitions, Ansible, ecs-cli and AWS Batch."""

from __future__ import annotations
