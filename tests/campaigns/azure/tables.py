"""The columns of Azure Monitor's tables that the queries read.

From the table reference of Azure Monitor on learn.microsoft.com, cut to what could be meant here.
"""

_TELEMETRY = (
    "TimeGenerated: datetime, OperationId: string, OperationName: string, ParentId: string,"
    " Properties: dynamic, AppRoleInstance: string, AppRoleName: string, ItemCount: int,"
    " SDKVersion: string, Type: string, _ResourceId: string"
)
TABLES = {
    "AppTraces": f"({_TELEMETRY}, Message: string, SeverityLevel: int)",
    "AppRequests": (
        f"({_TELEMETRY}, Id: string, Name: string, Url: string, Success: bool, ResultCode: string,"
        " DurationMs: real, Source: string)"
    ),
    "AppDependencies": (
        f"({_TELEMETRY}, Id: string, Name: string, Target: string, Data: string, Success: bool,"
        " ResultCode: string, DurationMs: real, DependencyType: string)"
    ),
    "AzureDiagnostics": (
        "(TimeGenerated: datetime, Category: string, OperationName: string, ResourceId: string,"
        " CallerIPAddress: string, ResultSignature: string, id_s: string, _ResourceId: string)"
    ),
    "Usage": "(TimeGenerated: datetime, DataType: string, Quantity: real, IsBillable: bool)",
    "_LogOperation": (
        "(TimeGenerated: datetime, Category: string, Operation: string, Detail: string,"
        " Level: string)"
    ),
}
