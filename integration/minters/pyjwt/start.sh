#!/usr/bin/env bash
# start.sh FOLDER: installs PyJWT in a virtual environment in FOLDER, and mints and
# reads tokens with it as mint.py says.
set -euo pipefail
source ../install.sh

or_unavailable have 'python3 -c "import ensurepip, venv"' python3 python3-venv
or_unavailable python3 -m venv "$1/venv"
or_unavailable "$1/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps --only-binary :all: --requirement requirements.txt
exec "$1/venv/bin/python" mint.py "$1"
