"""Reports: what a run found, for people (`text`) and for programs (`json`), and as a unified diff."""
