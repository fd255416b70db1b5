"""A demonstration from code alone: a painted shot with sound, stylized, and pictures that compare the two."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from vidstyle.config import RenderConfig
from vidstyle.demo import scene
from vidstyle.demo.compare import beside, contact_sheet
from vidstyle.demo.tune import tune
from vidstyle.errors import TargetError
from vidstyle.media import ClipReader
from vidstyle.media.record import record_clip
from vidstyle.networks import find_style, read_card
from vidstyle.pipeline import render_shot
from vidstyle.progress import OnProgress
from vidstyle.report import RenderReport
from vidstyle.shots import Shot

SHEET_TIMES = (0.5, 1.6, 2.4, 3.1, 4.6)  # seconds; the cut is at 3


class DemoResult(BaseModel):
    """What the demonstration left behind."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: Path = Field(description="the painted shot")
    stylized: Path = Field(description="the same shot, stylized")
    side_by_side: Path = Field(description="source and stylized beside each other, with the sound")
    contact_sheet: Path = Field(description="stills of both")
    fps: float = Field(description="frames per second of the stylizing alone, start-up included")
    report: RenderReport


def run_demo(
    folder: Path = Path("vidstyle-demo"),
    *,
    style: str | Path = "ink",
    overwrite: bool = False,
    on_progress: OnProgress | None = None,
    on_step: Callable[[str], None] | None = None,
) -> DemoResult:
    """Paint a shot, stylize it, and compare: four files in `folder`, or none of them.

    `on_progress` hears of the stylizing, `on_step` the name of each step as it begins.

    Raises:
        TargetError: a result is there already and `overwrite` is off, or the folder can't be made.
        StyleError, ClipError, DeviceError: as `render_shot` raises them.
    """
    say = on_step or _ignore
    style = style if isinstance(style, str) else str(style.absolute())
    name = read_card(find_style(style)).name
    targets = _targets(folder, name)
    _refuse_existing(targets, overwrite=overwrite)
    with _workplace(folder) as made:
        source, stylized, both, sheet = (made / target.name for target in targets)
        say("painting the shot")
        sound = tune(scene.SECONDS, scene.CUT / scene.FRAME_RATE)
        record_clip(source, scene.paint(), frame_rate=scene.FRAME_RATE, sound=sound)
        say(f"stylizing it with {name}")
        report = render_shot(Shot(source), stylized, RenderConfig(style=style), on_progress=on_progress)
        say("comparing the two")
        _compare(source, stylized, both, sheet, name)
        for target in targets:
            (made / target.name).replace(target)
    report = report.model_copy(update={"source": targets[0], "target": targets[1]})
    source, stylized, both, sheet = targets
    return DemoResult(
        source=source, stylized=stylized, side_by_side=both, contact_sheet=sheet, fps=report.fps, report=report
    )


def _compare(source: Path, stylized: Path, both: Path, sheet: Path, name: str) -> None:
    numbers = [round(seconds * scene.FRAME_RATE) for seconds in SHEET_TIMES]
    with ExitStack() as stack:
        readers = [stack.enter_context(ClipReader(path)) for path in (source, stylized)]
        sound = tune(scene.SECONDS, scene.CUT / scene.FRAME_RATE)
        record_clip(both, beside(*readers), frame_rate=scene.FRAME_RATE, sound=sound)
    with ExitStack() as stack:
        readers = [stack.enter_context(ClipReader(path)) for path in (source, stylized)]
        contact_sheet(sheet, readers, ("source", name), numbers, scene.FRAME_RATE)


def _targets(folder: Path, name: str) -> tuple[Path, Path, Path, Path]:
    stylized = f"{name}-style" if name in {"source", "side-by-side"} else name
    source, styled, both = (folder / f"{stem}.mp4" for stem in ("source", stylized, "side-by-side"))
    return source, styled, both, folder / "contact-sheet.jpg"


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
