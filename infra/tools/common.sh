# What deploy.sh and remove.sh share; read by both.
environment="" location="" segment_storage=""

usage() {
  sed -n '2,/^set -euo/p' "$0" | sed -e 's/^# \{0,1\}//' -e '/^set -euo/d'
}

fail() {
  echo "$(basename "$0"): $*" >&2
  exit 1
}

# Takes an argument that both know, and says in `taken` how many words that were.
common_argument() {
  taken=2
  case "$1" in
    --environment) environment="${2:?}" ;;
    --location) location="${2:?}" ;;
    --segment-storage) segment_storage="${2:?}" ;;
    --help | -h) usage; exit 0 ;;
    *) usage >&2; fail "unknown argument: $1" ;;
  esac
}

# Ends with `deployment`, its name, and `arguments` for every az command about it.
check_common_arguments() {
  [ -n "$environment" ] || { usage >&2; fail "--environment is missing"; }
  [ -n "$location" ] || fail "--location is missing"
  [ -n "$segment_storage" ] || fail "--segment-storage is missing"
  local parameters="infra/parameters/$environment.bicepparam"
  [ -f "$parameters" ] || fail "there is no $parameters; copy infra/parameters/dev.bicepparam to it"
  case "$segment_storage" in
    /subscriptions/*/resourceGroups/*/providers/Microsoft.Storage/storageAccounts/*) ;;
    *) fail "--segment-storage must be a resource id: /subscriptions/…/storageAccounts/…" ;;
  esac
  local tool
  for tool in az curl; do
    command -v "$tool" >/dev/null || fail "$tool is not installed"
  done
  az account show --output none 2>/dev/null || fail "not signed in: run 'az login', then 'az account set --subscription <id>'"
  echo "Subscription: $(az account show --query name --output tsv)"
  # The parameter file reads these two.
  export AZURE_LOCATION="$location" SEGMENT_STORAGE_ID="$segment_storage"
  # Azure keeps a deployment where it was first made: in another region it needs another name.
  deployment="segment-export-$environment-$location"
  arguments=(--name "$deployment" --location "$location" --parameters "$parameters")
}

output() {
  az deployment sub show --name "$deployment" --query "properties.outputs.$1.value" --output tsv
}
