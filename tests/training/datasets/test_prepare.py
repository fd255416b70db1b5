import hashlib
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.clips import make_clip
from tests.training.conftest import paint
from vidstyle.errors import TrainingError
from vidstyle.motion.packing import unpack
from vidstyle.training.datasets.dataset import Dataset, read_dataset
from vidstyle.training.datasets.prepare import SHEET, PrepareConfig, divide, prepare
from vidstyle.training.pictures import Source, gather
from vidstyle.training.sequences import ClipTerms, gather_sequences

CONFIG = PrepareConfig(side=48, every=3, frames=3, shares=(50, 25, 25))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    raw = tmp_path / "raw"
    (raw / "photos").mkdir(parents=True)
    for seed in range(6):
        assert cv2.imwrite(str(raw / "photos" / f"{seed}.png"), paint(seed, 96, 128))
    assert cv2.imwrite(str(raw / "photos" / "again.jpg"), paint(2, 96, 128))
    assert cv2.imwrite(str(raw / "photos" / "mirrored.png"), np.ascontiguousarray(paint(3, 96, 128)[:, ::-1]))
    assert cv2.imwrite(str(raw / "photos" / "dark.png"), np.full((96, 128, 3), 3, np.uint8))
    assert cv2.imwrite(str(raw / "photos" / "small.png"), paint(9, 40, 60))
    (raw / "photos" / "broken.png").write_bytes(b"no picture")
    (raw / "notes.txt").write_text("nothing")
    make_clip(raw / "clip.mp4", frames=14, width=96, height=64, cuts=(7,))
    return raw


def prepared(folder: Path, out: str = "set", config: PrepareConfig = CONFIG) -> tuple[Path, Dataset]:
    target = folder.parent / out
    return target, prepare(folder, target, config, name="set", licence="CC0-1.0", source="these tests")


def test_what_is_kept_and_what_is_left_out(folder: Path):
    out, made = prepared(folder)
    reasons = {each.origin.file: each.reason for each in made.dropped if each.origin.frame is None}
    assert set(reasons) == {
        f"photos/{name}" for name in ("again.jpg", "mirrored.png", "dark.png", "small.png", "broken.png")
    }
    assert reasons["photos/again.jpg"] == "nearly the same as photos/2.png"
    assert reasons["photos/mirrored.png"] == "nearly the same as photos/3.png"
    assert reasons["photos/dark.png"] == "nearly black"
    assert reasons["photos/small.png"] == "60x40 is smaller than 48 px"
    assert reasons["photos/broken.png"].startswith("can't be read")
    for item in made.pictures:
        picture = cv2.imread(str(out / item.file))
        assert picture.shape == (item.height, item.width, 3)
        assert min(item.height, item.width) == 48
        assert hashlib.sha256((out / item.file).read_bytes()).hexdigest() == item.sha256
    assert cv2.imread(str(out / SHEET)) is not None
    assert read_dataset(out) == made


def test_runs_never_go_over_a_cut_and_have_their_flow(folder: Path):
    out, made = prepared(folder)
    assert made.sequences
    for item in made.sequences:
        first = item.origin.frame
        assert first is not None
        assert first + 2 < 7 or first >= 7
        assert unpack((out / item.flow).read_bytes()).to_previous.shape == (3, 2, 48, 72)
        files = [*item.files, item.flow]
        assert [hashlib.sha256((out / file).read_bytes()).hexdigest() for file in files] == list(item.sha256)


def test_a_dataset_that_lost_a_file_is_refused(folder: Path):
    out, made = prepared(folder)
    (out / made.pictures[1].file).unlink()
    with pytest.raises(TrainingError, match="lacks 1 of its files, such as pictures/000001"):
        read_dataset(out)


def test_no_two_frames_of_a_clip_are_on_both_sides(folder: Path):
    _, made = prepared(folder)
    sides: dict[str, set[str]] = {}
    for item in [*made.pictures, *made.sequences]:
        sides.setdefault(item.origin.file, set()).add(item.split)
    assert all(len(splits) == 1 for splits in sides.values())
    assert min(made.counts().values()) > 0


@given(st.sets(st.text(min_size=1, max_size=8), max_size=40), st.integers(0, 5))
def test_shares_are_met_and_depend_on_names_and_seed_alone(names: set[str], seed: int):
    sides = divide(names, (80, 10, 10), seed)
    assert sides == divide(sorted(names), (80, 10, 10), seed)
    assert set(sides) == names
    for split, share in (("train", 80), ("validation", 10), ("test", 10)):
        assert abs(sum(side == split for side in sides.values()) - len(names) * share / 100) <= 2


def test_the_same_folder_gives_the_same_files(folder: Path):
    (one, _), (other, _) = prepared(folder, "one"), prepared(folder, "other")
    files = sorted(path.relative_to(one) for path in one.rglob("*") if path.is_file())
    assert files == sorted(path.relative_to(other) for path in other.rglob("*") if path.is_file())
    assert all((one / file).read_bytes() == (other / file).read_bytes() for file in files)


def test_a_recipe_learns_from_one_split_and_measures_on_the_other(folder: Path):
    out, made = prepared(folder)
    terms = ClipTerms(size=32, side=48, short=1.0)
    for train, split in ((True, "train"), (False, "validation")):
        source = Source(name="set", path="set", licence="CC0-1.0", source="tests", sides=(48,), train=train)
        examples = gather((source,), out.parent, seed=0, recipe="tiny")
        assert len(examples) == made.counts()[split]
        runs = [item for item in made.sequences if item.split == split]
        if runs:
            assert len(gather_sequences((source,), out.parent, terms, "tiny")) == len(runs)


def test_a_folder_without_pictures_is_refused_and_leaves_nothing(tmp_path: Path):
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "broken.png").write_bytes(b"no picture")
    with pytest.raises(TrainingError, match=r"no usable picture \(1 left out; for example broken\.png"):
        prepared(tmp_path / "raw")
    with pytest.raises(TrainingError, match="is not there"):
        prepared(tmp_path / "absent")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["raw"]


def test_an_existing_dataset_is_not_touched(folder: Path):
    out, _ = prepared(folder)
    with pytest.raises(TrainingError, match="there already"):
        prepared(folder)
    shutil.rmtree(out)
    with pytest.raises(TrainingError, match="no dataset"):
        read_dataset(out)
