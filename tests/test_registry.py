import os.path
from importlib.metadata import EntryPoint
from unittest.mock import patch

import pytest

from vidstyle.errors import PluginError
from vidstyle.registry import Entry, Registry

THINGS: Registry[object] = Registry(
    "things",
    {"join": "os.path:join", "ghost": Entry("no_such_package:Ghost", extra="ghosts"), "bare": "no_such_package:Bare"},
)


def test_a_known_name_gives_what_it_stands_for():
    assert THINGS.get("join") is os.path.join


def test_names_are_sorted_and_import_nothing():
    assert THINGS.names() == ["bare", "ghost", "join"]


def test_a_misspelt_name_is_answered_with_the_nearest():
    with pytest.raises(PluginError, match="did you mean 'join'") as caught:
        THINGS.get("jion")
    assert (caught.value.group, caught.value.name, caught.value.exit_code) == ("things", "jion", 78)


def test_a_name_far_from_all_is_answered_with_the_list():
    with pytest.raises(PluginError, match="known: bare, ghost, join"):
        THINGS.get("xxxxxxx")


def test_a_missing_package_names_the_extra_to_install():
    with pytest.raises(PluginError, match=r"pip install 'vidstyle\[ghosts\]'") as caught:
        THINGS.get("ghost")
    assert isinstance(caught.value.__cause__, ImportError)


def test_a_missing_package_without_an_extra_promises_none():
    with pytest.raises(PluginError) as caught:
        THINGS.get("bare")
    assert "pip install" not in str(caught.value)


def test_other_packages_add_names_but_cannot_replace_ours():
    points = [EntryPoint(n, "os.path:split", "vidstyle.things") for n in ("split", "join")]
    with patch("vidstyle.registry.entry_points", return_value=points):
        assert THINGS.get("split") is os.path.split
        assert THINGS.get("join") is os.path.join
