"""What tests of the doors share."""

from collections.abc import Iterator

import pytest
from typer.testing import CliRunner, Result

from mekiki.doors.cli import app
from tests.conftest import one_pixel_figures


@pytest.fixture(scope="package", autouse=True)
def figures_of_one_pixel() -> Iterator[None]:
    """Pages and pictures are looked at in ``tests/reports``, ``tests/browser`` and where a test asks for ``drawn``."""
    with one_pixel_figures():
        yield


def call(*words: object) -> Result:
    """Run the command line in this process."""
    return CliRunner().invoke(app, [str(word) for word in words])
