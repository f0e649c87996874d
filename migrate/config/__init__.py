"""The configuration: what users write in `.efs-migrate.yaml`, and what it means for each file."""
