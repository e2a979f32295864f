# Everything one does with Vigil's source. Each target sets the checkout up first, where that is still to do.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-builtin-rules

export VIGIL_CACHE ?= $(HOME)/.cache/vigil
PYTHON := .venv/bin/python
JOBS ?= 2
PYTEST := $(PYTHON) -m pytest -n $(JOBS) --dist loadgroup
ARGS ?=

# The stamp names what set-up was done from, and where: a changed lock or a moved checkout is set up again.
GROUND := firmware/locks/tests.txt tests/ground/apt.txt tests/ground/setup.sh pyproject.toml
READY := .venv/.ready-$(shell { pwd; cat $(GROUND); } | sha256sum | cut -c1-16)

FUZZ := .venv/.fuzz-$(shell sha256sum firmware/locks/torture.txt | cut -c1-16)

.PHONY: help setup run test check bench torture image image-check image-run hw-tests lock clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 12

setup: $(READY) ## Debian packages, and .venv with the locked dependencies

# One set-up at a time: the Makefile itself is the lock.
$(READY):
	@flock Makefile sh -c 'test -e $@ || tests/ground/setup.sh $@'

run: $(READY) ## record here, with a camera that draws itself: ARGS="--plain --for 60"
	@.venv/bin/vigil run --data var/demo $(ARGS)

test: $(READY) ## every test, then the unit tests under Python 3.13
	@failed=0; \
	$(PYTEST) $(ARGS) || failed=1; \
	tests/ground/trixie.sh unit || failed=1; \
	exit $$failed

check: $(READY) ## the fast loop: all but the slow tests, under two minutes
	@$(PYTEST) -m "not slow and not torture" --hypothesis-profile=check $(ARGS)

bench: $(READY) ## the figures in docs/, measured here
	@$(PYTHON) tests/bench/run.py $(ARGS)

torture: $(READY) $(FUZZ) ## every test there is, for hours (VIGIL_TORTURE_S: seconds for each parser that is fuzzed)
	@VIGIL_TORTURE=1 $(PYTEST) -m "torture or not torture" $(ARGS)

$(FUZZ): $(READY)
	@$(PYTHON) -m pip --quiet --no-input --disable-pip-version-check install --require-hashes --only-binary=:all: \
		-r firmware/locks/torture.txt && touch $@

IMAGE := PYTHONPATH=image:firmware $(PYTHON) -m builder
# Owners, devices and mounts of the image's root are root's business.
ifneq ($(shell id -u),0)
IMAGE := sudo --preserve-env $(IMAGE)
endif

image: $(READY) ## the card that is flashed, in var/image (IMAGE_KEY: an Ed25519 key that signs it); ARGS="--board raspberrypi"
	@$(IMAGE) make $(ARGS)

image-check: $(READY) ## which packages in var/image Debian has newer ones of, such as security updates
	@$(IMAGE) check $(ARGS)

image-run: $(READY) ## a copy of that card on an emulated board, with a shell here: ARGS="--setup my-vigil.toml"
	@$(IMAGE) run $(ARGS)

hw-tests: $(READY) ## one file that tries a board's hardware: docs/guide/hardware-tests.md
	@$(PYTHON) -m hw_tests.pack var/hw-tests.pyz

lock: ## resolve the dependencies anew: ARGS=--upgrade for the newest
	@tests/ground/lock.sh $(ARGS)

clean: ## remove what set-up and tests made; recordings in var/ stay
	@rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis build firmware/*.egg-info
	@find firmware tests -name __pycache__ -prune -exec rm -rf {} +
