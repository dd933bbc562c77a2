"""How files that this program made are known again, whatever their names are.

Clips hold their recipe (MP4, WebM and GIF in a comment, ZIP as an entry), recipes and reports the version of their
format, scenes their members, weights their description. Pictures and arrays hold a seal: a digest of all their other
bytes, so that a mask that was painted on afterwards is nobody's but the painter's.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import struct
import subprocess
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import imageio_ffmpeg
from PIL import Image

MARK = "landscape"
"""Key of the version in recipes, reports and clips, and of the description in weights."""
VERSION = 2
RECIPE_ENTRY = "recipe.json"
"""Name of the metadata in a ZIP of frames."""
SCENE_ENTRIES = ("scene.json", "photo", "matte.safetensors", "model.safetensors", "sky.safetensors")
"""Members of scenes; before format 3 there was no sky."""
MASKS_ENTRY = "masks.safetensors"
"""What scenes of format 1 had in place of the third."""
TABLE_END = "<!-- landscape -->\n"
"""Last line of a Markdown table."""
_LARGEST = 16 * 2**20
"""Bytes: no recipe, report or table is larger."""
_PATIENCE = 20.0
_PNG, _PNG_HEAD = b"\x89PNG\r\n\x1a\n", 33
_JPEG = b"\xff\xd8"
_NPY = b"\x93NUMPY"
_KEYWORD = b"landscape\0"


def seal_picture(data: bytes) -> bytes:
    """A PNG or JPEG file with a seal in it, which :func:`is_sealed` knows again.

    Args:
        data: The file's bytes.

    Raises:
        ValueError: If it is neither.
    """
    digest = hashlib.sha256(data).hexdigest().encode()
    if data.startswith(_PNG):
        return data[:_PNG_HEAD] + _png_chunk(digest) + data[_PNG_HEAD:]
    if data.startswith(_JPEG):
        return data[:2] + _jpeg_comment(digest) + data[2:]
    raise ValueError("neither PNG nor JPEG")


def is_sealed(path: Path) -> bool:
    """Whether a file is a picture of this program's, and nobody has changed it since."""
    with path.open("rb") as file:
        head = file.read(256)
        start = _PNG_HEAD if head.startswith(_PNG) else 2 if head.startswith(_JPEG) else None
        if start is None or _KEYWORD not in head:
            return False
        data = head + file.read()
    seal = _png_chunk if start == _PNG_HEAD else _jpeg_comment
    length = len(seal(b"0" * 64))
    digest = hashlib.sha256(data[:start] + data[start + length :]).hexdigest().encode()
    return data[start : start + length] == seal(digest)


def _png_chunk(digest: bytes) -> bytes:
    content = b"tEXt" + _KEYWORD + digest
    return struct.pack(">I", len(content) - 4) + content + struct.pack(">I", zlib.crc32(content))


def _jpeg_comment(digest: bytes) -> bytes:
    content = _KEYWORD + digest
    return b"\xff\xfe" + struct.pack(">H", len(content) + 2) + content


def seal_array(data: bytes) -> bytes:
    """An array's file (NPY) with a seal behind its numbers, where no reader looks."""
    return data + _KEYWORD + hashlib.sha256(data).hexdigest().encode()


def is_array(path: Path) -> bool:
    """Whether a file is an array of this program's, and nobody has changed it since."""
    data = path.read_bytes()
    length = len(seal_array(b""))
    return data.startswith(_NPY) and data == seal_array(data[:-length])


def is_clip(path: Path) -> bool:
    """Whether a video, a GIF or a ZIP of frames was made by this program."""
    with path.open("rb") as file:
        head = file.read(12)
    if head[:4] == b"GIF8":
        with Image.open(path, formats=("GIF",)) as image:
            return _marked(json.loads(image.info.get("comment", b"")))
    if head[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(path) as archive:
            entry = archive.getinfo(RECIPE_ENTRY)
            return entry.file_size <= _LARGEST and _marked(json.loads(archive.read(entry)))
    if head[4:8] == b"ftyp":
        return _marked(_video_comment(path, "mp4"))
    return head[:4] == b"\x1a\x45\xdf\xa3" and _marked(_video_comment(path, "matroska"))


def _video_comment(path: Path, demuxer: str) -> Any:
    """JSON in the comment of a video, whose frames are not looked at."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-loglevel", "quiet", "-protocol_whitelist", "file,pipe"]
    command += ["-f", demuxer, "-i", f"file:{path.absolute()}", "-map_metadata", "0", "-f", "ffmetadata", "pipe:1"]
    result = subprocess.run(command, capture_output=True, check=False, timeout=_PATIENCE)
    return comment_in(result.stdout.decode("utf-8", errors="replace"))


def comment_in(tags: str) -> Any:
    """JSON in the comment among ffmpeg's metadata, None if there is none."""
    comment = re.search(r"^comment=((?:[^\\\n]|\\.)*)$", tags, re.MULTILINE | re.DOTALL | re.IGNORECASE)
    if comment is None:
        return None
    with contextlib.suppress(json.JSONDecodeError):
        return json.loads(re.sub(r"\\(.)", r"\1", comment.group(1), flags=re.DOTALL))
    return None


def _marked(content: Any) -> bool:
    return isinstance(content, dict) and isinstance(content.get(MARK), int)


def _json(path: Path) -> Any:
    with path.open("rb") as file:
        head = file.read(64)
        if not head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"{") or path.stat().st_size > _LARGEST:
            return None
        return json.loads((head + file.read()).decode("utf-8-sig"))


def is_recipe(path: Path) -> bool:
    """Whether a file is a recipe."""
    content = _json(path)
    return _marked(content) and "report" not in content and bool({"motion", "light", "export"} & set(content))


def is_report(path: Path) -> bool:
    """Whether a file is a report."""
    content = _json(path)
    return _marked(content) and "report" in content


def is_scene(path: Path) -> bool:
    """Whether a file is a scene."""
    with zipfile.ZipFile(path) as archive:
        names = [SCENE_ENTRIES[2] if name == MASKS_ENTRY else name for name in archive.namelist()]
    return sorted(names) in (sorted(SCENE_ENTRIES), sorted(SCENE_ENTRIES[:-1]))


def is_style_table(path: Path) -> bool:
    """Whether a file is a table of styles."""
    content = _json(path)
    return isinstance(content, dict) and {"format", "styles", "coefficient"} <= set(content)


def is_measured_light(path: Path) -> bool:
    """Whether a file holds measured light."""
    content = _json(path)
    return isinstance(content, dict) and {"format", "lights"} <= set(content)


def is_index(path: Path) -> bool:
    """Whether a file lists prepared training data."""
    content = _json(path)
    return isinstance(content, dict) and isinstance(content.get("settings"), dict) and "data" in content["settings"]


def is_table(path: Path) -> bool:
    """Whether a file is a Markdown table of this program's."""
    end = TABLE_END.encode()
    with path.open("rb") as file:
        file.seek(-len(end), 2)
        return file.read() == end


def _description(path: Path) -> Any:
    """What is written about the tensors of a safetensors file of this program's, None if nothing is."""
    with path.open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length)) if length <= _LARGEST else {}
    return json.loads(header.get("__metadata__", {}).get(MARK, "null"))


def is_weights(path: Path) -> bool:
    """Whether a file holds weights that were trained or taken over here."""
    content = _description(path)
    return isinstance(content, dict) and "pack" not in content


def is_pack(path: Path) -> bool:
    """Whether a file is a pack of training pictures."""
    content = _description(path)
    return isinstance(content, dict) and "pack" in content


KINDS: dict[str, Callable[[Path], bool]] = {
    "clip": is_clip,
    "recipe": is_recipe,
    "report": is_report,
    "scene": is_scene,
    "picture": is_sealed,
    "array": is_array,
    "table": is_table,
    "index": is_index,
    "style table": is_style_table,
    "measured light": is_measured_light,
    "weights": is_weights,
    "pack": is_pack,
}
"""What the program writes where a person says so, and how each kind is known."""


def made_here(path: Path, *kinds: str) -> bool:
    """Whether a file is of one of these kinds, of any if none is given; False if it cannot be read."""
    for kind in kinds or KINDS:
        # Libraries raise many types on files of strangers.
        with contextlib.suppress(Exception):
            if KINDS[kind](path):
                return True
    return False
