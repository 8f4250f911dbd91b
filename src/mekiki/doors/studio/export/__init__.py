"""The studio's page ``export``: portable models, their proof, taking them away."""
