"""The registry of the console's pages: one table of what there is and who may see or do it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from flask import Response

from security_service.domain.access import Role
from security_service.web.console.action_pages import ActionPages, Deed
from security_service.web.console.audit_pages import AuditPages
from security_service.web.console.audit_proof_pages import LARGEST_STATE, AuditProofPages
from security_service.web.console.ban_pages import BanPages
from security_service.web.console.bulk_pages import LARGEST_LIST, BulkPages
from security_service.web.console.case_pages import CasePages
from security_service.web.console.home_pages import HomePages
from security_service.web.console.key_pages import KeyPages
from security_service.web.console.me_pages import MePages
from security_service.web.console.now_pages import NowPages
from security_service.web.console.people_pages import PeoplePages
from security_service.web.console.policy_draft_pages import LARGEST_DRAFT, PolicyDraftPages
from security_service.web.console.policy_pages import PolicyPages
from security_service.web.console.policy_trial_pages import PolicyTrialPages
from security_service.web.console.proposal_pages import ProposalPages
from security_service.web.console.provider_pages import ProviderPages
from security_service.web.console.screen import Screen
from security_service.web.console.services import ConsoleServices
from security_service.web.console.sign_in_pages import SignInPages
from security_service.web.console.subscriber_pages import SubscriberPages
from security_service.web.console.tenant_pages import LARGEST_FORM, TenantPages
from security_service.web.console.transfer_pages import TransferPages
from security_service.web.console.welcome_pages import WelcomePages
from security_service.web.streamed_bodies import LARGEST_FILE
from security_service.web.wire.codec import MAX_BODY_BYTES

# `admin` may do all of it and stands in none of them, but where nobody else may.
EVERYBODY: Final = frozenset({Role.ANALYST, Role.LEAD, Role.AUDITOR})
READ: Final = frozenset({Role.ANALYST, Role.LEAD, Role.AUDITOR})
WORK: Final = frozenset({Role.ANALYST, Role.LEAD})
AUDIT: Final = frozenset({Role.LEAD, Role.AUDITOR})
LEAD: Final = frozenset({Role.LEAD})
AUDITOR: Final = frozenset({Role.AUDITOR})
ADMIN: Final = frozenset({Role.ADMIN})


@dataclass(frozen=True, slots=True)
class Page:
    """One page or form: `roles` is None where somebody who is not signed in may come.

    `menu` is the key of its word in the navigation, empty where it does not stand there. `largest` is the
    greatest body in bytes that it takes; `values` go to the view beside those of the path. A form that is
    `streamed` is taken in as it comes: its view reads `uploads.this_upload()`.
    """

    name: str
    method: Literal["GET", "POST"]
    path: str
    view: Callable[..., Response]
    roles: frozenset[Role] | None
    menu: str = ""
    largest: int = MAX_BODY_BYTES
    values: Mapping[str, Any] = field(default_factory=dict)
    streamed: bool = False


DEEDS: Final[Mapping[Deed, frozenset[Role]]] = dict.fromkeys(Deed, WORK)
"""Who may ask for what to be done to a subscriber; what a lead decides, an analyst proposes (FourEyes)."""


def pages(services: ConsoleServices, screen: Screen) -> Sequence[Page]:
    """Give every page of the console in the order of the navigation."""
    return (
        *_entrance(services, screen),
        *_own(services, screen),
        *_subscriber(services, screen),
        *_now(services, screen),
        *_cases(services, screen),
        *_policy(services, screen),
        *_audit(services, screen),
        *_proposals(services, screen),
        *_transfers(services, screen),
        *_tenants(services, screen),
        *_providers(services, screen),
        *_people(services, screen),
    )


def _entrance(services: ConsoleServices, screen: Screen) -> Sequence[Page]:
    sign_in, welcome = SignInPages(services, screen), WelcomePages(services, screen)
    return (
        Page("sign_in", "GET", "/sign-in", sign_in.form, None),
        Page("sign_in_take", "POST", "/sign-in", sign_in.take, None),
        Page("sign_in_provider", "GET", "/oidc", sign_in.provider, None),
        Page("sign_in_returned", "GET", "/oidc/return", sign_in.returned, None),
        Page("welcome", "GET", "/welcome", welcome.form, None),
        Page("welcome_take", "POST", "/welcome", welcome.take, None),
        Page("welcome_finish", "POST", "/welcome/finish", welcome.finish, None),
    )


def _own(services: ConsoleServices, screen: Screen) -> Sequence[Page]:
    home, me = HomePages(services, screen), MePages(services, screen)
    return (
        Page("home", "GET", "/", home.home, EVERYBODY, menu="nav.home"),
        Page("look", "POST", "/look", home.look, None),
        Page("tenant", "POST", "/tenant", home.tenant, EVERYBODY),
        Page("sign_out", "POST", "/sign-out", home.sign_out, EVERYBODY),
        Page("me", "GET", "/me", me.me, EVERYBODY),
        Page("me_password", "POST", "/me/password", me.password, EVERYBODY),
        Page("me_recovery", "POST", "/me/recovery", me.recovery, EVERYBODY),
    )


def _subscriber(services: ConsoleServices, screen: Screen) -> Sequence[Page]:
    found, actions = SubscriberPages(services, screen, DEEDS), ActionPages(services, screen, DEEDS)
    one = "/subscribers/<handle>"
    rows = [
        Page("subscribers", "GET", "/subscribers", found.search, READ, menu="nav.subscriber"),
        Page("subscriber_find", "POST", "/subscribers", found.find, READ),
        Page("subscriber", "GET", one, found.show, READ),
    ]
    for deed, roles in DEEDS.items():
        path, values = f"{one}/{deed.path}", {"deed": deed}
        rows.append(Page(f"ask_{deed}", "GET", path, actions.ask, roles, values=values))
        rows.append(Page(f"do_{deed}", "POST", path, actions.do, roles, values=values))
    return rows


def _now(services: ConsoleServices, screen: Screen) -> Sequence[Page]:
    now = NowPages(services, screen)
    return (
        Page("now", "GET", "/now", now.page, READ, menu="now.menu"),
        Page("now_part", "GET", "/now/part", now.part, READ),
    )


def _cases(services: ConsoleServices, screen: Screen) -> Sequence[Page]:
    cases, bans = CasePages(services, screen, WORK), BanPages(services, screen, LEAD)
    one, close = "/cases/<case>", "/cases/<case>/close/<outcome>"
    return (
        Page("cases", "GET", "/cases", cases.page, READ, menu="cases.menu"),
        Page("case", "GET", one, cases.show, READ),
        Page("case_assign", "POST", f"{one}/assign", cases.assign, WORK),
        Page("case_note", "POST", f"{one}/note", cases.note, WORK),
        Page("case_closing", "GET", close, cases.ask_close, WORK),
        Page("case_close", "POST", close, cases.close, WORK),
        Page("bans", "GET", "/cases/bans", bans.page, READ),
        Page("ban_lifting", "GET", "/cases/bans/<case>/lift", bans.ask, LEAD),
        Page("ban_lift", "POST", "/cases/bans/<case>/lift", bans.lift, LEAD),
    )


def _proposals(services: ConsoleServices, screen: Screen) -> Sequence[Page]:
    waiting, one = ProposalPages(services, screen), "/proposals/<proposal>"
    return (
        Page("proposals", "GET", "/proposals", waiting.page, READ, menu="proposals.menu"),
        Page("proposal", "GET", one, waiting.show, READ),
        Page("proposal_approve", "POST", f"{one}/approve", waiting.approve, LEAD),
        Page("proposal_reject", "POST", f"{one}/reject", waiting.reject, WORK),
    )


def _policy(services: ConsoleServices, screen: Screen) -> Sequence[Page]:
    read, draft = PolicyPages(services, screen, WORK), PolicyDraftPages(services, screen)
    trying = PolicyTrialPages(services, screen, WORK, frozenset({Role.LEAD}))
    one, decide = "/policies/<name>", frozenset({Role.LEAD})
    run = f"{one}/replays/<run>"
    return (
        Page("policies", "GET", "/policies", read.page, READ, menu="nav.policy"),
        Page("policy", "GET", one, read.one, READ),
        Page("policy_document", "GET", f"{one}/document", read.document, READ),
        Page("policy_compare", "GET", f"{one}/compare", read.compare, READ),
        Page("policy_draft", "GET", f"{one}/draft", draft.draft, WORK),
        Page("policy_draft_keep", "POST", f"{one}/draft", draft.keep, WORK, largest=LARGEST_DRAFT),
        Page("policy_draft_take", "POST", f"{one}/draft/take", draft.take, WORK),
        Page("policy_publish_ask", "GET", f"{one}/publish", draft.ask_publish, WORK),
        Page("policy_publish", "POST", f"{one}/publish", draft.publish, WORK),
        Page("policy_roll_back_ask", "GET", f"{one}/roll-back", draft.ask_roll_back, WORK),
        Page("policy_roll_back", "POST", f"{one}/roll-back", draft.roll_back, WORK),
        Page("policy_replay_ask", "GET", f"{one}/replays", trying.ask_replay, WORK),
        Page("policy_replay_begin", "POST", f"{one}/replays", trying.begin_replay, WORK),
        Page("policy_replay", "GET", run, trying.replay, READ),
        Page("policy_replay_step", "POST", run, trying.step_replay, WORK),
        Page("policy_trial", "GET", f"{one}/trial", trying.trial, READ),
        Page("policy_trial_set", "POST", f"{one}/trial", trying.set_trial, decide),
    )


def _audit(services: ConsoleServices, screen: Screen) -> Sequence[Page]:
    audit, proof = AuditPages(services, screen), AuditProofPages(services, screen)
    return (
        Page("audit", "GET", "/audit", audit.page, AUDIT, menu="nav.audit"),
        Page("audit_find", "POST", "/audit", audit.find, AUDIT),
        Page("audit_export", "POST", "/audit/export", audit.export, AUDIT),
        Page("audit_proof", "GET", "/audit/proof", proof.proof, AUDIT),
        Page("audit_check", "POST", "/audit/proof", proof.check, AUDIT, largest=2 * LARGEST_STATE),
        Page("audit_proved", "POST", "/audit/proved", proof.export, AUDIT),
        Page("audit_key", "GET", "/audit/key", proof.key, AUDIT),
        Page("audit_evidence", "POST", "/audit/evidence", proof.evidence, AUDIT),
    )


def _transfers(services: ConsoleServices, screen: Screen) -> Sequence[Page]:
    files, bulk = TransferPages(services, screen), BulkPages(services, screen)
    one, runs = "/transfers/imports/<run>", "/transfers/bulk"
    return (
        Page("transfers", "GET", "/transfers", files.page, AUDIT, menu="nav.transfers"),
        Page("import", "GET", one, files.show, AUDIT),
        Page("import_take", "POST", one, files.take, LEAD, largest=LARGEST_FILE, streamed=True),
        Page("import_state", "GET", f"{one}/state", files.state, AUDIT),
        Page("import_refused", "GET", f"{one}/refused.csv", files.refused, AUDIT),
        Page("export_take", "POST", "/transfers/export", files.export, AUDIT),
        Page("bulk", "GET", runs, bulk.page, AUDIT),
        Page("bulk_begin", "POST", runs, bulk.begin, LEAD, largest=LARGEST_LIST, streamed=True),
        Page("bulk_run", "GET", f"{runs}/<run>", bulk.show, AUDIT),
        Page("bulk_mark", "POST", f"{runs}/<run>", bulk.mark, LEAD),
    )


def _tenants(services: ConsoleServices, screen: Screen) -> Sequence[Page]:
    tenants, keys = TenantPages(services, screen), KeyPages(services, screen)
    one = "/tenants/<tenant>"
    part, account = f"{one}/settings/<section>", f"{one}/accounts"
    return (
        Page("tenants", "GET", "/tenants", tenants.page, AUDITOR, menu="nav.tenants"),
        Page("tenant_new", "GET", "/new-tenant", tenants.new, ADMIN),
        Page("tenant_make", "POST", "/new-tenant", tenants.make, ADMIN),
        Page("tenant_page", "GET", one, tenants.show, AUDITOR),
        Page("tenant_section", "GET", part, tenants.section, AUDITOR),
        Page("tenant_check", "POST", part, tenants.check, ADMIN, largest=LARGEST_FORM),
        Page("tenant_save", "POST", f"{part}/save", tenants.save, ADMIN, largest=LARGEST_FORM),
        Page("tenant_senders", "POST", f"{one}/senders", tenants.senders, ADMIN),
        Page("tenant_keys", "GET", f"{one}/keys", keys.page, AUDITOR),
        Page("tenant_key_issue", "POST", f"{one}/keys", keys.issue, ADMIN),
        Page("tenant_key_end", "POST", f"{one}/keys/end", keys.end, ADMIN),
        Page("tenant_accounts", "GET", account, keys.accounts, AUDITOR),
        Page("tenant_account_add", "POST", account, keys.add_account, ADMIN),
        Page("tenant_account_password", "POST", f"{account}/password", keys.account_password, ADMIN),
        Page("tenant_account_remove", "POST", f"{account}/remove", keys.remove_account, ADMIN),
    )


def _providers(services: ConsoleServices, screen: Screen) -> Sequence[Page]:
    providers = ProviderPages(services, screen)
    return (
        Page("providers", "GET", "/providers", providers.page, READ, menu="nav.providers"),
        Page("providers_word", "POST", "/providers/word", providers.word, LEAD),
        Page("providers_ease", "POST", "/providers/ease", providers.ease, LEAD),
    )


def _people(services: ConsoleServices, screen: Screen) -> Sequence[Page]:
    people, one = PeoplePages(services, screen), "/people/<name>"
    deeds = [
        Page(f"person_{deed}", "POST", f"{one}/{deed}", people.change, ADMIN, values={"deed": deed})
        for deed in ("disable", "enable", "reset", "remove")
    ]
    return (
        Page("people", "GET", "/people", people.page, AUDITOR, menu="nav.people"),
        Page("person_new", "GET", "/invite", people.new, ADMIN),
        Page("person_invite", "POST", "/invite", people.invite, ADMIN),
        Page("person", "GET", one, people.show, AUDITOR),
        Page("person_rights", "POST", f"{one}/rights", people.rights, ADMIN),
        *deeds,
    )
