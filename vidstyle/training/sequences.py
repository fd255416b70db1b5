"""Consecutive frames with their motion: what stillness is learned from."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from pathlib import Path

import cv2
import numpy as np
import torch
from jaxtyping import Float
from pydantic import Field, model_validator
from torch import Tensor

from vidstyle.errors import TrainingError
from vidstyle.frames import bitmap
from vidstyle.measure.composing import followed_by
from vidstyle.media import ClipReader
from vidstyle.motion import Flow, MotionConfig
from vidstyle.motion.packing import unpack
from vidstyle.motion.sizes import resized
from vidstyle.stages.batches import MovingBatch
from vidstyle.stages.motion import estimate_motion
from vidstyle.training.datasets.dataset import is_dataset, read_dataset
from vidstyle.training.pictures import CLIPS, Source, files_of
from vidstyle.training.section import Section

JUDGED = 3  # frames that the temporal discriminator looks at


class ClipTerms(Section):
    """How consecutive frames of the material's clips take part, and what each temporal term weighs.

    Pictures are in 0 … 1 in all of these terms.
    """

    frames: int = Field(
        default=3, ge=2, le=16, description="consecutive frames of a sample; recurrence runs through them"
    )
    count: int = Field(default=1, ge=1, description="samples a step")
    size: int = Field(default=128, ge=32, multiple_of=4, description="side of their crop, pixels")
    every: int = Field(default=12, ge=1, description="frames from one sample's start to the next one's")
    side: int = Field(default=270, ge=32, description="short side that clips are reduced to, pixels")
    short: float = Field(default=0.0, ge=0, description="warping loss against the frame before")
    long: float = Field(default=0.0, ge=0, description="warping loss against the first frame")
    luminance: float = Field(default=0.0, ge=0, description="ReCoNet's output term: change as far as the light does")
    features: float = Field(default=0.0, ge=0, description="ReCoNet's feature term, on the encoder's last features")
    adversarial: float = Field(default=0.0, ge=0, description="temporal PatchGAN over three frames")
    jitter: float = Field(default=0.1, ge=0, le=1, description="largest change of colour, the same for a whole sample")

    @model_validator(mode="after")
    def _fits(self) -> "ClipTerms":
        if self.size > self.side:
            raise ValueError(f"a crop of {self.size} px does not fit clips with a short side of {self.side}")
        if self.adversarial and self.frames < JUDGED:
            raise ValueError(f"the temporal PatchGAN judges {JUDGED} frames, there are {self.frames}")
        return self

    @property
    def weigh(self) -> bool:
        """Whether any of the terms counts."""
        return any((self.short, self.long, self.luminance, self.features, self.adversarial))


@dataclass(frozen=True, slots=True)
class Sequence:
    """Consecutive frames of one shot: RGB 0..255 (t, h, w, 3), and the flow of each but the first to the one before."""

    source: Source
    pictures: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]
    flow: Flow

    def __len__(self) -> int:
        return len(self.pictures)


@dataclass(frozen=True, slots=True)
class SequenceBatch:
    """Samples of one step: frames in 0 … 1, and the flow of frame t to frame t - 1, and to frame 0.

    Convention: entry t of `before` and `first` has the flow of frame t of all samples; entry 0 is unknown.
    """

    frames: Float[Tensor, "n t 3 h w"]
    before: tuple[Flow, ...]
    first: tuple[Flow, ...]

    def to(self, device: torch.device) -> "SequenceBatch":
        """Give the same on `device`."""
        flows = [tuple(flow.to(device) for flow in each) for each in (self.before, self.first)]
        return SequenceBatch(self.frames.to(device), *flows)


def gather_sequences(sources: tuple[Source, ...], root: Path, terms: ClipTerms, recipe: str) -> list[Sequence]:
    """Take runs of consecutive frames from the clips among `sources`, none across a cut.

    Raises TrainingError where there is none.
    """
    found: list[Sequence] = []
    for source in sources:
        if is_dataset(root / source.path):
            found += _prepared(source, root / source.path, terms)
        else:
            clips = [path for path in files_of(source, root) if path.suffix.lower() in CLIPS]
            found += [run for path in clips for run in _runs(source, path, terms)]
    if not found:
        message = f"no clip with {terms.frames} frames between two cuts below {root}; name clips under material.sources"
        raise TrainingError(message, recipe=recipe)
    return found


def sample_sequences(sequences: list[Sequence], terms: ClipTerms, *, seed: int, step: int) -> SequenceBatch:
    """The samples of one step; they depend on nothing but the sequences, the terms, the seed and the step."""
    rng = np.random.default_rng([seed, step, 2])
    cut = [_crop(sequences[rng.integers(len(sequences))], terms.size, rng) for _ in range(terms.count)]
    frames = _jittered(torch.stack([frames for frames, _ in cut]), terms.jitter, rng)
    length = frames.shape[1]
    before = tuple(Flow.joined([flow[t : t + 1] for _, flow in cut]) for t in range(length))
    first = tuple(before[t] if t < 2 else reduce(followed_by, reversed(before[1 : t + 1])) for t in range(length))  # noqa: PLR2004
    return SequenceBatch(frames, before, first)


def _prepared(source: Source, folder: Path, terms: ClipTerms) -> Iterator[Sequence]:
    split = "train" if source.train else "validation"
    for item in read_dataset(folder).sequences:
        if item.split == split and len(item.files) >= terms.frames:
            read = [cv2.imread(str(folder / file), cv2.IMREAD_COLOR_RGB) for file in item.files[: terms.frames]]
            pictures = np.stack([picture for picture in read if picture is not None])
            flow = unpack((folder / item.flow).read_bytes())
            yield Sequence(source, pictures.astype(np.uint8), flow[: terms.frames])


def _runs(source: Source, path: Path, terms: ClipTerms) -> Iterator[Sequence]:
    run: list[tuple[np.ndarray[tuple[int, ...], np.dtype[np.uint8]], Flow]] = []
    wait = 0
    with ClipReader(path) as reader:
        for batch in estimate_motion(reader.frames(), MotionConfig()):
            for index, (picture, flow) in enumerate(_small(batch, terms.side)):
                run = [] if batch.restarts[index] else run
                wait -= 1
                if wait < 0 or run:
                    run.append((picture, flow))
                if len(run) == terms.frames:
                    pictures = np.stack([picture for picture, _ in run])
                    yield Sequence(source, pictures, Flow.joined([flow for _, flow in run]))
                    run, wait = [], max(0, terms.every - terms.frames)


def _small(batch: MovingBatch, side: int) -> Iterator[tuple[np.ndarray[tuple[int, ...], np.dtype[np.uint8]], Flow]]:
    height, width = batch.frames.images.shape[-2:]
    ratio = side / min(height, width)
    size = (round(width * ratio), round(height * ratio))
    for index, image in enumerate(batch.frames.images):
        small = cv2.resize(bitmap(image), size, interpolation=cv2.INTER_AREA if ratio < 1 else cv2.INTER_CUBIC)
        yield small.astype(np.uint8), resized(batch.flow[index : index + 1], size[1], size[0])


def _crop(sequence: Sequence, size: int, rng: np.random.Generator) -> tuple[Float[Tensor, "t 3 h w"], Flow]:
    height, width = sequence.pictures.shape[1:3]
    top, left = rng.integers(max(height - size, 0) + 1), rng.integers(max(width - size, 0) + 1)
    window = (..., slice(top, top + size), slice(left, left + size))
    frames = torch.from_numpy(sequence.pictures).permute(0, 3, 1, 2)[window].float() / 255
    to_previous, visibility = sequence.flow.to_previous[window], sequence.flow.visibility[window]
    if rng.integers(2):
        frames, visibility = frames.flip(-1), visibility.flip(-1)
        to_previous = to_previous.flip(-1) * torch.tensor([-1.0, 1.0])[:, None, None]
    return frames.contiguous(), Flow(to_previous.contiguous(), visibility.contiguous())


def _jittered(frames: Float[Tensor, "n t 3 h w"], amount: float, rng: np.random.Generator) -> Tensor:
    """Change brightness, contrast, saturation and hue, alike for all frames of a sample."""
    if amount == 0:
        return frames
    from kornia.augmentation import ColorJiggle, VideoSequential  # noqa: PLC0415  # takes seconds to import

    change = ColorJiggle(amount, amount, amount, amount / 3, p=1.0)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(rng.integers(2**31)))
        changed: Tensor = VideoSequential(change, data_format="BTCHW", same_on_frame=True)(frames)
    return changed
