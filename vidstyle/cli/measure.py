"""`vidstyle measure`: how still, how sharp and how true a result is."""

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from vidstyle.measure.inputs import Inputs
    from vidstyle.measure.report import MeasureConfig, MeasureReport

Text = str | None
Number = float | None
File = Path | None
_WIDTH = 130  # columns of the table where no terminal says how many it has
_GATES, _TRUTH = "Gates: exit code 79 where one fails", "Ground truth"


_REFERENCE = "The same style without blending (stylize --stability 0): what blending is held against."
_START = "Number in the source of the first frame of result and reference."
_EVERY = "Measure long pairs and features at every so-many-th frame [default: 1]."

Source = Annotated[Path, typer.Argument(help="The clip that was stylized.", show_default=False)]
Result = Annotated[Path, typer.Argument(help="What it became.", show_default=False)]
Reference = Annotated[File, typer.Option(help=_REFERENCE)]
Json = Annotated[File, typer.Option("--json", help="Write the report to this file; -: as JSON lines on stdout.")]
Html = Annotated[File, typer.Option("--html", help="Write one self-contained page with plots and pictures.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace existing reports.")]
Frames = Annotated[Text, typer.Option(help="Frame numbers of the source A-B, B not included [default: all].")]
ResultStart = Annotated[int, typer.Option(min=0, help=_START)]
Distance = Annotated[int | None, typer.Option(help="Frames between those of a long pair [default: 10].")]
Every = Annotated[int | None, typer.Option(help=_EVERY)]
Features = Annotated[File, typer.Option(help="Weights of a feature network (VGG): adds a feature distance.")]
Estimator = Annotated[Text, typer.Option(help="Who finds the motion; best not who blended [default: dis].")]
Scale = Annotated[Number, typer.Option(help="Size that motion is found at, of 1 [default: 1].")]
Settings = Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="One setting.")]
Truth = Annotated[File, typer.Option(help="Forward flow, a folder of .flo: adds e_stab.", rich_help_panel=_TRUTH)]
Masks = Annotated[File, typer.Option(help="Its masks, a folder of PNG, white is hidden.", rich_help_panel=_TRUTH)]
WarpGate = Annotated[
    Number, typer.Option(help="E_warp over the reference's, else the source's.", rich_help_panel=_GATES)
]
SharpGate = Annotated[Number, typer.Option(help="Sharpness relative to the reference.", rich_help_panel=_GATES)]
DriftGate = Annotated[
    Number, typer.Option(help="Change of luma or colour within a shot, codes of 255.", rich_help_panel=_GATES)
]


def measure(
    source: Source,
    result: Result,
    reference: Reference = None,
    json: Json = None,
    html: Html = None,
    overwrite: Overwrite = False,
    frames: Frames = None,
    result_start: ResultStart = 0,
    distance: Distance = None,
    every: Every = None,
    features: Features = None,
    estimator: Estimator = None,
    scale: Scale = None,
    settings: Settings = None,
    truth: Truth = None,
    occlusions: Masks = None,
    max_warp_ratio: WarpGate = None,
    min_sharpness: SharpGate = None,
    max_drift: DriftGate = None,
) -> None:
    """Measure flicker, sharpness, likeness and drift of a result; with gates, refuse it."""
    from vidstyle.config import compose
    from vidstyle.errors import GateError
    from vidstyle.measure.inputs import Inputs
    from vidstyle.measure.report import MeasureConfig

    flags = {
        "distance": distance,
        "every": every,
        "features": features,
        "truth": truth,
        "occlusions": occlusions,
        "motion.estimator": estimator,
        "motion.scale": scale,
        "gates.max_warp_ratio": max_warp_ratio,
        "gates.min_sharpness": min_sharpness,
        "gates.max_drift": max_drift,
    }
    config = compose(MeasureConfig, {}, overrides=settings or (), flags=flags)
    inputs = Inputs.of(source, result, reference, frames=frames, result_start=result_start)
    report = _measure(inputs, config, json, html, overwrite=overwrite)
    if report.failures:
        raise GateError(report.failures)


def _measure(
    inputs: "Inputs", config: "MeasureConfig", json: Path | None, html: Path | None, *, overwrite: bool
) -> "MeasureReport":
    from vidstyle.cli.progress import progress_display
    from vidstyle.measure.page import write_page
    from vidstyle.measure.report import measure_files
    from vidstyle.measure.worst import WorstFrames
    from vidstyle.report import reserve_text

    lines = json is not None and str(json) == "-"
    _refuse_same_files(inputs.paths, [path for path in (None if lines else json, html) if path is not None])
    worst = WorstFrames(config.worst, pictures=html is not None)
    with ExitStack() as stack:
        write_json = stack.enter_context(reserve_text(None if lines else json, overwrite=overwrite))
        write_html = stack.enter_context(reserve_text(html, overwrite=overwrite))
        with progress_display(as_json=lines, title=inputs.result.name) as on_progress:
            report = measure_files(inputs, config, worst=worst, on_progress=on_progress)
        write_json(report.model_dump_json(indent=2) + "\n")
        if html is not None:
            write_html(write_page(report, worst.stills))
    _say(report, as_json=lines)
    return report


def _refuse_same_files(clips: list[Path], reports: list[Path]) -> None:
    """Raise TargetError where a report would replace a clip that is measured, or another report."""
    from vidstyle.errors import TargetError

    taken = {path.resolve() for path in clips}
    for path in reports:
        if path.resolve() in taken:
            raise TargetError(f"the report {path} would replace a file of this very job; name another", path=path)
        taken.add(path.resolve())


def _say(report: "MeasureReport", *, as_json: bool) -> None:
    if as_json:
        typer.echo('{"event": "result", "report": ' + report.model_dump_json() + "}")
        return
    console = Console(width=None if sys.stdout.isatty() else _WIDTH)
    console.print(_table(report))
    for warning in report.warnings:
        typer.echo(f"vidstyle: warning: {warning}", err=True)
    for gate in report.gates:
        if gate.passed:
            typer.echo(gate.words)


def _table(report: "MeasureReport") -> Table:
    from vidstyle.measure.summary import MARKS, NOTHING, summary

    rows = summary(report.measures)
    compared = [name for name in ("reference", "source") if any(getattr(row, name) != NOTHING for row in rows)]
    table = Table(box=None, padding=(0, 2, 0, 0), title_justify="left", header_style="bold")
    table.add_column(f"{report.measures.frames} frames")
    for name in ("result", *compared):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("")
    for row in rows:
        figures = [row.result, *(getattr(row, name) for name in compared)]
        table.add_row(row.name, *figures, f"{MARKS[row.verdict]} {escape(row.words)}")
    return table
