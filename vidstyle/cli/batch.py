"""`vidstyle batch`: every shot of a list, planned, rendered and put back into the edit."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from vidstyle.jobs.batch import BatchResult
    from vidstyle.jobs.planning import Plan

Text = str | None
_FAILED = 1  # exit code where some shots failed and the others are done


def batch(
    list_file: Annotated[
        Path,
        typer.Argument(
            metavar="LIST", help="CSV, TSV, JSON, EDL, OTIO, OTIOZ, XML, FCPXML, ALE or AAF.", show_default=False
        ),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="The folder of the results.")],
    source_root: Annotated[
        list[Path] | None,
        typer.Option(help="A folder that sources are looked for in, with all below it [default: the list's]."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the plan and all problems; render nothing.")] = False,
    style: Annotated[Text, typer.Option(help="A style's name or folder [default: ink].")] = None,
    strength: Annotated[Text, typer.Option(help="0 (the source, exactly) to 1 (the style), or a curve.")] = None,
    stability: Annotated[float | None, typer.Option(help="0 (each frame by itself) to 1 (holds still most).")] = None,
    preset: Annotated[Text, typer.Option(help="review, web, master-prores, …: see `vidstyle formats`.")] = None,
    encoder: Annotated[Text, typer.Option(help="auto, x264, prores, ffv1, … [default: auto].")] = None,
    device: Annotated[Text, typer.Option(help="auto, cpu, cuda or cuda:N [default: auto].")] = None,
    config: Annotated[Path | None, typer.Option(help="A TOML file with settings of the render.")] = None,
    settings: Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="One setting.")] = None,
    handles: Annotated[int, typer.Option(help="Frames beside each cut, where the source has them.")] = 8,
    name: Annotated[Text, typer.Option(help="Template of the clips' names, below the folder.")] = None,
    only: Annotated[list[str] | None, typer.Option(help="Only shots of this name; * and ? are wild.")] = None,
    priority: Annotated[list[str] | None, typer.Option(help="Shots of this name come first; * and ? are wild.")] = None,
    longest_first: Annotated[
        bool, typer.Option("--longest-first", help="Not in the order of the cut: with many workers it ends sooner.")
    ] = False,
    jobs: Annotated[int | None, typer.Option(min=1, help="Shots rendered at once [default: 1].")] = None,
    executor: Annotated[Text, typer.Option(help="Who renders: serial, processes, ray [default: by --jobs].")] = None,
    address: Annotated[Text, typer.Option(help="The Ray cluster: HOST:PORT or auto [default: RAY_ADDRESS].")] = None,
    part_frames: Annotated[
        int | None, typer.Option(help="With ray: render longer shots in parts of so many frames, by several workers.")
    ] = None,
    worker_cpus: Annotated[float | None, typer.Option(help="Cores a worker asks Ray for [default: 1].")] = None,
    worker_gpus: Annotated[
        float | None, typer.Option(help="GPUs it asks for [default: 1 where there are any].")
    ] = None,
    worker_memory: Annotated[float | None, typer.Option(help="GB it asks for [default: by the pictures].")] = None,
    store: Annotated[Text, typer.Option(help="URL to go through where machines share no files: s3://…")] = None,
    retry: Annotated[
        int | None, typer.Option(min=0, help="Further attempts where an error may pass [0, ray: 3].")
    ] = None,
    fps: Annotated[Text, typer.Option(help="Frames per second that the list counts in: an EDL does not say.")] = None,
    timeline: Annotated[Text, typer.Option(help="Which timeline, where the list holds several.")] = None,
    track: Annotated[Text, typer.Option(help="Only this track, such as V1.")] = None,
    lax: Annotated[bool, typer.Option("--lax", help="Read an EDL whose times contradict each other.")] = False,
    scene_by: Annotated[
        Text,
        typer.Option(help="Shots of one scene share their colours: scene, sequence (columns), name [default: no]."),
    ] = None,
    trial: Annotated[bool, typer.Option(help="Time a few frames of each style for the estimate.")] = True,
    review: Annotated[bool, typer.Option(help="Write a reel, contact sheets and report.html.")] = True,
    side_by_side: Annotated[bool, typer.Option("--side-by-side", help="The reel shows the source beside.")] = False,
    progress: Annotated[
        str, typer.Option(help="auto (as the farm's variables say), openjd, deadline, afanasy, alf, json, plain, none.")
    ] = "auto",
    metrics: Annotated[
        Path | None, typer.Option(help="A text file of figures for Prometheus (node_exporter), kept up to date.")
    ] = None,
    metrics_push: Annotated[Text, typer.Option(help="The same to a push gateway: http://HOST:9091.")] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Plan, progress and results as JSON lines on stdout.")
    ] = False,
) -> None:
    """Stylize every shot of a list, as an edit names them, and write the edit back with the results in it."""
    from vidstyle.cli.shots_display import shots_display
    from vidstyle.config import compose, load_config
    from vidstyle.jobs.batch import plan_list, render_list
    from vidstyle.jobs.job import BatchConfig
    from vidstyle.jobs.metrics import watched
    from vidstyle.shots import ListConfig

    flags = {
        "style": style, "device": device, "blend.strength": strength, "blend.stability": stability,
        "encode.preset": preset, "encode.encoder": encoder,
    }  # fmt: skip
    render = load_config(config, overrides=settings or (), flags=flags)
    how = compose(
        BatchConfig, {"handles": handles, "retry": retry, "jobs": jobs, "executor": executor, "trial": trial}
        | {"longest_first": longest_first},
        flags={"template": name, "only": tuple(only or ()) or None, "first": tuple(priority or ()) or None}
        | {"scene_by": scene_by, "cluster.address": address, "cluster.store": store, "cluster.cpus": worker_cpus}
        | {"part_frames": part_frames, "cluster.gpus": worker_gpus, "cluster.memory": worker_memory},
    )  # fmt: skip
    lists = compose(ListConfig, {"lax": lax}, flags={"fps": fps, "timeline": timeline, "track": track})
    roots = _roots(source_root)
    if dry_run:
        _show_plan(plan_list(list_file, out, render, how, lists, roots=roots), as_json=as_json)
        return
    with (
        shots_display(as_json=as_json, progress=progress) as display,
        watched(display, metrics, metrics_push, batch=list_file.stem) as seen,
    ):
        result = render_list(
            list_file, out, render, how, lists, roots=roots,
            on_plan=seen.plan, on_shot=seen.progress, on_outcome=seen.outcome,
        )  # fmt: skip
    _finish(result, as_json=as_json, review=review, side_by_side=side_by_side)


def _roots(named: list[Path] | None) -> list[Path]:
    from vidstyle.errors import ClipMissingError

    for root in named or ():
        if not root.is_dir():
            raise ClipMissingError(f"--source-root {root} is no folder; check the name", path=root)
    return list(named or ())


def _show_plan(plan: "Plan", *, as_json: bool) -> None:
    """Print a plan; problems end with the exit code of a list that can't be rendered."""
    from vidstyle.cli.plan_table import plan_lines, plan_table
    from vidstyle.errors import ShotListError

    if as_json:
        for line in plan_lines(plan):
            typer.echo(line)
    else:
        typer.echo(plan_table(plan))
    for warning in plan.warnings:
        typer.echo(f"vidstyle: warning: {warning}", err=True)
    if plan.problems:
        told = "\n".join(plan.problems)
        raise ShotListError(f"{told}\n{len(plan.problems)} problems; nothing can be rendered yet", path=plan.edit.path)


def _finish(result: "BatchResult", *, as_json: bool, review: bool, side_by_side: bool) -> None:
    from vidstyle.review.writing import write_review

    written = list(result.conformed)
    warnings = list(result.warnings)
    if review:
        paths, told = write_review(result, side_by_side=side_by_side)
        written += paths
        warnings += told
    for warning in warnings:
        typer.echo(f"vidstyle: warning: {warning}", err=True)
    if as_json:
        typer.echo(json.dumps({"event": "finished", "failed": len(result.failed), "written": [*map(str, written)]}))
    else:
        for path in written:
            typer.echo(str(path))
    if result.failed:
        for outcome in result.failed:
            typer.echo(f"vidstyle: {outcome.job.name} failed: {outcome.message}", err=True)
        count = f"{len(result.failed)} of {len(result.outcomes)} shots failed"
        typer.echo(f"vidstyle: {count}; run it again to try them", err=True)
        raise typer.Exit(_FAILED)
