"""Changes of nodes written as minimal edits of the text."""
