"""People and sign-in put together: what the console and its commands need; there where keys.vault is set."""

from __future__ import annotations

from dataclasses import dataclass

from security_service.config.classes import Settings
from security_service.config.console_settings import ConsoleSettings
from security_service.domain.errors import SettingsFault
from security_service.links.authenticator import AuthenticatorApp
from security_service.links.oidc import OidcClient, OidcProvider
from security_service.links.passwords import Argon2Passwords
from security_service.links.sealed_text import TextSealer
from security_service.store.people import StoredPeople, StoredSessions
from security_service.store.sign_in_book import StoredSignInBook
from security_service.usecases.change_own import ChangeOwn
from security_service.usecases.change_person import ChangePerson
from security_service.usecases.console_sessions import ConsoleSessions
from security_service.usecases.invite_person import InvitePerson
from security_service.usecases.list_people import ListPeople
from security_service.usecases.prove_person import ProvePerson
from security_service.usecases.sign_in import Doorkeeper, SignIn
from security_service.usecases.sign_in_federated import FederationRules, SignInFederated
from security_service.usecases.welcome_person import WelcomePerson
from security_service.wiring.shared import Core


@dataclass(frozen=True, slots=True)
class People:
    """What the console does with people; `federated` is None where no identity provider is set."""

    sign_in: SignIn
    federated: SignInFederated | None
    sessions: ConsoleSessions
    welcome: WelcomePerson
    invite: InvitePerson
    change: ChangePerson
    own: ChangeOwn
    list: ListPeople


def build_people(settings: Settings, core: Core) -> People | None:
    """Put it together over what the service shares; None where no key seals the secrets of apps.

    Raises SettingsFault for an identity provider's settings that cannot be used.
    """
    ring = settings.keys.vault_ring
    if ring is None:
        return None
    frame, chance, clock = core.stored.frame, core.chance, core.clock
    rules = settings.console.session_rules
    sealer = TextSealer(ring, "people")
    people, door = StoredPeople(frame), Doorkeeper(StoredSignInBook(frame, rules), chance)
    prove = ProvePerson(people, Argon2Passwords(), AuthenticatorApp(), sealer, clock)
    provider = _build_provider(settings.console)
    federated = None
    if provider is not None:
        oidc = settings.console.oidc
        mapped = {value: frozenset(roles) for value, roles in oidc.roles.items()}
        trusted = FederationRules(mapped, frozenset(oidc.tenants))
        federated = SignInFederated(provider, people, door, sealer, trusted, chance, clock)
    return People(
        sign_in=SignIn(prove, door),
        federated=federated,
        sessions=ConsoleSessions(StoredSessions(frame, rules)),
        welcome=WelcomePerson(people, prove, door, chance, clock),
        invite=InvitePerson(people, chance, clock),
        change=ChangePerson(people, chance, clock),
        own=ChangeOwn(people, prove, door, chance),
        list=ListPeople(people),
    )


def _build_provider(settings: ConsoleSettings) -> OidcProvider | None:
    oidc = settings.oidc
    if not oidc.issuer:
        return None
    client = OidcClient(
        oidc.issuer,
        oidc.client_id,
        oidc.client_secret,
        settings.redirect_uri,
        oidc.scope,
        oidc.name_claim,
        oidc.roles_claim,
        oidc.ca_file,
    )
    try:
        return OidcProvider(client)
    except (ValueError, OSError) as error:
        raise SettingsFault([f"console.oidc: {error}"]) from error
