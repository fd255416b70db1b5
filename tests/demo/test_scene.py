import itertools

import numpy as np
import pytest
import torch

from vidstyle.demo import scene
from vidstyle.demo.street import _bake
from vidstyle.motion import CutDetector, thumbnail


@pytest.mark.slow
def test_the_first_frames_are_the_same_every_time():
    one, other = (torch.stack(list(itertools.islice(scene.paint(), 2))) for _ in range(2))
    assert torch.equal(one, other)
    assert not torch.equal(one[0], one[1])


def test_the_shot_lasts_5_seconds_and_is_cut_at_3():
    assert scene.SECONDS == 5
    assert scene.CUT / scene.FRAME_RATE == 3


def test_a_row_of_the_ground_is_the_mean_of_the_depth_it_covers():
    rows = _bake(np.full((420, 8, 3), 0.5, np.float32))
    np.testing.assert_allclose(rows, 0.5, atol=1e-5)
    ramp = np.repeat(np.arange(420, dtype=np.float32)[:, None, None], 3, axis=2)
    depth = _bake(np.repeat(ramp, 8, axis=1))[:, 0, 0]
    assert (np.diff(depth) > 0).all()  # nearer rows lie lower
    assert depth[1] - depth[0] > 4 * (depth[-1] - depth[-2])  # and cover less


@pytest.mark.slow
def test_the_whole_shot_is_in_range_moves_everywhere_and_has_one_cut():
    frames = list(scene.paint())
    assert len(frames) == scene.FRAMES == 120
    pictures = torch.stack(frames)
    assert pictures.shape == (120, 3, 360, 640)
    assert pictures.dtype == torch.float32
    assert 0 <= float(pictures.min()) < 0.1
    assert 0.9 < float(pictures.max()) <= 1
    assert all(float((a - b).abs().mean()) > 0.01 for a, b in itertools.pairwise(frames))
    detector = CutDetector()
    cuts = [n for n, pair in enumerate(itertools.pairwise(map(thumbnail, frames)), 1) if detector.differ(*pair)]
    assert cuts == [scene.CUT]
