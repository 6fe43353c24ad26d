/** A request that the gateway serves, as data: what is checked, documented and answered is one. */

import type { Readable } from "node:stream";

/** JSON Schema, as far as the routes need it. `description` is also what a wrong value is told. */
export interface Shape {
  readonly type?: string;
  readonly description?: string;
  readonly properties?: Shapes;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Shape;
  readonly items?: Shape;
  readonly enum?: readonly (string | number)[];
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly pattern?: string;
  readonly nullable?: boolean;
}
export type Shapes = Readonly<Record<string, Shape>>;

/** An answer as the document tells of it: JSON of a shape, or text of a media type. */
export interface Told {
  readonly description: string;
  readonly shape?: Shape;
  readonly media?: string;
}

export interface Asked {
  readonly params: Readonly<Record<string, unknown>>;
  readonly query: Readonly<Record<string, unknown>>;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

export interface Answer {
  readonly status: number;
  readonly body: unknown | Readable;
  /** Media type, where it is not JSON. */
  readonly media?: string;
}

export interface Route {
  readonly method: "GET" | "POST" | "DELETE";
  /** `/v1/invocations/:id` */
  readonly path: string;
  readonly summary: string;
  readonly params?: Shapes;
  readonly query?: Shapes;
  /** By media type. */
  readonly body?: Readonly<Record<string, Shape>>;
  /** By status; what every route may answer (400, 401, 500) is added. */
  readonly answers: Readonly<Record<number, Told>>;
  readonly handle: (asked: Asked) => Answer | Promise<Answer>;
}

const PROBLEMS: Shape = {
  type: "object",
  properties: {
    problems: {
      type: "array",
      items: { type: "string" },
      description: "all that is wrong, each with place, finding and remedy",
    },
  },
  required: ["problems"],
};

/** A refusal, in the document. */
export function refused(description: string): Told {
  return { description, shape: PROBLEMS };
}
