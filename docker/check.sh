#!/usr/bin/env bash
# Builds the image of docker/Dockerfile without Docker and without a registry, and runs it as farms do.
#
#   docker/check.sh CLIP OUT
#
# A base is made with debootstrap, the image with buildah in a chroot; both must be there, and root. Then CLIP is
# stylized into OUT/10001.mkv by the image's own user and into OUT/54321.mkv by a user it does not know, without network
# and with a source that can't be written. OUT also gets the bill of materials and what the image says of itself.
#
#   MIRROR   a Debian mirror [default: debootstrap's]       WHEELS   a folder of wheels, instead of a package index
#   STATE    a folder for the base and for buildah's storage [default: a temporary one, removed at the end]
#   EXTRAS, RAY   as in the Dockerfile, but none by default
set -euo pipefail
clip=$(realpath "$1") out=$(realpath "$2")
cd "$(dirname "$0")/.."
kept=${STATE:-}
state=${STATE:-$(mktemp -d /var/tmp/vidstyle-image.XXXXXX)}
export BUILDAH_ISOLATION=chroot STORAGE_DRIVER=vfs TMPDIR="$state/tmp"
mkdir -p "$state/tmp"
b() { buildah --root "$state/storage" --runroot "$state/run" "$@"; }
finish() { b rm --all >/dev/null 2>&1 || true; [ -n "$kept" ] || rm -rf "$state"; }
trap finish EXIT

if [ ! -e "$state/base.tar" ]; then
    debootstrap --variant=minbase --include=ca-certificates,python3,python3-venv,wget bookworm "$state/base" ${MIRROR:+"$MIRROR"} \
        >"$state/debootstrap.log" || { tail -5 "$state/debootstrap.log" >&2; exit 1; }
    tar -C "$state/base" -cf "$state/base.tar" . && rm -rf "$state/base"
fi
base=$(b from scratch)
b add "$base" "$state/base.tar" / >/dev/null
b commit --quiet "$base" localhost/base:check >/dev/null
b rm "$base" >/dev/null

wheels=()
[ -z "${WHEELS:-}" ] || wheels=(--build-context "wheels=$WHEELS" --build-arg PIP_NO_INDEX=1)
b bud --format docker --layers=false -f docker/Dockerfile -t localhost/vidstyle:check \
    --build-arg VARIANT=cpu --build-arg CPU_BASE=localhost/base:check --build-arg CUDA_BASE=localhost/base:check \
    --build-arg EXTRAS="${EXTRAS:-}" --build-arg RAY="${RAY:-}" --build-arg REVISION="$(git rev-parse HEAD 2>/dev/null || echo unknown)" \
    "${wheels[@]}" . >"$out/build.log" 2>&1 || { tail -20 "$out/build.log" >&2; exit 1; }
b inspect --type image localhost/vidstyle:check >"$out/image.json"

image=$(b from localhost/vidstyle:check)
# The entry point as it stands in the image: `buildah run` itself does not look at it.
mapfile -t entry < <(b inspect --format '{{range .Docker.Config.Entrypoint}}{{println .}}{{end}}' "$image" | sed '/^$/d')
as() { # USER COMMAND...: without network, the source read-only
    local user=$1; shift
    unshare --net buildah --root "$state/storage" --runroot "$state/run" run --user "$user" \
        -v "$(dirname "$clip"):/in:ro" -v "$out:/out" "$image" -- "$@"
}
for user in 10001 54321; do
    install -d -m 0777 "$out/$user"
    as "$user:$user" "${entry[@]}" doctor --json >"$out/doctor-$user.json"
    as "$user:$user" "${entry[@]}" stylize "/in/$(basename "$clip")" --out "/out/$user/clip.mkv" --device cpu
    ! as "$user:$user" sh -c 'touch /opt/vidstyle/x || touch /in/x' 2>/dev/null || { echo "writable" >&2; exit 1; }
done
as 10001:10001 cat /usr/share/doc/vidstyle/vidstyle.cdx.json >"$out/vidstyle.cdx.json"
echo "built, and ran as 10001 and 54321; $(du -sh "$(b mount "$image")" | cut -f1)"
