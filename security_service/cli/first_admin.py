"""The first admin of a sandbox, invited by `run` until somebody is one; others are for `people`."""

from __future__ import annotations

from typing import Final

from security_service.domain.access import Role
from security_service.domain.people import PersonState
from security_service.usecases.invite_person import Invitation, Invited
from security_service.wiring.people import People

FIRST_ADMIN: Final = "operator"
_ACTOR: Final = "run"


def ensure_first_admin(people: People) -> Invited | None:
    """Invite the first admin, with all roles; None where there is an active admin, or where they cannot be.

    One who has not come yet is invited anew, for the code before is nowhere any more. Raises
    StoreUnavailable.
    """
    everybody = people.list.run()
    if any(Role.ADMIN in one.roles and one.state is PersonState.ACTIVE for one in everybody):
        return None
    before = next((one for one in everybody if one.name == FIRST_ADMIN), None)
    if before is None:
        invited = people.invite.run(Invitation(FIRST_ADMIN, frozenset(Role), frozenset(), _ACTOR))
        return invited if isinstance(invited, Invited) else None
    if before.state is not PersonState.INVITED:
        return None
    renewed = people.change.reset(FIRST_ADMIN, _ACTOR)
    return renewed if isinstance(renewed, Invited) else None
