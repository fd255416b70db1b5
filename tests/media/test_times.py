"""Times: every frame keeps its own, whatever the container counts in; sound keeps its distance to the picture."""

from fractions import Fraction
from itertools import pairwise

import av
import pytest

from tests.clips import make_clip
from tests.media.evidence import audio_packets, copy_clip, video_times
from vidstyle.errors import TargetError
from vidstyle.frames import Span
from vidstyle.media import external
from vidstyle.verify import verify_clip

MS = Fraction(1, 1000)


@pytest.mark.parametrize("suffix", [".mkv", ".webm"])
def test_frames_within_one_millisecond_each_get_their_own(tmp_path, suffix):
    source = make_clip(
        tmp_path / "a.mp4", pts=(0, 1, 2, 3, 100, 9000), time_base=Fraction(1, 90000), frames=6, audio=()
    )
    _, writer, _ = copy_clip(source, tmp_path / f"b{suffix}")
    assert video_times(tmp_path / f"b{suffix}") == [0, MS, 2 * MS, 3 * MS, 4 * MS, 100 * MS]
    assert any("4 frames are shown a millisecond later" in warning for warning in writer.warnings)


def test_frames_faster_than_milliseconds_are_refused_with_what_can_hold_them(tmp_path):
    fast = {"pts": tuple(range(40)), "frames": 40, "time_base": Fraction(1, 10000), "audio": ()}
    source = make_clip(tmp_path / "a.mp4", **fast)
    with pytest.raises(TargetError, match=r"faster than the milliseconds.*\.mp4"):
        copy_clip(source, tmp_path / "b.mkv")
    assert not (tmp_path / "b.mkv").exists()
    copy_clip(source, tmp_path / "b.mp4")
    assert video_times(tmp_path / "b.mp4") == video_times(source)


@pytest.mark.parametrize("rate", [Fraction(24000, 1001), Fraction(30000, 1001), Fraction(60000, 1001)])
@pytest.mark.parametrize("suffix", [".mp4", ".mov"])
def test_rates_of_television_stay_exact(tmp_path, rate, suffix):
    source = make_clip(tmp_path / "a.mp4", rate=rate, time_base=1 / rate, options={"bf": "2"}, frames=25)
    copy_clip(source, tmp_path / f"b{suffix}")
    assert video_times(tmp_path / f"b{suffix}") == [n / rate for n in range(25)]


@pytest.mark.parametrize("offset", [Fraction(-1, 5), Fraction(1, 5), Fraction(3, 2)])
@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
def test_sound_keeps_its_distance_to_the_picture(tmp_path, offset, suffix):
    start = max(Fraction(0), -offset)
    source = make_clip(tmp_path / "a.mkv", audio=("libopus",), start=start, audio_start=start + offset, audio_seconds=1)
    if suffix == ".mov":
        source = make_clip(
            tmp_path / "a.mov", audio=("pcm_s16le",), start=start, audio_start=start + offset, audio_seconds=1
        )
    copy_clip(source, tmp_path / f"b{suffix}")
    assert distance(tmp_path / f"b{suffix}") == distance(source)


def distance(path):
    return audio_packets(path)[0][0][0] - video_times(path)[0]


def test_aac_of_a_transport_stream_loses_only_its_headers(tmp_path):
    source = make_clip(tmp_path / "a.ts", time_base=Fraction(1, 90000), frames=10)
    _, writer, _ = copy_clip(source, tmp_path / "b.mp4")
    assert any("lose their ADTS headers" in warning for warning in writer.warnings)
    before, after = sound(source), sound(tmp_path / "b.mp4")
    assert len(before) == len(after) > 10
    assert all(was[-len(now) :] == now and len(was) - len(now) == 7 for was, now in zip(before, after, strict=True))
    with av.open(str(tmp_path / "b.mp4")) as container:
        assert sum(frame.samples for frame in container.decode(audio=0)) >= 10 * 48000 // 25


def sound(path):
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(audio=0) if packet.size]


def test_of_a_span_compressed_sound_is_heard_from_its_first_frame_on(tmp_path):
    source = make_clip(tmp_path / "a.mp4", frames=50)
    copy_clip(source, tmp_path / "b.mp4", span=Span(10, 40))
    with av.open(str(tmp_path / "b.mp4")) as container:
        heard = list(container.decode(audio=0))
    first = heard[0].pts * heard[0].time_base
    last = heard[-1].pts * heard[-1].time_base + Fraction(heard[-1].samples, heard[-1].sample_rate)
    packet = Fraction(1024, 48000)
    assert -packet < first - video_times(tmp_path / "b.mp4")[0] <= Fraction(1, 1000)
    assert 0 <= last - (video_times(tmp_path / "b.mp4")[-1] + Fraction(1, 25)) < packet


@pytest.mark.parametrize(
    "name",
    [
        "fate_h264_empty_edit_5s.mp4", "fate_h264_mov-3elist.mp4", "fate_hevc_elst_ends_betn_b_and_i.mp4",
        "mediabunny_edts.mp4", "media3_sample_edit_list_only_preroll_sync_sample.mp4",
    ],
)  # fmt: skip
def test_edit_lists_of_real_files_leave_the_times_that_they_mean(tmp_path, real_clips, name):
    source = real_clips.parent / "torture" / name
    copy_clip(source, tmp_path / "b.mp4", span=Span(0, 12), speed="ultrafast")
    assert video_times(tmp_path / "b.mp4") == video_times(source, count=12)


@pytest.mark.parametrize("codec", ["libx264", "mpeg4"])
def test_b_frames_in_avi_which_says_no_times_are_timed_evenly(tmp_path, codec):
    clock = {"time_base": Fraction(1, 25), "options": {"bf": "2"}}
    source = make_clip(tmp_path / "a.avi", codec=codec, frames=24, audio=(), **clock)
    reader, _, _ = copy_clip(source, tmp_path / "b.mp4", encoder="x264")
    assert any("timed by their order" in warning for warning in reader.warnings)
    assert not any("repaired" in warning for warning in reader.warnings)
    times = video_times(tmp_path / "b.mp4")
    assert [later - earlier for earlier, later in pairwise(times)] == [Fraction(1, 25)] * 23
    for witness in ("pyav", "ffprobe") if external.present() else ("pyav",):
        failures = verify_clip(tmp_path / "b.mp4", source, witness=witness).failures
        assert not any(line.startswith(("times", "frames")) for line in failures)
