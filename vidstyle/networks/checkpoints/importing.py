"""Other people's checkpoints → styles of one's own."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from vidstyle.errors import StyleError
from vidstyle.networks.checkpoints.placing import free_place, whole_style
from vidstyle.networks.checkpoints.proof import doubts, write_golden
from vidstyle.networks.checkpoints.reading import Checkpoint, read_checkpoint
from vidstyle.networks.checkpoints.recognizing import OWN, Recognized, recognize
from vidstyle.networks.style import (
    ChannelOrder,
    Provenance,
    StyleCard,
    ValueRange,
    build_generator,
    read_style,
    save_style,
)

_UNKNOWN_LICENCE = "LicenseRef-unknown"


@dataclass(frozen=True, slots=True)
class Imported:
    """A style that came of a checkpoint; `warnings` say what the test card made doubtful."""

    card: StyleCard
    folder: Path
    warnings: tuple[str, ...]


def import_style(
    path: Path,
    *,
    name: str | None = None,
    layout: str | None = None,
    value_range: ValueRange | None = None,
    channel_order: ChannelOrder | None = None,
    licence: str | None = None,
    models: Path | None = None,
    overwrite: bool = False,
) -> Imported:
    """Make a style of the checkpoint at `path`, in the user's folder of styles or in `models`.

    Convention: `layout`, `value_range` and `channel_order` take the place of what would be inferred. Nothing stands
    under the style's name unless all of it succeeded.

    Raises:
        StyleError: unreadable, of no known layout, or there is such a style already and `overwrite` is not given.
        TargetError: the folder of styles can't be written to.
    """
    name = name or _name_of(path)
    folder = free_place(name, models, overwrite=overwrite)
    checkpoint = read_checkpoint(path)
    found = _recognized(checkpoint, layout, value_range)
    card = _card(name, checkpoint, found, value_range, channel_order, licence)
    with whole_style(folder) as filling:
        made, warnings = _written(filling, card, found)
    return Imported(made, folder, warnings)


def _recognized(checkpoint: Checkpoint, layout: str | None, value_range: ValueRange | None) -> Recognized:
    if checkpoint.kind != "ONNX":
        return recognize(checkpoint, layout)
    from vidstyle.networks.checkpoints.graph_import import as_graph  # noqa: PLC0415  # needs an extra

    if layout == "onnx":
        return as_graph(checkpoint, value_range)
    try:
        return recognize(checkpoint, layout)
    except StyleError:
        if layout is not None:
            raise
        return as_graph(checkpoint, value_range)


def _written(folder: Path, card: StyleCard, found: Recognized) -> tuple[StyleCard, tuple[str, ...]]:
    generator = build_generator(found.generator)
    generator.load_state_dict(found.state)
    made = save_style(folder, card, generator)
    style = read_style(folder)
    warnings = doubts(style)
    write_golden(style)
    return made, warnings


def _card(
    name: str,
    checkpoint: Checkpoint,
    found: Recognized,
    value_range: ValueRange | None,
    channel_order: ChannelOrder | None,
    licence: str | None,
) -> StyleCard:
    given = [f"values {value_range}: given"] if value_range else []
    given += [f"channel order {channel_order}: given"] if channel_order else []
    provenance = Provenance(
        file=checkpoint.path.name,
        sha256=checksum(checkpoint.path),
        kind=checkpoint.kind,
        layout=found.layout,
        inferred=(*found.reasons, *given),
    )
    chosen = {
        "name": name,
        "value_range": value_range or found.value_range,
        "channel_order": channel_order or found.channel_order,
    }
    if found.card is not None and found.layout == OWN:
        update = chosen | {"provenance": found.card.provenance or provenance}
        return found.card.model_copy(update=update | ({"licence": licence} if licence else {}))
    return StyleCard(
        title=name.replace("-", " ").replace("_", " ").capitalize(),
        description=f"Imported from {checkpoint.path.name} ({found.layout}).",
        generator=found.generator,
        sha256="0" * 64,
        licence=licence or _UNKNOWN_LICENCE,
        provenance=provenance,
        **chosen,
    )


def checksum(path: Path) -> str:
    """SHA-256 of a file; of a folder, of its files' names and contents in the order of their names."""
    if not path.is_dir():
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    digest = hashlib.sha256()
    for each in sorted(file for file in path.iterdir() if file.is_file()):
        digest.update(each.name.encode() + b"\0" + each.read_bytes())
    return digest.hexdigest()


def _name_of(path: Path) -> str:
    stem = path.name if path.is_dir() else path.name.partition(".")[0]
    return re.sub(r"[^a-z0-9_-]+", "-", stem.lower()).strip("-_") or "imported"
