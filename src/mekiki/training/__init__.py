"""The one training loop and what it needs. It never sees the test part."""
