"""The generator made ready for drawing: the same pictures in less than half of the time (docs/performance.md).

Factors of the equalised learning rate are folded into the weights, convolution and upsampling are one step at every
resolution, channels come last, and what follows a convolution changes its answer in place: memory that a program asks
for anew costs processors more than the arithmetic on it.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from landscape.networks.generator import Generator
from landscape.networks.generator_block import AdaIn, GeneratorBlock, NoiseScale
from landscape.networks.layers import LEAKY_SLOPE, Blur, EqualConv2d, FusedUpsampleConv2d

_LAST = torch.channels_last


class Drawing:
    """A copy of a generator that draws and is not trained.

    Args:
        generator: The generator; it is left as it is.
        precision: Type in which features are kept: ``torch.float32``, or ``torch.bfloat16`` where that is faster. Means
            and deviations of AdaIN are in single precision either way.
    """

    def __init__(self, generator: Generator, precision: torch.dtype = torch.float32) -> None:
        self._precision = precision
        self._blocks: list[tuple[_Layer | _Tail, _Layer]] = []
        with torch.no_grad():
            for block in generator.blocks:
                assert isinstance(block, GeneratorBlock)
                self._blocks.append((_Layer.first(block, precision), _Layer.second(block, precision)))
            self._constant = next(generator.blocks.children()).get_parameter("constant").to(precision)
            last = generator.to_rgb[-1]
            assert isinstance(last, EqualConv2d)
            self._rgb = (last.weight * last.scale).flatten(1).T.contiguous()
            self._rgb_bias = last.bias.clone()

    @torch.no_grad()
    def __call__(self, w: Tensor, s_static: list[Tensor], s_dynamic: list[Tensor]) -> Tensor:
        """Draw images (N, 3, R, R), about [-1, 1], of what :class:`Generator` takes; one after another.

        One image at a time stays in the processor's cache: a batch would be slower.
        """
        count = max(len(w), len(s_dynamic[0]))
        images = []
        for index in range(count):
            own = w[min(index, len(w) - 1)]
            maps = [self._maps(index, *pair) for pair in zip(s_static, s_dynamic, strict=True)]
            images.append(self._image(own, maps))
        return torch.cat(images)

    def _maps(self, index: int, static: Tensor, dynamic: Tensor) -> Tensor:
        """Both maps of one image beside each other, (H * W, 2)."""
        both = torch.stack([maps[min(index, len(maps) - 1)].flatten() for maps in (static, dynamic)], dim=1)
        return both.to(self._precision)

    def _image(self, w: Tensor, maps: list[Tensor]) -> Tensor:
        x = self._constant.clone(memory_format=_LAST)
        for number, ((first, second), s) in enumerate(zip(self._blocks, maps, strict=True)):
            style = w if w.ndim == 1 else w[number]
            x = second(first(x, style, s), style, s)
        drawn = torch.addmm(self._rgb_bias, _rows(x).float(), self._rgb)
        return drawn.T.reshape(1, 3, *x.shape[2:])


@dataclass(frozen=True)
class _Tail:
    """What follows a convolution: both maps, the activation, AdaIN.

    Attributes:
        scales: Of the static and of the dynamic map, (2, C).
        style: The affine map from w to scale and shift of each channel: weight (2C, width) and bias (2C,).
    """

    scales: Tensor
    style: tuple[Tensor, Tensor]

    @classmethod
    def of(cls, static: NoiseScale, dynamic: NoiseScale, adain: AdaIn, precision: torch.dtype) -> _Tail:
        scales = torch.stack([(item.weight * item.scale).flatten() for item in (static, dynamic)])
        linear = adain.style
        return cls(scales.to(precision), ((linear.weight * linear.scale).clone(), linear.bias.clone()))

    def __call__(self, x: Tensor, w: Tensor, maps: Tensor) -> Tensor:
        """Change features (1, C, H, W), channels last, in place, and normalise them by w (width,)."""
        _rows(x).addmm_(maps, self.scales)
        F.leaky_relu_(x, LEAKY_SLOPE)
        scale, shift = F.linear(w, *self.style).chunk(2)
        # Of a single image the norm over a batch is its instance norm; it alone knows channels that come last.
        return F.batch_norm(x, None, None, scale, shift, training=True, eps=1e-5)


@dataclass(frozen=True)
class _Layer:
    """A convolution with all that follows it.

    Attributes:
        weight: (C_out, C_in, 3, 3); (C_in, C_out, 4, 4) where it doubles the size.
        bias: (C_out,).
        doubles: Whether it doubles the size.
        reflected: Whether borders are mirrored rather than zero.
        resized: Whether pixels are repeated before the convolution, where one step cannot do both.
        blur: The low-pass filter that follows, (C_out, 1, 3, 3), or None.
        tail: What comes after.
    """

    weight: Tensor
    bias: Tensor
    doubles: bool
    reflected: bool
    resized: bool
    blur: Tensor | None
    tail: _Tail

    @classmethod
    def first(cls, block: GeneratorBlock, precision: torch.dtype) -> _Layer | _Tail:
        """The first convolution of a block, which doubles the size; the block that begins has its tail alone."""
        tail = _Tail.of(block.static1, block.dynamic1, block.adain1, precision)
        if block.upsample is None:
            return tail
        blur = None
        if isinstance(block.blur, Blur):
            blur = block.blur.kernel.repeat(block.conv2.weight.shape[1], 1, 1, 1).to(precision, memory_format=_LAST)
        layer = next(one for one in block.upsample.modules() if isinstance(one, EqualConv2d | FusedUpsampleConv2d))
        reflected, resized = layer.padding_mode == "reflect", False
        if isinstance(layer, FusedUpsampleConv2d):
            weight = layer.kernel()
        else:
            resized = reflected  # a border that is mirrored after the doubling is not one that is doubled
            weight = layer.weight * layer.scale
            weight = weight if resized else doubling_kernel(weight)
        weights = weight.to(precision, memory_format=_LAST), layer.bias.to(precision)
        return cls(*weights, not resized, reflected, resized, blur, tail)

    @classmethod
    def second(cls, block: GeneratorBlock, precision: torch.dtype) -> _Layer:
        """The second convolution of a block."""
        layer = block.conv2
        tail = _Tail.of(block.static2, block.dynamic2, block.adain2, precision)
        weights = (layer.weight * layer.scale).to(precision, memory_format=_LAST), layer.bias.to(precision)
        return cls(*weights, False, layer.padding_mode == "reflect", False, None, tail)

    def __call__(self, x: Tensor, w: Tensor, maps: Tensor) -> Tensor:
        """Compute features (1, C_out, H, W), channels last."""
        if self.resized:
            x = F.interpolate(x, scale_factor=2.0)
        if self.reflected:
            x = F.pad(x, (1, 1, 1, 1), mode="reflect")
        if self.doubles:
            x = F.conv_transpose2d(x, self.weight, self.bias, stride=2, padding=3 if self.reflected else 1)
        else:
            x = F.conv2d(x, self.weight, self.bias, padding=int(not self.reflected))
        if self.blur is not None:
            x = F.pad(x, (1, 1, 1, 1), mode="reflect") if self.reflected else x
            x = F.conv2d(x, self.blur, padding=int(not self.reflected), groups=len(self.blur))
        return self.tail(x.contiguous(memory_format=_LAST), w, maps)


def doubling_kernel(weight: Tensor) -> Tensor:
    """The transposed convolution (C_in, C_out, 4, 4) that does what repeating pixels and a convolution do.

    It touches four inputs for each output, where the convolution touches nine.

    Args:
        weight: (C_out, C_in, 3, 3), of a convolution with zeros around.
    """
    turned = F.pad(weight.flip(2, 3).transpose(0, 1), (1, 1, 1, 1))
    return turned[..., 1:, 1:] + turned[..., :-1, 1:] + turned[..., 1:, :-1] + turned[..., :-1, :-1]


def _rows(x: Tensor) -> Tensor:
    """Features (1, C, H, W), channels last, as (H * W, C) in the same memory."""
    return x.permute(0, 2, 3, 1).view(-1, x.shape[1])
