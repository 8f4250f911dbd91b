"""The studio's page ``predict``: asking a run about a picture, and scribbling on it."""
