#!/bin/bash
# The commit that is checked out as a tarball: tools/package/dist.sh NAME FOLDER makes FOLDER/NAME.tar.gz. The same commit gives
# the same bytes.
set -euo pipefail

stop() {
    echo "dist: $1" >&2
    exit 2
}

[[ $# == 2 ]] || stop "say what and where: tools/package/dist.sh NAME FOLDER"
[[ -z $(git rev-parse --show-prefix 2>&1) ]] || stop "this is no git clone of its own: run it in one, a tarball is made of a commit"
[[ -z $(git status --porcelain) ]] || stop "there are changes that no commit has: commit them first (git status lists them)"

mkdir -p "$2"
git -c tar.umask=0022 archive --format=tar --prefix="$1/" HEAD | gzip -9n >"$2/$1.tar.gz.new"
mv "$2/$1.tar.gz.new" "$2/$1.tar.gz"
echo "dist: $2/$1.tar.gz"
