/**
 * Tells code from prose: blanks comments, and strings too, out of a TypeScript text, so that a rule
 * about code does not trip over a sentence. Not a parser; whether a slash divides or begins a regular
 * expression it tells from what stands before it.
 */

export interface Blanked {
  /** Comments, the insides of strings and regular expressions as spaces. */
  readonly code: string;
  /** Only comments as spaces. */
  readonly codeAndStrings: string;
}

/** Both results have the length and the lines of `text`. */
export function blank(text: string): Blanked {
  const scan = new Scan(text);
  scan.code("end");
  return { code: scan.blanked.join(""), codeAndStrings: scan.uncommented.join("") };
}

/** After these a slash begins a regular expression. */
const BEFORE_REGEX = /(?:^|[([{,;:=!?&|+\-*%~^<>]|\b(?:return|typeof|case|in|of|do|else|void))$/;
const REGEX = /\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/[a-z]*/y;

class Scan {
  readonly #text: string;
  readonly blanked: string[];
  readonly uncommented: string[];
  #at: number;

  constructor(text: string) {
    this.#text = text;
    this.blanked = text.split("");
    this.uncommented = text.split("");
    this.#at = 0;
  }

  /** Up to the end, or up to the brace that closes a `${` of a template. */
  code(until: "end" | "brace"): void {
    let depth = 0;
    while (this.#at < this.#text.length) {
      const here = this.#text[this.#at];
      const pair = this.#text.slice(this.#at, this.#at + 2);
      if (pair === "//") this.#comment("\n");
      else if (pair === "/*") this.#comment("*/");
      else if (here === '"' || here === "'") this.#string(here);
      else if (here === "`") this.#template();
      else if (here === "/" && this.#regex()) continue;
      else {
        if (here === "{") depth += 1;
        if (here === "}" && depth-- === 0 && until === "brace") return;
        this.#at += 1;
      }
    }
  }

  #comment(close: "\n" | "*/"): void {
    const found = this.#text.indexOf(close, this.#at + 2);
    const width = close === "*/" ? 2 : 0;
    const end = found < 0 ? this.#text.length : found + width;
    this.#clear(end, this.blanked, this.uncommented);
    this.#at = end;
  }

  #string(quote: string): void {
    this.#at += 1;
    let end = this.#at;
    while (end < this.#text.length && this.#text[end] !== quote && this.#text[end] !== "\n") {
      end += this.#text[end] === "\\" ? 2 : 1;
    }
    this.#clear(end, this.blanked);
    this.#at = end + 1;
  }

  #template(): void {
    this.#at += 1;
    while (this.#at < this.#text.length) {
      let end = this.#at;
      while (end < this.#text.length && this.#text[end] !== "`") {
        if (this.#text.startsWith("${", end)) break;
        end += this.#text[end] === "\\" ? 2 : 1;
      }
      this.#clear(end, this.blanked);
      const closed = this.#text[end] !== "$";
      this.#at = closed ? end + 1 : end + 2;
      if (closed) return;
      this.code("brace");
      this.#at += 1;
    }
  }

  /** Passes a regular expression; false when the slash is a division. */
  #regex(): boolean {
    const before = this.blanked
      .slice(Math.max(0, this.#at - 80), this.#at)
      .join("")
      .trimEnd();
    REGEX.lastIndex = this.#at;
    const found = BEFORE_REGEX.test(before) ? REGEX.exec(this.#text) : null;
    if (found === null) return false;
    this.#clear(this.#at + found[0].length, this.blanked);
    this.#at += found[0].length;
    return true;
  }

  #clear(end: number, ...targets: string[][]): void {
    for (let at = this.#at; at < Math.min(end, this.#text.length); at += 1) {
      if (this.#text[at] === "\n") continue;
      for (const target of targets) target[at] = " ";
    }
  }
}
