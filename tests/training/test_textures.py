import numpy as np

from vidstyle.training.textures import draw_textures


def test_textures_follow_from_the_seed_and_differ_from_each_other():
    first, again, other = (draw_textures(6, side=64, seed=seed) for seed in (1, 1, 2))
    assert all(np.array_equal(one, two) for one, two in zip(first, again, strict=True))
    assert not any(np.array_equal(one, two) for one, two in zip(first, other, strict=True))
    assert {picture.shape for picture in first} == {(64, 64, 3)}
    assert all(picture.std() > 10 for picture in first)
