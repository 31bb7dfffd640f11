#!/usr/bin/env bash
# start.sh serve DIR   runs Debian's PostgreSQL 15, its files in the new folder
#                      DIR, on a free port of 127.0.0.1 and prints its URL; ends
#                      with its standard input
# start.sh pglite DIR  the same of npm's PGlite, PostgreSQL in WebAssembly, with
#                      pgvector
set -euo pipefail

what=$1 dir=$2
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
bin=/usr/lib/postgresql/15/bin
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
case $what in
  serve)
    as=()
    if [[ $(id -u) -eq 0 ]]; then
      [[ -x $bin/postgres ]] || { apt-get update && apt-get install --yes --no-install-recommends postgresql-15; } >&2
      as=(runuser -u postgres --) # it does not run as root
      chown postgres "$dir"
    fi
    "${as[@]}" "$bin/initdb" --auth=trust --username=postgres --encoding=UTF8 --locale=C.UTF-8 "$dir/data" >/dev/null
    "${as[@]}" "$bin/pg_ctl" --pgdata="$dir/data" --log="$dir/log" --wait --options="-p $port -c listen_addresses=127.0.0.1 \
      -c unix_socket_directories=$dir -c fsync=off -c shared_buffers=${SHARED_BUFFERS:-128MB}" start >/dev/null
    trap '"${as[@]}" "$bin/pg_ctl" --pgdata="$dir/data" --mode=immediate stop >/dev/null' EXIT
    echo "postgres://postgres@127.0.0.1:$port/postgres?sslmode=disable"
    cat >/dev/null # until whoever started this is gone
    ;;
  pglite)
    cp "$here/pglite.mjs" "$here/package.json" "$dir"
    npm install --prefix "$dir" --no-package-lock --no-audit --no-fund --ignore-scripts >&2
    exec node "$dir/pglite.mjs" "$port"
    ;;
esac
