"""What a person should know about a scene before it is animated."""

from __future__ import annotations

from landscape.masks.matte import Matte

LITTLE_MOVING = 0.03
"""Share of the photo below which sky or water count as hardly any."""
POOR_SSIM = 0.8
"""SSIM of the reconstruction below which the model does not know such photos."""
SKY_AT_TOP = 0.7
"""Least share of the upper edge that is sky in photos whose sky was found rightly. Of ten landscapes all have more, of
seven portraits, animals and indoor pictures two."""


def sentences_about(masks: Matte, poor_fit: bool, made_with: str | None) -> list[str]:
    """Sentences for the user about photos that the model cannot do much with.

    Args:
        masks: Sky and water of the photo.
        poor_fit: Whether the finished fit shows the photo poorly.
        made_with: Name of the weights of the scene's generator, where the models' light was trained for another one.
    """
    sentences = []
    upper_edge = masks.sky[: max(1, masks.sky.shape[0] // 100)]
    if float(masks.moving.mean()) < LITTLE_MOVING:
        sentences.append("Hardly any sky or water was found, so little will move; mark them in a mask of your own.")
    elif float(masks.water.mean()) < LITTLE_MOVING and float(upper_edge.mean()) < SKY_AT_TOP:
        sentences.append("This may be no landscape: look whether the marked sky is one, or correct the mask.")
    if poor_fit:
        sentences.append("This photo is unlike the landscapes that the model knows; mostly its own pixels will move.")
    if made_with is not None:
        sentences.append(f"This scene was made with other weights ({made_with}), so its light may look different.")
    return sentences
