"""Settings of the mail listener: SMS by e-mail, and commands of people who are allowed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from security_service.domain.access import Role
from security_service.domain.secret import Secret

_ADDRESS: Final = re.compile(r"[!-?A-~]{1,64}@[A-Za-z0-9.-]{1,190}")


class MailSecurity(StrEnum):
    """When TLS begins towards the server that takes answers."""

    TLS = "tls"
    STARTTLS = "starttls"
    NONE = "none"


@dataclass(frozen=True)
class MailSender:
    """Somebody whose letters are obeyed."""

    tenant: str = field(metadata={"help": "tenant that the letters are about"})
    roles: tuple[Role, ...] = field(metadata={"help": "lead or analyst"})
    address: str = field(metadata={"help": "e-mail address; its domain must sign its letters (DKIM)"})

    def __post_init__(self) -> None:
        if not _ADDRESS.fullmatch(self.address):
            raise ValueError("address must be an e-mail address")
        if not self.roles:
            raise ValueError("roles must name at least one role")


@dataclass(frozen=True)
class MailSettings:
    """The SMTP listener, and the server that takes answers."""

    host: str = field(default="127.0.0.1", metadata={"help": "address to listen on"})
    port: int = field(default=0, metadata={"help": "port to listen on; 0: none", "least": 0, "most": 65535})
    sms_address: str = field(
        default="", metadata={"help": "address that letters for SMS are written to; empty: none"}
    )
    commands_address: str = field(
        default="", metadata={"help": "address that commands are written to; empty: none"}
    )
    senders: Mapping[str, MailSender] = field(
        default_factory=dict, metadata={"help": "people whose commands are obeyed, by a name of yours"}
    )
    dkim_records: Mapping[str, str] = field(
        default_factory=dict,
        metadata={"help": "TXT records of the senders' keys by their names; empty: DNS is asked"},
    )
    answer_host: str = field(default="", metadata={"help": "SMTP server that takes answers to commands"})
    answer_port: int = field(default=587, metadata={"help": "its port", "least": 1, "most": 65535})
    answer_security: MailSecurity = field(
        default=MailSecurity.STARTTLS, metadata={"help": "when its TLS begins: tls, starttls or none"}
    )
    answer_login: str = field(default="", metadata={"help": "login there; empty: none is made"})
    answer_password: Secret = field(default=Secret(""), metadata={"help": "password there"})

    def __post_init__(self) -> None:
        for name in ("sms_address", "commands_address"):
            if getattr(self, name) and not _ADDRESS.fullmatch(getattr(self, name)):
                raise ValueError(f"{name} must be an e-mail address")
        if self.port and not (self.sms_address or self.commands_address):
            raise ValueError("port needs sms_address or commands_address")
        if self.commands_address and not self.answer_host:
            raise ValueError("commands_address needs answer_host, for commands are confirmed by letter")
