from pathlib import Path

import pytest

from vidstyle.config import RenderConfig, load_config, parse_override
from vidstyle.errors import ConfigError


def test_without_anything_all_are_defaults():
    assert load_config() == RenderConfig()


def test_file_then_overrides_then_flags(tmp_path: Path):
    path = tmp_path / "render.toml"
    path.write_text('style = "file"\n[blend]\nstrength = 0.1\nstability = 0.1\nphotometric = 7.0\n')
    config = load_config(
        path, overrides=["blend.strength=0.2", "blend.stability=0.2"], flags={"blend.strength": 0.3, "style": None}
    )
    assert config.style == "file"
    assert (config.blend.strength, config.blend.stability, config.blend.photometric) == (0.3, 0.2, 7.0)


@pytest.mark.parametrize(
    ("text", "value"), [("a.b=1", 1), ("a.b=0.5", 0.5), ("a.b=true", True), ("a.b=word", "word"), ('a.b="1"', "1")]
)
def test_an_override_is_read_as_toml_or_as_a_bare_word(text: str, value: object):
    assert parse_override(text) == ("a.b", value)


def test_an_unknown_key_is_answered_with_the_nearest():
    with pytest.raises(ConfigError, match=r"did you mean 'blend\.strength'") as caught:
        load_config(overrides=["blend.strenght=1"])
    assert caught.value.key == "blend.strenght"


@pytest.mark.parametrize("text", ["blend.strength", "=1", ""])
def test_what_is_no_override_is_refused(text: str):
    with pytest.raises(ConfigError, match="key=value"):
        load_config(overrides=[text])


@pytest.mark.parametrize("value", ["1.5", "-0.1", "much", "nan"])
def test_a_value_out_of_range_names_its_key(value: str):
    with pytest.raises(ConfigError, match=r"blend\.strength"):
        load_config(overrides=[f"blend.strength={value}"])


def test_a_value_where_a_table_stands_is_refused():
    with pytest.raises(ConfigError, match="not a table"):
        load_config(overrides=["style=ink", "style.name=ink"])


def test_a_missing_or_broken_file_is_refused(tmp_path: Path):
    with pytest.raises(ConfigError, match="can't be read"):
        load_config(tmp_path / "absent.toml")
    (tmp_path / "broken.toml").write_text("style = ")
    with pytest.raises(ConfigError, match="not valid TOML"):
        load_config(tmp_path / "broken.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="not valid TOML"):
        load_config(tmp_path / "binary.toml")
