#!/usr/bin/env bash
# Makes sure that the servers and Python modules of the tests are there; installs what is missing where apt-get may. Starts no service.
set -uo pipefail

has_postgres() { compgen -G '/usr/lib/postgresql/*/bin/postgres' > /dev/null; }
has_module() { /usr/bin/python3 -c "import $1" 2> /dev/null; }

missing=()
command -v redis-server > /dev/null || missing+=(redis-server)
has_postgres || missing+=(postgresql)
[ -x /usr/bin/python3 ] || missing+=(python3)
has_module redis.asyncio || missing+=(python3-redis)
has_module asyncpg || missing+=(python3-asyncpg)
has_module cbor2 || missing+=(python3-cbor2)
[ ${#missing[@]} -eq 0 ] && exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then as_root=(sudo -n); fi
if ! command -v apt-get > /dev/null || ! "${as_root[@]}" true 2> /dev/null; then
    echo "install.sh: the tests need what is missing here: as root, apt-get install --no-install-recommends ${missing[*]}" >&2
    exit 1
fi

# While we install, no package starts its service or makes a cluster; what was configured before stays.
guards=()
guard() {
    [ -e "$1" ] && return
    "${as_root[@]}" mkdir -p "$(dirname "$1")"
    printf '%s\n' "$2" | "${as_root[@]}" tee "$1" > /dev/null
    "${as_root[@]}" chmod 755 "$1"
    guards+=("$1")
}
release() { [ ${#guards[@]} -eq 0 ] || "${as_root[@]}" rm -f "${guards[@]}"; }
trap release EXIT
guard /usr/sbin/policy-rc.d $'#!/bin/sh\nexit 101'
guard /etc/postgresql-common/createcluster.conf 'create_main_cluster = false'

apt() { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q "$@"; }
# The lists may be old, or some of their hosts away: what counts is whether the install works.
apt update || echo "install.sh: apt-get update failed; trying with the lists there are" >&2
# Files of ours are no reason to ask: a package's own configuration file comes beside them.
apt install -y --no-install-recommends -o Dpkg::Options::=--force-confold "${missing[@]}" || {
    echo "install.sh: could not install: ${missing[*]}" >&2
    exit 1
}
