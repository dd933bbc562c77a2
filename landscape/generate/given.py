"""One image from latents that somebody gives in a file."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from landscape.errors import LandscapeError, require
from landscape.networks.generator import Generator


@torch.inference_mode()
def draw_given(generator: Generator, path: Path) -> Tensor:
    """Draw the image of the latents in a file.

    Args:
        generator: M and G.
        path: A safetensors file with ``z`` (1, style_width), or ``w`` (blocks, style_width), one for each block; and
            with ``s_static.0``, ``s_dynamic.0`` of (1, 1, 4, 4) and so on, twice as large each, one for each block.

    Returns:
        (3, R, R) as the network gives it, about [-1, 1].

    Raises:
        LandscapeError: If the file is missing or damaged, or holds other latents than this generator takes.
    """
    if not path.is_file():
        raise LandscapeError(f"There is no file “{path}”: check the name and the folder.")
    try:
        latents = load_file(path)
    except (SafetensorError, OSError, ValueError) as error:
        raise LandscapeError(f"“{path.name}” is damaged or no safetensors file: write the latents again.") from error
    depth, width = len(generator.blocks), generator.config.style_width
    require(("z" in latents) != ("w" in latents), f"“{path.name}” holds z or w, one of them: write the latents again.")

    def take(name: str, *shape: int) -> Tensor:
        found = latents.pop(name, None)
        right = found is not None and found.shape == shape and bool(torch.isfinite(found).all())
        sizes = ", ".join(map(str, shape))
        require(
            right, f"“{path.name}” needs {name} of the shape ({sizes}) for this generator: write the latents again."
        )
        assert found is not None
        return found.to(generator.w_mean)

    w = generator.mapping(take("z", 1, width)) if "z" in latents else take("w", depth, width)[None]
    static, dynamic = (
        [take(f"{kind}.{i}", 1, 1, side, side) for i, side in enumerate(generator.config.resolutions)]
        for kind in ("s_static", "s_dynamic")
    )
    unknown = ", ".join(sorted(latents)[:3])
    require(not latents, f"“{path.name}” also holds {unknown}, which this generator does not take: leave that out.")
    image: Tensor = generator(w, static, dynamic)[0]
    return image
