"""`vidstyle data prepare`: a folder of anything → a dataset."""

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

import cv2
import numpy as np
from pydantic import Field, model_validator

from vidstyle.errors import TrainingError
from vidstyle.motion.packing import pack
from vidstyle.training.datasets.dataset import MANIFEST, Dataset, Dropped, PictureItem, SequenceItem, Split
from vidstyle.training.datasets.distinct import Seen
from vidstyle.training.datasets.found import Found, Run, Still, find
from vidstyle.training.evenly import evenly
from vidstyle.training.section import Section
from vidstyle.training.teachers import Picture

SHEET = "sheet.jpg"
_SPLITS: tuple[Split, ...] = ("train", "validation", "test")


class PrepareConfig(Section):
    """How a dataset is made."""

    side: int = Field(default=360, ge=32, description="short side of the pictures, pixels")
    every: int = Field(default=24, ge=1, description="of a clip, frames from one sample to the next")
    frames: int = Field(
        default=3, ge=1, le=32, description="consecutive frames of a sample, with their flow; 1: stills only"
    )
    shares: tuple[int, int, int] = Field(
        default=(80, 10, 10), description="of train, validation and test, in hundredths"
    )
    seed: int = Field(default=0, ge=0, description="chooses who goes where")

    @model_validator(mode="after")
    def _whole(self) -> "PrepareConfig":
        if sum(self.shares) != 100 or min(self.shares) < 0 or not self.shares[0]:  # noqa: PLR2004
            raise ValueError(f"shares {self.shares} are not three hundredths that add up to 100")
        return self


def prepare(
    folder: Path,
    out: Path,
    config: PrepareConfig,
    *,
    name: str,
    licence: str,
    source: str,
    on_found: Callable[[int, int], None] = lambda _kept, _dropped: None,
) -> Dataset:
    """Make a dataset of the pictures and clips in `folder` and below.

    Convention: the same folder and configuration give the same files, byte for byte. A file's split follows from its
    name, the seed and the others' names; nothing stands under `out` unless all of it succeeded.

    Raises:
        TrainingError: nothing usable was found, or `out` is there already.
    """
    if not folder.exists():
        raise TrainingError(f"{folder} is not there; name a folder of pictures and clips", recipe=name)
    if out.exists():
        raise TrainingError(f"{out} is there already; choose another --out or delete it", recipe=name)
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".prepare-", dir=out.parent) as work:
        made = Path(work) / "dataset"
        (made / "pictures").mkdir(parents=True)
        (made / "sequences").mkdir()
        collection = _Collection(made)
        for found in find(folder, side=config.side, every=config.every, frames=config.frames):
            collection.add(found)
            on_found(len(collection.pictures), len(collection.dropped))
        if not collection.pictures:
            raise TrainingError(_nothing(folder, collection.dropped), recipe=name)
        collection.divided(config.shares, config.seed)
        dataset = Dataset(
            name=name,
            licence=licence,
            source=source,
            side=config.side,
            seed=config.seed,
            pictures=tuple(collection.pictures),
            sequences=tuple(collection.sequences),
            dropped=tuple(collection.dropped),
        )
        _write_sheet(made, dataset)
        (made / MANIFEST).write_text(dataset.model_dump_json(indent=1) + "\n", encoding="utf-8")
        shutil.move(made, out)
    return dataset


def divide(files: Iterable[str], shares: tuple[int, int, int], seed: int) -> dict[str, Split]:
    """Give each file its split: in the order of a hash, so that the shares are met as exactly as they can be.

    Convention: validation, and then test, gets at least one file where its share is not 0 and there are enough.
    """
    ordered = sorted(set(files), key=lambda file: hashlib.sha256(f"{seed}/{file}".encode()).digest())
    counts = [round(len(ordered) * share / 100) for share in shares]
    for place in (2, 1):
        if shares[place] and not counts[place] and len(ordered) > 3 - place:
            counts[place] = 1
    held = counts[1] + counts[2]
    names = ["validation"] * counts[1] + ["test"] * counts[2] + ["train"] * (len(ordered) - held)
    return dict(zip(ordered, (_split(each) for each in names), strict=True))


def _split(name: str) -> Split:
    return next(split for split in _SPLITS if split == name)


def _nothing(folder: Path, dropped: list[Dropped]) -> str:
    reasons = f"; for example {dropped[0].origin.file}: {dropped[0].reason}" if dropped else ""
    return f"{folder} holds no usable picture ({len(dropped)} left out{reasons})"


class _Collection:
    """What was found so far: written to files, and entered for the manifest."""

    def __init__(self, out: Path) -> None:
        self.out = out
        self.pictures: list[PictureItem] = []
        self.sequences: list[SequenceItem] = []
        self.dropped: list[Dropped] = []
        self._seen = Seen()

    def add(self, found: Found) -> None:
        """Take something in, unless it was seen before; a run goes the way of its first frame, which came before."""
        if isinstance(found, Dropped):
            self.dropped.append(found)
        elif isinstance(found, Still):
            self._add_still(found)
        elif self.pictures and self.pictures[-1].origin == found.origin:
            self._add_run(found)

    def divided(self, shares: tuple[int, int, int], seed: int) -> None:
        """Give everything its split."""
        sides = divide((each.origin.file for each in self.pictures), shares, seed)
        self.pictures = [each.model_copy(update={"split": sides[each.origin.file]}) for each in self.pictures]
        self.sequences = [each.model_copy(update={"split": sides[each.origin.file]}) for each in self.sequences]

    def _add_still(self, still: Still) -> None:
        frame = "" if still.origin.frame is None else f", frame {still.origin.frame}"
        twin = self._seen.alike(still.picture, still.origin.file + frame)
        if twin is not None:
            self.dropped.append(Dropped(origin=still.origin, reason=f"nearly the same as {twin}"))
            return
        file = f"pictures/{len(self.pictures):06d}.png"
        packed = self._save(file, still.picture)
        height, width = still.picture.shape[:2]
        item = PictureItem(
            file=file,
            split="train",
            width=width,
            height=height,
            sha256=hashlib.sha256(packed).hexdigest(),
            origin=still.origin,
        )
        self.pictures.append(item)

    def _add_run(self, run: Run) -> None:
        stem = f"sequences/{len(self.sequences):06d}"
        files = tuple(f"{stem}-{number}.png" for number in range(len(run.pictures)))
        written = [self._save(file, picture) for file, picture in zip(files, run.pictures, strict=True)]
        written.append(pack(run.flow))
        (self.out / f"{stem}.flow").write_bytes(written[-1])
        hashes = tuple(hashlib.sha256(each).hexdigest() for each in written)
        item = SequenceItem(files=files, flow=f"{stem}.flow", split="train", sha256=hashes, origin=run.origin)
        self.sequences.append(item)

    def _save(self, file: str, picture: Picture) -> bytes:
        _, packed = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
        (self.out / file).write_bytes(packed.tobytes())
        return packed.tobytes()


def _write_sheet(folder: Path, dataset: Dataset) -> None:
    """Draw up to 48 pictures, each split under a bar of its own colour."""
    tiles = []
    for split, colour in zip(_SPLITS, ((90, 160, 90), (200, 160, 60), (190, 80, 80)), strict=True):
        items = evenly([each for each in dataset.pictures if each.split == split], 16)
        for item in items:
            picture = cv2.imread(str(folder / item.file), cv2.IMREAD_COLOR)
            assert picture is not None  # written a moment ago
            tile = _fitted(picture.astype(np.uint8), 160, 112)
            tile[:6] = colour[::-1]
            tiles.append(tile)
    rows = [tiles[start : start + 8] for start in range(0, len(tiles), 8)]
    blank = np.full((112, 160, 3), 24, np.uint8)
    sheet = np.vstack([np.hstack([*row, *[blank] * (8 - len(row))]) for row in rows])
    cv2.imwrite(str(folder / SHEET), sheet, [cv2.IMWRITE_JPEG_QUALITY, 85])


def _fitted(picture: Picture, width: int, height: int) -> Picture:
    """Bring a picture into a tile, whole, on grey."""
    factor = min(width / picture.shape[1], height / picture.shape[0])
    size = (max(1, round(picture.shape[1] * factor)), max(1, round(picture.shape[0] * factor)))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    tile = np.full((height, width, 3), 24, np.uint8)
    top, left = (height - size[1]) // 2, (width - size[0]) // 2
    tile[top : top + size[1], left : left + size[0]] = small
    return tile
