"""Copies of one photo: sketches, neighbours, alignment, likeness."""
