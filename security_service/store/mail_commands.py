"""The PendingCommands port: commands by e-mail that wait for their confirmation, each given out once."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Final

from security_service.domain.mail import CONFIRM_WITHIN_S, MailCommand, MailDeed, PendingCommand
from security_service.store.frame import StoreFrame
from security_service.store.keys import MANAGEMENT, shard_key

_LETTER_KEPT_MS: Final = 30 * 86_400_000


class StoredMailCommands:
    """Keys that end by themselves, on the management shard; a code is there as its digest alone."""

    def __init__(self, frame: StoreFrame) -> None:
        self._frame = frame

    def is_new(self, letter_id: str) -> bool:
        """True once for each letter, so that none is obeyed twice."""
        key = shard_key(MANAGEMENT, f"letter:{_digest(letter_id)}")
        return self._frame.scripts.command("SET", key, "1", "PX", _LETTER_KEPT_MS, "NX") is not None

    def keep(self, code: str, pending: PendingCommand) -> None:
        """Keep a command under its code for a quarter of an hour."""
        command = pending.command
        value = json.dumps([pending.sender, command.deed.value, command.number, command.reason])
        self._frame.scripts.command("SET", _key(code), value, "PX", CONFIRM_WITHIN_S * 1000)

    def take(self, code: str) -> PendingCommand | None:
        """Give a command once and forget it; None where there is none."""
        value = self._frame.scripts.command("GETDEL", _key(code))
        if not isinstance(value, bytes):
            return None
        sender, deed, number, reason = json.loads(value)
        return PendingCommand(sender, MailCommand(MailDeed(deed), number, reason))


def _key(code: str) -> str:
    return shard_key(MANAGEMENT, f"mail_command:{_digest(code)}")


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8")).hexdigest()
