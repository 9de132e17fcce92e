# Waits until the deployed app says that it is healthy, or fails: what health.sh does, for Windows.
#
#   ./infra/tools/health.ps1 https://<app>.azurewebsites.net
param([Parameter(Mandatory)][string]$Url)
$ErrorActionPreference = 'Stop'
$attempts = if ($env:HEALTH_ATTEMPTS) { [int]$env:HEALTH_ATTEMPTS } else { 40 }
$pause = if ($env:HEALTH_PAUSE) { [int]$env:HEALTH_PAUSE } else { 15 }

foreach ($attempt in 1..$attempts) {
    try {
        $answer = Invoke-WebRequest -Uri "$Url/api/health" -TimeoutSec 30 -SkipHttpErrorCheck
        if ($answer.StatusCode -eq 200) {
            Write-Output "healthy: $Url/api/health"
            exit 0
        }
        Write-Output "not healthy yet ($attempt of $attempts): HTTP $($answer.StatusCode)"
    }
    catch {
        Write-Output "not healthy yet ($attempt of $attempts): no answer"
    }
    if ($attempt -ne $attempts) { Start-Sleep -Seconds $pause }
}
if ($answer -and $answer.Content) {
    Write-Output "Its last answer: $($answer.Content)"
    Write-Output "What is wrong, with a key: curl -H 'x-functions-key: <key>' $Url/api/health/details"
}
elseif ($answer) {
    # What the Functions host answers by itself has no body.
    Write-Output "Its last answer was HTTP $($answer.StatusCode) without a body: the host runs, and the app has no functions or does not start"
}
Write-Error "The app did not become healthy. What to look at: docs/operate.md, 'The app is not healthy'."
exit 1
