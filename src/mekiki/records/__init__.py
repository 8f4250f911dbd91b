"""The nouns on disk: read, write, validate. No torch, no pictures."""
