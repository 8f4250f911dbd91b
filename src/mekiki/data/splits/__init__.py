"""Splits and folds that keep copies together, and checks of those that do not."""
