#!/usr/bin/env bash
# Removes what deploy.sh made, in an order that Azure takes, so that every name is free again.
#
#   ./infra/remove.sh --environment dev --location westeurope --segment-storage <resource id>
#
#   --environment, --location, --segment-storage   as deploy.sh was called
#   --yes                   does not ask
#   --keep-vault            leaves the vault recoverable for 90 days; deploy.sh takes it back then
#
# What the app sent stays in Mailchimp. With Entra sign-in the app registration stays, too: docs/deploy.md.
set -euo pipefail
cd "$(dirname "$0")/.."
. infra/tools/common.sh

yes=false keep_vault=false
while [ $# -gt 0 ]; do
  case "$1" in
    --yes) yes=true; shift ;;
    --keep-vault) keep_vault=true; shift ;;
    *) common_argument "$@"; shift "$taken" ;;
  esac
done
check_common_arguments

group="$(output resourceGroupName)"
app="$(output functionAppName)"
identity="$(output identityPrincipalId)"
vault="$(output keyVaultName)"
[ -n "$group" ] && [ -n "$app" ] && [ -n "$identity" ] || fail "there is no deployment $deployment"

locks="$(az lock list --resource-group "$group" --query '[].name' --output tsv)"
# Half of an app with a lock would go, and the rest could not be deployed over.
[ -z "$locks" ] || fail "remove these locks of $group first: $locks"

echo "Everything in $group goes: the app, its runs and outcomes, its vault with the Mailchimp tokens."
if ! $yes; then
  read -r -p "Type the name of the resource group to go on: " answer
  [ "$answer" = "$group" ] || fail "nothing was removed"
fi

# The subnet can't go while the app is in it, and the platform lets go of it only some time later.
if [ -n "$(az functionapp vnet-integration list --resource-group "$group" --name "$app" --query '[].name' --output tsv)" ]; then
  az functionapp vnet-integration remove --resource-group "$group" --name "$app"
fi
az functionapp delete --resource-group "$group" --name "$app"

# What lies outside of the group, or would outlive it: roles of the app, and the custom role.
remove_assignments() {
  [ -z "$1" ] || xargs az role assignment delete --ids <<<"$1"
}
remove_assignments "$(az role assignment list --all --assignee-object-id "$identity" --query '[].id' --output tsv)"
# The segment storage may be in another subscription, where the command above does not look.
remove_assignments "$(az rest --method get --url "$segment_storage/providers/Microsoft.Authorization/roleAssignments" \
  --url-parameters api-version=2022-04-01 "\$filter=principalId eq '$identity'" --query 'value[].id' --output tsv)"
for role in $(az role definition list --custom-role-only true --resource-group "$group" \
  --query "[?starts_with(roleName, 'Segment export secrets')].name" --output tsv); do
  az role definition delete --name "$role" --resource-group "$group" --custom-role-only true
done

# A workspace that is only removed comes back with its name for 14 days.
for workspace in $(az monitor log-analytics workspace list --resource-group "$group" --query '[].name' --output tsv); do
  az monitor log-analytics workspace delete --resource-group "$group" --workspace-name "$workspace" --force true --yes
done

delete_group() {
  az group delete --name "$group" --yes
}
if ! delete_group; then
  echo "Once more in ${DEPLOY_PAUSE:-60} s: the platform may not have let go of the subnet yet"
  sleep "${DEPLOY_PAUSE:-60}"
  delete_group
fi

if $keep_vault; then
  echo "The vault $vault is kept for 90 days; deploy.sh takes it back."
elif ! az keyvault purge --name "$vault" --location "$location"; then
  echo "The vault $vault keeps its name for 90 days (purge protection is on, or you may not purge);" >&2
  echo "deploy.sh takes it back, and names.vault gives another name." >&2
fi
az deployment sub delete --name "$deployment"
echo "Removed: $group"
