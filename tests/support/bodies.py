"""One product of every kind, built and laid down."""

import numpy as np

from station.simulation import SimulationSettings
from station.simulation.artwork import artwork
from station.simulation.bodies import build_shape
from station.simulation.canvas import ean13
from station.simulation.catalogue import Design, Kind, Material, Motif, SimProduct
from station.simulation.layout import booth_rig
from station.simulation.mesh import item_mesh
from station.simulation.pose import draw_face_up, draw_rotation, place
from station.simulation.render import Scene

SETTINGS = SimulationSettings(width_px=424, height_px=240, supersampling=1)
RIG = booth_rig(SETTINGS)
INSIDE = (255, 0, 255)
"""Nothing is printed in it: who sees it looks at a body's inner side, as at a sleeve's ends or under a can's rim."""


def made(kind, size_mm, material=Material.CARD, units=1):
    colours = (60, 110, 90), (240, 240, 230), (200, 160, 40), INSIDE
    design = Design(("NAME", "Line", "Content"), Motif.DOTS, *colours, material=material)
    return SimProduct(f"{kind}-{material}", "Name Line", kind, ean13("200000000001"), size_mm, design, units=units)


PRODUCTS = (
    made(Kind.CARTON, (170.0, 125.0, 75.0), Material.KRAFT),
    made(Kind.SLEEVE, (180.0, 110.0, 40.0)),
    made(Kind.MAILER, (230.0, 165.0, 32.0)),
    made(Kind.POLYBAG, (230.0, 170.0, 34.0), Material.CLEAR),
    made(Kind.POLYBAG, (190.0, 240.0, 40.0), Material.FILM),
    made(Kind.BOTTLE, (72.0, 72.0, 220.0), Material.GLASS),
    made(Kind.BOTTLE, (90.0, 90.0, 130.0), Material.PLASTIC),
    made(Kind.CAN, (86.0, 86.0, 112.0), Material.METAL),
    made(Kind.BLISTER, (110.0, 150.0, 22.0), units=4),
    made(Kind.BOOK, (140.0, 210.0, 32.0)),
    made(Kind.TUBE, (62.0, 185.0, 40.0), Material.PLASTIC),
    made(Kind.MULTIPACK, (198.0, 115.0, 132.0), units=6),
    made(Kind.MULTIPACK, (160.0, 110.0, 100.0), Material.CLEAR, units=8),
)


def built(product, step_mm=40.0, seed=1):
    return build_shape(product, artwork(product, 1.5), step_mm, np.random.default_rng(seed))


def laid(shape, face_up, seed=3):
    rng = np.random.default_rng(seed)
    pose = place(shape, draw_rotation(face_up, rng), RIG, rng)
    return Scene(item_mesh(shape, pose), shape), pose


def faces_up(product):
    return sorted({draw_face_up(product, np.random.default_rng(seed)) for seed in range(40)})
