# Opine as a container: one program and the ONNX Runtime library, no shell needed, no root.
#
#   docker build -t opine .
#   docker run --rm --read-only --cap-drop ALL -p 127.0.0.1:8080:8080 opine

FROM rust:1.92-slim-trixie AS build
RUN apt-get update \
 && apt-get install --yes --no-install-recommends gcc libc6-dev make python3 python3-pip \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
# The library is pinned by version and hash; it changes less often than the source.
COPY scripts/fetch_onnxruntime.py scripts/
RUN python3 scripts/fetch_onnxruntime.py .ort
COPY Cargo.toml Cargo.lock openapi.yaml README.md ./
COPY benches benches
COPY calibration calibration
COPY judges judges
COPY src src
RUN cargo build --release --locked

FROM debian:13-slim
COPY --from=build /src/target/release/opine /usr/local/bin/opine
COPY --from=build /src/.ort/libonnxruntime.so /usr/local/lib/libonnxruntime.so
# A number and not a name: Kubernetes can see that it is not root.
USER 10001:10001
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=6s --start-period=120s --retries=3 \
    CMD ["opine", "health", "http://127.0.0.1:8080/readyz"]
ENTRYPOINT ["opine"]
# Without keys this address is refused: give a configuration with `[access.keys]`, or, where nobody else reaches the
# container, set OPINE__ACCESS__ALLOW_ANYONE=true.
CMD ["serve", "--listen", "0.0.0.0:8080"]
