"""What several dialects share. Nothing here belongs to a single dialect."""
