"""One shot, from file to file: read, find its motion, stylize, blend, write."""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import torch

from vidstyle.config import RenderConfig, validate
from vidstyle.devices import resolve_device, shared_cores
from vidstyle.errors import ConfigError, TargetError
from vidstyle.frames import FrameBatch, Span
from vidstyle.identity import identity_of
from vidstyle.media import (
    ClipInfo,
    Passthrough,
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
from vidstyle.stages.batches import MovingBatch, StyledBatch
from vidstyle.stages.blend import BlendConfig, Mix, Watch, blend
from vidstyle.stages.colour import luma_weights
from vidstyle.stages.debug import DebugView
from vidstyle.stages.grade import grade
from vidstyle.stages.mask import open_masks
from vidstyle.stages.motion import estimate_motion, without_motion
from vidstyle.stages.past import Past
from vidstyle.stages.prefetch import prefetch
from vidstyle.stages.rolling import Roll, from_drawing
from vidstyle.stages.settle import settle
from vidstyle.stages.spool import Spool, spool_folder
from vidstyle.stages.stylize import Ready, make_ready, stylize


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

    Raises ClipError, StyleError, DeviceError, ConfigError and PluginError as drawn in `vidstyle.errors`.
    """
    config, device, style = _loaded(config or RenderConfig())
    ready = make_ready(style, config.stylize) if config.blend.strength != 0 or debug_video else Ready((), "")
    started = time.monotonic()
    with ExitStack() as stack:  # closes in reverse, also while an error is being handled
        stack.enter_context(shared_cores())
        reader = stack.enter_context(open_reader(shot.source, config.decode, device=device))
        debug = stack.enter_context(_debug_clip(debug_video, target, reader.info, overwrite=overwrite))
        total = _expected(reader.info.video.frames, shot.span)
        if _needs_motion(config, style):
            require_motion(config.motion, range(shot.span.start, shot.span.start + (total or 1)))
        identity = identity_of(shot, config, style, str(device)) | {"backend": ready.told}
        keep = _keeping(config, debug_video, resume=resume)
        work = stack.enter_context(Work(target, identity, keep, resume=resume, overwrite=overwrite))
        like = labelled(cut_to(reader.info, shot.span), shot)
        like = _with_comment(like, shot, style, config, str(device)) if embed_report else like
        writer = stack.enter_context(open_writer(target, like=like, config=config.encode, overwrite=overwrite))
        roll, resumed = Roll.of(shot, work.frames, config.stylize.hold), work.frames
        frames = stack.enter_context(prefetch(reader.frames(roll.looked)))
        watch = stack.enter_context(_watching(debug, reader.info, shot.span))  # ends before anything gets its name
        past = Past(roll, work, device, whole_shots=_looks_ahead(config))
        work.point = past.point
        counter = Counter(total, on_progress, before=resumed, passes=2 if _looks_ahead(config) else 1)
        ahead = _Ahead(stack.enter_context(Spool(spool_folder(target))), counter.add) if _looks_ahead(config) else None
        plain = config.blend.strength == 0 and watch is None  # the source itself: nothing else would leave a trace
        moving = None if plain else stack.enter_context(prefetch(_moving(frames, style, config, past), depth=1))
        mix = stack.enter_context(_mixing(config, style, reader.info.video, past, device))
        styled = None if moving is None else stack.enter_context(_styled(moving, style, config, ready, past, mix))
        rendered = roll.split(frames) if styled is None else _blended(styled, config, past, ahead, watch, mix)
        kept = roll.kept_of(rendered, roll.looked.start if moving is None else past.begin)
        tally = writer.write(counter.over(kept), reader.packets(shot.span), work)
    return _report(
        (shot, target, style, config, device),
        (reader.tally, tally),
        backend=ready.told,
        encoder=writer.encoder,
        resumed=resumed,
        cuts=tuple(past.cuts) if _looks_for_cuts(config, style) else None,
        seconds=round(time.monotonic() - started, 3),
        outcome=None if names_pictures(target) else Outcome.of(reader.info, target, tally.packets),
        warnings=(*ready.warnings, *reader.warnings, *writer.warnings, *work.warnings),
    )


def _loaded(config: RenderConfig) -> tuple[RenderConfig, torch.device, Mixture]:
    """Load the styles onto the device; gives the settings with the styles' own defaults."""
    device = resolve_device(config.device)
    style = load_styles(config.style, config.stylize.mix, device=device)
    return _with_style_defaults(config, style), device, style


def _report(
    given: tuple[Shot, Path, Mixture, RenderConfig, torch.device], counted: tuple[ReadTally, WriteTally], **told: Any
) -> RenderReport:
    """Say what was to be rendered, what was counted, and what else is `told`."""
    (shot, target, style, config, device), (read, written) = given, counted
    return RenderReport(
        source=shot.source,
        target=target,
        span=str(shot.span),
        style=style.card.name,
        style_sha256=style.card.sha256,
        styles=tell_styles(config.style),
        device=str(device),
        decoded=read.decoded - read.skipped,
        concealed=read.concealed,
        dropped=read.dropped,
        written=written.frames,
        packets=written.packets,
        frame_hash=written.frame_hash,
        settings=config,
        versions=Versions.here(),
        **told,
    )


@contextmanager
def _mixing(config: RenderConfig, style: Mixture, video: VideoInfo, past: Past, device: torch.device) -> Iterator[Mix]:
    """Open the last step of the blend, with the matte that it looks at."""
    total = _expected(video.frames, past.roll.rendered)
    stop = None if total is None else past.roll.rendered.start + total
    with open_masks(config.mask, video, past.begin, stop, device) as masks:
        origin = (video.start or 0) * video.time_base
        weights, adjustable = luma_weights(video), style.is_adjustable
        yield Mix(config.blend, first=past.begin, origin=origin, masks=masks, weights=weights, adjustable=adjustable)


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


def _moving(frames: Iterable[FrameBatch], style: Mixture, config: RenderConfig, past: Past) -> Iterator[MovingBatch]:
    """Give the frames that are rendered with their motion, from one on whose drawing is known or new."""
    roll, hold = past.roll, config.stylize.hold
    divided = roll.split(frames, hold)
    if _needs_motion(config, style):
        moving = estimate_motion(divided, config.motion, roll.looked.start, hold=hold, begin=past.begin)
    else:
        moving = without_motion(divided, config.motion.cuts, roll.looked.start, hold=hold, begin=past.begin)
    if past.memory.held is None:
        skipped, moving = from_drawing(moving)
        past.begin += skipped
    return roll.until_end(moving, past.begin, divided)


@contextmanager
def _styled(
    moving: Iterable[MovingBatch], style: Mixture, config: RenderConfig, ready: Ready, past: Past, mix: Mix
) -> Iterator[Iterable[StyledBatch]]:
    """Let the generators run ahead, but for one that remembers: its memory is that of the frames written."""
    if _looks_for_cuts(config, style):
        moving = past.noting_cuts(moving)
    strengths = mix.strengths if style.is_adjustable else None
    styled = grade(stylize(moving, style, config.stylize, past.memory, strengths, ready), config.grade)
    if style.is_recurrent:
        yield styled
        return
    with prefetch(styled, depth=1) as ahead:
        yield ahead


def _blended(
    styled: Iterable[StyledBatch],
    config: RenderConfig,
    past: Past,
    ahead: "_Ahead | None",
    watch: Watch | None,
    mix: Mix,
) -> Iterable[FrameBatch]:
    if ahead is not None:
        estimator = build_estimator(config.motion)
        styled = settle(styled, config.blend, estimator, ahead.spool, past.begin, on_frames=ahead.on_frames)
    return blend(styled, config.blend, watch=watch, memory=past.memory, mix=mix)


class _Ahead(NamedTuple):
    """What a blend in two passes needs beside the frames."""

    spool: Spool
    on_frames: Callable[[int], None]


def labelled(like: ClipInfo, shot: Shot) -> ClipInfo:
    """Give the clip the shot's timecode and reel, where it says none itself; a part has the picture alone."""
    reel = {"reel_name": shot.reel} if shot.reel else {}
    labels = {"timecode": like.video.timecode or shot.timecode, "metadata": {**like.video.metadata, **reel}}
    if shot.whole is not None:
        like = like.model_copy(update={"audio": (), "others": (), "chapters": ()})
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
