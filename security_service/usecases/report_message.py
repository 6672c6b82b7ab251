"""Tell the account that brought a message what became of it; leaves carrying the report to its face."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from security_service.domain.jobs import Job
from security_service.domain.ports import Jobs
from security_service.domain.relay import MessageView, Report
from security_service.domain.relay_ports import RelayedMessages, Reports


@dataclass(frozen=True, slots=True)
class ReportMessage:
    """Does REPORT jobs: at least once; the account's queue keeps one report a message."""

    messages: RelayedMessages
    reports: Reports
    jobs: Jobs

    def attempt(self, job: Job) -> None:
        """Do one REPORT job; `message` is among its data. Raises StoreUnavailable."""
        view = self.messages.view(job.tenant, job.get("message"))
        if isinstance(view, MessageView) and view.account:
            self.reports.put(
                Report(
                    view.message_id,
                    view.account,
                    view.message_id,
                    view.reference,
                    view.number,
                    view.sender,
                    view.state,
                    view.reason,
                    view.taken_at_ms,
                    view.final_at_ms,
                )
            )
        self.jobs.finish(job, ())


@dataclass(frozen=True, slots=True)
class ClaimReports:
    """What an account's face takes out and carries to it; a report that is not `done` comes back."""

    reports: Reports

    def claim(self, account: str, count: int, lease_s: float) -> Sequence[Report]:
        """Give an account's oldest reports, `count` at most; raises StoreUnavailable."""
        return self.reports.claim(account, count, lease_s)

    def done(self, report: Report) -> None:
        """Forget a report that its account has. Raises StoreUnavailable."""
        self.reports.done(report)
