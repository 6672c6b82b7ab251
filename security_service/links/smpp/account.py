"""An account at an SMS centre and the pace that sessions keep; leaves names and defaults to the gateway."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from typing import Final

from security_service.domain.secret import Secret


@dataclass(frozen=True, slots=True)
class SmppAccount:
    """Where the centre is, who we are there, and what it allows.

    `window` is how many requests of one session may be without an answer. `tls` is None for plain TCP.
    `receipt_offset_minutes` is how far dates of receipts are ahead of UTC, None where that is not known.
    """

    host: str
    port: int
    system_id: str
    password: Secret
    system_type: str = ""
    sessions: int = 1
    window: int = 10
    tls: ssl.SSLContext | None = None
    receipt_offset_minutes: int | None = None


@dataclass(frozen=True, slots=True)
class SmppPace:
    """How long things may take and how long is waited, in seconds (Devino manual 3.3).

    `silence_s` without any PDU brings an enquire_link, which is to be answered in `enquire_s`.
    After a session was lost `lost_s` pass before the next connection, after one that failed `failed_s`.
    A throttled session rests `throttled_s`; a message that met a full queue goes to the end of ours after
    each of `queue_full_s` in turn, and is given up after the last.
    """

    connect_s: float = 10.0
    bind_s: float = 10.0
    answer_s: float = 30.0
    silence_s: float = 60.0
    enquire_s: float = 10.0
    unbind_s: float = 3.0
    lost_s: float = 60.0
    failed_s: float = 90.0
    throttled_s: float = 1.0
    queue_full_s: tuple[float, ...] = (5.0, 15.0, 45.0)


AS_PRINTED: Final = SmppPace()
