"""What a dataset's manifest says."""

from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from vidstyle.errors import TrainingError
from vidstyle.training.section import Section

MANIFEST = "manifest.json"
Split = Literal["train", "validation", "test"]


class Origin(Section):
    """Where a picture was found: a file below the folder that was prepared, and of a clip the frame's number."""

    file: str
    frame: int | None = None


class PictureItem(Section):
    """One picture of the dataset."""

    file: str = Field(description="below the dataset's folder")
    split: Split
    width: int
    height: int
    sha256: str = Field(description="of the file")
    origin: Origin


class SequenceItem(Section):
    """Consecutive frames of one shot, and the packed flow of each but the first to the one before."""

    files: tuple[str, ...]
    flow: str
    split: Split
    sha256: tuple[str, ...] = Field(default=(), description="of the files, and last of the flow")
    origin: Origin = Field(description="of the first frame")


class Dropped(Section):
    """What was left out, and why."""

    origin: Origin
    reason: str


class Dataset(Section):
    """A prepared folder of pictures.

    Convention: `split` is by file: all frames of a clip are on one side. Sizes are in pixels.
    """

    version: Literal[1] = 1
    name: str
    licence: str
    source: str = Field(description="where the material comes from, for attribution")
    side: int = Field(description="short side of all pictures")
    seed: int
    pictures: tuple[PictureItem, ...]
    sequences: tuple[SequenceItem, ...]
    dropped: tuple[Dropped, ...]

    def counts(self) -> dict[str, int]:
        """Give how many pictures each split has."""
        return {split: sum(each.split == split for each in self.pictures) for split in ("train", "validation", "test")}


def is_dataset(folder: Path) -> bool:
    """Whether `folder` was prepared."""
    return (folder / MANIFEST).is_file()


def read_dataset(folder: Path) -> Dataset:
    """Read the manifest in `folder`. Raises TrainingError where it is absent, foreign or damaged, or files are."""
    path = folder / MANIFEST
    try:
        dataset = Dataset.model_validate_json(path.read_bytes())
    except OSError as error:
        message = f"{folder} is no dataset: no {MANIFEST} in it; make one with: vidstyle data prepare"
        raise TrainingError(message, recipe=str(folder)) from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise TrainingError(f"{path}: {where}: {first['msg']}; prepare it again", recipe=str(folder)) from error
    files = [item.file for item in dataset.pictures] + [file for run in dataset.sequences for file in run.files]
    if missing := [file for file in files if not (folder / file).is_file()]:
        message = f"{folder} lacks {len(missing)} of its files, such as {missing[0]}; prepare it again"
        raise TrainingError(message, recipe=str(folder))
    return dataset
