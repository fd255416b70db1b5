"""Fixtures that every room's tests may use."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

# No example has a deadline: no test asserts a wall-clock time. In CI the examples are the same every time.
settings.register_profile("vidstyle", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("vidstyle")

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real material beside the checkout; what is in it is never committed."""
    if not SHARED.is_dir():
        pytest.skip("real material absent: no folder 'shared' beside the checkout")
    return SHARED


@pytest.fixture(scope="session")
def real_clips(shared: Path) -> Path:
    """The folder of real clips."""
    clips = shared / "media" / "clips"
    if not clips.is_dir():
        pytest.skip("real clips absent: no folder 'shared/media/clips' beside the checkout")
    return clips
