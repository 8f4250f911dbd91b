"""A trained model in formats that other programs read, each proven to answer as the run does."""
