"""Predicting and scoring with a trained run."""
