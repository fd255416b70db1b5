"""A demonstration from code alone: a painted shot with sound, stylized, and pictures that compare the two."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from vidstyle.config import RenderConfig
from vidstyle.demo import scene
from vidstyle.demo.compare import beside, contact_sheet, grid
from vidstyle.demo.tune import tune
from vidstyle.errors import TargetError
from vidstyle.media import ClipReader
from vidstyle.media.record import record_clip
from vidstyle.networks import drawing_styles, find_card
from vidstyle.pipeline import render_shot
from vidstyle.progress import OnProgress
from vidstyle.report import RenderReport
from vidstyle.shots import Shot

ALL = "all"  # the word for every style on this machine
SHEET_TIMES = (0.5, 1.6, 2.4, 3.1, 4.6)  # seconds; the cut is at 3


class DemoResult(BaseModel):
    """What the demonstration left behind."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: Path = Field(description="the painted shot")
    stylized: tuple[Path, ...] = Field(description="the same shot in each style")
    together: Path = Field(description="source and results beside each other, with the sound")
    contact_sheet: Path = Field(description="stills of all")
    reports: tuple[RenderReport, ...] = Field(description="of each render; frames per second include start-up")


class _Targets(NamedTuple):
    source: Path
    stylized: tuple[Path, ...]
    together: Path
    sheet: Path

    @property
    def files(self) -> tuple[Path, ...]:
        return (self.source, *self.stylized, self.together, self.sheet)

    def within(self, folder: Path) -> "_Targets":
        stylized = tuple(folder / each.name for each in self.stylized)
        return _Targets(folder / self.source.name, stylized, folder / self.together.name, folder / self.sheet.name)


def run_demo(
    folder: Path = Path("vidstyle-demo"),
    *,
    style: str | Path = "ink",
    overwrite: bool = False,
    on_progress: OnProgress | None = None,
    on_step: Callable[[str], None] | None = None,
) -> DemoResult:
    """Paint a shot, stylize it, and compare: all files in `folder`, or none of them.

    `style` "all" means every style on this machine; they come together in a grid with their names. `on_progress` hears
    of the stylizing, `on_step` the name of each step as it begins.

    Raises:
        TargetError: a result is there already and `overwrite` is off, or the folder can't be made.
        StyleError, ClipError, DeviceError: as `render_shot` raises them.
    """
    say = on_step or _ignore
    styles = _styles(style)
    targets = _targets(folder, tuple(styles))
    _refuse_existing(targets.files, overwrite=overwrite)
    with _workplace(folder) as place:
        made = targets.within(place)
        say("painting the shot")
        sound = tune(scene.SECONDS, scene.CUT / scene.FRAME_RATE)
        record_clip(made.source, scene.paint(), frame_rate=scene.FRAME_RATE, sound=sound)
        reports = []
        for (name, chosen), target in zip(styles.items(), made.stylized, strict=True):
            say(f"stylizing it with {name}")
            reports.append(render_shot(Shot(made.source), target, RenderConfig(style=chosen), on_progress=on_progress))
        say("comparing them")
        _compare(made, tuple(styles))
        for target in targets.files:
            (place / target.name).replace(target)
    told = tuple(
        report.model_copy(update={"source": targets.source, "target": target})
        for report, target in zip(reports, targets.stylized, strict=True)
    )
    return DemoResult(
        source=targets.source,
        stylized=targets.stylized,
        together=targets.together,
        contact_sheet=targets.sheet,
        reports=told,
    )


def _styles(style: str | Path) -> dict[str, str]:
    """The styles to draw in, by their names."""
    if style == ALL:
        return {name: str(folder) for name, folder in drawing_styles().items()}
    chosen = style if isinstance(style, str) else str(style.absolute())
    return {find_card(chosen).name: chosen}


def _compare(made: _Targets, names: tuple[str, ...]) -> None:
    paths, titles = (made.source, *made.stylized), ("source", *names)
    with _opened(paths) as readers:
        sound = tune(scene.SECONDS, scene.CUT / scene.FRAME_RATE)
        pictures = beside(*readers) if len(names) == 1 else grid(readers, titles)
        record_clip(made.together, pictures, frame_rate=scene.FRAME_RATE, sound=sound)
    numbers = [round(seconds * scene.FRAME_RATE) for seconds in SHEET_TIMES]
    with _opened(paths) as readers:
        contact_sheet(made.sheet, readers, titles, numbers, scene.FRAME_RATE)


@contextmanager
def _opened(paths: tuple[Path, ...]) -> Iterator[list[ClipReader]]:
    with ExitStack() as stack:
        yield [stack.enter_context(ClipReader(path)) for path in paths]


def _targets(folder: Path, names: tuple[str, ...]) -> _Targets:
    together = "side-by-side" if len(names) == 1 else "grid"
    stems = [f"{name}-style" if name in {"source", "side-by-side", "grid"} else name for name in names]
    source, together_clip, *stylized = (folder / f"{stem}.mp4" for stem in ("source", together, *stems))
    return _Targets(source, tuple(stylized), together_clip, folder / "contact-sheet.jpg")


def _refuse_existing(targets: tuple[Path, ...], *, overwrite: bool) -> None:
    there = [target for target in targets if target.exists()]
    if there and not overwrite:
        raise TargetError(f"{there[0]} is there already; pass --overwrite or choose another folder", path=there[0])


@contextmanager
def _workplace(folder: Path) -> Iterator[Path]:
    """A hidden folder inside `folder`, gone with whatever is still in it at the end."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        hidden = tempfile.TemporaryDirectory(dir=folder, prefix=".partial-")
    except OSError as error:
        raise TargetError(f"{folder} can't be written to: {error.strerror}; choose another", path=folder) from error
    with hidden as path:
        yield Path(path)


def _ignore(_step: str) -> None:
    pass
