"""The container's description and the manifests beside it: what linters and schemas say of them."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from vidstyle import errors
from vidstyle.errors import VidstyleError

yaml = pytest.importorskip("yaml", reason="PyYAML is absent; it comes with the dev group")
ROOT = Path(__file__).parents[2]
DOCKER = ROOT / "docker"

# The fields that KubeRay's v1 types have (ray-operator/apis/ray/v1/{rayjob,raycluster}_types.go).
JOB = {
    "activeDeadlineSeconds", "backoffLimit", "rayClusterSpec", "submitterPodTemplate", "metadata", "clusterSelector",
    "submitterConfig", "managedBy", "deletionStrategy", "entrypoint", "runtimeEnvYAML", "jobId", "submissionMode",
    "entrypointResources", "entrypointNumCpus", "entrypointNumGpus", "ttlSecondsAfterFinished",
    "shutdownAfterJobFinishes", "suspend",
}  # fmt: skip
CLUSTER = {
    "headGroupSpec", "workerGroupSpecs", "rayVersion", "enableInTreeAutoscaling", "autoscalerOptions",
    "headServiceAnnotations", "suspend",
}  # fmt: skip
HEAD = {"serviceType", "headService", "enableIngress", "rayStartParams", "template"}
WORKERS = {
    "groupName", "replicas", "minReplicas", "maxReplicas", "numOfHosts", "rayStartParams", "template", "scaleStrategy",
}  # fmt: skip


def tool(name: str) -> str:
    found = shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is absent; it comes with the dev group")
    return found


def manifest(name: str) -> dict[str, Any]:
    return yaml.safe_load((DOCKER / "kubernetes" / name).read_text())


def validate(path: Path) -> None:
    done = subprocess.run(
        [tool("kubernetes-validate"), "--strict", str(path)], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_hadolint_finds_nothing():
    command = [tool("hadolint"), "-c", str(DOCKER / ".hadolint.yaml"), str(DOCKER / "Dockerfile")]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_job_fits_kubernetes():
    validate(DOCKER / "kubernetes" / "job.yaml")


def test_the_job_tries_again_elsewhere_only_what_may_pass():
    (fail, ignore) = manifest("job.yaml")["spec"]["podFailurePolicy"]["rules"]
    final = set(fail["onExitCodes"]["values"])
    codes = {
        kind.exit_code for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, VidstyleError)
    }
    assert final & {74, 75, 143, 137} == set()
    assert codes - {74, 75, 79} <= final
    assert ignore["action"] == "Ignore"


def test_the_ray_job_has_no_field_that_kuberay_does_not_know():
    job = manifest("rayjob.yaml")
    assert (job["apiVersion"], job["kind"]) == ("ray.io/v1", "RayJob")
    cluster = job["spec"]["rayClusterSpec"]
    assert job["spec"].keys() <= JOB
    assert cluster.keys() <= CLUSTER
    assert cluster["headGroupSpec"].keys() <= HEAD
    assert all(group.keys() <= WORKERS for group in cluster["workerGroupSpecs"])
    for group in (cluster["headGroupSpec"], *cluster["workerGroupSpecs"]):
        assert all(isinstance(value, str) for value in group["rayStartParams"].values())


def test_the_pods_of_the_ray_job_fit_kubernetes(tmp_path: Path):
    cluster = manifest("rayjob.yaml")["spec"]["rayClusterSpec"]
    for number, group in enumerate([cluster["headGroupSpec"], *cluster["workerGroupSpecs"]]):
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "pod"}, "spec": group["template"]["spec"]}
        (path := tmp_path / f"{number}.yaml").write_text(yaml.safe_dump(pod))
        validate(path)


def test_one_ray_is_named_everywhere():
    (version,) = re.findall(r"^ARG RAY=(\S+)$", (DOCKER / "Dockerfile").read_text(), re.M)
    assert manifest("rayjob.yaml")["spec"]["rayClusterSpec"]["rayVersion"] == version
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    (bounds,) = [re.fullmatch(r"ray>=([\d.]+),<(\d+)", text) for text in extras["farm"] if text.startswith("ray")]
    assert bounds is not None
    low, high = ([int(part) for part in text.split(".")] for text in bounds.groups())
    assert low <= [int(part) for part in version.split(".")] < high


def test_extras_that_the_image_names_are_there():
    (named,) = re.findall(r'^ARG EXTRAS="(.*)"$', (DOCKER / "Dockerfile").read_text(), re.M)
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert set(named.split()) <= extras.keys()


def test_compose_gives_away_neither_network_nor_root():
    yaml.SafeLoader.add_constructor("!reset", lambda loader, node: {})
    service = yaml.safe_load((DOCKER / "compose.yaml").read_text())["services"]["vidstyle"]
    assert service["network_mode"] == "none"
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert any(volume.endswith(":ro") for volume in service["volumes"])
