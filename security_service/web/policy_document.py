"""Policies, findings, differences and replays as documents of the management API; decides nothing."""

from __future__ import annotations

from security_service.domain.policy_check import Difference, render
from security_service.domain.policy_space import Groups
from security_service.domain.policy_versions import PolicyVersion
from security_service.domain.replay import Compared, ReplayRun, Ruling, Tally
from security_service.usecases.check_policy import Checked
from security_service.usecases.read_policies import PolicyView
from security_service.web.subscriber_document import Document, moment


def policy_view_document(view: PolicyView) -> Document:
    """Give the members of `PolicySchema`."""
    return {
        "name": view.name,
        "in_force": view.in_force,
        "from_file": view.from_file,
        "versions": [version_document(one) for one in view.versions],
        "shadow": None if view.shadow is None else whole_version_document(view.shadow),
    }


def version_document(one: PolicyVersion) -> Document:
    """Give the members of `PolicyVersionSchema`."""
    return {
        "version": one.version,
        "sha256": one.sha256,
        "actor": one.actor,
        "reason": one.reason,
        "at": moment(one.at_ms // 1000) if one.at_ms else None,
    }


def whole_version_document(one: PolicyVersion) -> Document:
    """Give the members of `PolicyDocumentSchema`."""
    return {**version_document(one), "document": one.text}


def findings_document(checked: Checked) -> Document:
    """Give the members of `FindingsSchema`."""
    findings = checked.findings
    return {
        "policy": findings.policy,
        "sha256": checked.document.sha256,
        "cases": findings.cases,
        "acceptable": findings.is_acceptable,
        "warnings": checked.has_warnings,
        "misplaced_hold": list(findings.misplaced_hold),
        "failed": [one.number for one in findings.failed],
        "unreachable": [{"rule": one.rule, "taken_by": list(one.taken_by)} for one in findings.unreachable],
        "only_last": _groups(findings.only_last),
        "text": render(findings).splitlines(),
    }


def difference_document(difference: Difference) -> Document:
    """Give the members of `DifferenceSchema`."""
    return {
        "old": difference.old,
        "new": difference.new,
        "cases": difference.cases,
        "settings": list(difference.settings),
        "changes": [
            {"before": str(change.before), "after": str(change.after), **_groups(change.groups)}
            for change in difference.changes
        ],
    }


def tally_document(tally: Tally) -> Document:
    """Give the members of `TallySchema`, the greatest counts first."""
    rows = sorted(tally.rows.items(), key=lambda row: (-row[1], row[0]))
    return {
        "compared": tally.compared,
        "differing": tally.differing,
        "passed_over": tally.passed_over,
        "rows": [
            {"before": was, "before_rule": by, "after": becomes, "after_rule": through, "count": count}
            for (was, by, becomes, through), count in rows
        ],
        "listed": [_differing(one) for one in tally.listed],
    }


def replay_document(run: ReplayRun) -> Document:
    """Give the members of `ReplaySchema`."""
    return {
        "id": run.id,
        "policy": f"{run.name}@{run.version}",
        "sha256": run.sha256,
        "of_policy": run.of_policy,
        "since": moment(run.since_ms // 1000),
        "until": moment(run.until_ms // 1000),
        "percent": run.percent,
        "done": run.done,
        **tally_document(run.tally),
    }


def _groups(groups: Groups) -> Document:
    return {
        "groups": [
            {"values": {name: list(values) for name, values in group.values}, "cases": group.cases}
            for group in groups.groups
        ],
        "left_out": groups.left_out,
    }


def _differing(one: Compared) -> Document:
    return {
        "number": one.number,
        "at": moment(one.at_ms // 1000),
        "amount": one.amount or None,
        "currency": one.currency or None,
        "before": _ruling(one.before),
        "after": _ruling(one.after),
    }


def _ruling(ruling: Ruling) -> Document:
    return {
        "verdict": ruling.verdict,
        "reason": ruling.reason,
        "rule": ruling.rule,
        "policy": ruling.policy,
    }
