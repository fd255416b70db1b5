"""All that the frames of a render depend on, by name: where two are equal, one may go on with the other's work."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from vidstyle.config import RenderConfig
from vidstyle.media.numbering import find_pictures
from vidstyle.networks import Mixture, tell_styles
from vidstyle.report import Versions
from vidstyle.shots import Shot

# Change how fast a render is, and where it keeps things, but not one code of it.
_WITHOUT_TRACE = (
    "decode.hardware",
    "decode.threads",
    "encode.hardware",
    "encode.threads",
    "encode.queue",
    "motion.cache",
    "motion.cache_limit",
    "work.",
)
_TIMES = ("source's time", "mask's time")
_SAMPLE = 1 << 20  # bytes at either end of the source: to read all of it could take minutes


def identity_of(shot: Shot, config: RenderConfig, style: Mixture, device: str) -> dict[str, str]:
    """Describe a render: its source, its settings, its style and the software, each as a short text."""
    facts = source_facts(shot.source) | _span_facts(shot) | {"style.sha256": style.card.sha256, "device": device}
    shares = tell_styles(config.style)
    facts |= {f"style.sha256 of {share.name}": share.sha256 for share in shares if len(shares) > 1}
    facts |= _mask_facts(config)
    facts |= {f"version of {name}": text for name, text in Versions.here().model_dump().items()}
    dumped = config.model_dump(mode="json", exclude={"device"})
    return facts | {key: value for key, value in _flat(dumped) if not key.startswith(_WITHOUT_TRACE)}


def lasting_facts(shot: Shot, config: RenderConfig) -> dict[str, str]:
    """What a finished render depends on beside its style, whatever the software, the device and the time of a copy."""
    facts = source_facts(shot.source) | {"source": shot.source.name} | _span_facts(shot)
    facts |= {"timecode": shot.timecode, "reel": shot.reel} | _mask_facts(config)
    dumped = config.model_dump(mode="json", exclude={"device"})
    facts |= {key: value for key, value in _flat(dumped) if not key.startswith(_WITHOUT_TRACE)}
    return {name: text for name, text in facts.items() if name not in _TIMES}


def _span_facts(shot: Shot) -> dict[str, str]:
    facts = {"frames": str(shot.span)}
    if shot.whole is not None:
        facts |= {"part of frames": str(shot.whole), "preroll": str(shot.preroll), "postroll": str(shot.postroll)}
    return facts


def _mask_facts(config: RenderConfig) -> dict[str, str]:
    if config.mask.file is None:
        return {}
    return {name.replace("source", "mask"): text for name, text in source_facts(config.mask.file).items()}


def source_facts(path: Path) -> dict[str, str]:
    """Size, time of change and a checksum of both ends of a file; of a sequence the number of pictures and the like."""
    if not path.is_file():
        pictures = find_pictures(path)
        told = [(number, file.name, file.stat().st_size, file.stat().st_mtime_ns) for number, file in pictures.items()]
        checksum = hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]
        return {"source's pictures": str(len(pictures)), "source's checksum": checksum}
    facts = path.stat()
    digest = hashlib.sha256()
    with path.open("rb") as file:
        digest.update(file.read(_SAMPLE))
        file.seek(max(0, facts.st_size - _SAMPLE))
        digest.update(file.read(_SAMPLE))
    return {
        "source's size": str(facts.st_size),
        "source's time": str(facts.st_mtime_ns),
        "source's checksum": digest.hexdigest()[:16],
    }


def _flat(settings: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, value in settings.items():
        if isinstance(value, dict) and value:
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, json.dumps(value)
