"""What the page asks for, without a browser: uploads, pictures, renders, measurements, lists, training."""

import csv
import json
import shlex
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from tests.clips import make_clip, texture_tile
from tests.studio.conftest import Visitor, running, until
from vidstyle.cli import run
from vidstyle.report import read_report

SMALL = {"style": "small"}


def picture(path: Path, seed: int = 0, side: int = 96) -> Path:
    cv2.imwrite(str(path), texture_tile(seed)[:side, :side])
    return path


def test_an_upload_is_looked_at(visitor: Visitor, clip: Path, tmp_path: Path):
    told = visitor.put(clip, "My shot.mp4").told
    assert (told["name"], told["kind"], told["frames"], told["width"]) == ("My-shot.mp4", "clip", 14, 96)
    assert told["sound"]
    assert visitor.put(picture(tmp_path / "photo.png")).told["kind"] == "picture"
    assert len(visitor.get("/api/session").told["files"]) == 2


@pytest.mark.parametrize(("name", "content", "words"), [
    ("notes.mp4", b"this is no clip", "can't be read as a clip"),
    ("empty.mp4", b"", "is empty"),
    ("list.mp4", b"ffconcat version 1.0\nfile /etc/passwd\n", "can't be read as a clip"),
    ("play.mp4", b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", "can't be read as a clip"),
    ("photo.png", b"\x89PNG\r\n\x1a\nnothing more", "photo.png"),
    ("script.html", b"<script>alert(1)</script>", "can't be read as a clip"),
])  # fmt: skip
def test_a_bad_file_is_refused_with_a_sentence_and_not_kept(visitor: Visitor, tmp_path: Path, name: str, content: bytes,
                                                            words: str):  # fmt: skip
    (tmp_path / name).write_bytes(content)
    answer = visitor.put(tmp_path / name)
    assert answer.status in (413, 422)
    assert words in answer.told["error"]
    assert "/tmp" not in answer.told["error"]
    assert visitor.get("/api/session").told["files"] == []


def test_a_dropped_picture_becomes_a_style_of_this_visitor_alone(
    visitor: Visitor, models: Path, clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    told = visitor.get("/api/session").told
    assert told["looks_at_pictures"]
    assert "reference" not in {style["name"] for style in told["styles"]}  # which draws nothing by itself
    work = visitor.put(picture(tmp_path / "Red fields.png"), role="style").told["id"]
    names = [visitor.ask("/api/styles", {"file": work}).told["style"] for _ in range(2)]
    assert names == ["red-fields", "red-fields-2"]
    style = next(style for style in visitor.get("/api/session").told["styles"] if style["name"] == "red-fields")
    assert (style["title"], style["picture"], style["own"]) == ("After Red-fields", work, True)
    shot = visitor.put(clip).told["id"]
    task = visitor.wait(visitor.ask("/api/render", {"file": shot, "look": {"style": "red-fields"}}).told["id"])
    assert task["state"] == "done"
    made = visitor.get(f"/api/tasks/{task['id']}/files/{task['results']['report']}").told
    (tmp_path / "Red-fields.png").write_bytes((tmp_path / "Red fields.png").read_bytes())
    (tmp_path / clip.name).write_bytes(clip.read_bytes())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VIDSTYLE_MODELS", str(models))
    command = task["told"]["command"]
    assert "--style-image Red-fields.png" in command
    assert run([*shlex.split(command.replace("\\\n", ""))[1:], "--device", "cpu", "--report", "a.json"]) == 0
    assert read_report(tmp_path / "a.json").frame_hash == made["frame_hash"]
    stranger = Visitor(visitor.address)
    assert "red-fields" not in {style["name"] for style in stranger.get("/api/session").told["styles"]}


def test_what_is_no_picture_becomes_no_style(visitor: Visitor, clip: Path, tmp_path: Path):
    answer = visitor.ask("/api/styles", {"file": visitor.put(clip).told["id"]})
    assert (answer.status, "is no picture" in answer.told["error"]) == (422, True)
    tiny = visitor.put(picture(tmp_path / "tiny.png", side=16)).told["id"]
    answer = visitor.ask("/api/styles", {"file": tiny})
    assert (answer.status, "at least 32" in answer.told["error"]) == (422, True)


@pytest.mark.slow
def test_what_is_too_large_too_long_or_too_many_is_refused(models: Path, clip: Path, tmp_path: Path):
    limits = {"upload_megabytes": 0.2, "session_megabytes": 0.25, "seconds": 1, "pixels": 10_000, "tasks": 1}
    with running(models, *(f"--set={key}={value}" for key, value in limits.items())) as (address, _):
        visitor = Visitor(address)
        for name, content in (("big.mp4", b"x" * 210_000), ("chunk.mp4", b"x" * 210_000)):
            (tmp_path / name).write_bytes(content)
            answer = visitor.put(tmp_path / name)
            assert (answer.status, "0.2 MB" in answer.told["error"]) == (413, True)
        long = visitor.put(make_clip(tmp_path / "long.mp4", frames=30, audio=()))
        assert (long.status, "1.2 s" in long.told["error"] or "1 s" in long.told["error"]) == (413, True)
        wide = visitor.put(make_clip(tmp_path / "wide.mp4", frames=2, width=160, audio=()))
        assert (wide.status, "160x64" in wide.told["error"]) == (413, True)
        file = visitor.put(clip).told["id"]
        for _ in range(40):
            answer = visitor.put(clip)
        assert answer.status == 413
        assert visitor.ask("/api/render", {"file": file, "look": SMALL}).status == 200
        assert visitor.ask("/api/render", {"file": file, "look": SMALL}).status == 429


@pytest.mark.parametrize("look", [
    {"style": "../small"}, {"style": "gone"}, SMALL | {"strength": 2}, SMALL | {"first": 5, "stop": 5},
    {"style": "small", "device": "cuda"}, {"style": "small", "delivery": "../x"},
])  # fmt: skip
def test_a_look_that_no_control_gives_is_refused(visitor: Visitor, clip: Path, look: dict[str, object]):
    file = visitor.put(clip).told["id"]
    answer = visitor.ask("/api/render", {"file": file, "look": look})
    assert answer.status == 422
    assert len(answer.told["error"]) > 10


def test_frames_are_seen_before_and_after(visitor: Visitor, clip: Path):
    file = visitor.put(clip).told["id"]
    before = decoded(visitor.get(f"/api/files/{file}/frames/5").body)
    assert before.shape == (64, 96, 3)
    wish = {"file": file, "frame": 5, "look": SMALL}
    sharp, quick = (decoded(visitor.ask("/api/preview", wish | {"quick": quick}).body) for quick in (False, True))
    assert sharp.shape == quick.shape == before.shape
    assert np.abs(sharp - before).mean() > 5
    none = decoded(visitor.ask("/api/preview", wish | {"look": SMALL | {"strength": 0}}).body)
    assert np.abs(none - before).mean() < 4  # the one is a JPEG
    assert visitor.get(f"/api/files/{file}/frames/99").status == 422


def test_thumbnails_are_drawn_for_every_style(visitor: Visitor):
    names = [style["name"] for style in visitor.get("/api/session").told["styles"]]
    assert {"small", "other", "ink"} <= set(names)
    first, second = (visitor.get(f"/api/styles/{name}/thumbnail").body for name in ("small", "other"))
    assert decoded(first).shape == (180, 320, 3)
    assert first != second
    assert visitor.get("/api/styles/gone/thumbnail").status == 404


@pytest.mark.slow
def test_the_command_that_is_shown_renders_the_same_frames(visitor: Visitor, models: Path, tmp_path: Path,
                                                           monkeypatch: pytest.MonkeyPatch):  # fmt: skip
    shot = make_clip(tmp_path / "shot.mp4", frames=12, width=96, height=64)
    look = {
        "style": "small",
        "strength": 0.7,
        "stability": 0.5,
        "brush": 2.0,
        "preserve_color": True,
        "first": 2,
        "stop": 9,
    }
    file = visitor.put(shot).told["id"]
    words = visitor.ask("/api/words", {"file": file, "look": look}).told
    task = visitor.wait(visitor.ask("/api/render", {"file": file, "look": look}).told["id"])
    assert task["told"]["command"] == words["command"]
    assert task["told"]["frames"] == 7
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VIDSTYLE_MODELS", str(models))
    assert run([*shlex.split(words["command"].replace("\\\n", ""))[1:], "--device", "cpu", "--report", "a.json"]) == 0
    assert read_report(tmp_path / "a.json").frame_hash == task["told"]["frame_hash"]
    (tmp_path / "look.toml").write_text(words["toml"])
    toml = ["stylize", "shot.mp4", "-o", "b.mp4", "--config", "look.toml", "--frames", "2-9", "--device", "cpu"]
    assert run([*toml, "--report", "b.json"]) == 0
    assert read_report(tmp_path / "b.json").frame_hash == task["told"]["frame_hash"]


def test_a_render_can_be_played_and_downloaded_with_its_sound(
    rendered: tuple[Visitor, str], clip: Path, tmp_path: Path
):
    visitor, key = rendered
    results = visitor.task(key)["results"]
    for name in (results["source"], results["play"]):
        (tmp_path / name).write_bytes(visitor.get(f"/api/tasks/{key}/files/{name}").body)
        with av.open(tmp_path / name) as made:
            assert (made.streams.video[0].codec_context.name, made.streams.video[0].frames) == ("h264", 14)
            assert made.streams.video[0].codec_context.pix_fmt == "yuv420p"
    assert packets(tmp_path / results["result"]) == packets(clip)
    download = visitor.get(f"/api/tasks/{key}/files/{results['result']}?download")
    assert download.headers["Content-Disposition"].startswith("attachment")
    part = visitor.call("GET", f"/api/tasks/{key}/files/{results['play']}", headers={"Range": "bytes=0-99"})
    assert (part.status, len(part.body)) == (206, 100)  # else a browser can't seek
    report = visitor.get(f"/api/tasks/{key}/files/report.json").told
    assert report["source"] == "shot.mp4"
    assert "/" not in report["target"]


@pytest.mark.slow
def test_a_clip_of_odd_size_is_rendered_and_plays(visitor: Visitor, tmp_path: Path):
    odd = make_clip(tmp_path / "odd.mp4", frames=3, width=97, height=65, pix_fmt="yuv444p")
    file = visitor.put(odd).told["id"]
    task = visitor.wait(visitor.ask("/api/render", {"file": file, "look": SMALL}).told["id"])
    assert task["state"] == "done", task["message"]
    assert "--set encode.pixel_format=yuv444p" in task["told"]["command"]
    assert set(task["results"]) == {"result", "report", "source", "play"}
    told = visitor.ask("/api/render", {"file": visitor.put(table(tmp_path / "a.csv", [{"source": "x"}])).told["id"]})
    assert (told.status, "Batch" in told.told["error"]) == (422, True)


@pytest.mark.slow
def test_masters_get_a_copy_that_plays_and_pictures_stay_pictures(visitor: Visitor, clip: Path, tmp_path: Path):
    file = visitor.put(clip).told["id"]
    look = SMALL | {"delivery": "archive", "stop": 3}
    task = visitor.wait(visitor.ask("/api/render", {"file": file, "look": look}).told["id"])
    assert task["results"]["result"].endswith(".mkv")
    assert task["results"]["play"] == "play.mp4"
    photo = visitor.put(picture(tmp_path / "photo.png")).told["id"]
    task = visitor.wait(visitor.ask("/api/render", {"file": photo, "look": SMALL}).told["id"])
    assert task["results"] == {"result": "photo_small.png", "report": "report.json"}
    assert decoded(visitor.get(f"/api/tasks/{task['id']}/files/photo_small.png").body).shape == (96, 96, 3)


@pytest.mark.slow
def test_a_task_is_cancelled_at_once_and_leaves_nothing(visitor: Visitor, tmp_path: Path):
    file = visitor.put(make_clip(tmp_path / "long.mp4", frames=400, width=320, height=180, audio=())).told["id"]
    working, waiting = (visitor.ask("/api/render", {"file": file, "look": SMALL}).told["id"] for _ in range(2))
    assert visitor.task(waiting)["ahead"] >= 1
    assert visitor.remove(f"/api/files/{file}").status == 409
    until(lambda: visitor.task(working)["frames"] > 0)
    assert visitor.remove(f"/api/tasks/{waiting}").told["state"] == "cancelled"
    visitor.remove(f"/api/tasks/{working}")
    cancelled = visitor.wait(working)
    assert (cancelled["state"], cancelled["results"]) == ("cancelled", {})
    visitor.remove(f"/api/tasks/{working}")
    assert [task["id"] for task in visitor.get("/api/tasks").told] == [waiting]
    assert visitor.remove(f"/api/files/{file}").status == 204
    assert visitor.get(f"/api/files/{file}/frames/0").status == 404


@pytest.mark.slow
def test_a_render_is_measured(rendered: tuple[Visitor, str]):
    visitor, key = rendered
    task = visitor.wait(visitor.ask("/api/measure", {"task": key, "alone": True}).told["id"])
    assert task["state"] == "done", task["message"]
    answer = visitor.get(f"/api/tasks/{task['id']}/files/{task['results']['page']}")
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    page = answer.body.decode()
    assert "Flicker" in page
    assert "The worst" in page
    assert "vidstyle-studio-" not in page
    assert visitor.ask("/api/measure", {"task": task["id"]}).status == 422


def table(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(dict.fromkeys(key for row in rows for key in row)))
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.mark.slow
def test_a_list_is_planned_and_rendered(visitor: Visitor, clip: Path, tmp_path: Path):
    visitor.put(clip, "A001.mp4")
    rows = [
        {"shot": "010", "source": "/plates/A001.mp4", "in": "1", "out": "4"},
        {"shot": "020", "source": "A001", "in": "6", "out": "8"},
    ]
    file = visitor.put(table(tmp_path / "cut.csv", rows)).told["id"]
    wish = {"file": file, "look": SMALL, "handles": 1}
    plan = visitor.ask("/api/plan", wish).told
    assert [(shot["shot"], shot["frames"]) for shot in plan["shots"]] == [("010", 6), ("020", 5)]
    assert plan["problems"] == []
    task = visitor.wait(visitor.ask("/api/batch", wish).told["id"])
    assert task["state"] == "done", task["message"]
    assert {name: shot["state"] for name, shot in task["told"]["shots"].items()} == {"010": "done", "020": "done"}
    assert visitor.get(f"/api/tasks/{task['id']}/files/{task['told']['shots']['010']['file']}").status == 200
    assert b"010" in visitor.get(f"/api/tasks/{task['id']}/files/{task['results']['page']}").body


@pytest.mark.parametrize("row", [
    {"source": "/etc/passwd"}, {"source": "../../../etc/passwd"}, {"source": "file:///etc/hostname"},
    {"source": "A001.mp4", "mask": "/etc/passwd"}, {"source": "A001.mp4", "style": "/etc"},
    {"source": "A001.mp4", "motion.cache": "/tmp/x"}, {"source": "A001.mp4", "motion.vectors.files": "/etc/%d"},
    {"source": "A001.mp4", "decode.sequence.ocio_config": "/etc/passwd"}, {"source": "A001.mp4", "motion.weights": "x"},
])  # fmt: skip
def test_a_list_gets_at_nothing_that_was_not_uploaded(
    visitor: Visitor, clip: Path, tmp_path: Path, row: dict[str, str]
):
    visitor.put(clip, "A001.mp4")
    file = visitor.put(table(tmp_path / "cut.csv", [{"shot": "010", **row}])).told["id"]
    answer = visitor.ask("/api/plan", {"file": file, "look": SMALL})
    plan = answer.told
    assert answer.status == 200
    assert plan["shots"] == []
    assert "010" in plan["problems"][0]


def test_a_list_that_is_none_is_a_sentence(visitor: Visitor, tmp_path: Path):
    (tmp_path / "cut.json").write_text("{]")
    file = visitor.put(tmp_path / "cut.json").told["id"]
    answer = visitor.ask("/api/plan", {"file": file, "look": SMALL})
    assert (answer.status, "cut.json" in answer.told["error"]) == (422, True)


@pytest.mark.slow
def test_a_style_is_learned_and_used(visitor: Visitor, clip: Path, tmp_path: Path):
    looks = [visitor.put(picture(tmp_path / f"look{n}.png", n + 1), role="look").told["id"] for n in range(20)]
    shot = visitor.put(make_clip(tmp_path / "shot.mp4", frames=14, width=128, height=96)).told["id"]
    lesson = {"name": "my-look", "minutes": 0.05, "looks": looks, "content": [shot]}
    few = visitor.ask("/api/train", lesson | {"looks": looks[:5]})
    assert (few.status, "20 pictures" in few.told["error"]) == (422, True)
    assert visitor.ask("/api/train", lesson | {"name": "../x"}).status == 422
    assert visitor.ask("/api/train", lesson | {"name": "ink"}).status == 422
    assert visitor.ask("/api/train", lesson | {"minutes": 1e6}).status == 422
    task = visitor.wait(visitor.ask("/api/train", lesson).told["id"])
    assert task["state"] == "done", task["message"]
    assert task["told"]["steps"] >= 1
    assert visitor.get(f"/api/tasks/{task['id']}/files/{task['results']['sheet']}").status == 200
    assert visitor.get(f"/api/tasks/{task['id']}/files/{task['results']['style']}").body[:2] == b"PK"
    own = {style["name"] for style in visitor.get("/api/session").told["styles"] if style["own"]}
    assert own == {"my-look"}
    assert Visitor(visitor.address).ask("/api/preview", {"file": shot, "look": {"style": "my-look"}}).status == 404
    made = visitor.ask("/api/preview", {"file": shot, "look": {"style": "my-look"}})
    assert decoded(made.body).shape == (96, 128, 3)


def decoded(content: bytes) -> np.ndarray:
    image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None, content[:200]
    return image.astype(np.float32)


def packets(path: Path) -> list[bytes]:
    with av.open(path) as clip:
        return [bytes(packet) for packet in clip.demux(clip.streams.audio[0]) if packet.size]


def test_a_request_that_the_page_never_sends_is_refused(visitor: Visitor):
    assert visitor.call("POST", "/api/render", b"{" + b" " * 300_000, {"X-Vidstyle": "1"}).status == 413
    for body in (b"", b"[]", b"{", json.dumps({"file": "x", "more": 1}).encode()):
        assert visitor.call("POST", "/api/render", body, {"X-Vidstyle": "1"}).status == 422
