"""Sound that a container can't hold gets another codec, and every sample keeps its time; or it is refused, or left."""

from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import av
import numpy as np
import pytest

from tests.clips import make_clip
from tests.media.evidence import audio_packets, copy_clip, video_times
from vidstyle.cli import run
from vidstyle.errors import ClipReadError, TargetError
from vidstyle.frames import Span
from vidstyle.media import probe
from vidstyle.media.outcome import Outcome

RATE = 48_000
FRAME = RATE // 25


def with_noise(path: Path, codec: str, *, rate: int = RATE, layout: str = "stereo", start: Fraction = Fraction(0),
               without: tuple[int, ...] = (), frames: int = 40) -> Path:  # fmt: skip
    """A clip whose sound is noise of few high tones, another in each channel; `without` are pieces of 1000 samples."""
    plain = make_clip(path.with_name("plain.mp4"), frames=frames, width=64, height=48, audio=())
    count, random = frames * rate // 25, np.random.default_rng(3)
    with av.open(str(plain)) as reading, av.open(str(path), "w") as writing:
        picture = writing.add_stream_from_template(reading.streams.video[0])
        track = writing.add_stream(codec, rate=rate, layout=layout)
        track.metadata["language"] = "fra"
        noise = random.standard_normal((track.layout.nb_channels, count + 63))
        soft = np.stack([np.convolve(row, np.hanning(64), "valid") for row in noise])
        soft = (0.2 * soft / soft.std()).clip(-0.95, 0.95).astype(np.float32)
        packets = [packet for packet in reading.demux() if packet.size]
        for packet in packets:
            packet.stream = picture
        for number, first in enumerate(range(0, count, 1000)):
            if number in without:
                continue
            part = np.ascontiguousarray(soft[:, first : min(first + 1000, count)])
            frame = av.AudioFrame.from_ndarray(part, "fltp", layout)
            frame.rate, frame.time_base, frame.pts = rate, Fraction(1, rate), first + round(start * rate)
            packets += track.encode(frame)
        for packet in sorted([*packets, *track.encode(None)], key=lambda each: each.dts * each.time_base):
            writing.mux(packet)
    return path


class Heard(NamedTuple):
    """Samples at 48 kHz, (channels, n), from one second before the first picture on."""

    samples: Any
    layout: str


def heard(path: Path, *, later: int = 0) -> Heard:
    with av.open(str(path)) as container:
        frames = list(container.decode(audio=0))
        layout = container.streams.audio[0].layout.name
    begin = frames[0].pts * frames[0].time_base - video_times(path, 1)[0]
    resampler = av.AudioResampler("fltp", None, RATE)
    parts = [each.to_ndarray() for frame in [*frames, None] for each in resampler.resample(frame)]
    samples = np.concatenate(parts, axis=1)
    found = np.zeros((len(samples), 6 * RATE), np.float32)
    first = RATE + round(begin * RATE) + later
    found[:, first : first + samples.shape[1]] = samples
    return Heard(found, layout)


def likeness(one: Any, other: Any) -> tuple[int, float]:
    """By how many samples `other` lies later, and how alike they are where both are."""
    spectrum = np.fft.rfft(one).conj() * np.fft.rfft(other)
    lag = int(np.argmax(np.fft.irfft(spectrum, len(one))))
    inside = (one != 0) & (np.roll(other, -lag) != 0)
    return (lag + len(one) // 2) % len(one) - len(one) // 2, float(np.corrcoef(one[inside], other[inside])[0, 1])


CASES = [
    ("pcm_s16le", ".mkv", ".mp4", "aac", {}),
    ("pcm_s16le", ".mkv", ".mp4", "aac", {"rate": 44100, "start": Fraction(1, 4)}),
    ("pcm_s16le", ".mkv", ".mp4", "aac", {"start": Fraction(-1, 10)}),
    ("pcm_s24le", ".mkv", ".mp4", "aac", {"layout": "5.1"}),
    ("libopus", ".mkv", ".mov", "aac", {}),
    ("aac", ".mp4", ".webm", "opus", {"start": Fraction(1, 3)}),
    ("libmp3lame", ".mkv", ".webm", "opus", {"rate": 44100}),
    ("ac3", ".mp4", ".webm", "opus", {"layout": "5.1(side)"}),
]


@pytest.mark.parametrize(("codec", "suffix", "to", "became", "sound"), CASES)
@pytest.mark.parametrize("span", [Span(), Span(9, 31)], ids=str)
def test_what_is_converted_is_heard_when_it_was_before(tmp_path, codec, suffix, to, became, sound, span):
    source, target = with_noise(tmp_path / f"a{suffix}", codec, **sound), tmp_path / f"b{to}"
    _, writer, tally = copy_clip(source, target, span=span)
    assert any(f"is converted to {codec_of(became)}" in warning for warning in writer.warnings)
    assert tally.packets == {}
    before, after = heard(source), heard(target, later=span.start * FRAME)
    if span.stop is not None:
        outside = np.abs(after.samples[0][RATE + span.stop * FRAME + 2048 :]).max()
        assert outside < 0.01
    if span.start:
        before.samples[:, : RATE + span.start * FRAME] = 0
    assert len(before.samples) == len(after.samples)
    assert after.layout == {"5.1(side)": "5.1"}.get(sound.get("layout", ""), sound.get("layout", "stereo"))
    for channel in range(len(before.samples)):
        if sound.get("layout", "").startswith("5.1") and channel == 3:
            continue  # the low tones alone
        lag, alike = likeness(before.samples[channel], after.samples[channel])
        assert lag == 0
        assert alike > 0.9
    (track,) = probe(target).audio
    assert (track.codec, track.metadata["language"]) == (became, "fra")


def codec_of(name: str) -> str:
    return {"opus": "libopus"}.get(name, name)


@pytest.mark.parametrize(
    ("codec", "suffix", "to", "became"),
    [
        ("flac", ".mkv", ".mov", "pcm_s16le"),
        ("pcm_f64be", ".mov", ".mkv", "pcm_f64le"),
        ("pcm_s8", ".mov", ".mkv", "flac"),
    ],
)
@pytest.mark.parametrize("span", [Span(), Span(7, 15)], ids=str)
def test_what_is_lossless_stays_so_where_the_container_can_hold_it(tmp_path, codec, suffix, to, became, span):
    source = with_noise(tmp_path / f"a{suffix}", codec, frames=20)
    copy_clip(source, tmp_path / f"b{to}", span=span)
    assert probe(tmp_path / f"b{to}").audio[0].codec == became
    stop = span.stop or 20
    wanted = heard(source).samples[:, RATE + span.start * FRAME : RATE + stop * FRAME]
    found = heard(tmp_path / f"b{to}").samples[:, RATE:]
    assert (found[:, : wanted.shape[1]] == wanted).all()
    assert not found[:, wanted.shape[1] :].any()


def test_deep_flac_keeps_its_24_bits(tmp_path):
    source = tmp_path / "a.mkv"
    clip = with_noise(tmp_path / "deep.mov", "pcm_s24le", frames=8)
    with av.open(str(clip)) as reading, av.open(str(source), "w") as writing:
        picture = writing.add_stream_from_template(reading.streams.video[0])
        track = writing.add_stream("flac", rate=RATE, layout="stereo", format="s32")
        for packet in reading.demux():
            if packet.stream.type == "video" and packet.size:
                packet.stream = picture
                writing.mux(packet)
            for frame in packet.decode() if packet.stream.type == "audio" else ():
                writing.mux(track.encode(frame))
        writing.mux(track.encode(None))
    copy_clip(source, tmp_path / "b.mov")
    assert probe(tmp_path / "b.mov").audio[0].codec == "pcm_s24le"
    assert (heard(tmp_path / "b.mov").samples == heard(clip).samples).all()


def test_a_gap_becomes_silence_so_that_what_follows_is_in_time(tmp_path):
    source = with_noise(tmp_path / "a.mkv", "pcm_s16le", without=(20, 21, 22, 23))
    _, writer, _ = copy_clip(source, tmp_path / "b.mp4")
    assert any("silence fills 1 gap in its time" in warning for warning in writer.warnings)
    after = heard(tmp_path / "b.mp4").samples[0]
    assert np.abs(after[RATE + 21_500 : RATE + 22_500]).max() < 0.01
    assert abs(likeness(heard_with_gap(source), after)[0]) <= RATE // 2000  # Matroska's times are rounded


def heard_with_gap(path: Path) -> Any:
    found = np.zeros(6 * RATE, np.float32)
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            place = RATE + round(frame.pts * frame.time_base * RATE)
            found[place : place + frame.samples] = frame.to_ndarray()[0, ::2] / 32768
    return found


def test_tracks_that_fit_are_copied_beside_one_that_does_not(tmp_path):
    source = make_clip(tmp_path / "a.mkv", frames=10, audio=("aac", "pcm_s16le", "aac"), audio_languages=("eng", "deu"))
    reader, _, tally = copy_clip(source, tmp_path / "b.mp4")
    before, after = audio_packets(source), audio_packets(tmp_path / "b.mp4")
    assert [[digest for _, digest in before[n]] for n in (0, 2)] == [[d for _, d in after[n]] for n in (0, 2)]
    assert tally.packets == {1: len(before[0]), 3: len(before[2])}
    streams = Outcome.of(reader.info, tmp_path / "b.mp4", tally.packets).streams
    assert [(each.outcome, each.became) for each in streams[1:]] == [
        ("copied", "aac"), ("converted", "aac"), ("copied", "aac"),
    ]  # fmt: skip
    assert [track.metadata["language"] for track in probe(tmp_path / "b.mp4").audio] == ["eng", "deu", "und"]


def test_packets_that_cannot_be_decoded_cost_only_themselves(tmp_path):
    source = with_noise(tmp_path / "a.mp4", "aac")
    broken = bytearray(source.read_bytes())
    with av.open(str(source)) as container:
        packets = [packet for packet in container.demux(audio=0) if packet.size]
    for packet in packets[20:24]:
        broken[packet.pos : packet.pos + packet.size] = bytes([0xFF]) * packet.size
    source.write_bytes(broken)
    _, writer, _ = copy_clip(source, tmp_path / "b.webm")
    assert any("that could not be decoded" in warning for warning in writer.warnings)
    whole = heard(with_noise(tmp_path / "c.mp4", "aac")).samples[0]
    assert likeness(whole, heard(tmp_path / "b.webm").samples[0])[0] == 0


def test_copy_refuses_and_drop_leaves_out(tmp_path):
    source = make_clip(tmp_path / "a.mkv", frames=4, audio=("pcm_s16le", "aac"))
    with pytest.raises(TargetError, match=r"\.mov or \.mkv file instead, or pass --audio auto to convert it"):
        copy_clip(source, tmp_path / "b.mp4", audio="copy")
    _, writer, tally = copy_clip(source, tmp_path / "b.mp4", audio="drop")
    assert [warning for warning in writer.warnings if "is left out, as asked" in warning] == [
        "audio #1 (pcm_s16le) is left out, as asked", "audio #2 (aac) is left out, as asked",
    ]  # fmt: skip
    assert (probe(tmp_path / "b.mp4").audio, tally.packets) == ((), {})


def test_the_command_takes_the_way_of_the_sound(tmp_path, capsys):
    source = make_clip(tmp_path / "a.mkv", frames=4, audio=("pcm_s16le",))
    job = ["stylize", str(source), "--strength", "0", "-o"]
    assert run([*job, str(tmp_path / "b.mp4"), "--audio", "copy"]) == 73
    assert run([*job, str(tmp_path / "b.mp4")]) == 0
    assert "is converted to aac" in capsys.readouterr().err
    assert run([*job, str(tmp_path / "c.mp4"), "--audio", "loud"]) == 78


def test_sound_that_nobody_can_tell_is_the_fault_of_the_source(tmp_path):
    source = make_clip(tmp_path / "a.mkv", frames=4, audio=("pcm_s16le",))
    source.write_bytes(source.read_bytes().replace(b"A_PCM/INT/LIT", b"A_XYZ/INT/LIT"))
    for suffix in (".mp4", ".mov"):
        with pytest.raises(ClipReadError, match="--audio drop"):
            copy_clip(source, tmp_path / f"b{suffix}")
    copy_clip(source, tmp_path / "b.mp4", audio="drop")
    assert len(video_times(tmp_path / "b.mp4")) == 4
