"""The doors: they only knock. No logic here."""
