"""The studio's page ``data``: photos: choosing, adding, looking through, deciding."""
