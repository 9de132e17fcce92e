#!/usr/bin/env bash
# Deploys infrastructure and app with the az command line alone, and checks that the app is healthy.
#
#   ./infra/deploy.sh --environment dev --location westeurope --segment-storage <resource id>
#
#   --environment NAME      takes infra/parameters/NAME.bicepparam (dev and prod are there)
#   --location REGION       an Azure region with Flex Consumption
#   --segment-storage ID    resource id of the storage account that Customer Insights writes to:
#                           az storage account show --name <account> --query id --output tsv
#   --parameter KEY=VALUE   one more Bicep parameter; may be repeated
#   --what-if               only shows what would change
#   --infra-only            leaves the app's code as it is
#   --package FILE          deploys this zip instead of making one
#
# Run it again at any time: it brings everything to what the files say. See docs/deploy.md.
set -euo pipefail
cd "$(dirname "$0")/.."

usage() {
  sed -n '2,/^set -euo/p' "$0" | sed -e 's/^# \{0,1\}//' -e '/^set -euo/d'
}

fail() {
  echo "deploy.sh: $*" >&2
  exit 1
}

environment="" location="" segment_storage="" package=""
what_if=false infra_only=false
extra=()
while [ $# -gt 0 ]; do
  case "$1" in
    --environment) environment="${2:?}"; shift 2 ;;
    --location) location="${2:?}"; shift 2 ;;
    --segment-storage) segment_storage="${2:?}"; shift 2 ;;
    --parameter) extra+=("${2:?}"); shift 2 ;;
    --package) package="${2:?}"; shift 2 ;;
    --what-if) what_if=true; shift ;;
    --infra-only) infra_only=true; shift ;;
    --help | -h) usage; exit 0 ;;
    *) usage >&2; fail "unknown argument: $1" ;;
  esac
done

[ -n "$environment" ] || { usage >&2; fail "--environment is missing"; }
[ -n "$location" ] || fail "--location is missing"
[ -n "$segment_storage" ] || fail "--segment-storage is missing"
parameters="infra/parameters/$environment.bicepparam"
[ -f "$parameters" ] || fail "there is no $parameters; copy infra/parameters/dev.bicepparam to it"
case "$segment_storage" in
  /subscriptions/*/resourceGroups/*/providers/Microsoft.Storage/storageAccounts/*) ;;
  *) fail "--segment-storage must be a resource id: /subscriptions/…/storageAccounts/…" ;;
esac
for tool in az curl; do
  command -v "$tool" >/dev/null || fail "$tool is not installed"
done
az account show --output none 2>/dev/null || fail "not signed in: run 'az login', then 'az account set --subscription <id>'"
echo "Subscription: $(az account show --query name --output tsv)"

# The parameter file reads these two.
export AZURE_LOCATION="$location" SEGMENT_STORAGE_ID="$segment_storage"
# Azure keeps a deployment where it was first made: the name of another region is another one.
deployment="segment-export-$environment-$location"
arguments=(--name "$deployment" --location "$location" --parameters "$parameters")
if [ ${#extra[@]} -gt 0 ]; then arguments+=(--parameters "${extra[@]}"); fi

if $what_if; then
  az deployment sub what-if "${arguments[@]}"
  exit 0
fi

if ! $infra_only && [ -z "$package" ]; then
  # Before anything changes in Azure, so that a package that can't be made stops it here.
  echo "Making the package"
  make package
  package=dist/segment-export.zip
fi
$infra_only || [ -f "$package" ] || fail "there is no $package"

echo "Deploying the infrastructure (some minutes)"
az deployment sub create "${arguments[@]}" --output none

output() {
  az deployment sub show --name "$deployment" --query "properties.outputs.$1.value" --output tsv
}
group="$(output resourceGroupName)"
app="$(output functionAppName)"
url="$(output appUrl)"
[ -n "$group" ] && [ -n "$app" ] && [ -n "$url" ] || fail "the deployment has no outputs"

if ! $infra_only; then
  echo "Deploying $package to $app; Azure installs requirements.txt (some minutes)"
  az functionapp deployment source config-zip --resource-group "$group" --name "$app" \
    --src "$package" --build-remote true --output none
fi

# What the pages in docs/ call <group>, <app>, <app storage>, <vault> and <address>. Before the app is
# asked: who has to mend something needs them.
echo "Resource group: $group"
echo "App:            $app"
echo "Storage:        $(output storageAccountName)"
echo "Key Vault:      $(output keyVaultName)"
echo "Address:        $url"
./infra/tools/health.sh "$url"
if [ -z "$(az functionapp function list --resource-group "$group" --name "$app" --query '[].name' --output tsv)" ]; then
  fail "the app answers but has no functions; see docs/operate.md, 'The app is not healthy'"
fi
echo "Done: $url"
