"""Volumes as the ECS API shapes them, in any dialect's spelling: read, chosen by conditions, edited."""
