"""Which reader and which writer a name gets: one file that holds a clip, or numbered pictures."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

import torch

from vidstyle.errors import ConfigError
from vidstyle.media.clip import ClipInfo, probe
from vidstyle.media.encoders import EncodeConfig
from vidstyle.media.numbering import names_pictures
from vidstyle.media.plan import plan_output
from vidstyle.media.reader import ClipReader, DecodeConfig
from vidstyle.media.sequence_plan import plan_sequence
from vidstyle.media.sequence_reader import SequenceReader
from vidstyle.media.sequence_writer import SequenceWriter
from vidstyle.media.writer import ClipWriter

Reader: TypeAlias = ClipReader | SequenceReader
Writer: TypeAlias = ClipWriter | SequenceWriter


@contextmanager
def open_reader(
    path: Path, config: DecodeConfig | None = None, *, device: torch.device | None = None
) -> Iterator[Reader]:
    """Open `path` for reading. Raises what its reader does, and ConfigError for a setting of sequences on a clip."""
    if names_pictures(path):
        with SequenceReader(path, config, device=device) as pictures:
            yield pictures
        return
    sequence = config.sequence if config is not None else DecodeConfig().sequence
    for name in sorted(sequence.model_fields_set):
        raise ConfigError(
            f"{path} is a clip, which says itself what decode.sequence.{name} sets for image sequences; leave it out",
            key=f"decode.sequence.{name}",
        )
    with ClipReader(path, config, device=device) as clip:
        yield clip


@contextmanager
def open_writer(
    target: Path, *, like: ClipInfo, config: EncodeConfig | None = None, overwrite: bool = False
) -> Iterator[Writer]:
    """Open `target` for writing. Raises what its writer does, and ConfigError for a setting of sequences on a clip."""
    if names_pictures(target):
        with SequenceWriter(target, like=like, config=config, overwrite=overwrite) as pictures:
            yield pictures
        return
    if config is not None and config.start_number is not None:
        raise ConfigError(f"{target} is a clip; --start-number is for image sequences", key="encode.start_number")
    with ClipWriter(target, like=like, config=config, overwrite=overwrite) as clip:
        yield clip


def foresee(target: Path, like: ClipInfo, config: EncodeConfig | None = None) -> list[str]:
    """What writing `target` would lose, found out without writing anything. Raises what `open_writer` does for it."""
    config = config or EncodeConfig()
    if names_pictures(target):
        return plan_sequence(target, like, config).losses()
    return plan_output(target, like, config).losses()


def probe_source(path: Path) -> ClipInfo:
    """Find out what a clip or an image sequence holds. Raises what opening it for reading does."""
    if not names_pictures(path):
        return probe(path)
    with SequenceReader(path) as pictures:
        return pictures.info
