#!/usr/bin/env bash
# start.sh FOLDER: installs npm's jose in FOLDER, and mints and reads tokens with it
# as mint.mjs says.
set -euo pipefail
source ../install.sh

or_unavailable have 'node -e "process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)" && npm --version' nodejs npm
cp package.json mint.mjs "$1"
or_unavailable npm install --prefix "$1" --no-package-lock --no-audit --no-fund --ignore-scripts
exec node "$1/mint.mjs" "$1"
