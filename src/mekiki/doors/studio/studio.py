"""What every page of the studio is given: its folders, its jobs, its bounds, the models that are loaded."""

from __future__ import annotations

from dataclasses import dataclass

from mekiki.config import StudioSettings
from mekiki.doors.studio.jobs import Jobs
from mekiki.doors.studio.workspace import Workspace


@dataclass(frozen=True)
class Studio:
    """One studio.

    Attributes:
        workspace: Where things are, and what may be looked into.
        jobs: Long work.
        settings: Its bounds.
    """

    workspace: Workspace
    jobs: Jobs
    settings: StudioSettings
