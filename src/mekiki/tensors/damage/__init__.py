"""Damage of a set strength, for ``stress``: the same picture, kind and severity give the same damage in every run.

A kind that training can draw is a ``Change`` of ``augmentation/`` with its numbers set, so "dust" means the same in
both; only brush strokes are drawn here. Adversarial steps need a model: ``evaluation/adversarial.py``.
"""
