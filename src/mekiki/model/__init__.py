"""The door to timm: backbones and their weights, heads, the classifier made of both, and its file."""

from mekiki.model.quick_import import import_timm

import_timm()
