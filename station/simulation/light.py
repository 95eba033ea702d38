"""The booth's light: panels and the bright walls around, sampled in 64 directions from the tray's middle."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from station.simulation.layout import Layout, Panel
from station.simulation.settings import SimulationSettings

BLOCK = 8
"""Neighbouring samples each look towards another light; a block of 8 x 8 sees all of them (interleaved sampling)."""
_BOUNCE = 0.16
"""Light from below, off tray and floor."""
_WALLS_FROM = 0.3
"""The bright walls begin at this height, as the sine of its angle above the tray."""
_GOLDEN = np.pi * (3 - np.sqrt(5))
"""Turning by the golden angle spreads directions evenly."""
_PLASTIC_NUMBER = 1.32471795724474602596
"""Its powers spread points evenly over a rectangle (Roberts, The unreasonable effectiveness of quasirandom sequences,
2018)."""
_SHADE_EXPONENT = 1 / 2.2
_SWINGS_S = np.array([173.0, 431.0])
"""Periods in which the light's brightness and its colour swing."""
_WHITE_K = 5000.0


@dataclass(frozen=True, slots=True)
class LightPanel:
    """A panel as it shines: unit axes float64 [3] `across` and `up` it and `ahead` towards it from the tray's middle.

    `distance_mm` from there, `half_mm` half its width and height, `share` of the tray's light that it gives, `colour`
    float64 [3] relative to the light that the cameras take for white.
    """

    across: NDArray[np.float64]
    up: NDArray[np.float64]
    ahead: NDArray[np.float64]
    distance_mm: float
    half_mm: tuple[float, float]
    share: float
    colour: NDArray[np.float64]


class Lighting:
    """The light of one booth.

    `directions` float32 [64, 3] are unit vectors to the lights and `weights` float32 [64] what each gives, so that an
    open surface in the tray's middle that faces up receives 1 in a booth whose panels give what its file says.
    """

    def __init__(self, layout: Layout, as_new: Layout | None = None) -> None:
        """Take the panels as they are now, and `as_new`, when the cameras' exposure and white balance were set."""
        as_new = as_new or layout
        full, white = sum(map(_irradiance_of, as_new.panels)), _white(as_new.panels)
        self.panels = tuple(_shining(panel, (1 - layout.ambient) / full, white) for panel in layout.panels)
        counts = _counts([layout.ambient, *(panel.share for panel in self.panels)])
        parts = [_walls(counts[0])] + [_points_on(panel, n) for panel, n in zip(self.panels, counts[1:], strict=True)]
        shares = [layout.ambient, *(panel.share for panel in self.panels)]
        self.directions = np.concatenate(parts).astype(np.float32)
        self.weights = np.concatenate(
            [np.full(len(part), share / max(part[:, 2].sum(), 1e-9)) for part, share in zip(parts, shares, strict=True)]
        ).astype(np.float32)
        self._fit(np.repeat([np.ones(3), *(panel.colour for panel in self.panels)], counts, axis=0))

    def irradiance(self, points: NDArray[np.float32], normals: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the light that reaches open surfaces, float32 [N].

        Nine spherical harmonics describe how it depends on unit `normals`, float32 [N, 3], within about a percent
        (Ramamoorthi and Hanrahan, SIGGRAPH 2001); a quadric how it falls off over `points` of the tray's frame in mm.
        """
        x, y, z = normals.T
        c, cx, cy, cz, cxy, cyz, czx, czz, cxxyy = self._by_normal
        light = c + x * (cx + cxy * y + cxxyy * x) + y * (cy + cyz * z - cxxyy * y) + z * (cz + czx * x + czz * z)
        x, y, z = points.T
        a, ax, ay, az, axx, ayy = self._by_place
        return np.asarray(light * np.clip(a + x * (ax + axx * x) + y * (ay + ayy * y) + az * z, 0.3, 2), np.float32)

    def tint(self, normals: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return what gamma-coded colours are multiplied by for the light's colour, float32 [N, 3] or [3]."""
        if not self._tint[1:].any():
            return np.asarray(self._tint[0], np.float32)
        return np.asarray(self._tint[0] + np.einsum("nx,xc->nc", normals, self._tint[1:]), np.float32)

    def _fit(self, colours: NDArray[np.float64]) -> None:
        normals = np.random.default_rng(0).normal(size=(2000, 3))
        normals /= np.linalg.norm(normals, axis=1, keepdims=True)
        below = _BOUNCE * (1 - normals[:, 2]) / 2
        reach = np.maximum(normals @ self.directions.T, 0) * self.weights
        exact = reach.sum(axis=1) + below
        self._by_normal = np.linalg.lstsq(_harmonics(normals), exact)[0].astype(np.float32).tolist()
        coloured = reach @ colours + below[:, None]
        ratio = (coloured / exact[:, None]) ** _SHADE_EXPONENT
        tint = np.linalg.lstsq(np.column_stack([np.ones(len(normals)), normals]), ratio)[0]
        self._tint = np.where(np.abs(tint) < 1e-6, 0, tint).astype(np.float32)
        grid = np.stack(np.meshgrid(*[np.linspace(-250, 250, 7)] * 2, np.linspace(0, 250, 5)), axis=-1).reshape(-1, 3)
        near = 1 - sum(panel.share for panel in self.panels) + sum(_falloff(panel, grid) for panel in self.panels)
        x, y, z = grid.T
        self._by_place = np.linalg.lstsq(np.stack([np.ones_like(x), x, y, z, x * x, y * y], axis=1), near)[0].tolist()


class Drift:
    """How the light's brightness and colour swing over some minutes, as mains and lamps do."""

    def __init__(self, settings: SimulationSettings, rng: np.random.Generator) -> None:
        self._spread = settings.light_drift, settings.light_drift_k
        self._phase = rng.uniform(0, 2 * np.pi, 2)

    def dyed(self, colour: NDArray[np.uint8], t_ns: int) -> NDArray[np.uint8]:
        """Return a picture, uint8 RGB [H, W, 3], in the light of a time."""
        brightness, kelvin = self._spread * np.sin(2 * np.pi * t_ns / 1e9 / _SWINGS_S + self._phase)
        gain = (1 + brightness) * white_rgb(_WHITE_K + kelvin) / white_rgb(_WHITE_K)
        levels = np.arange(256)[:, None] * gain**_SHADE_EXPONENT
        return np.asarray(cv2.LUT(colour, np.rint(np.clip(levels, 0, 255)).astype(np.uint8)[None]), np.uint8)


def aged(layout: Layout, settings: SimulationSettings, rng: np.random.Generator) -> Layout:
    """Return a booth whose panels differ from its file in brightness and colour; one of them may have grown weak."""
    weakest = int(rng.integers(max(1, len(layout.panels))))
    weak = 1 - settings.weak_panel * rng.random()
    panels = []
    for number, panel in enumerate(layout.panels):
        brightness, warmth = rng.normal(0, 1, 2)
        flux_lm = panel.flux_lm * np.exp(settings.light_spread * brightness) * (weak if number == weakest else 1)
        temperature_k = panel.temperature_k + settings.light_spread_k * warmth
        panels.append(replace(panel, flux_lm=float(flux_lm), temperature_k=float(max(1500, temperature_k))))
    return replace(layout, panels=tuple(panels))


def light_of_sample(rows: NDArray[np.intp], columns: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return which light each sample of a picture looks towards; near samples look far apart."""
    scattered = (rows % BLOCK) * BLOCK + columns % BLOCK
    return scattered * 37 % (BLOCK * BLOCK)


def visibility(seen: NDArray[np.float32], weight: NDArray[np.float32], item: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return how much of the light each sample gets, float32 [H, W] 0 to 1.

    Args:
        seen: 1 where a sample sees its own light, else 0, float32 [H, W].
        weight: how much that light would give, float32 [H, W].
        item: which samples are the item; item and tray lend each other no light, bool [H, W].
    """
    result = np.ones_like(seen)
    for side in (item, ~item):
        part = np.where(side, weight + 1e-3, 0).astype(np.float32)
        total = cv2.blur(part, (BLOCK, BLOCK), borderType=cv2.BORDER_REFLECT)
        lit = cv2.blur(part * seen, (BLOCK, BLOCK), borderType=cv2.BORDER_REFLECT)
        np.divide(lit, total, out=result, where=side)
    return np.clip(result, 0, 1)


def white_rgb(temperature_k: float) -> NDArray[np.float64]:
    """Return the colour of a glowing body, linear sRGB float64 [3] of luminance 1.

    The locus is the cubic spline of Kim et al. (US patent 7024034, 2006), from 1667 to 25000 K.
    """
    t = 1000 / float(np.clip(temperature_k, 1667, 25_000))
    if temperature_k < 4000:
        x = ((-0.2661239 * t - 0.2343589) * t + 0.8776956) * t + 0.179910
    else:
        x = ((-3.0258469 * t + 2.1070379) * t + 0.2226347) * t + 0.240390
    if temperature_k < 2222:
        y = ((-1.1063814 * x - 1.34811020) * x + 2.18555832) * x - 0.20219683
    elif temperature_k < 4000:
        y = ((-0.9549476 * x - 1.37418593) * x + 2.09137015) * x - 0.16748867
    else:
        y = ((3.0817580 * x - 5.87338670) * x + 3.75112997) * x - 0.37001483
    xyz = np.array([x / y, 1.0, (1 - x - y) / y])
    return np.asarray(_RGB_FROM_XYZ @ xyz)


_RGB_FROM_XYZ = np.array(
    [[3.2404542, -1.5371385, -0.4985314], [-0.9692660, 1.8760108, 0.0415560], [0.0556434, -0.2040259, 1.0572252]]
)


def _harmonics(normals: NDArray[np.floating]) -> NDArray[np.floating]:
    x, y, z = normals.T
    return np.stack([np.ones_like(x), x, y, z, x * y, y * z, z * x, z * z, x * x - y * y], axis=1)


def _irradiance_of(panel: Panel) -> float:
    """Return what a panel gives the tray's middle, but for a factor that all panels share."""
    distance = float(np.linalg.norm(panel.centre_mm))
    return panel.flux_lm * panel.centre_mm[2] / distance**3


def _white(panels: Sequence[Panel]) -> NDArray[np.float64]:
    """Return the colour of the panels' light in the tray's middle, linear sRGB float64 [3]."""
    given = [_irradiance_of(panel) for panel in panels]
    return np.asarray(np.average([white_rgb(panel.temperature_k) for panel in panels], axis=0, weights=given))


def _shining(panel: Panel, per_irradiance: float, white: NDArray[np.float64]) -> LightPanel:
    centre = np.array(panel.centre_mm)
    distance = float(np.linalg.norm(centre))
    ahead = centre / distance
    across = np.cross([0.0, 0.0, 1.0], ahead)
    across /= np.linalg.norm(across)
    width, height = panel.size_mm
    share = per_irradiance * _irradiance_of(panel)
    colour = white_rgb(panel.temperature_k) / white
    return LightPanel(across, np.cross(ahead, across), ahead, distance, (width / 2, height / 2), share, colour)


def _counts(shares: list[float]) -> list[int]:
    """Return how many of the 64 directions each light gets: as its share, rounded."""
    ends = np.rint(np.cumsum(shares) / sum(shares) * (BLOCK * BLOCK)).astype(int)
    return [int(count) for count in np.diff(ends, prepend=0)]


def _walls(count: int) -> NDArray[np.float64]:
    index = np.arange(count)
    height = _WALLS_FROM + (0.98 - _WALLS_FROM) * (index + 0.5) / max(1, count)
    flat, angle = np.sqrt(1 - height**2), index * _GOLDEN
    return np.stack([flat * np.cos(angle), flat * np.sin(angle), height], axis=1)


def _points_on(panel: LightPanel, count: int) -> NDArray[np.float64]:
    """Return unit directions from the tray's middle to points spread over a panel, float64 [count, 3]."""
    index = np.arange(count)[:, None]
    u, v = (2 * ((0.5 + index / _PLASTIC_NUMBER**power) % 1) - 1 for power in (1, 2))
    points = panel.ahead * panel.distance_mm + u * panel.half_mm[0] * panel.across + v * panel.half_mm[1] * panel.up
    return np.asarray(points / np.linalg.norm(points, axis=1, keepdims=True))


def _falloff(panel: LightPanel, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what a panel gives horizontal surfaces at points, float64 [N], as shares of the tray's light."""
    towards = panel.ahead * panel.distance_mm - points
    distance = np.linalg.norm(towards, axis=1)
    given = towards[:, 2] * (towards @ panel.ahead) / distance**4
    middle = panel.ahead[2] / panel.distance_mm**2
    return np.asarray(panel.share * given / middle)
