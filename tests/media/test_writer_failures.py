"""What fails leaves nothing behind: no file under the final name, no partial file, no thread."""

import subprocess
import sys
import threading
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.clips import make_clip
from tests.media.evidence import audio_packets, copy_clip, planes
from vidstyle.errors import ClipWriteError, VidstyleError
from vidstyle.frames import FrameBatch
from vidstyle.media import ClipReader, ClipWriter, EncodeConfig
from vidstyle.media.manifest import own_suffix


@pytest.fixture
def source(tmp_path):
    return make_clip(tmp_path / "source.mp4", frames=6)


class BrokenError(Exception):
    pass


@pytest.mark.parametrize("after", [0, 1, 4])
@pytest.mark.parametrize("error", [BrokenError, KeyboardInterrupt])
def test_an_error_of_the_frames_arrives_with_its_type_and_leaves_nothing(tmp_path, after, error):
    source = make_clip(tmp_path / "a.mp4", frames=40)

    def broken(batches):
        for number, batch in enumerate(batches):
            if number == after:
                raise error
            yield batch

    with pytest.raises(error), ClipReader(source) as reader, ClipWriter(tmp_path / "b.mp4", like=reader.info) as writer:
        writer.write(broken(reader.frames()), reader.packets())
    assert list(tmp_path.iterdir()) == [source]
    assert not encoder_threads()


def encoder_threads():
    return [thread for thread in threading.enumerate() if thread.name == "vidstyle-encode"]


def test_a_writer_that_never_wrote_leaves_nothing(tmp_path, source):
    with ClipReader(source) as reader, ClipWriter(tmp_path / "b.mp4", like=reader.info):
        pass
    assert list(tmp_path.iterdir()) == [source]


def test_an_error_after_writing_leaves_nothing(tmp_path, source):
    def write_then_fail():
        with ClipReader(source) as reader, ClipWriter(tmp_path / "b.mp4", like=reader.info) as writer:
            writer.write(reader.frames(), reader.packets())
            raise BrokenError

    with pytest.raises(BrokenError):
        write_then_fail()
    assert list(tmp_path.iterdir()) == [source]


def test_until_the_end_only_the_hidden_partial_file_is_there(tmp_path, source):
    seen = []

    def watched(batches):
        for batch in batches:
            seen.extend(path.name for path in tmp_path.iterdir() if path != source)
            yield batch

    with ClipReader(source) as reader, ClipWriter(tmp_path / "b.mp4", like=reader.info) as writer:
        writer.write(watched(reader.frames()), reader.packets())
        assert not (tmp_path / "b.mp4").exists()
    assert set(seen) == {f".b.mp4{own_suffix()}"}
    assert sorted(tmp_path.iterdir()) == [tmp_path / "b.mp4", source]


def test_an_error_of_the_encoder_thread_reaches_the_caller(tmp_path, source):
    with ClipReader(source) as reader, ClipWriter(tmp_path / "b.mp4", like=reader.info) as writer:
        batches = list(reader.frames())
        with pytest.raises(VidstyleError, match="do not increase"):
            writer.write([*batches, *batches])
    assert list(tmp_path.iterdir()) == [source]
    assert not encoder_threads()


def test_frames_of_another_size_or_clock_are_refused(tmp_path, source):
    with ClipReader(source) as reader:
        batch, info = next(reader.frames()), reader.info
    small = FrameBatch(batch.images[..., :32, :32], batch.pts, batch.time_base)
    slow = FrameBatch(batch.images, batch.pts, Fraction(1, 7))
    for wrong in (small, slow):
        with ClipWriter(tmp_path / "b.mp4", like=info) as writer, pytest.raises(VidstyleError, match="but the clip"):
            writer.write([wrong])
    assert list(tmp_path.iterdir()) == [source]


def test_no_frames_are_refused(tmp_path, source):
    with (
        ClipReader(source) as reader,
        ClipWriter(tmp_path / "b.mp4", like=reader.info) as writer,
        pytest.raises(VidstyleError, match="no frame"),
    ):
        writer.write([])
    assert list(tmp_path.iterdir()) == [source]


def test_sound_whose_time_goes_back_costs_its_packets_and_not_the_render(tmp_path):
    settings = {"codec": "mpeg2video", "audio": ("mp2",), "time_base": Fraction(1, 25), "frames": 8}
    whole = make_clip(tmp_path / "a.ts", **settings).read_bytes()
    (tmp_path / "twice.ts").write_bytes(whole * 2)
    for suffix in ("mkv", "mp4"):
        _, writer, tally = copy_clip(tmp_path / "twice.ts", tmp_path / f"b.{suffix}")
        assert any("packets without a time, or with one that goes back" in warning for warning in writer.warnings)
        (copied,) = tally.packets.values()
        (track,) = audio_packets(tmp_path / f"b.{suffix}")
        assert copied == len(track) > 0


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from tests.media.evidence import copy_clip
from vidstyle.errors import ClipWriteError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))
try:
    copy_clip(Path(sys.argv[1]), Path(sys.argv[2]), encoder="ffv1")
except ClipWriteError as error:
    print(error)
    sys.exit(error.exit_code)
"""


def test_a_full_disk_is_a_write_error_and_leaves_nothing(tmp_path):
    source = make_clip(tmp_path / "a.mkv", codec="ffv1", frames=40, width=192, height=128, audio=("libopus",))
    root = Path(__file__).parents[2]
    ended = subprocess.run(
        [sys.executable, "-c", FULL_DISK, source, tmp_path / "b.mkv"],
        check=False,
        cwd=root,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ended.returncode == ClipWriteError.exit_code, ended.stderr
    assert "b.mkv" in ended.stdout
    assert list(tmp_path.iterdir()) == [source]


def test_unclamped_pictures_are_clamped_only_at_the_end(tmp_path):
    source = make_clip(tmp_path / "a.mkv", codec="ffv1", pix_fmt="gray", frames=1, audio=())
    with ClipReader(source) as reader:
        batch = next(reader.frames())
    wild = torch.full_like(batch.images, 3.0)
    wild[..., :32, :] = -3.0
    with ClipWriter(tmp_path / "b.mkv", like=reader.info, config=EncodeConfig(encoder="ffv1")) as writer:
        writer.write([FrameBatch(wild, batch.pts, batch.time_base)])
    ((plane,),) = planes(tmp_path / "b.mkv")
    assert np.unique(plane[:32]).tolist() == [0]
    assert np.unique(plane[32:]).tolist() == [255]
