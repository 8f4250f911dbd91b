"""The studio: the workbench in a browser. It shows what lies on disk, starts commands, and has no truth of its own."""
