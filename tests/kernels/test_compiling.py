import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.motion.pictures import texture
from vidstyle.kernels import compiling, resampling
from vidstyle.kernels.compiling import runs
from vidstyle.kernels.detail import laplacian_sums, restored
from vidstyle.kernels.ranges import clamped, confirmed, differences
from vidstyle.kernels.resampling import bilinear, lanczos
from vidstyle.motion.neighbourhood import gaussian
from vidstyle.motion.warp import _HALFWAY

A_RENDER = """
import torch
from vidstyle.motion import warp
from vidstyle.kernels import resampling
picture = torch.rand(1, 3, 40, 40)
assert torch.allclose(warp(picture, torch.zeros(1, 2, 40, 40), "bilinear"), picture)
print(sum(resampling._bilinear.stats.cache_hits.values()))
"""


def everything(images: Tensor, others: Tensor, flow: Tensor) -> list[Tensor]:
    fine, around = gaussian(1.0), gaussian(1.5)
    return [
        bilinear(images, flow, 1),
        lanczos(images, flow, 1, _HALFWAY),
        clamped(images, others, 0.05),
        *differences(images, others, 0.1),
        confirmed(images[:, :1], others[:, :1], flow, 0.4, 0.0),
        restored(images, others, fine, around, aim=1.0, bounds=(0.8, 2.0), flat=1e-5),
        *laplacian_sums(images, torch.tensor([0.2, 0.7, 0.1])),
    ]


def test_the_result_does_not_depend_on_the_threads() -> None:
    images, others = texture(301, 40)[None], texture(301, 40, seed=2)[None]
    flow = 5 * torch.randn(1, 2, 301, 40, generator=torch.Generator().manual_seed(0))
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        alone = everything(images, others, flow)
        torch.set_num_threads(4)
        together = everything(images, others, flow)
    finally:
        torch.set_num_threads(before)
    assert all(torch.equal(one, four) for one, four in zip(alone, together, strict=True))


def test_what_a_kernel_cannot_take_is_told() -> None:
    picture = torch.zeros(1, 3, 4, 4)
    assert runs(picture, picture)
    assert not runs(picture, picture.double())
    assert not runs(picture, torch.zeros(1, requires_grad=True))
    assert not runs(picture.to("meta"))
    with torch.no_grad():
        assert runs(torch.zeros(1, requires_grad=True))


def in_a_new_process(**variables: str) -> int:
    ran = subprocess.run(
        [sys.executable, "-c", A_RENDER], env=os.environ | variables, capture_output=True, text=True, check=True
    )
    return int(ran.stdout)


def test_a_kernel_is_compiled_once_and_kept_where_the_cache_is_asked_for(tmp_path: Path) -> None:
    assert in_a_new_process(VIDSTYLE_CACHE=str(tmp_path)) == 0
    assert list((tmp_path / "kernels").rglob("*.nbc"))
    assert in_a_new_process(VIDSTYLE_CACHE=str(tmp_path)) == 1


def test_damage_in_the_cache_costs_a_compilation(tmp_path: Path) -> None:
    in_a_new_process(VIDSTYLE_CACHE=str(tmp_path))
    for path in (tmp_path / "kernels").rglob("*.nb?"):
        path.write_bytes(path.read_bytes()[:100])
    assert in_a_new_process(VIDSTYLE_CACHE=str(tmp_path)) == 0


def test_without_a_folder_that_can_be_written_it_is_compiled_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Locators are asked in turn; none of them finds one."""
    from numba.core import caching  # noqa: PLC0415

    from vidstyle.kernels.compiling import compiled  # noqa: PLC0415

    monkeypatch.setattr(caching.CacheImpl, "_locator_classes", [])
    kernel = compiled(_fill)
    target = torch.zeros(3).numpy()
    kernel(target, 0, 3)
    assert target.tolist() == [0, 1, 2]


def _fill(target, first, last):  # type: ignore[no-untyped-def]
    for place in range(first, last):
        target[place] = place


def test_a_change_of_any_file_of_the_room_asks_for_a_compilation(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel: Any = resampling._bilinear
    codegen = kernel.targetctx.codegen()
    before = kernel._cache._index_key("signature", codegen)
    assert kernel._cache._index_key("signature", codegen) == before
    monkeypatch.setattr(compiling, "_room", lambda: "another")
    assert kernel._cache._index_key("signature", codegen) != before
