"""The mail listener put together: reading and proving letters, commands and SMS by e-mail."""

from __future__ import annotations

from functools import partial

from security_service.config.mail_settings import MailSettings
from security_service.domain.mail import MailPerson
from security_service.domain.ports import Meter
from security_service.links.letters_in import ask_dns, known_records, read_letter
from security_service.links.mail_answers import MailAnswers
from security_service.links.smtp_link import Security, SmtpLink
from security_service.store.mail_commands import StoredMailCommands
from security_service.usecases.four_eyes import FourEyes
from security_service.usecases.obey_mail import ObeyMail
from security_service.usecases.send_mailed_sms import SendMailedSms
from security_service.wiring.relay import Relay
from security_service.wiring.shared import Core


class MailDesk:
    """What the listener gives letters to; `read` never raises."""

    def __init__(
        self, settings: MailSettings, core: Core, relay: Relay, four_eyes: FourEyes, meter: Meter
    ) -> None:
        records = settings.dkim_records
        self.read = partial(read_letter, dns_text=known_records(records) if records else ask_dns)
        answers = SmtpLink(
            settings.answer_host or "127.0.0.1",
            settings.answer_port,
            Security(settings.answer_security.value),
            login=settings.answer_login,
            password=settings.answer_password,
        )
        self.obey = ObeyMail(
            {
                one.address.casefold(): MailPerson(one.tenant, frozenset(one.roles))
                for one in settings.senders.values()
            },
            StoredMailCommands(core.stored.frame),
            MailAnswers(answers, settings.commands_address),
            four_eyes,
            core.stored.tenants,
            core.chance,
            meter,
        )
        self.send_sms = SendMailedSms(relay.sign_in, relay.take, core.chance, meter)
