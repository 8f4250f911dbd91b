"""The only room that opens a picture: importing, hashing, duplicates, scanning, splitting. No torch."""
