"""What several rules need to know, above the context."""
