import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from vidstyle.training.processes import Processes
from vidstyle.training.trainer import Trainer

TRAIN = """
import sys
from pathlib import Path
import torch
from safetensors.torch import save_file
from vidstyle.training.recipe import load_recipe
from vidstyle.training.trainer import Trainer
from vidstyle.training import train

recipe, out = load_recipe(Path(sys.argv[1])), Path(sys.argv[2])
report = train(recipe, run=out / "run")
trainer = Trainer(recipe, out / "again", torch.device("cpu"))
for _ in range(3):
    trainer.advance()
rank = trainer.engine.processes.rank
own = torch.nn.BatchNorm1d(3)
own.running_mean += rank + 1
own.weight.data += rank
trainer.engine.processes.share(own)
save_file(own.state_dict(), out / f"shared-{rank}.safetensors")
weights = {name: weight.contiguous() for name, weight in trainer.mode.generator.state_dict().items()}
save_file(weights, out / f"{rank}.safetensors")
(out / f"{rank}.txt").write_text(f"{trainer.engine.processes.count} {report.finished}")
"""

STOPPED = """
import os
import signal
import sys
from pathlib import Path
from vidstyle.training.recipe import load_recipe
from vidstyle.training import train
from vidstyle.training.trainer import Trainer

advance, rank = Trainer.advance, int(os.environ["RANK"])

def interrupted(trainer):
    if rank == 1 and trainer.step == 4:
        os.kill(os.getpid(), signal.SIGINT)
    return advance(trainer)

Trainer.advance = interrupted
out = Path(sys.argv[2])
report = train(load_recipe(Path(sys.argv[1]), ["schedule.steps=100000"]), run=out / "run")
(out / f"{rank}.txt").write_text(str(report.step))
"""


def in_two(script: str, recipe_file: Path, folder: Path) -> None:
    """Run a script in two processes, which must end well."""
    (folder / "train.py").write_text(script, encoding="utf-8")
    launch = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "--master-port", "29517"]
    ended = subprocess.run(
        [*launch, str(folder / "train.py"), str(recipe_file), str(folder)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr[-2000:]


def test_alone_nobody_is_waited_for():
    processes = Processes.joined(torch.device("cpu"))
    assert (processes.rank, processes.count) == (0, 1)
    weight = torch.nn.Parameter(torch.ones(2))
    weight.grad = torch.tensor([1.0, 2.0])
    processes.average([weight])
    processes.wait()
    assert weight.grad.tolist() == [1.0, 2.0]
    assert [processes.agree(wish) for wish in (True, False)] == [True, False]


@pytest.mark.slow
def test_two_processes_stay_equal_and_learn_from_both_crops(tiny, recipe_file: Path, tmp_path: Path):
    in_two(TRAIN, recipe_file, tmp_path)
    # Not by their standard output: two processes' lines run into one another there.
    assert [(tmp_path / f"{rank}.txt").read_text() for rank in range(2)] == ["2 True", "2 True"]
    one, other = (load_file(tmp_path / f"{rank}.safetensors") for rank in range(2))
    assert all(torch.equal(one[name], other[name]) for name in one)
    for shared in (load_file(tmp_path / f"shared-{rank}.safetensors") for rank in range(2)):
        assert (shared["running_mean"].tolist(), shared["weight"].tolist()) == ([1.0] * 3, [1.0] * 3)
    alone = Trainer(tiny(), tmp_path / "alone", torch.device("cpu"))
    for _ in range(3):
        alone.advance()
    assert not all(torch.equal(one[name], weight) for name, weight in alone.mode.generator.state_dict().items())
    assert (tmp_path / "run" / "style" / "card.json").is_file()


@pytest.mark.slow
def test_a_signal_to_one_of_two_processes_stops_both_and_leaves_a_checkpoint(recipe_file: Path, tmp_path: Path):
    in_two(STOPPED, recipe_file, tmp_path)
    steps = {(tmp_path / f"{rank}.txt").read_text() for rank in range(2)}
    assert len(steps) == 1
    assert steps != {"0"}
    assert (tmp_path / "run" / "checkpoint.pt").is_file()
