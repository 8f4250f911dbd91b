"""The verbs: each turns one noun into the next. One file a verb; ``mekiki.<verb>`` and ``mekiki <verb>`` are these."""
