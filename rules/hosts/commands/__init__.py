"""The commands of shell scripts that matter for mounts."""
