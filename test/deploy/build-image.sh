#!/usr/bin/env bash
# Builds the Dockerfile with podman over a stand-in for its base image (Debian by debootstrap, with this project's own Node
# 24), since no registry of images may be in reach. A minute the first time, then seconds: layers are kept.
# Needs root and: apt-get install --no-install-recommends podman debootstrap
set -euo pipefail
cd "$(dirname "$0")/../.."
. test/deploy/image-store.sh
base=$(sed -n 's/^FROM \([^ ]*\).*/\1/p' Dockerfile | head -n 1)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

make_base() {
  echo "making a stand-in for $base"
  debootstrap --variant=minbase --include=ca-certificates bookworm "$work/root" >"$work/debootstrap.log" || {
    tail "$work/debootstrap.log"
    return 1
  }
  rm -rf "$work/root/var/cache/apt"/* "$work/root/var/lib/apt/lists"/*
  cp node_modules/node/bin/node "$work/root/usr/local/bin/node"
  local npm
  npm=$(dirname "$(dirname "$(readlink -f "$(command -v npm)")")")
  mkdir -p "$work/root/usr/local/lib/node_modules"
  cp -r "$npm" "$work/root/usr/local/lib/node_modules/npm"
  ln -s ../lib/node_modules/npm/bin/npm-cli.js "$work/root/usr/local/bin/npm"
  chroot "$work/root" useradd --uid 1000 --create-home node
  tar -C "$work/root" -c . | "${podman[@]}" import - "$base" >/dev/null
}

"${podman[@]}" image exists "$base" || make_base
# podman 4.3 takes a layer from its cache though a build argument has changed; what npm installed stays there.
"${podman[@]}" image rm --force "$image" >/dev/null 2>&1 || true
# How this machine reaches npm's registry is lent to the build, and stays out of the image.
npmrc=${NPM_CONFIG_USERCONFIG:-$HOME/.npmrc}
cp "$npmrc" "$work/npmrc" 2>/dev/null || true
echo 'cafile=/etc/ssl/certs/ca-certificates.crt' >>"$work/npmrc"
"${podman[@]}" build --pull=never --format docker --isolation chroot --network host \
  --volume "$work/npmrc:/root/.npmrc:ro" \
  --volume /etc/ssl/certs/ca-certificates.crt:/etc/ssl/certs/ca-certificates.crt:ro \
  --build-arg "VERSION=$(node -p 'require("./package.json").version')" \
  --build-arg "REVISION=$(git rev-parse HEAD)" \
  --tag "$image" .
# Untagged images are the layers that the next build starts from; old ones belong to dependencies of the past.
"${podman[@]}" image prune --force --filter until=168h >/dev/null
