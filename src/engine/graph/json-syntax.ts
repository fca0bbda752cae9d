/** Where and why a text is not JSON. Lines and columns count from 1. */
export interface SyntaxFault {
  readonly line: number;
  readonly column: number;
  readonly reason: string;
}

class Stop extends Error {
  readonly at: number;
  constructor(at: number, reason: string) {
    super(reason);
    this.at = at;
  }
}

const NUMBER = /-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y;
const SPACE = /[ \t\n\r]*/y;
const WORD = /[A-Za-z]+/y;

/** Reads a JSON text only to find its first fault: what `JSON.parse` says about the place differs from browser to browser. */
class Scanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  scan(): void {
    this.#value();
    this.#skip();
    if (this.#at < this.#text.length) throw this.#stop("there is more text after the end");
  }

  /** Iterative, because files may be nested deeper than the stack. */
  #value(): void {
    const open: ("{" | "[")[] = [];
    for (;;) {
      this.#skip();
      const char = this.#text[this.#at];
      if (char === "{" || char === "[") {
        this.#at++;
        this.#skip();
        const close = char === "{" ? "}" : "]";
        if (this.#text[this.#at] !== close) {
          open.push(char);
          if (char === "{") this.#key();
          continue;
        }
        this.#at++;
      } else {
        this.#scalar();
      }
      if (this.#closeAndContinue(open)) return;
    }
  }

  /** After a value: closes what ends here. True when the outermost value is complete. */
  #closeAndContinue(open: ("{" | "[")[]): boolean {
    for (let inner = open.at(-1); inner !== undefined; inner = open.at(-1)) {
      this.#skip();
      const close = inner === "{" ? "}" : "]";
      const next = this.#text[this.#at];
      if (next === close) {
        this.#at++;
        open.pop();
      } else if (next === ",") {
        this.#at++;
        if (inner === "{") this.#key();
        return false;
      } else {
        throw this.#stop(`"," or "${close}" should stand here`);
      }
    }
    return true;
  }

  #key(): void {
    this.#skip();
    if (this.#text[this.#at] !== '"') throw this.#stop("a name in double quotes should stand here");
    this.#string();
    this.#skip();
    if (this.#text[this.#at] !== ":") throw this.#stop('":" should stand here');
    this.#at++;
  }

  #scalar(): void {
    if (this.#text[this.#at] === '"') return this.#string();
    const word = this.#match(WORD);
    if (word !== undefined) {
      if (["true", "false", "null"].includes(word)) return;
      this.#at -= word.length;
      throw this.#stop(`"${word}" is no JSON value`);
    }
    if (this.#match(NUMBER) === undefined) throw this.#stop("a value should stand here");
  }

  #string(): void {
    const start = this.#at++;
    for (;;) {
      const char = this.#text[this.#at];
      if (char === undefined) throw new Stop(start, "this text is not closed");
      if (char < " ") throw this.#stop("a text cannot hold a line break or control character");
      this.#at++;
      if (char === '"') return;
      if (char !== "\\") continue;
      if (!/^(["\\/bfnrt]|u[\dA-Fa-f]{4})/.test(this.#text.slice(this.#at, this.#at + 5))) {
        throw new Stop(this.#at - 1, "this escape is not known");
      }
      this.#at++;
    }
  }

  #skip(): void {
    this.#match(SPACE);
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  #stop(reason: string): Stop {
    return new Stop(this.#at, this.#at >= this.#text.length ? "the text ends too early" : reason);
  }
}

/** The first fault of a text that `JSON.parse` refused; undefined if there is none. */
export function findSyntaxFault(text: string): SyntaxFault | undefined {
  try {
    new Scanner(text).scan();
    return undefined;
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    const before = text.slice(0, error.at).split("\n");
    return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1, reason: error.message };
  }
}
