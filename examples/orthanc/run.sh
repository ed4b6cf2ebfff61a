#!/usr/bin/env bash
# From a scanner to the reports in a PACS: `bash examples/orthanc/run.sh`. README.md says what is needed.
set -euo pipefail
cd "$(dirname "$0")"
priora() { node ../../dist/main.js "$@"; }
orthanc=http://127.0.0.1:$(sed -n 's/.*"HttpPort": \([0-9]*\).*/\1/p' orthanc.json)
port=$(sed -n 's/^  port: //p' priora.yaml)

rm -rf work && mkdir -p work/orthanc
# The rules that are shipped, and the destination that is ours.
cp -r ../../mappings work/mappings
cp mappings/destinations.yaml work/mappings/

# 1. The PACS and the node. Both end with this script.
Orthanc orthanc.json >work/orthanc.log 2>&1 &
node ../../dist/main.js serve --config priora.yaml 2>work/priora.log &
trap 'kill $(jobs -p) 2>/dev/null; wait' EXIT
until curl --silent --fail "$orthanc/system" >/dev/null; do kill -0 %1; sleep 1; done
until grep --quiet 'Priora is listening' work/priora.log; do kill -0 %2; sleep 1; done

# 2. A patient with two studies, a few weeks apart, sent by the scanner in order.
priora phantom --seed 7 --patients 1 --time-points 2 --out work/patient
for series in work/patient/*/t*/series; do
  priora send "$series" --to "127.0.0.1:$port" --calling SCANNER
done

# 3. The PACS has a report a study, and a segmentation where something was found.
reports() { curl --silent "$orthanc/tools/find" --data '{ "Level": "Instance", "Query": { "Modality": "SR" } }'; }
until [ "$(reports | grep --count '"')" -ge 2 ]; do kill -0 %1 %2; sleep 2; done
priora status --config priora.yaml

# 4. The reports, as any DICOM program reads them.
for instance in $(reports | grep --only-matching '[0-9a-f]\{8\}-[0-9a-f-]*'); do
  curl --silent "$orthanc/instances/$instance/file" --output "work/$instance.dcm"
done
"${PYTHON:-python3}" read_report.py work/*.dcm
