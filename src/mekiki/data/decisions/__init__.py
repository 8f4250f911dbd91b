"""What a person decided about photos, applied and written."""
