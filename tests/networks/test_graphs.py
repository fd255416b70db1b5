import pytest
import torch

from vidstyle.errors import StyleError
from vidstyle.networks import GeneratorSpec, StyleCard, load_style
from vidstyle.networks.checkpoints.archives import CARD_KEY
from vidstyle.networks.checkpoints.importing import import_style

onnx = pytest.importorskip("onnx", reason="onnx is absent: pip install 'vidstyle[onnx]'")
pytest.importorskip("onnxruntime", reason="onnxruntime is absent: pip install 'vidstyle[onnx]'")
from onnx import TensorProto, helper  # noqa: E402

from vidstyle.networks.checkpoints.graphs import describe_graph, load_graph  # noqa: E402


def save(path, nodes, *, shape, made=None, weights=(), domains=()):
    """Write a graph from `x` to `y`."""
    sides = helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)
    ends = helper.make_tensor_value_info("y", TensorProto.FLOAT, made or shape)
    graph = helper.make_graph(nodes, "g", [sides], [ends], initializer=list(weights))
    opsets = [helper.make_opsetid(domain, version) for domain, version in (("", 17), *((each, 1) for each in domains))]
    path.write_bytes(helper.make_model(graph, opset_imports=opsets, ir_version=8).SerializeToString())
    return path


def numbers(name, *values):
    return helper.make_tensor(name, TensorProto.FLOAT, [len(values)] if len(values) > 1 else [], values)


@pytest.fixture
def brighter(tmp_path):
    """An AnimeGANv3-like graph: NHWC, tanh at the end."""
    nodes = [helper.make_node("Mul", ["x", "k"], ["z"]), helper.make_node("Tanh", ["z"], ["y"])]
    return save(tmp_path / "bright.onnx", nodes, shape=[1, "h", "w", 3], weights=[numbers("k", 1.5)])


def test_a_graph_nobody_knows_becomes_a_style(brighter, tmp_path):
    made = import_style(brighter, models=tmp_path / "models")
    style = load_style(made.folder)
    assert (style.card.generator.name, style.card.value_range, made.warnings) == ("onnx", "-1..1", ())
    assert style.card.generator.options["axes"] == "nhwc"
    x = torch.rand(2, 3, 9, 14)
    expected = (torch.tanh(1.5 * (2 * x - 1)) + 1) / 2
    assert torch.allclose(style.paint(x), expected, atol=1e-5)


def test_a_graph_whose_weights_others_have_renamed_keeps_to_the_card_inside(brighter, tmp_path):
    spec = GeneratorSpec(name="resnet", options={"width": 4})
    card = StyleCard(
        name="a", title="", description="", generator=spec, sha256="0" * 64, licence="MIT", channel_order="bgr"
    )
    model = onnx.load(brighter)
    model.metadata_props.add(key=CARD_KEY, value=card.model_dump_json())
    brighter.write_bytes(model.SerializeToString())
    made = import_style(brighter, models=tmp_path / "models").card
    assert (made.generator.name, made.channel_order, made.value_range) == ("onnx", "bgr", "-1..1")


def test_what_sides_must_be_multiples_of_is_found_by_trying_quietly(tmp_path, capfd):
    nodes = [
        helper.make_node("AveragePool", ["x"], ["s"], kernel_shape=[8, 8], strides=[8, 8]),
        helper.make_node("Resize", ["s", "", "scales"], ["r"], mode="nearest"),
        helper.make_node("Clip", ["r", "low", "high"], ["y"]),
    ]
    weights = [numbers("scales", 1, 1, 8, 8), numbers("low", 0), numbers("high", 255)]
    path = save(tmp_path / "pool.onnx", nodes, shape=[1, 3, "h", "w"], made=[1, 3, "h2", "w2"], weights=weights)
    card = import_style(path, models=tmp_path / "models").card
    assert card.generator.options["multiple"] == 8
    assert capfd.readouterr().err == ""
    assert card.value_range == "0..255"
    x = torch.rand(1, 3, 13, 21)
    assert load_style(tmp_path / "models" / "pool").paint(x).shape == x.shape


@pytest.mark.parametrize(("end", "values"), [("Tanh", "-1..1"), ("Sigmoid", "0..1"), ("Relu", None)])
def test_the_value_range_is_read_from_the_graphs_end(tmp_path, end, values):
    nodes = [helper.make_node(end, ["x"], ["z"]), helper.make_node("Identity", ["z"], ["y"])]
    path = save(tmp_path / "a.onnx", nodes, shape=["n", 3, "h", "w"])
    assert describe_graph(path).value_range == values
    if values is None:
        with pytest.raises(StyleError, match="say --range"):
            import_style(path, models=tmp_path / "models")
        assert import_style(path, models=tmp_path / "models", value_range="0..1").card.value_range == "0..1"


@pytest.mark.parametrize(
    ("shape", "made", "message"),
    [
        ([1, 3, 256, 256], None, "pictures of 256x256 only"),
        (["n", 10], None, "expected a picture each"),
        ([1, 3, "h", "w"], [1, 1000], "expected a picture each"),
    ],
)
def test_graphs_that_are_not_picture_to_picture_are_refused(tmp_path, shape, made, message):
    path = save(tmp_path / "a.onnx", [helper.make_node("Tanh", ["x"], ["y"])], shape=shape, made=made)
    with pytest.raises(StyleError, match=message):
        describe_graph(path)


def test_operators_of_others_and_weights_elsewhere_are_refused(tmp_path):
    node = helper.make_node("Steal", ["x"], ["y"], domain="evil.example")
    path = save(tmp_path / "a.onnx", [node], shape=[1, 3, "h", "w"], domains=["evil.example"])
    with pytest.raises(StyleError, match=r"operators of evil\.example"):
        load_graph(path)
    outside = numbers("k", 1.0, 2.0)
    outside.ClearField("float_data")
    outside.data_location = TensorProto.EXTERNAL
    outside.external_data.add(key="location", value="../../etc/passwd")
    product = helper.make_node("Mul", ["x", "k"], ["y"])
    constant = helper.make_node("Constant", [], ["k"], value=outside)
    for nodes, weights in (([product], [outside]), ([constant, product], [])):
        path = save(tmp_path / "b.onnx", nodes, shape=[1, 3, "h", 2], weights=weights)
        with pytest.raises(StyleError, match="other files, which are not followed"):
            load_graph(path)


@pytest.mark.parametrize("content", [b"", b"not a graph at all, only text", b"\x08\x08\x3a\xff"])
def test_what_is_no_graph_is_refused(tmp_path, content):
    (tmp_path / "a.onnx").write_bytes(content)
    with pytest.raises(StyleError):
        import_style(tmp_path / "a.onnx", models=tmp_path / "models")
