"""Tries settings on a clip: what this machine can do, and which setting is best here."""

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field, computed_field

from vidstyle.config import load_config
from vidstyle.devices import resolve_device
from vidstyle.errors import ConfigError, DeviceError, PluginError, StyleError
from vidstyle.frames import Span
from vidstyle.media import open_reader
from vidstyle.pipeline import render_shot
from vidstyle.shots import Shot

MINUTE = 60.0
_WARM = 2  # frames, for what is converted and compiled once
_FEWEST, _MOST = 3, 100  # frames that a setting is timed on
_SAME = "the default's pictures"


class _Setting(NamedTuple):
    name: str
    overrides: tuple[str, ...]
    pictures: str


class Trial(BaseModel):
    """What one setting gave."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    setting: str
    overrides: tuple[str, ...] = Field(description="as --set takes them")
    pictures: str = Field(description="how they differ from the default's")
    backend: str = Field(default="", description="what ran the network")
    frames: int = Field(default=0, description="frames that it was timed on")
    seconds: float = Field(default=0.0, description="that they took")
    start: float = Field(default=0.0, description="seconds before, for what is converted and compiled once")
    problem: str = Field(default="", description="why it can't be used here; empty: it can")

    @computed_field  # type: ignore[prop-decorator]
    @property
    def fps(self) -> float:
        """Frames a second, from file to file."""
        return round(self.frames / self.seconds, 2) if self.seconds else 0.0


class Trials(BaseModel):
    """What all settings gave on one clip."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    clip: Path
    size: str
    style: str
    trials: tuple[Trial, ...]

    @computed_field  # type: ignore[prop-decorator]
    @property
    def fastest(self) -> str:
        """The setting that was fastest of all."""
        return max(self.trials, key=lambda trial: trial.fps).setting

    @computed_field  # type: ignore[prop-decorator]
    @property
    def best(self) -> str:
        """The fastest one whose pictures are the default's."""
        return max((trial for trial in self.trials if trial.pictures == _SAME), key=lambda trial: trial.fps).setting


def try_settings(
    clip: Path,
    style: str = "ink",
    *,
    device: str = "auto",
    budget: float = MINUTE,
    on_trial: Callable[[Trial], None] | None = None,
) -> Trials:
    """Render the beginning of `clip` at each setting that this machine may have, in about `budget` seconds.

    Convention: nothing is kept but converted networks. `on_trial` is told of each one when it is done.

    Raises what `render_shot` raises where the default itself can't be rendered.
    """
    with open_reader(clip) as reader:
        height, width = reader.info.video.upright
        total = reader.info.video.frames
    settings = _settings_for(resolve_device(device).type)
    began, trials = time.monotonic(), list[Trial]()
    with tempfile.TemporaryDirectory(prefix="vidstyle-") as folder:
        for left, setting in zip(range(len(settings), 0, -1), settings, strict=True):
            share = max(0.0, budget - (time.monotonic() - began)) / left
            flags = {"style": style, "device": device, "work.keep": False}
            trial = _tried(Shot(clip), Path(folder) / "trial.mkv", setting, flags, (share, total or _MOST))
            trials.append(trial)
            if on_trial is not None:
                on_trial(trial)
    return Trials(clip=clip, size=f"{width}x{height}", style=style, trials=tuple(trials))


def _settings_for(kind: str) -> list[_Setting]:
    """Give what may be worth trying on a device, the default first."""
    return [_Setting("default", (), _SAME), *(_on_cpu() if kind == "cpu" else _on_gpu())]


def _on_cpu() -> Iterator[_Setting]:
    fast = ("motion.preset=fast",)
    yield _Setting("faster motion", fast, "about a fifteenth more flicker")
    if find_spec("openvino"):
        yield _Setting("torch", ("stylize.backend=torch",), _SAME)
    if find_spec("openvino") and find_spec("nncf"):
        int8, off = ("stylize.precision=int8",), "0.5 to 3 codes of 255 off on average"
        yield _Setting("8-bit network", int8, off)
        yield _Setting("8-bit network, faster motion", (*int8, *fast), f"{off}; about a fifteenth more flicker")


def _on_gpu() -> Iterator[_Setting]:
    batches, half, off = ("decode.batch=8",), ("stylize.precision=fp16",), "under a code of 255 off on average"
    card = ("decode.hardware=auto",)
    yield _Setting("batches of 8", batches, _SAME)
    yield _Setting("decoded on the GPU, batches of 8", (*batches, *card), _SAME)
    yield _Setting("the same, half floats", (*batches, *card, *half), off)
    if find_spec("onnxruntime") and find_spec("tensorrt"):
        engine = (*card, *half, "stylize.backend=tensorrt")
        yield _Setting("the same, TensorRT", (*batches, *engine), off)


def _tried(shot: Shot, target: Path, setting: _Setting, flags: dict[str, object], limits: tuple[float, int]) -> Trial:
    share, total = limits
    told = {"setting": setting.name, "overrides": setting.overrides, "pictures": setting.pictures}
    config = load_config(overrides=setting.overrides, flags=flags)

    def rendered(frames: int) -> tuple[float, str]:
        begun = time.monotonic()
        report = render_shot(Shot(shot.source, Span(0, frames)), target, config, overwrite=True)
        return time.monotonic() - begun, report.backend

    try:
        start, backend = rendered(min(_WARM, total))
        each, _ = rendered(min(_FEWEST, total))
        count = min(total, _MOST, max(_FEWEST, int((share - start - each) / each * min(_FEWEST, total))))
        seconds, _ = rendered(count)
    except (ConfigError, PluginError, DeviceError, StyleError) as error:
        if not setting.overrides:
            raise
        return Trial(**told, problem=str(error))
    return Trial(**told, backend=backend, frames=count, seconds=round(seconds, 3), start=round(start, 3))


def command_of(trials: Trials, setting: str) -> str:
    """Say how to render the clip at a setting."""
    (trial,) = (each for each in trials.trials if each.setting == setting)
    parts: Sequence[str] = ("vidstyle", "stylize", str(trials.clip), "-o", "out.mp4", "--style", trials.style)
    return " ".join([*parts, *(f"--set {each}" for each in trial.overrides)])
