"""Sealing and proving of the audit log put together: heads, keys, publishing, proofs and evidence."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from security_service.archive.engine import ArchiveDatabase
from security_service.archive.heads import ArchivedHeads
from security_service.archive.sealed_log import ArchivedLog
from security_service.config.classes import Settings
from security_service.domain.errors import SettingsFault
from security_service.domain.log_ports import Publisher
from security_service.domain.ports import Clock, Meter
from security_service.links.http_link import HttpLink
from security_service.links.publishing import HeadsFile, HeadsUrl
from security_service.links.signing import LogSigner, TrustedLogKeys
from security_service.store.frame import StoreFrame
from security_service.store.log_journal import StoredLogJournal
from security_service.usecases.check_log import CheckLog
from security_service.usecases.make_evidence import MakeEvidence
from security_service.usecases.prove_log import ProveLog
from security_service.usecases.seal_log import SealLog

HEADS_FILE: Final = "heads.jsonl"
"""The file of published heads in the data directory, where no other is named."""
_POSTED_FILE: Final = "heads_url.posted"


@dataclass(frozen=True, slots=True)
class Sealing:
    """What seals the log and what is proved with it; `signer` is None where no key is set."""

    seal: SealLog
    prove: ProveLog
    evidence: MakeEvidence
    check: CheckLog
    signer: LogSigner | None

    @property
    def notes(self) -> tuple[str, ...]:
        """What people are told beside readiness."""
        if self.signer is not None:
            return ()
        return ("archive.signing_key is not set: the heads of the audit log are not signed",)


def build_sealing(
    settings: Settings, database: ArchiveDatabase, frame: StoreFrame, clock: Clock, meter: Meter
) -> Sealing:
    """Put it together; nothing is reached before its first use. Raises SettingsFault."""
    signer, log, journal = build_signer(settings), ArchivedLog(database), StoredLogJournal(frame)
    heads = ArchivedHeads(database, settings.installation_id)
    trusted = TrustedLogKeys([] if signer is None else [signer.public_pem().encode()])
    seal = SealLog(
        log,
        heads,
        signer,
        journal,
        publishers=_publishers(settings),
        installation=settings.installation_id,
        now=clock.unix_ms,
        meter=meter,
    )
    return Sealing(
        seal=seal,
        prove=ProveLog(seal, log, log, journal),
        evidence=MakeEvidence(seal, log, log, journal, signer, clock.unix_ms),
        check=CheckLog(seal, log, heads, trusted.check, clock),
        signer=signer,
    )


def build_signer(settings: Settings) -> LogSigner | None:
    """Give the key of the log, None where none is set. Raises SettingsFault."""
    if not settings.archive.signing_key.reveal():
        return None
    try:
        return LogSigner(settings.archive.signing_key)
    except ValueError as error:
        raise SettingsFault([f"archive.signing_key: {error}"]) from None


def _publishers(settings: Settings) -> list[Publisher]:
    data, asked = Path(settings.data_dir), settings.archive
    publishers: list[Publisher] = [
        HeadsFile(Path(asked.heads_file) if asked.heads_file else data / HEADS_FILE)
    ]
    if asked.heads_url:
        try:
            publishers.append(HeadsUrl(HttpLink(asked.heads_url), data / _POSTED_FILE))
        except ValueError as error:
            raise SettingsFault([f"archive.heads_url: {error}"]) from None
    return publishers
