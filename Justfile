# The usual jobs (https://just.systems). Each is one or two commands; type those where there is no `just`.

set shell := ["bash", "-euo", "pipefail", "-c"]

# list the jobs
default:
    @just --list

# all tests, on two cores
test *ARGS:
    pytest -n 2 --dist worksteal {{ARGS}}

# all but browsers, servers, Spark, end-to-end runs and the shipped model: under three minutes
fast *ARGS:
    pytest -n 2 --dist worksteal -m "not slow" {{ARGS}}

# damages every kind of file a hundred times in each way, and kills every command, or takes its disk away, fifty times each: for hours
torture seed="0":
    AFFIL_TORTURE=100 AFFIL_TEST_SEED={{seed}} pytest -n 2 --dist worksteal -s -o timeout=0 tests/test_damage.py
    AFFIL_TORTURE=50 AFFIL_TEST_SEED={{seed}} pytest -n 2 --dist worksteal -s -o timeout=0 tests/test_killed.py

# style and types
lint:
    ruff check
    ruff format --check
    mypy --strict

# how fast it matches, against plain ways to match (docs/performance.md)
bench *ARGS:
    scripts/bench {{ARGS}}

# the pages that are made from code: settings, formats, the manual page; then the site in build/site, with the API reference in its folder api
docs:
    tools/settings_page.py
    tools/formats_page.py
    tools/man_page.py
    tools/docs_site.py build/site
    tools/api_reference.py build/site/api

# what every change must pass, from a new environment
ci:
    .ci/run

# the tag of a version, such as 0.2.0, once CHANGELOG.md has a heading for it and .ci/run passes; pushed, it is released by .github/workflows/release.yml
release version: ci
    grep -q "^## \[{{version}}\] - " CHANGELOG.md || { echo "CHANGELOG.md has no heading for {{version}}"; exit 2; }; \
    git diff --quiet HEAD || { echo "there are changes that are not committed"; exit 2; }; \
    git tag -a "v{{version}}" -m "affil {{version}}"; \
    echo "push it with: git push origin v{{version}}"
