"""Which photos a folder or CSV gives, and how they are labelled."""
