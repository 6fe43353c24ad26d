/** What is wrong with a request, in words: one line a problem, with place, finding and remedy. */

import { Names, quoted } from "../core/workflow/problem.ts";

/** What the checker of schemas says of one wrong value. */
export interface Finding {
  readonly keyword: string;
  /** `/inputs/name` */
  readonly instancePath: string;
  readonly message?: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly data?: unknown;
  readonly parentSchema?: {
    readonly description?: string;
    readonly properties?: Readonly<Record<string, unknown>>;
  };
}

/** `part`: `querystring`, `body` and so on. */
export function findingText(part: string, finding: Finding): string {
  const { keyword, instancePath, message, params, data, parentSchema } = finding;
  const top = part === "querystring" ? "query" : part;
  const place = `${top}${instancePath.replaceAll("/", ".")}`;
  if (keyword === "additionalProperties") {
    const wrong = String(params["additionalProperty"]);
    const names = new Names("parameter", Object.keys(parentSchema?.properties ?? {}));
    return `${place}.${wrong}: nothing reads it. ${names.remedy(wrong)}`;
  }
  if (keyword === "required") {
    return `${place}.${String(params["missingProperty"])}: it is missing. Give it a value.`;
  }
  const found = data === undefined ? "" : ` is ${quoted(shown(data))}`;
  const remedy =
    parentSchema?.description === undefined ? "" : ` Give ${parentSchema.description}.`;
  return `${place}${found}: it ${message ?? "is wrong"}.${remedy}`;
}

function shown(data: unknown): string {
  return typeof data === "string" ? data : JSON.stringify(data);
}

/** What the server itself refuses, by its code. */
export function refusalText(
  error: { readonly code?: string; readonly message: string },
  maxBodyBytes: number,
): string {
  switch (error.code) {
    case "FST_ERR_CTP_BODY_TOO_LARGE":
      return (
        `the body is larger than ${maxBodyBytes} bytes, the most that is taken. Inputs are for ` +
        "small values: let the first task fetch what is large."
      );
    case "FST_ERR_CTP_INVALID_MEDIA_TYPE":
      return `${error.message}. Send application/json, or for workflow files application/yaml.`;
    case "FST_ERR_CTP_EMPTY_JSON_BODY":
      return 'the body is empty. Send {"inputs": {"name": "value"}}, or no content-type.';
    default:
      return error.message;
  }
}
