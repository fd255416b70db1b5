"""A connection to a Ray cluster, and what its machines have."""

import logging
import os
import secrets
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import ray
from ray.exceptions import AuthenticationError

from vidstyle.errors import ConfigError, DeviceError
from vidstyle.jobs.job import ClusterConfig, Job

_LONGEST_FOLDER = 40  # characters: Ray's sockets lie 60 deeper, and a socket's path ends at 107
_BASE, _PER_PIXEL = 0.7e9, 1000  # bytes: a process with torch, and a frame with all that is made of it
_ANSWER = 30  # seconds for a cluster to answer


@contextmanager
def connected(config: ClusterConfig) -> Iterator[None]:
    """Be connected to the cluster; one that this process is connected to already is used, and left connected.

    Raises:
        DeviceError: no cluster answers.
        ConfigError: it answers, and does not let us in.
    """
    if ray.is_initialized():
        yield
        return
    signals = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    address = config.address or os.environ.get("RAY_ADDRESS") or "local"
    try:
        _connect(address)
        if threading.current_thread() is threading.main_thread():
            for number, action in signals.items():  # Ray puts its own there
                signal.signal(number, action)
        yield
    finally:
        ray.shutdown()


def _connect(address: str) -> None:
    if address.startswith("ray://"):
        raise ConfigError(
            f"{address}: vidstyle runs inside the cluster; use `ray job submit`, or the address of its GCS, HOST:6379",
            key="cluster.address",
        )
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    options: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    if address == "local":
        options |= _local()
    try:
        ray.init(address=address, **options)
    except AuthenticationError as error:
        told = f"the Ray cluster at {address} asks for a token; set RAY_AUTH_MODE=token and RAY_AUTH_TOKEN_PATH"
        raise ConfigError(told, key="cluster.address") from error
    except (ConnectionError, RuntimeError, ValueError, TimeoutError) as error:
        told = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        message = f"no Ray cluster answers at {address} ({told}); start one with `ray start --head`"
        raise DeviceError(message, device=address) from error


def _local() -> dict[str, Any]:
    """Workers on this machine alone: nothing of it is for others."""
    if not any(os.environ.get(name) for name in ("RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH")):
        os.environ["RAY_AUTH_TOKEN"] = secrets.token_hex(32)  # else it is written into the home, which may be read-only
    options: dict[str, Any] = {"include_dashboard": False}
    if sys.platform == "linux":
        options["_node_ip_address"] = "127.0.0.2"  # 127.0.0.1 is replaced by the routable address
    if len(tempfile.gettempdir()) > _LONGEST_FOLDER:
        options["_temp_dir"] = "/tmp/ray"
    return options


def demand(jobs: Sequence[Job], config: ClusterConfig) -> dict[str, float]:
    """What one worker asks the cluster for, as Ray's `num_cpus`, `num_gpus` and `memory` in bytes."""
    gpus = config.gpus
    if gpus is None:
        may = any(job.config.device != "cpu" for job in jobs)
        gpus = 1 if may and any(has.get("GPU", 0) >= 1 for has in nodes().values()) else 0
    memory = config.memory * 1e9 if config.memory else _BASE + _PER_PIXEL * max(job.pixels for job in jobs)
    return {"num_cpus": config.cpus, "num_gpus": gpus, "memory": int(memory)}


def nodes() -> dict[str, dict[str, float]]:
    """What each living node has in all, by its name in the cluster."""
    listed = ray.nodes()  # type: ignore[no-untyped-call]
    return {node["NodeID"]: node["Resources"] for node in listed if node["Alive"]}


def room(wanted: dict[str, float]) -> dict[str, int]:
    """How many such workers each living node has room for, if nobody else were there."""
    keys = {"num_cpus": "CPU", "num_gpus": "GPU", "memory": "memory"}
    asked = {keys[name]: amount for name, amount in wanted.items() if amount}
    return {name: int(min(has.get(key, 0) / amount for key, amount in asked.items())) for name, has in nodes().items()}


def told(wanted: dict[str, float]) -> str:
    """What a worker asks for, in words."""
    gpus = f", {wanted['num_gpus']:g} GPU" if wanted["num_gpus"] else ""
    return f"{wanted['num_cpus']:g} CPU{gpus}, {wanted['memory'] / 1e9:.1f} GB"
