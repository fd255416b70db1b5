from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from tests.clips import make_clip
from vidstyle.demo.compare import beside, contact_sheet, grid
from vidstyle.errors import TargetError
from vidstyle.media import ClipReader


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("clips")
    return make_clip(folder / "a.mp4", matrix=1), make_clip(folder / "b.mp4", matrix=1, seed=5)


def test_two_clips_stand_beside_each_other_unchanged(clips: tuple[Path, Path]):
    with ClipReader(clips[0]) as left, ClipReader(clips[1]) as right:
        pairs = torch.stack(list(beside(left, right)))
    for path, part in ((clips[0], pairs[..., :96]), (clips[1], pairs[..., -96:])):
        with ClipReader(path) as reader:
            assert torch.equal(part, torch.cat([batch.images for batch in reader.frames()]))
    assert pairs.shape == (12, 3, 64, 96 + 4 + 96)
    assert (pairs[..., 96:100] == 1).all()


def test_clips_stand_in_rows_under_their_names(clips: tuple[Path, Path]):
    with ClipReader(clips[0]) as first, ClipReader(clips[1]) as second, ClipReader(clips[0]) as third:
        (frame, *_) = grid((first, second, third), ("one", "two", "three"))
    assert frame.shape == (3, 2 * (40 + 32), 2 * 48)
    cells = [part.chunk(2, dim=2) for part in frame.chunk(2, dim=1)]
    assert torch.equal(cells[0][0][:, 40:], cells[1][0][:, 40:])  # the same clip
    assert (cells[0][0][:, :40] < 0.5).any()  # its name
    assert (cells[1][1] > 0.9).all()  # nothing but paper
    with ClipReader(clips[1]) as reader:
        image = next(iter(reader.frames())).images[:1]
    small = torch.nn.functional.interpolate(image, size=(32, 48), mode="area")[0]
    assert (cells[0][1][:, 40:] - small).abs().mean() < 0.01


def test_clips_of_different_length_are_refused(clips: tuple[Path, Path], tmp_path: Path):
    shorter = make_clip(tmp_path / "short.mp4", frames=5, matrix=1)
    with ClipReader(clips[0]) as left, ClipReader(shorter) as right, pytest.raises(ValueError, match="shorter"):
        list(beside(left, right))


def test_a_sheet_shows_the_right_stills(clips: tuple[Path, Path], tmp_path: Path):
    sheet = tmp_path / "sheet.jpg"
    with ClipReader(clips[0]) as left, ClipReader(clips[1]) as right:
        contact_sheet(sheet, (left, right), ("a", "b"), (2, 9), Fraction(25))
    picture = cv2.imread(str(sheet))[..., ::-1].astype(np.float32) / 255
    assert picture.shape == (16 + 40 + 2 * (320 + 16), 16 + 70 + 2 * (480 + 16), 3)
    for column, path in enumerate(clips):
        with ClipReader(path) as reader:
            frames = torch.cat([batch.images for batch in reader.frames()]).clamp(0, 1).permute(0, 2, 3, 1).numpy()
        for row, number in enumerate((2, 9)):
            top, left_edge = 56 + row * 336, 86 + column * 496
            still = cv2.resize(
                picture[top : top + 320, left_edge : left_edge + 480], (96, 64), interpolation=cv2.INTER_AREA
            )
            assert np.abs(still - frames[number]).mean() < 0.03


def test_a_sheet_that_can_not_be_written_is_a_target_error(clips: tuple[Path, Path], tmp_path: Path):
    with ClipReader(clips[0]) as reader, pytest.raises(TargetError, match="sheet"):
        contact_sheet(tmp_path / "absent" / "sheet.jpg", (reader,), ("a",), (0,), Fraction(25))
