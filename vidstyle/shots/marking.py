"""XML lists, marked before their adapter reads them, so that each clip of the timeline is known in the XML again.

Final Cut's adapters keep neither where a clip came from nor all that it says; with its number in its name both can be
looked up. Names are put back right after reading.
"""

import re
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from vidstyle.errors import ShotListError

_MARK = re.compile(r"^⟦(\d+)⟧")
_TIMES = ("offset", "start", "duration", "tcStart")
_SLOWED = 1001
FCP7_ITEMS = ("clipitem", "generatoritem")
FCPX_ITEMS = ("clip", "asset-clip", "ref-clip")
_FCPX_UNKNOWN = ("sync-clip", "mc-clip", "audition")


def parse(text: str, path: Path) -> ElementTree.Element:
    """Read XML; a document type that declares entities is refused. Raises ShotListError."""
    if "<!ENTITY" in text.upper():
        raise ShotListError(f"{path} declares XML entities, which no editing program does; refused", path=path)
    try:
        return ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise ShotListError(f"{path} is no XML: {error}", path=path, line=error.position[0]) from error


def is_fcp7(root: ElementTree.Element) -> bool:
    """Whether it is Final Cut Pro 7's XML, as Premiere, Resolve and Avid write it too."""
    return root.tag == "xmeml"


def items(root: ElementTree.Element) -> list[ElementTree.Element]:
    """The clips in the document's order: what marks count."""
    tags = FCP7_ITEMS if is_fcp7(root) else FCPX_ITEMS
    return [element for element in root.iter() if element.tag in tags]


def marked(root: ElementTree.Element) -> str:
    """Write the document with its clips' numbers in their names."""
    copy = ElementTree.fromstring(ElementTree.tostring(root))
    for number, item in enumerate(items(copy)):
        if not is_fcp7(copy):
            item.set("name", f"⟦{number}⟧{item.get('name', '')}")
            continue
        name = item.find("name")
        if name is None:
            name = ElementTree.SubElement(item, "name")
            item.remove(name)
            item.insert(0, name)
        name.text = f"⟦{number}⟧{name.text or ''}"
    for nested in [sequence for item in copy.iter("clipitem") for sequence in item.findall("sequence")]:
        for media in nested.findall("media"):  # the adapter looks for tracks right in a nested sequence
            nested.remove(media)
            nested.extend(list(media))
    return ElementTree.tostring(copy, encoding="unicode")


def unmark(item: Any) -> int | None:
    """Put a timeline item's name right; gives the number that was in it."""
    match = _MARK.match(item.name or "")
    if match is None:
        return None
    item.name = item.name[match.end() :]
    return int(match[1])


def with_sources(root: ElementTree.Element) -> None:
    """Say where assets of FCPXML 1.9 and later are as those of earlier versions did, which the adapter knows."""
    for asset in root.iter("asset"):
        media = asset.find("media-rep")
        if not asset.get("src") and media is not None:
            asset.set("src", media.get("src", ""))


def with_whole_rates(root: ElementTree.Element, path: Path) -> bool:
    """Speed FCPXML of 23.976 fps and its like up to a whole rate, in place; True where it was done.

    The adapter cuts frame rates to whole numbers, so that 24000/1001 would be read as 23. Raises ShotListError where
    only some of the formats are of such a rate.
    """
    formats = [element for element in root.iter("format") if element.get("frameDuration")]
    slowed = [_seconds(element.get("frameDuration", "")).numerator % _SLOWED == 0 for element in formats]
    if not any(slowed):
        return False
    if not all(slowed):
        rates = ", ".join(sorted({element.get("frameDuration", "") for element in formats}))
        raise ShotListError(
            f"{path} mixes formats of NTSC and of whole frame rates (frames of {rates}), which OpenTimelineIO can't "
            "tell apart; export the sequence as OTIO or XML",
            path=path,
        )
    for element in root.iter():
        for name in _TIMES:
            if element.get(name):
                element.set(name, _written(_seconds(element.get(name, "")) * Fraction(1000, 1001)))
        if element.get("frameDuration"):
            duration = _seconds(element.get("frameDuration", "")) * Fraction(1000, 1001)
            element.set("frameDuration", f"100/{int(100 / duration)}s")
    return True


def fcpx_refusals(root: ElementTree.Element) -> dict[int, str]:
    """Clips of FCPXML that can't be rendered as they are, by their number, with the reason."""
    found = {}
    for number, item in enumerate(items(root)):
        curve = item.find("timeMap")
        if curve is not None:
            points = curve.findall("timept")
            if len(points) != 2 or any(point.get("interp") not in (None, "linear") for point in points):  # noqa: PLR2004
                found[number] = "its speed changes (a ramp); render the ramp as a clip, or make its speed constant"
    return found


def fcpx_speeds(root: ElementTree.Element) -> dict[int, tuple[float, Fraction]]:
    """Constant speeds of FCPXML's clips, and the second of the source that each begins with, by their number.

    Convention: a clip's `start` is in time as it is played; its timeMap leads from there to the source's time.
    """
    found = {}
    for number, item in enumerate(items(root)):
        points = item.findall("timeMap/timept")
        if len(points) == 2:  # noqa: PLR2004 (of a straight line)
            (t0, v0), (t1, v1) = ((_seconds(p.get("time", "0s")), _seconds(p.get("value", "0s"))) for p in points)
            speed = (v1 - v0) / (t1 - t0) if t1 != t0 else Fraction(0)
            found[number] = float(speed), v0 + (_seconds(item.get("start", "0s")) - t0) * speed
    return found


def fcpx_transitions(root: ElementTree.Element) -> dict[int, tuple[Fraction, Fraction]]:
    """Seconds of timeline that transitions show of a clip before its begin and after its end, by its number."""
    numbers = {element: number for number, element in enumerate(items(root))}
    found: dict[int, tuple[Fraction, Fraction]] = {}
    for spine in root.iter("spine"):
        children = list(spine)
        for place, element in enumerate(children):
            if element.tag != "transition":
                continue
            begin = _seconds(element.get("offset", "0s"))
            end = begin + _seconds(element.get("duration", "0s"))
            for clip in children[place - 1 : place] if place else ():
                if clip in numbers:
                    cut = _seconds(clip.get("offset", "0s")) + _seconds(clip.get("duration", "0s"))
                    head = found.get(numbers[clip], (Fraction(0), Fraction(0)))[0]
                    found[numbers[clip]] = head, max(end - cut, Fraction(0))
            for clip in children[place + 1 : place + 2]:
                if clip in numbers:
                    found[numbers[clip]] = max(_seconds(clip.get("offset", "0s")) - begin, Fraction(0)), Fraction(0)
    return found


def fcpx_start(root: ElementTree.Element, project: str) -> Fraction:
    """Seconds of timecode of a project's first frame."""
    for element in root.iter("project"):
        sequence = element.find("sequence")
        if element.get("name", "") == project and sequence is not None:
            return _seconds(sequence.get("tcStart", "0s"))
    return Fraction(0)


def fcpx_off(root: ElementTree.Element) -> set[int]:
    """Numbers of the clips that are switched off, which the adapter does not say."""
    return {number for number, item in enumerate(items(root)) if item.get("enabled") == "0"}


def fcpx_lost(root: ElementTree.Element) -> Iterator[str]:
    """What the adapter leaves out of the timeline, a line each."""
    transitions = sum(1 for _ in root.iter("transition"))
    if transitions:
        yield f"{transitions} transitions of the FCPXML are not in the OTIO: its adapter does not read them"
    for tag in _FCPX_UNKNOWN:
        for element in root.iter(tag):
            yield f"{tag} {element.get('name', '')!r} is not read by OpenTimelineIO; break it apart, or export as XML"


def _seconds(text: str) -> Fraction:
    try:
        return Fraction(text.strip().removesuffix("s") or "0")
    except (ValueError, ZeroDivisionError):
        return Fraction(0)


def _written(seconds: Fraction) -> str:
    whole = seconds.limit_denominator(1_000_000)
    return f"{whole.numerator}s" if whole.denominator == 1 else f"{whole.numerator}/{whole.denominator}s"
