# One image for every part of the service: `web` (the default), `worker`, and the commands of a person
# (`docker compose run --rm web store init`). Settings come from the environment and from secret files.

FROM python:3.12-slim AS build
WORKDIR /build
RUN python -m venv /opt/etalon
ENV PATH=/opt/etalon/bin:$PATH PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
# The pins change more seldom than the code: a layer of their own.
COPY requirements.txt .
RUN pip install --quiet --requirement requirements.txt
COPY pyproject.toml README.md LICENSE ./
COPY security_service security_service
# The pins are complete, so nothing further is looked for; pip itself is of no use in production.
RUN pip install --quiet --no-deps . && pip uninstall --quiet --yes pip

FROM python:3.12-slim
# No shell, no home, no password; the number is fixed so that files on a volume keep their owner.
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin etalon \
    && install --directory --owner=etalon --mode=0700 /var/lib/etalon
COPY --from=build /opt/etalon /opt/etalon
# The fraud team's documents: mount others over them.
COPY policies /etc/etalon/policies
ENV PATH=/opt/etalon/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    ETALON_ENVIRONMENT=production \
    ETALON_DATA_DIR=/var/lib/etalon \
    ETALON_POLICIES_DIR=/etc/etalon/policies \
    ETALON_WEB__HOST=0.0.0.0 \
    ETALON_WEB__PORT=8080
USER etalon
VOLUME /var/lib/etalon
EXPOSE 8080
# Alive, not ready: a store that is away must not let the container be restarted. The worker answers no
# HTTP; compose.yaml gives it a check of its own.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8080/healthz', timeout=2)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["security-service"]
CMD ["web"]
