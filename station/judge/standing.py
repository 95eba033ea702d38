"""Whether the station's threshold is certified now, and what follows if it is not."""

from dataclasses import dataclass
from pathlib import Path

from station.core.errors import TuningError
from station.core.verdict import Provenance
from station.judge.certificate import Certificate, read_certificate
from station.judge.settings import JudgeSettings


@dataclass(frozen=True, slots=True)
class Standing:
    """The station's certificate, None where none was issued or it cannot be read; `void` says why it does not hold."""

    certificate: Certificate | None = None
    void: str = ""
    required: bool = False

    @property
    def in_force(self) -> Certificate | None:
        """The certificate, if it holds."""
        return None if self.void else self.certificate

    @property
    def alarm(self) -> str:
        """What people should know, as a sentence; empty where all is well or no certificate was ever asked for."""
        if self.required and self.certificate is None and not self.void:
            return "no certificate was issued. Run `station tune`"
        return self.void

    @property
    def refusal(self) -> str:
        """Why no item may pass, as a sentence; empty where items may."""
        return self.alarm if self.required else ""


def standing(settings: JudgeSettings, provenance: Provenance, fusion_digest: str) -> Standing:
    """Return how the certificate in the tuning folder stands against what judges now."""
    try:
        certificate = read_certificate(Path(settings.folder))
    except TuningError as error:
        return Standing(None, str(error), settings.certificate_required)
    void = certificate.void(provenance, fusion_digest) if certificate else ""
    return Standing(certificate, void, settings.certificate_required)
