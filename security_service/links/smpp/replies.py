"""What a subscriber wrote, out of a deliver_sm that is no receipt (SMPP 3.4, 4.6; Devino manual 11.2.4)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from security_service.links.smpp.bodies import UDH_INDICATOR, DataBody, MessageBody
from security_service.links.smpp.pdu import Tag, tlv_value
from security_service.links.smpp.text import decode

_KIND_BITS: Final = 0x3C
_NUMBER: Final = re.compile(r"[1-9][0-9]{6,14}")


@dataclass(frozen=True, slots=True)
class SmppReply:
    """A reply: whose, to which address, its text; `digest` is the same when the centre brings it again."""

    number: str = field(repr=False)
    to: str
    text: str = field(repr=False)
    digest: str


def read_reply(body: MessageBody | DataBody) -> SmppReply | None:
    """Read a reply; None for receipts, for senders that are no numbers and for texts of no known coding.

    A part of a long text is read as it is: a refusal is one word, and a long text approves nothing.
    """
    number = body.source.value.removeprefix("+")
    if body.esm_class & _KIND_BITS or not _NUMBER.fullmatch(number):
        return None
    octets = body.text if isinstance(body, MessageBody) else b""
    octets = octets or tlv_value(body.tlvs, Tag.MESSAGE_PAYLOAD) or b""
    if body.esm_class & UDH_INDICATOR and octets:
        octets = octets[1 + octets[0] :]
    text = decode(octets, body.data_coding)
    if text is None:
        return None
    told = f"{number} {body.destination.value} {body.data_coding} ".encode("utf-8", "replace") + octets
    return SmppReply(number, body.destination.value, text, sha256(told).hexdigest()[:32])
