# The bot with its model and all it needs; started without tokens, it shows its conversation and ends.
# Everything that a build downloads is pinned in constraints.txt.

FROM python:3.11-slim AS build
# Where pip finds PyTorch's CPU build: PyTorch's own install page names the address.
ARG PIP_EXTRA_INDEX_URL
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /build
COPY pyproject.toml constraints.txt ./
RUN python -c "import tomllib; print(*tomllib.load(open('pyproject.toml', 'rb'))['project']['dependencies'], sep='\n')" \
      > requirements.txt \
 && python -m venv --without-pip /opt/venv \
 && pip --python /opt/venv/bin/python install --constraint constraints.txt --requirement requirements.txt
# A GPU build would add gigabytes that the bot has no use for.
RUN /opt/venv/bin/python -c "import sys, torch; sys.exit(torch.version.cuda and 'This is PyTorch for GPUs: build again with --build-arg PIP_EXTRA_INDEX_URL=, followed by the address of the CPU builds.')"
WORKDIR /app
COPY bot bot
COPY index index
COPY samples samples
COPY manifest.json manifest.json
# The model's own graph is made here, or the first sync would make it.
RUN /opt/venv/bin/python -m compileall -q bot index \
 && /opt/venv/bin/python -m index.graph all-MiniLM-L6-v2 "" index/graphs/all-MiniLM-L6-v2

FROM python:3.11-slim
LABEL org.opencontainers.image.title="Pullquote" \
      org.opencontainers.image.description="A Slack bot that answers questions about a column with cited, verbatim excerpts" \
      org.opencontainers.image.version="0.1.0"
RUN pip uninstall --yes --no-cache-dir --root-user-action=ignore pip setuptools wheel \
 && useradd --no-log-init --uid 10001 --create-home --home-dir /data --shell /usr/sbin/nologin pullquote
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    HF_HUB_OFFLINE=1 \
    DATA_DIR=/data \
    HEALTH_ADDRESS=127.0.0.1:8717
WORKDIR /app
# A number, so that a cluster can see that it is not root.
USER 10001
VOLUME /data
# The bot's own event loop answers, and says so where a thread has died or the socket is gone for good.
HEALTHCHECK --interval=30s --timeout=5s --start-period=90s --retries=3 \
  CMD ["python", "-c", "import os, urllib.request as u; a = os.environ['HEALTH_ADDRESS']; a == 'off' or u.build_opener(u.ProxyHandler({})).open(f'http://{a}/healthz', timeout=4)"]
# Without a shell in between, SIGTERM reaches the bot, which finishes its answers and leaves.
CMD ["python", "-m", "bot"]
