#!/usr/bin/env bash
# Starts the image that build-image.sh made the way an engine would: its entry point, user and environment, every capability
# dropped, and a root file system that is read-only but for its volume. Every step replaces this process, so signals reach
# the service as they do in a container. Settings come from the environment.
# Usage: run-image.sh [ARGUMENT...] or run-image.sh --healthcheck, which runs the image's HEALTHCHECK instead
set -euo pipefail
cd "$(dirname "$0")/../.."
. test/deploy/image-store.sh
look() { "${podman[@]}" image inspect --format "$1" "$image"; }

mapfile -t environment < <(look '{{range .Config.Env}}{{println .}}{{end}}' | grep .)
mapfile -t entry < <(look '{{range .Config.Entrypoint}}{{println .}}{{end}}' | grep .)
if [ "${1:-}" = --healthcheck ]; then
  # The first word says how the rest is to be run, and is CMD: no shell.
  mapfile -t entry < <(look '{{range .HealthCheck.Test}}{{println .}}{{end}}' | grep . | tail -n +2)
  shift
fi
IFS=: read -r uid gid < <(look '{{.Config.User}}')
export tree volume
tree=$("${podman[@]}" image mount "$image")
volume=$(look '{{range $path, $_ := .Config.Volumes}}{{$path}}{{end}}')

enter='
  mount --bind "$tree" "$tree"
  mount -o remount,bind,ro "$tree"
  mount --rbind /proc "$tree/proc"
  mount --rbind /dev "$tree/dev"
  mount -t tmpfs -o "uid=$1,gid=$2" tmpfs "$tree$volume"
  uid=$1 gid=$2
  shift 2
  exec chroot "$tree" setpriv --reuid "$uid" --regid "$gid" --clear-groups --no-new-privs --inh-caps=-all \
    --bounding-set=-all env --chdir=/app "$@"'
exec unshare --mount bash -euc "$enter" run-image "$uid" "$gid" "${environment[@]}" "${entry[@]}" "$@"
