"""The card of a trained bundle."""

from station.inference.manifest import LABELS, Manifest
from station.learn.dataset import Card
from station.learn.training.fit import Epoch


def card_text(
    manifest: Manifest, data: Card, learned: int, held_out: int, finetuned: bool, epoch: Epoch, compared: Epoch | None
) -> str:
    """Return the text of a bundle's card.

    Args:
        manifest: of the bundle.
        data: of the dataset it was trained on.
        learned: how many items it learned from.
        held_out: how many were held out.
        finetuned: whether the backbone was trained too.
        epoch: how the heads' last pass went.
        compared: how the comparison's best pass went, None where none was learned.
    """
    comparison = (
        ""
        if compared is None
        else f"""
- Comparison (comparison.onnx): from the differences of a view's patches to the nearest patches of the product's own
  references, the same log-odds, learned from those of the items that are no references. AUROC {compared.auroc:.3f}
  and recall {compared.recall:.2f} at 1 % false alarms on those held out, which flatters it alike."""
    )
    spec, (height, width, channels) = manifest.input, manifest.feature_shape
    return f"""# {manifest.name}

Damage heads on a backbone: how damaged an item looks, of which type, how severely, and where.

- Input: float32 [N, 3, {spec.height_px}, {spec.width_px}] in {spec.layout}, {spec.colour}, `(pixel - mean) / std` with
  pixels 0..255, mean {spec.mean}, std {spec.std}: an item as the station cuts it out of its picture.
- Outputs, raw, no threshold: features [{height}, {width}, {channels}]; the log-odds of a picture ({len(LABELS)}) and of
  each of its patches: {", ".join(LABELS[:5])},
  {", ".join(LABELS[5:])}. They are of balanced training, no probabilities.
- Backbone: {manifest.source.split("; trained on")[0]}, {"trained along" if finetuned else "as it was"}.
- Trained on: {data.name}, {data.source.split(",")[0]}.
  Licence of the data: {data.licence}
- {learned} items learned, {held_out} held out: AUROC {epoch.auroc:.3f} and recall {epoch.recall:.2f} at 1 % false
  alarms on those held out, which chose the epoch and so flatter it. On products never seen: `station
  evaluate`.{comparison}
- Meant for: items of the kinds it learned from. Its heads know no product: print that looks like damage may fool them.
- Rebuild: `{manifest.rebuild}`.
  The outputs must agree with golden.npz, which PyTorch computed (the 8-bit variant's are its own).
"""
