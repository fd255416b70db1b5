import hashlib

import pytest
import torch

from tests.networks.checkpoints import checkpoint
from vidstyle.errors import StyleError, TargetError
from vidstyle.networks import load_style
from vidstyle.networks.checkpoints.importing import checksum, import_style
from vidstyle.networks.checkpoints.proof import GOLDEN


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "My Style.v2.pth"
    torch.save(checkpoint("cartoongan"), path)
    return path


def test_a_checkpoint_becomes_a_style_that_loads(file, tmp_path):
    made = import_style(file, models=tmp_path / "models", licence="MIT")
    style = load_style(made.folder)
    assert made.folder == tmp_path / "models" / "my-style"
    assert (style.card.name, style.card.channel_order, style.card.licence) == ("my-style", "bgr", "MIT")
    x = torch.rand(1, 3, 30, 41)
    assert style.paint(x).shape == x.shape
    assert (made.folder / GOLDEN).is_file()


def test_the_card_says_where_the_weights_come_from(file, tmp_path):
    record = import_style(file, models=tmp_path / "models").card.provenance
    assert (record.file, record.kind, record.layout) == ("My Style.v2.pth", "state dict", "cartoongan")
    assert record.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert any("2 residual blocks" in line for line in record.inferred)


def test_what_is_given_takes_the_place_of_what_was_inferred(file, tmp_path):
    card = import_style(file, models=tmp_path, name="a", value_range="0..255", channel_order="rgb").card
    assert (card.value_range, card.channel_order) == ("0..255", "rgb")
    assert card.provenance.inferred[-2:] == ("values 0..255: given", "channel order rgb: given")


def test_a_style_is_replaced_only_when_asked(file, tmp_path):
    first = import_style(file, models=tmp_path, name="a").card
    torch.save(checkpoint("cartoongan", seed=1), file)
    with pytest.raises(StyleError, match="say --overwrite"):
        import_style(file, models=tmp_path, name="a")
    assert load_style(tmp_path / "a").card == first
    assert import_style(file, models=tmp_path, name="a", overwrite=True).card.sha256 != first.sha256


def test_a_failed_import_leaves_nothing_and_harms_nothing(file, tmp_path):
    first = import_style(file, models=tmp_path / "models", name="a").card
    torch.save({"weight": torch.ones(3)}, file)
    with pytest.raises(StyleError, match="None is near"):
        import_style(file, models=tmp_path / "models", name="a", overwrite=True)
    assert load_style(tmp_path / "models" / "a").card == first
    assert [each.name for each in (tmp_path / "models").iterdir()] == ["a"]


def test_a_folder_that_is_no_style_is_never_replaced(file, tmp_path):
    (tmp_path / "models" / "a").mkdir(parents=True)
    (tmp_path / "models" / "a" / "diary.txt").write_text("mine")
    with pytest.raises(StyleError, match="is no style; it is not replaced"):
        import_style(file, models=tmp_path / "models", name="a", overwrite=True)
    assert (tmp_path / "models" / "a" / "diary.txt").read_text() == "mine"


def test_a_place_that_can_not_be_written_to_is_told_in_one_line(file, tmp_path):
    with pytest.raises(TargetError, match=r"can't be written: (Not a directory|File exists)"):
        import_style(file, models=file)


@pytest.mark.parametrize("name", ["Two Words", "../up", ""])
def test_bad_names_are_refused_before_anything_is_written(file, tmp_path, name):
    if not name:
        file = file.rename(tmp_path / "é.pth")
        assert import_style(file, models=tmp_path / "models").folder.name == "imported"
        return
    with pytest.raises(StyleError, match="no name for a style"):
        import_style(file, models=tmp_path / "models", name=name)
    assert not (tmp_path / "models").exists()


def test_a_folders_checksum_knows_names_and_contents(tmp_path):
    (tmp_path / "a").write_bytes(b"1")
    (tmp_path / "b").write_bytes(b"2")
    before = checksum(tmp_path)
    (tmp_path / "b").rename(tmp_path / "c")
    renamed = checksum(tmp_path)
    (tmp_path / "c").write_bytes(b"3")
    assert len({before, renamed, checksum(tmp_path)}) == 3
