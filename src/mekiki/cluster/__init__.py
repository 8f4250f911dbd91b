"""Work that is shared out over a Ray cluster: the list, its parts, the workers, and who hands out."""
