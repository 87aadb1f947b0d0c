# Warren: `make` lists the targets. Everything runs on the Node 24 and the Bun that `npm ci` brings.

SHELL := /bin/sh
.DEFAULT_GOAL := help
# Node of the project first; npm itself runs on whatever node the machine has, because `npm ci` replaces ours.
node := PATH="$(CURDIR)/node_modules/.bin:$$PATH" node
tier = $(node) .scripts/test.ts

.PHONY: help setup deps build cluster check test test-unit test-kernel test-lab test-api demo bench format clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

deps:
	@.scripts/setup.sh npm

setup: ## Install what is missing: Debian packages by apt, npm packages by npm ci
	@.scripts/setup.sh npm system

build: deps ## Build warren, warren-agent, warren-controller and warrenctl into dist/bin
	@$(node) .scripts/build.ts

cluster: deps ## Build kube-apiserver, etcd and kubectl from Go modules into .cache, once (7 minutes)
	@.scripts/setup.sh go
	@$(node) test/cluster/build.ts

check: deps ## Types, lint, format and import rules
	@$(node) .scripts/check.ts

test: setup build cluster ## Checks and every test, tier by tier (root)
	@status=0; $(node) .scripts/check.ts || status=1; $(tier) unit kernel lab api || status=1; exit $$status

test-unit: deps ## Pure code: no privileges, no kernel
	@$(tier) unit

test-kernel: setup ## Drivers against the kernel, each in a fresh network namespace (root)
	@$(tier) kernel

test-lab: setup build ## The whole system on three nodes of a lab (root)
	@$(tier) lab

test-api: setup build cluster ## What needs a real kube-apiserver and etcd, and the lab on one (root)
	@$(tier) api

demo: setup build ## See it: three nodes, two networks, pings that work and pings that must not (root)
	@dist/bin/warrenctl lab demo

bench: build ## Measure against the Go plugins and hand-made devices (root)
	@.scripts/setup.sh npm system bench
	@$(node) test/bench/main.ts

format: deps ## Rewrite the sources in the project's format
	@$(node) node_modules/prettier/bin/prettier.cjs --write --log-level warn .

clean: ## Remove what the build made; the Kubernetes of `make cluster` stays
	@rm -rf dist .tap
	@if [ -d .cache ]; then find .cache -mindepth 1 -maxdepth 1 ! -name 'kube-*' -exec rm -rf {} +; fi
