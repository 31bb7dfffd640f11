#!/usr/bin/env bash
# start.sh FOLDER ENGINE: installs two of Qdrant's packages in a virtual environment in
# FOLDER, unless they are there, and serves ENGINE as engine.py says.
#   edge    qdrant-edge-py: the segments of the server, in Rust, in this process
#   client  qdrant-client: its local mode, another program, and the API's schema
set -euo pipefail
source ../minters/install.sh

if [[ ! -e $1/installed ]]; then
  or_unavailable have 'python3 -c "import ensurepip, venv"' python3 python3-venv
  or_unavailable python3 -m venv "$1/venv"
  or_unavailable "$1/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps --only-binary :all: --requirement requirements.txt
  touch "$1/installed"
fi
exec "$1/venv/bin/python" engine.py "$2"
