"""ComfyUI's IMAGE ([batch, height, width, channels], floats from 0 to 1) as files that a service reads.

Needs neither torch nor numpy: whatever ComfyUI hands over brings its own methods, and nested lists do as well.
"""

from __future__ import annotations

import struct
import zlib
from typing import Any, List, Sequence, Tuple

# Kind of a PNG by its number of channels: gray, colours, colours with transparency.
COLOUR_TYPES = {1: 0, 3: 2, 4: 6}


def files(images: Any) -> List[bytes]:
    """Each image of the batch as a PNG file."""
    return [png(*_pixels(frame)) for frame in images]


def chosen(images: Any, places: Sequence[int]) -> Any:
    """The images at these places, as a batch of the same kind."""
    if isinstance(images, (list, tuple)):
        return [images[place] for place in places]
    return images[list(places)]


def png(width: int, height: int, channels: int, pixels: bytes) -> bytes:
    """A PNG file of eight bits per channel (ISO/IEC 15948); compressed little, as it travels once."""
    stride = width * channels
    rows = b"".join(b"\0" + pixels[start : start + stride] for start in range(0, height * stride, stride))
    header = struct.pack(">IIBBBBB", width, height, 8, COLOUR_TYPES[channels], 0, 0, 0)
    chunks = (b"IHDR", header), (b"IDAT", zlib.compress(rows, 1)), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, content) for kind, content in chunks)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _pixels(frame: Any) -> Tuple[int, int, int, bytes]:
    """Width, height, channels and bytes. Cut off and not rounded, as ComfyUI saves images: judged is what is saved."""
    if hasattr(frame, "clamp"):
        height, width, channels = frame.shape
        # A decoder that overflows gives no numbers, and a file would show them as black.
        if bool((frame != frame).any()):
            raise ValueError("the image has pixels that are no numbers (NaN)")
        content = (frame.clamp(0, 1) * 255).byte().cpu().contiguous().numpy().tobytes()
    else:
        height, width, channels = len(frame), len(frame[0]), len(frame[0][0])
        values = [value for row in frame for pixel in row for value in pixel]
        if any(value != value for value in values):
            raise ValueError("the image has pixels that are no numbers (NaN)")
        content = bytes(int(min(max(value, 0.0), 1.0) * 255) for value in values)
    if channels not in COLOUR_TYPES:
        raise ValueError(f"an image has 1, 3 or 4 channels, not {channels}")
    return width, height, channels, content
