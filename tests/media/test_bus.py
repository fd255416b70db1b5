"""Planes cross the bus in the right order. There is no GPU: a stand-in writes down what waits for what."""

from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, cuda

from vidstyle.media import bus
from vidstyle.media.bus import Bus

CPU = torch.device("cpu")


class Stream:
    def __init__(self, name: str, log: list[str]) -> None:
        self.name, self.log = name, log

    def wait_stream(self, other: "Stream") -> None:
        self.log.append(f"{self.name} waits for {other.name}")


class Cards:
    """What `torch.cuda` is asked for."""

    def __init__(self) -> None:
        self.log: list[str] = []
        self.now, self.copies = Stream("work", self.log), Stream("copies", self.log)

    def current_stream(self, _device: torch.device) -> Stream:
        return self.now

    @contextmanager
    def stream(self, chosen: Stream) -> Any:
        self.log.append(f"in {chosen.name}")
        yield
        self.log.append(f"out of {chosen.name}")

    def Event(self, *, blocking: bool) -> Any:  # noqa: N802
        log = self.log

        class Event:
            def record(self, stream: Stream) -> None:
                log.append(f"event in {stream.name}")

            def synchronize(self) -> None:
                log.append("waited")

        return Event()


@pytest.fixture
def cards(monkeypatch: pytest.MonkeyPatch) -> Cards:
    cards = Cards()
    assert all(hasattr(cuda, name) for name in ("current_stream", "stream", "Event", "Stream"))
    monkeypatch.setattr(bus, "cuda", cards)
    monkeypatch.setattr(bus, "locked", lambda shape, dtype: torch.empty(tuple(shape), dtype=dtype))
    monkeypatch.setattr(Tensor, "record_stream", lambda _self, stream: cards.log.append(f"kept for {stream.name}"))
    return cards


def planes() -> list[Tensor]:
    return [torch.arange(12, dtype=torch.uint8).reshape(3, 4), torch.tensor([[0, 1], [2, 3]], dtype=torch.uint16)]


def test_on_the_cpu_planes_pass_through() -> None:
    own = planes()
    down = Bus.to(CPU).down(own)
    assert all(np.shares_memory(there, plane.numpy()) for there, plane in zip(down, own, strict=True))
    up = Bus.to(CPU).up([planes(), planes()])
    assert all(torch.equal(stack, torch.stack([plane, plane])) for stack, plane in zip(up, own, strict=True))


def test_the_work_waits_for_what_comes_up(cards: Cards) -> None:
    up = Bus(CPU, cards.copies).up([planes(), planes()])
    assert all(torch.equal(stack, torch.stack([plane, plane])) for stack, plane in zip(up, planes(), strict=True))
    assert cards.log == ["in copies", "out of copies", "work waits for copies", "kept for work"] * 2


def test_copies_wait_for_the_work_and_readers_for_the_copies(cards: Cards) -> None:
    down = Bus(CPU, cards.copies).down(planes())
    begun = ["copies waits for work", "in copies", "kept for copies", "kept for copies", "event in copies"]
    assert cards.log[:6] == [*begun, "out of copies"]
    assert len(down) == 2
    cards.log.clear()
    assert np.array_equal(down[1], planes()[1].numpy())
    assert cards.log == ["waited"]
    assert all(np.array_equal(there, plane.numpy()) for there, plane in zip(down, planes(), strict=True))


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_planes_come_back_from_a_gpu_as_they_went() -> None:
    card = Bus.to(torch.device("cuda", 0))
    for number in range(20):
        own = [plane + number for plane in planes()[:1]]
        up = card.up([own, own])
        assert np.array_equal(card.down(up)[0], torch.stack([own[0], own[0]]).numpy())
