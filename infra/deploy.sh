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
#   --built                 makes a package with everything in it, and has nothing built on Azure
#   --package FILE          deploys this zip instead of making one, of either kind
#
# Run it again at any time: it brings everything to what the files say. What spreads slowly in Azure,
# such as new roles, is waited for, and tried once more. See docs/deploy.md.
set -euo pipefail
cd "$(dirname "$0")/.."
. infra/tools/common.sh

built=false infra_only=false package="" what_if=false
extra=()
pause="${DEPLOY_PAUSE:-60}"
while [ $# -gt 0 ]; do
  case "$1" in
    --parameter) extra+=("${2:?}"); shift 2 ;;
    --package) package="${2:?}"; shift 2 ;;
    --built) built=true; shift ;;
    --what-if) what_if=true; shift ;;
    --infra-only) infra_only=true; shift ;;
    *) common_argument "$@"; shift "$taken" ;;
  esac
done
check_common_arguments

if $what_if; then
  az deployment sub what-if "${arguments[@]}" ${extra[@]+--parameters "${extra[@]}"}
  exit 0
fi

make_package() {
  # Before anything changes in Azure, so that a package that can't be made stops it here.
  echo "Making the package"
  if $built; then
    make package-built
    package=dist/segment-export-built.zip
  else
    make package
    package=dist/segment-export.zip
  fi
}
if ! $infra_only; then
  [ -n "$package" ] || make_package
  [ -f "$package" ] || fail "there is no $package"
fi

# A vault that was removed keeps its name for 90 days; the deployment takes it back. Whoever may not
# list removed vaults is told by the deployment.
removed_vault() {
  az keyvault list-deleted --resource-type vault --output tsv --query "[?properties.location=='$location' \
&& properties.tags.application=='segment-export' && properties.tags.environment=='$environment' \
&& contains(properties.vaultId, '/resourceGroups/rg-segment-export-$environment/')].name" 2>/dev/null || true
}

deploy_infrastructure() {
  az deployment sub create "${arguments[@]}" ${extra[@]+--parameters "${extra[@]}"} "$@" --output none
}

deploy_patiently() {
  if ! deploy_infrastructure "$@"; then
    echo "Once more in $pause s: a role or a name may not be known everywhere yet"
    sleep "$pause"
    deploy_infrastructure "$@"
  fi
}

echo "Deploying the infrastructure (some minutes)"
vault="$(removed_vault)"
if [ -n "$vault" ]; then
  echo "Taking back the vault $vault, which was removed with an earlier deployment"
  deploy_patiently --parameters recoverVault=true
fi
# After taking a vault back, too: what it comes back with is as it was when it was removed.
deploy_patiently

group="$(output resourceGroupName)"
app="$(output functionAppName)"
url="$(output appUrl)"
[ -n "$group" ] && [ -n "$app" ] && [ -n "$url" ] || fail "the deployment has no outputs"

# az has a health check of its own, which gives up after a minute and a half; health.sh below is the
# judge. It fails with these words only after the package has arrived.
upload_to_be_built() {
  local said
  if said="$(az functionapp deployment source config-zip --resource-group "$group" --name "$app" \
    --src "$package" --build-remote true --output none 2>&1)"; then
    return 0
  fi
  echo "$said" >&2
  [[ "$said" == *"Deployment was successful"* ]]
}

# By the platform's own address, as az builds every Python app again, whatever --build-remote says.
upload_as_it_is() {
  local site="https://$app.scm.azurewebsites.net/api" token status attempt
  site="${DEPLOY_SITE:-$site}"
  token="$(az account get-access-token --query accessToken --output tsv)"
  # The token goes by standard input: arguments can be read by others on this machine.
  curl --silent --show-error --fail --output /dev/null --header @- --header 'Content-Type: application/zip' \
    --data-binary "@$package" "$site/publish?RemoteBuild=false&Deployer=segment-export" \
    <<<"Authorization: Bearer $token" || return 1
  for attempt in $(seq 1 60); do
    status="$(curl --silent --header @- "$site/deployments/latest" <<<"Authorization: Bearer $token" |
      sed -n 's/.*"status": *\(-\{0,1\}[0-9]*\).*/\1/p' | head -n 1)"
    case "$status" in
      4) return 0 ;;
      3 | 5 | 6 | -1) echo "the platform ended the deployment with status $status" >&2; return 1 ;;
    esac
    sleep "${DEPLOY_POLL:-10}"
  done
  echo "the platform did not end the deployment" >&2
  return 1
}

upload=upload_to_be_built
if ! $infra_only; then
  # What has its packages in it names the folder that they are in.
  if grep --quiet --binary-files=text '\.python_packages/' "$package"; then upload=upload_as_it_is; fi
  echo "Deploying $package to $app (some minutes)"
  if ! $upload; then
    echo "Once more in $pause s: the app's roles may not be known everywhere yet"
    sleep "$pause"
    $upload || fail "the package did not arrive; see docs/operate.md, 'The app is not healthy'"
  fi
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
