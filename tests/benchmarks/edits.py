"""Every list of real programs, planned or refused with a reason: python -m tests.benchmarks.edits [FOLDER].

The media of these lists isn't there. For each list that names no rate the one that its own times need is given; a
source is made up for each event, small and black, with the timecode and the name that the list asks for, so that
planning goes its whole way. Prints a table and writes it to results/edits.txt.
"""

import sys
import tempfile
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

from tests.clips import make_clip
from tests.styles import save_small_style
from vidstyle.config import load_config
from vidstyle.errors import VidstyleError
from vidstyle.jobs.batch import plan_list
from vidstyle.jobs.finding import file_name
from vidstyle.jobs.job import BatchConfig
from vidstyle.shots import Edit, Event, ListConfig, otio, read_edit
from vidstyle.shots.relinking import Relink, differences, relinked
from vidstyle.shots.timeline import without_suffix
from vidstyle.shots.writing import written_edl, written_xml
from vidstyle.timecode import Timecode, counted_rate

RESULTS = Path(__file__).parent / "results" / "edits.txt"
LISTS = Path(__file__).resolve().parents[3] / "shared" / "media" / "edits"
ASKED = {"25fps.edl": "25", "timecode_mismatch.edl": "25"}
LAX = ("timecode_mismatch.edl",)  # read once more with --lax
TIMELINES = {"fcpx_example.fcpxml": "OpenTimeline_Project"}
LONGEST = 3000  # frames of a made-up source
LONGEST_TOLD = 240  # characters
SPARE = 20  # frames that it has on either side


def main(arguments: Sequence[str]) -> None:
    folder = Path(arguments[0]) if arguments else LISTS
    head = f"{'list':28} {'kind':7} {'fps':7} {'events':>6} {'left out':>8} {'planned':>7} {'back':14} what was said"
    lines = [head]
    for path in sorted(folder.iterdir()):
        for lax in (False, True) if path.name in LAX else (False,):
            if path.suffix != ".md":
                lines.append(row(path, lax=lax))
                print(lines[-1], flush=True)
    RESULTS.write_text("\n".join(lines) + "\n")


def row(path: Path, *, lax: bool = False) -> str:
    """One list's line of the table."""
    fps = ASKED.get(path.name, "24") if path.suffix == ".edl" else None
    config = ListConfig(fps=fps, timeline=TIMELINES.get(path.name), lax=lax)
    name = path.name + (" --lax" if lax else "")
    try:
        edit = read_edit(path, config)
    except VidstyleError as error:
        told = str(error).replace(f"{path}", path.name)
        return f"{name:28} {'-':7} {'-':7} {'-':>6} {'-':>8} {'-':>7} {'-':14} refused: {told[:LONGEST_TOLD]}"
    with tempfile.TemporaryDirectory(prefix="edits-") as folder:
        planned, told = plan(edit, path, config, Path(folder))
        back = written_back(edit, config, Path(folder))
    rate = f"{float(edit.rate):.3f}".rstrip("0").rstrip(".") if edit.rate else "?"
    counts = f"{len(edit.events):6} {len(edit.skipped):8} {planned:7}"
    return f"{name:28} {edit.kind:7} {rate:7} {counts} {back:14} {told[:LONGEST_TOLD]}".rstrip()


def plan(edit: Edit, path: Path, config: ListConfig, folder: Path) -> tuple[int, str]:
    """Plan the list over made-up sources; how many shots were planned, and what was said."""
    media = folder / "media"
    media.mkdir()
    save_small_style(folder / "small")
    render = load_config(flags={"style": str(folder / "small"), "device": "cpu"})
    made: dict[str, tuple[int, int]] = {}
    for event in edit.events:
        if event.first is not None and event.frames is not None:
            name = source_name(event)
            begin, end = made.get(name, (event.first, event.first + event.frames))
            made[name] = min(begin, event.first - event.head), max(end, event.first + event.frames + event.tail)
    for name, (begin, end) in made.items():
        event = next(event for event in edit.events if source_name(event) == name)
        make_source(media / name, event, begin, end)
    found = plan_list(path, folder / "out", render, BatchConfig(trial=False), config, roots=[media])
    said = [*found.problems, *found.warnings]
    return len(found.jobs), "; ".join(said).replace(str(folder), "")


def source_name(event: Event) -> str:
    """A name by which the list's event finds its source."""
    named = file_name(event.hint.url) or file_name(event.hint.file) or event.hint.clip or event.hint.reel or event.shot
    return f"{without_suffix(named)}.mov".replace("/", "_")


def make_source(path: Path, event: Event, begin: int, end: int) -> None:
    """A clip of some frames, labelled as the list needs it; of a list that is too long only its begin."""
    rate = event.rate or Fraction(24)
    first = max(0, begin - SPARE)
    label = str(Timecode(first, counted_rate(rate)))
    make_clip(
        path, frames=min(LONGEST, end - first + SPARE), width=16, height=16, rate=rate, timecode=label, audio=(),
        time_base=1 / rate / 512, options={"preset": "ultrafast"}, motion=(0, 0),
    )  # fmt: skip


def written_back(edit: Edit, config: ListConfig, folder: Path) -> str:
    """Write the edit back with every event relinked, in its own format and as OTIO, and read both again."""
    relinks = [
        Relink(event, folder / f"{number}.mov", event.first - 8, event.frames + 16, event.rate or Fraction(24), 16, 16)
        for number, event in enumerate(edit.events)
        if event.first is not None and event.frames is not None
    ]
    timeline = relinked(edit, relinks)
    otio.write(timeline, folder / "back.otio")
    moved = differences(edit.timeline, otio.read(folder / "back.otio"))
    kinds = "otio"
    if edit.kind in ("edl", "fcp7", "fcpxml"):
        path = folder / f"back{edit.path.suffix}"
        path.write_text((written_edl if edit.kind == "edl" else written_xml)(edit, relinks))
        moved += differences(edit.timeline, read_edit(path, config).timeline)
        kinds += f", {edit.path.suffix[1:]}"
    return kinds if not moved else f"{len(moved)} moved"


if __name__ == "__main__":
    main(sys.argv[1:])
