from pathlib import Path

import pytest

from vidstyle.errors import ConfigError
from vidstyle.networks import build_generator
from vidstyle.training import load_recipe

SHIPPED = Path(__file__).parents[2] / "models" / "recipes" / "ink.toml"


@pytest.mark.parametrize("path", sorted(SHIPPED.parent.glob("*.toml")), ids=lambda path: path.stem)
def test_the_shipped_recipes_are_valid_and_hold_something_out(path):
    recipe = load_recipe(path)
    assert recipe.name == path.stem
    build_generator(recipe.generator)
    assert any(not source.train for source in recipe.material.sources)
    assert all(source.licence and source.source for source in recipe.material.sources)


def test_the_sources_are_found_from_the_recipes_own_folder(recipe_file, monkeypatch, tmp_path_factory):
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    assert load_recipe(recipe_file).root == (recipe_file.parent / "material").resolve()


def test_changes_are_read_as_toml_values(tiny):
    recipe = tiny("schedule.steps=17", "losses.l1=0.25", "title=Plain words")
    assert (recipe.schedule.steps, recipe.losses.l1, recipe.title) == (17, 0.25, "Plain words")


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ("schedule.stepz=5", "schedule.stepz"),
        ("pairs.size=33", "pairs.size"),
        ("teacher.chroma=-1", "teacher.chroma"),
        ("name=Two Words", "name"),
    ],
)
def test_a_bad_key_or_value_is_refused_and_named(tiny, change, key):
    with pytest.raises(ConfigError, match=key) as caught:
        tiny(change)
    assert caught.value.key == key


@pytest.mark.parametrize("change", ["schedule.steps", "name.first=1"])
def test_a_change_that_fits_nowhere_is_refused(tiny, change):
    with pytest.raises(ConfigError, match="--set"):
        tiny(change)


def test_a_recipe_without_held_out_pictures_is_refused(recipe_file):
    recipe_file.write_text(recipe_file.read_text().replace("train = false", "train = true"))
    with pytest.raises(ConfigError, match="held out"):
        load_recipe(recipe_file)


def test_a_file_that_is_absent_or_no_toml_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="no recipe"):
        load_recipe(tmp_path / "absent.toml")
    (tmp_path / "bad.toml").write_text("name = ")
    with pytest.raises(ConfigError, match="not TOML"):
        load_recipe(tmp_path / "bad.toml")


def test_recipes_share_sets_of_sources(recipe_file):
    own = load_recipe(recipe_file).material.sources
    (recipe_file.parent / "shared.toml").write_text(
        '[[sources]]\nname = "Shared"\npath = "shared"\nlicence = "CC0-1.0"\nsource = "painted"\n'
    )
    recipe_file.write_text(recipe_file.read_text().replace("[material]", '[material]\nsets = ["shared.toml"]'))
    assert load_recipe(recipe_file).material.sources[1:] == own
    assert load_recipe(recipe_file).material.sources[0].name == "Shared"
    with pytest.raises(ConfigError, match=r"absent\.toml; material\.sets"):
        load_recipe(recipe_file, ['material.sets=["absent.toml"]'])
    with pytest.raises(ConfigError, match="list of files"):
        load_recipe(recipe_file, ["material.sets=shared.toml"])


def test_words_that_allow_a_download_are_no_paths(recipe_file):
    recipe = load_recipe(recipe_file)
    assert str(recipe.beside(Path("torchvision:vgg19"))) == "torchvision:vgg19"
    assert recipe.beside(Path("eyes.pth")) == recipe_file.parent / "eyes.pth"
