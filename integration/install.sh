#!/usr/bin/env bash
# Installs the real clients and servers that the end-to-end tests use; does nothing for what is there.
# Debian's packages by apt, Python's into .cache/venv, Go's into .cache/bin; versions are pinned beside this file.
set -euo pipefail
cd "$(dirname "$0")/.."
cache=$PWD/.cache
mkdir -p "$cache/bin"

# One run at a time: several test programs may start it at once.
exec 9>"$cache/install.lock"
flock 9

missing=()
need() { command -v "$1" >/dev/null || missing+=("$2"); }
need curl curl
need nghttp nghttp2-client
need h2load nghttp2-client
need chromium-headless-shell chromium-headless-shell
need chromium-headless-shell fonts-dejavu-core
need python3 python3
python3 -c 'import venv, ensurepip' 2>/dev/null || missing+=(python3-venv)
need go golang-go
need groff groff-base
if ((${#missing[@]})); then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
fi

requirements=integration/peers/python/requirements.txt
if ! cmp -s "$requirements" "$cache/venv/requirements.txt"; then
  python3 -m venv --clear "$cache/venv"
  "$cache/venv/bin/pip" install --quiet --disable-pip-version-check -r "$requirements"
  cp "$requirements" "$cache/venv/requirements.txt"
fi

# Debian's Go may be older than the one that go.mod asks for, which comes as a module then, checked as all modules are. From
# 1.21 on Go would do so itself, unless it is told not to.
modules=integration/peers/go
export GOTOOLCHAIN=local
if ! (cd "$modules" && go list -m) >/dev/null 2>&1; then
  wanted=$(sed -n 's/^go //p' "$modules/go.mod")
  toolchain=golang.org/toolchain@v0.0.1-go$wanted.$(go env GOOS)-$(go env GOARCH)
  if ! found=$(cd "$cache" && go mod download -json "$toolchain"); then
    printf '%s\n' "$found"
    echo "$(go version) is too old, and $toolchain cannot be fetched: put Go $wanted from https://go.dev/dl/ first in PATH"
    exit 1
  fi >&2
  GOROOT=$(sed -n 's/.*"Dir": "\(.*\)".*/\1/p' <<<"$found")
  # Modules know no executable files.
  chmod +x "$GOROOT"/bin/* "$GOROOT"/pkg/tool/*/*
  export GOROOT PATH=$GOROOT/bin:$PATH
fi

# h2spec is a tool of the Go module: its newest release that the module proxy serves.
(
  cd "$modules"
  go build -o "$cache/bin/peers" .
  go build -o "$cache/bin/h2spec" github.com/summerwind/h2spec/cmd/h2spec
)
