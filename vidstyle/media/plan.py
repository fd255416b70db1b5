"""Decides, before anything is written, how the output will be: container, encoder, tags, and what that loses."""

from dataclasses import dataclass
from pathlib import Path

from vidstyle.errors import ClipReadError, TargetError
from vidstyle.media.choosing import ALPHA_CONTAINERS, Choice, choose_encoder, losses
from vidstyle.media.clip import ClipInfo
from vidstyle.media.colour import CHROMA_LOCATIONS, LUMA_WEIGHTS, UNKNOWN, ColourTags, assumed_matrix
from vidstyle.media.encoders import ENCODERS, EncodeConfig
from vidstyle.media.orientation import pure
from vidstyle.media.pixels import PlaneConverter, PlaneLayout
from vidstyle.media.planar import planar_layout
from vidstyle.media.presets import with_preset
from vidstyle.media.target import MILLISECONDS, container_of

_FLOATS = {"gbrpf16le": "gbrp16le", "gbrpf32le": "gbrp16le", "gbrapf16le": "gbrap16le", "gbrapf32le": "gbrap16le"}


@dataclass(frozen=True, slots=True)
class OutputPlan:
    """The clip to look like, how its planes lie, its colour tags in the output, container, encoder and settings."""

    like: ClipInfo
    source: PlaneLayout
    tags: ColourTags
    container: str
    choice: Choice
    config: EncodeConfig
    target: Path

    def converter(self) -> PlaneConverter:
        """What turns RGB into the planes that the encoder gets, in agreement with the tags."""
        matrix = assumed_matrix(self.tags, self.like.video.height)
        full = self.tags.range == "full" or (self.tags.range == UNKNOWN and self.choice.layout.kind == "rgb")
        return PlaneConverter(self.choice.layout, matrix if matrix in LUMA_WEIGHTS else "bt709", full)

    def options(self, threads: int) -> dict[str, str]:
        """The options to open the encoder with. Raises ConfigError on a setting that it does not have."""
        preset, video = self.choice.preset, self.like.video
        chosen = preset.settings(self.config, self.choice.pix_fmt, threads)
        if self.tags.chroma_location in CHROMA_LOCATIONS:
            chosen.setdefault("chroma_sample_location", self.tags.chroma_location)
        if video.mastering is not None and preset.mastering and self.tags.hdr:
            facts = video.mastering.x265() if preset.mastering.startswith("x265") else video.mastering.svtav1()
            written = [f"{name}={value}" for name, value in facts.items()]
            chosen[preset.mastering] = ":".join([chosen.get(preset.mastering, ""), *written]).strip(":")
        return chosen

    def losses(self) -> list[str]:
        """What the encoder and the container can't keep, a sentence each."""
        video, preset = self.like.video, self.choice.preset
        bits, chroma, kind = losses(self.source, self.choice.layout)
        lost = [word for count, word in ((bits, "depth"), (chroma, "chroma resolution"), (kind, "RGB")) if count]
        found = []
        if lost:
            found.append(
                f"{video.pix_fmt} is written as {self.choice.pix_fmt}, the nearest that {preset.name} takes; "
                f"{' and '.join(lost)} is lost"
            )
        if self.source.alpha and not self.choice.layout.alpha:
            found.append(f"opacity is not kept by {preset.name}; {_holding_alpha(self.container)}")
        if video.mastering is not None and not preset.mastering:
            found.append(f"HDR10's mastering metadata is not kept by {preset.name}; x265 and av1 would")
        if video.tags.range == "full" and self.tags.range == "limited":
            found.append("full range is converted to limited")
        if self.container in MILLISECONDS:
            if not pure(video.display_matrix):
                found.append(f"{self.container} keeps of the display matrix only how it turns and mirrors")
            if video.sample_aspect_ratio not in (None, 1) and not preset.says_aspect:
                found.append(
                    f"sample aspect ratio {video.sample_aspect_ratio} is not kept by {preset.name} in {self.container}"
                )
            if (video.time_base * 1000).denominator != 1:
                found.append(f"{self.container} keeps time in milliseconds; timestamps are rounded to them")
        return [f"video #{video.index}: {loss}" for loss in found] + self._sound_losses()

    def _sound_losses(self) -> list[str]:
        if self.container in MILLISECONDS or self.config.audio == "drop":
            return []
        off = [
            track for track in self.like.audio if track.time_base and (track.time_base * track.rate).denominator != 1
        ]
        return [f"audio #{track.index}: timestamps are rounded to whole samples in {self.container}" for track in off]


def _holding_alpha(container: str) -> str:
    presets = [ENCODERS.get(name) for name in ENCODERS.names()] if container in ALPHA_CONTAINERS else []
    holds = [preset.name for preset in presets if preset.alpha and container in preset.formats]
    return f"{' or '.join(holds)} would keep it" if holds else "write a .mov, .mkv or .webm file to keep it"


def plan_output(target: Path, like: ClipInfo, config: EncodeConfig) -> OutputPlan:
    """Choose container, encoder, pixel format and tags.

    Raises:
        TargetError: the suffix is unknown, or the encoder does not go into its container.
        ConfigError, PluginError, EncoderUnavailableError: the encoder's settings do not fit.
    """
    container, config = container_of(target), with_preset(config)
    source = source_layout(like)
    choice = choose_encoder(config, container, source, (like.video.height, like.video.width))
    if container not in choice.preset.formats:
        raise TargetError(
            f"{target}: {choice.preset.name} does not go into {container}; "
            f"write {' or '.join(choice.preset.formats)}, or choose another encoder",
            path=target,
        )
    return OutputPlan(like, source, output_tags(like, source, choice), container, choice, config, target)


def source_layout(like: ClipInfo) -> PlaneLayout:
    """How the source's planes lie; floats count as 16 bits. Raises ClipReadError for a format that we don't know."""
    layout = planar_layout(like.video.pix_fmt) or planar_layout(_FLOATS.get(like.video.pix_fmt, ""))
    if layout is None:
        raise ClipReadError(f"{like.path}: pixel format {like.video.pix_fmt} can't be read yet", path=like.path)
    return layout


def output_tags(like: ClipInfo, source: PlaneLayout, choice: Choice) -> ColourTags:
    """The source's tags, changed only where the codes really change: RGB ↔ YUV, or an encoder without full range."""
    tags = like.video.tags
    if choice.layout.kind == "rgb" and source.kind != "rgb":
        tags = tags.model_copy(update={"matrix": "gbr", "range": "full"})
    if choice.layout.kind != "rgb" and source.kind == "rgb":
        matrix = assumed_matrix(ColourTags(), like.video.height)
        tags = tags.model_copy(update={"matrix": matrix, "range": "limited"})
    if choice.preset.limited and tags.range == "full":
        tags = tags.model_copy(update={"range": "limited"})
    return tags
