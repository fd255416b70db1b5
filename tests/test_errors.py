import inspect
import re
from pathlib import Path

import pytest

from vidstyle import errors
from vidstyle.errors import VidstyleError

KINDS = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, VidstyleError)]


@pytest.mark.parametrize("kind", KINDS)
def test_the_tree_in_the_docstring_names_every_error_with_its_code(kind: type[VidstyleError]):
    line = next(line for line in (errors.__doc__ or "").splitlines() if re.search(rf"\b{kind.__name__}\b", line))
    if "exit_code" in vars(kind):
        assert str(kind.exit_code) in line


@pytest.mark.parametrize("kind", KINDS)
def test_no_code_is_one_that_farms_read_as_something_else(kind: type[VidstyleError]):
    assert kind.exit_code not in {0, 1, 2, 33, 130, 137, 143}


def test_errors_are_also_the_builtin_that_fits():
    assert isinstance(errors.ClipMissingError("gone", path=Path("a")), FileNotFoundError)
    assert isinstance(errors.ClipWriteError("full", path=Path("a")), OSError)
    assert isinstance(errors.ConfigError("bad"), ValueError)
    assert isinstance(errors.PluginError("none", group="g", name="n"), LookupError)
    assert str(errors.ClipWriteError("disk full", path=Path("a"))) == "disk full"
