"""One shot, from file to file: read, find its motion, stylize, blend, write."""

import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from vidstyle.config import RenderConfig, validate
from vidstyle.devices import resolve_device
from vidstyle.errors import TargetError
from vidstyle.frames import FrameBatch, Span
from vidstyle.media import ClipInfo, ClipReader, ClipWriter, Passthrough
from vidstyle.motion import require_motion
from vidstyle.networks import Style, load_style
from vidstyle.progress import OnProgress, counted
from vidstyle.report import RenderReport, Versions
from vidstyle.shots import Shot
from vidstyle.stages.batches import MovingBatch
from vidstyle.stages.blend import BlendConfig, Watch, blend
from vidstyle.stages.debug import DebugView
from vidstyle.stages.motion import estimate_motion, without_motion
from vidstyle.stages.prefetch import prefetch
from vidstyle.stages.stylize import stylize


def render_shot(
    shot: Shot,
    target: Path,
    config: RenderConfig | None = None,
    *,
    debug_video: Path | None = None,
    overwrite: bool = False,
    on_progress: OnProgress | None = None,
) -> RenderReport:
    """Stylize `shot` into the clip `target`, with the original audio.

    Nothing stands under `target` unless the whole render succeeded. `on_progress` is called after every batch. Into
    `debug_video` goes a silent clip of the same timing that shows what the blend saw and did.

    Raises:
        ClipError, StyleError, DeviceError, ConfigError, PluginError: as drawn in `vidstyle.errors`.
    """
    config = config or RenderConfig()
    device = resolve_device(config.device)
    style = load_style(config.style, device=device)
    config = _with_style_defaults(config, style)
    started = time.monotonic()
    with ExitStack() as stack:  # closes in reverse, also while an error is being handled
        reader = stack.enter_context(ClipReader(shot.source, config.decode, device=device))
        debug = stack.enter_context(_debug_clip(debug_video, target, reader.info, overwrite=overwrite))
        total = _expected(reader.info.video.frames, shot.span)
        if config.blend.strength and config.blend.stability:
            require_motion(config.motion, range(shot.span.start, shot.span.start + (total or 1)))
        writer = stack.enter_context(ClipWriter(target, like=reader.info, config=config.encode, overwrite=overwrite))
        frames = stack.enter_context(prefetch(reader.frames(shot.span)))
        watch = stack.enter_context(_watching(debug, reader.info, shot.span))  # ends before anything gets its name
        cuts: list[int] = []
        rendered = _transform(frames, style, config, shot.span.start, cuts, watch)
        tally = writer.write(counted(rendered, total, on_progress), reader.packets(shot.span))
    seconds = time.monotonic() - started
    return RenderReport(
        source=shot.source,
        target=target,
        span=str(shot.span),
        style=style.card.name,
        style_sha256=style.card.sha256,
        device=str(device),
        encoder=writer.encoder,
        decoded=reader.tally.decoded,
        concealed=reader.tally.concealed,
        dropped=reader.tally.dropped,
        written=tally.frames,
        packets=tally.packets,
        frame_hash=tally.frame_hash,
        cuts=tuple(cuts) if _looks_for_cuts(config) else None,
        seconds=round(seconds, 3),
        warnings=(*reader.warnings, *writer.warnings),
        settings=config,
        versions=Versions.here(),
    )


def stylize_clip(
    source: str | Path,
    target: str | Path,
    style: str | Path = "ink",
    *,
    overwrite: bool = False,
    on_progress: OnProgress | None = None,
    **settings: Any,
) -> RenderReport:
    """Stylize a whole clip: `stylize_clip("a.mp4", "b.mp4", style="ink", blend={"strength": 0.7})`.

    `settings` are RenderConfig's. Raises what `render_shot` raises.
    """
    config = validate(RenderConfig, {"style": str(style), **settings})
    return render_shot(Shot(Path(source)), Path(target), config, overwrite=overwrite, on_progress=on_progress)


def _transform(
    frames: Iterable[FrameBatch], style: Style, config: RenderConfig, first: int, cuts: list[int], watch: Watch | None
) -> Iterable[FrameBatch]:
    # At strength 0 it is the source itself: neither motion nor the generator would leave a trace.
    if config.blend.strength == 0 and watch is None:
        return frames
    hold = config.stylize.hold
    if config.blend.stability:
        moving = estimate_motion(frames, config.motion, first, hold=hold)
    else:
        moving = without_motion(frames, config.motion.cuts, first, hold=hold)
    if _looks_for_cuts(config):
        moving = _noting_cuts(moving, first, cuts)
    return blend(stylize(moving, style, config.stylize), config.blend, watch=watch)


@contextmanager
def _debug_clip(path: Path | None, target: Path, like: ClipInfo, *, overwrite: bool) -> Iterator[ClipWriter | None]:
    if path is None:
        yield None
        return
    if path.resolve() == target.resolve():
        raise TargetError(f"{path} can't be the result and the debug video at once; name another", path=path)
    size = DebugView(like.video.height, like.video.width).size
    with ClipWriter(path, like=like.resized(*size), overwrite=overwrite) as writer:
        yield writer


@contextmanager
def _watching(writer: ClipWriter | None, like: ClipInfo, span: Span) -> Iterator[Watch | None]:
    if writer is None:
        yield None
        return
    view = DebugView(like.video.height, like.video.width, span.start)
    with writer.feed(Passthrough(writer.like, span)) as put:
        yield lambda batch: put(view.draw(batch))


def _looks_for_cuts(config: RenderConfig) -> bool:
    """Where every frame stands alone, a cut would change nothing."""
    return config.blend.strength > 0 and (config.blend.stability > 0 or config.stylize.hold > 1)


def _noting_cuts(moving: Iterable[MovingBatch], first: int, cuts: list[int]) -> Iterator[MovingBatch]:
    number = first
    for batch in moving:
        cuts.extend(n for n, restart in enumerate(batch.restarts, start=number) if restart and n > first)
        number += len(batch)
        yield batch


def _with_style_defaults(config: RenderConfig, style: Style) -> RenderConfig:
    if "stability" in config.blend.model_fields_set:
        return config
    blend_config = BlendConfig(**{**config.blend.model_dump(exclude_unset=True), "stability": style.card.stability})
    return config.model_copy(update={"blend": blend_config})


def _expected(hint: int | None, span: Span) -> int | None:
    stop = span.stop if hint is None else min(hint, span.stop or hint)
    return None if stop is None else max(0, stop - span.start)
