"""Encoder presets: which FFmpeg encoder, at which quality, for which container and pixel format."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import av
from pydantic import BaseModel, ConfigDict, Field

from vidstyle.errors import ConfigError
from vidstyle.media.pixels import PlaneLayout
from vidstyle.media.planar import has_alpha, planar_layout
from vidstyle.registry import Registry

AUTO = "auto"


class EncodeConfig(BaseModel):
    """How the result is encoded."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    encoder: str = Field(default=AUTO, description="auto, or a preset's name such as x264")
    quality: float | None = Field(default=None, ge=0, description="the encoder's constant quality, lower is better")
    preset: str | None = Field(default=None, description="the encoder's own speed preset or profile, such as medium")
    pixel_format: str | None = Field(default=None, description="FFmpeg's pixel format; None: as the source")
    options: dict[str, str] = Field(default_factory=dict, description="further options of the encoder, as FFmpeg's")
    threads: int = Field(default=0, ge=0, description="encoder threads; 0: half of the cores")
    queue: int = Field(default=3, ge=1, description="batches that may wait for the encoder")


@dataclass(frozen=True, slots=True)
class EncoderPreset:
    """One way of encoding.

    codec      FFmpeg's encoder
    formats    container formats it goes into; the first is the usual one
    quality    the option that sets constant quality, and our default for it; None where the encoder has none
    speed      the option that `EncodeConfig.preset` sets, and our default for it
    options    fixed options; {threads} stands for the number of threads
    limited    True where the bitstream can't say that it is full range
    even       True where subsampled chroma must divide the picture's size
    says_aspect   True where the bitstream itself holds the pixel's aspect ratio
    """

    name: str
    codec: str
    formats: tuple[str, ...]
    quality: tuple[str, float] | None = None
    speed: tuple[str, str] | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    limited: bool = False
    even: bool = False
    says_aspect: bool = False

    def layouts(self) -> dict[str, PlaneLayout]:
        """The pixel formats that the encoder takes and we can fill, with the planar layout each is filled from."""
        listed = [form.name for form in av.Codec(self.codec, "w").video_formats or ()]
        known = ((name, planar_layout(name)) for name in listed if not has_alpha(name) and not name.startswith("yuvj"))
        return {name: layout for name, layout in known if layout is not None}

    def settings(self, config: EncodeConfig, layout: PlaneLayout, threads: int) -> dict[str, str]:
        """The options to open the encoder with. Raises ConfigError on a quality where the encoder has none."""
        chosen = {name: value.format(threads=threads) for name, value in self.options.items()}
        if self.quality is not None:
            option, default = self.quality
            chosen[option] = f"{default if config.quality is None else config.quality:g}"
        elif config.quality is not None:
            raise ConfigError(f"encoder {self.name} has no quality setting; leave it out", key="encode.quality")
        if self.speed is not None:
            speed, usual = self.speed
            chosen[speed] = config.preset or _PROFILES.get((self.name, layout.name), usual)
        elif config.preset is not None:
            raise ConfigError(f"encoder {self.name} has no presets; leave it out", key="encode.preset")
        return chosen | config.options


MP4 = ("mp4", "mov", "matroska")
X264 = EncoderPreset("x264", "libx264", MP4, ("crf", 16.0), ("preset", "medium"), even=True, says_aspect=True)
X265 = EncoderPreset(
    "x265",
    "libx265",
    MP4,
    ("crf", 18.0),
    ("preset", "fast"),
    {"x265-params": "log-level=none:pools={threads}"},
    even=True,
    says_aspect=True,
)
VP9 = EncoderPreset(
    "vp9",
    "libvpx-vp9",
    ("webm", "matroska", "mp4"),
    ("crf", 20.0),
    ("cpu-used", "4"),
    {"b": "0", "row-mt": "1", "deadline": "good"},
)
AV1 = EncoderPreset(
    "av1", "libsvtav1", ("mp4", "matroska", "webm"), ("crf", 22.0), ("preset", "8"), {"svtav1-params": "lp={threads}"}
)
FFV1 = EncoderPreset("ffv1", "ffv1", ("matroska",), options={"level": "3", "slicecrc": "1"})
PRORES = EncoderPreset(
    "prores", "prores_ks", ("mov", "matroska"), speed=("profile", "hq"), options={"vendor": "apl0"}, limited=True
)
DNXHR = EncoderPreset("dnxhr", "dnxhd", ("mov",), speed=("profile", "dnxhr_hq"), limited=True)
NVENC_H264 = EncoderPreset(
    "nvenc-h264",
    "h264_nvenc",
    MP4,
    ("cq", 19.0),
    ("preset", "p5"),
    {"rc": "vbr", "b": "0"},
    even=True,
    says_aspect=True,
)
NVENC_HEVC = EncoderPreset(
    "nvenc-hevc",
    "hevc_nvenc",
    MP4,
    ("cq", 21.0),
    ("preset", "p5"),
    {"rc": "vbr", "b": "0"},
    even=True,
    says_aspect=True,
)

ENCODERS: Registry[EncoderPreset] = Registry(
    "encoders",
    {
        preset.name: f"vidstyle.media.encoders:{constant}"
        for constant, preset in list(globals().items())
        if isinstance(preset, EncoderPreset)
    },
)

# A profile that only fits one family of pixel formats.
_PROFILES: Mapping[tuple[str, str], str] = {
    ("prores", "yuv444p10le"): "4444",
    ("prores", "yuv444p12le"): "4444",
    ("dnxhr", "yuv422p10le"): "dnxhr_hqx",
    ("dnxhr", "yuv444p10le"): "dnxhr_444",
    ("dnxhr", "gbrp10le"): "dnxhr_444",
}
