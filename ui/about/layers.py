"""What a LiteRT model is made of, read from the model itself: its layers with weights, in their order."""

from dataclasses import dataclass
from itertools import groupby

from kslr.core.errors import InputError

# What a reader knows the operations as; all others only move values about or scale them.
KINDS = {
    "CONV_2D": "convolution",
    "DEPTHWISE_CONV_2D": "convolution",
    "FULLY_CONNECTED": "dense",
    "MAX_POOL_2D": "pooling",
    "AVERAGE_POOL_2D": "pooling",
    "BATCH_MATMUL": "attention",
    "UNIDIRECTIONAL_SEQUENCE_LSTM": "recurrent",
}


@dataclass(frozen=True)
class Layer:
    """One layer, or several alike in a row.

    Attributes:
        kind: ``input``, one of the values of `KINDS`, or ``output``.
        shape: of what comes out for one sample, axes of length 1 left out.
        count: how many in a row.
    """

    kind: str
    shape: tuple[int, ...]
    count: int = 1


def layers(weights: bytes) -> tuple[Layer, ...]:
    """The layers of a ``.tflite`` model.

    Raises:
        InputError: the bytes are no LiteRT model.

    >>> from kslr.core.cards import read_card
    >>> found = layers(read_card("emotion")[1])
    >>> found[0], found[-1]
    (Layer(kind='input', shape=(48, 48), count=1), Layer(kind='output', shape=(14,), count=1))
    """
    from ai_edge_litert.interpreter import Interpreter

    try:
        model = Interpreter(model_content=weights, num_threads=1)
    except (ValueError, RuntimeError) as error:
        raise InputError("The weights are damaged or not a LiteRT model. Install or train again.") from error
    shapes = {one["index"]: tuple(int(n) for n in one["shape"] if n > 1) for one in model.get_tensor_details()}
    found = [
        (KINDS[op["op_name"]], shapes.get(int(op["outputs"][0]), ())) for op in model._get_ops_details() if op["op_name"] in KINDS
    ]
    runs = [Layer(kind, shape, len(list(run))) for (kind, shape), run in groupby(found)]
    ends = (model.get_input_details()[0], model.get_output_details()[0])
    first, last = (Layer(kind, shapes[end["index"]]) for kind, end in zip(("input", "output"), ends, strict=True))
    return (first, *runs, last)
