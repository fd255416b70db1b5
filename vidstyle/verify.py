"""Holds a target against its source, as a witness tells of both: are frames, times, colours and sound kept?"""

from collections.abc import Collection, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from vidstyle.errors import ConfigError
from vidstyle.frames import Span
from vidstyle.media.evidence import Evidence, Track, look
from vidstyle.media.hearing import Place, likeness
from vidstyle.media.manifest import sha256_of
from vidstyle.media.numbering import names_pictures
from vidstyle.media.picture_evidence import Picture, as_evidence, depth_of, look_at_pictures
from vidstyle.media.samples import place_in, sample_at
from vidstyle.report import RenderReport

_MILLISECOND = Fraction(1, 1000)
_ALIKE = 0.8  # correlation, where sound went through a lossy codec
_CODED = 0.1  # seconds by which a codec's last packet may be longer
_FIRST = 1001  # number of a clip's first frame where it becomes pictures
_COLOURS = {"R", "G", "B", "Y", "r", "g", "b", "red", "green", "blue"}
_NO_SOUND = "sound in pictures"  # there is none, which nobody expects
_NAMES = (
    "frames", "times", "duration", "size", "pixel aspect", "rotation", "timecode", "chapters", "sound tracks",
    "sound packets", "sound samples", "sound times", "sound heard", "sound channels", "report", "checksum",
)  # fmt: skip


class Check(BaseModel):
    """One thing that was looked at."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    expected: str = Field(description="by the source, or by the report")
    found: str = Field(description="in the target")
    outcome: Literal["equal", "differs", "allowed"] = Field(description="allowed: differs, and was said to be in order")


class Verification(BaseModel):
    """All that was looked at."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: Path
    target: Path
    witness: str = Field(description="ffprobe, pyav or, of pictures, openimageio")
    checks: tuple[Check, ...]

    @property
    def failures(self) -> tuple[str, ...]:
        """A line for each check that differs."""
        differ = [check for check in self.checks if check.outcome == "differs"]
        return tuple(f"{check.name}: expected {check.expected}, found {check.found}" for check in differ)


def verify_clip(
    target: Path,
    source: Path,
    *,
    report: RenderReport | None = None,
    allow: Collection[str] = (),
    witness: str | None = None,
) -> Verification:
    """Compare `target` with what became of `source`; the report says which frames, else all are expected.

    Convention: times are compared exactly where the target's clock can tell them, else to one tick of it; sound that
    moved into another container to a millisecond. Of a span, sound is the run of packets that overlaps it.
    Image sequences are read whole: their numbers, size, depth and channels are held against the source's.

    Raises:
        ClipMissingError, ClipReadError: one of them can't be read.
        ConfigError: `allow` has a name that is no check's.
        PluginError: the witness is not there.
    """
    span = Span.parse(report.span) if report is not None else Span()
    if names_pictures(source):
        before = as_evidence(source, report.settings.decode if report is not None else None)
    else:
        before = look(source, witness=witness)
    if names_pictures(target):
        witness, pictures = look_at_pictures(target)
        found = [*_pictures(before, pictures, span, report), *_untold(before)]
        count, checksum = len(pictures), None
    else:
        after = look(target, witness=witness)
        witness, count, checksum = after.witness, len(after.times), sha256_of(target)
        found = [*_picture(before, after, span), *_sound(before, after, span, report), *_rest(before, after, span)]
    if report is not None:
        found += _told(report, count, checksum)
    unknown = sorted(set(allow) - set(_NAMES) - {name for name, _, _, _ in found})
    if unknown:
        known = ", ".join(sorted({name for name, _, _, _ in found}))
        raise ConfigError(f"--allow {unknown[0]!r} is no check; there are {known}", key="allow")
    checks = tuple(
        Check(name=name, expected=was, found=now, outcome=_outcome(equal, name in allow or name == _NO_SOUND))
        for name, was, now, equal in found
    )
    return Verification(source=source, target=target, witness=witness, checks=checks)


_Found = tuple[str, str, str, bool]  # name, expected, found, equal


def _outcome(equal: bool, allowed: bool) -> Literal["equal", "differs", "allowed"]:
    if equal:
        return "equal"
    return "allowed" if allowed else "differs"


def _same(name: str, was: object, now: object) -> _Found:
    return name, str(was), str(now), was == now


def _picture(before: Evidence, after: Evidence, span: Span) -> Iterator[_Found]:
    times = before.times[span.start : span.stop]
    if span.start and times:
        times = tuple(time - times[0] + before.times[0] for time in times)
    yield _same("frames", len(times), len(after.times))
    slack = Fraction(0) if (before.tick / after.tick).denominator == 1 else after.tick
    yield _times("times", times, after.times, slack)
    if span.whole and before.seconds is not None:
        frame = (times[-1] - times[0]) / (len(times) - 1) if len(times) > 1 else Fraction(1)
        lengths = before.seconds, before.seconds + float(times[0]) if times else 0  # some count from time 0 on
        near = after.seconds is not None and any(abs(after.seconds - each) <= float(frame) + 1e-3 for each in lengths)
        yield "duration", f"{before.seconds:.3f} s", f"{after.seconds or 0:.3f} s", near
    yield _same("size", "x".join(map(str, before.size)), "x".join(map(str, after.size)))
    for name, said in before.tags.items():
        yield _same(name, said, after.tags.get(name, "nothing"))
    yield _same("pixel aspect", before.aspect, after.aspect)
    yield _same("rotation", before.rotation, after.rotation)


def _sound(before: Evidence, after: Evidence, span: Span, report: RenderReport | None) -> Iterator[_Found]:
    described = [", ".join(f"{t.codec} ({t.language})" for t in each.tracks) or "none" for each in (before, after)]
    dropped = report is not None and report.settings.encode.audio == "drop"
    expected = "none, as asked" if dropped else described[0]
    yield "sound tracks", expected, described[1], len(after.tracks) == (0 if dropped else len(before.tracks))
    for number, (was, now) in enumerate(zip(before.tracks, after.tracks, strict=False)):
        name = "" if len(before.tracks) == 1 else f" #{number}"
        if was.block and (was.codec, was.channels, was.rate) == (now.codec, now.channels, now.rate) and not span.whole:
            yield _samples(before, was, after, now, span, name)
        elif was.codec != now.codec:
            yield from _converted(before, was, after, now, span, name, report)
        else:
            yield from _packets(before, was, after, now, span, name)


def _samples(before: Evidence, was: Track, after: Evidence, now: Track, span: Span, name: str) -> _Found:
    """Uncompressed sound of a span is cut to the sample, so that its packets are not the source's."""
    stop = before.times[span.stop] if span.stop is not None and span.stop < len(before.times) else None
    begin = sample_at(was, before.times[min(span.start, len(before.times) - 1)]) if span.start else 0
    end = sample_at(was, stop) if stop is not None else sum(was.sizes) // was.block
    place, count = place_in(before, was, after, now, begin), sum(now.sizes) // now.block
    slack = 2 * round(was.tick * was.rate)  # a cut at either end is as exact as the times of packets
    found = f"{count} from {place}" if place is not None else f"{count}, not the same"
    same = place is not None and abs(place + count - end) <= slack
    return "sound samples", f"{end - begin} from {begin}{name}", found, same


def _converted(
    before: Evidence, was: Track, after: Evidence, now: Track, span: Span, name: str, report: RenderReport | None
) -> Iterator[_Found]:
    """Sound in another codec has other packets, which only a report accounts for, and must sound the same."""
    streams = report.outcome.streams if report is not None and report.outcome is not None else ()
    told = any(each.index == was.index and each.outcome == "converted" for each in streams)
    expected = f"converted from {was.codec}" if told else f"{len(was.packets)} of {was.codec}"
    yield "sound packets", f"{expected}{name}", f"{len(now.packets)} of {now.codec}", told
    yield "sound channels", f"{was.channels}{name}", str(now.channels), was.channels == now.channels
    if was.channels != now.channels or not before.times or not after.times:
        return
    begin = before.times[min(span.start, len(before.times) - 1)]
    stop = before.times[span.stop] - begin if span.stop is not None and span.stop < len(before.times) else None
    source, target = Place(before.path, was.index, begin), Place(after.path, now.index, after.times[0])
    found = likeness(source, target, stop, span=not span.whole)
    same = abs(found.lag) <= _MILLISECOND and found.alike >= _ALIKE and abs(found.ends) <= _CODED
    said = f"{found.lag * 1000:.2f} ms later, likeness {found.alike:.2f}, ends {found.ends * 1000:.0f} ms later"
    yield "sound heard", f"within 1 ms, likeness above {_ALIKE}{name}", said, same


def _packets(before: Evidence, was: Track, after: Evidence, now: Track, span: Span, name: str) -> Iterator[_Found]:
    slack = Fraction(0) if before.container == after.container else _MILLISECOND
    begin = 0 if span.whole else _place(was, now)
    part = was.packets[begin : begin + len(now.packets)] if not span.whole else was.packets
    equal = [each for _, each in part] == [each for _, each in now.packets]
    yield "sound packets", f"{len(part)}{name}", f"{len(now.packets)}{'' if equal else ', not the same'}", equal
    if span.whole and equal:
        pairs = [(a, b) for (a, _), (b, _) in zip(was.packets, now.packets, strict=True) if None not in (a, b)]
        yield _times(
            "sound times", [a for a, _ in pairs if a is not None], [b for _, b in pairs if b is not None], slack
        )


def _rest(before: Evidence, after: Evidence, span: Span) -> Iterator[_Found]:
    for kind, count in before.streams.items():
        if kind != "audio":
            yield _same(f"{kind} streams", count, after.streams.get(kind, 0))
    if not span.whole:
        return
    yield _same("timecode", before.timecode or "none", after.timecode or "none")
    titles = [[title for _, _, title in each.chapters] for each in (before, after)]
    near = len(before.chapters) == len(after.chapters) and all(
        abs(was[0] - now[0]) <= _MILLISECOND for was, now in zip(before.chapters, after.chapters, strict=True)
    )
    yield (
        "chapters",
        f"{len(titles[0])}",
        f"{len(titles[1])}{'' if near else ', not the same'}",
        (near and titles[0] == titles[1]),
    )


def _pictures(
    before: Evidence, pictures: dict[int, Picture], span: Span, report: RenderReport | None
) -> Iterator[_Found]:
    source = look_at_pictures(before.path)[1] if names_pictures(before.path) else {}
    count = len(before.times[span.start : span.stop])
    yield _same("frames", count, len(pictures))
    asked = report.settings.encode.start_number if report is not None else None
    first = min(source, default=_FIRST) + span.start if asked is None else asked
    yield _same("numbers", f"{first}-{first + count - 1}", f"{min(pictures)}-{max(pictures)}")
    size = before.size if before.rotation % 180 == 0 else before.size[::-1]
    yield _same(
        "size", "x".join(map(str, size)), ", ".join(sorted({"x".join(map(str, p.size)) for p in pictures.values()}))
    )
    wanted = [source[number] for number in sorted(source)[span.start : span.stop]]
    bits = max((each.bits for each in wanted), default=0) or depth_of(before.path)
    found = min(each.bits for each in pictures.values())
    yield "depth", f"{bits} bits or more", f"{found} bits", found >= bits
    further = [_beside(each) for each in wanted]
    kept = [_beside(each) for each in pictures.values()]
    if any(further):
        equal = all(was <= now for was, now in zip(further, kept, strict=False))
        yield "channels", _listed(further), _listed(kept), equal


def _beside(picture: Picture) -> set[str]:
    """The channels beside colour."""
    return set(picture.channels) - _COLOURS


def _listed(channels: list[set[str]]) -> str:
    return ", ".join(sorted(set().union(*channels))) or "colour alone"


def _untold(before: Evidence) -> Iterator[_Found]:
    if before.tracks:
        yield _NO_SOUND, f"{len(before.tracks)} tracks", "none: pictures hold no sound", False


def _told(report: RenderReport, count: int, checksum: str | None) -> Iterator[_Found]:
    yield _same("report", f"{report.written} frames", f"{count} frames")
    if report.outcome is not None and checksum is not None:
        yield _same("checksum", report.outcome.sha256[:16], checksum[:16])


def _times(name: str, was: Sequence[Fraction], now: Sequence[Fraction], slack: Fraction) -> _Found:
    """Compare times pair by pair; tells the largest difference."""
    worst = max((abs(a - b) for a, b in zip(was, now, strict=False)), default=Fraction(0))
    expected = "every one exactly" if not slack else f"every one within {float(slack) * 1000:g} ms"
    found = "exactly" if not worst else f"up to {float(worst) * 1000:.3f} ms away"
    if len(was) != len(now):
        found = f"{len(now)} for {len(was)}, {found}"
    return name, expected, found, worst <= slack and len(was) == len(now)


def _place(was: Track, now: Track) -> int:
    """Give where in `was` the packets of `now` begin; 0 where they don't."""
    hashes = [digest for _, digest in was.packets]
    wanted = [digest for _, digest in now.packets]
    places = range(len(hashes) - len(wanted) + 1)
    return next((place for place in places if hashes[place : place + len(wanted)] == wanted), 0)
