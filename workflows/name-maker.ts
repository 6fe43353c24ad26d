/**
 * Names that our format allows, from any texts: `2mass-atlas.fits` becomes `file_2mass_atlas_fits`.
 * The same texts in the same order give the same names.
 */

const NAME = /^[A-Za-z][A-Za-z0-9_]*$/;

export class NameMaker {
  /** Goes before what does not begin with a letter. */
  readonly #prefix: string;
  readonly #taken: Set<string>;
  /** Of each name that was wanted again, the last number. */
  readonly #numbers: Map<string, number>;

  constructor(prefix: string, reserved: readonly string[] = []) {
    this.#prefix = prefix;
    this.#taken = new Set(reserved);
    this.#numbers = new Map();
  }

  /** No name is given twice: `versions_yml`, `versions_yml_2`. */
  make(text: string): string {
    const wanted = this.#fit(text);
    let name = wanted;
    let number = this.#numbers.get(wanted) ?? 1;
    while (this.#taken.has(name)) name = `${wanted}_${++number}`;
    this.#numbers.set(wanted, number);
    this.#taken.add(name);
    return name;
  }

  #fit(text: string): string {
    if (NAME.test(text)) return text;
    const plain = text.replace(/[^A-Za-z0-9]+/g, "_").replace(/^_+|_+$/g, "");
    if (plain === "") return this.#prefix;
    return NAME.test(plain) ? plain : `${this.#prefix}_${plain}`;
  }
}
