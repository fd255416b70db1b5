"""The image itself: built from the very Dockerfile, and run by its own user and by one that it does not know."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.clips import make_clip
from vidstyle.media import probe

ROOT = Path(__file__).parents[2]
PYTHON = "3.11"  # of the base that check.sh makes


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with all that the image needs; torch without CUDA, which would be ten times as large."""
    if not os.environ.get("VIDSTYLE_TEST_IMAGE"):
        pytest.skip("it takes ten minutes and 10 GB of disk: set VIDSTYLE_TEST_IMAGE=1")
    for program in ("buildah", "debootstrap", "unshare"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is absent: apt-get install buildah debootstrap")
    if os.getuid() != 0:
        pytest.skip("debootstrap needs root")
    folder = tmp_path_factory.mktemp("wheels")
    pip = [sys.executable, "-m", "pip", "download", "-q", "--only-binary", ":all:", "--python-version", PYTHON]
    pip += ["--dest", str(folder)]
    if subprocess.run([*pip, "--no-deps", "--no-index", "torch"], check=False, capture_output=True).returncode:
        pytest.skip("no torch without CUDA at hand: name a folder with its wheel in PIP_FIND_LINKS")
    torch = next(folder.glob("torch-*.whl")).name.split("-")[1]
    needs = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    (folder / "needs.txt").write_text("\n".join([*needs, "hatchling>=1.27", "cyclonedx-bom>=7,<8"]))
    (folder / "torch.txt").write_text(f"torch=={torch}")
    done = subprocess.run(
        [*pip, "-r", str(folder / "needs.txt"), "-c", str(folder / "torch.txt"), "--find-links", str(folder)],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    if done.returncode:
        pytest.skip(f"the package index does not answer: {done.stderr.strip().splitlines()[-1]}")
    return folder


@pytest.mark.slow
def test_it_is_built_and_converts_a_clip_as_its_own_user_and_as_any_other(wheels: Path, tmp_path: Path):
    (tmp_path / "in").mkdir()
    clip = make_clip(tmp_path / "in" / "a.mov", frames=5, width=64, height=48, audio=("pcm_s16le",))
    (out := tmp_path / "out").mkdir()
    mirror = re.search(r"^(?:URIs:|deb) +(\S+)", "\n".join(map(Path.read_text, _sources())), re.M)
    environment = os.environ | {"WHEELS": str(wheels)} | ({"MIRROR": mirror[1]} if mirror else {})
    done = subprocess.run(
        [str(ROOT / "docker" / "check.sh"), str(clip), str(out)],
        check=False,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    for user in ("10001", "54321"):
        made = probe(out / user / "clip.mkv")
        assert (made.video.width, made.video.height) == (64, 48)
        assert (out / user / "clip.mkv").stat().st_uid == int(user)
        styles = json.loads((out / f"doctor-{user}.json").read_text())["styles"]
        assert [style["name"] for style in styles if style["there"]][:1] == ["ink"]
    described = json.loads((out / "image.json").read_text())["Docker"]["config"]
    assert described["Entrypoint"] == ["vidstyle"]
    assert described["User"] == "10001:10001"
    assert "NVIDIA_DRIVER_CAPABILITIES=compute,video,utility" in described["Env"]
    assert described["Healthcheck"]["Test"] == ["CMD", "vidstyle", "doctor", "--json"]
    assert described["Labels"]["org.opencontainers.image.licenses"] == "Apache-2.0"
    named = {part["name"] for part in json.loads((out / "vidstyle.cdx.json").read_text())["components"]}
    assert {"torch", "av", "numpy"} <= named


def _sources() -> list[Path]:
    folder = Path("/etc/apt")
    return [path for path in (*folder.glob("sources.list.d/debian.sources"), folder / "sources.list") if path.exists()]
