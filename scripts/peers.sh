#!/usr/bin/env bash
# Installs the programs the interop tests and benches use as peers: DICOM tools, validators, readers, PyTorch.
# On Debian as root it installs them; elsewhere it names them.
set -euo pipefail

packages=(
  dcmtk libdcmtk-dev g++ dicom3tools orthanc orthanc-dicomweb pixelmed-apps default-jdk-headless
  curl libgdcm-tools poppler-utils dcm2niix elastix libinsighttoolkit5-dev strace openssl chromium
  python3-pydicom python3-numpy python3-scipy python3-nibabel python3-onnx python3-torch python3-matplotlib python3-pytest
  mypy
)

if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
  missing=()
  for package in "${packages[@]}"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
  done
  if [ ${#missing[@]} -gt 0 ]; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
  fi
  echo "Debian packages: installed."
else
  echo "Not Debian, or not root. The tests use these Debian packages or their equivalents:"
  printf '  %s\n' "${packages[@]}"
fi

# Viewers: OHIF's static build (its package cannot be installed, only unpacked), and what reads and drives them.
cd "$(dirname "$0")/.."
ohif=@ohif/app@3.13.2
if [ "$(cat .peers/ohif/version 2>/dev/null)" != "$ohif" ]; then
  rm -rf .peers/ohif && mkdir -p .peers/ohif
  tarball=$(npm pack --silent --pack-destination .peers "$ohif")
  tar -xzf ".peers/$tarball" -C .peers/ohif --strip-components 1 --exclude '*.map' --exclude 'package/dist/ort'
  rm ".peers/$tarball"
  echo "$ohif" > .peers/ohif/version
fi
npm ci --prefix test/browser --ignore-scripts --no-audit --no-fund
echo "Viewers: installed."
