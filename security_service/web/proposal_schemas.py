"""What the management API gives of proposals; OpenAPI is made of these schemas."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields, post_load

from security_service.domain.proposals import ProposalState


class ApproveSchema(Schema):
    """Approving takes nothing: an empty object."""

    @post_load
    def _made(self, _data: Mapping[str, Any], **_options: object) -> None:
        return None


class ProposalSchema(Schema):
    """A deed that waits for a second person, or waited; members that its kind lacks are null."""

    id = fields.String()
    deed = fields.String(
        metadata={"description": "set_mode, reverify, add_sim, unlock, publish_policy or roll_back_policy"}
    )
    number = fields.String(allow_none=True)
    mode = fields.String(allow_none=True, metadata={"description": "mode wanted"})
    until = fields.String(allow_none=True, metadata={"format": "date-time"})
    bound = fields.Boolean(allow_none=True)
    waive_age = fields.Boolean(allow_none=True)
    candidate = fields.String(
        allow_none=True, metadata={"description": "fingerprint of the IMSI that was judged"}
    )
    policy = fields.String(allow_none=True)
    version = fields.String(allow_none=True, metadata={"description": "version that comes back"})
    expected = fields.String(allow_none=True, metadata={"description": "version in force when judged"})
    document = fields.String(allow_none=True, metadata={"description": "the policy to be published"})
    proposer = fields.String()
    reason = fields.String()
    at = fields.String(metadata={"format": "date-time"})
    expires_at = fields.String(metadata={"format": "date-time"})
    state = fields.Enum(ProposalState, by_value=True)
    decided_by = fields.String(metadata={"description": "who approved or rejected it, empty until then"})
    decided_at = fields.String(allow_none=True, metadata={"format": "date-time"})
    decision_reason = fields.String(metadata={"description": "why it was rejected"})
    result = fields.String(metadata={"description": "what became of the deed, empty until then"})


class ProposalPageSchema(Schema):
    """The newest proposals of a tenant, at most 200 of the last 30 days."""

    proposals = fields.List(fields.Nested(ProposalSchema))


class DecisionSchema(Schema):
    """What came of deciding a proposal."""

    result = fields.String(
        metadata={"description": "done, done_before, nothing_to_do, pending, refused or rejected"}
    )
    proposal = fields.Nested(ProposalSchema)
