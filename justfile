# The commands of the day; CI runs the same ones. `just` without a name lists them.
python := ".venv/bin/python"

_default:
    @just --list

# Make the virtual environment.
setup:
    python3 -m venv .venv
    .venv/bin/pip install -q -e '.[test]'

# Formatting, lint, types.
check:
    .venv/bin/ruff format --check .
    .venv/bin/ruff check .
    .venv/bin/mypy

# Mend what can be mended mechanically.
fix:
    .venv/bin/ruff format .
    .venv/bin/ruff check --fix .

# All tests.
test *arguments:
    {{python}} -m pytest {{arguments}}

# Write the generated pages of the documentation and the sample store anew.
docs:
    {{python}} docs/generate_model.py
    {{python}} docs/generate_sensors.py
    {{python}} docs/generate_catalogue.py
    {{python}} tools/make_sample.py
