"""The scan: looking at every photo once, remembering it, and saying what is odd."""
