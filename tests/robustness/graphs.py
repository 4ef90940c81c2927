"""Changes of a LiteRT network in what its graph says, packed into a well-formed file again."""

import random
from typing import Any

import numpy as np

WRONG = (0, -1, 1, 2, 7, 2**31 - 1, -(2**31), 1 << 20, 65536, -128)


def changed_graph(weights: bytes, rng: random.Random) -> bytes:
    """One or two changes of shapes, kinds, inputs, outputs, options, operators, buffers or small constants."""
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    for _ in range(20):
        model = schema.ModelT.InitFromPackedBuf(bytearray(weights), 0)
        for _ in range(rng.choice((1, 1, 1, 2))):
            _change(model, rng)
        builder = flatbuffers.Builder(len(weights))
        try:
            builder.Finish(model.Pack(builder), b"TFL3")
        except (TypeError, ValueError, OverflowError, flatbuffers.builder.BuilderSizeError):
            continue  # cannot be written down
        return bytes(builder.Output())
    return weights[:-1]


def _change(model: Any, rng: random.Random) -> None:
    graph = model.subgraphs[0]
    tensor, operator = rng.choice(graph.tensors), rng.choice(graph.operators)
    anywhere = (*WRONG, *range(len(graph.tensors)))
    match rng.choice(("shape", "kind", "inputs", "outputs", "option", "operator", "operator", "buffer", "ends", "constant")):
        case "shape" if tensor.shape is not None and len(tensor.shape):
            shape = [int(n) for n in tensor.shape]
            shape[rng.randrange(len(shape))] = rng.choice(WRONG)
            tensor.shape = shape[:-1] if rng.random() < 0.2 else shape
            if rng.random() < 0.5:
                tensor.shapeSignature = tensor.shape
        case "kind":
            tensor.type = rng.randrange(20)
        case "inputs" if operator.inputs is not None and len(operator.inputs):
            inputs = [int(n) for n in operator.inputs]
            inputs[rng.randrange(len(inputs))] = rng.choice(anywhere)
            operator.inputs = inputs[:-1] if rng.random() < 0.3 else inputs
        case "outputs":
            operator.outputs = [rng.choice(anywhere)]
        case "option" if operator.builtinOptions is not None:
            names = [name for name, value in vars(operator.builtinOptions).items() if isinstance(value, int | float)]
            if names:
                name = rng.choice(names)
                wide = any(part in name.lower() for part in ("stride", "factor", "filter"))
                setattr(operator.builtinOptions, name, rng.choice(WRONG if wide else (0, 1, 2, 3)))
        case "operator":
            operator.opcodeIndex = rng.randrange(len(model.operatorCodes))
        case "buffer":
            tensor.buffer = rng.randrange(len(model.buffers))
        case "ends":
            rng.choice((graph.inputs, graph.outputs))[0] = rng.randrange(len(graph.tensors))
        case _:
            small = [one for one in model.buffers if one.data is not None and 0 < len(one.data) <= 256]
            if small:
                one = rng.choice(small)
                values = np.array(one.data, np.uint8)
                place = rng.randrange(0, len(values), 4)
                values[place : place + 4] = np.frombuffer(np.int32(rng.choice(WRONG)).tobytes(), np.uint8)[: len(values) - place]
                one.data = values[: rng.randrange(len(values))] if rng.random() < 0.3 else values
