"""The list as it came, with the stylized clips in the places of the originals and nothing else changed.

The adapters' own writers lose speed effects, transitions and timecode; changing the list itself loses nothing.
"""

import copy
import re
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from xml.etree import ElementTree

from vidstyle.shots import marking
from vidstyle.shots.cmx import edl_events
from vidstyle.shots.edit import Edit
from vidstyle.shots.relinking import Relink
from vidstyle.timecode import Timecode, counted_rate

_NAMED = re.compile(r"^(\s*\*?\s*)(FROM|TO) (CLIP NAME|CLIP|FILE)(\s+IS)?\s*:", re.IGNORECASE)
_SOURCE_FILE = re.compile(r"^(\s*\*?\s*)SOURCE FILE\s*:", re.IGNORECASE)
_PLAYS_MEDIA = (1, 9)  # FCPXML from this version on has a media-rep in its assets


def written_edl(edit: Edit, relinks: Sequence[Relink]) -> str:
    """Name the results in an EDL. Its events stay as they are: the results carry the timecode of their sources."""
    assert edit.rate is not None
    by_line = {line: relink for relink in relinks for line in relink.event.elements}
    lines = edit.text.splitlines()
    pictures = [event for event in edl_events(edit.text, edit.rate) if event.is_picture]
    stops = [event.line for event in pictures[1:]] + [len(lines)]
    written = lines[: pictures[0].line] if pictures else lines
    before: Relink | None = None
    for event, stop in zip(pictures, stops, strict=True):
        relink = by_line.get(event.line)
        is_cut = event.transition.upper().startswith("C")
        sides = {"FROM": relink if is_cut else before, "TO": relink}
        written += [lines[event.line], *_comments(lines[event.line + 1 : stop], sides)]
        before = relink
    return "\n".join(written) + "\n"


def _comments(lines: Iterable[str], sides: Mapping[str, Relink | None]) -> list[str]:
    found, told = [], set()
    for line in lines:
        match = _NAMED.match(line)
        relink = sides.get(match[2].upper()) if match else sides["TO"] if _SOURCE_FILE.match(line) else None
        if relink is None:
            found.append(line)
        elif match is not None and match[3].upper() == "CLIP NAME":
            side = match[2].upper()
            found += [f"* {side} CLIP NAME: {relink.path.name}", f"* {side} CLIP: {relink.path.absolute()}"]
            told.add(side)
        elif match is None:
            found.append(f"* SOURCE FILE: {relink.path.name}")
    relink = sides["FROM"]
    return found if told or relink is None else [f"* FROM CLIP: {relink.path.absolute()}", *found]


def written_xml(edit: Edit, relinks: Sequence[Relink]) -> str:
    """Name the results in Final Cut's XML, of either kind."""
    root = marking.parse(edit.text, edit.path)
    fcp7 = marking.is_fcp7(root)
    elements = marking.items(root)
    if fcp7:
        files = {file.get("id"): copy.deepcopy(file) for file in root.iter("file") if len(file)}
    for number, relink in enumerate(relinks):
        for element in dict.fromkeys(relink.event.elements):
            if fcp7:
                _put_file(elements[element], relink, f"vidstyle-{number + 1}", files)
            else:
                _put_asset(root, elements[element], relink, f"vidstyle{number + 1}")
    if fcp7:
        _restore(root, files)
    ElementTree.indent(root)
    kind = "xmeml" if fcp7 else "fcpxml"
    text = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE {kind}>\n{text}\n'


def _put_file(
    item: ElementTree.Element, relink: Relink, name: str, files: Mapping[str | None, ElementTree.Element]
) -> None:
    """Give a clipitem another file. Its in and out count from the file's first frame, so that they move with it."""
    old = item.find("file")
    if old is None:
        return
    whole = files.get(old.get("id"), old)
    moved = (relink.event.hint.start or 0) - relink.first
    rate = item.find("rate") if item.find("rate") is not None else whole.find("rate")
    scale = Fraction(_timebase(rate), counted_rate(relink.rate)) if rate is not None else Fraction(1)
    for tag in ("in", "out"):
        time = item.find(tag)
        if time is not None and time.text and float(time.text) >= 0:
            time.text = str(round(float(time.text) + moved * scale))
    place = list(item).index(old)
    item.remove(old)
    item.insert(place, _file(relink, name))


def _file(relink: Relink, name: str) -> ElementTree.Element:
    file = ElementTree.Element("file", {"id": name})
    for tag, text in (("name", relink.path.name), ("pathurl", relink.url.replace("file:///", "file://localhost/"))):
        ElementTree.SubElement(file, tag).text = text
    file.append(_rate(relink.rate))
    ElementTree.SubElement(file, "duration").text = str(relink.frames)
    timecode = ElementTree.SubElement(file, "timecode")
    timecode.append(_rate(relink.rate))
    label = Timecode(max(0, relink.first), counted_rate(relink.rate))
    for tag, text in (("string", str(label)), ("frame", str(relink.first)), ("displayformat", "NDF")):
        ElementTree.SubElement(timecode, tag).text = text
    media = ElementTree.SubElement(file, "media")
    facts = ElementTree.SubElement(ElementTree.SubElement(media, "video"), "samplecharacteristics")
    for tag, number in (("width", relink.width), ("height", relink.height)):
        ElementTree.SubElement(facts, tag).text = str(number)
    if relink.sound:
        ElementTree.SubElement(media, "audio")
    return file


def _rate(rate: Fraction) -> ElementTree.Element:
    element = ElementTree.Element("rate")
    ElementTree.SubElement(element, "timebase").text = str(counted_rate(rate))
    ElementTree.SubElement(element, "ntsc").text = "TRUE" if rate.denominator == 1001 else "FALSE"  # noqa: PLR2004
    return element


def _timebase(rate: ElementTree.Element) -> int:
    return int(rate.findtext("timebase", "24"))


def _restore(root: ElementTree.Element, files: Mapping[str | None, ElementTree.Element]) -> None:
    """A file is told in full where it is named first; where that place is gone, the next one tells it."""
    told = set()
    for file in root.iter("file"):
        name = file.get("id")
        if name not in told and not len(file) and name in files:
            file.extend(copy.deepcopy(list(files[name])))
        told.add(name)


def _put_asset(root: ElementTree.Element, clip: ElementTree.Element, relink: Relink, name: str) -> None:
    """Give a clip of FCPXML another asset, whose time begins where its own frames do."""
    user = clip if clip.tag == "asset-clip" else clip.find("video")
    resources = root.find("resources")
    if user is None or resources is None:
        return
    old = next((asset for asset in resources.iter("asset") if asset.get("id") == user.get("ref")), None)
    begin, length = (_seconds(frames, relink.rate) for frames in (relink.first, relink.frames))
    facts = {"id": name, "name": relink.path.stem, "start": begin, "duration": length, "hasVideo": "1"}
    if old is not None and old.get("format"):
        facts["format"] = old.get("format", "")
    if relink.sound:
        facts |= {key: value for key, value in (old.attrib if old is not None else {}).items() if "udio" in key}
    if resources.find(f"asset[@id='{name}']") is None:
        version = tuple(int(part) for part in root.get("version", "1.8").split(".") if part.isdigit())
        if version >= _PLAYS_MEDIA:
            asset = ElementTree.SubElement(resources, "asset", facts)
            ElementTree.SubElement(asset, "media-rep", {"kind": "original-media", "src": relink.url})
        else:
            ElementTree.SubElement(resources, "asset", facts | {"src": relink.url})
    user.set("ref", name)
    if user is not clip:
        user.attrib |= {"offset": begin, "start": begin, "duration": length}


def _seconds(frames: int, rate: Fraction) -> str:
    time = Fraction(frames) / rate
    return f"{time.numerator}s" if time.denominator == 1 else f"{time.numerator}/{time.denominator}s"
