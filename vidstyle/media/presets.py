"""Named presets: what a delivery asks of the encoder, under one word."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vidstyle.media.encoders import EncodeConfig
from vidstyle.registry import Registry


@dataclass(frozen=True, slots=True)
class Preset:
    """One delivery.

    purpose    what it is for, a few words
    suffix     the usual one of the target
    settings   fields of EncodeConfig that it sets; what the user sets counts more
    """

    name: str
    purpose: str
    suffix: str
    settings: Mapping[str, Any]

    def applied(self, config: EncodeConfig) -> EncodeConfig:
        """`config` with what this preset sets and `config` leaves open; options are merged one by one."""
        asked = config.model_dump(exclude_unset=True)
        options = {**self.settings.get("options", {}), **asked.get("options", {})}
        return EncodeConfig(**{**self.settings, **asked, "options": options})


_PLAYS_ANYWHERE = {"encoder": "x264", "pixel_format": "yuv420p"}
REVIEW = Preset("review", "to look at: H.264 that plays anywhere, quick to write", ".mp4", {
    **_PLAYS_ANYWHERE, "quality": 20, "speed": "fast",
})  # fmt: skip
WEB = Preset("web", "for browsers: small H.264 that starts at once", ".mp4", {
    **_PLAYS_ANYWHERE, "quality": 23, "speed": "slow", "options": {"profile": "high"},
})  # fmt: skip
MASTER_PRORES = Preset("master-prores", "to edit and grade: ProRes 422 HQ, 4444 for 4:4:4 sources", ".mov", {
    "encoder": "prores",
})  # fmt: skip
MASTER_DNXHR = Preset("master-dnxhr", "to edit and grade: DNxHR HQ, HQX for 10 bits, 444 for 4:4:4", ".mov", {
    "encoder": "dnxhr",
})  # fmt: skip
ARCHIVE = Preset("archive", "to keep: FFV1 without any loss, each frame with checksums of its own", ".mkv", {
    "encoder": "ffv1", "options": {"g": "1"},
})  # fmt: skip

PRESETS: Registry[Preset] = Registry(
    "presets",
    {
        preset.name: f"vidstyle.media.presets:{constant}"
        for constant, preset in list(globals().items())
        if isinstance(preset, Preset)
    },
)


def with_preset(config: EncodeConfig) -> EncodeConfig:
    """The settings after the named preset, if there is one. Raises PluginError for an unknown name."""
    return config if config.preset is None else PRESETS.get(config.preset).applied(config)
