// The API's shapes by short names, from the types that are generated from its description.
import type { components } from "api";

type Schemas = components["schemas"];

declare global {
  namespace Api {
    type Problem = Omit<Schemas["Problem"], "errors"> & { errors?: FieldProblem[] };
    type FieldProblem = Omit<Schemas["FieldProblem"], "params"> & { params?: Record<string, unknown> };
    type Coded = { code: string; params?: Record<string, unknown>; detail?: string | null };
    type Me = Schemas["Me"];
    type Terms = Schemas["Terms"];
    type Connection = Schemas["ConnectionView"] & {
      plan_size?: number | null;
      block_size?: number | null;
      block_price?: { amount: number; currency: string } | null;
    };
    type SharedConnection = Schemas["SharedConnection"];
    type ConnectionList = { items: Connection[] };
    type Verification = Schemas["Verification"];
    type LiveCheck = Schemas["LiveCheckView"];
    type AudienceList = Schemas["AudienceList"];
    type AudienceDetail = Schemas["AudienceDetail"];
    type MergeField = Schemas["MergeFieldView"];
    type Segment = Schemas["SegmentView"];
    type SegmentList = Schemas["SegmentList"];
    type ColumnDetail = Omit<Schemas["ColumnDetail"], "type"> & { type: string };
    type SegmentDetail = Schemas["SegmentDetail"];
    type Source = { container: string; folder: string };
    type Schedule = Omit<Schemas["Schedule"], "kind"> & { active: boolean; kind: "refresh" | "cron" | "after" | "none"; after?: string | null; cron?: string[]; time_zone?: string };
    type Export = Omit<Schemas["ExportView"], "schedule" | "segments" | "consent" | "merge_fields" | "source"> & {
      name: string;
      display_name: string;
      source: Source;
      segments: { name: string; tag: string; adopt: boolean }[];
      merge_fields: Record<string, unknown>;
      consent: { field: string; values: string[]; withdrawn?: string } | null;
      schedule: Schedule;
    };
    type UnreadableExport = Schemas["UnreadableExport"];
    type ExportList = Omit<Schemas["ExportList"], "items"> & { items: (Export | UnreadableExport)[] };
    type Validation = Schemas["Validation"];
    type Suggestion = Schemas["Suggestion"];
    type Counts = Schemas["Counts"];
    type Withheld = Schemas["Withheld"];
    type Bill = Schemas["Bill"];
    type Plan = Schemas["PreviewPlan"];
    type Run = Omit<Schemas["RunView"], "plan" | "warnings" | "error"> & {
      warnings: Coded[];
      error: Coded | null;
      plan?: Plan | null;
      contacts_held?: number | null;
    };
    type RunList = { items: Run[]; next?: string | null };
    type Series = { from: string | null; every_seconds: number; calls_in_flight: number[]; contacts_per_second: number[] };
    type OutcomeRow = { email: string; customer_id: string | null; code: string; detail: string | null; reason: Coded | null; segments: string[] };
    type OutcomePage = { items: OutcomeRow[]; next: string | null; csv_url: string | null };
    type PersonExplained = Schemas["PersonExplained"];
    type PersonInExport = Schemas["PersonInExport"];
    type PersonInAudience = Schemas["PersonInAudience"];
    type PersonProfile = Schemas["PersonProfile"];
    type PersonReport = Schemas["PersonReport"];
    type PersonRun = Schemas["PersonRun"];
    type RecordOfProcessing = Schemas["RecordOfProcessing"];
    type HistoryEvent = Schemas["HistoryItem"];
    type History = Schemas["History"];
    type Drift = Schemas["DriftView"];
    type Proof = Schemas["VerificationView"];
    type ProofRow = Schemas["VerificationRow"];
    type ProofRows = Schemas["VerificationRows"];
    type Queue = Schemas["WaitingQueue"];
    type HealthDetails = Schemas["HealthDetails"];
  }
}
