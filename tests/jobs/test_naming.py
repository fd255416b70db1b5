"""Names from a template stay inside their folder, whatever a list calls its shots."""

from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidstyle.errors import ConfigError
from vidstyle.jobs.naming import FIELDS, TEMPLATE, check_template, fill, has_version, safe


def test_the_template_is_filled_in():
    values = {"sequence": "night cut", "shot": "010/A", "style": "ink"}
    assert fill(TEMPLATE, values, 7) == Path("night_cut/010_A/010_A_ink_v007.mov")
    assert has_version(TEMPLATE)
    assert not has_version("{shot}.mov")


@given(st.text())
def test_a_word_is_one_part_of_a_path_that_shows(text: str):
    word = safe(text)
    assert PurePosixPath(word).parts == (word,)
    assert word not in (".", "..")
    assert not word.startswith((".", "-"))
    assert not set(word) & set('/\\:*?"<>| \n\0')


@given(st.dictionaries(st.sampled_from([name for name in FIELDS if name != "version"]), st.text()), st.integers(1, 999))
def test_a_result_is_below_its_folder(values: dict[str, str], version: int):
    path = fill("{sequence}/{shot}/{reel}_{scene}_v{version}.mov", values, version)
    assert not path.is_absolute()
    assert ".." not in path.parts


@pytest.mark.parametrize(
    "template",
    ["{shot.__class__}.mov", "{nothing}.mov", "/abs/{shot}.mov", "../{shot}.mov", "{shot}", "{shot", "{0}.mov"],
)
def test_a_wrong_template_is_refused(template: str):
    with pytest.raises(ConfigError):
        check_template(template)
