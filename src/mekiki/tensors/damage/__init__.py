"""Damage of a set strength, for ``stress``: the same picture, kind and severity give the same damage in every run.

Each kind is a ``Change`` of ``augmentation/`` with its numbers set, so "dust" and "scribble" mean the same as in
training. Adversarial steps need a model: ``evaluation/adversarial.py``.
"""
