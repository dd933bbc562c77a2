"""Made-up files of the release, and its generator written down plainly from the facts about it."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F

CHANNELS = (512, 512, 512, 512, 256, 128, 64, 32, 16)
SMALL_CHANNELS = (12, 12, 10, 8, 8, 6, 6, 4, 4)


def release_state(channels=CHANNELS, width=512, seed=0):
    """A state dictionary with all keys of the released ``StyledGenerator`` and random values."""
    rng = torch.Generator().manual_seed(seed)

    def draw(*shape):
        return torch.randn(*shape, generator=rng)

    state = {}
    for i in range(1, 16, 2):
        state[f"style.{i}.linear.weight_orig"] = draw(width, width)
        state[f"style.{i}.linear.bias"] = draw(width) * 0.1
    blur = (torch.tensor([1.0, 2, 1])[:, None] * torch.tensor([1.0, 2, 1]) / 16)[None, None]
    for i, c in enumerate(channels):
        block, before = f"generator.progression.{i}.", channels[max(i - 1, 0)]
        if i == 0:
            state[block + "conv1.input"] = draw(1, c, 4, 4)
        elif i < 5:
            state[block + "conv1.1.conv.weight_orig"] = draw(c, before, 3, 3)
            state[block + "conv1.1.conv.bias"] = draw(c) * 0.1
            state[block + "conv1.2.weight"] = blur.repeat(c, 1, 1, 1)
            state[block + "conv1.2.weight_flip"] = blur.flip(2, 3).repeat(c, 1, 1, 1)
        else:
            state[block + "conv1.0.weight"] = draw(before, c, 3, 3)
            state[block + "conv1.0.bias"] = draw(c) * 0.1
            state[block + "conv1.1.weight"] = blur.repeat(c, 1, 1, 1)
            state[block + "conv1.1.weight_flip"] = blur.flip(2, 3).repeat(c, 1, 1, 1)
        for name in ("noise1", "noise12", "noise2", "noise22"):
            state[f"{block}{name}.weight_orig"] = draw(1, c, 1, 1)
        state[block + "conv2.conv.weight_orig"] = draw(c, c, 3, 3)
        state[block + "conv2.conv.bias"] = draw(c) * 0.1
        for name in ("adain1", "adain2"):
            state[f"{block}{name}.style.linear.weight_orig"] = draw(2 * c, width)
            state[f"{block}{name}.style.linear.bias"] = torch.cat([torch.ones(c), torch.zeros(c)])
        state[f"generator.to_rgb.{i}.conv.weight_orig"] = draw(3, c, 1, 1) * 0.3
        state[f"generator.to_rgb.{i}.conv.bias"] = draw(3) * 0.1
    return state


def release_file(path, state, step=6, legacy=False, **more):
    """Write a checkpoint as training wrote it."""
    content = {"g_running": state, "generator": {}, "alpha": 1, "step": step, "resolution": 4 << (step or 0)}
    content |= {"used_samples": 300, "iteration": 475000, "g_optimizer": {"state": {}, "param_groups": [{"lr": 0.1}]}}
    torch.save(content | more, path, _use_new_zipfile_serialization=not legacy)
    return path


def latents(step=6, width=512, seed=1, per_block=False):
    """Random latents of one image under the names of the file that ``sample --latents`` takes."""
    rng = torch.Generator().manual_seed(seed)
    drawn = {"w" if per_block else "z": torch.randn(step + 1 if per_block else 1, width, generator=rng)}
    for kind in ("s_static", "s_dynamic"):
        drawn |= {f"{kind}.{i}": torch.randn(1, 1, 4 << i, 4 << i, generator=rng) for i in range(step + 1)}
    return drawn


def _linear(state, name, x):
    weight = state[name + ".weight_orig"]
    return F.linear(x, weight * math.sqrt(2 / weight.shape[1]), state[name + ".bias"])


def _conv(state, name, x, padding):
    weight = state[name + ".weight_orig"]
    return F.conv2d(x, weight * math.sqrt(2 / weight[0].numel()), state[name + ".bias"], padding=padding)


def _scaled(state, name, s):
    weight = state[name + ".weight_orig"]
    return weight * math.sqrt(2 / weight.shape[1]) * s


def _adain(state, name, x, w):
    gamma, beta = _linear(state, name + ".style.linear", w)[:, :, None, None].chunk(2, 1)
    return gamma * F.instance_norm(x, eps=1e-5) + beta


def _blurred(x):
    taps = torch.tensor([1.0, 2.0, 1.0])
    kernel = (taps[:, None] * taps / 16).expand(x.shape[1], 1, 3, 3)
    return F.conv2d(x, kernel, padding=1, groups=x.shape[1])


def _fused(state, name, x):
    weight = state[name + ".weight"] * math.sqrt(2 / (len(x[0]) * 9))
    padded = F.pad(weight, (1, 1, 1, 1))
    kernel = (padded[..., 1:, 1:] + padded[..., :-1, 1:] + padded[..., 1:, :-1] + padded[..., :-1, :-1]) / 4
    return F.conv_transpose2d(x, kernel, state[name + ".bias"], stride=2, padding=1)


@torch.no_grad()
def plain_image(state, given, step=6):
    """What the release draws of latents: (3, R, R). Every line is a sentence of the facts, and nothing is shared."""
    if "z" in given:
        w = given["z"] / torch.sqrt((given["z"] ** 2).mean(1, keepdim=True) + 1e-8)
        for i in range(1, 16, 2):
            w = F.leaky_relu(_linear(state, f"style.{i}.linear", w), 0.2)
        w = w.repeat(step + 1, 1)
    else:
        w = given["w"]
    x = None
    for i in range(step + 1):
        block, s_st, s_dyn = f"generator.progression.{i}.", given[f"s_static.{i}"], given[f"s_dynamic.{i}"]
        if i == 0:
            x = state[block + "conv1.input"]
        elif i < 5:
            x = F.interpolate(x, scale_factor=2, mode="nearest")
            x = _blurred(_conv(state, block + "conv1.1.conv", x, 1))
        else:
            x = _blurred(_fused(state, block + "conv1.0", x))
        x = x + _scaled(state, block + "noise1", s_st) + _scaled(state, block + "noise12", s_dyn)
        x = _adain(state, block + "adain1", F.leaky_relu(x, 0.2), w[i : i + 1])
        x = _conv(state, block + "conv2.conv", x, 1)
        x = x + _scaled(state, block + "noise2", s_st) + _scaled(state, block + "noise22", s_dyn)
        x = _adain(state, block + "adain2", F.leaky_relu(x, 0.2), w[i : i + 1])
    return _conv(state, f"generator.to_rgb.{step}.conv", x, 0)[0]
