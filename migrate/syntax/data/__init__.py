"""JSON and YAML."""
