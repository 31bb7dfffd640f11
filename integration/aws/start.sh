#!/usr/bin/env bash
# start.sh install DIR   makes a Python environment with moto, boto3 and PyJWT in DIR
# start.sh serve DIR     serves AWS's API on a free port of 127.0.0.1 and prints its
#                        URL; ends with its standard input
# start.sh python DIR …  runs a script in that environment
# start.sh jose DIR …    installs npm's jose in DIR and runs a script beside it
set -euo pipefail

what=$1 dir=$2
shift 2
case $what in
  install)
    python3 -m venv "$dir"
    "$dir/bin/pip" install --quiet 'moto[server,secretsmanager,cognitoidp,kms]==5.2.1' 'boto3==1.44.8' 'PyJWT==2.15.1' >&2
    ;;
  serve)
    port=$("$dir/bin/python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    "$dir/bin/moto_server" -H 127.0.0.1 -p "$port" >/dev/null 2>&1 &
    trap 'kill %1' EXIT
    for _ in {1..300}; do
      if (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
        echo "http://127.0.0.1:$port"
        cat >/dev/null # until whoever started this is gone
        exit
      fi
      kill -0 %1
      sleep 0.1
    done
    echo "moto does not answer" >&2
    exit 1
    ;;
  python) exec "$dir/bin/python" "$@" ;;
  jose)
    cp "$1" "$dir"
    npm install --prefix "$dir" --no-package-lock --no-audit --no-fund --ignore-scripts 'jose@6.2.17' >&2
    exec node "$dir/$1" "${@:2}"
    ;;
esac
