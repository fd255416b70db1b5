"""What every page of ours is made of: a head with its style, plots with a legend, pictures."""

from base64 import b64encode
from collections.abc import Iterable
from html import escape

from vidstyle.measure.plots import Plot


def whole_page(title: str, style: str, body: Iterable[str]) -> str:
    """Put the parts of a page, those that are not empty, under a title and a style sheet; it is well-formed XML too."""
    head = (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"/>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"/>'
        f"<title>{escape(title)}</title>\n<style>\n{style}</style></head>"
    )
    return f"{head}\n<body><main>\n" + "\n".join(part for part in body if part) + "\n</main></body></html>\n"


def plotted(title: str, words: str, plot: Plot) -> str:
    """Give a section with a plot under its title, an explanation and a legend."""
    legend = "".join(
        f'<li><svg viewBox="0 0 28 8"><path class="line {line.kind}" d="M1 4H27"/></svg>{escape(line.name)}</li>'
        for line in plot.lines
    )
    return (
        f'<section><h2>{escape(title)}</h2><p class="note">{escape(words)}</p>\n'
        f'<ul class="legend">{legend}</ul>\n{plot.svg()}</section>'
    )


def pictured(jpeg: bytes, words: str) -> str:
    """Give a picture inside the page."""
    return f'<img src="data:image/jpeg;base64,{b64encode(jpeg).decode("ascii")}" alt="{escape(words)}"/>'
