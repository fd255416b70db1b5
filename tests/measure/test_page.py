import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.clips import make_clip
from vidstyle.measure import Inputs, MeasureConfig, MeasureReport, WorstFrames, measure_files, write_page
from vidstyle.measure.plots import Line, Plot

Element = ElementTree.Element


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[MeasureReport, str]:
    folder = tmp_path_factory.mktemp("page")
    source = make_clip(folder / "src.mp4", frames=14, cuts=(9,), audio=(), options={"crf": "8"})
    result = make_clip(folder / "a <b> & c.mp4", frames=14, cuts=(9,), audio=(), options={"crf": "36"})
    config = MeasureConfig.model_validate({"distance": 3, "worst": 3, "gates": {"max_warp_ratio": 1e-6}})
    worst = WorstFrames(config.worst, pictures=True)
    report = measure_files(Inputs.of(source, result, source), config, worst=worst)
    return report, write_page(report, worst.stills)


def page(text: str) -> Element:
    return ElementTree.fromstring(text.removeprefix("<!DOCTYPE html>"))


def test_the_page_is_well_formed_and_asks_the_network_for_nothing(made: tuple[MeasureReport, str]) -> None:
    root = page(made[1])
    assert root.tag == "html"
    assert not re.search(r"https?://|//[a-z]|<script|<link|@import|url\(", made[1])
    sources = [element.get("src") or "" for element in root.iter("img")]
    assert sources
    assert all(source.startswith("data:image/jpeg;base64,/9j/") for source in sources)


def test_names_of_files_are_text_and_no_markup(made: tuple[MeasureReport, str]) -> None:
    root = page(made[1])
    assert root.findtext(".//h1") == "a <b> & c.mp4"


def test_every_worst_frame_has_its_pictures(made: tuple[MeasureReport, str]) -> None:
    cards = list(page(made[1]).iter("article"))
    assert len(cards) == len(made[0].measures.worst) == 3
    assert [len(list(card.iter("img"))) for card in cards] == [6, 6, 6]


def test_cuts_gates_and_titles_are_there(made: tuple[MeasureReport, str]) -> None:
    root = page(made[1])
    titles = [element.text or "" for element in root.iter("title")]
    assert titles.count("cut at frame 9") == 3
    assert any(title.startswith("frame 5\n") for title in titles)
    assert "FAILED" in "".join(root.itertext())


def test_the_report_survives_json(made: tuple[MeasureReport, str]) -> None:
    assert MeasureReport.model_validate_json(made[0].model_dump_json()) == made[0]


def drawn(plot: Plot) -> Element:
    return ElementTree.fromstring(plot.svg())


def test_a_curve_is_broken_where_nothing_is_known() -> None:
    root = drawn(Plot([Line("a", "result", [None, 1.0, 2.0, None, 3.0])], range(5), "codes"))
    path = next(element.get("d") or "" for element in root.iter("path"))
    assert path.count("M") == 2
    assert path.count("L") == 1


def test_a_long_clip_keeps_its_peaks_in_few_points() -> None:
    values: list[float | None] = [0.0] * 5000
    values[2345] = 9.0
    root = drawn(Plot([Line("a", "result", values)], range(5000), "codes", peaks=True))
    titles = [element.text or "" for element in root.iter("title")]
    assert len(titles) < 500
    assert any("a 9\n" in title for title in titles)


@pytest.mark.parametrize("values", [[], [None], [0.0], [5.0, 5.0], [1e-9, 2e-9], [1e9, -1e9]])
def test_any_values_can_be_drawn(values: list[float | None]) -> None:
    text = Plot([Line("a", "result", values)], range(len(values)), "codes").svg()
    ElementTree.fromstring(text)
    assert "nan" not in text


def test_the_style_sheet_travels_with_the_package() -> None:
    assert (Path(__file__).parents[2] / "vidstyle" / "measure" / "page.css").is_file()
