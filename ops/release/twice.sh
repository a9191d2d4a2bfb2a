#!/usr/bin/env bash
# Build what a release is made of twice, of the last commit, in two folders, and tell what differs: the wheel, the
# documents as they are packed, the Bento, and both images where a container engine answers. `make image-check` runs it.
set -euo pipefail
bin=$PWD/.venv/bin
store=${BENTOML_HOME:-$HOME/bentoml}
twice=$PWD/build/twice
commit=$(git rev-parse HEAD)
rm -rf "$twice"

made() { # in which folder, which also is the tag of its images
  local one=$twice/$1
  mkdir -p "$one/sources/build" "$one/store" "$one/made"
  git archive "$commit" | tar --extract --directory "$one/sources"
  cp -r "$store/models" "$one/store/"
  export BENTOML_HOME=$one/store
  cd "$one/sources"
  if [ -d "$twice/../site" ]; then
    "$bin/python" ops/release/pack.py "$twice/../site" src/valuebox/dashboard/documents.zip
    cp src/valuebox/dashboard/documents.zip "$one/made/"
  fi
  "$bin/uv" build --quiet --wheel --no-build-isolation --python "$bin/python" --out-dir "$one/made"
  "$bin/valuebox" models bentofile > build/bentofile.yaml
  local tag
  tag=$("$bin/python" ops/release/bento.py build/bentofile.yaml "$commit" </dev/null | tail -1)
  cp -r "$BENTOML_HOME/bentos/${tag/://}" "$one/made/bento"
  if docker version >/dev/null 2>&1; then
    # What was built before is not to be built again, or nothing is compared.
    local dated=SOURCE_DATE_EPOCH=$SOURCE_DATE_EPOCH
    TMPDIR=$PWD/build "$bin/bentoml" containerize "$tag" --image-tag "valuebox-twice:$1" \
      --opt no-cache --opt "build-arg=$dated" ${IMAGE_OPTIONS:-}
    docker build --no-cache --build-arg "$dated" --file ops/tools/Dockerfile --tag "valuebox-tools-twice:$1" \
      ${BUILD_OPTIONS:-} .
    exported "valuebox-twice:$1" "$one/image.tar"
    exported "valuebox-tools-twice:$1" "$one/tools.tar"
  fi
}

exported() { # which image, to which file
  local container
  container=$(docker create "$1")
  docker export --output "$2" "$container"
  docker rm "$container" >/dev/null
  docker rmi "$1" >/dev/null
}

(made first)
(made another-one)
same=0
compared() { "$bin/python" ops/release/compare.py "$twice/first/$1" "$twice/another-one/$1" "${@:2}" || same=1; }
compared made
if [ -f "$twice/first/image.tar" ]; then
  compared image.tar --times opt/valuebox/ bento/
  compared tools.tar --times opt/valuebox/ app/
else
  echo "no container engine answers: the images are not compared"
fi
exit $same
