"""Random changes to training photos, by counter.

A picture's numbers come from (seed, epoch, sample, purpose) and nothing else, so the same run shows the same pictures
with any number of workers and any batch size. First they are drawn (``drawing.py``) as one ``Change``, then applied,
by the CPU to one picture (``applying.py``) or by torch to a batch (``batched.py``).
"""
