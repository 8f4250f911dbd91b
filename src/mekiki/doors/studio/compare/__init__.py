"""The studio's page ``compare``: comparing and stressing runs."""
