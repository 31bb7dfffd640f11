#!/usr/bin/env bash
# Prints the path of a Chromium that tests can drive. Installs Debian's where there
# is none and somebody may.
set -euo pipefail

find_chromium() { command -v chromium || command -v chromium-browser || command -v google-chrome; }

if ! find_chromium >/dev/null && [[ $(id -u) -eq 0 ]] && command -v apt-get >/dev/null; then
  export DEBIAN_FRONTEND=noninteractive
  {
    apt-get update
    apt-get install -y --no-install-recommends chromium fonts-liberation
  } >&2
fi
find_chromium || {
  echo 'no Chromium: install the package chromium, or put it on the PATH' >&2
  exit 1
}
