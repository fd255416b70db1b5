"""Encoder presets: which FFmpeg encoder, at which quality, for which container and pixel format."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import av
from pydantic import BaseModel, ConfigDict, Field

from vidstyle.errors import ConfigError
from vidstyle.media.pixels import PlaneLayout
from vidstyle.media.planar import has_alpha, planar_layout
from vidstyle.registry import Registry

AUTO = "auto"


class EncodeConfig(BaseModel):
    """How the result is encoded."""

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)

    preset: str | None = Field(
        default=None, description="a named preset such as review; what is set beside it counts more"
    )
    encoder: str = Field(default=AUTO, description="auto, or an encoder's name such as x264")
    quality: float | None = Field(default=None, ge=0, description="the encoder's constant quality, lower is better")
    speed: str | None = Field(default=None, description="the encoder's own speed preset, such as medium")
    profile: str | None = Field(
        default=None, description="the codec's profile, such as hq or 4444; None: by the source"
    )
    pixel_format: str | None = Field(default=None, description="FFmpeg's pixel format; None: as the source")
    options: dict[str, str] = Field(default_factory=dict, description="further options of the encoder, as FFmpeg's")
    audio: Literal["auto", "copy", "drop"] = Field(
        default="auto",
        description="tracks that the container can't hold: auto converts them, copy refuses them; drop: no sound",
    )
    start_number: int | None = Field(
        default=None, ge=0, description="sequences: number of the first picture written; None: as the source, else 1001"
    )
    hardware: Literal["auto", "off"] = Field(
        default="off",
        description="auto: NVENC takes frames from the memory of the GPU that rendered them, not tried on one yet; off",
    )
    threads: int = Field(default=0, ge=0, description="encoder threads; 0: half of the cores")
    queue: int = Field(default=3, ge=1, description="batches that may wait for the encoder")


@dataclass(frozen=True, slots=True)
class Profile:
    """A codec's profile: what FFmpeg's option `profile` calls it, and the pixel formats that belong to it."""

    value: str
    pixel_formats: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EncoderPreset:
    """One way of encoding.

    codec      FFmpeg's encoder
    formats    container formats it goes into; the first is the usual one
    quality    the option that sets constant quality, and our default for it; None where the encoder has none
    speed      the option that `EncodeConfig.speed` sets, and our default for it
    profiles   where the profile decides the pixel format: name → profile; of those that fit the first is usual
    options    fixed options; {threads} stands for the number of threads
    limited    True where the bitstream can't say that it is full range
    alpha      the pixel formats whose opacity comes back from the encoder
    mastering  the option that takes the encoder's parameters, where static HDR metadata is among them
    even       True where subsampled chroma must divide the picture's size
    says_aspect   True where the bitstream itself holds the pixel's aspect ratio
    """

    name: str
    codec: str
    formats: tuple[str, ...]
    quality: tuple[str, float] | None = None
    speed: tuple[str, str] | None = None
    profiles: Mapping[str, Profile] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)
    limited: bool = False
    alpha: tuple[str, ...] = ()
    mastering: str = ""
    even: bool = False
    says_aspect: bool = False

    def layouts(self, profile: str | None = None) -> dict[str, PlaneLayout]:
        """The pixel formats that the encoder takes and we can fill, with the planar layout each is filled from.

        Raises ConfigError where there is no such profile.
        """
        listed = [form.name for form in av.Codec(self.codec, "w").video_formats or ()]
        if profile is not None:
            listed = [name for name in listed if name in self._profile(profile).pixel_formats]
        fit = (name for name in listed if name in self.alpha or not (has_alpha(name) or name.startswith("yuvj")))
        known = ((name, planar_layout(name)) for name in fit)
        return {name: layout for name, layout in known if layout is not None}

    def settings(self, config: EncodeConfig, pix_fmt: str, threads: int) -> dict[str, str]:
        """The options to open the encoder with. Raises ConfigError on a setting that the encoder does not have."""
        chosen = {name: value.format(threads=threads) for name, value in self.options.items()}
        if self.quality is not None:
            option, default = self.quality
            chosen[option] = f"{default if config.quality is None else config.quality:g}"
        elif config.quality is not None:
            raise ConfigError(f"encoder {self.name} has no quality setting; leave it out", key="encode.quality")
        if self.speed is not None:
            option, usual = self.speed
            chosen[option] = config.speed or usual
        elif config.speed is not None:
            raise ConfigError(f"encoder {self.name} has no speed setting; leave it out", key="encode.speed")
        if config.profile is not None or self.profiles:
            chosen["profile"] = self._profile(config.profile or self._usual_profile(pix_fmt)).value
        return chosen | config.options

    def _profile(self, name: str) -> Profile:
        if name in self.profiles:
            return self.profiles[name]
        if not self.profiles:
            raise ConfigError(
                f"encoder {self.name} finds its profile by the pixel format; leave it out, or set encode.pixel_format",
                key="encode.profile",
            )
        raise ConfigError(
            f"encoder {self.name} has no profile {name!r}; it has {', '.join(self.profiles)}", key="encode.profile"
        )

    def _usual_profile(self, pix_fmt: str) -> str:
        return next(name for name, profile in self.profiles.items() if pix_fmt in profile.pixel_formats)


MP4 = ("mp4", "mov", "matroska")
X264 = EncoderPreset("x264", "libx264", MP4, ("crf", 16.0), ("preset", "medium"), even=True, says_aspect=True)
X265 = EncoderPreset(
    "x265",
    "libx265",
    MP4,
    ("crf", 18.0),
    ("preset", "fast"),
    options={"x265-params": "log-level=none:pools={threads}"},
    mastering="x265-params",
    even=True,
    says_aspect=True,
)
VP9 = EncoderPreset(
    "vp9",
    "libvpx-vp9",
    ("webm", "matroska", "mp4"),
    ("crf", 20.0),
    ("cpu-used", "4"),
    options={"b": "0", "row-mt": "1", "deadline": "good"},
    alpha=("yuva420p",),
)
AV1 = EncoderPreset(
    "av1",
    "libsvtav1",
    ("mp4", "matroska", "webm"),
    ("crf", 22.0),
    ("preset", "8"),
    options={"svtav1-params": "lp={threads}"},
    mastering="svtav1-params",
)
_ALPHA = tuple(f"yuva{chroma}p{depth}" for chroma in (420, 422, 444) for depth in ("", "10le", "12le", "16le"))
FFV1 = EncoderPreset(
    "ffv1",
    "ffv1",
    ("matroska",),
    options={"level": "3", "slicecrc": "1"},
    alpha=(*_ALPHA, "bgra", "gbrap10le", "gbrap12le", "gbrap14le", "gbrap16le"),
)
QTRLE = EncoderPreset("qtrle", "qtrle", ("mov",), alpha=("argb",))
_422, _444 = ("yuv422p10le",), ("yuv444p10le", "yuva444p10le")
PRORES = EncoderPreset(
    "prores",
    "prores_ks",
    ("mov", "matroska"),
    profiles={
        "hq": Profile("hq", _422),
        "4444": Profile("4444", _444),
        "422": Profile("standard", _422),
        "lt": Profile("lt", _422),
        "proxy": Profile("proxy", _422),
        "4444xq": Profile("4444xq", _444),
    },
    options={"vendor": "apl0"},
    limited=True,
    alpha=("yuva444p10le",),
)
DNXHR = EncoderPreset(
    "dnxhr",
    "dnxhd",
    ("mov",),
    profiles={
        "hq": Profile("dnxhr_hq", ("yuv422p",)),
        "hqx": Profile("dnxhr_hqx", ("yuv422p10le",)),
        "444": Profile("dnxhr_444", ("yuv444p10le", "gbrp10le")),
        "sq": Profile("dnxhr_sq", ("yuv422p",)),
        "lb": Profile("dnxhr_lb", ("yuv422p",)),
    },
    limited=True,
)
NVENC_H264 = EncoderPreset(
    "nvenc-h264",
    "h264_nvenc",
    MP4,
    ("cq", 19.0),
    ("preset", "p5"),
    options={"rc": "vbr", "b": "0"},
    even=True,
    says_aspect=True,
)
NVENC_HEVC = EncoderPreset(
    "nvenc-hevc",
    "hevc_nvenc",
    MP4,
    ("cq", 21.0),
    ("preset", "p5"),
    options={"rc": "vbr", "b": "0"},
    even=True,
    says_aspect=True,
)
NVENC_AV1 = EncoderPreset(
    "nvenc-av1",
    "av1_nvenc",
    ("mp4", "matroska", "webm"),
    ("cq", 24.0),
    ("preset", "p5"),
    options={"rc": "vbr", "b": "0"},
)

ENCODERS: Registry[EncoderPreset] = Registry(
    "encoders",
    {
        preset.name: f"vidstyle.media.encoders:{constant}"
        for constant, preset in list(globals().items())
        if isinstance(preset, EncoderPreset)
    },
)
