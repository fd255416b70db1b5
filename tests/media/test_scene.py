"""Light of the scene becomes what a style can see, and comes back."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from vidstyle.errors import ConfigError
from vidstyle.media.scene import SceneCoding
from vidstyle.media.sequences import SequenceConfig, parse_rate

PEAKS = (1.0, 1.5, 16.0, 65504.0)


def light(*values):
    return torch.tensor(values, dtype=torch.float32).reshape(1, 1, -1, 1).expand(1, 3, -1, 1)


def every_half():
    halves = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
    return (
        torch.from_numpy(np.sort(halves[np.isfinite(halves)]).astype(np.float32))
        .reshape(1, 1, -1, 1)
        .repeat(1, 3, 1, 1)
    )


@pytest.mark.parametrize("peak", PEAKS)
def test_every_half_float_comes_back_exactly(peak):
    scene, halves = SceneCoding(peak=peak), every_half()
    assert torch.equal(scene.to_scene(scene.to_display(halves)).half(), halves.half())


@pytest.mark.parametrize("peak", PEAKS)
def test_more_light_is_never_darker(peak):
    shown = SceneCoding(peak=peak).to_display(every_half())
    assert (shown.diff(dim=2) >= 0).all()


@pytest.mark.parametrize("peak", PEAKS)
def test_black_stays_black_and_the_peak_becomes_white(peak):
    shown = SceneCoding(peak=peak).to_display(light(0, peak))[0, 0, :, 0]
    assert shown.tolist() == pytest.approx([0, 1], abs=1e-6)


def test_up_to_white_it_is_srgb():
    given_light = (0.0, 0.001, 0.0031308, 0.18, 0.5, 1.0)
    expected = [12.92 * x if x <= 0.0031308 else 1.055 * x ** (1 / 2.4) - 0.055 for x in given_light]
    assert SceneCoding().to_display(light(*given_light))[0, 0, :, 0].tolist() == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("curve", "code", "expected"),
    [
        ("pq", 0.508078421517399, 100 / 203), ("pq", 0.751827096247041, 1000 / 203), ("pq", 1.0, 10_000 / 203),
        ("pq", 0.58068888, 1.0), ("hlg", 0.75, 1.0), ("hlg", 0.5, 1 / 12 / 0.264962560), ("hlg", 1.0, 3.774118),
    ],
)  # fmt: skip
def test_pq_and_hlg_are_those_of_bt2100(curve, code, expected):
    scene = SceneCoding(curve=curve)
    assert float(scene.to_scene(light(code))[0, 0, 0, 0]) == pytest.approx(expected, rel=1e-5)
    assert float(scene.to_display(light(expected))[0, 0, 0, 0]) == pytest.approx(code, rel=1e-5)


@pytest.mark.parametrize("curve", ["pq", "hlg"])
def test_every_code_of_pq_and_hlg_has_its_own_light_and_comes_back(curve):
    scene, codes = SceneCoding(curve=curve), torch.arange(-64, 960) / 876
    images = codes.reshape(1, 1, -1, 1).repeat(1, 3, 1, 1)
    shown = scene.to_scene(images)
    assert torch.isfinite(shown).all()
    assert (shown[0, 0, 65:, 0].diff() > 0).all()
    assert torch.allclose(scene.to_display(shown), images, atol=2e-6)


def test_below_black_it_is_mirrored():
    scene = SceneCoding()
    assert torch.equal(scene.to_display(light(-0.5, -2.0)), -scene.to_display(light(0.5, 2.0)))


@given(st.floats(1, 1000))
def test_the_curve_has_no_step_and_no_corner_at_its_knee(peak):
    knee = 1.0 if peak == 1 else 0.5
    step = 1e-3
    below, at, above = SceneCoding(peak=peak).to_display(light(knee - step, knee, knee + step))[0, 0, :, 0].tolist()
    assert above - at == pytest.approx(at - below, rel=0.05)


def test_a_higher_peak_leaves_room_for_highlights():
    assert SceneCoding(peak=16).to_display(light(4.0)).max() < 1 < SceneCoding().to_display(light(4.0)).max()


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("24", (24, 1)), ("25.0", (25, 1)), ("24000/1001", (24000, 1001)), ("23.976", (24000, 1001)),
        ("23.98", (24000, 1001)), ("29.97", (30000, 1001)), ("59.94", (60000, 1001)), ("47.952", (48000, 1001)),
        ("12.5", (25, 2)), ("2997/100", (2997, 100)), (23.976, (24000, 1001)), (24, (24, 1)),
    ],
)  # fmt: skip
def test_rates_are_exact(text, rate):
    found = parse_rate(text)
    assert (found.numerator, found.denominator) == rate


@pytest.mark.parametrize("text", ["", "0", "-24", "24/0", "fast", "1e3", "2000", "nan", "24fps"])
def test_what_is_no_rate_is_refused_by_name(text):
    with pytest.raises(ValueError, match="no frame rate"):
        parse_rate(text)
    with pytest.raises(ValueError, match="no frame rate"):
        SequenceConfig(fps=text)


CONFIG = """ocio_profile_version: 2
roles: {default: raw, scene_linear: lin, color_picking: shown}
file_rules: [!<Rule> {name: Default, colorspace: raw}]
displays: {d: [!<View> {name: v, colorspace: shown}]}
colorspaces:
  - !<ColorSpace> {name: raw, isdata: true}
  - !<ColorSpace> {name: lin}
  - !<ColorSpace>
    name: shown
    from_scene_reference: !<ExponentTransform> {value: [2, 2, 2, 1], direction: inverse}
"""


def test_a_configuration_of_opencolorio_leads_there_and_back(tmp_path):
    pytest.importorskip("PyOpenColorIO")
    (tmp_path / "config.ocio").write_text(CONFIG)
    scene = SceneCoding(config=tmp_path / "config.ocio")
    shown = scene.to_display(light(0.25, 0.64))
    assert shown[0, :, :, 0].flatten().tolist() == pytest.approx([0.5, 0.8] * 3, abs=1e-5)
    assert torch.allclose(scene.to_scene(shown), light(0.25, 0.64), atol=1e-6)


@pytest.mark.parametrize(
    ("text", "space", "told"),
    [(CONFIG, "ACEScg", "no colour space or role 'ACEScg'; it has raw, lin, shown"), ("nonsense", "lin", "can't use")],
)
def test_a_configuration_that_does_not_serve_is_refused(tmp_path, text, space, told):
    pytest.importorskip("PyOpenColorIO")
    (tmp_path / "config.ocio").write_text(text)
    with pytest.raises(ConfigError, match=told) as caught:
        SceneCoding(config=tmp_path / "config.ocio", space=space).to_display(light(0.5))
    assert "\n" not in str(caught.value)
