# Two commands do everything: `make run` and `make test`.
# They need a Rust toolchain, make, and Python 3 with pip.

CARGO_TARGET_DIR ?= target
export CARGO_TARGET_DIR
ORT := .ort/libonnxruntime.so
OPINE := $(CARGO_TARGET_DIR)/release/opine

.PHONY: help run build onnxruntime engines test scenes chaos soak test-contract test-engines test-otel test-transformers lint client-types conformance

help: ## Show what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

run: build ## Start the service with its embedded judge on 127.0.0.1:8080
	@echo
	@echo "Opine listens on http://127.0.0.1:8080. In another terminal, try:"
	@echo
	@echo "  curl -s -F judge=technical-quality -F image=@judges/technical-quality/examples/clean.jpg http://127.0.0.1:8080/v1/score"
	@echo
	@$(OPINE) serve --listen 127.0.0.1:8080

build: onnxruntime ## Get the ONNX Runtime library and build the release binary
	cargo build --release --locked
	@# Beside the binary the library is found from any folder.
	@cmp -s $(ORT) $(CARGO_TARGET_DIR)/release/libonnxruntime.so || cp $(ORT) $(CARGO_TARGET_DIR)/release/libonnxruntime.so

onnxruntime: ## Get the ONNX Runtime library into .ort, pinned and checked
	@python3 scripts/fetch_onnxruntime.py .ort

engines: ## Get llama.cpp's server into .engines, pinned and hashed, for the tests
	@python3 scripts/engines.py llama .engines

test: onnxruntime engines lint ## Everything a stranger needs to trust the build
	cargo test --locked

scenes: onnxruntime engines ## Ask the tiny model that sees about 200 scenes, half of them wrong in one element
	OPINE_SCENES=200 cargo test --locked --test it evaluate:: -- --nocapture

chaos: onnxruntime ## Kill the service 200 times at random points of its jobs; nothing may be lost or doubled
	cargo test --locked --features chaos-tests --test it -- jobs::chaos

soak: build ## 30 minutes at 70 % load with faults; memory and descriptors stay flat (SOAK_MINUTES)
	OPINE_BINARY=$(abspath $(OPINE)) cargo test --locked --features soak-tests --test it -- soak::

test-contract: build ## Lint openapi.yaml, ask the service whatever it allows and forbids, check the client's types; needs Node.js, 3 minutes
	python3 scripts/contract.py $(OPINE)

test-engines: onnxruntime ## Ask real engines: MLServer, installed into .engines, 330 MB; and fetch from a hub
	@python3 scripts/engines.py mlserver .engines
	cargo test --locked --features engine-tests,hub --test it -- engines:: hub::

test-otel: onnxruntime ## Send traces to a collector on this machine, which the test is
	cargo clippy --locked --all-targets --features otel -- -D warnings
	cargo test --locked --features otel --lib -- traces:: config::
	cargo test --locked --features otel --test it -- traces:: config:: logs::

test-transformers: onnxruntime ## Ask `transformers serve`, installed into .engines, 6 GB
	@python3 scripts/engines.py transformers .engines
	cargo test --locked --features transformers-tests --test it engines::

lint: ## Formatting, lints and documentation
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --quiet --no-deps --locked

client-types: ## Write the types of the Python client anew from openapi.yaml
	@python3 scripts/engines.py contract .engines
	.engines/contract/bin/python clients/python/tools/generate.py openapi.yaml > clients/python/src/opine_client/contract.py.new
	mv clients/python/src/opine_client/contract.py.new clients/python/src/opine_client/contract.py

conformance: build ## Run the released program on published data and hostile images; DATA names their folder
	@test -n "$(DATA)" || { echo "usage: make conformance DATA=FOLDER"; exit 2; }
	python3 scripts/conformance.py $(OPINE) $(DATA)
