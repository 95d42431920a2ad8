// SPDX-License-Identifier: MIT
/** Divides terminal output into text, control characters and escape sequences (a subset of VT500, as xterm reads it). */

export interface Actions {
  print(character: string): void;
  control(code: number): void;
  escape(final: string, intermediate: string): void;
  csi(final: string, parameters: number[], prefix: string): void;
}

const MOST_PARAMETERS = 32;
const MOST_VALUE = 9999;

type State = "ground" | "escape" | "csi" | "string" | "string-escape" | "ignore";

/** Keeps what a sequence has so far, so that it may go on in the next piece. */
export class SequenceReader {
  private state: State = "ground";
  private parameters: number[] = [];
  private prefix = "";
  private intermediate = "";

  feed(text: string, actions: Actions): void {
    for (const character of text) this.step(character, actions);
  }

  copy(): SequenceReader {
    const other = new SequenceReader();
    other.state = this.state;
    other.parameters = [...this.parameters];
    other.prefix = this.prefix;
    other.intermediate = this.intermediate;
    return other;
  }

  private step(character: string, actions: Actions): void {
    const code = character.codePointAt(0) ?? 0;
    if (this.state === "string" || this.state === "string-escape") {
      this.inString(character, code, actions);
    } else if (code === 0x1b) {
      this.begin("escape");
    } else if (code === 0x18 || code === 0x1a) {
      this.state = "ground";
    } else if (code < 0x20) {
      actions.control(code);
    } else if (this.state === "ground") {
      if (isShown(code)) actions.print(character);
    } else if (this.state === "escape") {
      this.inEscape(character, code, actions);
    } else {
      this.inCsi(character, code, actions);
    }
  }

  private begin(state: State): void {
    this.state = state;
    this.parameters = [];
    this.prefix = "";
    this.intermediate = "";
  }

  /** OSC, DCS, APC, PM and SOS (titles, links, images): left out up to their end, or to the next sequence. */
  private inString(character: string, code: number, actions: Actions): void {
    if (code === 0x07 || code === 0x18 || code === 0x1a) this.state = "ground";
    else if (code === 0x1b) this.state = "string-escape";
    else if (this.state === "string-escape") {
      this.begin("escape");
      if (character === "\\") this.state = "ground";
      else this.step(character, actions);
    }
  }

  private inEscape(character: string, code: number, actions: Actions): void {
    if (character === "[" && !this.intermediate) this.begin("csi");
    else if ("]P_^X".includes(character) && !this.intermediate) this.begin("string");
    else if (code < 0x30) this.intermediate = (this.intermediate + character).slice(0, 2);
    else {
      this.state = "ground";
      actions.escape(character, this.intermediate);
    }
  }

  private inCsi(character: string, code: number, actions: Actions): void {
    if (code >= 0x30 && code <= 0x39) this.digit(code - 0x30);
    else if (character === ";" || character === ":") this.next();
    else if (code >= 0x3c && code <= 0x3f) this.prefix = character;
    else if (code < 0x30) this.intermediate = (this.intermediate + character).slice(0, 2);
    else {
      const whole = this.state === "csi" && !this.intermediate && code <= 0x7e;
      this.state = "ground";
      if (whole) actions.csi(character, this.parameters, this.prefix);
    }
  }

  private digit(value: number): void {
    if (!this.parameters.length) this.parameters.push(0);
    const last = this.parameters.length - 1;
    this.parameters[last] = Math.min(MOST_VALUE, this.parameters[last]! * 10 + value);
  }

  private next(): void {
    if (!this.parameters.length) this.parameters.push(0);
    if (this.parameters.length < MOST_PARAMETERS) this.parameters.push(0);
    else this.state = "ignore";
  }
}

/** Not DEL, nor one of the C1 controls. */
function isShown(code: number): boolean {
  return code < 0x7f || code > 0x9f;
}
