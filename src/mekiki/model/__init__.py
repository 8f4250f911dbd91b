"""The door to timm: backbones and their weights, heads, the classifier made of both, and its file."""
