"""Networks made ready for drawing: the factors of the equalised learning rate folded into the weights."""

from __future__ import annotations

import copy
from typing import TypeVar

import torch
from torch import Tensor, nn

from landscape.networks.layers import EqualConv2d, EqualLinear, FusedUpsampleConv2d

Network = TypeVar("Network", bound=nn.Module)


@torch.no_grad()
def folded(network: Network) -> Network:
    """Copy a network with plain layers instead of those with equalised learning rate.

    The copy gives the same results in two thirds of the time, as no weight is scaled again for every frame; it is not
    meant to be trained.

    Args:
        network: Any network, such as a generator; it is left as it is.
    """
    return _fold(copy.deepcopy(network)).requires_grad_(False).eval()


def _fold(network: Network) -> Network:
    for name, child in network.named_children():
        setattr(network, name, _plain(child) or _fold(child))
    return network


def _plain(layer: nn.Module) -> nn.Module | None:
    if isinstance(layer, EqualLinear):
        return _filled(nn.Linear(layer.weight.shape[1], layer.weight.shape[0]), layer.weight * layer.scale, layer.bias)
    if isinstance(layer, EqualConv2d):
        channels_out, channels_in, size, _ = layer.weight.shape
        padded = layer.padding if layer.padding_mode == "zeros" else 0
        plain = nn.Conv2d(channels_in, channels_out, size, padding=padded)
        return _padded(_filled(plain, layer.weight * layer.scale, layer.bias), layer.padding - padded)
    if isinstance(layer, FusedUpsampleConv2d):
        reflected = layer.padding_mode == "reflect"
        kernel = layer.kernel()
        channels_in, channels_out = kernel.shape[:2]
        fused = nn.ConvTranspose2d(channels_in, channels_out, 4, stride=2, padding=3 if reflected else 1)
        return _padded(_filled(fused, kernel, layer.bias), int(reflected))
    return None


def _filled(layer: nn.Module, weight: Tensor, bias: Tensor) -> nn.Module:
    layer.load_state_dict({"weight": weight, "bias": bias})
    return layer.to(weight)


def _padded(layer: nn.Module, reflected: int) -> nn.Module:
    return nn.Sequential(nn.ReflectionPad2d(reflected), layer) if reflected else layer
