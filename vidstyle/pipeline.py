"""One shot, from file to file: read, find its motion, stylize, blend, write."""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import torch

from vidstyle.config import RenderConfig, validate
from vidstyle.devices import resolve_device
from vidstyle.errors import ConfigError, TargetError
from vidstyle.frames import FrameBatch, Span
from vidstyle.identity import identity_of
from vidstyle.media import (
    ClipInfo,
    Passthrough,
    Point,
    ReadTally,
    VideoInfo,
    Work,
    WorkConfig,
    Writer,
    WriteTally,
    cut_to,
    open_reader,
    open_writer,
)
from vidstyle.media.numbering import names_pictures
from vidstyle.media.outcome import Outcome
from vidstyle.motion import build_estimator, require_motion
from vidstyle.networks import Mixture, load_styles, tell_styles
from vidstyle.progress import Counter, OnProgress
from vidstyle.report import RenderReport, Versions, comment_of
from vidstyle.shots import Shot
from vidstyle.stages.batches import MovingBatch
from vidstyle.stages.blend import BlendConfig, Memory, Mix, Watch, blend
from vidstyle.stages.colour import luma_weights
from vidstyle.stages.debug import DebugView
from vidstyle.stages.grade import grade
from vidstyle.stages.mask import open_masks
from vidstyle.stages.motion import estimate_motion, without_motion
from vidstyle.stages.prefetch import prefetch
from vidstyle.stages.remembering import from_tensors, to_tensors
from vidstyle.stages.settle import settle
from vidstyle.stages.spool import Spool
from vidstyle.stages.stylize import stylize


def render_shot(
    shot: Shot,
    target: Path,
    config: RenderConfig | None = None,
    *,
    debug_video: Path | None = None,
    overwrite: bool = False,
    resume: bool = False,
    embed_report: bool = False,
    on_progress: OnProgress | None = None,
) -> RenderReport:
    """Stylize `shot` into `target`, a clip with the original audio or an image sequence.

    Nothing stands under `target` unless the whole render succeeded. `on_progress` is called after every batch. Into
    `debug_video` goes a silent clip of the same timing that shows what the blend saw and did. While it runs, finished
    frames are kept beside `target`, so that after a kill another call goes on from there with `resume`. With
    `embed_report` the clip's comment says how it was made.

    Raises:
        ClipError, StyleError, DeviceError, ConfigError, PluginError: as drawn in `vidstyle.errors`.
    """
    config = config or RenderConfig()
    device = resolve_device(config.device)
    style = load_styles(config.style, config.stylize.mix, device=device)
    config = _with_style_defaults(config, style)
    started = time.monotonic()
    with ExitStack() as stack:  # closes in reverse, also while an error is being handled
        reader = stack.enter_context(open_reader(shot.source, config.decode, device=device))
        debug = stack.enter_context(_debug_clip(debug_video, target, reader.info, overwrite=overwrite))
        total = _expected(reader.info.video.frames, shot.span)
        if _needs_motion(config, style):
            require_motion(config.motion, range(shot.span.start, shot.span.start + (total or 1)))
        keep = _keeping(config, debug_video, resume=resume)
        identity = identity_of(shot, config, style, str(device))
        work = stack.enter_context(Work(target, identity, keep, resume=resume, overwrite=overwrite))
        like = _labelled(cut_to(reader.info, shot.span), shot)
        like = _with_comment(like, shot, style, config, str(device)) if embed_report else like
        writer = stack.enter_context(open_writer(target, like=like, config=config.encode, overwrite=overwrite))
        frames = stack.enter_context(prefetch(reader.frames(shot.span)))
        watch = stack.enter_context(_watching(debug, reader.info, shot.span))  # ends before anything gets its name
        past = _Past(shot.span.start, work, device, whole_shots=_looks_ahead(config))
        work.point = past.point
        counter = Counter(total, on_progress, before=work.frames, passes=2 if _looks_ahead(config) else 1)
        ahead = _Ahead(stack.enter_context(Spool(target.parent)), counter.add) if _looks_ahead(config) else None
        mix = stack.enter_context(_mixing(config, reader.info.video, past, total, device))
        rendered = _transform(frames, style, config, past, ahead, watch, mix)
        tally = writer.write(counter.over(rendered), reader.packets(shot.span), work)
    seconds = time.monotonic() - started
    outcome = None if names_pictures(target) else Outcome.of(reader.info, target, tally.packets)
    return RenderReport(
        source=shot.source,
        target=target,
        span=str(shot.span),
        style=style.card.name,
        style_sha256=style.card.sha256,
        styles=tell_styles(config.style),
        device=str(device),
        encoder=writer.encoder,
        resumed=past.begin - past.first,
        **_counted(reader.tally, tally),
        cuts=tuple(past.cuts) if _looks_for_cuts(config, style) else None,
        outcome=outcome,
        seconds=round(seconds, 3),
        warnings=(*reader.warnings, *writer.warnings, *work.warnings),
        settings=config,
        versions=Versions.here(),
    )


def _counted(read: ReadTally, written: WriteTally) -> dict[str, Any]:
    return {
        "decoded": read.decoded - read.skipped,
        "concealed": read.concealed,
        "dropped": read.dropped,
        "written": written.frames,
        "packets": written.packets,
        "frame_hash": written.frame_hash,
    }


@contextmanager
def _mixing(
    config: RenderConfig, video: VideoInfo, past: "_Past", total: int | None, device: torch.device
) -> Iterator[Mix]:
    """Open the last step of the blend, with the matte that it looks at."""
    stop = None if total is None else past.first + total
    with open_masks(config.mask, video, past.begin, stop, device) as masks:
        origin = (video.start or 0) * video.time_base
        yield Mix(config.blend, first=past.begin, origin=origin, masks=masks, weights=luma_weights(video))


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
    frames: Iterable[FrameBatch],
    style: Mixture,
    config: RenderConfig,
    past: "_Past",
    ahead: "_Ahead | None",
    watch: Watch | None,
    mix: Mix,
) -> Iterable[FrameBatch]:
    # At strength 0 it is the source itself: neither motion nor the generator would leave a trace.
    if config.blend.strength == 0 and watch is None:
        return frames
    hold = config.stylize.hold
    if _needs_motion(config, style):
        moving = estimate_motion(frames, config.motion, past.first, hold=hold, begin=past.begin)
    else:
        moving = without_motion(frames, config.motion.cuts, past.first, hold=hold, begin=past.begin)
    if _looks_for_cuts(config, style):
        moving = past.noting_cuts(moving)
    styled = grade(stylize(moving, style, config.stylize, past.memory), config.grade)
    if ahead is not None:
        estimator = build_estimator(config.motion)
        styled = settle(styled, config.blend, estimator, ahead.spool, past.begin, on_frames=ahead.on_frames)
    return blend(styled, config.blend, watch=watch, memory=past.memory, mix=mix)


class _Ahead(NamedTuple):
    """What a blend in two passes needs beside the frames."""

    spool: Spool
    on_frames: Callable[[int], None]


class _Past:
    """What the frames to come need to know of those before them, also when another run made those.

    Convention: `first` is the number in the clip of the span's first frame, `begin` of the first one not yet finished.
    `whole_shots`: the blend needs a shot's end for its beginning, so that one can only go on where a shot begins.
    """

    def __init__(self, first: int, work: Work, device: torch.device, *, whole_shots: bool) -> None:
        self._whole_shots = whole_shots
        self.first = first
        self.begin = first + work.frames
        self.cuts = list(work.found.cuts)
        self.memory = from_tensors(Memory, work.found.tensors, device)

    def point(self, finished: int) -> Point | None:
        """Give it as it is after the last finished batch."""
        if self._whole_shots:
            now = self.first + finished  # cuts are known long before
            return Point(cuts=tuple(cut for cut in self.cuts if cut < now)) if now in self.cuts else None
        return Point(to_tensors(self.memory), tuple(self.cuts))

    def noting_cuts(self, moving: Iterable[MovingBatch]) -> Iterator[MovingBatch]:
        """Pass batches on and keep the numbers of the frames that begin a new shot."""
        number = self.begin
        for batch in moving:
            self.cuts += [n for n, cut in enumerate(batch.restarts, start=number) if cut and n > self.first]
            number += len(batch)
            yield batch


def _labelled(like: ClipInfo, shot: Shot) -> ClipInfo:
    """Give the clip the shot's timecode and reel, where it says none itself."""
    reel = {"reel_name": shot.reel} if shot.reel else {}
    labels = {"timecode": like.video.timecode or shot.timecode, "metadata": {**like.video.metadata, **reel}}
    return like.model_copy(update={"video": like.video.model_copy(update=labels)})


def _with_comment(like: ClipInfo, shot: Shot, style: Mixture, config: RenderConfig, device: str) -> ClipInfo:
    comment = comment_of(shot.source, str(shot.span), style.card.name, style.card.sha256, config, device)
    return like.model_copy(update={"metadata": {**like.metadata, "comment": comment}})


@contextmanager
def _debug_clip(path: Path | None, target: Path, like: ClipInfo, *, overwrite: bool) -> Iterator[Writer | None]:
    if path is None:
        yield None
        return
    if path.resolve() == target.resolve():
        raise TargetError(f"{path} can't be the result and the debug video at once; name another", path=path)
    size = DebugView(*like.video.upright).size
    with open_writer(path, like=like.resized(*size), overwrite=overwrite) as writer:
        yield writer


@contextmanager
def _watching(writer: Writer | None, like: ClipInfo, span: Span) -> Iterator[Watch | None]:
    if writer is None:
        yield None
        return
    view = DebugView(*like.video.upright, span.start)
    with writer.feed(Passthrough(writer.like, span)) as put:
        yield lambda batch: put(view.draw(batch))


def _keeping(config: RenderConfig, debug_video: Path | None, *, resume: bool) -> WorkConfig:
    """Nothing is kept at strength 0, where there is no work, nor beside a debug video, which shows every frame."""
    if debug_video is not None and resume:
        raise ConfigError("--resume leaves out frames that --debug-video would show; choose one", key="work.keep")
    if debug_video is not None or config.blend.strength == 0:
        return config.work.model_copy(update={"keep": False})
    return config.work


def _looks_ahead(config: RenderConfig) -> bool:
    """Two passes are for frames that look back at all."""
    return config.blend.passes > 1 and config.blend.stability > 0 and config.blend.strength != 0


def _needs_motion(config: RenderConfig, style: Mixture) -> bool:
    return config.blend.strength != 0 and (config.blend.stability > 0 or style.is_recurrent)


def _looks_for_cuts(config: RenderConfig, style: Mixture) -> bool:
    """Where every frame stands alone, a cut would change nothing."""
    return _needs_motion(config, style) or (config.blend.strength != 0 and config.stylize.hold > 1)


def _with_style_defaults(config: RenderConfig, style: Mixture) -> RenderConfig:
    if "stability" in config.blend.model_fields_set:
        return config
    blend_config = BlendConfig(**{**config.blend.model_dump(exclude_unset=True), "stability": style.card.stability})
    return config.model_copy(update={"blend": blend_config})


def _expected(hint: int | None, span: Span) -> int | None:
    stop = span.stop if hint is None else min(hint, span.stop or hint)
    return None if stop is None else max(0, stop - span.start)
