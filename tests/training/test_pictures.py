import cv2
import numpy as np
import pytest

from tests.training.conftest import paint
from vidstyle.errors import TrainingError
from vidstyle.training.pictures import Source, gather, scaled, vary
from vidstyle.training.teachers import InkTeacher

QUICK = InkTeacher(smoothing=0, line_smoothing=0)


def source(path: str, **changes) -> Source:
    return Source(name="some", path=path, licence="CC0-1.0", source="tests", sides=(32,)).model_copy(update=changes)


def taken(material, *sources, seed=0):
    return gather(sources, material / "material", QUICK, cache=material / "cache", seed=seed, recipe="tiny")


def test_every_photograph_is_taken_at_every_side(material):
    examples = taken(material, source("drawn", sides=(32, 48)))
    assert [min(example.picture.shape[:2]) for example in examples] == [32, 48] * 3
    assert all(example.target.shape == example.picture.shape for example in examples)


def test_patterns_and_single_files_are_found(material):
    assert len(taken(material, source("drawn/[01].png"))) == 2
    assert len(taken(material, source("drawn/2.png"))) == 1


def test_black_and_repeated_pictures_are_skipped(material):
    folder = material / "material" / "drawn"
    cv2.imwrite(str(folder / "0_again.png"), paint(0))
    cv2.imwrite(str(folder / "9.png"), np.full((40, 40, 3), 2, np.uint8))
    (folder / "broken.png").write_bytes(b"no picture")
    assert len(taken(material, source("drawn"))) == 3


def test_an_empty_source_is_refused_and_named(material):
    with pytest.raises(TrainingError, match=r"'some'.*material\.root"):
        taken(material, source("nowhere"))


def test_targets_are_drawn_once_and_then_read(material, monkeypatch):
    first = taken(material, source("drawn"))

    def fail(*_):
        raise AssertionError("drawn again")

    monkeypatch.setattr(InkTeacher, "__call__", fail)
    again = taken(material, source("drawn"))
    assert all((a.target == b.target).all() for a, b in zip(first, again, strict=True))


def test_other_teacher_settings_draw_other_targets(material):
    taken(material, source("drawn"))
    other = QUICK.model_copy(update={"chroma": 0.0})
    [example, *_] = gather(
        (source("drawn"),), material / "material", other, cache=material / "cache", seed=0, recipe=""
    )
    assert np.ptp(example.target.astype(int), axis=2).max() <= 2


def test_variations_follow_from_the_seed(material):
    toned = source("drawn", tone=0.5)
    first, again, other = taken(material, toned), taken(material, toned), taken(material, toned, seed=1)
    assert all((a.picture == b.picture).all() for a, b in zip(first, again, strict=True))
    assert any((a.picture != b.picture).any() for a, b in zip(first, other, strict=True))


def test_without_tone_a_picture_stays_as_it_is():
    assert (vary(paint(1), 0.0, np.random.default_rng(0)) == paint(1)).all()
    assert (vary(paint(1), 0.5, np.random.default_rng(0)) != paint(1)).any()


@pytest.mark.parametrize("side", [20, 64, 90])
def test_scaling_keeps_the_shape(side):
    assert scaled(paint(0), side).shape == (side, round(side * 80 / 64), 3)


def test_a_clip_gives_one_frame_in_so_many(real_clips, tmp_path):
    clip = Source(name="toy", path="mdn_stream.mp4", licence="CC0-1.0", source="mdn", every=30, sides=(64,))
    examples = gather((clip,), real_clips, QUICK, cache=tmp_path, seed=0, recipe="tiny")
    assert len(examples) == 3  # of 90 frames
    assert {example.picture.shape for example in examples} == {(64, 85, 3)}
