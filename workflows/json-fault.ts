/** Where a text stops being JSON: `JSON.parse` does not always say, nor the same in each Node. */

export interface JsonFault {
  /** Characters into the text. */
  readonly offset: number;
  readonly found: string;
}

const TOKEN =
  /([{}[\],:])|("[^"\\\n\r\t]*(?:\\(?:["\\/bfnrt]|u[\da-fA-F]{4})[^"\\\n\r\t]*)*")|(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.+-])/y;
const SPACE = /\s*/y;
const WORD = /[\p{L}\p{N}_.+-]{1,40}|[\s\S]/uy;

/**
 * Of a text that begins like JSON, with a name in quotes; undefined: it does not, or nothing is
 * wrong with it. Cost: linear in the text.
 */
export function jsonFault(text: string): JsonFault | undefined {
  if (!/^\s*\{\s*"/.test(text)) return undefined;
  const reader = new JsonReader();
  let offset = skip(text, 0);
  while (offset < text.length) {
    TOKEN.lastIndex = offset;
    const token = TOKEN.exec(text);
    if (token === null || !reader.take(token[1], token[2])) {
      return { offset, found: `${wordAt(text, offset)} where ${reader.wanted} should be` };
    }
    offset = skip(text, TOKEN.lastIndex);
  }
  if (reader.isDone) return undefined;
  return { offset: text.length, found: `the text ends where ${reader.wanted} should be` };
}

function skip(text: string, offset: number): number {
  SPACE.lastIndex = offset;
  return offset + SPACE.exec(text)![0].length;
}

function wordAt(text: string, offset: number): string {
  TOKEN.lastIndex = offset;
  const isWhole = TOKEN.test(text);
  if (text[offset] === '"')
    return isWhole ? "a text" : "a text that does not end, or a wrong `\\`,";
  WORD.lastIndex = offset;
  return `\`${WORD.exec(text)![0]}\``;
}

/** Follows what is open, token by token. */
class JsonReader {
  /** The ends that are missing, the next one last. */
  readonly #ends: string[];
  #next: "name" | "colon" | "value" | "more";
  /** Right after an opening bracket, where the closing one may stand, too. */
  #fresh: boolean;

  constructor() {
    this.#ends = [];
    this.#next = "value";
    this.#fresh = false;
  }

  get isDone(): boolean {
    return this.#next === "more" && this.#ends.length === 0;
  }

  get wanted(): string {
    if (this.#next === "name") return "a name in quotes";
    if (this.#next === "colon") return "`:`";
    if (this.#next === "value") return "a value";
    return this.isDone ? "nothing more" : `\`,\` or \`${this.#ends.at(-1)}\``;
  }

  /** `mark`: a bracket, comma or colon; `text`: a text in quotes; neither: another value. */
  take(mark: string | undefined, text: string | undefined): boolean {
    const fresh = this.#fresh;
    this.#fresh = false;
    if (mark !== undefined && mark === this.#ends.at(-1) && (fresh || this.#next === "more")) {
      this.#ends.pop();
      this.#next = "more";
    } else if (this.#next === "value" && (mark === "{" || mark === "[")) {
      this.#ends.push(mark === "{" ? "}" : "]");
      this.#next = mark === "{" ? "name" : "value";
      this.#fresh = true;
    } else if (this.#next === "value" && mark === undefined) this.#next = "more";
    else if (this.#next === "name" && text !== undefined) this.#next = "colon";
    else if (this.#next === "colon" && mark === ":") this.#next = "value";
    else if (this.#next === "more" && mark === "," && this.#ends.length > 0) {
      this.#next = this.#ends.at(-1) === "}" ? "name" : "value";
    } else return false;
    return true;
  }
}
