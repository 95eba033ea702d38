"""What is drawn on a view for people."""

from types import SimpleNamespace

import numpy as np

from station.core.damage import Decision
from station.core.verdict import Region
from station.daemon.evidence import draw_overlay


def test_the_worst_is_bold_and_the_faint_thin() -> None:
    view = SimpleNamespace(crop=np.zeros((200, 200, 3), np.uint8), mask=np.zeros((200, 200), bool))
    regions = [Region("top", (50, 50, 40, 40), 1.4), Region("top", (120, 120, 40, 40), 1.05)]
    drawn = draw_overlay(view, regions, Decision.SIDELINE)
    red = (drawn[..., 0] > 128) & (drawn[..., 1] < 80)
    assert red[45:56, 70].sum() > red[115:126, 140].sum() > 0
    assert drawn[:30].any(), "the decision is told"
    assert not view.crop.any(), "the crop stays as it was"
