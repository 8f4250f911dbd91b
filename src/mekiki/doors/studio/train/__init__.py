"""The studio's page ``train``: training: the form, the contact sheet, curves, all runs."""
