"""Metrics and intervals: pure numpy and scipy. No torch, no files."""
