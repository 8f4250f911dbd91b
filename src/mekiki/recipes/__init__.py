"""The recipes, as TOML files; ``config/recipes.py`` reads them."""
