"""Tables of shots: columns by any tracker's names, frames and timecodes, wrong cells told one by one."""

from contextlib import suppress
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidstyle.errors import ShotListError
from vidstyle.shots import ListConfig, read_edit
from vidstyle.shots.edit import Event


def events(path: Path, text: str, **how: object) -> tuple[Event, ...]:
    path.write_text(text, encoding="utf-8-sig")
    return read_edit(path, ListConfig(**how)).events


def test_columns_mean_what_they_say(tmp_path: Path):
    text = (
        "shot,source,in,out,style,strength,stability,handles,priority,notes,blend.passes,Director\n"
        '010,a.mov,5,9,ink,0.5,0.9,4,3,"quiet, please",2,Varda\n'
    )
    (event,) = events(tmp_path / "a.csv", text)
    assert (event.shot, event.hint.url, event.first, event.frames) == ("010", "a.mov", 5, 5)
    assert event.settings == {"style": "ink", "blend.strength": "0.5", "blend.stability": "0.9", "blend.passes": "2"}
    assert (event.handles, event.priority, event.notes) == ((4, 4), 3, "quiet, please")
    assert event.extra == {"Director": "Varda"}
    assert event.number == "row 2"


@pytest.mark.parametrize(
    "head", ["Name,File,Frame In,Frame Out", "code;path;sg_cut_in;sg_cut_out", "shot\tsource\tfstart\tfend"]
)
def test_the_columns_of_kitsu_flow_and_ftrack_are_known(tmp_path: Path, head: str):
    separator = next(mark for mark in ",;\t" if mark in head)
    (event,) = events(tmp_path / "a.csv", f"{head}\n{separator.join(['010', 'a.mov', '1001', '1010'])}\n")
    assert (event.first, event.frames) == (1001, 10)


@given(st.integers(0, 10_000), st.integers(1, 500))
def test_the_out_frame_is_included(tmp_path_factory: pytest.TempPathFactory, first: int, frames: int):
    path = tmp_path_factory.mktemp("lists") / "a.csv"
    (event,) = events(path, f"source,in,out\na.mov,{first},{first + frames - 1}\n")
    assert (event.first, event.frames) == (first, frames)


def test_timecodes_are_kept_for_the_source_to_read(tmp_path: Path):
    (event,) = events(tmp_path / "a.csv", "source,tc_in,tc_out\na.mov,01:00:00:00,01:00:01:00\n")
    assert event.labels == ("01:00:00:00", "01:00:01:00")


def test_json_and_tsv_say_the_same(tmp_path: Path):
    (one,) = events(tmp_path / "a.tsv", "shot\tsource\tin\tout\tfps\n010\ta.mov\t1\t4\t23.976\n")
    told = '{"shots": [{"shot": "010", "source": "a.mov", "in": 1, "out": 4, "fps": 23.976}]}'
    (tmp_path / "a.json").write_text(told)
    (other,) = read_edit(tmp_path / "a.json").events
    assert (one.shot, one.first, one.frames, one.rate) == (other.shot, other.first, other.frames, other.rate)
    assert one.rate == Fraction(24000, 1001)


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("010,,1,2,", "no source"),
        ("010,a.mov,x,2,", "'x' is no whole number"),
        ("010,a.mov,5,2,", "hold no frame"),
        ("010,a.mov,5,,", "no out"),
        ("010,a.mov,01:00:00:00,7,", "not both timecodes"),
        ("010,a.mov,1,2,fast", "'fast'"),
    ],
)
def test_a_wrong_cell_refuses_its_shot_and_no_other(tmp_path: Path, row: str, told: str):
    wrong, right = events(tmp_path / "a.csv", f"shot,source,in,out,fps\n{row}\n020,b.mov,0,3,\n")
    assert told in wrong.refusal
    assert right.refusal == ""


def test_a_count_that_contradicts_in_and_out_is_refused(tmp_path: Path):
    (event,) = events(tmp_path / "a.csv", "source,in,out,nb frames\na.mov,1,10,9\n")
    assert "10 frames, but the list says 9" in event.refusal


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", None),
        ("shot,in\n1,2\n", 1),
        ("source,file\na,b\n", 1),
        ("source\na.mov\nb,c\n", 3),
        ('source\n"a\x00\n', 2),
    ],
)
def test_a_wrong_table_is_refused_with_its_line(tmp_path: Path, text: str, line: int | None):
    path = tmp_path / "a.csv"
    path.write_text(text)
    if "\x00" in text:
        assert read_edit(path).events
        return
    with pytest.raises(ShotListError) as caught:
        read_edit(path)
    assert caught.value.line == line


@given(st.text(max_size=200))
def test_any_text_is_a_table_or_one_clear_error(tmp_path_factory: pytest.TempPathFactory, text: str):
    path = tmp_path_factory.mktemp("lists") / "a.csv"
    path.write_text("source,in,out\n" + text, encoding="utf-8", newline="")
    found = None
    with suppress(ShotListError):
        found = read_edit(path)
    assert found is None or all(event.number.startswith("row") for event in found.events)
