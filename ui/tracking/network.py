"""A network as browsers run it: for one sample at a time.

LiteRT.js takes tensors of a known shape alone, and shipped networks leave the size of a batch open. Weights and operators stay
the very same.
"""

from ai_edge_litert import schema_py_generated as schema

from kslr.core.errors import InputError


def for_one_sample(weights: bytes) -> bytes:
    """The same network, with every open size fixed to the one that the file is made with, which is 1 for a batch.

    Args:
        weights: ``.tflite`` bytes.

    Raises:
        InputError: a network that has more or fewer than one graph.

    >>> from kslr.core.cards import MODELS
    >>> weights = for_one_sample((MODELS / "segmenter.tflite").read_bytes())
    >>> all(tensor.shapeSignature is None for tensor in schema.ModelT.InitFromPackedBuf(weights).subgraphs[0].tensors)
    True
    """
    import flatbuffers

    model = schema.ModelT.InitFromPackedBuf(weights)
    if len(model.subgraphs or ()) != 1:
        raise InputError("Browsers run networks of one graph. Choose another emotion model.")
    for tensor in model.subgraphs[0].tensors:
        tensor.shapeSignature = None
    builder = flatbuffers.Builder(len(weights))
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())
