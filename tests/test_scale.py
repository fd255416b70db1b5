"""The simulation of a farm: laws that any list scheduling keeps."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as some

from tests.benchmarks.scale import FRAMES, SHOTS, Farm, chunks, film, makespan

FARM = Farm(workers=1, fps=2.0, beside=0.5, start=10.0, bandwidth=1e18, traffic=1.0)
LENGTHS = some.lists(some.integers(1, 500), min_size=1, max_size=40)


def test_a_film_has_its_shots_and_nearly_its_frames():
    assert len(film()) == SHOTS
    assert sum(film()) == pytest.approx(FRAMES, rel=0.01)


@given(LENGTHS)
def test_one_worker_takes_the_sum(lengths: list[int]):
    assert makespan(lengths, FARM) == pytest.approx(10 + sum(lengths) / 2 + 0.5 * len(lengths))


@given(LENGTHS, some.integers(1, 60))
def test_more_workers_are_bound_by_the_longest_shot_and_by_the_sum(lengths: list[int], workers: int):
    needed = [length / 2 + 0.5 for length in lengths]
    least = 10 + max(*needed, sum(needed) / workers)
    found = makespan(lengths, replace(FARM, workers=workers))
    assert least - 1e-6 <= found <= 10 + sum(needed) / workers + max(needed) + 1e-6  # Graham, 1966


@given(LENGTHS, some.integers(1, 60))
def test_a_storage_gives_no_more_than_it_has(lengths: list[int], workers: int):
    farm = replace(FARM, workers=workers, bandwidth=3.0)
    assert sum(lengths) / makespan(lengths, farm) <= 3.0


@given(LENGTHS, some.integers(1, 100), some.integers(0, 32))
def test_parts_are_the_shots_frames_and_a_pre_roll_each(lengths: list[int], most: int, preroll: int):
    parts = list(chunks(lengths, most, preroll))
    further = len(parts) - len(lengths)
    assert sum(parts) == sum(lengths) + further * preroll
    assert max(parts) <= most + preroll


def test_losses_cost_time():
    lengths = film(frames=5000, shots=50)
    assert makespan(lengths, replace(FARM, losses=50.0)) > makespan(lengths, FARM)
