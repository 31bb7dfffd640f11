#!/usr/bin/env bash
# start.sh install DIR   installs npm's oidc-provider into DIR
# start.sh serve DIR URL serves it as the issuer URL, on a free port of 127.0.0.1
#                        behind whatever URL reaches, and prints that port; each line
#                        of standard input is a command, and its end is the end
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

case $1 in
  install)
    cp package.json provider.mjs "$2/"
    npm install --prefix "$2" --no-audit --no-fund --no-package-lock --loglevel=error >&2
    ;;
  serve) exec node "$2/provider.mjs" "$3" ;;
esac
