"""The version, from the installed package's own record."""

from __future__ import annotations

from importlib.metadata import version

__version__ = version("mekiki")
