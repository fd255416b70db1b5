"""`vidstyle stylize`: one shot in, one stylized clip out."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from vidstyle.config import RenderConfig
    from vidstyle.frames import Span
    from vidstyle.progress import OnProgress
    from vidstyle.report import RenderReport
    from vidstyle.shots import Shot

Text = str | None
Number = float | None


def stylize(
    shot: Annotated[Path, typer.Argument(help="The clip or image sequence to stylize.", show_default=False)],
    out: Annotated[
        list[Path],
        typer.Option(
            "--out",
            "-o",
            help="What to write; its suffix chooses: shot.mov, shot.####.exr, … Given again as a timecode: see --in.",
        ),
    ],
    style: Annotated[
        Text, typer.Option(help="A style's name or folder, or several by weight: ink:0.7,wave:0.3 [default: ink].")
    ] = None,
    style_image: Annotated[
        list[Path] | None, typer.Option(help="A picture to draw in the look of; given twice, in a look between both.")
    ] = None,
    mix: Annotated[
        Text,
        typer.Option(
            help="Several styles: output adds their pictures, weights their networks [default: output]; with two "
            "pictures the share of the first, 0 to 1."
        ),
    ] = None,
    style_scale: Annotated[
        Number,
        typer.Option(help="Of the picture the network sees, 0.25 to 4; 0.5: brushes twice as large [default: 1]."),
    ] = None,
    strength: Annotated[
        Text,
        typer.Option(
            help="0 (the source, exactly) to 1 (the style), or a curve: 0@0,1@48 (frames), 0@0s,1@2s [default: 1]."
        ),
    ] = None,
    mask: Annotated[
        Path | None, typer.Option(help="A matte, its frames numbered as the clip's, or one still: white is stylized.")
    ] = None,
    mask_invert: Annotated[bool, typer.Option("--mask-invert", help="Stylize where the matte is black.")] = False,
    preserve_color: Annotated[
        bool, typer.Option("--preserve-color", help="The source's colours; the style draws in light and dark alone.")
    ] = False,
    stability: Annotated[
        Number, typer.Option(help="0 (each frame by itself) to 1 (holds still most) [default: the style's].")
    ] = None,
    passes: Annotated[
        int | None, typer.Option(help="2: blend each shot backwards first; calmer, needs disk [default: 1].")
    ] = None,
    frames: Annotated[Text, typer.Option(help="Frame numbers A-B, B not included [default: all].")] = None,
    frame_range: Annotated[
        Text,
        typer.Option(help="As farms number frames, both ends included: 1001-1100, 1-100x10, 71,72. A part of its own."),
    ] = None,
    chunk: Annotated[Text, typer.Option(help="i/n: part i of n, a clip of its own beside --out; see `join`.")] = None,
    preroll: Annotated[
        int | None, typer.Option(min=0, help="Frames rendered before a part and thrown away [default: 32].")
    ] = None,
    begin: Annotated[
        Text,
        typer.Option(
            "--in", help="Timecode of the first frame; the span ends before --out HH:MM:SS:FF (;FF for drop-frame)."
        ),
    ] = None,
    hold: Annotated[
        int | None, typer.Option(help="Frames that each drawing is held for; 2: on twos [default: 1].")
    ] = None,
    tile: Annotated[
        Text, typer.Option(help="Draw big pictures in tiles of so many pixels; auto, never [default: auto].")
    ] = None,
    cuts: Annotated[
        Text, typer.Option(help="Frames of the clip that begin a new shot, beside those found: 12,40.")
    ] = None,
    device: Annotated[Text, typer.Option(help="auto, cpu, cuda or cuda:N [default: auto].")] = None,
    backend: Annotated[Text, typer.Option(help="What runs the network: auto, torch, openvino, onnx.")] = None,
    precision: Annotated[
        Text, typer.Option(help="Of the network: auto, fp32, bf16, fp16, int8 (openvino) [default: auto].")
    ] = None,
    preset: Annotated[
        Text, typer.Option(help="review, web, master-prores, …: what a delivery asks for; see `vidstyle formats`.")
    ] = None,
    encoder: Annotated[Text, typer.Option(help="auto, x264, x265, ffv1, nvenc-h264, … [default: auto].")] = None,
    quality: Annotated[
        Number, typer.Option("--quality", "--crf", help="The encoder's constant quality, lower is better.")
    ] = None,
    audio: Annotated[
        Text, typer.Option(help="Sound that the file can't hold: auto converts, copy refuses; drop: none [auto].")
    ] = None,
    fps: Annotated[Text, typer.Option(help="Frames per second of an image sequence: 24, 23.976, 24000/1001.")] = None,
    input_transfer: Annotated[
        Text, typer.Option(help="Of an image sequence: linear, display, or a colour space [default: linear for EXR].")
    ] = None,
    ocio_config: Annotated[
        Path | None, typer.Option(help="An OpenColorIO configuration, for the colours of an image sequence.")
    ] = None,
    start_number: Annotated[
        int | None, typer.Option(help="Number of the first picture written [default: the source's, else 1001].")
    ] = None,
    deinterlace: Annotated[
        Text, typer.Option(help="Interlaced frames: refuse, bwdif makes them whole, off [default: refuse].")
    ] = None,
    strict_color: Annotated[
        bool, typer.Option("--strict-color", help="Refuse a clip whose colours are not all tagged.")
    ] = False,
    config: Annotated[Path | None, typer.Option(help="A TOML file with settings.")] = None,
    settings: Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="One setting.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an existing target.")] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on where an earlier, stopped run of the same command had come to.")
    ] = False,
    skip_finished: Annotated[
        bool,
        typer.Option("--skip-finished", help="Leave alone what the same command finished before, go on where not."),
    ] = False,
    debug_video: Annotated[
        Path | None, typer.Option(help="Write a clip of what the blend saw and did: flow, visibility, trust.")
    ] = None,
    report: Annotated[Path | None, typer.Option(help="Write the report to this JSON file.")] = None,
    embed_report: Annotated[
        bool, typer.Option("--embed-report", help="Say in the clip's comment how it was made.")
    ] = False,
    max_pixels: Annotated[
        int | None, typer.Option(help="Largest width x height that is decoded [default: 16384 x 16384].")
    ] = None,
    progress: Annotated[
        str, typer.Option(help="auto (as the farm's variables say), openjd, deadline, afanasy, alf, json, plain, none.")
    ] = "auto",
    as_json: Annotated[bool, typer.Option("--json", help="Progress and result as JSON lines on stdout.")] = False,
) -> None:
    """Stylize one shot and keep its audio, timestamps and colours."""
    from vidstyle.cli.telling import progress_for
    from vidstyle.config import load_config
    from vidstyle.errors import ConfigError
    from vidstyle.motion import parse_cuts
    from vidstyle.pipeline import render_shot
    from vidstyle.report import reserve_report
    from vidstyle.shots import Shot

    style, mix = _looks(style, style_image or [], mix)
    flags = {
        "style": style,
        "device": device,
        "decode.sequence.fps": fps,
        "decode.sequence.input_transfer": input_transfer,
        "decode.sequence.ocio_config": ocio_config,
        "decode.max_pixels": max_pixels,
        "decode.deinterlace": deinterlace,
        "decode.strict_color": strict_color or None,
        "motion.cuts.at": parse_cuts(cuts) if cuts is not None else None,
        "stylize.backend": backend,
        "stylize.precision": precision,
        "stylize.tile": tile,
        "stylize.mix": mix,
        "stylize.scale": style_scale,
        "stylize.hold": hold,
        "blend.strength": strength,
        "mask.file": str(mask) if mask else None,
        "mask.invert": mask_invert or None,
        "blend.preserve_color": 1.0 if preserve_color else None,
        "blend.stability": stability,
        "blend.passes": passes,
        "encode.preset": preset,
        "encode.encoder": encoder,
        "encode.quality": quality,
        "encode.audio": audio,
        "encode.start_number": start_number,
    }
    render_config = load_config(config, overrides=settings or (), flags=flags)
    target, end = _target_and_end(out)
    span = _span(shot, render_config, frames, begin, end)
    if frame_range or chunk or skip_finished:
        for option, given in (("debug-video", debug_video), ("report", report), ("embed-report", embed_report)):
            if given:
                told = "is for a whole shot; a part has its report in the record beside it"
                raise ConfigError(f"--{option} {told}", key=option)
        part = {"frames": frame_range or "", "chunk": chunk or "", "preroll": preroll}
        with progress_for(progress, as_json=as_json, title=shot.name) as on_progress:
            _render_task(Shot(shot, span), target, render_config, part, overwrite, on_progress, as_json=as_json)
        return
    with reserve_report(report) as write_report:
        with progress_for(progress, as_json=as_json, title=shot.name) as on_progress:
            made = render_shot(
                Shot(shot, span),
                target,
                render_config,
                debug_video=debug_video,
                overwrite=overwrite,
                resume=resume,
                embed_report=embed_report,
                on_progress=on_progress,
            )
        write_report(made)
    _say(made, as_json=as_json)


def _looks(style: str | None, images: list[Path], mix: str | None) -> tuple[str | None, str | None]:
    """The style and the way of mixing, where pictures may be the style: between looks there are looks, not mixtures."""
    from vidstyle.errors import ConfigError
    from vidstyle.networks import styles_of_images

    if not images:
        return style, mix
    if style is not None:
        raise ConfigError("--style and --style-image both say how to draw; choose one", key="style")
    return styles_of_images(images, mix), "weights"


def _render_task(
    shot: "Shot", target: Path, config: "RenderConfig", part: Mapping[str, object], overwrite: bool,
    on_progress: "OnProgress", *, as_json: bool,
) -> None:  # fmt: skip
    """Render parts of a shot, or all of it once, and say what came of each."""
    from vidstyle.config import compose
    from vidstyle.farm.chunks import ChunkConfig
    from vidstyle.farm.lines import in_openjd
    from vidstyle.farm.rendering import render_task

    chunk = compose(ChunkConfig, {**part, "colon_is_step": in_openjd()})
    results = render_task(shot, target, config, chunk, overwrite=overwrite, on_progress=on_progress)
    for warning in results[0].warnings:
        typer.echo(f"vidstyle: warning: {warning}", err=True)
    for result in results:
        if result.report is not None:
            _say(result.report, as_json=as_json)
        elif as_json:
            typer.echo(json.dumps({"event": "skipped", "target": str(result.target)}))
        else:
            typer.echo(f"{result.target}: finished before, nothing changed")


def _target_and_end(out: list[Path]) -> tuple[Path, str | None]:
    """Tell what is to be written from the timecode that ends the span: editors know both as "out"."""
    from vidstyle.timecode import is_timecode

    targets = [path for path in out if not is_timecode(str(path))]
    ends = [str(path) for path in out if is_timecode(str(path))]
    if len(targets) != 1 or len(ends) > 1:
        raise typer.BadParameter("name one file or sequence to write, and at most one timecode", param_hint="--out")
    return targets[0], ends[0] if ends else None


def _span(shot: Path, config: "RenderConfig", frames: str | None, begin: str | None, end: str | None) -> "Span":
    from vidstyle.errors import ConfigError
    from vidstyle.frames import Span
    from vidstyle.media import open_reader, span_between

    if begin is None and end is None:
        return Span.parse(frames) if frames else Span()
    if frames:
        raise ConfigError("--frames and --in/--out both say which frames; choose one", key="frames")
    with open_reader(shot, config.decode) as reader:
        return span_between(reader.info, begin, end)


def _say(report: "RenderReport", *, as_json: bool) -> None:
    if as_json:
        typer.echo('{"event": "result", "report": ' + report.model_dump_json() + "}")
        return
    for warning in report.warnings:
        typer.echo(f"vidstyle: warning: {warning}", err=True)
    typer.echo(f"{report.target}: {report.written} frames in {report.seconds:.1f} s ({report.fps:.2f} fps)")
