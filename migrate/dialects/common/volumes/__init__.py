"""Volumes in the ECS API's shape, with any dialect's names: reading them, choosing among conditional ones, editing
them."""
