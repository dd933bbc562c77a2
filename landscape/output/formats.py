"""The kinds of files that a clip can be written to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from landscape.errors import LandscapeError
from landscape.settings import ExportSettings

_BT709 = (
    # RGB is converted by the matrix that the file names: players guess another one otherwise, and colours shift.
    "scale=out_color_matrix=bt709:out_range=tv:flags=accurate_rnd+full_chroma_int,format={pixels},"
    "setparams=colorspace=bt709:color_primaries=bt709:color_trc=bt709:range=tv"
)


@dataclass(frozen=True)
class Format:
    """One kind of file.

    Attributes:
        name: As in :class:`landscape.settings.ExportSettings`.
        label: For people.
        suffix: Of the file's name.
        media_type: For the web.
        encoder: The encoder's name in ffmpeg; empty for pictures.
        preset: The encoder's speed: rendering, not storage, is the bottleneck of an export on few cores.
        pixels: The encoder's pixel format, with the colours of BT.709; empty for RGB as it comes.
        parameters: More of the encoder's parameters.
        crf_scale: With ``crf_offset``: the encoder's rate factor for H.264's of the same fidelity, as
            ``crf_scale * crf + crf_offset`` (measured by ``benchmarks/export_formats.py``).
        crf_offset: See ``crf_scale``.
        crf_limit: Largest rate factor of the encoder.
        deep: Whether its frames have 16 bits a channel; 8 otherwise.
        least_side: Least width and height in pixels that the encoder takes.
    """

    name: str
    label: str
    suffix: str
    media_type: str
    encoder: str = ""
    preset: str = ""
    pixels: str = ""
    parameters: tuple[str, ...] = ()
    crf_scale: float = 1.0
    crf_offset: float = 0.0
    crf_limit: int = 51
    deep: bool = False
    least_side: int = 1

    @property
    def even(self) -> bool:
        """Whether width and height must be even, as colours are stored at half the size."""
        return bool(self.pixels)

    def arguments(self, crf: int) -> list[str]:
        """Parameters of the encoder for H.264's rate factor ``crf``, 0 to 51."""
        own = min(max(round(self.crf_scale * crf + self.crf_offset), 0), self.crf_limit) if crf else 0
        filters = ["-vf", _BT709.format(pixels=self.pixels)] if self.pixels else []
        return [*filters, "-crf", str(own), *self.parameters]

    def completed(self, width: int, height: int) -> tuple[int, int]:
        """Width and height of files with frames of this size: odd sides are completed where they must be even."""
        return (width + width % 2, height + height % 2) if self.even else (width, height)

    def require_size(self, width: int, height: int) -> None:
        """Find out whether frames of a size in pixels can be written.

        Raises:
            LandscapeError: If they are too small for the encoder.
        """
        if min(self.completed(width, height)) < self.least_side:
            raise LandscapeError(
                f"{self.label.split(':')[0]} cannot show {width} x {height} pixels, as both sides need at least "
                f"{self.least_side}: choose a larger size or another format."
            )


_FASTSTART = ("-movflags", "+faststart")
_APPLE = ("-tag:v", "hvc1")  # Apple's players know H.265 by this tag only
_X265 = ("-x265-params", "log-level=error", *_APPLE, *_FASTSTART)
_VP9 = ("-b:v", "0", "-deadline", "good", "-cpu-used", "5", "-row-mt", "1")
_H264 = Format(
    "h264", "MP4, H.264: plays everywhere", ".mp4", "video/mp4", "libx264", "veryfast", "yuv420p", _FASTSTART
)
_H265 = replace(
    Format("h265", "MP4, H.265: smaller", ".mp4", "video/mp4", "libx265", "veryfast", "yuv420p", _X265, 1.15, 0.5),
    least_side=16,
)
_VP9_WEBM = Format(
    "vp9", "WebM, VP9: for web pages", ".webm", "video/webm", "libvpx-vp9", "", "yuv420p", _VP9, 2.2, -9, 63
)
_AV1_WEBM = Format("av1", "WebM, AV1: smallest", ".webm", "video/webm", "libsvtav1", "9", "yuv420p", (), 3.0, -20, 63)
FORMATS = {
    entry.name: entry
    for entry in (
        _H264,
        _H265,
        replace(_H265, name="h265-10bit", label="MP4, H.265, 10 bit: smoother skies", pixels="yuv420p10le", deep=True),
        _VP9_WEBM,
        _AV1_WEBM,
        Format("gif", "GIF: for messages", ".gif", "image/gif"),
        Format("png", "PNG frames in a ZIP: for editing", ".zip", "application/zip"),
    )
}
"""All formats by name; the first of a suffix is the one that the suffix alone stands for."""
SUFFIXES = tuple(dict.fromkeys(entry.suffix for entry in FORMATS.values()))
"""Endings of the names of written files."""


def require_fits(export: ExportSettings, width: int, height: int) -> None:
    """Find out before long work whether a photo's clip can be written.

    Args:
        export: The file.
        width: Of the photo, in pixels.
        height: Of the photo, in pixels.

    Raises:
        LandscapeError: If the format cannot show it at this size.
    """
    scale = min(1.0, export.long_side / max(width, height))
    FORMATS[export.format].require_size(max(1, round(width * scale)), max(1, round(height * scale)))


def format_of(path: Path, name: str | None = None) -> Format:
    """The format to write a file in.

    Args:
        path: The file.
        name: Name of the format, or None to go by the file's suffix.

    Raises:
        LandscapeError: If the name is unknown, or the file's suffix is another one.
    """
    suffix = path.suffix.lower()
    if name is None:
        for entry in FORMATS.values():
            if entry.suffix == suffix:
                return entry
        raise LandscapeError(f"Give “{path.name}” a name that ends in {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}.")
    if name not in FORMATS:
        raise LandscapeError(f"Choose a format from: {', '.join(FORMATS)}.")
    wanted = FORMATS[name]
    if wanted.suffix != suffix:
        raise LandscapeError(f"Files of the format {name} end in {wanted.suffix}: rename “{path.name}”.")
    return wanted
