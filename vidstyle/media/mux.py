"""The container that is written: its streams, tags and metadata, and all packets merged in the order of time."""

import math
from collections import Counter
from collections.abc import Iterable
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import torch
from av import VideoFrame
from av.container import OutputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from vidstyle.errors import ConfigError, TargetError
from vidstyle.media.carrying import Carried, add_tracks
from vidstyle.media.choosing import thread_count
from vidstyle.media.colour import MATRICES, PRIMARIES, RANGES, TRANSFERS, code_of
from vidstyle.media.opening import locator, open_source, translate_write_errors
from vidstyle.media.packets import AnyPacket
from vidstyle.media.plan import OutputPlan
from vidstyle.media.scheduling import usual_scheduling
from vidstyle.media.surfaces import accelerator, surface_format
from vidstyle.media.target import MILLISECONDS
from vidstyle.media.tracks import lasting, plan_tracks

_USUAL_RATE = Fraction(25)
_LARGEST_TIMESCALE = 2**31 - 1
_HALF = Fraction(1, 2)
_LONGEST_DELAY = 10  # milliseconds by which a frame may be late, that those before it have their own


class Muxer:
    """One output container at `path`; set up down to its header on construction, so that it fails before any work.

    Raises:
        TargetError: the container can't hold one of the tracks, or can't be created.
        ConfigError: the encoder refuses its settings.
    """

    def __init__(self, path: Path, plan: OutputPlan) -> None:
        self.plan = plan
        self.warnings: list[str] = []
        self._shown: int | None = None  # millisecond of the last frame, where the container counts them
        self._delayed = 0
        self._last: dict[int, int] = {}  # dts of each track's last packet, in its ticks
        self._untimely: Counter[int] = Counter()
        with ExitStack() as stack:
            with translate_write_errors(plan.target):
                self._container: OutputContainer = av.open(
                    locator(path), "w", format=plan.container, container_options=_muxer_options(plan)
                )
            stack.callback(self.abandon)
            self._container.metadata.update(lasting(plan.like.metadata, plan.container))
            self._video = self._add_video()
            self._carried = self._add_tracks()
            self.copied = self._carried.copied
            self._set_chapters()
            with translate_write_errors(plan.target):
                self._container.start_encoding()
                self._container.mux(self._carried.covers)
            stack.pop_all()

    def encode(self, frame: VideoFrame | None) -> list[AnyPacket]:
        """The packets that come of a frame; None flushes the encoder."""
        if frame is not None:
            tags = self.plan.tags
            frame.colorspace = code_of(MATRICES, tags.matrix)
            frame.color_primaries = code_of(PRIMARIES, tags.primaries)
            frame.color_trc = code_of(TRANSFERS, tags.transfer)
            frame.color_range = code_of(RANGES, tags.range)
        with translate_write_errors(self.plan.target):
            return list(self._video.encode(frame))

    def distinct(self, pts: int) -> int:
        """The time of the next frame, moved on where a container of milliseconds could not tell it from the last's.

        Raises TargetError where frames follow each other too fast for that.
        """
        tick = self.plan.like.video.time_base * 1000
        if self.plan.container not in MILLISECONDS or tick >= 1:
            return pts
        shown = math.floor(pts * tick + _HALF)
        if self._shown is not None and shown <= self._shown:
            shown = self._shown + 1
            if shown - pts * tick > _LONGEST_DELAY:
                raise TargetError(
                    f"{self.plan.target}: frames follow each other faster than the milliseconds that "
                    f"{self.plan.container} counts; write a .mp4 or .mov file instead",
                    path=self.plan.target,
                )
            self._delayed, pts = self._delayed + 1, round(shown / tick)
        self._shown = shown
        return pts

    def mux(self, packet: AnyPacket) -> None:
        """Write a packet of the encoder."""
        with translate_write_errors(self.plan.target):
            self._container.mux(packet)

    def copy(self, packets: Iterable[AnyPacket], shift: Fraction) -> None:
        """Write what becomes of packets of the source, moved by `shift` seconds."""
        for packet in packets:
            index = packet.stream_index
            for carried in self._carried.carriers[index].carry(packet, shift):
                self._put(index, carried)

    def keep_sound(self, start: Fraction | None, stop: Fraction | None) -> None:
        """Cut the tracks that are converted where a span begins and ends, seconds on the source's clock."""
        for converter in self._carried.converters.values():
            converter.window = start, stop

    def finish_sound(self, shift: Fraction) -> None:
        """Write what is left in the tracks that are converted."""
        for index, converter in self._carried.converters.items():
            for packet in converter.finish(shift):
                self._put(index, packet)

    @property
    def tracks(self) -> tuple[int, ...]:
        """The source's tracks whose packets are to come through `copy`."""
        return tuple(self._carried.carriers)

    @property
    def decoded(self) -> tuple[int, ...]:
        """Those of them that are decoded."""
        return tuple(self._carried.converters)

    def left_out(self) -> list[str]:
        """Say which tracks lost packets or times, because the container does not take those of the source."""
        lost = [
            f"track #{index}: {count} packets without a time, or with one that goes back, were left out"
            for index, count in sorted(self._untimely.items())
        ]
        for index, converter in self._carried.converters.items():
            lost += [f"audio #{index}: {loss}" for loss in converter.losses()]
        if self._delayed:
            place = f"video #{self.plan.like.video.index}"
            lost.append(f"{place}: {self._delayed} frames are shown a millisecond later, so that each has its own")
        return lost

    def finish(self) -> None:
        """Write the trailer and close the file."""
        with translate_write_errors(self.plan.target):
            self._container.close()

    def abandon(self) -> None:
        """Close the file in whatever state it is."""
        try:
            self._container.close()
        except (av.FFmpegError, OSError, ValueError):
            return  # the file is going to be removed, and the error that led here is the one to tell

    def _put(self, index: int, packet: AnyPacket) -> None:
        if not self._is_timely(index, packet):
            self._untimely[index] += 1
            return
        self.mux(packet)
        if index in self.copied:
            self.copied[index] += 1

    def _is_timely(self, index: int, packet: AnyPacket) -> bool:
        """Whether a packet is due after the track's last one, and shown no earlier than it is due."""
        due = packet.dts if packet.dts is not None else packet.pts
        if due is None or (packet.pts is not None and packet.pts < due):
            return False
        last = self._last.get(index)
        together = self.plan.container in ("matroska", "webm")  # take packets that are due at once
        if last is not None and (due < last or (due == last and not together)):
            return False
        self._last[index] = due
        return True

    def _add_video(self) -> VideoStream:
        plan, video = self.plan, self.plan.like.video
        rate = video.average_rate or _USUAL_RATE
        options = plan.options(thread_count(plan.config))
        self.surfaces = self._surface_format()
        hwaccel = accelerator() if self.surfaces else None
        stream = self._container.add_stream(plan.choice.preset.codec, rate=rate, hwaccel=hwaccel)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height = video.width, video.height
        stream.pix_fmt = self.surfaces or plan.choice.pix_fmt
        self._label(stream)
        self._open_encoder(stream, options)
        return stream

    def _surface_format(self) -> str | None:
        plan, video = self.plan, self.plan.like.video
        if plan.config.hardware == "off" or not torch.cuda.is_available():
            return None
        return surface_format(plan.choice.preset.codec, plan.choice.pix_fmt, video.width, video.height)

    def _label(self, stream: VideoStream) -> None:
        """Say beside the picture what the source says beside its own."""
        plan, video = self.plan, self.plan.like.video
        stream.metadata.update(lasting(video.metadata, plan.container))
        if plan.choice.layout.alpha and plan.choice.preset.codec.startswith("libvpx"):
            stream.metadata["alpha_mode"] = "1"  # Matroska's word for opacity in a second picture
        if video.timecode:
            stream.metadata["timecode"] = video.timecode
        if video.display_matrix:
            stream.set_display_matrix(video.display_matrix)
        elif video.rotation:
            stream.set_display_rotation(video.rotation)
        stream.disposition = Disposition(video.disposition)

    @property
    def quicktime_tag(self) -> str:
        """The tag of the picture that QuickTime plays, where FFmpeg's own choice, hev1, is another."""
        codec, container = self.plan.choice.preset.codec, self.plan.container
        return "hvc1" if codec in ("libx265", "hevc_nvenc") and container in ("mp4", "mov") else ""

    def _open_encoder(self, stream: VideoStream, options: dict[str, str]) -> None:
        plan, video, context = self.plan, self.plan.like.video, stream.codec_context
        context.time_base = video.time_base
        if video.sample_aspect_ratio:
            context.sample_aspect_ratio = video.sample_aspect_ratio
        context.colorspace = code_of(MATRICES, plan.tags.matrix)
        context.color_primaries = code_of(PRIMARIES, plan.tags.primaries)
        context.color_trc = code_of(TRANSFERS, plan.tags.transfer)
        context.color_range = code_of(RANGES, plan.tags.range)
        context.thread_count = thread_count(plan.config)
        if tag := self.quicktime_tag:
            context.codec_tag = tag
        context.options = options
        name = plan.choice.preset.name
        try:
            with usual_scheduling():
                context.open()
        except (av.FFmpegError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise ConfigError(
                f"encoder {name} refuses {video.width}x{video.height} {plan.choice.pix_fmt} with {options} ({reason}); "
                "change its options or choose another encoder",
                key="encode",
            ) from error
        if unknown := sorted(set(context.options) & set(plan.config.options)):
            raise ConfigError(f"encoder {name} has no option {', '.join(unknown)}", key=f"encode.options.{unknown[0]}")

    def _add_tracks(self) -> Carried:
        like = self.plan.like
        if not like.audio and not like.others:
            return Carried({}, [], {})
        with open_source(like.path) as source:
            tracks, self.warnings = plan_tracks(
                source, like, self.plan.container, self.plan.target, audio=self.plan.config.audio
            )
        with open_source(like.path) as source:  # anew, since cover art comes before all other packets
            return add_tracks(self._container, self.plan.container, source, tracks)

    def _set_chapters(self) -> None:
        chapters: list[Any] = [
            {
                "id": n,
                "start": mark.start,
                "end": mark.end,
                "time_base": mark.time_base,
                "metadata": dict(mark.metadata),
            }
            for n, mark in enumerate(self.plan.like.chapters)
        ]
        if chapters:
            self._container.set_chapters(chapters)


def _muxer_options(plan: OutputPlan) -> dict[str, str]:
    """The container's own settings, without which timestamps would move."""
    if plan.container not in ("mp4", "mov"):
        # Matroska would else move all tracks when one begins before 0, as AAC's priming does.
        return {"avoid_negative_ts": "disabled"}
    # A first timestamp other than 0 is kept in movie ticks, by default milliseconds: take one that fits all tracks.
    rates = [track.time_base.denominator for track in plan.like.audio if track.time_base]
    rates += [track.rate for track in plan.like.audio if track.rate]  # where it is converted
    ticks = math.lcm(plan.like.video.time_base.denominator, *rates)
    if ticks > _LARGEST_TIMESCALE:
        ticks = plan.like.video.time_base.denominator
    return {"movflags": "+faststart", "movie_timescale": str(max(ticks, 1000))}
