# A llama.cpp server with the tiny model of this repository; the engine is pinned by version and hash, as in the tests.
FROM python:3.11-slim-bookworm
WORKDIR /srv
COPY scripts/engines.py scripts/
COPY scripts/engines/llama.txt scripts/engines/
RUN python3 scripts/engines.py llama /opt/engines
COPY deploy/serve_llama.py ./
COPY judges/tiny-seer/model.gguf judges/tiny-seer/mmproj.gguf models/
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["/opt/engines/llama/bin/python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/health', timeout=4)"]
ENTRYPOINT ["/opt/engines/llama/bin/python", "serve_llama.py"]
CMD ["models/model.gguf", "models/mmproj.gguf", "8000"]
