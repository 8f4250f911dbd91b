"""The studio's page ``audit``: judging the suspicious tags of a catalogue."""
