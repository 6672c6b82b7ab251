"""A tenant: one bank's account with all its settings; leaves keeping and reading them to others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from security_service.domain.imsi import ImsiForm
from security_service.domain.limits import GuessBudget, Limits
from security_service.domain.messages import Channel
from security_service.domain.routing import Route
from security_service.domain.templates import TemplateSet


class FirstContact(StrEnum):
    """What happens to the very first message of a number (manual 19.3 and 19.4)."""

    LOOK_THEN_SEND = "look_then_send"
    SEND_THEN_LOOK = "send_then_look"


class UnknownIs(StrEnum):
    """What GenerateCode answers where the gateway's outcome is unknown."""

    SENT = "sent"
    ERROR = "error"


class ImsiAnswer(StrEnum):
    """What a tenant is entitled to of an IMSI (manual 19.2): a digest under our key, or its own form."""

    KEYED = "keyed"
    FORM = "form"


class CodeType(StrEnum):
    """How `Code` stands in answers: as the manual prints it, or as one type everywhere."""

    DOCUMENTED = "documented"
    INTEGER = "integer"
    STRING = "string"


class MemberCase(StrEnum):
    """How members of answers are written."""

    PASCAL = "pascal"
    CAMEL = "camel"


class FourEyesDeed(StrEnum):
    """What may be made to wait for a second person (design, section 3)."""

    ALWAYS_ALLOW = "always_allow"
    REVERIFY_CHANGED = "reverify_changed"
    ADD_SIM = "add_sim"
    UNLOCK_DISABLED = "unlock_disabled"
    PUBLISH_POLICY = "publish_policy"


DEFAULT_XML_NAMESPACE = "http://schemas.datacontract.org/2004/07/Devino.PhoneVerification"


@dataclass(frozen=True, slots=True)
class Tenant:
    """One bank's account; every field but `id` has the default that the documents name."""

    id: str
    name: str = ""
    region: str = field(default="RU", metadata={"help": "ISO 3166 region that numbers are read in"})
    locale: str = field(default="ru", metadata={"help": "locale of texts where a request names none"})
    policy: str = field(default="standard", metadata={"help": "name of the policy document"})
    sender: str = field(default="ETALON", metadata={"help": "sender: 11 Latin characters or 15 digits"})
    senders: tuple[str, ...] = field(
        default=(), metadata={"help": "further senders that relayed messages may bear"}
    )
    balance_told: int = field(
        default=1_000_000,
        metadata={"help": "what systems that ask for a balance are told; nothing is charged"},
    )
    reply_numbers: tuple[str, ...] = field(
        default=(), metadata={"help": "numbers that subscribers may write to, beside the senders"}
    )
    refusal_words: tuple[str, ...] = field(
        default=("НЕТ", "NO", "0"),
        metadata={"help": "replies that kill the number's codes and freeze it; empty: none does"},
    )
    reply_handler: str = field(
        default="",
        metadata={"help": "https address that incoming messages are handed to (manual 11.2.3)"},
    )
    code_length: int = field(default=6, metadata={"help": "digits of a code, 4 to 10; under 6 is weak"})
    code_life_s: int = field(default=300, metadata={"help": "life of a code in seconds, at most 600"})
    resend_after_s: int = field(
        default=0, metadata={"help": "seconds after which a new code may supersede a live one; 0 is off"}
    )
    deadline_s: float = field(default=10.0, metadata={"help": "seconds GenerateCode may take in all"})
    lookup_deadline_s: float = field(default=4.0, metadata={"help": "seconds the SIM may be asked for"})
    first_contact: FirstContact = field(
        default=FirstContact.LOOK_THEN_SEND, metadata={"help": "whether a first message waits for a look"}
    )
    imsi_form: ImsiForm = field(
        default=ImsiForm.DIGITS, metadata={"help": "how IMSICode is written: digits, md5, sha1 or sha256"}
    )
    imsi_answer: ImsiAnswer = field(
        default=ImsiAnswer.KEYED,
        metadata={"help": "what the IMSI service gives: keyed (a digest of ours), or form (as imsi_form)"},
    )
    caller_owns_reference: bool = field(
        default=False, metadata={"help": "an IMSICode that the network confirms becomes the reference"}
    )
    pin_at_check: bool = field(default=False, metadata={"help": "look again before a code is accepted"})
    unknown_is: UnknownIs = field(
        default=UnknownIs.SENT, metadata={"help": "what an unknown outcome of sending is answered as"}
    )
    code_type: CodeType = field(default=CodeType.DOCUMENTED, metadata={"help": "type of Code in answers"})
    member_case: MemberCase = field(
        default=MemberCase.PASCAL, metadata={"help": "case of members in answers"}
    )
    xml_namespace: str = field(default=DEFAULT_XML_NAMESPACE, metadata={"help": "namespace of XML answers"})
    gateways: tuple[str, ...] = field(
        default=(), metadata={"help": "gateways in order, where no route fits; empty is all"}
    )
    routes: tuple[Route, ...] = field(
        default=(), metadata={"help": "gateways by number; the first route that fits decides"}
    )
    channels: tuple[Channel, ...] = field(
        default=(Channel.SMS,), metadata={"help": "channels that codes may leave by, in order"}
    )
    fallback_channels: tuple[Channel, ...] = field(
        default=(),
        metadata={"help": "channels that a code leaves by again where nobody entered it; empty is off"},
    )
    fallback_after_s: int = field(
        default=30, metadata={"help": "seconds without an entry or a receipt until then"}
    )
    notice_channels: tuple[Channel, ...] = field(
        default=(Channel.SMS,), metadata={"help": "channels that notices may leave by, in order"}
    )
    resend_unknown: bool = field(
        default=False, metadata={"help": "offer a message of unknown outcome to the next gateway too"}
    )
    lookups: tuple[str, ...] = field(default=(), metadata={"help": "lookup sources in order; empty is all"})
    override_days: int = field(default=90, metadata={"help": "longest life of a mode set by a person"})
    four_eyes: tuple[FourEyesDeed, ...] = field(
        default=(),
        metadata={
            "help": "what waits for a second person: always_allow, reverify_changed, add_sim, "
            "unlock_disabled, publish_policy"
        },
    )
    four_eyes_hours: int = field(
        default=24, metadata={"help": "hours that a proposal waits for a second person, at most 168"}
    )
    bulk_reverify_per_s: int = field(
        default=10, metadata={"help": "most numbers a second that a bulk re-verification asks for"}
    )
    notices: Mapping[str, str] = field(
        default_factory=dict, metadata={"help": "fixed text of the notice by locale; empty sends none"}
    )
    notices_a_day: int = field(default=1000, metadata={"help": "most notices a day"})
    limits: Limits = field(default_factory=Limits)
    guesses: GuessBudget = field(default_factory=GuessBudget)
    templates: TemplateSet = field(default_factory=TemplateSet)
