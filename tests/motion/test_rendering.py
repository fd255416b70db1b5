"""Motion of every kind through a whole render."""

from pathlib import Path
from typing import Any

import pytest

from tests.clips import make_clip
from tests.motion.vectors import uniform, write_flo
from tests.styles import save_small_style
from vidstyle import RenderReport, Shot, Span, render_shot
from vidstyle.config import load_config
from vidstyle.errors import ConfigError


@pytest.fixture
def style(tmp_path: Path) -> Path:
    save_small_style(tmp_path / "small")
    return tmp_path / "small"


def render(source: Path, target: Path, style: Path, span: Span | None = None, **motion: Any) -> RenderReport:
    flags = {"style": str(style), "device": "cpu", "blend.stability": 0.9, "blend.floor": 0.0, "encode.encoder": "ffv1"}
    config = load_config(flags=flags | {f"motion.{key.replace('__', '.')}": value for key, value in motion.items()})
    return render_shot(Shot(source, span or Span()), target, config)


def test_a_cached_render_equals_an_uncached_one(tmp_path: Path, style: Path) -> None:
    source = make_clip(tmp_path / "a.mp4", frames=8)
    plain, cold, warm = (
        render(source, tmp_path / f"{name}.mkv", style, **settings).frame_hash
        for name, settings in (
            ("plain", {}),
            ("cold", {"cache": str(tmp_path / "flow")}),
            ("warm", {"cache": str(tmp_path / "flow")}),
        )
    )
    assert plain == cold == warm
    assert len(list((tmp_path / "flow").glob("*/*.flow"))) == 7


def test_vectors_of_another_program_move_the_past(tmp_path: Path, style: Path) -> None:
    source = make_clip(tmp_path / "a.mp4", frames=6, motion=(4, 0))
    for frame in range(6):
        write_flo(tmp_path / f"right.{frame}.flo", uniform(4, 0, 64, 96))
        write_flo(tmp_path / f"wrong.{frame}.flo", uniform(0, 4, 64, 96))
    hashes = {
        name: render(
            source,
            tmp_path / f"{name}.mkv",
            style,
            estimator="vectors",
            vectors__files=str(tmp_path / f"{name}.%d.flo"),
        ).frame_hash
        for name in ("right", "wrong")
    }
    assert hashes["right"] != hashes["wrong"]


def test_files_are_counted_from_the_first_frame_of_the_clip_and_missed_before_the_target_is_made(
    tmp_path: Path, style: Path
) -> None:
    source = make_clip(tmp_path / "a.mp4", frames=8)
    for frame in range(5):
        write_flo(tmp_path / f"v.{frame + 1001}.flo", uniform(2, 1, 64, 96))
    settings = {"estimator": "vectors", "vectors__files": str(tmp_path / "v.####.flo"), "vectors__first": 1001}
    render(source, tmp_path / "part.mkv", style, Span(2, 6), **settings)  # 2 to 4 point to 3 to 5
    with pytest.raises(ConfigError, match=r"frame 5 .*v\.1006\.flo"):
        render(source, tmp_path / "whole.mkv", style, **settings)
    assert not list(tmp_path.glob("whole*"))
