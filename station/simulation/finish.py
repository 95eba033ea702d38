"""What surfaces are like besides their print: how they mirror light, and whether one looks through them."""

from dataclasses import dataclass, replace

from station.simulation.canvas import Colour
from station.simulation.catalogue import Material, SimProduct


@dataclass(frozen=True, slots=True)
class Finish:
    """A surface's finish.

    `gloss` is how much of a smooth surface's reflection it has, 0 to 1; `roughness` how far that reflection is blurred,
    0 to 1; a `metallic` surface mirrors in its own colour and hardly scatters; `opacity` below 1 lets one see through;
    `inside` is the colour of its other side, None for the same print.
    """

    gloss: float = 0.0
    roughness: float = 0.6
    metallic: bool = False
    opacity: float = 1.0
    inside: Colour | None = None


MATT = Finish()
PLASTIC = Finish(gloss=0.7, roughness=0.22)
PAPER = Finish(gloss=0.25, roughness=0.45)
"""Coated paper: a can's or bottle's label, a book's cover."""
METAL = Finish(gloss=1.0, roughness=0.18, metallic=True)
FILM = Finish(gloss=0.9, roughness=0.1)
CLEAR_FILM = Finish(gloss=1.0, roughness=0.06, opacity=0.1)
BUBBLE = Finish(gloss=1.0, roughness=0.03, opacity=0.08)
GLASS = Finish(gloss=1.0, roughness=0.02, opacity=0.35)
LIQUID = Finish(gloss=0.3, roughness=0.1)

_VARNISH = 2.5
"""A print that mirrors this share of light, as its design has it, is as glossy as can be."""
_OUTSIDES = {
    Material.CARD: MATT,
    Material.KRAFT: MATT,
    Material.FILM: FILM,
    Material.CLEAR: CLEAR_FILM,
    Material.METAL: METAL,
    Material.GLASS: GLASS,
    Material.PLASTIC: PLASTIC,
}


def outside(product: SimProduct) -> Finish:
    """Return the finish of a product's outside: its material's, at least as glossy as its print is varnished."""
    finish = replace(_OUTSIDES[product.design.material], inside=product.design.inside)
    gloss = min(1.0, _VARNISH * product.design.gloss)
    if gloss > finish.gloss:
        return replace(finish, gloss=gloss, roughness=0.15)
    return finish
