"""Read the report that `vidstyle stylize … --report report.json` wrote, and judge the render by it.

python examples/read_report.py report.json
"""

import json
import sys
from pathlib import Path


def main(path: str) -> None:
    report = json.loads(Path(path).read_text())
    print(f"{report['source']} → {report['target']}: {report['status']}")
    print(f"frames   {report['decoded']} read, {report['written']} written, {report['fps']} per second")
    print(f"damage   {report['concealed']} frames concealed, {report['dropped']} packets dropped")
    for stream, packets in report["packets"].items():
        print(f"stream   {stream}: {packets} packets copied bit for bit")
    print(f"style    {report['style']}, weights {report['style_sha256'][:12]}…")
    print(f"frames' SHA-256 before the encoder: {report['frame_hash']}")
    for warning in report["warnings"]:
        print(f"warning  {warning}")
    if report["written"] != report["decoded"]:
        sys.exit("frames in and out differ")


if __name__ == "__main__":
    main(*sys.argv[1:])
