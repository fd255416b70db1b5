"""Small sources with timecode, a small style, and lists over them."""

from fractions import Fraction
from pathlib import Path

import pytest

from tests.clips import make_clip
from tests.edits import SOURCE_START
from tests.styles import save_small_style
from vidstyle import RenderConfig
from vidstyle.config import load_config
from vidstyle.timecode import Timecode

LENGTH = 60


@pytest.fixture(scope="session")
def small_style(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("styles") / "small"
    save_small_style(folder)
    return folder


@pytest.fixture(scope="session")
def plates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three clips of 60 frames, 24 fps, from 01:02:30:00 on."""
    folder = tmp_path_factory.mktemp("plates")
    label = str(Timecode(SOURCE_START, 24))
    for number, name in enumerate(("A001", "A002", "B001")):
        make_clip(
            folder / f"{name}.mov", frames=LENGTH, width=48, height=32, seed=number, rate=Fraction(24), timecode=label,
            audio=("pcm_s16le",), matrix=1, primaries=1, transfer=1, full_range=False,
        )  # fmt: skip
    return folder


@pytest.fixture
def render(small_style: Path) -> RenderConfig:
    """Fast, and the same bits every time."""
    return load_config(
        flags={"style": str(small_style), "device": "cpu", "blend.stability": 0.0, "encode.encoder": "ffv1"}
    )


def table(path: Path, *rows: str, head: str = "shot,source,in,out") -> Path:
    path.write_text("\n".join([head, *rows]) + "\n")
    return path
