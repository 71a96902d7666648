#!/usr/bin/env python3
"""Draws the test pictures of this folder and writes what must be true of them to expect.toml.

    python make_images.py          (needs pillow, numpy and libjpeg-turbo's jpegtran; made with 13.0, 2.4 and 2.1.5)

All pictures are drawn here by formulas; none was photographed or taken from elsewhere. A picture under
good/ names another one that it must equal once decoded: `same_as`, within `tolerance` (the largest
difference of any channel; the reason stands beside it). A file under bad/ names the fault it must give.
"""
import io
import struct
import subprocess
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

HERE = Path(__file__).parent
ROWS = []


def chunk(kind, data):
    body = kind + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))


def png(width, height, depth, color, rows, extra=b"", after=b""):
    header = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra
            + chunk(b"IDAT", zlib.compress(rows, 9)) + after + chunk(b"IEND", b""))


def encoded(image, kind, **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def arithmetic(jpeg, *options):
    """The same coefficients in arithmetic codes, which Pillow reads and does not write."""
    command = ["jpegtran", "-copy", "all", "-arithmetic", *options]
    return subprocess.run(command, input=jpeg, stdout=subprocess.PIPE, check=True).stdout


def good(name, data, size, same_as=None, tolerance=0, why="lossless"):
    (HERE / "good" / name).write_bytes(data)
    row = {"file": f"good/{name}", "width": size[0], "height": size[1]}
    if same_as:
        row |= {"same_as": f"good/{same_as}", "tolerance": tolerance, "why": why}
    ROWS.append(row)


def bad(name, data, fault):
    (HERE / "bad" / name).write_bytes(data)
    ROWS.append({"file": f"bad/{name}", "fault": fault})


def drawn(width, height):
    """Soft colour gradients with rings and a hard edge: every channel differs, nothing is symmetric."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    red = 255 * x / max(width - 1, 1)
    green = 127 + 120 * np.sin((x + 2 * y) / 7)
    blue = 255 * y / max(height - 1, 1)
    blue[:, width * 2 // 3:] = 255 - blue[:, width * 2 // 3:]
    return np.clip(np.stack([red, green, blue], -1).round(), 0, 255).astype(np.uint8)


def exif(orientation):
    block = Image.Exif()
    block[274] = orientation
    return block.tobytes()


def over(colour, alpha, background):
    mixed = colour.astype(int) * alpha[..., None] + np.array(background) * (255 - alpha[..., None].astype(int))
    return ((mixed + 127) // 255).astype(np.uint8)


def ycck(pixels):
    """A YCCK JPEG: Pillow writes four inverted planes, which we fill with YCC of the inverse and K = 0."""
    ycc = np.asarray(Image.fromarray(255 - pixels).convert("YCbCr"))
    planes = np.concatenate([255 - ycc, np.zeros_like(ycc[..., :1])], -1)
    data = bytearray(encoded(Image.fromarray(planes, "CMYK"), "JPEG", quality=95, subsampling=0))
    data[data.find(b"Adobe") + 11] = 2  # colour transform: YCCK
    return bytes(data)


def draw_good():
    width, height = 64, 48
    pixels = drawn(width, height)
    base = Image.fromarray(pixels)
    size = base.size
    lossless = encoded(base, "PNG")
    good("base.png", lossless, size)
    good("interlaced.png", adam7(pixels), size, "base.png")
    good("base.webp", encoded(base, "WEBP", lossless=True), size, "base.png")
    good("base.bmp", encoded(base, "BMP"), size, "base.png")
    good("base.tif", encoded(base, "TIFF"), size, "base.png")
    good("deflate.tif", encoded(base, "TIFF", compression="tiff_adobe_deflate"), size, "base.png")
    good("trailing_bytes.png", lossless + b"PK\x03\x04" + bytes(40), size, "base.png")
    good("profile_bomb.png", with_chunk(lossless, b"iCCP", b"x\0\0" + zlib.compress(bytes(30 << 20), 9)), size, "base.png")
    good("text_bomb.png", with_chunk(lossless, b"zTXt", b"x\0\0" + zlib.compress(bytes(30 << 20), 9)), size, "base.png")
    moving = [base, Image.fromarray(255 - pixels)]
    good("animated.png", encoded(moving[0], "PNG", save_all=True, append_images=moving[1:]), size, "base.png")
    good("animated.webp", encoded(moving[0], "WEBP", save_all=True, append_images=moving[1:], lossless=True), size, "base.png")

    rgb16 = (pixels.astype(">u2") * 257)
    good("rgb16.png", png(width, height, 16, 2, b"".join(b"\0" + row.tobytes() for row in rgb16)), size, "base.png")
    alpha = np.broadcast_to(np.linspace(0, 255, width).round().astype(np.uint8), (height, width))
    rgba = np.dstack([pixels, alpha])
    good("over_white.png", encoded(Image.fromarray(over(pixels, alpha, (255, 255, 255))), "PNG"), size)
    good("alpha.png", encoded(Image.fromarray(rgba), "PNG"), size, "over_white.png")
    good("alpha.webp", encoded(Image.fromarray(rgba), "WEBP", lossless=True, exact=True), size, "over_white.png")
    good("alpha.tif", encoded(Image.fromarray(rgba), "TIFF"), size, "over_white.png")
    rgba16 = rgba.astype(">u2") * 257
    good("rgba16.png", png(width, height, 16, 6, b"".join(b"\0" + row.tobytes() for row in rgba16)), size, "over_white.png")

    gray = base.convert("L")
    good("gray_as_rgb.png", encoded(gray.convert("RGB"), "PNG"), size)
    good("gray.png", encoded(gray, "PNG"), size, "gray_as_rgb.png")
    good("gray16.png", png(width, height, 16, 0, b"".join(b"\0" + row.tobytes() for row in np.asarray(gray).astype(">u2") * 257)), size, "gray_as_rgb.png")
    good("gray.tif", encoded(gray, "TIFF"), size, "gray_as_rgb.png")
    palette = base.quantize(32)
    good("palette_as_rgb.png", encoded(palette.convert("RGB"), "PNG"), size)
    good("palette.png", encoded(palette, "PNG"), size, "palette_as_rgb.png")
    good("palette.bmp", encoded(palette, "BMP"), size, "palette_as_rgb.png")
    good("palette.gif", encoded(palette, "GIF", interlace=1), size, "palette_as_rgb.png")
    good("animated.gif", encoded(palette, "GIF", save_all=True, append_images=[base.rotate(180).quantize(32)]), size, "palette_as_rgb.png")

    # JPEG: exact among themselves (same coefficients), close to what was drawn.
    jpeg = encoded(base, "JPEG", quality=95, subsampling=0)
    lossy = "quality 95; Pillow's own decoding of the same file differs from the drawing by up to 14"
    good("base.jpg", jpeg, size, "base.png", 16, lossy)
    same = "the same coefficients in another order"
    good("progressive.jpg", encoded(base, "JPEG", quality=95, subsampling=0, progressive=True), size, "base.jpg", 0, same)
    good("restarts.jpg", encoded(base, "JPEG", quality=95, subsampling=0, restart_marker_blocks=4), size, "base.jpg", 0, same)
    good("comment.jpg", jpeg[:2] + b"\xff\xfe\0\x1b<script>alert(1)</script>" + jpeg[2:], size, "base.jpg", 0, same)
    scan = jpeg.find(b"\xff\xda") + 11  # first and last frequency, and precision, which say nothing here
    good("scan_lies.jpg", jpeg[:scan] + b"\x03\x50\x21" + jpeg[scan + 3:], size, "base.jpg", 0, "libjpeg ignores these bytes")
    adobe = b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0\x33"
    good("adobe_unknown.jpg", jpeg[:2] + adobe + jpeg[2:], size, "base.jpg", 0, "an unknown transform is YCbCr")
    wrong = b"II*\0\x08\0\0\0" + struct.pack("<HHHII", 1, 274, 3, 0xFFFFFFFF, 0xFFFFFFF0) + bytes(4)
    good("exif_lies.jpg", jpeg[:2] + b"\xff\xe1" + struct.pack(">H", 8 + len(wrong)) + b"Exif\0\0" + wrong + jpeg[2:], size, "base.jpg", 0, same)
    good("arithmetic.jpg", arithmetic(jpeg), size, "base.jpg", 0, same)
    good("arithmetic_progressive.jpg", arithmetic(jpeg, "-progressive"), size, "base.jpg", 0, same)
    good("arithmetic_restarts.jpg", arithmetic(jpeg, "-restart", "5B"), size, "base.jpg", 0, same)
    odd = Image.fromarray(drawn(61, 45))
    coarse = encoded(odd, "JPEG", quality=90, subsampling=2)
    good("coarse_colour.jpg", coarse, odd.size)
    for name, options in [("", []), ("_progressive", ["-progressive", "-restart", "1"])]:
        good(f"arithmetic_coarse_colour{name}.jpg", arithmetic(coarse, *options), odd.size, "coarse_colour.jpg", 0, same)
    good("gray.jpg", encoded(gray, "JPEG", quality=95), size, "gray_as_rgb.png", 8, "quality 95")
    cmyk = "quality 95 and CMYK rounding"
    good("arithmetic_gray.jpg", arithmetic(encoded(gray, "JPEG", quality=95)), size, "gray.jpg", 0, same)
    good("cmyk.jpg", encoded(base.convert("CMYK"), "JPEG", quality=95, subsampling=0), size, "base.png", 16, cmyk)
    good("ycck.jpg", ycck(pixels), size, "base.png", 20, cmyk)

    stored = {1: None, 2: Image.FLIP_LEFT_RIGHT, 3: Image.ROTATE_180, 4: Image.FLIP_TOP_BOTTOM,
              5: Image.TRANSPOSE, 6: Image.ROTATE_90, 7: Image.TRANSVERSE, 8: Image.ROTATE_270}
    for value, how in stored.items():
        turned = base if how is None else base.transpose(how)
        good(f"orientation_{value}.png", encoded(turned, "PNG", exif=exif(value)), size, "base.png")
    good("orientation_99.png", encoded(base, "PNG", exif=exif(99)), size, "base.png")
    turned = base.transpose(Image.ROTATE_90)
    good("orientation_6.webp", encoded(turned, "WEBP", lossless=True, exif=exif(6)), size, "base.png")
    good("orientation_6.tif", encoded(turned, "TIFF", tiffinfo={274: 6}), size, "base.png")
    good("orientation_6.jpg", encoded(turned, "JPEG", quality=95, subsampling=0, exif=exif(6)), size, "base.png", 16, lossy)

    good("one_pixel.png", encoded(Image.new("RGB", (1, 1), (9, 8, 7)), "PNG"), (1, 1))
    good("49_megapixels.png", png(7000, 7000, 8, 2, bytes(7000 * 21001)), (7000, 7000))


def adam7(pixels):
    """An interlaced PNG, which Pillow reads and does not write."""
    rows = b""
    for left, top, across, down in [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]:
        rows += b"".join(b"\0" + row.tobytes() for row in pixels[top::down, left::across])
    height, width, _ = pixels.shape
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 1)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")


def with_chunk(data, kind, body):
    return data[:33] + chunk(kind, body) + data[33:]


def draw_bad():
    base = Image.fromarray(drawn(64, 48))
    lossless = encoded(base, "PNG")
    jpeg = encoded(base, "JPEG", quality=95, subsampling=0)
    progressive = encoded(base, "JPEG", quality=90, progressive=True)
    webp = encoded(base, "WEBP", lossless=True)
    bad("empty.png", b"", "image_empty")
    for name, data in [("png", lossless), ("jpg", jpeg), ("webp", webp), ("gif", encoded(base.quantize(32), "GIF")),
                       ("bmp", encoded(base, "BMP")), ("tif", encoded(base, "TIFF"))]:
        bad(f"half.{name}", data[:len(data) // 2], "image_truncated")
    bad("half_progressive.jpg", progressive[:len(progressive) // 2], "image_truncated")
    bad("no_end.jpg", jpeg[:-2], "image_truncated")
    bad("no_end.png", lossless[:-12], "image_truncated")
    bad("signature_only.png", lossless[:8], "image_truncated")
    bad("one_byte.png", lossless[:1], "image_truncated")
    bad("wrong_magic.png", b"\0" + lossless[1:], "image_unsupported_format")
    bad("drawing.svg", b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>', "image_unsupported_format")
    bad("noise.bin", np.random.default_rng(0).bytes(4096), "image_unsupported_format")
    bad("zero_size.png", png(0, 0, 8, 2, b""), "image_zero_size")
    bad("65535_squared.png", png(65535, 65535, 8, 2, bytes(1024)), "image_too_large")
    bad("400_megapixels.png", png(16000, 25000, 1, 0, bytes(25000 * 2001)), "image_too_large")
    bad("too_many_pixels.png", png(16000, 4000, 1, 0, bytes(4000 * 2001)), "image_too_large")
    bad("too_wide.png", png(2 ** 31 - 1, 1, 8, 2, bytes(64)), "image_too_large")
    bad("too_tall.png", png(1, 1 << 24, 1, 0, bytes(64)), "image_too_large")
    bad("too_deep.png", png(7000, 7000, 16, 6, bytes(64)), "image_too_large")
    frame = jpeg.find(b"\xff\xc0")
    bad("frame_lies.jpg", jpeg[:frame + 5] + struct.pack(">HH", 65500, 65500) + jpeg[frame + 9:], "image_too_large")
    bad("screen_lies.gif", b"GIF89a" + struct.pack("<HH", 65535, 65535) + bytes(3) + b";", "image_too_large")
    last = progressive.rfind(b"\xff\xda")
    bad("200_scans.jpg", progressive[:-2] + progressive[last:-2] * 200 + progressive[-2:], "image_too_many_scans")
    data = bytearray(lossless)
    data[60] ^= 1
    bad("flipped_bit.png", bytes(data), "image_malformed")
    bad("too_few_rows.png", png(64, 48, 8, 2, bytes(20 * (1 + 3 * 64))), "image_malformed")
    for name, marker in [("arithmetic_lossless", 0xCB), ("lossless", 0xC3)]:
        data = bytearray(jpeg)
        data[frame + 1] = marker
        bad(f"{name}.jpg", bytes(data), "image_unsupported_feature")
    bad("arithmetic_half.jpg", arithmetic(jpeg)[:1500], "image_truncated")
    data = bytearray(jpeg)
    data[frame + 4] = 12
    bad("twelve_bits.jpg", bytes(data), "image_unsupported_feature")


def shown(value):
    return f'"{value}"' if isinstance(value, str) else str(value)


(HERE / "good").mkdir(exist_ok=True)
(HERE / "bad").mkdir(exist_ok=True)
draw_good()
draw_bad()
lines = ["# Written by make_images.py: do not edit."]
for row in ROWS:
    lines += ["", "[[case]]"] + [f"{key} = {shown(value)}" for key, value in row.items()]
(HERE / "expect.toml").write_text("\n".join(lines) + "\n")
