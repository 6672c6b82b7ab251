"""What operators see of a running process: logs and metrics. What happens is told by those who do it."""
