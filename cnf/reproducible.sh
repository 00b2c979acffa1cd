#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds the checkout twice, in two places, in different time zones and languages, and compares what comes out, byte by
# byte. Exit status 0 if it is the same.
set -eu
# Jars hold the modes of files.
umask 022

checkout=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/reproducible.XXXXXX")
trap 'rm -rf "$work"' EXIT

# Builds a copy in a directory, with further settings for env, and writes the sums of what it made.
build() {
    copy=$work/$1
    shift
    mkdir "$copy"
    (cd "$checkout" && git ls-files -z | xargs -0 cp --parents -t "$copy")
    (cd "$copy" && env "$@" ./mvnw -q -B -ntp -DskipTests package >&2)
    (cd "$copy" && find . \( -path './org.virtio.*/target/*.jar' -o -path './org.virtio.*/target/*.tar.gz' \) -type f \
        -print0 | sort -z | xargs -0 sha256sum)
}

build one TZ=UTC LC_ALL=C > "$work/one.sums"
build a-longer-name TZ=Pacific/Auckland LC_ALL=C.UTF-8 > "$work/other.sums"

[ -s "$work/one.sums" ] || { echo "reproducible: nothing was built" >&2; exit 1; }
if ! diff "$work/one.sums" "$work/other.sums" >&2; then
    echo "reproducible: two builds of the same input differ, see above" >&2
    exit 1
fi
echo "reproducible: $(wc -l < "$work/one.sums") files are the same in both builds"
