"""A studio that runs as a program of its own, and a way to talk to it that is no browser."""

import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest

from tests.clips import make_clip
from tests.styles import save_small_reference, save_small_style

pytest.importorskip("starlette", reason="the studio's extra is absent: pip install 'vidstyle[studio]'")

OPEN = ("waiting", "working")


@dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def told(self) -> Any:
        return json.loads(self.body)


class Visitor:
    """Talks HTTP as the page does; `call` leaves out what makes it the page."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.host = urlsplit(address).netloc
        self.cookie = ""
        self.cookie = self.call("GET", "/").headers["Set-Cookie"].partition(";")[0]

    def call(self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> Answer:
        connection = http.client.HTTPConnection(self.host, timeout=240)
        try:
            connection.request(method, path, body, {"Cookie": self.cookie, **(headers or {})})
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()

    def get(self, path: str) -> Answer:
        return self.call("GET", path)

    def ask(self, path: str, wish: object) -> Answer:
        return self.call("POST", path, json.dumps(wish).encode(), {"X-Vidstyle": "1"})

    def put(self, path: Path, name: str | None = None, role: str = "clip") -> Answer:
        address = f"/api/files?name={quote(name or path.name)}&role={role}"
        return self.call("PUT", address, path.read_bytes(), {"X-Vidstyle": "1"})

    def remove(self, path: str) -> Answer:
        return self.call("DELETE", path, headers={"X-Vidstyle": "1"})

    def task(self, key: str) -> Any:
        return next(task for task in self.get("/api/tasks").told if task["id"] == key)

    def wait(self, key: str) -> Any:
        return until(lambda: task if (task := self.task(key))["state"] not in OPEN else None)


def until(found: Callable[[], Any], seconds: float = 300.0) -> Any:
    """Wait for something; the time is only there so that a test that hangs ends."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value := found():
            return value
        time.sleep(0.05)
    raise AssertionError("it did not come about")


@contextmanager
def running(models: Path, *options: str, **environment: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    command = [sys.executable, "-m", "vidstyle", "studio", "--port", "0", "--device", "cpu", *options]
    settings = os.environ | {"VIDSTYLE_MODELS": str(models), "PYTHONUNBUFFERED": "1"} | environment
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=settings) as process:
        try:
            assert process.stdout is not None
            words = process.stdout.readline().split()
            yield (words[1].rstrip("/") if words else ""), process
        finally:
            process.terminate()
            process.wait(60)


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    save_small_style(folder / "small")
    save_small_style(folder / "other", name="other", seed=1)
    save_small_reference(folder / "reference")
    return folder


@pytest.fixture(scope="session")
def address(models: Path) -> Iterator[str]:
    with running(models) as (address, _):
        yield address


@pytest.fixture
def visitor(address: str) -> Visitor:
    return Visitor(address)


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_clip(tmp_path_factory.mktemp("clips") / "shot.mp4", frames=14, width=96, height=64)


@pytest.fixture(scope="session")
def rendered(address: str, clip: Path) -> tuple[Visitor, str]:
    """A visitor and the task of a finished render of his."""
    visitor = Visitor(address)
    file = visitor.put(clip).told["id"]
    task = visitor.ask("/api/render", {"file": file, "look": {"style": "small"}}).told["id"]
    assert visitor.wait(task)["state"] == "done"
    return visitor, task
