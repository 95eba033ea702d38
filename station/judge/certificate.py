"""The certificate: what the station answers for, signed with its own key, and void when anything it rests on changes.

`certificate.json` lies in the tuning folder beside `station.key`, 32 random bytes that only the station's user may
read. The signature is an HMAC-SHA256 over the certificate: whoever has not the key cannot change a figure unseen.
"""

import hashlib
import hmac
import json
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from station.core.errors import TuningError
from station.core.verdict import Provenance
from station.judge.threshold import Threshold, choose_threshold, good_items_needed

FORMAT = 1
NAME, KEY = "certificate.json", "station.key"
_KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class Certificate:
    """A threshold that was proven, and everything the proof rests on.

    `products` counts the products of the good items, `source` says where these came from. `fusion` is the digest of the
    weights that made their scores, empty where the references alone judge. `utc_ns` is when it was issued.
    """

    threshold: Threshold
    products: int
    source: str
    fusion: str
    provenance: Provenance
    utc_ns: int

    def void(self, provenance: Provenance, fusion: str) -> str:
        """Return what has changed since it was issued, as a sentence; empty while it holds."""
        then = {**asdict(self.provenance), "fusion": self.fusion}
        now = {**asdict(provenance), "fusion": fusion}
        changed = [
            f"{name} was {then[name] or 'none'}, is {now[name] or 'none'}" for name in now if then[name] != now[name]
        ]
        return f"the certificate is void: {'; '.join(changed)}. Run `station tune`" if changed else ""


def certify(good_scores: Sequence[float], max_false_alarm_rate: float, confidence: float) -> Threshold:
    """Return the threshold that upholds the rate.

    Args:
        good_scores: scores of independent undamaged items, in any order.
        max_false_alarm_rate: the share of undamaged items that may be sidelined.
        confidence: the probability that it is upheld.

    Raises:
        TuningError: there are too few good items; says what they can uphold and how many more it takes. Or all score
            the same, as where nothing is measured: no item would ever lie above.
    """
    if len(good_scores) > 1 and min(good_scores) == max(good_scores):
        raise TuningError(
            f"all {len(good_scores)} good items score {good_scores[0]:.4g}: no item would ever lie above. "
            f"Check that the sources find something, and judge.cost"
        )
    threshold = choose_threshold(sorted(good_scores), max_false_alarm_rate, confidence)
    if threshold.max_false_alarm_rate > max_false_alarm_rate:
        needed, count = good_items_needed(max_false_alarm_rate, confidence), len(good_scores)
        raise TuningError(
            f"{count} good items cannot certify {max_false_alarm_rate:.3%} false alarms at {confidence:.1%} "
            f"confidence; they certify {_rounded_up(threshold.max_false_alarm_rate):.3%}. "
            f"Bring {needed - count} more, {needed} in all, or ask for that"
        )
    return threshold


def write_certificate(folder: Path, certificate: Certificate) -> Path:
    """Sign and write the certificate, with a new key where the folder has none; return its file.

    Raises:
        TuningError: the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        key = folder / KEY
        if not key.exists():
            key.touch(mode=0o600)
            key.write_bytes(secrets.token_bytes(_KEY_BYTES))
        body = asdict(certificate)
        data = {"format": FORMAT, "certificate": body, "signature": _signature(body, key.read_bytes())}
        (folder / NAME).write_text(json.dumps(data, indent=1) + "\n")
    except OSError as error:
        raise TuningError(f"{error.filename} cannot be written: {error.strerror}. Correct judge.folder") from error
    return folder / NAME


def read_certificate(folder: Path) -> Certificate | None:
    """Return the folder's certificate, None where it has none.

    Raises:
        TuningError: it is malformed, or its signature is not that of the station's key.
    """
    path = folder / NAME
    try:
        data = json.loads(path.read_text())
        body = data["certificate"]
        if data["format"] != FORMAT or not hmac.compare_digest(
            data["signature"], _signature(body, (folder / KEY).read_bytes())
        ):
            raise TuningError(f"the signature of {path} is not this station's: it was changed. Run `station tune`")
        return Certificate(
            **{**body, "threshold": Threshold(**body["threshold"]), "provenance": Provenance(**body["provenance"])}
        )
    except FileNotFoundError as error:
        if Path(error.filename) == path:
            return None
        raise TuningError(f"{error.filename}, which signs {path}, is missing. Run `station tune`") from error
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise TuningError(f"{path} is malformed ({error!r}). Run `station tune`") from error


def _signature(body: dict[str, Any], key: bytes) -> str:
    text = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def _rounded_up(rate: float) -> float:
    return -(-rate * 1e5 // 1) / 1e5
