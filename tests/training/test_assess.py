import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
import torch

from tests.clips import make_clip
from vidstyle.cli import run as run_command
from vidstyle.errors import TrainingError
from vidstyle.training import train
from vidstyle.training.assess import Assessment, assess
from vidstyle.training.page import write_page


@pytest.fixture
def finished(tiny, tmp_path: Path) -> Path:
    train(tiny("schedule.sample_minutes=1e-9"), run=tmp_path / "run")
    return tmp_path / "run"


def test_a_run_is_summed_up_with_its_style_on_film(finished: Path, tmp_path: Path):
    make_clip(tmp_path / "film.mp4", frames=14, width=64, height=48)
    found = assess(finished, clips=(tmp_path / "film.mp4",), frames=12)
    assert found.best in (2, 4, 5, 7, 8)
    assert found.held_out["score"] == min(
        json.loads(line)["held_out"]["score"] for line in (finished / "evaluations.jsonl").read_text().splitlines()
    )
    [clip] = found.clips
    assert (clip.clip, clip.frames) == ("film.mp4", 12)
    assert clip.blended < clip.alone
    assert clip.source > 0
    page = write_page(finished, found)
    root = ET.fromstring(page.partition("\n")[2])
    text = "".join(root.itertext())
    assert "film.mp4" in text
    assert "Loss: l1" in text
    assert page.count("data:image/jpeg") >= 2


def test_learning_by_heart_shows():
    figures = {"score": 3.0}
    facts = {"name": "a", "mode": "pix2pix", "steps": 9, "minutes": 1, "best": 9, "clips": ()}
    assert Assessment(held_out=figures, learned={"score": 1.0}, **facts).over_fits
    assert not Assessment(held_out=figures, learned={"score": 2.9}, **facts).over_fits


def test_the_command_writes_the_page(finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    make_clip(tmp_path / "film.mp4", frames=6, width=64, height=48)
    assert run_command(["train", "evaluate", str(finished), str(tmp_path / "film.mp4"), "--frames", "4"]) == 0
    said = capsys.readouterr().out
    assert "held out" in said
    assert "film.mp4: E_warp" in said
    assert (finished / "page.html").is_file()


def test_another_networks_eyes_may_look_at_any_run(finished: Path, tmp_path: Path):
    torch.manual_seed(0)
    seen = {"0.weight": torch.eye(3)[..., None, None] - 0.5, "0.bias": torch.zeros(3)}
    torch.save(seen | {"2.weight": torch.randn(8, 3, 3, 3) / 3, "2.bias": torch.zeros(8)}, tmp_path / "eyes.pth")
    found = assess(finished, features=tmp_path / "eyes.pth")
    for figures in (found.held_out, found.learned):
        assert {"l1", "content", "gram", "gram_source", "kid"} <= set(figures)
        assert figures["gram_source"] > 0
    assert "Gram matrices" in write_page(finished, found)


def test_a_run_that_is_not_finished_is_refused(tiny, tmp_path: Path):
    with pytest.raises(TrainingError, match="no run of vidstyle train"):
        assess(tmp_path)
    train(tiny(), run=tmp_path / "run", max_minutes=0.0)
    with pytest.raises(TrainingError, match=r"not finished; go on with: vidstyle train .*tiny\.toml --resume"):
        assess(tmp_path / "run")
