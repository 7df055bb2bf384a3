#!/usr/bin/env bash
# Builds the Dockerfile with podman over a stand-in for its base image (Debian by debootstrap, with this project's own Node
# 24), since no registry of images may be in reach; then starts the installed tree as the plain user and asks /live.
# Needs root and: apt-get install --no-install-recommends podman buildah debootstrap
set -euo pipefail
cd "$(dirname "$0")/../.."
base=$(sed -n 's/^FROM \([^ ]*\).*/\1/p' Dockerfile | head -n 1)
podman=(podman --storage-driver vfs --cgroup-manager cgroupfs)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if ! "${podman[@]}" image exists "$base"; then
  echo "making a stand-in for $base"
  debootstrap --variant=minbase --include=ca-certificates bookworm "$work/root" >"$work/debootstrap.log"
  cp node_modules/node/bin/node "$work/root/usr/local/bin/node"
  npm_root=$(dirname "$(dirname "$(readlink -f "$(command -v npm)")")")
  mkdir -p "$work/root/usr/local/lib/node_modules"
  cp -r "$npm_root" "$work/root/usr/local/lib/node_modules/npm"
  ln -s ../lib/node_modules/npm/bin/npm-cli.js "$work/root/usr/local/bin/npm"
  chroot "$work/root" useradd --uid 1000 --create-home node
  [ -f "${NPM_CONFIG_USERCONFIG:-$HOME/.npmrc}" ] && cp "${NPM_CONFIG_USERCONFIG:-$HOME/.npmrc}" "$work/root/root/.npmrc"
  # A machine behind a proxy has certificates of its own.
  cp /etc/ssl/certs/ca-certificates.crt "$work/root/etc/ssl/certs/ca-certificates.crt"
  echo 'cafile=/etc/ssl/certs/ca-certificates.crt' >>"$work/root/root/.npmrc"
  tar -C "$work/root" -c . | "${podman[@]}" import - "$base" >/dev/null
fi
echo "building"
"${podman[@]}" build --pull=never --format docker --isolation chroot --network host -t album-enricher .
container=$(buildah --storage-driver vfs from --pull-never localhost/album-enricher)
tree=$(buildah --storage-driver vfs mount "$container")
echo "the image's tree: $(du -sm --exclude=proc "$tree" | cut -f1) MB with the base, /app $(du -sm "$tree/app" | cut -f1) MB"

port=$((20000 + RANDOM % 10000))
chroot --userspec=1000:1000 "$tree" /usr/bin/env -i PATH=/usr/local/bin:/usr/bin:/bin METRICS_PORT="$port" \
  KAFKA_BROKERS=127.0.0.1:1 SCHEMA_REGISTRY_URL=http://127.0.0.1:1 DATABASE_URL=postgresql://x@127.0.0.1:1/x \
  AMAZON_CREDENTIAL_ID=x AMAZON_CREDENTIAL_SECRET=x AMAZON_CREDENTIAL_VERSION=3.1 AMAZON_PARTNER_TAG=x MODEL_USE=never \
  /app/src/cli.ts run >"$work/run.log" 2>&1 &
service=$!
for _ in $(seq 100); do curl -fsS "http://127.0.0.1:$port/live" 2>/dev/null && break; sleep 0.2; done
curl -fsS "http://127.0.0.1:$port/live" >/dev/null || { cat "$work/run.log"; exit 1; }
kill -TERM "$service"
wait "$service" && echo "answered /live as the plain user, and ended on SIGTERM" || { echo "status $?"; tail -5 "$work/run.log"; exit 1; }
buildah --storage-driver vfs rm "$container" >/dev/null
