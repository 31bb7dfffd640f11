# What every start.sh needs; read with source.

readonly unavailable=3 # exit code of a start.sh whose component cannot be had

# have TEST PACKAGE...: installs Debian's packages where TEST fails and somebody may.
have() {
  bash -c "$1" >/dev/null 2>&1 && return
  if [[ $(id -u) -eq 0 ]] && command -v apt-get >/dev/null; then
    {
      apt-get update
      DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${@:2}"
    } >&2
  fi
  bash -c "$1" >/dev/null 2>&1
}

# or_unavailable COMMAND...: what it prints goes to stderr, since stdout has tokens.
or_unavailable() {
  "$@" >&2 || {
    echo "cannot be had: $*" >&2
    exit "$unavailable"
  }
}
