"""Images in all the shapes that a caller may have them in, as the JSON of a request."""

from __future__ import annotations

import base64
import io
import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterable, List, Mapping, Optional, Protocol, Union

from .contract import GivenImage


class Savable(Protocol):
    """What Pillow's images can do."""

    def save(self, fp: Any, format: Any) -> Any:
        """Writes the image as a file of this format."""


Source = Union[str, "os.PathLike[str]", bytes, bytearray, memoryview, Savable]


@dataclass(frozen=True)
class Picture:
    """An image with a name of its own, or with texts that its judge's question quotes."""

    source: Source
    id: Optional[str] = None
    texts: Optional[Mapping[str, str]] = None


Image = Union[Source, Picture]


def given(images: Iterable[Image]) -> List[GivenImage]:
    """The images of one request. A file is called by its name, unless another one is called so as well."""
    pictures = [image if isinstance(image, Picture) else Picture(image) for image in images]
    names = Counter(_file_name(picture.source) for picture in pictures)
    return [_given(picture, names) for picture in pictures]


def _given(picture: Picture, names: Mapping[Optional[str], int]) -> GivenImage:
    image = read(picture.source)
    name = _file_name(picture.source)
    if picture.id is not None:
        image["id"] = picture.id
    elif name is not None and names[name] == 1:
        image["id"] = name
    if picture.texts:
        image["texts"] = dict(picture.texts)
    return image


def read(source: Source) -> GivenImage:
    """One image: a URL and a `data:` URL as they stand, everything else as the bytes of an image file."""
    if isinstance(source, str) and source.startswith("data:"):
        return {"base64": source}
    if isinstance(source, str) and _is_url(source):
        return {"url": source}
    if isinstance(source, (bytes, bytearray, memoryview)):
        content = bytes(source)
    elif isinstance(source, (str, os.PathLike)):
        content = Path(source).read_bytes()
    elif hasattr(source, "save"):
        file = io.BytesIO()
        source.save(file, format="PNG")
        content = file.getvalue()
    else:
        raise TypeError(f"an image is a path, a URL, bytes or has `save`, not {type(source).__name__}")
    return {"base64": base64.b64encode(content).decode("ascii")}


def _is_url(text: str) -> bool:
    return text.lower().startswith(("http://", "https://"))


def _file_name(source: Source) -> Optional[str]:
    if isinstance(source, str) and (_is_url(source) or source.startswith("data:")):
        return None
    if isinstance(source, (str, os.PathLike)):
        # The service takes 200 characters.
        return Path(source).name[:200] or None
    return None
