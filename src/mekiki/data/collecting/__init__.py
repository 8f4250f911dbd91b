"""Downloading photos from a list of addresses: the only part of the data room that asks the network."""
