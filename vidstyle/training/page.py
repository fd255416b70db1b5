"""A run as one self-contained page: figures, curves, sheets. It asks the network for nothing."""

from collections.abc import Iterable
from html import escape
from importlib.resources import files
from pathlib import Path

from vidstyle.measure.html import pictured, plotted, whole_page
from vidstyle.measure.plots import Line, Plot
from vidstyle.training.assess import Assessment
from vidstyle.training.evenly import evenly
from vidstyle.training.film import ClipFigures
from vidstyle.training.journal import EVALUATIONS, LOG, SAMPLES, Evaluation, read_evaluations, read_log

_KINDS = ("result", "source", "reference", "red", "green", "blue", "luma")
_WORDS = {
    "l1": "distance to the target, codes of 255",
    "psnr": "to the target, dB",
    "ssim": "to the target",
    "edge_agreement": "contours where they should be, 1 is best",
    "flicker": "codes of 255 under a shift by a third of a pixel",
    "flicker_teacher": "the teacher’s own",
    "style": "patches’ distance to the looks, codes of 255",
    "style_source": "the undrawn pictures’ own",
    "content": "distance in features to the picture",
    "gram": "Gram matrices’ distance to the looks’, relative",
    "gram_source": "the undrawn pictures’ own",
    "texture": "distance of their variation, channel by channel",
    "texture_source": "the undrawn pictures’ own",
    "kid": "kernel distance to the looks",
    "identity": "drawn at strength 0, to the picture, codes of 255",
    "half": "crispness at strength 0.5, relative to mixing pixels",
    "half_way": "place of strength 0.5 between picture (0) and style (1)",
    "score": "the best checkpoint has the least",
}


def write_page(run: Path, found: Assessment) -> str:
    """Write the page as HTML that is well-formed XML too."""
    evaluations = read_evaluations(run / EVALUATIONS)
    body = [
        f"<header><h1>{escape(found.name)}</h1><p>{escape(found.mode)}, {found.steps} steps, {found.minutes:g} minutes;"
        f" the style has the weights of step {found.best}</p></header>",
        _warning(found),
        "<h2>Figures</h2>",
        _figures(found),
        _clips(found.clips),
        _scores(evaluations),
        *_losses(run),
        *_sheets(run),
    ]
    style = files("vidstyle.measure").joinpath("page.css").read_text(encoding="utf-8")
    return whole_page(f"{found.name}, trained", style, body)


def _warning(found: Assessment) -> str:
    if not found.over_fits:
        return ""
    words = f"Over-fitted: the score on held-out pictures is {found.over_fitting:.2f} times that on learned ones."
    return f'<ul class="warnings"><li>{words}</li></ul>'


def _figures(found: Assessment) -> str:
    rows = "\n".join(
        f'<tr><th scope="row">{escape(name)}</th><td class="result">{value:g}</td><td>{found.learned[name]:g}</td>'
        f"<td>{_WORDS.get(name, '')}</td></tr>"
        for name, value in found.held_out.items()
    )
    head = "<thead><tr><th></th><th>held out</th><th>learned</th><th></th></tr></thead>"
    return f'<div class="wide"><table class="headline">{head}\n<tbody>{rows}</tbody></table></div>'


def _clips(clips: tuple[ClipFigures, ...]) -> str:
    if not clips:
        return ""
    rows = "\n".join(
        f'<tr><th scope="row">{escape(each.clip)}</th><td>{_told(each.source)}</td><td>{_told(each.alone)}</td>'
        f'<td class="result">{_told(each.blended)}</td><td>{_told(each.source_far)}</td>'
        f'<td>{_told(each.alone_far)}</td><td class="result">{_told(each.blended_far)}</td>'
        f"<td>{_told(each.sharpness)}</td></tr>"
        for each in clips
    )
    names = ("", "source", "alone", "blended", "source, far", "alone, far", "blended, far", "sharpness")
    head = "".join(f"<th>{name}</th>" for name in names)
    return (
        '<h2>On film</h2><p class="note">E_warp in 1e-5, between neighbours and between frames ten apart (far): each '
        "frame alone, and blended; sharpness is that of the blended result relative to each frame alone.</p>"
        f'<div class="wide"><table class="headline"><thead><tr>{head}</tr></thead>\n<tbody>{rows}</tbody></table></div>'
    )


def _scores(evaluations: list[Evaluation]) -> str:
    lines = [
        Line("held out", "result", [each.held_out["score"] for each in evaluations]),
        Line("learned", "source", [each.learned["score"] for each in evaluations]),
    ]
    words = "Lower is better; where the curves part, what is learned is learned by heart."
    return plotted("Score", words, Plot(lines, [each.step for each in evaluations], "score", low=0.0))


def _losses(run: Path) -> Iterable[str]:
    for place, (name, values) in enumerate(read_log(run / LOG).items()):
        steps = [step for step, _ in values]
        line = Line(name, _KINDS[place % len(_KINDS)], [value for _, value in values])
        yield plotted(f"Loss: {name}", "Mean over ten seconds.", Plot([line], steps, name, low=0.0))


def _sheets(run: Path) -> Iterable[str]:
    samples = evenly(sorted((run / SAMPLES).glob("*.jpg")), 3)
    for path, words in [
        *((each, f"step {int(each.stem)}") for each in samples),
        (run / "style" / "sheet.jpg", "style"),
    ]:
        if path.is_file():
            image = pictured(path.read_bytes(), words)
            yield f"<section><h2>{escape(words).capitalize()}</h2><figure>{image}</figure></section>"


def _told(value: float | None) -> str:
    return "–" if value is None else f"{value:.4g}"
