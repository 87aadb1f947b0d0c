#!/bin/sh
# Brings what a target needs and this machine lacks. `setup.sh npm`: node_modules; `system`: Debian packages that the
# lab and the tests use; `bench`: those that only the benchmarks use; `go`: a Go to build a real Kubernetes with, of any age, since
# test/cluster fetches a newer one with it. Plain sh: it runs before Node 24 is there.
set -eu
cd "$(dirname -- "$0")/.."
PATH=$PATH:/usr/sbin:/sbin:/usr/local/go/bin

# command=package, one a line: the command is what we look for, the package is what Debian calls it.
system_needs='ip=iproute2
nft=nftables
ping=iputils-ping
arping=arping
tcpdump=tcpdump
socat=socat
sysctl=procps
openssl=openssl'
bench_needs='iperf3=iperf3
/usr/lib/cni/bridge=containernetworking-plugins'
go_needs='go=golang-go'

fail() {
  printf 'setup: %s\n' "$*" >&2
  exit 1
}

missing_packages() {
  for need in $1; do
    command -v "${need%%=*}" >/dev/null 2>&1 || printf '%s ' "${need#*=}"
  done
}

apt_install() {
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

ensure_packages() {
  missing=$(missing_packages "$1")
  [ -n "$missing" ] || return 0
  command -v apt-get >/dev/null 2>&1 ||
    fail "missing: $missing(Debian's names). This machine has no apt-get: install them with its own package manager, then run make again."
  [ "$(id -u)" = 0 ] || fail "missing: $missing. Run as root, or first: apt-get install $missing"
  printf 'setup: installing %s\n' "$missing"
  # The package lists of a fresh machine are empty or old: fetch them once when the first attempt fails.
  # shellcheck disable=SC2086
  apt_install $missing 2>/dev/null || { apt-get update -qq && apt_install $missing; } ||
    fail "apt-get could not install: $missing. Check the machine's package sources, then run make again."
}

ensure_node_modules() {
  command -v npm >/dev/null 2>&1 || fail 'npm is missing. Install it first: apt-get install npm'
  if node .scripts/installed.mjs; then return 0; fi
  printf 'setup: npm ci\n'
  npm ci --no-audit --no-fund --loglevel=error ||
    fail 'npm ci failed. Its message is above; check the network and the npm registry setting, then run make again.'
  node .scripts/installed.mjs || fail 'npm ci left an incomplete node_modules. Remove the folder and run make again.'
}

for part in "$@"; do
  case $part in
    npm) ensure_node_modules ;;
    system) ensure_packages "$system_needs" ;;
    bench) ensure_packages "$bench_needs" ;;
    go) ensure_packages "$go_needs" ;;
    *) fail "unknown part: $part (npm, system, bench, go)" ;;
  esac
done
