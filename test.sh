#!/usr/bin/env bash
# Builds, checks the format and runs every test. Usage: ./test.sh [--quick]
# The quick lane leaves out what takes minutes: large recordings, 200,000 random operations a store, every crash point, most of what kills
# or cuts off a server, PostgreSQL 18.
# Servers are started by the tests, on free loopback ports. VALKEY_HOME (the folder of valkey-server) adds tests on Valkey.
set -uo pipefail
cd "$(dirname "$0")"

quick=false
for argument in "$@"; do
    case "$argument" in
        --quick) quick=true ;;
        *) echo "test.sh: unknown argument \"$argument\"; allowed: --quick" >&2; exit 2 ;;
    esac
done
$quick || export MILLRACE_FULL=1
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 NO_COLOR=1
# The system's own: the modules that tests need are packages of it.
export MILLRACE_PYTHON=${MILLRACE_PYTHON:-/usr/bin/python3}

if ! command -v dotnet > /dev/null; then
    echo "test.sh: the .NET 10 SDK is missing: install it from https://dotnet.microsoft.com/download/dotnet/10.0" >&2
    exit 1
fi

step() {
    echo "== $*"
    "$@" || { echo "test.sh: failed: $*" >&2; exit 1; }
}

# The compiler's server that the quick lane starts under this name: it would stay for ten minutes.
compiler=millrace-test-$$
end_compiler() {
    local process
    for process in /proc/[0-9]*; do
        if grep -qsxz -- "-pipename:$compiler" "$process/cmdline"; then kill "${process#/proc/}" 2> /dev/null; fi
    done
    rm -f "/tmp/$compiler"
}

# Making and removing thousands of small files is much of the quick lane's time: it keeps them in memory where there is room.
folder=${TMPDIR:-/tmp}
if $quick && [ "$(df --output=avail /dev/shm 2> /dev/null | tail -n 1)" -gt 4000000 ] 2> /dev/null; then folder=/dev/shm; fi
output=$(mktemp -d -p "$folder")
# What runs in the background does not hear Ctrl+C: it is told to end, and waited for.
trap 'kill -INT $(jobs -p) 2> /dev/null; wait; end_compiler; rm -rf "$output"' EXIT
chmod 711 "$output"

step tests/Servers/install.sh
if ! $quick && [ -z "${MILLRACE_POSTGRES18:-}" ]; then
    echo "== tests/Servers/postgres18/fetch.sh"
    MILLRACE_POSTGRES18=$(tests/Servers/postgres18/fetch.sh "$output/postgres18") && export MILLRACE_POSTGRES18 \
        || echo "test.sh: without PostgreSQL 18 its tests are skipped" >&2
fi
# Code that runs for a minute is not worth profiling, the compiler's neither; and it is compiled faster into memory that stays writable.
$quick && export DOTNET_TieredPGO=0 DOTNET_EnableWriteXorExecute=0
step dotnet restore --locked-mode
if $quick; then
    # What tests stand on, with the warnings of the compiler only, and the layout of lines: analyzers are for the full lane, which compiles everything anew.
    dotnet format whitespace . --folder --verify-no-changes --exclude artifacts > "$output/format" 2>&1 &
    format=$!
    # One compiler that stays warm over all projects, whatever the environment says.
    step dotnet build tests/Tests.slnf -c Release --no-restore -p:RunAnalyzers=false -p:UseSharedCompilation=true -p:SharedCompilationId="$compiler"
    end_compiler
    echo "== dotnet format whitespace"
    wait $format || { cat "$output/format"; echo "test.sh: failed: dotnet format whitespace" >&2; exit 1; }
else
    step dotnet build -c Release --no-restore --no-incremental
    step dotnet format --verify-no-changes --no-restore
fi

# Only now: what it builds with may outlive the script.
$quick && export TMPDIR=$output

run() { exec env --default-signal=INT "artifacts/bin/$1/release/$1" -noColor 2>&1; }

# A failed test's name and the first lines of what it says: the runner indents them by six.
failures() {
    awk '/ \[FAIL\]$/ || /^test\.sh: / { left = 40; print; next }
         left > 0 && /^      / { left--; print; next }
         { left = 0 }' "$1"
}

# Much of their time is waiting: the quick lane runs all at once, and shows one after the other.
declare -A running
if $quick; then
    for project in tests/*.Tests; do
        name=$(basename "$project")
        run "$name" > "$output/$name" &
        running[$name]=$!
    done
fi

passed=0 failed=0 skipped=0
for project in tests/*.Tests; do
    name=$(basename "$project")
    echo "== $name"
    if $quick; then
        wait "${running[$name]}"
        code=$?
        cat "$output/$name"
    else
        run "$name" | tee "$output/$name"
        code=${PIPESTATUS[0]}
    fi
    # The runner's closing line: "Name  Total: 12, Errors: 0, Failed: 0, Skipped: 1, Not Run: 0, Time: 1.2s"
    closing=$(grep -E 'Total: [0-9]+, Errors: [0-9]+, Failed: [0-9]+, Skipped: [0-9]+' "$output/$name" | tail -n 1)
    number() { sed -E "s/.*$1: ([0-9]+).*/\1/" <<< "$closing"; }
    if [ -z "$closing" ] || [ "$(number Total)" -eq 0 ]; then
        echo "test.sh: $name ran no test or did not come to its end: exit code $code" | tee -a "$output/$name" >&2
        failed=$((failed + 1))
        continue
    fi
    bad=$(($(number Failed) + $(number Errors)))
    if [ "$code" -ne 0 ] && [ "$bad" -eq 0 ]; then
        echo "test.sh: $name ended with exit code $code, though none of its tests failed" | tee -a "$output/$name" >&2
        bad=1
    fi
    failed=$((failed + bad))
    skipped=$((skipped + $(number Skipped)))
    passed=$((passed + $(number Total) - $(number Failed) - $(number Skipped)))
done

# Once more at the end: a log of thousands of lines is read, or kept, from there.
if [ "$failed" -ne 0 ]; then
    echo "== what failed"
    for project in tests/*.Tests; do failures "$output/$(basename "$project")"; done
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
