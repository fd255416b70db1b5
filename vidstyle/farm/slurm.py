"""Jobs as Slurm arrays: one script, whose tasks are the chunks of all shots."""

import re
import shlex
from collections.abc import Mapping

from vidstyle.farm.template import FarmJob

_SCRIPT = """\
#!/bin/bash
# {name}: {chunks} chunks of {shots} shots.
#
#     id=$(sbatch --parsable job.sh)
#     sbatch --array=0-{last_shot} --dependency=afterok:$id job.sh join
#
#SBATCH --job-name={job}
#SBATCH --array=0-{last_chunk}
#SBATCH --cpus-per-task={cores}
#SBATCH --mem={memory}G
{gpus}#SBATCH --time={minutes}
#SBATCH --signal=B:TERM@60
#SBATCH --requeue
#SBATCH --open-mode=append

export OMP_WAIT_POLICY=PASSIVE

stylize() {{
    case "$1" in
{commands}
    *) echo "no chunk $1" >&2; return 64 ;;
    esac
}}

join() {{
    case "$1" in
{joins}
    *) echo "no shot $1" >&2; return 64 ;;
    esac
}}

if [ "${{1:-}}" = join ]; then
    join "${{SLURM_ARRAY_TASK_ID:?}}"
    exit
fi

# SIGTERM is for the program, which puts away what it has; it can be gone on with by the same task elsewhere.
trap 'kill -TERM "$child" 2>/dev/null' TERM
stylize "${{SLURM_ARRAY_TASK_ID:?}}" &
child=$!
wait "$child"
code=$?
while [ "$code" -gt 128 ] && kill -0 "$child" 2>/dev/null; do
    wait "$child"
    code=$?
done
# What may pass on another machine: the disk (74), the device (75), an end by signal (143). Everything else is final.
case "$code" in
74 | 75 | 143)
    if [ "${{SLURM_RESTART_COUNT:-0}}" -lt 3 ] && command -v scontrol >/dev/null; then
        scontrol requeue "${{SLURM_ARRAY_JOB_ID}}_${{SLURM_ARRAY_TASK_ID}}"
    fi
    ;;
esac
exit "$code"
"""


def write(job: FarmJob) -> Mapping[str, str]:
    """Write the script."""
    config = job.config
    run = shlex.quote(config.executable)
    chunks = [(shot, frames) for shot in job.shots for frames in shot.chunks(config.chunk)]
    # `exec` makes the program itself the child that gets the signal.
    commands = [f"    {n}) exec {run} {shlex.join(shot.command(frames))} ;;" for n, (shot, frames) in enumerate(chunks)]
    joins = [f"    {n}) {run} {shlex.join(shot.join_command())} ;;" for n, shot in enumerate(job.shots)]
    text = _SCRIPT.format(
        name=" ".join(job.name.split()), job=re.sub(r"[^A-Za-z0-9_.-]", "_", job.name), chunks=len(chunks),
        shots=len(job.shots), last_chunk=len(chunks) - 1, last_shot=len(job.shots) - 1, cores=config.cores,
        memory=config.memory, gpus=f"#SBATCH --gpus-per-task={config.gpus}\n" if config.gpus else "",
        minutes=config.minutes, commands="\n".join(commands), joins="\n".join(joins),
    )  # fmt: skip
    return {"job.sh": text}
