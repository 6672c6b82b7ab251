"""A sealed log with its export, for tests that tamper with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from security_service.domain.log_check import verify_log
from security_service.domain.log_file import LogHeader, header_line, leaf_line, lines_of
from security_service.domain.log_head import LogHead, SignedHead
from security_service.domain.log_verdict import Fault, Proved
from security_service.domain.merkle import root, roots_of
from security_service.domain.secret import Secret
from security_service.links.signing import LogSigner, TrustedLogKeys
from tests.fakes.sealing import HeldLog, event_text

SIGNER: Final = LogSigner(Secret("11" * 32))
THIEF: Final = LogSigner(Secret("22" * 32))
TRUSTED: Final = TrustedLogKeys([SIGNER.public_pem().encode()])
AT: Final = 1_800_000_100_000


def texts(count: int, shards: int = 3) -> list[str]:
    """Events of several shards, each counting from 1."""
    return [event_text(number // shards + 1, f"s{number % shards:03d}") for number in range(count)]


def signed(log: HeldLog, size: int | None = None, signer: LogSigner = SIGNER, name: str = "i1") -> SignedHead:
    """A head over the first leaves of a log."""
    size = log.size if size is None else size
    head = LogHead(name, size, root(log, size), AT + size)
    return SignedHead(head, signer.key_id, signer.sign(head.signed_bytes()))


def exported(
    log: HeldLog, first: int = 0, end: int | None = None, head: SignedHead | None = None
) -> list[bytes]:
    """The lines of an export, each with its end."""
    head = head or signed(log)
    size = head.head.size
    end = size if end is None else end
    header = LogHeader(head, first, end, roots_of(log, 0, first), roots_of(log, end, size))
    return [header_line(header), *map(leaf_line, log.leaves(first, end))]


def verified(
    lines: Sequence[bytes], heads: Sequence[SignedHead] = (), *, whole: bool = False
) -> Proved | Fault:
    """What the verifier says of a file."""
    return verify_log(lines_of([b"".join(lines)]), TRUSTED.check, heads, whole=whole)


Tamper = Callable[[list[bytes]], None]
