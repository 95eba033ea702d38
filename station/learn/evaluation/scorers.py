"""Which scorer a bundle and references make."""

from station.core.errors import BundleError
from station.inference import InferenceSettings, find_bundle, load_bundle
from station.learn.evaluation.references import ReferenceScorer
from station.learn.evaluation.scoring import Scorer


def open_scorer(bundle: str | None, references: int | None) -> Scorer:
    """Return the scorer that a bundle and a number of references make.

    Args:
        bundle: name or folder of a model bundle; the station's own when None.
        references: how many references each product has; None for none.

    Raises:
        BundleError: there is no such bundle, or it cannot be used; or it only describes pictures, and there are no
            references to compare them with.
    """
    loaded = load_bundle(find_bundle(bundle or InferenceSettings().bundle))
    if references is None:
        raise BundleError(
            f"model bundle {loaded.manifest.name} describes pictures and knows nothing of damage. Give it references "
            "with --references K, or a bundle with damage heads with --bundle"
        )
    return ReferenceScorer(loaded)
