# Sourced: podman with a store of this project's own, so that nothing else on the machine is seen or changed.
# shellcheck shell=bash
store="${XDG_CACHE_HOME:-$HOME/.cache}/album-enricher/images"
image=localhost/album-enricher
podman=(podman --root "$store" --runroot "$store/run" --cgroup-manager cgroupfs)
