"""Which scorers a bundle and references make."""

from station.core.errors import BundleError
from station.inference import InferenceSettings, find_bundle, load_bundle
from station.learn.dataset import Dataset
from station.learn.evaluation.compared import ComparedScorer
from station.learn.evaluation.references import ReferenceScorer
from station.learn.evaluation.scoring import Scorer
from station.learn.evaluation.supervised import SHOWN, SupervisedScorer, zoom_of


def open_scorers(dataset: Dataset, bundle: str | None, references: int | None) -> list[tuple[Scorer, int]]:
    """Return the scorers that a bundle and references make, each with how many items of a product it is shown.

    A bundle with damage heads makes one of its own, which comes first; one with a comparison another, which comes last.

    Args:
        dataset: what is to be judged.
        bundle: name or folder of a model bundle; the station's own when None.
        references: how many references each product has; None for none.

    Raises:
        BundleError: there is no such bundle, or it cannot be used; or it only describes pictures, and there are no
            references to compare them with.
    """
    loaded = load_bundle(find_bundle(bundle or InferenceSettings().bundle))
    scorers: list[tuple[Scorer, int]] = []
    if loaded.manifest.heads is not None:
        scorers.append((SupervisedScorer(loaded, zoom_of(dataset)), SHOWN))
    if references is not None:
        scorers.append((ReferenceScorer(loaded), references))
        if loaded.compares:
            scorers.append((ComparedScorer(loaded, zoom_of(dataset)), references))
    if not scorers:
        raise BundleError(
            f"model bundle {loaded.manifest.name} describes pictures and knows nothing of damage. Give it references "
            "with --references K, or a bundle with damage heads with --bundle"
        )
    return scorers
