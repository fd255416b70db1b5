"""Writes all that people look at after a batch."""

from pathlib import Path

from vidstyle.errors import VidstyleError
from vidstyle.jobs.batch import BatchResult
from vidstyle.jobs.naming import safe
from vidstyle.media.opening import translate_write_errors
from vidstyle.report import write_whole
from vidstyle.review.figures import FigureCache
from vidstyle.review.page import Links, write_page
from vidstyle.review.reel import write_reel
from vidstyle.review.sheets import stills_of, write_sheets

FOLDER = "review"


def write_review(result: BatchResult, *, side_by_side: bool = False) -> tuple[list[Path], list[str]]:
    """Write a reel, contact sheets and `report.html` into the batch's folder; gives the paths and warnings.

    These are views of what there is now, and replace those of an earlier run. What fails of them fails no shot.
    """
    folder = result.plan.folder / FOLDER
    outcomes, warnings, written = result.outcomes, list[str](), list[Path]()
    with translate_write_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    reel = folder / f"{safe(result.plan.edit.name)}_reel.mp4"
    try:
        warnings += write_reel(result.plan, outcomes, reel, side_by_side=side_by_side)
        written.append(reel)
    except VidstyleError as error:
        warnings.append(f"no review reel was written: {error}")
    stills = [stills_of(outcome) for outcome in outcomes]
    sheets = write_sheets(stills, folder)
    cache = FigureCache(folder / "figures.json")
    figures = {outcome.job.name: cache.of(outcome) for outcome in outcomes}
    cache.save()
    links = Links(
        reel.name if reel in written else "",
        tuple(sheet.name for sheet in sheets),
        tuple(f"../{path.name}" for path in result.conformed),
    )
    page = folder / "report.html"
    write_whole(page, write_page(result, stills, figures, links).encode())
    return [*written, *sheets, page], warnings
