"""Runs the studio: a server on this machine, a queue, and a sweeper that forgets idle browsers."""

import socket
import threading
from collections.abc import Callable
from contextlib import ExitStack

import uvicorn

from vidstyle.errors import ConfigError
from vidstyle.studio.app import build
from vidstyle.studio.config import LOOPBACK, StudioConfig
from vidstyle.studio.sessions import Sessions
from vidstyle.studio.studio import Studio
from vidstyle.studio.tasks import Queue

_SWEEP = 60.0  # seconds


def serve(config: StudioConfig, on_ready: Callable[[str], None] = lambda _address: None) -> None:
    """Serve the studio until a signal comes; then stop all work and delete all that was uploaded and made.

    `on_ready` is told the address, once it may be opened.

    Raises ConfigError where the address is taken, not this machine's, or open to others without a password.
    """
    config.check()
    with ExitStack() as stack:
        listener = stack.enter_context(_listen(config))
        sessions = stack.enter_context(Sessions(config.keep_hours))
        queue = stack.enter_context(Queue(config.at_once))
        trainings = stack.enter_context(Queue(1))  # so that hours of training keep nobody from rendering
        studio = Studio(config, sessions, queue, trainings)
        stack.enter_context(_Sweeper(studio))
        server = uvicorn.Server(_settings(build(studio)))
        port = listener.getsockname()[1]
        name = f"[{config.host}]" if ":" in config.host else config.host
        on_ready(f"http://{name}:{port}/")
        server.run(sockets=[listener])


def _settings(app: object) -> uvicorn.Config:
    return uvicorn.Config(
        app,  # type: ignore[arg-type]
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=3,
        lifespan="off",
    )


def _listen(config: StudioConfig) -> socket.socket:
    family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((config.host, config.port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        where = "this machine" if config.host in LOOPBACK else config.host
        raise ConfigError(
            f"port {config.port} of {where} can't be used ({error.strerror}); choose another --port, or 0 for any",
            key="port",
        ) from error
    return listener


class _Sweeper:
    """A thread that forgets idle sessions."""

    def __init__(self, studio: Studio) -> None:
        self._studio, self._end = studio, threading.Event()
        self._thread = threading.Thread(target=self._sweep, daemon=True)

    def __enter__(self) -> "_Sweeper":
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._end.set()
        self._thread.join()

    def _sweep(self) -> None:
        while not self._end.wait(_SWEEP):
            self._studio.sweep()
