"""The networks of the released DeepLandscape models, read from the release's files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from landscape.errors import LandscapeError
from landscape.models.pickle_reader import Shell
from landscape.models.stored_tensors import StoredTensor
from landscape.models.torch_files import open_torch_file
from landscape.networks.encoder import Encoder
from landscape.networks.generator import Generator
from landscape.networks.generator_block import FIRST_RESOLUTION, GeneratorConfig
from landscape.networks.layers import Blur
from landscape.networks.lighting import LightingNetwork

_MOST_BLOCKS, _MOST_CHANNELS = 9, 2048
_MEAN_SAMPLES = 8192
"""Draws of z of which the mean w is taken, where a fit without an encoder starts."""
_BLOCK = {
    "conv1.input": "constant",
    "conv1.0.weight": "upsample.weight",
    "conv1.0.bias": "upsample.bias",
    "conv1.1.conv.weight_orig": "upsample.1.weight",
    "conv1.1.conv.bias": "upsample.1.bias",
    "noise1.weight_orig": "static1.weight",
    "noise12.weight_orig": "dynamic1.weight",
    "noise2.weight_orig": "static2.weight",
    "noise22.weight_orig": "dynamic2.weight",
    "conv2.conv.weight_orig": "conv2.weight",
    "conv2.conv.bias": "conv2.bias",
    **{f"adain{i}.style.linear.weight_orig": f"adain{i}.style.weight" for i in (1, 2)},
    **{f"adain{i}.style.linear.bias": f"adain{i}.style.bias" for i in (1, 2)},
}
"""What a block's tensors are called there and here."""
_BLUR = re.compile(r"generator\.progression\.\d+\.conv1\.[12]\.weight(_flip)?")


def read_generator(path: Path, resolution: int | None = None) -> tuple[Generator, dict[str, Any], list[str]]:
    """Read the moving average of a released ``StyledGenerator``.

    Args:
        path: ``NNNNNN.model`` of the release, or a file of the generator's state alone.
        resolution: Pixels of the output; by default that of the step at which the file was written.

    Returns:
        The generator, numbers of its training, and sentences about what in the file is unusual.

    Raises:
        LandscapeError: If it is no such file, or does not say at which step it was written.
    """
    with open_torch_file(path) as content:
        if not isinstance(content, dict):
            raise _no_generator(path)
        state = content.get("g_running", content)
        step = content.get("step") if resolution is None else (resolution // FIRST_RESOLUTION).bit_length() - 1
        if step is None:
            raise LandscapeError(f"“{path.name}” does not say where its generator ends: add --resolution 256.")
        if not isinstance(state, dict) or type(step) is not int or not 0 <= step < _MOST_BLOCKS:
            raise _no_generator(path)
        # A generator that was trained on several GPUs keeps the name of what spread it over them.
        loaded = {str(name).removeprefix("module."): _numbers(value) for name, value in state.items()}
        facts = {name: content[name] for name in ("iteration", "used_samples") if type(content.get(name)) is int}
        alpha = content.get("alpha", 1)
    try:
        generator = _generator(loaded, step)
    except (KeyError, RuntimeError, ValueError) as error:
        raise _no_generator(path) from error
    notes = _unusual(loaded)
    if isinstance(alpha, (int, float)) and alpha < 1 and resolution is None:
        notes.append(f"It was saved while {generator.resolution} px faded in; all of that resolution is drawn.")
    return generator, facts, notes


def _no_generator(path: Path) -> LandscapeError:
    return LandscapeError(f"“{path.name}” holds no generator of the release: give a file that is called NNNNNN.model.")


def _numbers(value: Any) -> Tensor:
    """A stored tensor in single precision. Raises ValueError if it is none, or holds what is no number."""
    if not isinstance(value, StoredTensor):
        raise ValueError("no tensor")
    loaded = value.load().float()
    if not bool(torch.isfinite(loaded).all()):
        raise ValueError("no numbers")
    return loaded


def _generator(state: dict[str, Tensor], step: int) -> Generator:
    def block(i: int) -> str:
        return f"generator.progression.{i}."

    depth = step + 1
    channels = tuple(len(state[f"{block(i)}conv2.conv.bias"]) for i in range(depth))
    fused = [i for i in range(depth) if f"{block(i)}conv1.0.weight" in state]
    width = len(state["style.1.linear.bias"])
    if max(width, *channels) > _MOST_CHANNELS:
        raise ValueError("size")
    config = GeneratorConfig(channels, width, fused_from=FIRST_RESOLUTION << min(fused, default=depth))
    with torch.device("meta"):
        plan = Generator(config)
    renamed = {f"blocks.{i}.{own}": state.get(block(i) + name) for i in range(depth) for name, own in _BLOCK.items()}
    for i in range(depth):
        renamed[f"to_rgb.{i}.weight"] = state[f"generator.to_rgb.{i}.conv.weight_orig"]
        renamed[f"to_rgb.{i}.bias"] = state[f"generator.to_rgb.{i}.conv.bias"]
    for i in range(len(plan.mapping.layers)):
        renamed[f"mapping.layers.{i}.weight"] = state[f"style.{2 * i + 1}.linear.weight_orig"]
        renamed[f"mapping.layers.{i}.bias"] = state[f"style.{2 * i + 1}.linear.bias"]
    found = {name: value for name, value in renamed.items() if value is not None}
    if any(value.shape != found[name].shape for name, value in plan.named_parameters()):
        raise ValueError("shape")  # before memory is taken for it
    generator = Generator(config)
    generator.load_state_dict(found | {"w_mean": generator.w_mean})
    generator.eval().requires_grad_(False)
    generator.w_mean.copy_(mean_w(generator))
    return generator


@torch.no_grad()
def mean_w(generator: Generator) -> Tensor:
    """The mean of M over draws of z from the unit normal distribution, (style_width,); the same at every call."""
    z = generator.sample_z(_MEAN_SAMPLES, torch.Generator().manual_seed(0))
    mean: Tensor = generator.mapping(z).mean(dim=0)
    return mean


def _unusual(state: dict[str, Tensor]) -> list[str]:
    """Whether a low-pass filter, which no training changes, is another one than the release's."""
    kernels = [value for name, value in state.items() if _BLUR.fullmatch(name) and value.shape[1:] == (1, 3, 3)]
    usual = Blur().kernel
    if all(torch.allclose(kernel, usual.expand_as(kernel), atol=1e-6) for kernel in kernels):
        return []
    return ["Its low-pass filters are not the release's 1-2-1 filters; those are drawn with instead."]


def _leaves(root: Any) -> Iterator[Shell]:
    """The layers of a module that have numbers of their own, each once, in the order in which they were made."""
    waiting, seen = [root], set()
    while waiting:
        module = waiting.pop()
        if not isinstance(module, Shell) or id(module) in seen:
            continue
        seen.add(id(module))
        if any(value is not None for value in module.state.get("_parameters", {}).values()):
            yield module
        waiting += reversed(module.state.get("_modules", {}).values())


def _fill(layer: nn.Module, shell: Shell) -> None:
    own = {**shell.state.get("_parameters", {}), **shell.state.get("_buffers", {})}
    names = [name for name in layer.state_dict() if name != "num_batches_tracked"]
    layer.load_state_dict({name: _numbers(own[name]) for name in names}, strict=False)


def _shape(shell: Shell) -> tuple[int, ...]:
    weight = shell.state["_parameters"]["weight"]
    return weight.shape if isinstance(weight, StoredTensor) else ()


def read_encoder(path: Path, generator: Generator) -> Encoder:
    """Read the released encoder E, a whole module on ResNet-152; its layers are known by their order and sizes.

    Raises:
        LandscapeError: If it is no such file, or that of another generator.
    """
    width = generator.config.style_width
    problem = f"“{path.name}” holds no encoder of this generator: give the release's encoder for it."
    network = Encoder(len(generator.blocks), width, "resnet152", rows=1)
    targets = [layer for layer in network.trunk.modules() if isinstance(layer, (nn.Conv2d, nn.BatchNorm2d))]
    with open_torch_file(path) as content:
        leaves = list(_leaves(content))
        trunk = [shell for shell in leaves if shell.name.endswith((".Conv2d", ".BatchNorm2d"))]
        heads = [shell for shell in leaves if shell.name.endswith((".Linear", ".LayerNorm"))]
        by_shape = {_shape(shell): shell for shell in heads}
        places = (network.hidden, network.norm, network.output)
        if len(trunk) != len(targets) or any(tuple(layer.weight.shape) not in by_shape for layer in places):
            raise LandscapeError(problem)
        for target, shell in zip(targets, trunk, strict=True):
            _fill(target, shell)
        for layer in places:
            _fill(layer, by_shape[tuple(layer.weight.shape)])
    return network.eval().requires_grad_(False)


def read_lighting(path: Path, generator: Generator) -> LightingNetwork:
    """Read the released lighting network A, a whole module; its layers are known by their order and sizes.

    Raises:
        LandscapeError: If it is no such file, or that of another generator.
    """
    with open_torch_file(path) as content:
        linear = [shell for shell in _leaves(content) if shell.name.endswith(".Linear")]
        network = LightingNetwork(generator.config.style_width, max(1, (len(linear) - 1) // 2), scaled=False)
        targets = [layer for layer in network.modules() if isinstance(layer, nn.Linear)]
        inner, outer = targets[0].weight.shape, network.output.weight.shape
        ordered = [shell for shell in linear if _shape(shell) == inner] + [s for s in linear if _shape(s) == outer]
        if len(ordered) != len(targets) or len(linear) != len(targets):
            raise LandscapeError(
                f"“{path.name}” holds no lighting network of this generator: give the release's for it."
            )
        for layer, shell in zip(targets, ordered, strict=True):
            _fill(layer, shell)
    return network.eval().requires_grad_(False)
