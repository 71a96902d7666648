"""Synthetic damage with one strength knob: `TYPES[name].apply(picture, level, seed)`, level 0.5 (faint) to 5 (heavy).

Pictures are uint8 RGB arrays. The same seed gives the same random field at every level, so levels of one picture
differ in strength and in nothing else. Strength tables follow the published descriptions of KADID-10k where a type
has a counterpart there (`kadid` is its number); all code is our own, so a level is close to KADID's, not equal.
"""
import io
from dataclasses import dataclass
from typing import Callable

import numpy as np
from PIL import Image, ImageFilter
from scipy import fft, ndimage


@dataclass(frozen=True)
class Type:
    name: str
    family: str
    strengths: tuple  # at levels 1..5
    function: Callable  # (picture, strength, rng) -> picture
    kadid: int | None = None  # the KADID-10k type whose human means apply
    trust: float = 0.0  # weight of those means in training; 0: only the order of the levels is taught

    def apply(self, picture, level, seed):
        positions = [0, 1, 2, 3, 4, 5]
        strength = np.interp(level, positions, (self._none(), *self.strengths))
        return self.function(picture, strength, np.random.default_rng(seed))

    def _none(self):
        """Extrapolates to level 0 for levels below 1: half-way to the undamaged end of the table."""
        first, second = self.strengths[:2]
        return first - (second - first) / 2


def to_bytes(values):
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def encode(picture, kind, **options):
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, kind, **options)
    buffer.seek(0)
    return np.asarray(Image.open(buffer).convert("RGB"))


def _floats(picture):
    return picture.astype(np.float32)


def _luma(values):
    return values @ np.float32([0.299, 0.587, 0.114])


def _normal(rng, shape):
    return rng.standard_normal(shape, dtype=np.float32)


# --- blur -----------------------------------------------------------------------------------------------------------

def _filtered(picture, kernel):
    """Convolution of each channel with a small kernel, edges mirrored."""
    margin = max(kernel.shape) // 2 + 1
    padded = np.pad(_floats(picture), ((margin, margin), (margin, margin), (0, 0)), mode="symmetric")
    shape = [fft.next_fast_len(padded.shape[axis] + kernel.shape[axis] - 1, real=True) for axis in (0, 1)]
    spectrum = fft.rfft2(padded, shape, axes=(0, 1)) * fft.rfft2(kernel.astype(np.float32), shape)[..., None]
    full = fft.irfft2(spectrum, shape, axes=(0, 1))
    top, left = margin + kernel.shape[0] // 2, margin + kernel.shape[1] // 2
    return to_bytes(full[top:top + picture.shape[0], left:left + picture.shape[1]])


def gaussian_blur(picture, sigma, rng):
    return to_bytes(ndimage.gaussian_filter(_floats(picture), (sigma, sigma, 0), truncate=3.5))


def disk_kernel(radius):
    """A disk with anti-aliased rim."""
    reach = int(np.ceil(radius)) + 1
    rows, columns = np.mgrid[-reach:reach + 1, -reach:reach + 1]
    kernel = np.clip(radius + 0.5 - np.hypot(rows, columns), 0, 1)
    return kernel / kernel.sum()


def lens_blur(picture, radius, rng):
    return _filtered(picture, disk_kernel(radius))


def line_kernel(length, angle):
    """A line of the given length through the centre, each sample spread bilinearly."""
    reach = int(np.ceil(length / 2)) + 1
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1))
    for position in np.linspace(-(length - 1) / 2, (length - 1) / 2, max(2, int(8 * length))):
        row, column = reach + position * np.sin(angle), reach + position * np.cos(angle)
        top, left = int(np.floor(row)), int(np.floor(column))
        for dy, dx in ((0, 0), (0, 1), (1, 0), (1, 1)):
            kernel[top + dy, left + dx] += abs(1 - dy - (row - top)) * abs(1 - dx - (column - left))
    return kernel / kernel.sum()


def motion_blur(picture, length, rng):
    return _filtered(picture, line_kernel(max(length, 1), rng.uniform(0, np.pi)))


def ghost(picture, strength, rng):
    """A second exposure: the picture blended with a shifted copy."""
    angle, reach = rng.uniform(0, 2 * np.pi), rng.uniform(4, 10)
    moved = ndimage.shift(_floats(picture), (reach * np.sin(angle), reach * np.cos(angle), 0), order=1, mode="nearest")
    return to_bytes((1 - strength) * picture + strength * moved)


# --- resolution -----------------------------------------------------------------------------------------------------

def resample(picture, factor, rng):
    """Down by `factor` and up again, with one of several interpolations each way."""
    down = rng.choice([Image.Resampling.BILINEAR, Image.Resampling.BICUBIC, Image.Resampling.LANCZOS, Image.Resampling.BOX])
    up = rng.choice([Image.Resampling.BILINEAR, Image.Resampling.BICUBIC, Image.Resampling.LANCZOS])
    height, width = picture.shape[:2]
    small = Image.fromarray(picture).resize((max(1, round(width / factor)), max(1, round(height / factor))), down)
    return np.asarray(small.resize((width, height), up))


def pixelate(picture, strength, rng):
    scale = 0.95 - strength ** 0.6
    height, width = picture.shape[:2]
    kind = rng.choice([Image.Resampling.NEAREST, Image.Resampling.BOX])
    small = Image.fromarray(picture).resize((max(1, int(width * scale)), max(1, int(height * scale))), kind)
    return np.asarray(small.resize((width, height), Image.Resampling.NEAREST))


# --- noise ----------------------------------------------------------------------------------------------------------

def white_noise(picture, variance, rng):
    return to_bytes(picture + 255 * np.sqrt(variance) * _normal(rng, picture.shape))


def ycc_noise(picture, variance, rng):
    """Equal noise in luma and both chroma planes, which is stronger than equal noise in RGB."""
    noise = 255 * np.sqrt(variance) * _normal(rng, picture.shape)
    y, blue, red = noise[..., 0], noise[..., 1], noise[..., 2]
    return to_bytes(picture + np.stack([y + 1.402 * red, y - 0.344 * blue - 0.714 * red, y + 1.772 * blue], -1))


def luma_noise(picture, sigma, rng):
    return to_bytes(picture + sigma * _normal(rng, picture.shape[:2])[..., None])


def chroma_noise(picture, sigma, rng):
    """Blotches of colour as a small sensor leaves them: chroma noise of low frequency."""
    noise = ndimage.gaussian_filter(_normal(rng, picture.shape), (1.5, 1.5, 0))
    noise /= noise.std()
    return to_bytes(picture + sigma * (noise - _luma(noise)[..., None]))


def grain(picture, sigma, rng):
    noise = ndimage.gaussian_filter(_normal(rng, picture.shape), (rng.uniform(0.6, 1.6),) * 2 + (0,))
    return to_bytes(picture + sigma * noise / noise.std())


def poisson_noise(picture, peak, rng):
    """Photon noise in linear light with `peak` photons at white (normal approximation, so that levels share a field)."""
    linear = (picture / np.float32(255)) ** 2.2
    noisy = linear + np.sqrt(linear / peak + 1e-5) * _normal(rng, picture.shape)
    return to_bytes(255 * np.clip(noisy, 0, 1) ** (1 / 2.2))


def multiplicative_noise(picture, variance, rng):
    return to_bytes(picture * (1 + np.sqrt(variance) * _normal(rng, picture.shape)))


def impulse_noise(picture, density, rng):
    """Salt and pepper; each channel is hit on its own or the whole pixel at once."""
    shape = picture.shape if rng.random() < 0.5 else (*picture.shape[:2], 1)
    hit, white = rng.random(shape) < density, rng.random(shape) < 0.5
    return np.where(hit, np.where(white, 255, 0), picture).astype(np.uint8)


# --- compression and quantisation -------------------------------------------------------------------------------------

def jpeg(picture, quality, rng):
    return encode(picture, "JPEG", quality=int(round(quality)), subsampling=int(rng.choice([0, 2])))


def webp(picture, quality, rng):
    return encode(picture, "WEBP", quality=int(round(quality)), method=2)


def jpeg2000(picture, rate, rng):
    return encode(picture, "JPEG2000", quality_mode="rates", quality_layers=[float(rate)])


def quantise(picture, levels, rng):
    step = 255 / (levels - 1)
    return to_bytes(np.rint(picture / step) * step)


def palette(picture, colours, rng):
    dither = rng.choice([Image.Dither.NONE, Image.Dither.FLOYDSTEINBERG])
    reduced = Image.fromarray(picture).quantize(int(round(colours)), dither=dither)
    return np.asarray(reduced.convert("RGB"))


# --- smoothing and sharpening -----------------------------------------------------------------------------------------

def _guided(values, radius, epsilon):
    """Edge-preserving smoothing: the self-guided filter on each channel."""
    size = (2 * radius + 1, 2 * radius + 1, 1)
    mean = ndimage.uniform_filter(values, size)
    variance = ndimage.uniform_filter(values * values, size) - mean * mean
    gain = variance / (variance + epsilon)
    return ndimage.uniform_filter(gain, size) * values + ndimage.uniform_filter((1 - gain) * mean, size)


def smooth(picture, epsilon, rng):
    """The water-colour look of strong noise reduction."""
    return to_bytes(_guided(_floats(picture), 3, epsilon))


def denoise(picture, variance, rng):
    """White noise and then its removal, which takes texture along."""
    noisy = np.clip(picture + 255 * np.sqrt(variance) * _normal(rng, picture.shape), 0, 255)
    return to_bytes(_guided(noisy, int(rng.integers(2, 5)), rng.uniform(1, 2.5) * variance * 255 ** 2))


def median(picture, size, rng):
    """Median filters of 3, 5, 7 ... pixels, blended for the sizes between."""
    small = int(2 * np.floor((size - 1) / 2) + 1)
    share = (size - small) / 2
    image = Image.fromarray(picture)
    lower = picture if small < 3 else np.asarray(image.filter(ImageFilter.MedianFilter(small)))
    if share < 0.01:
        return lower
    upper = np.asarray(image.filter(ImageFilter.MedianFilter(small + 2)))
    return to_bytes((1 - share) * lower + share * upper)


def sharpen(picture, amount, rng):
    values = _floats(picture)
    return to_bytes(values + amount * (values - ndimage.gaussian_filter(values, (3, 3, 0), truncate=2)))


# --- geometry ---------------------------------------------------------------------------------------------------------

def jitter(picture, sigma, rng):
    """Every pixel is fetched from a place displaced at random."""
    rows, columns = np.mgrid[:picture.shape[0], :picture.shape[1]].astype(np.float32)
    places = [rows + sigma * _normal(rng, rows.shape), columns + sigma * _normal(rng, rows.shape)]
    planes = [ndimage.map_coordinates(_floats(picture[..., c]), places, order=1, mode="nearest") for c in range(3)]
    return to_bytes(np.stack(planes, -1))


def row_jitter(picture, sigma, rng):
    """Rows shifted sideways by whole pixels, as a bad video clock leaves them."""
    shifts = np.rint(sigma * rng.standard_normal(len(picture))).astype(int)
    columns = np.clip(np.arange(picture.shape[1]) - shifts[:, None], 0, picture.shape[1] - 1)
    return np.take_along_axis(picture, np.repeat(columns[..., None], 3, 2), 1)


def colour_fringe(picture, shift, rng):
    """Red and blue planes displaced in opposite directions."""
    angle = rng.uniform(0, 2 * np.pi)
    step = np.array([np.sin(angle), np.cos(angle)]) * shift
    red = ndimage.shift(_floats(picture[..., 0]), step, order=1, mode="nearest")
    blue = ndimage.shift(_floats(picture[..., 2]), -step, order=1, mode="nearest")
    return np.stack([to_bytes(red), picture[..., 1], to_bytes(blue)], -1)


def colour_bleed(picture, sigma, rng):
    """Chroma blurred, luma kept."""
    values = _floats(picture)
    luma = _luma(values)[..., None]
    return to_bytes(luma + ndimage.gaussian_filter(values - luma, (sigma, sigma, 0), truncate=3))


def blocks(picture, count, rng):
    """Squares of random colour, as lost packets leave them."""
    out = picture.copy()
    for _ in range(60):
        size = int(rng.integers(12, 32))
        top, left = rng.integers(0, picture.shape[0] - size), rng.integers(0, picture.shape[1] - size)
        colour = rng.integers(0, 256, 3)
        if _ < count:
            out[top:top + size, left:left + size] = colour
    return out


# --- tone -------------------------------------------------------------------------------------------------------------

def brighten(picture, gamma, rng):
    return to_bytes(255 * (picture / 255) ** (1 / gamma))


def darken(picture, gamma, rng):
    return to_bytes(255 * (picture / 255) ** gamma)


def overexpose(picture, gain, rng):
    return to_bytes(255 * np.minimum((picture / 255) ** 2.2 * gain, 1) ** (1 / 2.2))


def underexpose(picture, loss, rng):
    return to_bytes(picture / loss)


def contrast_loss(picture, factor, rng):
    """Towards a grey veil: 1 keeps the picture, 0 leaves the veil."""
    veil = 0.5 * picture.mean() + 0.5 * rng.uniform(100, 200)
    return to_bytes(veil + (_floats(picture) - veil) * factor)


def contrast_gain(picture, gain, rng):
    return to_bytes(127 + (_floats(picture) - 127) * gain)


TYPES = {entry.name: entry for entry in [
    Type("gaussian_blur", "blur", (0.3, 0.6, 1.0, 2.0, 5.0), gaussian_blur, 1, 1.0),
    Type("lens_blur", "blur", (1, 2, 4, 6, 8), lens_blur, 2, 1.0),
    Type("motion_blur", "blur", (1.5, 2.5, 4, 6, 10), motion_blur, 3, 1.0),
    Type("ghost", "blur", (0.05, 0.1, 0.18, 0.3, 0.48), ghost),
    Type("resample", "resolution", (1.3, 1.7, 2.3, 3.3, 5.0), resample),
    Type("pixelate", "resolution", (0.02, 0.06, 0.12, 0.25, 0.5), pixelate, 21, 0.7),
    Type("white_noise", "noise", (0.001, 0.002, 0.003, 0.005, 0.010), white_noise, 11, 1.0),
    Type("ycc_noise", "noise", (0.0002, 0.0005, 0.001, 0.002, 0.003), ycc_noise, 12, 1.0),
    Type("luma_noise", "noise", (4, 8, 13, 20, 30), luma_noise),
    Type("chroma_noise", "noise", (4, 8, 13, 20, 30), chroma_noise),
    Type("grain", "noise", (4, 8, 13, 20, 30), grain),
    Type("poisson_noise", "noise", (1 / 2000, 1 / 700, 1 / 250, 1 / 90, 1 / 30),
         lambda picture, strength, rng: poisson_noise(picture, 1 / strength, rng)),
    Type("multiplicative_noise", "noise", (0.001, 0.005, 0.01, 0.02, 0.05), multiplicative_noise, 14, 1.0),
    Type("impulse_noise", "noise", (0.001, 0.005, 0.01, 0.02, 0.03), impulse_noise, 13, 1.0),
    Type("jpeg", "compression", (43, 36, 24, 7, 4), jpeg, 10, 1.0),
    Type("jpeg2000", "compression", (16, 32, 45, 120, 170), jpeg2000, 9, 1.0),
    Type("webp", "compression", (60, 35, 16, 6, 0), webp),
    Type("quantise", "quantisation", (20, 16, 13, 10, 7), quantise, 22, 0.7),
    Type("palette", "quantisation", (80, 48, 28, 16, 8), palette),
    Type("denoise", "smoothing", (0.001, 0.002, 0.004, 0.008, 0.016), denoise, 15, 0.4),
    Type("smooth", "smoothing", (30, 90, 250, 700, 2000), smooth),
    Type("median", "smoothing", (2, 3, 5, 7, 11), median),
    Type("sharpen", "sharpening", (1, 2, 3, 6, 12), sharpen, 24, 1.0),
    Type("jitter", "geometry", (0.15, 0.3, 0.6, 1.2, 2.2), jitter, 19, 0.7),
    Type("row_jitter", "geometry", (0.4, 0.8, 1.4, 2.4, 4), row_jitter),
    Type("colour_fringe", "colour", (0.6, 1.2, 2.2, 4, 7), colour_fringe),
    Type("colour_bleed", "colour", (1.5, 3, 6, 10, 16), colour_bleed),
    Type("blocks", "loss", (2, 5, 12, 26, 55), blocks),
    Type("brighten", "tone", (1.1, 1.2, 1.4, 1.9, 3.0), brighten, 16, 0.3),
    Type("darken", "tone", (1.1, 1.25, 1.6, 2.4, 4.0), darken, 17, 0.3),
    Type("overexpose", "tone", (1.2, 1.5, 2.0, 3.0, 5.0), overexpose),
    Type("underexpose", "tone", (1.2, 1.5, 2.2, 4.0, 8.0), underexpose),
    Type("contrast_loss", "tone", (0.85, 0.7, 0.52, 0.35, 0.2), contrast_loss),
    Type("contrast_gain", "tone", (1.15, 1.35, 1.7, 2.4, 4.0), contrast_gain),
]}

# The order in which a camera and its software damage a picture.
_CHAIN = [
    ["darken", "brighten", "underexpose", "overexpose", "contrast_loss"],
    ["gaussian_blur", "lens_blur", "motion_blur"],
    ["poisson_noise", "white_noise", "grain", "chroma_noise"],
    ["smooth", "median"],
    ["sharpen"],
    ["resample"],
    ["jpeg", "webp"],
]
# How often each link of the chain takes part.
_SHARE = [0.4, 0.7, 0.6, 0.4, 0.25, 0.4, 0.8]


def mixture(seed):
    """A random chain of two or more kinds of damage: [(type name, its level at severity 1)]."""
    rng = np.random.default_rng(seed)
    while True:
        names = [str(rng.choice(link)) for link, share in zip(_CHAIN, _SHARE) if rng.random() < share]
        if len(names) >= 2:
            return [(name, float(rng.uniform(1.0, 4.5))) for name in names]


def apply_mixture(picture, chain, severity, seed):
    """Every link at `severity` (0..1) times its level."""
    for offset, (name, level) in enumerate(chain):
        picture = TYPES[name].apply(picture, max(0.5, severity * level), seed + offset)
    return picture


# --- TID2013-R --------------------------------------------------------------------------------------------------------

def psnr(reference, picture):
    error = np.mean((reference.astype(np.float32) - picture.astype(np.float32)) ** 2)
    return 10 * np.log10(255 ** 2 / max(error, 1e-9))


def _field(rng, shape, low=0.0, high=0.0):
    """White noise, low-passed by sigma `low`, or with everything below sigma `high` taken away; unit deviation."""
    noise = _normal(rng, shape)
    if low:
        noise = ndimage.gaussian_filter(noise, (low, low, 0))
    if high:
        noise = noise - ndimage.gaussian_filter(noise, (high, high, 0))
    return noise / noise.std()


def _tid_family(picture, number, seed):
    """For one TID2013 type: strength 0..1 -> picture, PSNR falling with strength."""
    rng, values = np.random.default_rng(seed), _floats(picture)
    if number == 1:
        field = _field(rng, picture.shape)
        return lambda s: to_bytes(values + 60 * s * field)
    if number == 3:
        field = _field(rng, picture.shape, low=1.2)
        return lambda s: to_bytes(values + 60 * s * field)
    if number == 5:
        field = _field(rng, picture.shape, high=1.0)
        return lambda s: to_bytes(values + 60 * s * field)
    if number == 6:
        order, white = rng.random(picture.shape[:2]), rng.random(picture.shape) < 0.5
        ends = np.where(white, 255, 0).astype(np.uint8)
        return lambda s: np.where((order < 0.2 * s)[..., None], ends, picture)
    if number == 7:
        return lambda s: to_bytes((np.floor(values / (1 + 127 * s)) + 0.5) * (1 + 127 * s))
    if number == 8:
        return lambda s: gaussian_blur(picture, 0.2 + 14 * s * s, None)
    if number == 10:
        return lambda s: encode(picture, "JPEG", quality=int(max(1, round(97 - 96 * s))))
    if number == 11:
        return lambda s: encode(picture, "JPEG2000", quality_mode="rates", quality_layers=[4 + 3000 * s ** 3])
    if number == 19:
        field = _field(rng, picture.shape)
        return lambda s: to_bytes(values + 0.6 * s * values * field)
    if number == 22:
        noise = rng.random(picture.shape, dtype=np.float32) - 0.5
        return lambda s: to_bytes(np.rint(values / (1 + 120 * s) + noise) * (1 + 120 * s))
    if number == 23:
        def fringe(s):
            red = ndimage.shift(values[..., 0], (0, 12 * s), order=1, mode="nearest")
            blue = ndimage.shift(values[..., 2], (8 * s, 0), order=1, mode="nearest")
            return np.stack([to_bytes(red), picture[..., 1], to_bytes(blue)], -1)
        return fringe
    raise ValueError(f"TID2013 type {number} is not re-synthesised")


# TID2013 numbers that one strength knob can re-make, and the family each belongs to.
TID_TYPES = {1: "white_noise", 3: "grain", 5: "high_frequency_noise", 6: "impulse_noise", 7: "quantise",
             8: "gaussian_blur", 10: "jpeg", 11: "jpeg2000", 19: "multiplicative_noise", 22: "dither",
             23: "colour_fringe"}
TID_LEVELS_DB = {1: 33, 2: 30, 3: 27, 4: 24, 5: 21}


def tid(picture, number, decibels, seed, steps=9):
    """The picture damaged by a TID2013 type so that its PSNR meets `decibels`, found by bisection."""
    make = _tid_family(picture, number, seed)
    low, high = 0.0, 1.0
    for _ in range(steps):
        middle = (low + high) / 2
        out = make(middle)
        error = psnr(picture, out) - decibels
        if abs(error) < 0.1:
            return out
        low, high = (middle, high) if error > 0 else (low, middle)
    return make((low + high) / 2)
