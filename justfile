# The commands of the day; CI runs the same ones. `just` without a name lists them.
python := ".venv/bin/python"

_default:
    @just --list

# Make the virtual environment, with the newest versions of all dependencies.
setup:
    python3 -m venv .venv
    .venv/bin/pip install -q -e '.[test]'

# Make the virtual environment with the versions of the lock file.
setup-locked:
    python3 -m venv .venv
    .venv/bin/pip install -q --require-hashes -r requirements-dev.txt
    .venv/bin/pip install -q --no-deps -e .

# Formatting, lint, types.
check:
    .venv/bin/ruff format --check .
    .venv/bin/ruff check .
    .venv/bin/mypy

# Mend what can be mended mechanically.
fix:
    .venv/bin/ruff format .
    .venv/bin/ruff check --fix .

# All tests, or those that are named.
test *arguments:
    {{python}} -m pytest {{arguments}}

# All tests, and which lines and branches none of them reaches.
coverage:
    rm -f .coverage .coverage.*
    {{python}} -m pytest -q -n auto --dist loadfile --cov --cov-report=
    .venv/bin/coverage report

# All tests with the lowest versions that pyproject.toml declares.
lowest *arguments:
    bash .ci/lowest {{arguments}}

# Everything that a change must pass, in a fresh environment.
ci:
    bash .ci/run

# Write the generated pages of the documentation and the sample store anew.
docs:
    {{python}} docs/generate_model.py
    {{python}} docs/generate_sensors.py
    {{python}} docs/generate_names.py
    {{python}} docs/generate_catalogue.py
    if [ -d ../shared/corpus ]; then {{python}} docs/generate_corpus.py ../shared/corpus/car/analytics; fi
    {{python}} tools/make_tables.py
    {{python}} tools/make_sample.py

# Write a store, or with `--log` a log, of made-up events: `just events /tmp/store --events 3_000_000 --mixed`.
events *arguments:
    {{python}} -m bench.events {{arguments}}

# Measure parts of carlang, or all, on made-up events, and print tables: `just bench start catalogue --events 3_000_000`.
bench *arguments:
    {{python}} -m bench {{arguments}}

# Measure ingests against DuckDB and the EVTX parser alone (some minutes; the recordings have to be in ../shared/data).
bench-ingest *arguments:
    {{python}} bench/ingest.py {{arguments}}

# Judge the catalogue over a store, and compare the time with that of a bare scan of it
bench-judgement *arguments:
    {{python}} -m bench.judgement {{arguments}}

# Compare many drawn programs with a reference evaluator; `--textual` takes the one that reads their text.
agreement *arguments:
    {{python}} -m bench.agreement {{arguments}}

# Make small changes to a copy of the package, and see that tests fail of each.
mutants *arguments:
    {{python}} -m bench.mutants {{arguments}}

# damage small files at random, and see that nothing undamaged is lost without a word
fuzz *arguments:
    {{python}} -m bench.fuzz {{arguments}}

# ingest the same records in few and in many files, and compare the stores
split *arguments:
    {{python}} -m bench.split {{arguments}}

# Stop ingests, compactions and vacuums at random moments and at their steps, and count what they leave.
kill *arguments:
    {{python}} bench/kill.py {{arguments}}

# Write the lock file anew: the newest versions within the bounds of pyproject.toml, for all platforms.
lock:
    .venv/bin/pip install -q uv
    .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --extra test --generate-hashes --upgrade \
        --custom-compile-command "just lock" pyproject.toml --output-file requirements-dev.txt

# Build the wheel and the source distribution into dist/.
wheel:
    {{python}} -m build --outdir dist
