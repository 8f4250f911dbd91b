"""What tests of the doors share."""

from collections.abc import Iterator

import pytest

from tests.conftest import one_pixel_figures


@pytest.fixture(scope="package", autouse=True)
def figures_of_one_pixel() -> Iterator[None]:
    """Pages and pictures are looked at in ``tests/reports``, ``tests/browser`` and where a test asks for ``drawn``."""
    with one_pixel_figures():
        yield
