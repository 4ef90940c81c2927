"""`sign_encoder` in plain PyTorch: the same numbers from the same weights, several times as fast to train on a CPU.

PyTorch is imported inside functions: nothing needs it but the training steps that use this.
"""

import inspect
from typing import TYPE_CHECKING, Any

from kslr.training.networks.encoder import INDEX_TIP, PALMS_A_SHOULDER
from kslr.training.networks.sign_encoder import (
    BODY,
    FASTER,
    FINGER_ROOTS,
    FROM,
    LEFT,
    NOSE,
    RIGHT,
    SHOULDERS,
    TO,
    sign_encoder,
)

if TYPE_CHECKING:
    import keras
    import torch

EPSILON = 1e-3  # of Keras' normalisation layers
MOMENTUM = 0.05  # of the statistics of batch normalisation: one minus Keras'


def torch_features(points: "torch.Tensor") -> "torch.Tensor":
    """(n, frames, 51, 3) points, absent zeros → (n, frames, 295), as `signer_features` does."""
    import torch

    def seen_in(part: "torch.Tensor") -> "torch.Tensor":
        return (part[..., :2].abs().amax((2, 3), keepdim=True) > 1e-6).float()

    def length(vector: "torch.Tensor") -> "torch.Tensor":
        return (vector.square().sum(-1, keepdim=True) + 1e-9).sqrt()

    def over_time(x: "torch.Tensor", weight: "torch.Tensor") -> "torch.Tensor":
        return (x * weight).sum(1, keepdim=True) / weight.sum(1, keepdim=True).clamp_min(1e-6)

    def motion(x: "torch.Tensor", seen: "torch.Tensor") -> "torch.Tensor":
        change = (x[:, 1:] - x[:, :-1]) * (seen[:, 1:] * seen[:, :-1])
        return torch.cat([torch.zeros_like(change[:, :1]), change], 1)

    def flat(x: "torch.Tensor") -> "torch.Tensor":
        return x.clamp(-5, 5).flatten(2)

    body, hands = points[:, :, BODY], [points[:, :, LEFT], points[:, :, RIGHT]]
    body_seen, seen = seen_in(body), [seen_in(hand) for hand in hands]
    left, right = (body[:, :, row : row + 1] for row in SHOULDERS)
    roots = [[hand[:, :, r : r + 1] - hand[:, :, :1] for r in FINGER_ROOTS] for hand in hands]
    palms = [torch.stack([length(root[..., :2]) for root in own]).mean(0) for own in roots]
    count = seen[0].sum(1, keepdim=True) + seen[1].sum(1, keepdim=True)
    palm = ((palms[0] * seen[0]).sum(1, keepdim=True) + (palms[1] * seen[1]).sum(1, keepdim=True)) / count.clamp_min(1e-6)
    anybody = (body_seen.amax(1, keepdim=True) > 0.5).float()
    width = over_time(length((left - right)[..., :2]), body_seen)
    scale = (anybody * width + (1 - anybody) * PALMS_A_SHOULDER * palm).clamp_min(0.02)
    palm = palm.clamp_min(0.005)
    wrists = (hands[0][:, :, :1] * seen[0]).sum(1, keepdim=True) + (hands[1][:, :, :1] * seen[1]).sum(1, keepdim=True)
    wrists = wrists / count.clamp_min(1e-6)
    centre = (anybody * over_time((left + right) / 2, body_seen) + (1 - anybody) * wrists)[..., :2]
    on_body = (body[..., :2] - centre) / scale * body_seen
    out, places = [flat(on_body), flat(motion(on_body, body_seen) * FASTER)], []
    for hand, s, own in zip(hands, seen, roots, strict=True):
        shape = (hand - hand[:, :, :1]) / palm * s
        size = torch.stack([length(root) for root in own]).mean(0).clamp_min(0.005)
        distances = length(hand[:, :, FROM] - hand[:, :, TO]) / size * s
        place = (hand[..., :2].mean(2, keepdim=True) - centre) / scale * s
        to_nose = (hand[:, :, INDEX_TIP : INDEX_TIP + 1, :2] - body[:, :, NOSE : NOSE + 1, :2]) / scale * s * body_seen
        places.append(place)
        out += [flat(shape), flat(distances), flat(place), flat(to_nose)]
        out += [flat(motion(shape[..., :2], s)), flat(motion(place, s) * FASTER)]
    out.append(flat((places[0] - places[1]) * seen[0] * seen[1]))
    return torch.cat([*out, flat(body_seen), flat(seen[0]), flat(seen[1])], -1)


class TorchEncoder:
    """`sign_encoder` on a copy of its weights, which learn.

    Args:
        model: the Keras network.
        numbers: the arguments that it was built with.

    Attributes:
        weights: tensors in the order and the shapes of the Keras network's ``get_weights``.
    """

    def __init__(self, model: "keras.Model", **numbers: Any) -> None:
        import torch

        settings = inspect.signature(sign_encoder).bind(**numbers)
        settings.apply_defaults()
        self._settings = settings.arguments
        self.weights = [torch.tensor(weight) for weight in model.get_weights()]
        for weight, variable in zip(self.weights, model.weights, strict=True):
            weight.requires_grad_(bool(variable.trainable))

    def __call__(self, points: "torch.Tensor", training: bool = False) -> "torch.Tensor":
        """(n, frames, 51, 3) points, absent zeros → (n, embedding) of length 1."""
        import torch
        from torch.nn import functional

        left = iter(self.weights)
        chance, heads = self._settings["dropout"], self._settings["heads"]

        def normalise(x: Any) -> Any:
            gamma, beta, mean, variance = (next(left) for _ in range(4))
            flat = functional.batch_norm(x.flatten(0, 1), mean, variance, gamma, beta, training, MOMENTUM, EPSILON)
            return functional.silu(flat.view_as(x))

        def layer_norm(x: Any) -> Any:
            return functional.layer_norm(x, x.shape[-1:], next(left), next(left), EPSILON)

        def dense(x: Any) -> Any:
            return x @ next(left) + next(left)

        def convolve(x: Any) -> Any:
            none = torch.zeros_like(x[:, :1])
            around = torch.cat([torch.cat([none, x[:, :-1]], 1), x, torch.cat([x[:, 1:], none], 1)], -1)
            return around @ next(left).flatten(0, 1)

        def drop(x: Any) -> Any:
            """Drops channels throughout a recording."""
            if not training or not chance:
                return x
            return x * ((torch.rand(len(x), 1, x.shape[2]) >= chance).to(x.dtype) / (1 - chance))

        def attend(x: Any) -> Any:
            n, time, width = x.shape
            q, k, v = dense(layer_norm(x)).view(n, time, 3, heads, width // heads).permute(2, 0, 3, 1, 4)
            y = ((q * (width // heads) ** -0.5) @ k.transpose(-1, -2)).softmax(-1).to(v.dtype) @ v
            x = x + drop(dense(y.transpose(1, 2).reshape(n, time, width)))
            return x + drop(dense(functional.silu(dense(layer_norm(x)))))

        with torch.no_grad():
            x = torch_features(points)
        x = normalise(x @ next(left))
        for _ in range(self._settings["convolutions"][0]):
            x = functional.silu(x + drop(convolve(normalise(convolve(x)))))
        n, time, width = x.shape
        x = normalise(x.reshape(n, time // 2, 2 * width) @ next(left).flatten(0, 1))
        for _ in range(self._settings["convolutions"][1]):
            x = functional.silu(x + drop(convolve(normalise(convolve(x)))))
        x = x + next(left)
        for _ in range(self._settings["attentions"]):
            x = attend(x)
        x = layer_norm(x)
        weight = dense(x).float().softmax(1).to(x.dtype)
        x = torch.cat([x.mean(1), x.amax(1), (x * weight).sum(1)], -1)
        x = functional.dropout(x, min(2 * chance, 0.9), training)
        return functional.normalize(dense(x).float(), dim=-1)
