# Slim, non-root, two stages: the first builds the virtual environment, the second only runs it.
# docker build -t voicebot .   then   docker run --network host -v voicebot:/var/lib/voicebot voicebot
FROM python:3.12-slim-bookworm AS build
WORKDIR /src
RUN python -m venv /opt/voicebot
COPY requirements/run.lock requirements/
RUN /opt/voicebot/bin/pip install --no-cache-dir --require-hashes -r requirements/run.lock
COPY pyproject.toml README.md LICENSE NOTICE ./
COPY voicebot voicebot
COPY audio_models audio_models
COPY call_scripts call_scripts
RUN /opt/voicebot/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.12-slim-bookworm
RUN apt-get update \
    && apt-get install -y --no-install-recommends espeak-ng libopus0 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --create-home --home-dir /var/lib/voicebot voicebot
COPY --from=build /opt/voicebot /opt/voicebot
ENV PATH=/opt/voicebot/bin:$PATH PYTHONUNBUFFERED=1
USER voicebot
WORKDIR /var/lib/voicebot
VOLUME /var/lib/voicebot
EXPOSE 5060/udp 5060/tcp 8080/tcp 10000-19999/udp
HEALTHCHECK --interval=15s --timeout=3s CMD python -c "import urllib.request as u; u.urlopen('http://127.0.0.1:8080/health', timeout=2)"
# Models are pulled into the volume once: voicebot models pull --default
CMD ["voicebot", "serve"]
