"""Figures and the one page that tells the story of a run. No torch."""
