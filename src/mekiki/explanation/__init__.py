"""Heat maps: what a decision rested on."""
