"""One self-contained page: headline, plots, worst frames, settings. It asks the network for nothing."""

from collections.abc import Iterable, Sequence
from html import escape
from importlib.resources import files

from vidstyle.measure.figures import FrameFigures, Measures
from vidstyle.measure.html import pictured, plotted, whole_page
from vidstyle.measure.plots import Line, Plot
from vidstyle.measure.report import MeasureReport
from vidstyle.measure.stills import Stills
from vidstyle.measure.summary import MARKS, summary
from vidstyle.measure.worst import WorstFrame

_CODES = 255.0
_ORDER = ("source", "reference", "result")
_NEAR = {"before": "result, frame before", "now": "result, this frame", "error": "what changed"}


def write_page(report: MeasureReport, stills: Sequence[Stills]) -> str:
    """Write the page as HTML that is well-formed XML too. `stills` belong to `report.measures.worst`, in its order."""
    body = [
        _header(report),
        _warnings(report.warnings),
        "<h2>Figures</h2>",
        _headline(report.measures),
        *_plots(report.measures),
        *_worst(report, stills),
        _details(report),
    ]
    style = files("vidstyle.measure").joinpath("page.css").read_text(encoding="utf-8")
    return whole_page(f"{report.inputs.result.name}, measured", style, body)


def _header(report: MeasureReport) -> str:
    inputs, measures = report.inputs, report.measures
    clips = {"source": inputs.source, "result": inputs.result, "reference": inputs.reference}
    listed = "".join(f"<dt>{name}</dt><dd>{escape(str(path))}</dd>" for name, path in clips.items() if path)
    rate = f", {report.fps:.3f} fps" if report.fps else ""
    counts = f"{measures.frames}, from {inputs.start} on{rate}, {_counted(len(measures.cuts), 'cut')}"
    return (
        f"<header><h1>{escape(inputs.result.name)}</h1>\n<dl>{listed}<dt>frames</dt><dd>{counts}</dd></dl>\n"
        f"{_gates(report)}</header>"
    )


def _gates(report: MeasureReport) -> str:
    items = "".join(
        f'<li class="{"good" if gate.passed else "poor"}"><b>{"✓ passed" if gate.passed else "✗ FAILED"}</b> '
        f"{escape(gate.words.partition(': ')[2])} <code>{escape(gate.gate)}</code></li>"
        for gate in report.gates
    )
    return f'<ul class="gates">{items}</ul>' if items else ""


def _warnings(warnings: Sequence[str]) -> str:
    items = "".join(f"<li>{escape(warning)}</li>" for warning in warnings)
    return f'<ul class="warnings">{items}</ul>' if items else ""


def _headline(measures: Measures) -> str:
    rows = "\n".join(
        f'<tr><th scope="row">{escape(row.name)}</th><td class="result">{row.result}</td><td>{row.reference}</td>'
        f'<td>{row.source}</td><td class="verdict {row.verdict}"><span class="mark">{MARKS[row.verdict]}</span> '
        f"{'' if row.verdict == 'none' else f'<b>{row.verdict}</b>, '}{escape(row.words)}</td></tr>"
        for row in summary(measures)
    )
    return (
        '<div class="wide"><table class="headline"><thead><tr><th></th><th>result</th><th>reference</th><th>source</th>'
        f"<th></th></tr></thead>\n<tbody>{rows}</tbody></table></div>"
        '<p class="note">E_warp is what changes beside the motion: lower is stiller. Blur lowers it too, so read it '
        "together with sharpness, and never below the source’s own.</p>"
    )


def _plots(measures: Measures) -> Iterable[str]:
    frames, numbers = measures.curve, [frame.number for frame in measures.curve]
    flicker = [
        Line("result", "result", [_rms(frame.result) for frame in frames]),
        Line("source", "source", [_rms(frame.source) for frame in frames]),
    ]
    if measures.drift.against == "reference":
        flicker.insert(0, Line("reference", "reference", [_rms(frame.reference) for frame in frames]))
    sharp = [Line("sharpness", "result", [frame.sharpness for frame in frames])]
    against = measures.drift.against
    guide, low, high = (1.0, 0.9, 1.05) if against == "reference" else (None, 0.0, None)
    yield plotted(
        "Flicker",
        "Change against the frame before, moved along the flow: the root of E_warp, in codes of 255.",
        Plot(flicker, numbers, "codes of 255", measures.cuts, low=0.0, peaks=True),
    )
    yield plotted(
        "Sharpness",
        f"Laplacian variance over the {against}’s, frame by frame.",
        Plot(sharp, numbers, f"times the {against}’s", measures.cuts, low=low, high=high, guide=guide),
    )
    yield plotted(
        "Drift",
        f"Mean of the result less the mean of the {against}; a line that climbs or falls within a shot is drift.",
        Plot(_shifts(frames), numbers, "codes of 255", measures.cuts, low=-1.0, high=1.0, guide=0.0),
    )


def _shifts(frames: Sequence[FrameFigures]) -> list[Line]:
    channels = [Line(name, name, [getattr(frame.shift, name) for frame in frames]) for name in ("red", "green", "blue")]
    return [*channels, Line("luma", "luma", [frame.shift.luma for frame in frames])]


def _worst(report: MeasureReport, stills: Sequence[Stills]) -> Iterable[str]:
    if not stills:
        return
    yield (
        f'<h2>The worst {_counted(len(stills), "frame")}</h2><p class="note">Outlined is where the error is densest; '
        "from near, the result there in the frame before and now, and what changed beside the motion.</p>"
    )
    for place, (frame, pictures) in enumerate(zip(report.measures.worst, stills, strict=True), start=1):
        yield _card(place, frame, pictures, report.fps)


def _card(place: int, frame: WorstFrame, stills: Stills, fps: float | None) -> str:
    time = f", {frame.number / fps:.2f} s" if fps else ""
    box = frame.region
    whole = "".join(
        _picture(stills.whole[name], f"{name}, frame {frame.number}") for name in _ORDER if name in stills.whole
    )
    near = "".join(_picture(stills.near[name], words) for name, words in _NEAR.items())
    return (
        f"<article><h3>{place}. frame {frame.number}<small>{time}; {_CODES * frame.error**0.5:.1f} codes on the whole; "
        f"{box.width}x{box.height} at {box.left}, {box.top}; brightest: {stills.brightest:.0f} codes</small></h3>\n"
        f'<div class="whole">{whole}</div>\n<div class="near">{near}</div></article>'
    )


def _picture(jpeg: bytes, words: str) -> str:
    return f"<figure>{pictured(jpeg, words)}<figcaption>{escape(words)}</figcaption></figure>"


def _details(report: MeasureReport) -> str:
    settings = escape(report.settings.model_dump_json(indent=2))
    versions = escape(", ".join(f"{name} {text}" for name, text in report.versions.model_dump().items()))
    long, features = report.measures.long, report.feature_network
    return (
        "<footer><details><summary>Settings and versions</summary>"
        f"<p>Motion was found by {escape(report.settings.motion.estimator)} in the source. "
        f"{report.measures.short.pairs} pairs of neighbours, {long.pairs} pairs {long.distance} frames apart"
        f"{f'; features of {escape(features)}' if features else ''}; {report.seconds:.0f} s.</p>"
        f"<p>{versions}</p><pre>{settings}</pre></details></footer>"
    )


def _rms(error: float | None) -> float | None:
    return None if error is None else float(_CODES * error**0.5)


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
