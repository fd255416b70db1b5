"""Fixtures that every room's tests may use."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.styles import save_small_style

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


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Converted networks are kept in the tests' own folder, never in the user's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VIDSTYLE_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module")
def style(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small style with random weights."""
    folder = tmp_path_factory.mktemp("styles") / "small"
    save_small_style(folder)
    return folder
